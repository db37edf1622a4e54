"""An attacker who hears all that the application answers, week after week, bounds no withheld figure too closely.

The releases are those of the publication itself. What the application tells is all that the attacker has of licenses;
beside it stands what disclosure control takes everyone to know: public statistics, prices, who is in a cell, and the
own licenses of a firm.
"""

from __future__ import annotations

import pytest

from tests.attack import elsewhere
from tests.attack.conftest import MONTHS, Attacked
from tests.attack.listening import Heard, Query
from tests.attack.market import Key, Rules, is_unsafe
from tests.attack.publication import is_weekly
from tests.attack.puzzle import Layer, Puzzle

pytestmark = pytest.mark.xdist_group("attack")

PAGES: tuple[tuple[str, Query], ...] = (
    ("overview", {}),
    ("overview", {"country": "CAN", "measure": "value"}),
    ("explore", {"by": "country", "measure": "value"}),
    ("explore", {"by": "product", "country": "MEX"}),
    ("explore", {"product": "foil", "by": "country", "freq": "ytd"}),
    ("explore", {"smelt": "CAN", "measure": "auv"}),
    ("explore", {"country": "DEU", "measure": "share", "of": "value"}),
)
EXPORTS: tuple[Query, ...] = (
    {"by": "country", "country": ("CAN", "CHN", "DEU"), "measure": "value"},
    {"by": "smelt", "smelt": ("CAN", "CHN", "not_applicable"), "measure": "auv", "freq": "ytd"},
    {"by": "product", "product": "foil", "measure": "share", "of": "volume"},
    {"country": "CAN", "smelt": ("CAN", "ARE"), "by": "smelt", "freq": "quarter"},
)


def test_there_is_something_to_attack(attacked: Attacked) -> None:
    """Layers over time, figures told and figures withheld, unsafe cells among them."""
    assert len(attacked.layers) > len(MONTHS)
    for month in MONTHS:
        puzzle = attacked.month(month)
        withheld = puzzle.withheld()
        assert len(puzzle.known) > 20
        assert sum(is_unsafe(attacked.layers[layer].holders[key], puzzle.rules) for layer, key in withheld) > 10


@pytest.mark.parametrize("month", MONTHS)
def test_every_figure_told_is_the_truth_of_its_date(attacked: Attacked, month: str) -> None:
    assert attacked.month(month).untrue == []


@pytest.mark.parametrize("month", MONTHS)
def test_every_range_told_holds_the_truth(attacked: Attacked, month: str) -> None:
    assert attacked.month(month).beyond_ranges(attacked.heard) == []


@pytest.mark.parametrize("month", MONTHS)
def test_nobody_bounds_a_withheld_figure_of_a_month_within_its_level(attacked: Attacked, month: str) -> None:
    assert attacked.month(month).breaches() == []


@pytest.mark.parametrize("month", MONTHS)
def test_no_sum_that_is_withheld_and_unsafe_can_be_worked_out(attacked: Attacked, month: str) -> None:
    withheld = [one for one in attacked.heard if one.value is None and one.status == "withheld"]
    assert attacked.month(month).told_sums(withheld) == []


def test_a_withheld_cell_beside_unsafe_ones_would_give_them_away(attacked: Attacked) -> None:
    """The attacker has teeth: told a cell that is withheld to protect others, it finds those."""
    layer = max(layer for layer in attacked.layers if not is_weekly(*layer))
    puzzle = attacked.of([layer])
    safe = [key for _, key in puzzle.withheld() if not is_unsafe(attacked.layers[layer].holders[key], puzzle.rules)]
    assert not puzzle.is_broken()
    assert any(_is_broken_by(attacked.of([layer]), layer, key) for key in safe)


def _is_broken_by(puzzle: Puzzle, layer: Layer, key: Key) -> bool:
    puzzle.tell(layer, key)
    return puzzle.is_broken()


def test_rules_stricter_than_those_in_force_are_found_broken(attacked: Attacked) -> None:
    puzzle = attacked.month(MONTHS[0])
    puzzle.rules = Rules(p=0.6, n_min=5)
    assert puzzle.is_broken()


def test_longer_periods_bring_nobody_closer(attacked: Attacked) -> None:
    puzzle = attacked.together()
    assert puzzle.untrue == []
    assert puzzle.breaches(attackers=1, keys=attacked.told_over_time()) == []


def test_rankings_hold_the_figures_of_the_series_and_no_others(attacked: Attacked) -> None:
    for query in list(elsewhere.rankings(MONTHS))[::7]:
        asked = set(attacked.newest.ask({**query, "freq": "range"}))
        heard = set(elsewhere.ranked(attacked.newest, query))
        assert heard >= asked
        assert {_figure(one) for one in heard - asked} <= _totals(attacked, query)


def _totals(attacked: Attacked, query: Query) -> set[tuple[object, ...]]:
    """The total that a ranking tells beside its rows."""
    whole = {name: value for name, value in query.items() if name not in ("by", str(query["by"])) or name == "product"}
    places = {str(query["by"]): query[str(query["by"])]} if query["by"] in query else {}
    return {_figure(one) for one in attacked.newest.ask({**whole, **places, "freq": "range", "by": "none"})}


def _figure(one: Heard) -> tuple[object, ...]:
    return one.period, one.measure, one.value, one.status, one.as_of


@pytest.mark.parametrize("path", ["/api/v1/matrix", "/api/v1/flows"])
def test_pairs_hold_the_figures_of_the_series_and_no_others(attacked: Attacked, path: str) -> None:
    queries = elsewhere.matrices(MONTHS) if path.endswith("matrix") else elsewhere.flows(MONTHS)
    split = {"by": "product"} if path.endswith("matrix") else {"by": "country", "freq": "quarter"}
    for query in list(queries)[::3]:
        asked = set(attacked.newest.ask({**query, **split}))
        assert set(elsewhere.paired(attacked.newest, path, query)) == asked


def test_tables_of_the_release_hold_no_figure_that_the_api_withholds(attacked: Attacked) -> None:
    told = {_key(one): one for one in attacked.newest.heard if one.value is not None}
    withheld = {_key(one) for one in attacked.newest.heard if one.status == "withheld"} - told.keys()
    found = [one for one in elsewhere.released(attacked.newest) if one.value is not None]
    assert len(found) > 100
    assert not {_key(one) for one in found} & withheld


def _key(one: Heard) -> tuple[object, ...]:
    return one.freq, one.period, one.products, one.places, one.measure, one.as_of


def test_pages_do_show_figures(attacked: Attacked) -> None:
    assert all(len(attacked.newest.page(view, query)[0]) > 10 for view, query in PAGES[:4])


@pytest.mark.parametrize(("view", "query"), PAGES)
def test_pages_show_the_figures_of_their_files_and_no_others(attacked: Attacked, view: str, query: Query) -> None:
    shown, files = attacked.newest.page(view, query)
    assert len(files) >= len(set(shown))
    assert {round(one, 4) for one in shown} <= {round(one, 4) for one in files}


@pytest.mark.parametrize("query", EXPORTS)
def test_files_hold_the_cells_of_the_api_and_no_others(attacked: Attacked, query: Query) -> None:
    asked = set(attacked.newest.ask(query))
    for kind, cells in attacked.newest.exports(query).items():
        assert set(cells) == asked, kind
