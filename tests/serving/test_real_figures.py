"""Figures known from the real statistics come out to the dollar and the kilogram."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from small_release import Ask

CA_MX = "hts10_monthly_canada_mexico_2025_2026"
ALL_2024 = "hts10_monthly_all_countries_2024_allocated"
CANADA_KG = "hs6_760110_canada_2013_2021"
HS2 = "hs2_monthly_all_countries_2023_2024"

Real = Callable[[str], Ask]


@pytest.mark.parametrize(
    ("file", "query", "value"),
    [
        (CA_MX, "product=7601&country=CAN&measure=value&from=2025-03&to=2025-03", 802_593_181),
        (CA_MX, "product=7601&country=CAN&measure=value&from=2025-07&to=2025-07", 254_904_396),
        (CA_MX, "product=76&country=CAN&measure=value&freq=year&from=2025-01&to=2025-12", 9_286_801_500),
        (CA_MX, "product=76&country=MEX&measure=value&freq=year&from=2025-01&to=2025-12", 1_765_347_329),
        (CA_MX, "product=76&country=USMCA&measure=value&freq=ytd&from=2025-12&to=2025-12", 11_052_148_829),
        (CA_MX, "product=scrap&country=CAN&country=MEX&measure=value&from=2026-01&to=2026-01", 232_621_260),
        (CA_MX, "product=scrap&country=CAN&country=MEX&measure=value&from=2026-02&to=2026-02", 235_470_364),
        (CA_MX, "product=7602000065&country=CAN&country=MEX&measure=value&from=2026-02&to=2026-02", 105_884_091),
        (ALL_2024, "product=76&measure=value&freq=year&from=2024-01&to=2024-12", 26_518_229_856),
        (ALL_2024, "product=76&measure=value&basis=general&freq=year&from=2024-01&to=2024-12", 27_445_346_667),
        (ALL_2024, "product=7601&measure=value&freq=range&from=2024-01&to=2024-12", 10_117_265_296),
        (ALL_2024, "product=7601&country=CAN&measure=value&freq=year&from=2024-01&to=2024-12", 7_751_105_424),
        (CANADA_KG, "product=760110&country=CAN&measure=value&from=2018-03&to=2018-03", 448_620_926),
        (CANADA_KG, "product=760110&country=CAN&measure=volume&from=2018-03&to=2018-03", 197_578.579),
        (CANADA_KG, "product=760110&country=CAN&measure=auv&from=2018-06&to=2018-06", 2761.7),
        (HS2, "product=76&measure=value&basis=general&freq=year&from=2024-01&to=2024-12", 27_470_683_602),
        (HS2, "product=76&country=CAN&measure=value&basis=general&freq=year&from=2024-01&to=2024-12", 11_372_273_818),
    ],
)
def test_known_figures(real: Real, file: str, query: str, value: float) -> None:
    (cell,) = real(file)(f"series=public&{query}").cells
    assert cell.status == "published"
    assert cell.value == (pytest.approx(value, abs=0.05) if "auv" in query else value)


@pytest.mark.parametrize(
    ("file", "query", "status"),
    [
        (CA_MX, "product=76&country=CAN&measure=volume&freq=year&from=2025-01&to=2025-12", "not_reported"),
        (CA_MX, "product=7601&country=CAN&measure=auv&from=2025-03&to=2025-03", "not_reported"),
        (CA_MX, "product=7602000065&country=CAN&measure=value&from=2026-01&to=2026-01", "not_applicable"),
        (HS2, "product=76&measure=value&freq=year&from=2024-01&to=2024-12", "not_reported"),
        (HS2, "product=7601&measure=value&basis=general&from=2024-01&to=2024-01", "not_reported"),
        (CANADA_KG, "product=7601106030&country=CAN&measure=value&from=2018-03&to=2018-03", "not_reported"),
    ],
)
def test_figures_that_are_not_there(real: Real, file: str, query: str, status: str) -> None:
    (cell,) = real(file)(f"series=public&{query}").cells
    assert (cell.value, cell.status) == (None, status)


def test_the_note_of_a_re_cut_code_names_its_predecessor_and_family(real: Real) -> None:
    released = real(CA_MX)(
        "series=public&product=7602000065&country=CAN&country=MEX&measure=value&from=2026-01&to=2026-02"
    )
    notes = " ".join(released.notes)
    for code in ("7602000097", "7602000035", "7602000045", "7602000055", "7602000075", "7602000095", "7602000098"):
        assert code in notes
