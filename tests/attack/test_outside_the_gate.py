"""What the serving side adds to a release, attacked from outside: sums and shares over several dates, license series
that are off, releases written aside, words, and a query that breaks an answer."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from dashboard.factory import create_app
from dashboard.settings import Settings
from data_access.contracts import MANIFEST, PUBLIC_FILE, file_entry, license_file
from data_access.serving.report.tables import part
from data_access.serving.statistics import open_statistics
from tests.dashboard.metal_sample import LEVELS as METAL_LEVELS
from tests.dashboard.metal_sample import MONTHS, licenses, write_metal
from tests.dashboard.metal_sample import public as metal_public
from tests.serving.release_builder import license_row, public_row, with_totals, write_release

OLDER = "2026-03-06"
"""A date before that of the other figures of a closed month."""
GROUPS = ("unwrought", "bars", "wire", "sheet", "foil", "tubes", "fittings", "castings", "forgings")
FOIL = "7607113000"


def client_of(releases: Path) -> FlaskClient:
    client: FlaskClient = create_app(Settings(releases=releases, rate=0)).server.test_client()
    return client


def words_of(page: str) -> str:
    """The text of a page."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).replace("\u202f", " ").split())


def cell_of(client: FlaskClient, query: str) -> dict[str, Any]:
    cell: dict[str, Any] = client.get(f"/api/v1/series?series=license&{query}").get_json()["cells"][-1]
    return cell


# -- sums and shares over several dates -----------------------------------------------------------------------------


def test_a_stack_adds_no_figures_of_several_dates(tmp_path: Path) -> None:
    """API: the sum of two products of dates 03-06 and 03-20 is withheld; the stack shows it as Other."""
    month = "2026-02"
    cells = [license_row(month, "aim", "all", 90_000_000, 30_000_000)]
    for place, group in enumerate(GROUPS):
        kg = (100 - place) * 100_000 + place * 11_000
        more = {"as_of": OLDER} if group == "castings" else {}
        cells.append(license_row(month, group, "all", 3 * kg, kg, **more))
    rest = GROUPS[-2:]
    write_release(tmp_path, with_totals([public_row("2026-01", FOIL, "CAN", 3, 1)]), cells)
    client = client_of(tmp_path)
    span = f"from={month}&to={month}"
    asked = "&".join(f"product={group}" for group in rest)
    assert cell_of(client, f"{asked}&{span}")["status"] == "withheld"
    total = sum(cell["kg"] for cell in cells if cell["product"] in rest) / 1000
    page = words_of(client.get(f"/explore?series=license&chart=stacked&by=product&{span}").get_data(as_text=True))
    assert f"{total:,.3f}" not in page


def _mixed_metal(releases: Path, place: str) -> None:
    """The metal sample, in which one country of smelt and of origin kept an older date in the last closed month."""
    month = MONTHS[-1]
    cells = [
        {**row, "as_of": OLDER} if row["period"] == month and place in (row["smelt"], row["origin"]) else row
        for row in licenses()
    ]
    write_release(releases, metal_public(), cells, not_yet=("2026-03",), levels=METAL_LEVELS)


def test_a_share_by_smelt_is_of_one_date(tmp_path: Path) -> None:
    """API: the share is withheld; /smelt-cast prints it in the table of the ranking."""
    _mixed_metal(tmp_path, "CHN")
    client = client_of(tmp_path)
    span = f"from={MONTHS[-1]}&to={MONTHS[-1]}"
    assert cell_of(client, f"smelt=CHN&measure=share&{span}")["status"] == "withheld"
    own, whole = (cell_of(client, f"{query}{span}")["value"] for query in ("smelt=CHN&", ""))
    page = client.get(f"/smelt-cast?to={MONTHS[-1]}").get_data(as_text=True)
    row = next(
        words
        for words in map(words_of, re.findall(r"<tr[^>]*>(?:(?!</tr>).)*</tr>", page, re.DOTALL))
        if "China" in words and f"{own:,.3f}" in words
    )
    assert f"{100 * own / whole:.1f}" not in row.split()


def test_the_headline_and_the_workbook_form_no_share_of_several_dates(tmp_path: Path) -> None:
    """The largest country of smelt, and the sheet by smelt, are of another date than the total."""
    _mixed_metal(tmp_path, "CAN")
    client = client_of(tmp_path)
    span = f"from={MONTHS[-1]}&to={MONTHS[-1]}"
    assert cell_of(client, f"smelt=CAN&measure=share&{span}")["status"] == "withheld"
    own, whole = (cell_of(client, f"{query}{span}")["value"] for query in ("smelt=CAN&", ""))
    tile = words_of(client.get(f"/smelt-cast?to={MONTHS[-1]}").get_data(as_text=True)).partition("Largest country")[2]
    assert f"{100 * own / whole:.1f}" not in tile[:200]
    statistics = open_statistics(tmp_path)
    cells = [
        statistics.series(statistics.parse(f"{query}series=license&{span}")).cells[0] for query in ("smelt=CAN&", "")
    ]
    assert part(*cells) == "(D)"
    assert part(cells[1], cells[1]) == 1


def test_a_share_of_a_flag_is_of_one_date(tmp_path: Path) -> None:
    """API: the share is withheld; the surge list tells it, and tests the floor with it."""
    months = [f"{year}-{month:02d}" for year in (2023, 2024, 2025) for month in range(1, 13)]
    rows = [public_row(month, FOIL, "CHN", 3_000_000, 1_000_000) for month in months]
    rows += [public_row(month, FOIL, "CAN", 3_000_000, 1_000_000) for month in months]
    month = "2026-01"
    cells = [
        license_row(month, "aim", "all", 12_000_000, 4_000_000),
        license_row(month, "foil", "all", 12_000_000, 4_000_000, as_of=OLDER),
        license_row(month, "foil", "CHN", 9_000_000, 3_000_000),
    ]
    write_release(tmp_path, with_totals(rows), cells)
    client = client_of(tmp_path)
    assert cell_of(client, f"product=foil&country=CHN&measure=share&from={month}&to={month}")["status"] == "withheld"
    flags = client.get("/api/v1/surges?product=foil").get_json()["flags"]
    assert all(not flag["share"] for flag in flags if flag["series"] == "license")


def test_a_bound_of_metal_from_elsewhere_is_of_one_date(tmp_path: Path) -> None:
    """The bound adds differences of the older date to those of the newer one and divides by the newer total."""
    month = MONTHS[-1]
    only: list[dict[str, Any]] = []
    for row in licenses():
        stale = row["period"] == month and "MEX" in (row["smelt"], row["origin"])
        only.append({**row, "as_of": OLDER} if stale else row)
    only.append(license_row(month, "aim", "all", 0, 0, smelt="MEX", as_of=OLDER))
    (newer,) = {row["as_of"] for row in only if row["period"] == month} - {OLDER}
    write_release(tmp_path / "mixed", metal_public(), only, not_yet=("2026-03",), levels=METAL_LEVELS)
    without = [row for row in only if not (row["period"] == month and "MEX" in (row["smelt"], row["origin"]))]
    write_release(
        tmp_path / "without",
        metal_public(),
        [
            *without,
            license_row(month, "aim", "MEX", None, status="withheld", as_of=newer),
            license_row(month, "aim", "all", None, smelt="MEX", status="withheld", as_of=newer),
        ],
        not_yet=("2026-03",),
        levels=METAL_LEVELS,
    )
    query = f"/smelt-cast?to={month}"
    told = []
    for name in ("mixed", "without"):
        page = words_of(client_of(tmp_path / name).get(query).get_data(as_text=True))
        told.append(re.findall(r"at least ([\d.]+) % was not smelted where it came from", page)[0])
    assert told[0] == told[1]


# -- license series that are off ------------------------------------------------------------------------------------


def test_feeds_hold_no_license_figures_while_license_series_are_off(tmp_path: Path) -> None:
    """License data were withdrawn by a release that is refused; flags of earlier ones still tell license figures."""
    months = [f"{year}-{month:02d}" for year in (2023, 2024, 2025) for month in range(1, 13)]
    rows = with_totals([public_row(month, FOIL, "CHN", 3_000_000, 1_000_000) for month in months])
    plain = [license_row("2026-01", "aim", "all", 9_000_000, 3_000_000)]
    surge = [
        *plain,
        license_row("2026-01", "foil", "all", 9_000_000, 3_000_000),
        license_row("2026-01", "foil", "CHN", 9_000_000, 3_000_000),
    ]
    for day, cells in (("06", plain), ("13", surge), ("20", None)):
        write_release(tmp_path, rows, cells, id_=f"2026-03-{day}T15-00-00Z-aaaaaa")
    broken = tmp_path / "2026-03-20T15-00-00Z-aaaaaa" / PUBLIC_FILE
    broken.write_bytes(broken.read_bytes() + b" ")
    client = client_of(tmp_path)
    assert client.get("/api/v1/meta").get_json()["release"]["license_off"]
    for path in ("/feeds/surges.json", "/feeds/surges.atom"):
        assert "licensed for" not in client.get(path).get_data(as_text=True)


def test_flags_are_not_new_because_the_release_before_lacks_its_license_part(tmp_path: Path) -> None:
    """An earlier release whose license part is broken tells nothing of which license flags it had."""
    months = [f"{year}-{month:02d}" for year in (2023, 2024, 2025) for month in range(1, 13)]
    rows = with_totals([public_row(month, FOIL, "CHN", 3_000_000, 1_000_000) for month in months])
    surge = [
        license_row("2026-01", "aim", "all", 9_000_000, 3_000_000),
        license_row("2026-01", "foil", "all", 9_000_000, 3_000_000),
        license_row("2026-01", "foil", "CHN", 9_000_000, 3_000_000),
    ]
    for day in ("06", "13", "20"):
        write_release(tmp_path, rows, surge, id_=f"2026-03-{day}T15-00-00Z-aaaaaa")
    broken = tmp_path / "2026-03-13T15-00-00Z-aaaaaa" / license_file("origin")
    broken.write_bytes(broken.read_bytes() + b" ")
    client = client_of(tmp_path)
    flags = client.get("/api/v1/surges?product=foil").get_json()["flags"]
    assert [flag["new"] for flag in flags if flag["series"] == "license"] == [False]
    assert client.get("/feeds/surges.json").get_json()["items"] == []


# -- releases written aside -----------------------------------------------------------------------------------------


def _aside(releases: Path) -> str:
    """A next release where the publisher writes it before it is checked and swapped in, with a figure out of order."""
    next_id = "2026-03-27T15-00-00Z-bbbbbb"
    folder = write_metal(releases, id_=next_id)
    aside = folder.rename(releases / ".new-release")
    manifest = json.loads((aside / MANIFEST).read_text())
    assert manifest["files"][license_file("origin")]["sha256"] == file_entry(aside / license_file("origin")).sha256
    return next_id


def test_a_release_written_aside_is_no_release(tmp_path: Path) -> None:
    next_id = _aside(tmp_path)
    write_metal(tmp_path)
    client = client_of(tmp_path)
    log = client.get("/api/v1/releases").get_json()["releases"]
    assert next_id not in [one["id"] for one in log]
    for path in ("/data", "/feeds/releases.json", "/feeds/releases.atom"):
        assert next_id not in client.get(path).get_data(as_text=True)
    assert client.get("/api/v1/surges").get_json()["compared_with"] is None


# -- words ----------------------------------------------------------------------------------------------------------


def test_a_ranking_does_not_call_withheld_what_may_be_none(tmp_path: Path) -> None:
    """Where presence is hidden, a country without a row is none or withheld; the summary says how many are withheld."""
    levels = {**METAL_LEVELS, "total×smelt": "hidden"}
    write_release(tmp_path, metal_public(), licenses(), not_yet=("2026-03",), levels=levels)
    page = words_of(
        client_of(tmp_path)
        .get(f"/smelt-cast?smelt=CAN&smelt=CHN&smelt=NOR&smelt=ISL&to={MONTHS[-1]}")
        .get_data(as_text=True)
    )
    assert "2 are withheld" not in page


# -- a query that breaks an answer ----------------------------------------------------------------------------------


def test_all_countries_beside_a_group_break_no_answer(tmp_path: Path) -> None:
    write_metal(tmp_path, with_pairs=False)
    client = client_of(tmp_path)
    for path in ("ranking", "matrix"):
        answer = client.get(f"/api/v1/{path}?country=ASIA&country=all&smelt=CAN")
        assert answer.status_code == 200
