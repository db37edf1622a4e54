"""Views: what they ask for, what they say where something is missing or wrong."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from dashboard.components.card import Card
from dashboard.ids import ExploreId
from dashboard.templating import Templates
from dashboard.views import base, explore, overview, selection
from dashboard.views.base import Ask, Page, Services
from data_access.filters import By
from data_access.serving.statistics import Statistics, open_statistics
from tests.dashboard.sample import write_sample


@pytest.fixture
def services(statistics: Statistics) -> Services:
    return Services(statistics=statistics, templates=Templates())


def page(services: Services, path: str) -> Page:
    name, _, query = path.partition("?")
    view = {"/": overview.VIEW, "/explore": explore.VIEW}[name]
    return base.page_for(view, services, f"?{query}" if query else "")


def card_of(page: Page, id_: str) -> Card:
    return next(card for card in page.cards if card.id == id_)


def ask(statistics: Statistics, query: str) -> Ask:
    return Ask(statistics=statistics, filters=statistics.resolve(statistics.parse(query)))


def test_every_card_offers_files_of_the_figures_it_shows(services: Services) -> None:
    for path in ("/", "/?product=foil&measure=value", "/explore?by=country", "/explore?by=product&series=public"):
        for card in page(services, path).cards:
            if card.absent:
                continue
            query = card.csv.partition("?")[2].removesuffix("format=csv").rstrip("&")
            released = services.statistics.series(services.statistics.parse(query))
            assert card.permalink.partition("?")[2] == query
            assert card.export["file"] in _file(released)
            numbers = {f"{cell.value:,.3f}" for cell in released.cells if cell.value is not None}
            assert card.table is not None
            texts = [cell.text for row in card.table.rows for cell in row.cells]
            shown = {text for text in texts if text[0].isdigit() and not text.endswith("%")}
            if released.filters.measure == "volume":
                assert shown
                assert shown <= numbers


def _file(released: object) -> str:
    from data_access.serving.answers.cells import file_name
    from data_access.serving.gate.released import Released

    assert isinstance(released, Released)
    return file_name(released, "csv")


def test_headlines_tell_the_latest_month_and_its_changes(services: Services) -> None:
    public, year, license_ = page(services, "/").tiles
    assert public.heading == "Public statistics, Jan 2026"
    assert "on Dec 2025" in public.sentences[0]
    assert "on Jan 2025" in public.sentences[0]
    assert year.heading == "Public statistics, Feb 2025 to Jan 2026"
    assert license_.heading == "License data, Feb 2026"
    assert license_.as_of == "License records as of Mar 20, 2026"


def test_a_withheld_headline_says_so_and_shows_no_figure(services: Services) -> None:
    tile = page(services, "/?product=foil").tiles[-1]
    assert tile.figure == "Withheld (D)"
    assert not any(sign.isdigit() for sign in tile.figure + tile.sentences[0])


def test_notes_hold_both_dates(services: Services) -> None:
    notes = " ".join(page(services, "/").notes)
    assert "as of Jan 2026" in notes
    assert "2026-03-20" in notes


def test_a_query_that_cannot_be_read_gives_its_message_and_the_default_view(services: Services) -> None:
    bad, usual = page(services, "/?product=gold"), page(services, "/")
    assert bad.message is not None
    assert "'gold'" in bad.message.lines[0]
    assert bad.cards == usual.cards
    assert usual.message is None


def test_a_fault_gives_words_in_place_of_every_chart(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(Statistics, "series", broken)
    told = page(services, "/explore?by=country")
    assert told.message is not None
    assert all(card.empty and not card.figure["data"] for card in told.cards)
    assert "secret" not in str(told)
    assert all(figure["data"] == [] for figure in base.answer(explore.VIEW, services, told) if isinstance(figure, dict))


def test_without_a_release_the_page_says_why(tmp_path: Path) -> None:
    services = Services(statistics=open_statistics(tmp_path / "releases"), templates=Templates())
    told = page(services, "/")
    assert told.message is not None
    assert told.message.lines[0].startswith("No figures can be shown")
    assert all(card.empty for card in told.cards)


def test_public_data_alone_leave_license_lines_out_and_say_why(tmp_path: Path) -> None:
    write_sample(tmp_path, licenses=False)
    services = Services(statistics=open_statistics(tmp_path), templates=Templates())
    told = page(services, "/")
    assert [tile.kind for tile in told.tiles] == ["public", "public"]
    assert any("License series are not shown" in note for note in told.notes)


def test_a_ranking_covers_the_last_twelve_public_months(statistics: Statistics) -> None:
    filters = selection.ranking(ask(statistics, "product=foil"), By.COUNTRY)
    assert (filters.start, filters.end, str(filters.freq)) == ("2025-02", "2026-01", "range")
    assert filters.series == ("public",)


def test_a_ranking_of_licenses_is_of_the_latest_month(statistics: Statistics) -> None:
    filters = selection.ranking(ask(statistics, "series=license"), By.COUNTRY)
    assert (filters.start, filters.end) == ("2026-02", "2026-02")


def test_unit_values_are_ranked_for_the_largest_origins_alone(statistics: Statistics) -> None:
    filters = selection.ranking(ask(statistics, "measure=auv"), By.COUNTRY)
    assert filters.countries[0] == "CAN"
    assert len(filters.countries) == 10


def test_a_split_draws_the_eight_largest_and_says_of_how_many(services: Services) -> None:
    card = card_of(page(services, "/explore?by=country"), ExploreId.TREND)
    assert "The chart and its table show 8 of 16 countries: the largest." in card.notes
    assert "country=CAN" in card.csv
    assert "country=GRC" not in card.csv


def test_one_period_has_its_months_as_trend(services: Services) -> None:
    trend = card_of(page(services, "/explore?freq=range&from=2025-02&to=2026-01"), ExploreId.TREND)
    assert trend.table is not None
    assert len(trend.table.rows) == 12


def test_one_period_of_two_series_has_a_column_for_each(services: Services) -> None:
    table = card_of(page(services, "/explore?freq=range&from=2025-10&to=2026-01&by=country"), ExploreId.FIGURES).table
    assert table is not None
    assert len(table.columns) == 2
    assert len(table.rows) == 16


@pytest.mark.parametrize("query", ["smelt=CAN&country=USMCA", "cast=CAN&country=CAN&freq=quarter"])
def test_the_overview_of_origins_with_smelt_or_cast_can_be_drawn(services: Services, query: str) -> None:
    assert not base.page_for(overview.VIEW, services, f"?{query}").faulty


def test_no_more_pages_are_drawn_at_once_than_there_is_room_for(services: Services) -> None:
    drawing: set[str] = set()
    most = 0
    room = threading.Barrier(base.AT_ONCE)

    def draw(ask: Ask) -> Page:
        nonlocal most
        drawing.add(ask.filters.to_query())
        room.wait(timeout=10)  # as many as may are drawn, and time for one too many to come
        time.sleep(0.05)
        most = max(most, len(drawing))
        drawing.discard(ask.filters.to_query())
        return overview.draw(ask)

    slow = replace(overview.VIEW, draw=draw)
    months = [f"?from=2025-0{month}" for month in range(1, 2 * base.AT_ONCE + 1)]
    with ThreadPoolExecutor(len(months)) as threads:
        drawn = list(threads.map(lambda query: base.page_for(slow, services, query), months))
    assert most == base.AT_ONCE
    assert all(one.sound for one in drawn)
