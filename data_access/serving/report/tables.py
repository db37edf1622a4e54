"""Tables of the monthly report: what a sheet holds, and how released cells become its entries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from data_access.contracts import Status
from data_access.errors import UserError
from data_access.filters import ALL, By, country_name, product_name, span_words
from data_access.serving.answers.cells import cite, legend, mark
from data_access.serving.coverage import Growth, Outcome, growth
from data_access.serving.gate.released import Cell, Released
from data_access.serving.notes import MARKS
from data_access.serving.parts import fraction_of
from data_access.serving.periods import number, text
from data_access.serving.statistics import Statistics
from data_access.thresholds import Thresholds

FLOOR = Thresholds().floor
"""Tons of the base below which no growth is told."""
THIN = "n/a (thin base)"
NEW = "new"
BASE_MONTHS = 3
YEAR = 12
NO_CELL = "n/a"
"""Where there is no such cell."""

Entry = str | int | float
"""A figure, or what stands in its place: '(D)', 'not yet', 'n/a (thin base)'."""


class Against(StrEnum):
    """What a license month is held against: public statistics, or the license months before."""

    PUBLIC = "public"
    LICENSE = "license"


class Form(StrEnum):
    """What a column holds: text, t, US$, US$/t, a relative change (0.25 for +25 %), a part of a whole."""

    TEXT = "text"
    TONS = "tons"
    USD = "usd"
    PRICE = "price"
    CHANGE = "change"
    PART = "part"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    name: str
    form: Form = Form.TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A chart of a table: the first `rows` rows, names from column 0, a series for each of `columns`."""

    title: str
    unit: str
    columns: tuple[int, ...]
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One sheet: `sheet` its name, `notes` what is said below the figures, `links` where the same figures are found."""

    sheet: str
    title: str
    unit: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Entry, ...], ...]
    notes: tuple[str, ...] = ()
    legend: tuple[tuple[str, str], ...] = ()
    links: tuple[str, ...] = ()
    cite: str = ""
    plot: Plot | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a report is of: `month` the whole license month, `base` the months it is held against (oldest first),
    `public` the newest public month, `base_url` scheme and host of links."""

    statistics: Statistics
    month: str
    against: Against
    base: tuple[str, ...]
    public: str
    base_url: str = ""

    def ask(self, query: str) -> Released:
        """The answer to a query."""
        return self.statistics.series(self.statistics.parse(query))

    def name(self, by: By, id_: str) -> str:
        """A product or country in words."""
        vocabulary = self.statistics.vocabulary
        words = product_name(vocabulary, id_) if by is By.PRODUCT else country_name(vocabulary, id_)
        return words[0].upper() + words[1:]

    @property
    def base_words(self) -> str:
        """The base in words: 'mean of Jul 2026 to Sep 2026 (public statistics)'."""
        source = "public statistics" if self.against is Against.PUBLIC else "license data"
        return f"mean of {span_words(self.base[0], self.base[-1])} ({source})"


@dataclass(frozen=True, slots=True)
class Found:
    """Cells of answers by what tells them apart."""

    cells: dict[tuple[str, ...], Cell] = field(default_factory=dict)

    @classmethod
    def of(cls, answers: Iterable[Released], key: Callable[[Cell], tuple[str, ...]]) -> Found:
        """The cells of these answers, by `key`."""
        return cls({key(cell): cell for answer in answers for cell in answer.cells})

    def cell(self, *key: str) -> Cell | None:
        """One cell; None where there is none."""
        return self.cells.get(key)

    def members(self, place: int) -> list[str]:
        """What stands at a place of the keys, each once, in the order of the answers."""
        return list(dict.fromkeys(key[place] for key in self.cells))


def entry(cell: Cell | None) -> Entry:
    """A cell's figure, or its mark."""
    if cell is None:
        return NO_CELL
    return cell.value if cell.value is not None else mark(cell)[0]


def base_growth(now: Cell | None, before: Sequence[Cell | None], *, floor: float = FLOOR) -> Growth:
    """Growth of a cell on the mean of earlier ones (`coverage.growth`)."""
    values = [None if cell is None else cell.value for cell in before]
    return growth(None if now is None else now.value, values, floor=floor)


def growth_entries(now: Cell | None, before: Sequence[Cell | None]) -> tuple[Entry, Entry]:
    """Mean of the earlier cells, and the change on it, or why there is none."""
    found = base_growth(now, before)
    lacking = next((cell for cell in before if cell is None or cell.value is None), now)
    mean = entry(lacking) if found.mean is None else found.mean
    return mean, change_entry(found, now, before)


def change_entry(found: Growth, now: Cell | None, before: Sequence[Cell | None]) -> Entry:
    """A change, or why there is none."""
    match found.outcome:
        case Outcome.CHANGE:
            return NO_CELL if found.change is None else found.change
        case Outcome.THIN:
            return THIN
        case Outcome.NEW:
            return NEW if now is not None and now.value else NO_CELL
        case Outcome.MISSING:
            cells = [now, *before]
            return entry(next(cell for cell in cells if cell is None or cell.value is None))


def part(cell: Cell | None, whole: Cell | None) -> Entry:
    """A cell as part of the whole (0.25 for 25 %), or why it is not told; withheld where the two are of several dates,
    as the API has it."""
    lacking = next((one for one in (cell, whole) if one is None or one.value is None), None)
    if cell is None or whole is None or lacking is not None:
        return entry(lacking)
    if not whole.value:
        return NO_CELL
    share = fraction_of(cell, whole)
    return MARKS[Status.WITHHELD][0] if share is None else share


def largest_first(rows: Iterable[tuple[Entry, ...]], *places: int) -> list[tuple[Entry, ...]]:
    """Rows by their figure in the first of these columns that has one, those with figures in all of them first."""

    def rank(row: tuple[Entry, ...]) -> tuple[int, float]:
        figures = [value for place in places if not isinstance(value := row[place], str)]
        return len(places) - len(figures), -max(figures, default=0.0)

    return sorted(rows, key=rank)


def complete(rows: Sequence[tuple[Entry, ...]], *places: int) -> int:
    """How many of the first rows have figures in all these columns: what a chart can draw without making one up."""
    count = 0
    for row in rows:
        if any(isinstance(row[place], str) for place in places):
            break
        count += 1
    return count


def has_any(row: tuple[Entry, ...], *places: int) -> bool:
    """Whether a row tells more than zeros and cells that there are not."""
    return any(row[place] not in (0, NO_CELL) for place in places)


def shifted(month: str, by: int) -> str:
    """A month so many months later (earlier if negative)."""
    return text(number(month) + by)


def table(
    scope: Scope, answers: Sequence[Released], *, sheet: str, title: str, unit: str, columns: Sequence[Column],
    rows: Sequence[tuple[Entry, ...]], notes: Sequence[str] = (), plot: Plot | None = None,
) -> Table:  # fmt: skip
    """A table with what its answers say: their notes, marks, links and how to cite them."""
    told = dict.fromkeys([*notes, *(note for answer in answers for note in answer.notes if not _counts(note))])
    marks = dict.fromkeys(line for answer in answers for line in legend(answer.cells))
    shown = {value for row in rows for value in row if isinstance(value, str)}
    return Table(
        sheet=sheet,
        title=title,
        unit=unit,
        columns=tuple(columns),
        rows=tuple(rows),
        notes=tuple(told),
        legend=tuple(line for line in marks if line[0] in shown),
        links=tuple(scope.base_url + answer.permalink for answer in answers),
        cite=cite(answers[0], base=scope.base_url),
        plot=plot,
    )


def _counts(note: str) -> bool:
    """Whether a note explains a mark and counts it in the whole answer: a table of parts of it has a legend instead."""
    return note.endswith("figures).")


# -- which months ---------------------------------------------------------------------------------------------------


def scope_of(statistics: Statistics, *, month: str | None, against: Against, base_url: str = "") -> Scope:
    """What a report of a month is of; the newest whole license month where none is named.

    Raises UserError (exit code 1) where there are no license or public figures for it, naming the months there are.
    """
    info = statistics.info()
    months = statistics.meta()["months"]
    if info.license_off or not months["license"]:
        raise UserError(f"report: expected license data, found none: {info.license_off or 'the release has none'}")
    closed: list[str] = sorted(months["license"]["closed"])
    if not closed:
        raise UserError("report: expected a whole license month, found none yet; wait for a month to close")
    month = month or closed[-1]
    if month not in closed:
        raise UserError(f"report: expected a whole license month, found {month}; whole ones: {_spans(closed)}")
    public = [month for span in months["public"]["consumption"] for month in _span(span["from"], span["to"])]
    earlier = public if against is Against.PUBLIC else closed
    base = [shifted(one, -back) for one in [max([m for m in earlier if m < month], default="")] if one
            for back in reversed(range(BASE_MONTHS))]  # fmt: skip
    if not base or not set(base) <= set(earlier):
        raise UserError(
            f"report: expected three {against} months in a row before {month}, found: {_spans(earlier) or 'none'}"
        )
    newest = max((one for one in public if one <= month), default="")
    if not newest:
        raise UserError(f"report: expected public statistics up to {month}, found: {_spans(public) or 'none'}")
    return Scope(
        statistics=statistics, month=month, against=against, base=tuple(base), public=newest, base_url=base_url
    )


def _span(first: str, last: str) -> list[str]:
    return [text(month) for month in range(number(first), number(last) + 1)]


def _spans(months: Sequence[str]) -> str:
    """Months in words: each run by its first and last."""
    runs: list[list[str]] = []
    for month in sorted(months):
        if runs and shifted(runs[-1][-1], 1) == month:
            runs[-1].append(month)
        else:
            runs.append([month])
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)


__all__ = [
    "ALL",
    "FLOOR",
    "NEW",
    "NO_CELL",
    "THIN",
    "Against",
    "Column",
    "Entry",
    "Form",
    "Found",
    "Plot",
    "Scope",
    "Table",
    "base_growth",
    "change_entry",
    "complete",
    "entry",
    "growth_entries",
    "has_any",
    "largest_first",
    "part",
    "scope_of",
    "shifted",
    "table",
]
