"""Final months over several months, and an attacker that sees all of them at once, with a solver of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from small import ASSUMED, RULES, SECRET, TREE

from data_access.publishing.disclosure.final_months import unpack_parts
from data_access.publishing.disclosure.holdings import firm_numbers
from data_access.publishing.disclosure.judge import OUTSIDER, Judge, Puzzle, Standards, _Part
from data_access.publishing.disclosure.layers import Kind, solve_layer
from data_access.publishing.disclosure.periods import (
    FinalMonth,
    SolvedPeriod,
    solve_quarter,
    solve_year_to_date,
    verify_period,
)
from data_access.publishing.disclosure.regime import Regime
from data_access.publishing.disclosure.tables import Depth, Level, levels_of

COUNTRIES = levels_of({"origin": (Depth.TOTAL,)}, margins=(Level(Depth.TOTAL),))
STANDARDS = Standards(**asdict(RULES), **asdict(ASSUMED))
CAP = 0.93
NAMES = ["product", "origin", "smelt", "smelt2", "cast"]
COLUMNS = {"smelt": "smelt1", "cast": "cast"}


def records(parts: Mapping[str, Mapping[str, float]], *, code: str = "7616995160") -> pd.DataFrame:
    """Licenses of one product: by country of origin the kilograms (and twice that in US$) of each importer."""
    rows = [(firm, country, amount) for country, firms in parts.items() for firm, amount in firms.items()]
    firm, country, amount = (list(column) for column in zip(*rows, strict=True))
    return pd.DataFrame(
        {
            "importer_id": firm,
            "enterprise_group": None,
            "filer_id": firm,
            "exporter_id": "unknown",
            "manufacturer_id": "unknown",
            "hts10": code,
            "origin": country,
            "smelt1": country,
            "smelt2": "not_applicable",
            "cast": country,
            "quantity_kg": np.array(amount, float) * 1000,
            "value_usd": np.array(amount, float) * 2000,
        }
    )


def many(name: str, amount: float, count: int = 8) -> dict[str, float]:
    """So many importers of about the same size."""
    return {f"{name}{number}": amount + number for number in range(count)}


@dataclass
class Months:
    """Final months of one year and what attackers see of them."""

    licenses: Sequence[pd.DataFrame]
    levels: tuple[Level, ...] = COUNTRIES
    crossings_known: bool = False
    months: list[FinalMonth] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.numbers = firm_numbers(pd.concat(list(self.licenses), ignore_index=True))
        self.regime = Regime(rules=RULES, assumptions=ASSUMED, levels=self.levels)
        for number, licenses in enumerate([] if self.months else self.licenses):
            solved = solve_layer(
                [], as_of="2021-06-01", kind=Kind.FINAL, licenses=licenses, tree=TREE, numbers=self.numbers,
                listed=frozenset(), regime=self.regime, sizes={}, secret=SECRET, year=2019,
            )  # fmt: skip
            assert solved.refused is None
            self.months.append(
                FinalMonth(month=f"2020-{number + 1:02d}", layers=[solved.layer], certificate=solved.certificate)
            )

    @property
    def asked(self) -> dict[str, Any]:
        """What solving and verifying a period asks for."""
        return {"tree": TREE, "numbers": self.numbers, "listed": frozenset(), "regime": self.regime}

    def to_date(self, count: int, published: Sequence[SolvedPeriod] = ()) -> SolvedPeriod:
        """The year to date of so many months."""
        return solve_year_to_date(self.months[:count], published=published, **self.asked)

    def quarter(self) -> SolvedPeriod:
        """The first quarter."""
        return solve_quarter(
            self.months[:3], tree=TREE, numbers=self.numbers, regime=self.regime, sizes={}, secret=SECRET, year=2019,
            crossings_known=self.crossings_known,
        )  # fmt: skip

    def wrong(self, solved: SolvedPeriod, published: Sequence[SolvedPeriod] = ()) -> list[str]:
        """What verification says of a period."""
        count = 3 if "Q" in solved.period else int(solved.period[-2:])
        return verify_period(
            solved, self.months[:count], published=published, crossings_known=self.crossings_known, **self.asked
        )

    def withheld(self, month: int) -> set[str]:
        """Keys that a month withholds."""
        return {key for key, known in self.months[month].figures().items() if known is None}


class Attacker:
    """Everything published of several months as one puzzle; cells are numbered month by month, then further ones."""

    def __init__(self, case: Months, count: int, periods: Sequence[SolvedPeriod] = ()) -> None:
        self.judges = [
            _judge(licenses, month) for licenses, month in zip(case.licenses[:count], case.months, strict=False)
        ]
        self.first = np.cumsum([0, *(len(judge.keys) for judge in self.judges)])
        self.equations = [
            (parent + first, [child + first for child in children])
            for judge, first in zip(self.judges, self.first, strict=False)
            for parent, children in judge.equations
        ]
        self.truth = [judge.truth for judge in self.judges]
        self.shown = [judge.shown for judge in self.judges]
        self.low = [judge.puzzle.low for judge in self.judges]
        self.high = [judge.puzzle.high for judge in self.judges]
        self.unit_value = [judge.puzzle.unit_value for judge in self.judges]
        self.known: dict[str, dict[int, np.ndarray]] = {}
        for judge, first in zip(self.judges, self.first, strict=False):
            for firm, cells in judge.knowledge.items():
                self.known.setdefault(firm, {}).update({cell + first: amount for cell, amount in cells.items()})
        self.cells = int(self.first[-1])
        self.crossed: dict[str, tuple[int, _Part, np.ndarray]] = {}
        for solved in periods:
            if "Q" in solved.period:
                self._quarter(solved, pd.concat(list(case.licenses[:3]), ignore_index=True))
            else:
                self._sums(solved)

    def _sums(self, solved: SolvedPeriod) -> None:
        for frame in solved.rows.values():
            for row in frame.to_dict("records"):
                key = tuple(str(row[name]) for name in NAMES)
                months = range(int(solved.period[-2:]))
                there = [self.judges[m].place[key] + self.first[m] for m in months if key in self.judges[m].place]
                self.sum_of(there, np.array([row["value"], row["kg"]], float))

    def _quarter(self, solved: SolvedPeriod, licenses: pd.DataFrame) -> None:
        """Countries crossed, one by one, with the months' sums as margins; those not listed together are targets, as
        are listed ones. Of a crossing that is not of listed countries attackers know a lower bound at most."""
        shown = {
            tuple(key) for frame in solved.rows.values() for key in frame[NAMES].astype(str).itertuples(index=False)
        }
        listed = unpack_parts(solved.certificate)[0]["listed"]
        licenses = licenses.assign(product=TREE["group"].reindex(licenses["hts10"]).to_numpy())
        totals: dict[tuple[str, ...], list[int]] = {}
        for product, other in ((p, o) for p in listed for o in ("smelt", "cast") if o in listed[p]):
            own = licenses[licenses["product"] == product]
            cells: dict[tuple[str, str], int] = {}
            width = 0.2 if product == "unwrought" else 0.3
            for pair in itertools.product(sorted(set(own["origin"])), sorted(set(own[COLUMNS[other]]))):
                here = own[(own["origin"] == pair[0]) & (own[COLUMNS[other]] == pair[1])]
                key = _key(product, origin=pair[0], **{other: pair[1]})
                both = pair[0] in listed[product]["origin"] and pair[1] in listed[product][other]
                if len(here) or not both:
                    cells[pair] = self._records(here, shown=key in shown, width=width if both else np.inf, known=both)
                    totals.setdefault(_key("aim", origin=pair[0], **{other: pair[1]}), []).append(cells[pair])
            for place, name in ((0, "origin"), (1, other)):
                for member in {pair[place] for pair in cells}:
                    self._margin(product, name, member, [cell for pair, cell in cells.items() if pair[place] == member])
            self._others(product, own, cells, listed=listed[product], other=other, shown=shown)
        for key in shown & set(totals):
            truth = np.concatenate(self.truth, axis=1)[:, totals[key]].sum(axis=1)
            self.sum_of(totals[key], truth)

    def _others(
        self,
        product: str,
        own: pd.DataFrame,
        cells: Mapping[tuple[str, str], int],
        *,
        listed: Mapping[str, Sequence[str]],
        other: str,
        shown: set[tuple[str, ...]],
    ) -> None:
        """Cells of the table, with those not listed as one, as targets."""
        named = [
            own[column].where(own[column].isin(listed[name]), "other")
            for name, column in (("origin", "origin"), (other, COLUMNS[other]))
        ]
        for pair, here in own.groupby(named):
            parts = [
                cell
                for (k, s), cell in cells.items()
                if _in(k, pair[0], listed["origin"]) and _in(s, pair[1], listed[other])
            ]
            cell = parts[0]
            if len(parts) > 1 or "other" in pair:
                cell = self.sum_of(parts, width=0.2 if product == "unwrought" else 0.3)
                self._know(here, cell)
            key = _key(product, origin=pair[0], **{other: pair[1]})
            part = _Part(2)
            for record in here.to_dict("records"):
                knowing, units = self.judges[0].firms_of(record)
                part.put(np.array([record["value_usd"], record["quantity_kg"]], float), knowing, units)
            if key not in shown:
                tops = [
                    self._sum(product, name, member)
                    for name, member in zip(("origin", other), pair, strict=True)
                    if member != "other"
                ]
                top = np.min([self._sum(product, "origin", None), *tops], axis=0)
                self.crossed["|".join(key)] = cell, part, top

    def _sum(self, product: str, name: str, member: str | None) -> np.ndarray:
        """A margin over the months."""
        key = _key(product, **({name: member} if member else {}))
        there = [judge.truth[:, judge.place[key]] for judge in self.judges[:3] if key in judge.place]
        return np.sum(there, axis=0)

    def _margin(self, product: str, name: str, member: str, children: Sequence[int]) -> None:
        """What the months say of a country is the sum of its crossed cells."""
        key = _key(product, **{name: member})
        months = [
            judge.place[key] + first
            for judge, first in zip(self.judges[:3], self.first, strict=False)
            if key in judge.place
        ]
        cell = self.sum_of(months)
        self.equations.append((cell, list(children)))

    def _records(self, here: pd.DataFrame, *, shown: bool, width: float, known: bool) -> int:
        truth = here[["value_usd", "quantity_kg"]].sum().to_numpy(float)[:, None]
        cell = self.add(truth, shown=shown, width=width)
        self._know(here, cell, part=1.0 if known else 1 - 1e-6)
        return cell

    def _know(self, here: pd.DataFrame, cell: int, *, part: float = 1.0) -> None:
        """What firms know of a cell of these records; with less than all of it a cell is not known wholly."""
        for record in here.to_dict("records"):
            amount = part * np.array([record["value_usd"], record["quantity_kg"]], float)
            for firm in self.judges[0].firms_of(record)[0]:
                known = self.known.setdefault(firm, {})
                known[cell] = known.get(cell, np.zeros(2)) + amount

    def crossed_breaches(
        self, *, firms: int = 2, targets: int = 8, seed: int = 0
    ) -> list[tuple[str, str, float, float]]:
        """Unsafe cells of the quarter that the outsider or a firm comes too close to: a sample."""
        puzzle, judge, found = self.puzzle(), self.judges[0], []
        unsafe = [key for key, (_, part, _) in self.crossed.items() if judge.unsafe(part)]
        for key in np.random.default_rng(seed).permutation(sorted(unsafe))[:targets].tolist():
            cell, part, top = self.crossed[key]
            inside = sorted(part.known, key=lambda firm: -float(part.known[firm][0]))
            for who, m, down in ((w, m, d) for w in (OUTSIDER, *inside[:firms]) for m in range(2) for d in (0, 1)):
                left = part.total[m] - (part.known[who][m] if who in part.known else 0.0)
                room = left if down else top[m] - part.total[m]
                level = min(judge.level(part, who, m), CAP * float(room))
                if level > 0:
                    bound = puzzle.extreme([cell], m, self.known.get(who), down)
                    moved = part.total[m] - bound if down else bound - part.total[m]
                    if moved < level * (1 - 1e-4) - 1e-7 * part.total[m]:
                        found.append((key, who, float(moved), level))
        return found

    def sum_of(self, cells: Sequence[int], figures: np.ndarray | None = None, *, width: float = np.inf) -> int:
        """One more cell, the sum of these; shown if its figures are given."""
        truth = np.concatenate(self.truth, axis=1)[:, list(cells)].sum(axis=1, keepdims=True)
        if figures is not None:
            assert (truth[:, 0] == figures).all()
        self.add(truth, shown=figures is not None, width=width)
        self.equations.append((self.cells - 1, list(cells)))
        return self.cells - 1

    def add(self, truth: np.ndarray, *, shown: bool, width: float = np.inf) -> int:
        """One more cell."""
        self.truth.append(truth)
        self.shown.append(np.array([shown]))
        self.low.append(np.zeros_like(truth))
        self.high.append(np.full_like(truth, sum(judge.truth.max() for judge in self.judges)))
        self.unit_value.append(np.array([width]))
        self.cells += 1
        return self.cells - 1

    def puzzle(self) -> Puzzle:
        """All of it."""
        return Puzzle(
            truth=np.concatenate(self.truth, axis=1),
            shown=np.concatenate(self.shown),
            equations=self.equations,
            low=np.concatenate(self.low, axis=1),
            high=np.concatenate(self.high, axis=1),
            unit_value=np.concatenate(self.unit_value),
            twins=[
                (origin + first, twin + first, tau, measure)
                for judge, first in zip(self.judges, self.first, strict=False)
                for origin, twin, tau, measure in judge.puzzle.twins
            ],
        )

    def breaches(self, *, firms: int = 2, targets: int = 6, seed: int = 0) -> list[tuple[str, str, float, float]]:
        """Withheld unsafe cells of months that the outsider or a firm comes too close to: a sample of them, for those
        that know most of them and some who know nothing."""
        puzzle, draw = self.puzzle(), np.random.default_rng(seed)
        found = []
        for judge, first in zip(self.judges, self.first, strict=False):
            unsafe = [cell for cell, part in enumerate(judge.parts) if not judge.shown[cell] and judge.unsafe(part)]
            for cell in draw.permutation(unsafe)[:targets].tolist():
                inside = sorted(judge.parts[cell].known, key=lambda firm: -float(judge.parts[cell].known[firm][0]))
                others = sorted(set(self.known) - set(inside))
                for who in (OUTSIDER, *inside[:firms], *others[:1]):
                    found += list(self._close(puzzle, judge, cell, int(first), who))
        return found

    def _close(
        self, puzzle: Puzzle, judge: Judge, cell: int, first: int, who: str
    ) -> Iterator[tuple[str, str, float, float]]:
        part = judge.parts[cell]
        seen = who if who in part.known else OUTSIDER
        for measure, direction in ((m, d) for m in range(2) for d in range(2)):
            level = min(judge.level(part, seen, measure), CAP * judge.room(cell, seen, measure, direction))
            truth = judge.truth[measure, cell]
            if level > 0:
                bound = puzzle.extreme([cell + first], measure, self.known.get(who), direction)
                moved = truth - bound if direction else bound - truth
                if moved < level * (1 - 1e-4) - 1e-7 * truth:
                    yield "|".join(judge.keys[cell]), who, moved, level


def _key(product: str, **members: str) -> tuple[str, ...]:
    return (product, *(members.get(name, "all") for name in NAMES[1:]))


def _in(member: str, named: str, listed: Sequence[str]) -> bool:
    return member not in listed if named == "other" else member == named


def _judge(licenses: pd.DataFrame, month: FinalMonth) -> Judge:
    rows = month.newest.rows
    shown = rows["status"] == "published"
    keys = [tuple(key) for key in rows[NAMES].astype(str).itertuples(index=False)]
    blank = Judge(rows, licenses, TREE, STANDARDS, figures=pd.DataFrame({"value": [0.0] * len(rows), "kg": 0.0}).assign(
        value=np.where(np.arange(len(rows)) == 0, 1.0, 0.0)))  # fmt: skip
    figures = pd.DataFrame([blank.parts[blank.place[key]].total for key in keys], columns=["value", "kg"])
    assert (figures["value"][shown].to_numpy() == rows["value"][shown].to_numpy(float)).all()
    return Judge(rows, licenses, TREE, STANDARDS, figures=figures)


__all__ = ["Attacker", "Months", "many", "records"]
