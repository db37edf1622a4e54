"""Titles, summaries and notes say what the cells hold, and nothing else."""

from __future__ import annotations

import pytest
from release_builder import license_row, public_row, with_totals
from small_release import Ask, Build, small_licenses, small_public

from data_access.filters import Freq, Measure
from data_access.serving.prose import amount, change_words, money, percent, period_words
from data_access.thresholds import Thresholds

THIN = "\u202f"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "$0"),
        (999_994, "$999,994"),
        (999_996, "$1.00 million"),
        (802_593_181, "$802.6 million"),
        (999_940_000, "$999.9 million"),
        (999_960_000, "$1.00 billion"),
        (9_286_801_500, "$9.29 billion"),
        (-5, "−$5"),
    ],
)
def test_money_in_prose(value: int, text: str) -> None:
    assert money(value) == text


@pytest.mark.parametrize(
    ("value", "measure", "text"),
    [
        (197_578.579, Measure.VOLUME, f"197,579{THIN}t"),
        (1_234_567.0, Measure.VOLUME, f"1.23 million{THIN}t"),
        (2270.59, Measure.AUV, f"2,271{THIN}US$/t"),
        (12.345, Measure.SHARE, f"12.3{THIN}%"),
    ],
)
def test_amounts_in_prose(value: float, measure: Measure, text: str) -> None:
    assert amount(value, measure) == text


@pytest.mark.parametrize(
    ("now", "before", "text"),
    [
        (110, 100, f"up 10.0{THIN}% on Jan"),
        (90, 100, f"down 10.0{THIN}% on Jan"),
        (100_040, 100_000, "unchanged on Jan"),
        (0, 100, f"down 100.0{THIN}% on Jan"),
        (5, 0, "from none in Jan"),
        (0, 0, ""),
        (999, 100, f"up 899.0{THIN}% on Jan"),
        (1000, 100, "10 times that of Jan"),
        (5, -3, ""),
    ],
)
def test_changes_in_prose(now: float, before: float, text: str) -> None:
    assert change_words(now, before, Measure.VALUE, "Jan") == text


def test_shares_change_by_points() -> None:
    assert change_words(12.5, 11.0, Measure.SHARE, "Jan") == "up 1.5 percentage points on Jan"


def test_a_falling_percentage_has_a_true_minus_sign() -> None:
    assert percent(-0.124) == f"−12.4{THIN}%"
    assert percent(0.124) == f"+12.4{THIN}%"


@pytest.mark.parametrize(
    ("period", "freq", "text"),
    [
        ("2025-03", Freq.MONTH, "Mar 2025"),
        ("2025-Q1", Freq.QUARTER, "Q1 2025"),
        ("2025", Freq.YEAR, "2025"),
        ("2025-03", Freq.YTD, "Jan to Mar 2025"),
        ("2025-01", Freq.YTD, "Jan 2025"),
        ("2025-03/2026-02", Freq.RANGE, "Mar 2025 to Feb 2026"),
    ],
)
def test_periods_in_prose(period: str, freq: Freq, text: str) -> None:
    assert period_words(period, freq) == text


def test_a_title_states_the_selection_and_a_subtitle_unit_basis_and_period(ask: Ask) -> None:
    released = ask("product=7601&country=CAN&measure=value&by=product&from=2026-01&to=2026-02")
    assert released.title == "Unwrought aluminum (HTS 7601) from Canada: customs value, by product"
    assert released.subtitle == (
        "US$; imports for consumption and licenses by expected month of import; Jan 2026 to Feb 2026, monthly"
    )
    general = ask("basis=general&series=public&from=2026-01&to=2026-01")
    assert general.subtitle == "Metric tons (t); general imports; Jan 2026, monthly"


def test_a_summary_names_the_latest_figure_and_its_changes(build: Build) -> None:
    ask = build(
        [
            public_row("2024-03", "7601103000", "all", 2_000_000),
            public_row("2025-02", "7601103000", "all", 1_250_000),
            public_row("2025-03", "7601103000", "all", 1_500_000),
        ]
    )
    assert ask("product=7601&measure=value&series=public&from=2024-03&to=2025-03&floor_value=0").summary == (
        "The customs value of unwrought aluminum (HTS 7601) from all countries was $1.50 million in Mar 2025, "
        f"up 20.0{THIN}% on Feb 2025 and down 25.0{THIN}% on Mar 2024."
    )


def test_no_percent_is_told_on_a_small_base(build: Build) -> None:
    """Table: kg a year before just below, at and above the floor of 500 t; the figure after is the same."""
    floor = round(Thresholds().floor * 1000)
    told = {}
    for place, base in enumerate((0, 12_000, floor - 1, floor, floor + 1)):
        rows = [public_row(month, "7601103000", "all", 9, kg) for month, kg in (("2024-03", base), ("2025-03", floor))]
        ask = build(rows, id_=f"2026-04-20T15-00-00Z-aaaaa{place}")
        told[base] = ask("product=7601&series=public&from=2024-03&to=2025-03").summary
    assert told[0].endswith(f"was 500{THIN}t in Mar 2025, from none in Mar 2024.")
    assert told[12_000].endswith(f"was 500{THIN}t in Mar 2025, from 12{THIN}t in Mar 2024.")
    assert told[floor - 1].endswith(f", from 500{THIN}t in Mar 2024.")
    assert told[floor].endswith(", unchanged on Mar 2024.")
    assert told[floor + 1].endswith(", unchanged on Mar 2024.")


@pytest.mark.parametrize("measure", ["auv", "share&of=volume"])
def test_unit_values_and_shares_of_little_volume_are_told_without_their_change(build: Build, measure: str) -> None:
    rows = [public_row(month, "7601103000", "CAN", usd, 12_000) for month, usd in (("2024-03", 10), ("2025-03", 90))]
    ask = build(with_totals(rows))
    query = f"country=CAN&measure={measure}&series=public&from=2024-03&to=2025-03"
    assert ", from " in ask(query).summary
    assert ", from " not in ask(f"{query}&floor=12").summary


def test_a_summary_tells_what_licenses_say_of_later_months(ask: Ask) -> None:
    summary = ask("measure=value&from=2026-01&to=2026-03").summary
    assert summary == (
        "The customs value of all licensed products from all countries was $7,500 in Jan 2026; "
        "licenses put Feb 2026 at $9,000."
    )


def test_a_summary_of_a_split_names_the_largest_and_counts_the_withheld(ask: Ask) -> None:
    assert ask("measure=value&series=license&by=country&from=2026-02&to=2026-02").summary == (
        "In Feb 2026 by license data the customs value of all licensed products from all countries was largest for "
        "Canada ($2,400), followed by Germany ($2,400); 2 of 4 are withheld."
    )


def test_where_nothing_can_be_shown_the_summary_says_why(ask: Ask) -> None:
    summary = ask("product=foil&series=license&from=2026-02&to=2026-02").summary
    assert summary == (
        "No figure of foil from all countries can be shown for this period "
        "(license data: withheld to protect companies)."
    )


def test_notes_name_source_basis_and_both_dates(ask: Ask) -> None:
    notes = " ".join(ask("").notes)
    assert "U.S. Census Bureau" in notes
    assert "imports for consumption" in notes
    assert "Jan 2026" in notes
    assert "2026-03-20" in notes


@pytest.mark.parametrize("measure", ["value", "volume", "auv", "share"])
def test_no_word_of_an_answer_depends_on_a_withheld_figure(build: Build, measure: str) -> None:
    """Two releases that differ in what is withheld cannot differ in a word: the figure is not in them."""
    ask = build(small_public(), small_licenses())
    released = ask(f"measure={measure}&series=license&by=country")
    withheld = [cell for cell in released.cells if cell.status == "withheld"]
    assert withheld
    assert all(cell.value is None for cell in withheld)
    assert not any(name in released.summary for name in ("France", "China"))


def test_a_partial_period_is_never_compared_with(build: Build) -> None:
    licenses = [
        license_row("2026-01", "aim", "all", 100, 10),
        license_row("2026-02", "aim", "all", 10, 1),
    ]
    ask = build([], licenses, not_yet=("2026-02",))
    released = ask("series=license&measure=value&from=2026-01&to=2026-02")
    assert [cell.partial for cell in released.cells] == [False, True]
    assert "down" not in released.summary


def test_a_ranking_in_words_leaves_out_members_without_imports(build: Build) -> None:
    rows = [
        public_row("2026-01", "7601103000", "CAN", 100, 40),
        public_row("2026-01", "7601103000", "DEU", 0, 0),
        public_row("2025-12", "7601103000", "DEU", 50, 20),
    ]
    ask = build(with_totals(rows))
    summary = ask("product=unwrought&by=country&series=public&measure=value&from=2025-12&to=2026-01").summary
    assert "largest for Canada ($100)" in summary
    assert "Germany" not in summary


def test_a_combined_figure_is_not_compared_across_its_change_of_source(ask: Ask) -> None:
    summary = ask("product=aim&series=combined&measure=value&from=2025-12&to=2026-02").summary
    assert "Feb 2026" in summary
    assert "up" not in summary and "down" not in summary
