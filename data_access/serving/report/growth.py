"""The report's comparisons: a license month on three months before, on the month and the year before, year to date."""

from __future__ import annotations

from collections.abc import Sequence

from data_access.filters import By, month_words
from data_access.serving.gate.released import Cell, Released
from data_access.serving.report.tables import (
    ALL,
    FLOOR,
    NEW,
    YEAR,
    Against,
    Column,
    Entry,
    Form,
    Found,
    Plot,
    Scope,
    Table,
    base_growth,
    change_entry,
    complete,
    entry,
    growth_entries,
    has_any,
    largest_first,
    part,
    shifted,
    table,
)

LICENSED = "aim"
TOP = 20
"""Rows of lists of countries that go on for long."""
DRAWN = 12
"""Most rows of a chart."""
Row = tuple[Entry, ...]

FLOOR_NOTE = (
    f"Growth is told where the mean it is measured on is at least {FLOOR:,.0f} t; on a thinner base it says nothing."
)
AFTER = "Measure after the Aluminum Association's monthly import report: month divided by the mean of three, less 1."


def _months(scope: Scope) -> str:
    first = min(scope.base)
    return f"from={first}&to={scope.month}"


def _series(scope: Scope) -> str:
    return "series=license" if scope.against is Against.LICENSE else "series=public&series=license"


def _key(cell: Cell) -> tuple[str, ...]:
    return str(cell.series), cell.period, cell.product, cell.country


def _against(scope: Scope, by: str) -> tuple[Found, list[Released]]:
    """Cells of the total and of its parts, over the months compared."""
    queries = [f"product={LICENSED}&{_months(scope)}&{_series(scope)}", ""]
    queries[1] = f"{queries[0]}&{by}"
    answers = [scope.ask(query) for query in queries]
    return Found.of(answers, _key), answers[::-1]


def _growth_row(scope: Scope, found: Found, name: Sequence[str], product: str, country: str) -> Row:
    now = found.cell("license", scope.month, product, country)
    before = [found.cell(str(scope.against), month, product, country) for month in scope.base]
    mean, change = growth_entries(now, before)
    return (*name, entry(now), *(entry(cell) for cell in before), mean, change)


def _growth_columns(scope: Scope, *names: str) -> list[Column]:
    source = "public" if scope.against is Against.PUBLIC else "license"
    return [
        *(Column(name) for name in names),
        Column(f"{month_words(scope.month)}, license", Form.TONS),
        *(Column(f"{month_words(month)}, {source}", Form.TONS) for month in scope.base),
        Column(f"Mean of three, {source}", Form.TONS),
        Column("Change", Form.CHANGE),
    ]


def _growth_plot(scope: Scope, rows: Sequence[Row], *, first: int) -> Plot | None:
    """A chart of the rows after the total that have both figures."""
    drawn = min(complete(rows[first:], 1, 5), DRAWN)
    if not drawn:
        return None
    title = f"License volume in {month_words(scope.month)} and {scope.base_words}"
    return Plot(title=title, unit="t", columns=(1, 5), rows=drawn)


def by_product(scope: Scope) -> Table:
    """License month on the mean of three months, by product group."""
    found, answers = _against(scope, "by=product")
    products = [id_ for id_ in found.members(2) if id_ != LICENSED]
    rows = largest_first(
        (_growth_row(scope, found, (scope.name(By.PRODUCT, id_),), id_, ALL) for id_ in products), 1, 5
    )
    total = _growth_row(scope, found, (scope.name(By.PRODUCT, LICENSED),), LICENSED, ALL)
    return table(
        scope,
        answers,
        sheet="License v average, product",
        title=f"License volume in {month_words(scope.month)} against the {scope.base_words}, by product",
        unit="Metric tons (t); change in percent",
        columns=_growth_columns(scope, "Product"),
        rows=[*rows, total],
        notes=(AFTER, FLOOR_NOTE),
        plot=_growth_plot(scope, rows, first=0),
    )


def by_country(scope: Scope) -> Table:
    """License month on the mean of three months, by country of origin, all licensed products together."""
    found, answers = _against(scope, "by=country")
    countries = [id_ for id_ in found.members(3) if id_ != ALL]
    rows = largest_first(
        (_growth_row(scope, found, (scope.name(By.COUNTRY, id_),), LICENSED, id_) for id_ in countries), 1, 5
    )
    rows = [row for row in rows if has_any(row, 1, 2, 3, 4)]
    total = _growth_row(scope, found, ("All countries",), LICENSED, ALL)
    return table(
        scope,
        answers,
        sheet="License v average, country",
        title=f"License volume in {month_words(scope.month)} against the {scope.base_words}, by country of origin",
        unit="Metric tons (t), all licensed products; change in percent",
        columns=_growth_columns(scope, "Country of origin"),
        rows=[*rows, total],
        notes=(AFTER, FLOOR_NOTE),
        plot=_growth_plot(scope, rows, first=0),
    )


def largest_changes(scope: Scope) -> Table:
    """Products and countries together whose license month changed most on the mean, above the floor."""
    answer = scope.ask(f"product={LICENSED}&{_months(scope)}&{_series(scope)}&by=product&across=country")
    found = Found.of([answer], _key)
    rows: list[tuple[float, Row]] = []
    for product, country in dict.fromkeys((key[2], key[3]) for key in found.cells):
        now = found.cell("license", scope.month, product, country)
        before = [found.cell(str(scope.against), month, product, country) for month in scope.base]
        change = change_entry(base_growth(now, before), now, before)
        is_new = change == NEW and now is not None and (now.value or 0) >= FLOOR
        if is_new or not isinstance(change, str):
            names = (scope.name(By.PRODUCT, product), scope.name(By.COUNTRY, country))
            size = float("inf") if isinstance(change, str) else float(change)
            rows.append((size, _growth_row(scope, found, names, product, country)))
    rows.sort(key=lambda row: -row[0])
    most, least = [row for size, row in rows if size > 0][:TOP], [row for size, row in rows if size < 0][-TOP:]
    return table(
        scope,
        [answer],
        sheet="Largest changes",
        title=f"Largest rises and falls: license volume in {month_words(scope.month)} against the {scope.base_words}",
        unit="Metric tons (t); change in percent",
        columns=_growth_columns(scope, "Product", "Country of origin"),
        rows=[*most, *least],
        notes=(
            AFTER,
            FLOOR_NOTE,
            f"At most {TOP} rises and {TOP} falls, of cells that are published in all these months; “{NEW}”: none in "
            f"the three months before, and at least {FLOOR:,.0f} t now.",
        ),
    )


def month_and_year(scope: Scope) -> Table:
    """License month on the month before and the same month of the year before, by product and by country."""
    months = (scope.month, shifted(scope.month, -1), shifted(scope.month, -YEAR))
    # Earlier months are public where public statistics cover them, unless licenses are held against licenses.
    earlier = "combined" if scope.against is Against.PUBLIC else "license"
    answers = []
    for split in ("by=product", "by=country", ""):
        answers += [
            scope.ask(f"product={LICENSED}&from={month}&to={month}&series={series}&{split}".rstrip("&"))
            for month, series in zip(months, ("license", earlier, earlier), strict=True)
        ]
    found = Found.of(answers, lambda cell: (cell.period, cell.product, cell.country))
    products = [LICENSED, *(id_ for id_ in found.members(1) if id_ != LICENSED)]
    rows = [_on_before(found, months, scope.name(By.PRODUCT, id_), id_, ALL) for id_ in products]
    countries = [id_ for id_ in found.members(2) if id_ != ALL]
    of_country = largest_first(
        (_on_before(found, months, scope.name(By.COUNTRY, id_), LICENSED, id_) for id_ in countries), 1
    )
    of_country = [row for row in of_country if has_any(row, 1, 2, 4)]
    words = [month_words(month) for month in months]
    return table(
        scope,
        answers[:3],
        sheet="Month and year before",
        title=f"License volume in {words[0]} against {words[1]} and {words[2]}",
        unit="Metric tons (t); change in percent",
        columns=[
            Column("Product, country of origin"),
            Column(f"{words[0]}, license", Form.TONS),
            Column(words[1], Form.TONS),
            Column("Change on the month", Form.CHANGE),
            Column(words[2], Form.TONS),
            Column("Change on the year", Form.CHANGE),
        ],
        rows=[*rows, *of_country],
        notes=(FLOOR_NOTE, *_sources(found, months)),
    )


def _on_before(found: Found, months: Sequence[str], name: str, product: str, country: str) -> Row:
    now, month, year = (found.cell(one, product, country) for one in months)
    changes = [change_entry(base_growth(now, [one]), now, [one]) for one in (month, year)]
    return name, entry(now), entry(month), changes[0], entry(year), changes[1]


def _sources(found: Found, months: Sequence[str]) -> list[str]:
    """Which series the months before are of."""
    said = []
    for month in months[1:]:
        cell = found.cell(month, LICENSED, ALL)
        source = None if cell is None else cell.source or str(cell.series)
        if source:
            words = "public statistics" if source == "public" else "license data"
            said.append(f"Figures of {month_words(month)} are from {words}.")
    return said


def year_to_date(scope: Scope) -> Table:
    """January to the month: public statistics where they cover it, licenses after them; countries with their share.

    The change is of the months that public statistics cover in both years: public figures with license data added to
    them are not held against public figures alone.
    """
    end, before = scope.month, shifted(scope.month, -YEAR)
    covered = scope.public if scope.public[:4] == end[:4] else None
    spans = [("combined", end), ("combined", before)]
    spans += [("public", month) for month in (covered, covered and shifted(covered, -YEAR)) if month]
    answers = [
        scope.ask(f"product={LICENSED}&from={month}&to={month}&freq=ytd&series={series}&{split}".rstrip("&"))
        for split in ("by=country", "by=product", "")
        for series, month in spans
    ]
    found = Found.of(answers, _key)
    countries = [id_ for id_ in found.members(3) if id_ != ALL]
    products = [LICENSED, *(id_ for id_ in found.members(2) if id_ != LICENSED)]
    rows = largest_first((_year_row(scope, found, By.COUNTRY, id_, covered) for id_ in countries), 1)
    words = [f"Jan to {month_words(month)}" for month in (end, before)]
    compared = [f"Jan to {month_words(month)}, public" for _, month in spans[2:]]
    return table(
        scope,
        answers[: len(spans)],
        sheet="Year to date",
        title=f"Year to date: {words[0]} and {words[1]}, with shares",
        unit="Metric tons (t); change and share in percent",
        columns=[
            Column("Product, country of origin"),
            Column(words[0], Form.TONS),
            Column(words[1], Form.TONS),
            Column("Share", Form.PART),
            Column("Share a year before", Form.PART),
            *(Column(name, Form.TONS) for name in compared),
            *([Column("Change, public statistics alone", Form.CHANGE)] if covered else []),
        ],
        rows=[
            *(_year_row(scope, found, By.PRODUCT, id_, covered) for id_ in products),
            *[row for row in rows if has_any(row, 1, 2)][:TOP],
        ],
        notes=(
            f"The {TOP} largest countries. Public statistics up to {month_words(scope.public)}, license data in the "
            "months after it; a country of which one of these is withheld has no figure.",
            _change_note(covered),
            FLOOR_NOTE,
        ),
    )


def _change_note(covered: str | None) -> str:
    """On which months the change is told."""
    if covered is None:
        return "No change is told: public statistics do not cover a month of this year yet."
    return (
        f"Change: January to {month_words(covered)}, the months that public statistics cover, on the same months of "
        "the year before; license data and public statistics do not match exactly, so sums with license months are not "
        "compared."
    )


def _year_row(scope: Scope, found: Found, by: By, id_: str, covered: str | None) -> Row:
    product, country = (id_, ALL) if by is By.PRODUCT else (LICENSED, id_)
    own = _year_cells(found, "combined", scope.month, product, country)
    total = _year_cells(found, "combined", scope.month, LICENSED, ALL)
    told: Row = (scope.name(by, id_), *map(entry, own), *(part(*pair) for pair in zip(own, total, strict=True)))
    if covered is None:
        return told
    now, before = _year_cells(found, "public", covered, product, country)
    return (*told, entry(now), entry(before), change_entry(base_growth(now, [before]), now, [before]))


def _year_cells(found: Found, series: str, month: str, product: str, country: str) -> tuple[Cell | None, Cell | None]:
    """The cell of a year to date and that of the year before."""
    return found.cell(series, month, product, country), found.cell(series, shifted(month, -YEAR), product, country)
