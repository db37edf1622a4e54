"""Surge watch as the application writes it: the list, its thresholds, and one flag with trend, metal and orders."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from dashboard.factory import create_app
from dashboard.figures.spark import label, spark
from dashboard.settings import Settings
from dashboard.templating import Templates
from dashboard.views import base
from dashboard.views import surges as view
from dashboard.views.base import Ask, Page, Services
from dashboard.views.surge_detail import checks
from dashboard.views.surge_orders import orders_on
from dashboard.words import date_words
from data_access.contracts import Status
from data_access.serving.periods import number, text
from data_access.serving.statistics import Statistics, open_statistics
from data_access.serving.surges.flags import Flag, surges
from tests.serving.release_builder import license_row, public_row, with_totals, withheld_row, write_release

LAST = "2026-03"
MONTHS = tuple(text(month) for month in range(number(LAST) - 39, number(LAST) + 1))
FOIL = "7607113000"


def public(*, last: float) -> list[dict[str, object]]:
    """Foil from Thailand and Canada, steady at 1,000 t and 4,000 t; Thailand's last month is `last` t."""
    found = []
    for month in MONTHS:
        for origin, tons in (("THA", last if month == LAST else 1000.0), ("CAN", 4000.0)):
            kg = round(1000 * tons)
            found.append(public_row(month, FOIL, origin, 3 * kg, kg))
    return with_totals(found)


def licenses() -> list[dict[str, object]]:
    """Four license months of foil, and a quarter of foil from Thailand by smelt: China shown, two others withheld."""
    found = []
    for month in ("2026-01", "2026-02", "2026-03"):
        found += [
            license_row(month, "aim", "all", 90_000_000, 30_000_000),
            license_row(month, "foil", "all", 15_000_000, 5_000_000),
            license_row(month, "foil", "THA", 3_000_000, 1_000_000),
            license_row(month, "foil", "all", 6_000_000, 2_000_000, smelt="CHN"),
        ]
    quarter = "2026-Q1"
    return [
        *found,
        license_row("2026-04", "aim", "all", 90_000_000, 30_000_000),
        license_row("2026-04", "foil", "all", 15_000_000, 5_000_000),
        withheld_row("2026-04", "foil", "THA"),
        license_row(quarter, "foil", "THA", 6_000_000, 2_000_000, smelt="CHN"),
        withheld_row(quarter, "foil", "THA", smelt="RUS"),
        withheld_row(quarter, "foil", "THA", smelt="CAN"),
    ]


@pytest.fixture(scope="module")
def surging(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Releases of two weeks, that of the second published twice; it has a surge of foil from Thailand."""
    releases = tmp_path_factory.mktemp("surging")
    write_release(releases, public(last=1000), licenses(), id_="2026-05-01T15-00-00Z-aaaaaa", licensed_on="2026-05-01")
    for id_ in ("2026-05-08T14-00-00Z-bbbbbb", "2026-05-08T15-00-00Z-cccccc"):
        write_release(releases, public(last=2600), licenses(), id_=id_, licensed_on="2026-05-08")
    return releases


@pytest.fixture(scope="module")
def opened(surging: Path) -> Statistics:
    return open_statistics(surging)


@pytest.fixture
def visitor(surging: Path) -> FlaskClient:
    client: FlaskClient = create_app(Settings(releases=surging)).server.test_client()
    return client


def page(statistics: Statistics, search: str = "") -> Page:
    return base.page_for(view.VIEW, Services(statistics=statistics, templates=Templates()), search)


def flag_of(statistics: Statistics) -> Flag:
    (flag,) = surges(statistics, statistics.parse("")).flags
    return flag


def test_a_new_flag_stands_under_its_own_heading(opened: Statistics) -> None:
    body = page(opened).cards[0].body
    before = opened.previous()
    assert before is not None
    day = before.info().license_as_of or before.info().published
    assert day is not None
    assert f"New since {date_words(day)} (1)" in body
    assert 'class="badge">New<' in body
    assert "Foil from Thailand" in body


def test_one_flag_is_examined_in_depth(opened: Statistics) -> None:
    listed, trend, metal, orders = page(opened, "?product=foil&country=THA").cards
    assert not any(card.absent for card in (listed, trend, metal, orders))
    assert trend.title == "Foil from Thailand"
    assert "Code change: <b>ruled out</b>" in trend.body
    levels = [shape["y0"] for shape in trend.figure["layout"]["shapes"] if shape["type"] == "line"]
    assert 1000 in levels


def test_of_several_products_and_origins_none_is_examined(opened: Statistics) -> None:
    found = page(opened, "?r1=0&r2=0&r2y=0&r3=0")
    assert [card.absent for card in found.cards] == [False, True, True, True]


def test_thresholds_of_the_address_fill_the_form_and_are_kept_by_links(opened: Statistics) -> None:
    body = page(opened, "?r1=30&country=THA&detail=hts6").cards[0].body
    assert re.search(r'<input type="number" name="r1" value="30"', body)
    assert '<input type="hidden" name="country" value="THA">' in body
    assert '<input type="hidden" name="detail" value="hts6">' in body
    assert "Thresholds of the tests (1 changed)" in body
    assert not re.search(r'<input type="hidden" name="r1"', body)


def test_nothing_flagged_says_so_and_what_to_do(opened: Statistics) -> None:
    found = page(opened, "?product=sheet")
    assert "Nothing is flagged for this selection" in found.cards[0].body
    assert found.status.startswith("No product and origin is flagged.")


def test_smelt_and_cast_tell_watch_list_and_a_lower_bound(opened: Statistics) -> None:
    metal = page(opened, "?product=foil&country=THA").cards[2]
    assert "Watch list: 2,000\u202ft from Thailand was smelted in China." in metal.body
    assert "At least 66.7\u202f% of the licensed volume from Thailand" in metal.body
    assert "China (watch list)" in metal.body
    assert "How much of the metal from Thailand was cast elsewhere is not published." in metal.body


def test_orders_on_other_origins_say_whether_metal_came_from_there(opened: Statistics) -> None:
    orders = page(opened, "?product=foil&country=THA").cards[3]
    assert "Foil from China" in orders.summary
    assert "Metal from Thailand smelted there: China 2,000\u202ft." in orders.body
    assert "Case A-570-053" in orders.body
    assert "circumvention finding" in orders.body


def test_orders_on_a_product_share_a_code_with_it(opened: Statistics) -> None:
    found = orders_on(flag_of(opened), opened.vocabulary)
    assert "foil-chn-ad" in {order.id for order in found}
    assert not {order.id for order in found} & {"extrusions-chn-ad", "containers-chn-ad", "sheet-chn-ad"}


def test_checks_tell_what_is_ruled_out(opened: Statistics) -> None:
    answers = {name: answer for name, answer, _ in checks(flag_of(opened), opened.vocabulary)}
    assert answers == {
        "Code change": "ruled out",
        "Thin base": "ruled out",
        "A lone cargo": "ruled out",
        "Month not whole": "ruled out",
    }


@pytest.mark.parametrize(("known", "answer"), [(False, "not known"), (True, "ruled out")])
def test_a_code_change_is_ruled_out_only_where_the_first_month_is_known(
    opened: Statistics, known: bool, answer: str
) -> None:
    products = opened.vocabulary.products
    code = next(one.id for one in products if one.is_code and (one.valid_from is not None) is known)
    flag = replace(flag_of(opened), products=(code,), notes=())
    assert {name: found for name, found, _ in checks(flag, opened.vocabulary)}["Code change"] == answer


def test_a_small_trend_is_told_in_words_and_marks_what_is_missing(opened: Statistics) -> None:
    trend = flag_of(opened).trend
    assert label(trend, name="Foil") == (
        "Foil, Apr 2024 to Mar 2026: highest 2,600\u202ft in Mar 2026, last 2,600\u202ft in Mar 2026."
    )
    hidden = trend[3]._replace(value=None, status=Status.WITHHELD)
    drawing = spark((*trend[:3], hidden, *trend[4:]), name='Foil "<b>"')
    assert "1 month (D)" in drawing
    assert "<rect" in drawing
    assert "<b>" not in drawing
    assert drawing.count("<polyline") == 2


def test_the_address_is_kept_free_of_the_months_the_page_fills_in(opened: Statistics) -> None:
    assert page(opened).cards[0].permalink == "/surges"
    ask = Ask(statistics=opened, filters=opened.resolve(opened.parse("to=2026-02")))
    assert view.draw(ask).cards[0].permalink == "/surges?to=2026-02"


def test_the_page_is_whole_without_scripts(visitor: FlaskClient) -> None:
    answer = visitor.get("/surges?r1=30")
    text_ = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert '<form method="get" action="/surges" class="threshold-form">' in text_
    assert "2,600\u202ft in Mar 2026, up 160.0\u202f%" in text_
    assert 'style="' not in text_


def test_a_bad_threshold_is_told_and_the_default_list_shown(visitor: FlaskClient) -> None:
    text_ = visitor.get("/surges?r1=lots").get_data(as_text=True)
    assert "r1: expected a number from 0 to 100,000 %" in text_
    assert "Foil from Thailand" in text_
