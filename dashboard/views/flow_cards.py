"""Cards of flows: countries of origin against countries of smelt or cast, or what can be said where those pairs are not
published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dashboard.components.card import Card, chart_card
from dashboard.components.table import Row, Table, TableCell, figure_cell
from dashboard.figures.flows import COLUMNS, PAIRS, ROWS, WATCH, Matrix, Pair, flow_figure, paired_figure
from dashboard.figures.lines import member_of
from dashboard.views.base import Ask
from dashboard.views.metal_cards import PAGE, WATCH_NOTE, WORDS, Latest, amount_of, place_name, placed
from dashboard.views.telling import percent_words, retold, said, selection_of
from data_access.filters import ALL, SMELT_WORDS, By, Freq, country_name
from data_access.serving import metal
from data_access.serving.answers.cells import legend
from data_access.serving.gate.released import Cell, Released
from data_access.serving.metal import Elsewhere
from data_access.serving.periods import number, text
from data_access.serving.prose import FLAT, amount, period_words

MOST = 12
"""Origins, and places of smelt or cast, that are asked for together: the largest of each."""
QUARTERS = 9
"""Quarters that are looked at: the newest, and two years before it."""
SHORT = {By.SMELT: "smelt", By.CAST: "cast"}
DONE = {By.SMELT: "smelted", By.CAST: "cast"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The totals of one month by origin and by place of smelt or cast, of every country that has any and of the watch
    list; `released` is the answer by place."""

    origins: Mapping[str, Cell]
    metals: Mapping[str, Cell]
    total: Cell
    released: Released

    @property
    def elsewhere(self) -> Elsewhere | None:
        """A lower bound of the metal smelted or cast elsewhere."""
        return metal.at_least_elsewhere(self.origins, self.metals, self.total)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """Pairs of origin and place of smelt or cast by quarter; `quarter` is the newest with a figure, empty if none."""

    released: Released
    quarter: str
    by: By

    def cells(self, quarter: str) -> dict[tuple[str, str], Cell]:
        """The pairs of a quarter."""
        return {
            (cell.country, member_of(cell, self.by)): cell for cell in self.released.cells if cell.period == quarter
        }

    def lines(self) -> dict[tuple[str, str], list[Cell]]:
        """The cells of each pair up to the newest quarter."""
        found: dict[tuple[str, str], list[Cell]] = {}
        for cell in self.released.cells:
            if cell.period <= self.quarter:
                found.setdefault((cell.country, member_of(cell, self.by)), []).append(cell)
        return found


def totals_of(ask: Ask, latest: Latest, by: By) -> Totals:
    """Totals by origin and by smelt (or cast), each asked for every country that the other has."""
    asked = replace(
        latest.filters,
        start=latest.start,
        end=latest.end,
        freq=latest.freq,
        countries=(ALL,),
        measure=amount_of(latest.filters),
    )
    series = ask.statistics.series
    by_origin = _members(series(replace(asked, by=By.COUNTRY)), By.COUNTRY)
    split = series(replace(asked, by=by))
    by_metal = _members(split, by)
    watched = [one.iso3 for one in ask.statistics.vocabulary.watch]
    every = tuple(dict.fromkeys([*by_origin, *by_metal, *watched]))
    places = tuple(one for one in every if one not in SMELT_WORDS)
    origins = series(replace(asked, by=By.COUNTRY, countries=places)) if places else series(asked)
    metals = series(placed(asked, by, every)) if every else series(asked)
    return Totals(
        origins={cell.country: cell for cell in origins.cells if cell.country != ALL},
        metals={member_of(cell, by): cell for cell in metals.cells if member_of(cell, by) not in ("", ALL)},
        total=series(asked).cells[-1],
        released=split,
    )


def _members(released: Released, by: By) -> list[str]:
    return [one for cell in released.cells if (one := member_of(cell, by)) not in ("", ALL)]


def flows_of(ask: Ask, latest: Latest, by: By, totals: Totals) -> Flows:
    """The pairs of the largest origins and the largest places, in the quarters that end with the selection."""
    origins = _top(totals.origins)
    if ALL not in latest.filters.countries:
        origins = latest.filters.countries[:MOST]
    metals = _top(totals.metals)
    last = number(latest.end)
    asked = replace(
        latest.filters,
        start=text(last - 3 * QUARTERS + 1),
        end=latest.end,
        freq=Freq.QUARTER,
        measure=amount_of(latest.filters),
        countries=origins or (ALL,),
    )
    released = ask.statistics.series(replace(placed(asked, by, metals), by=By.COUNTRY, across=by))
    known = [cell.period for cell in released.cells if cell.value is not None and not cell.partial]
    return Flows(released=released, quarter=max(known, default="") if origins and metals else "", by=by)


def _top(cells: Mapping[str, Cell]) -> tuple[str, ...]:
    known = sorted((one for one in cells if cells[one].value), key=lambda one: -(cells[one].value or 0))
    return tuple(known[:MOST])


# -- the card -------------------------------------------------------------------------------------------------------


def flow_card(id_: str, ask: Ask, latest: Latest, flows: Flows, totals: Totals) -> Card:
    """The heat map of the newest quarter; else totals side by side, with the reason and what they say all the same."""
    if flows.quarter:
        return _matrix_card(id_, ask, latest, flows)
    if ALL not in latest.filters.countries or not totals.total.value:
        title = f"{_selection(ask, latest)}: origin by country of {WORDS[flows.by]}"
        return said(
            id_, title=title, summary=f"{_lead(flows.by)} {why(flows.released)}.", empty=_no_totals(flows.by, latest)
        )
    return _paired_card(id_, ask, latest, flows, totals)


def _selection(ask: Ask, latest: Latest) -> str:
    return selection_of(ask.statistics.series(latest.filters))


def _lead(by: By) -> str:
    return f"How much metal of each origin was {DONE[by]} where is not told for this selection:"


def why(released: Released) -> str:
    """Why an answer has no figure, in words."""
    hidden = any(cell.hidden for cell in released.cells)
    statuses = [cell.status.value for cell in released.cells]
    if hidden or "withheld" in statuses:
        return "in each quarter the pairs are none or withheld, so as not to disclose figures of individual companies"
    if "not_yet" in statuses:
        return "no quarter of it is published yet"
    if "not_applicable" in statuses:
        return "there are no license data of these products"
    return "the release does not publish such pairs of these products"


def _no_totals(by: By, latest: Latest) -> str:
    if ALL in latest.filters.countries:
        return f"Totals by origin and by {SHORT[by]} are not published for this selection, either."
    return (
        f"For all countries of origin together, totals by origin and by {SHORT[by]} can be compared: choose “all "
        "countries” as country of origin."
    )


# -- heat map -------------------------------------------------------------------------------------------------------


def matrix_of(ask: Ask, flows: Flows) -> Matrix:
    """The pairs of the newest quarter, origins and places by their published sums."""
    cells = flows.cells(flows.quarter)
    vocabulary = ask.statistics.vocabulary
    origins = _by_sum(cells, 0)
    metals = _by_sum(cells, 1)
    return Matrix(
        rows=tuple(country_name(vocabulary, one) for one in origins),
        columns=tuple(place_name(one, flows.by, vocabulary) for one in metals),
        cells=tuple(tuple(cells[origin, one] for one in metals) for origin in origins),
        row_ids=origins,
        column_ids=metals,
    )


def _by_sum(cells: Mapping[tuple[str, str], Cell], side: int) -> tuple[str, ...]:
    sums: dict[str, float] = {}
    for pair, cell in cells.items():
        sums[pair[side]] = sums.get(pair[side], 0) + (cell.value or 0)
    return tuple(sorted(sums, key=lambda one: -sums[one]))


def _matrix_card(id_: str, ask: Ask, latest: Latest, flows: Flows) -> Card:
    matrix, by = matrix_of(ask, flows), flows.by
    card = chart_card(
        id_,
        flows.released,
        figure=flow_figure(matrix, narrow=ask.narrow),
        keys=(),
        table=_matrix_table(matrix, flows),
        page=PAGE,
    )
    when = period_words(flows.quarter, Freq.QUARTER)
    left = matrix.rows[ROWS[ask.narrow] :] or matrix.columns[COLUMNS[ask.narrow] :]
    unit = "Million US$" if flows.released.unit == "US$" else "Metric tons (t)"
    return retold(
        card,
        title=f"{_selection(ask, latest)}, {when}: origin by country of {WORDS[by]}",
        subtitle=f"{unit}; licenses by expected month of import; the {MOST} largest of each at most",
        summary=_matrix_words(matrix, flows, _total_of(ask, latest, flows.quarter)),
        link=latest.link,
        first=(
            *((f"The chart shows {ROWS[ask.narrow]} origins and {COLUMNS[ask.narrow]} places; the table holds all.",)
              if left else ()),
            "–/(D): none or withheld, it is not told which.",
            WATCH_NOTE,
        ),
    )  # fmt: skip


def _matrix_table(matrix: Matrix, flows: Flows) -> Table:
    rows = tuple(
        Row(name, tuple(figure_cell(cell) for cell in line))
        for name, line in zip(matrix.rows, matrix.cells, strict=True)
    )
    return Table(
        caption=f"Origin (rows) by country of {WORDS[flows.by]} (columns), {flows.released.unit}, {flows.quarter}.",
        row_header="Country of origin",
        columns=matrix.columns,
        rows=rows,
        legend=legend([cell for line in matrix.cells for cell in line]),
    )


def _matrix_words(matrix: Matrix, flows: Flows, total: Cell) -> str:
    """How many pairs are told, what those of two different countries come to at least, and the largest of them."""
    unlike = {
        (row, column)
        for row, origin in enumerate(matrix.row_ids)
        for column, place in enumerate(matrix.column_ids)
        if place not in (origin, *SMELT_WORDS)
    }
    every = [
        (cell, matrix.rows[row], matrix.columns[column], (row, column) in unlike)
        for row, line in enumerate(matrix.cells)
        for column, cell in enumerate(line)
    ]
    known = [one for one in every if one[0].value is not None]
    words = f"{len(known)} of {len(every)} pairs are published for {period_words(flows.quarter, Freq.QUARTER)}"
    apart = [one for one in known if one[3] and one[0].value]
    if not apart:
        return f"{words}; none of two different countries has a figure above 0."
    cell, origin, place, _ = max(apart, key=lambda one: one[0].value or 0)
    return (
        f"{words}{_share_words(flows, total)}; the largest of two different countries is metal from {origin}, "
        f"{DONE[flows.by]} in {place.removeprefix(f'{WATCH} ')}, {amount(cell.value or 0, cell.measure)}."
    )


def _share_words(flows: Flows, total: Cell) -> str:
    """'; at least 15.2 % of the volume was smelted in another country than it came from', where that can be told."""
    if not total.value:
        return ""
    found = metal.elsewhere_of_pairs(flows.cells(flows.quarter), total, unnamed=SMELT_WORDS)
    if found.named_share < FLAT:
        return ""
    least = "" if found.exact else "at least "
    return f"; {least}{percent_words(found.named_share)} was {DONE[flows.by]} in another country than it came from"


def _total_of(ask: Ask, latest: Latest, quarter: str) -> Cell:
    """The volume of the selection in a quarter."""
    last = f"{quarter[:4]}-{3 * int(quarter[-1]):02d}"
    asked = replace(
        latest.filters, start=last, end=last, freq=Freq.QUARTER, measure=amount_of(latest.filters), by=By.NONE
    )
    return ask.statistics.series(asked).cells[-1]


# -- totals side by side --------------------------------------------------------------------------------------------


def _pairs(ask: Ask, totals: Totals, by: By) -> list[Pair]:
    places = [one for one in totals.metals if one in totals.origins]

    def size(place: str) -> float:
        return max(totals.origins[place].value or 0, totals.metals[place].value or 0)

    vocabulary = ask.statistics.vocabulary
    return [
        Pair(
            id=one,
            name=place_name(one, by, vocabulary, words=not ask.narrow),
            origin=totals.origins[one],
            metal=totals.metals[one],
        )
        for one in sorted(places, key=lambda one: -size(one))
        if size(one) or totals.metals[one].value is None
    ]


def _paired_card(id_: str, ask: Ask, latest: Latest, flows: Flows, totals: Totals) -> Card:
    by = flows.by
    pairs = _pairs(ask, totals, by)
    card = chart_card(
        id_,
        totals.released,
        figure=paired_figure(pairs, metal=SHORT[by], narrow=ask.narrow),
        keys=(),
        table=_paired_table(pairs, totals, by),
        page=PAGE,
    )
    body = ask.render("why.html", heading=f"Why there is no table of origin by {SHORT[by]}", lines=_reasons(flows))
    more = (f"The chart shows {PAIRS} of {len(pairs)} countries; the table holds all.",) if len(pairs) > PAIRS else ()
    return retold(
        replace(card, body=body),
        title=f"{_selection(ask, latest)}, {latest.words}: totals by origin and by country of {WORDS[by]}",
        subtitle=f"{totals.released.subtitle.partition(';')[0]}; licenses by expected month of import; light bars by "
        f"origin, dark bars by {SHORT[by]}",
        summary=elsewhere_words(totals.elsewhere, by, latest.words),
        link=latest.link,
        first=(
            *more,
            f"At least: of each country, the volume by origin beyond the volume by {SHORT[by]} must have been "
            f"{DONE[by]} elsewhere. It is a lower bound, worked out from the published totals alone.",
            f"The files hold the totals by {SHORT[by]}; those by origin are the same query with by=country.",
            WATCH_NOTE,
        ),
    )


def _reasons(flows: Flows) -> tuple[str, ...]:
    words = why(flows.released)
    return (
        f"{words[0].upper()}{words[1:]}.",
        "License data by origin and "
        f"{SHORT[flows.by]} together are published by quarter alone, as a month would disclose more.",
        "Both totals are published, so they stand side by side; they bound what the table would tell.",
    )


def elsewhere_words(found: Elsewhere | None, by: By, when: str) -> str:
    """'In Oct 2026 at least 13.2 % … was smelted in another country than it came from …'."""
    if found is None:
        return f"The total of {when} is not published, so no share {DONE[by]} elsewhere can be told."
    if not found.exact and found.share < FLAT:
        return f"The totals of {when} alone do not show that any metal was {DONE[by]} elsewhere than it came from."
    least = "" if found.exact else "at least "
    words = (
        f"In {when} {least}{percent_words(found.named_share)} of the metal was {DONE[by]} in another country than it"
    )
    if by is By.CAST or found.share <= found.named_share:
        return f"{words} came from."
    return (
        f"{words} came from; with metal that has no country of smelt, {least}{percent_words(found.share)} was not "
        "smelted where it came from."
    )


def _paired_table(pairs: Sequence[Pair], totals: Totals, by: By) -> Table:
    unit = totals.released.unit
    rows = [Row(pair.name, (figure_cell(pair.origin), figure_cell(pair.metal), _difference(pair))) for pair in pairs]
    for word in SMELT_WORDS:
        cell = totals.metals.get(word)
        if cell is not None:
            none = TableCell("–", "status", "no country of origin")
            rows.append(Row(country_name_of(word), (none, figure_cell(cell), none)))
    return Table(
        caption=f"Totals by country of origin and by country of {WORDS[by]}.",
        row_header="Country",
        columns=(f"By origin ({unit})", f"By {SHORT[by]} ({unit})", f"At least {DONE[by]} elsewhere ({unit})"),
        rows=tuple(rows),
        legend=legend([cell for pair in pairs for cell in (pair.origin, pair.metal)]),
    )


def country_name_of(word: str) -> str:
    """'Not applicable', 'Unknown'."""
    return word.replace("_", " ").capitalize()


def _difference(pair: Pair) -> TableCell:
    own, other = pair.origin.value, pair.metal.value
    if own is None or other is None or pair.origin.as_of != pair.metal.as_of:
        return TableCell("n/a", "status", "one of the two is not published, or of another date")
    decimals = 0 if isinstance(own, int) else 3
    return TableCell(f"{max(0, own - other):,.{decimals}f}")
