"""The attacker of these tests finds what there is to find: releases with a planted leak, and one without any."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from dashboard.factory import create_app
from dashboard.settings import Settings
from tests.attack.listening import Heard, Listener
from tests.attack.market import ALL, Key, Level, Rules, Truth, draw_market, is_unsafe
from tests.attack.puzzle import Layer, Puzzle
from tests.serving.release_builder import license_row, public_row, with_totals, write_release

NAMES = ("total", "group", "hts6", "total×origin", "total×smelt", "total×smelt2", "total×cast", "group×origin")
LEVELS = [Level.of(name) for name in NAMES]
CROSSED = "total×origin×smelt"
DAY = "2026-03-20"
MONTH = "2026-01"
RULES = Rules()
TOTAL: Key = ("aim", ALL, ALL, ALL, ALL)
Release = Mapping[Layer, tuple[Truth, Collection[Key]]]
"""Layers with their truth and the cells withheld in them."""


@cache
def truth_of(month: str, seed: int = 8, per_month: int = 120) -> Truth:
    return Truth(licenses=draw_market([month], per_month=per_month, seed=seed), levels=LEVELS)


def unsafe(truth: Truth) -> set[Key]:
    return {key for key, held in truth.holders.items() if is_unsafe(held, RULES)}


def below_products(truth: Truth) -> set[Key]:
    """Everything by country: a release that shows products alone."""
    return {key for key in truth.holders if key[1:] != (ALL,) * 4}


def origins(truth: Truth) -> set[Key]:
    """Countries of origin of all products."""
    return {key for key in truth.holders if key[0] == "aim" and key[1] != ALL}


def few_firms(*, german: int) -> Truth:
    """One firm is all that comes from China, and so many others all that comes from Germany."""
    licenses = []
    for place, one in enumerate(draw_market([MONTH], per_month=160, seed=7)):
        name = {"CHN": "lone", "DEU": f"german-{place % german}"}.get(one.origin)
        alone = replace(one, importer=name, group=None, filer=name, exporter=name, manufacturer=name) if name else one
        licenses.append(replace(alone, smelt=one.origin, cast=one.origin))
    return Truth(licenses=licenses, levels=[Level.of(name) for name in ("total", "group", "hts6", "total×origin")])


def rows_of(release: Release) -> list[dict[str, Any]]:
    rows = []
    for (period, day), (truth, withheld) in release.items():
        for key in truth.holders:
            value, kg = truth.amounts(key)
            members = dict(zip(("smelt", "smelt2", "cast"), key[2:], strict=True))
            shown = key not in withheld
            status = "published" if shown else "withheld"
            figures = (value, kg) if shown else (None, None)
            rows.append(license_row(period, key[0], key[1], *figures, status=status, as_of=day or DAY, **members))
    return rows


def listen(releases: Path, rows: Sequence[dict[str, Any]], id_: str, *, freqs: Sequence[str] = ("month",)) -> Listener:
    """Hear all that the application tells of a release with these rows."""
    public = with_totals([public_row(MONTH, "7601103000", "CAN", 10, 4)])
    write_release(releases, public, rows, id_=id_, levels=dict.fromkeys(NAMES, "zero") | {CROSSED: "hidden"})
    client = create_app(Settings(releases=releases, rate=0)).server.test_client()
    listener = Listener(client, first=MONTH, last="2026-03")
    listener.ask_grid(freqs=freqs)
    return listener


def heard_of(
    releases: Path, release: Release, *, more: Sequence[dict[str, Any]] = (), **asked: Any
) -> tuple[Puzzle, set[Heard]]:
    puzzle = Puzzle({layer: truth for layer, (truth, _) in release.items()})
    heard = listen(releases, [*rows_of(release), *more], "release", **asked).heard
    puzzle.hear(heard)
    assert puzzle.untrue == []
    return puzzle, heard


def attack(releases: Path, release: Release, **more: Any) -> Puzzle:
    return heard_of(releases, release, **more)[0]


def found(puzzle: Puzzle, *cells: Key) -> set[str]:
    return {breach.why for breach in puzzle.breaches() if set(cells) & set(breach.cells)}


def only_origin(name: str) -> Key:
    return ("aim", name, ALL, ALL, ALL)


def one_mexican_smelter(month: str) -> Truth:
    """All that comes from Mexico and was smelted in the United Arab Emirates is one firm's."""
    licenses = [
        replace(one, importer="lone", group=None, filer="lone") if (one.origin, one.smelt) == ("MEX", "ARE") else one
        for one in truth_of(month).licenses
    ]
    return Truth(licenses=licenses, levels=LEVELS)


def test_the_market_has_what_there_is_to_attack() -> None:
    truth = truth_of(MONTH)
    assert only_origin("CHN") in unsafe(truth)
    assert not {key for key in unsafe(truth) if key[1:] == (ALL,) * 4}
    assert len(unsafe(truth)) > 10


def test_nothing_is_found_in_a_release_of_products_alone(tmp_path: Path) -> None:
    truth = truth_of(MONTH)
    assert attack(tmp_path, {(MONTH, DAY): (truth, below_products(truth))}).breaches() == []


def test_an_unsafe_cell_that_is_told_is_found(tmp_path: Path) -> None:
    truth = truth_of(MONTH)
    puzzle = attack(tmp_path, {(MONTH, DAY): (truth, below_products(truth) - {only_origin("CHN")})})
    assert found(puzzle, only_origin("CHN")) == {"an unsafe cell is told"}


def test_a_complement_that_is_told_is_found(tmp_path: Path) -> None:
    """All countries but one are shown; what is missing is the total less those."""
    truth = few_firms(german=9)
    assert origins(truth) & unsafe(truth) == {only_origin("CHN")}
    puzzle = attack(tmp_path, {(MONTH, DAY): (truth, below_products(truth) - origins(truth) | {only_origin("CHN")})})
    assert found(puzzle, only_origin("CHN")) == {"bounded within its level"}


def test_an_unsafe_sum_that_others_give_away_is_found(tmp_path: Path) -> None:
    """Two withheld countries protect each other, but what they are together is a cell too."""
    truth = few_firms(german=1)
    pair = {only_origin("CHN"), only_origin("DEU")}
    puzzle, heard = heard_of(tmp_path, {(MONTH, DAY): (truth, below_products(truth) - origins(truth) | pair)})
    told = [one for one in puzzle.told_sums(heard) if set(one.cells) == pair]
    assert [one.why for one in told] == ["an unsafe sum is told"]


def test_primary_suppression_alone_is_not_enough(tmp_path: Path) -> None:
    truth = truth_of(MONTH)
    puzzle = attack(tmp_path, {(MONTH, DAY): (truth, unsafe(truth))})
    assert {breach.why for breach in puzzle.breaches()} >= {"bounded within its level"}


def test_a_sum_of_months_that_holds_a_withheld_one_is_found(tmp_path: Path) -> None:
    """The year to date is told, and the other months of it."""
    months = (MONTH, "2026-02", "2026-03")
    truths = {month: truth_of(month) for month in months}
    cell = only_origin("CHN")
    release = {
        (month, DAY): (truth, below_products(truth) - ({cell} if month != "2026-02" else set()))
        for month, truth in truths.items()
    }
    value, kg = (sum(truth.amounts(cell)[measure] for truth in truths.values()) for measure in (0, 1))
    row = license_row("2026-01/2026-03", "aim", "CHN", value, kg, as_of=DAY)
    without = attack(tmp_path / "without", release)
    assert without.breaches(layers=[("2026-02", DAY)]) == []
    puzzle = attack(tmp_path / "with", release, more=[row], freqs=("month", "ytd"))
    assert cell in {key for one in puzzle.breaches(layers=[("2026-02", DAY)]) for key in one.cells}


def test_a_quarter_by_origin_and_smelt_that_gives_one_away_is_found(tmp_path: Path) -> None:
    """All countries of smelt but one of an origin are told, and that origin month by month."""
    months = {month: one_mexican_smelter(month) for month in (MONTH, "2026-02", "2026-03")}
    levels = [*LEVELS, Level.of(CROSSED)]
    quarter = Truth(licenses=[one for truth in months.values() for one in truth.licenses], levels=levels)
    mexican = {key for key in quarter.holders if key[1] == "MEX" and key[2] != ALL}
    secret: Key = ("aim", "MEX", "ARE", ALL, ALL)
    assert mexican & unsafe(quarter) == {secret}
    release = {(month, DAY): (truth, below_products(truth) - {only_origin("MEX")}) for month, truth in months.items()}
    rows = []
    for key in mexican - {secret}:
        rows.append(license_row("2026-Q1", "aim", "MEX", *quarter.amounts(key), smelt=key[2], as_of=DAY))
    puzzle = Puzzle({layer: truth for layer, (truth, _) in release.items()}, quarters={("2026-Q1", ""): quarter})
    heard = listen(tmp_path, [*rows_of(release), *rows], "release", freqs=("month", "quarter")).heard
    puzzle.hear(heard)
    assert puzzle.untrue == []
    close = puzzle.breaches(attackers=1, layers=[("2026-Q1", "")], keys=[secret])
    assert "bounded within its level" in {one.why for one in close if secret in one.cells}


def test_an_earlier_release_is_not_forgotten(tmp_path: Path) -> None:
    """What one release shows and the next withholds, unchanged, bounds what is left for the others."""
    before = truth_of(MONTH)
    grown = [replace(before.licenses[0], id="late", origin="CAN", importer="importer-7", group=None, filer="filer-9")]
    after = Truth(licenses=[*before.licenses, *grown], levels=LEVELS)
    first, second = (MONTH, "2026-03-13"), (MONTH, DAY)
    told = {only_origin(name) for name in ("MEX", "ARE")}
    hidden = {first: below_products(before) - told, second: below_products(after)}
    puzzle = Puzzle({first: before, second: after})
    puzzle.hear(listen(tmp_path / "1", rows_of({first: (before, hidden[first])}), "first").heard)
    puzzle.hear(listen(tmp_path / "2", rows_of({second: (after, hidden[second])}), "second").heard)
    place = {puzzle._places[second, only_origin("MEX"), 0]: 1.0}
    assert puzzle.extreme(place, "", up=False) == pytest.approx(before.amounts(only_origin("MEX"))[0])


def test_what_a_firm_knows_of_its_own_counts(tmp_path: Path) -> None:
    """Two withheld cells protect each other from outsiders, not from the firm that is all of one of them."""
    truth = few_firms(german=2)
    pair = {only_origin("CHN"), only_origin("DEU")}
    puzzle = attack(tmp_path, {(MONTH, DAY): (truth, below_products(truth) - origins(truth) | pair)})
    attackers = {one.attacker for one in puzzle.breaches(attackers=4) if set(one.cells) <= pair}
    assert "lone" in attackers
    assert "" not in attackers


def test_a_partial_total_that_poses_as_a_total_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the gate to add up what is left, figures would be told that are not the truth."""
    from data_access.serving.gate import gate

    honest: Callable[..., Any] = gate._worst

    def careless(status: Any, counts: Any, mixed: Any) -> Any:
        return honest(status * 0, counts, mixed)

    monkeypatch.setattr(gate, "_worst", careless)
    truth = truth_of(MONTH)
    puzzle = Puzzle({(MONTH, DAY): truth})
    puzzle.hear(listen(tmp_path, rows_of({(MONTH, DAY): (truth, unsafe(truth))}), "release").heard)
    assert puzzle.untrue
