"""The report's levels: volume, value and unit value by product, products by country, smelt and cast, scrap."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from data_access.filters import By, Measure, month_words
from data_access.serving.gate.released import Cell, Released
from data_access.serving.report.growth import FLOOR_NOTE, LICENSED, TOP, Row
from data_access.serving.report.tables import (
    ALL,
    YEAR,
    Column,
    Form,
    Found,
    Plot,
    Scope,
    Table,
    base_growth,
    change_entry,
    complete,
    entry,
    has_any,
    largest_first,
    part,
    shifted,
    table,
)

MEASURES = ((Measure.VOLUME, "t", Form.TONS), (Measure.VALUE, "US$", Form.USD), (Measure.AUV, "US$/t", Form.PRICE))
SCRAP = "scrap"
DRAWN = 12


def products(scope: Scope) -> Table:
    """Volume, customs value and average unit value by product: the license month, and the newest public month."""
    wanted = (("license", scope.month), ("public", scope.public))
    answers = [
        scope.ask(f"product={LICENSED}&from={month}&to={month}&series={series}&measure={measure}&{split}".rstrip("&"))
        for series, month in wanted
        for measure, _, _ in MEASURES
        for split in ("by=product", "")
    ]
    found = Found.of(answers, lambda cell: (str(cell.series), str(cell.measure), cell.product))
    rows = []
    for id_ in found.members(2):
        figures = [entry(found.cell(series, measure, id_)) for series, _ in wanted for measure, _, _ in MEASURES]
        rows.append((scope.name(By.PRODUCT, id_), *figures))
    return table(
        scope,
        answers[::2],
        sheet="Products",
        title=f"Volume, customs value and unit value by product: {month_words(scope.month)} (license data) and "
        f"{month_words(scope.public)} (public statistics)",
        unit="Metric tons (t), customs value (US$), average unit value (US$/t)",
        columns=[
            Column("Product"),
            *(
                Column(f"{month_words(month)}, {series}, {unit}", form)
                for series, month in wanted
                for _, unit, form in MEASURES
            ),
        ],
        rows=rows,
    )


def matrix(scope: Scope, series: str) -> Table:
    """Products across, countries down: volume of the license month, or of the newest public month."""
    month = scope.month if series == "license" else scope.public
    query = f"product={LICENSED}&from={month}&to={month}&series={series}"
    answers = [
        scope.ask(f"{query}{split}") for split in ("&by=product&across=country", "&by=country", "&by=product", "")
    ]
    source = "license data" if series == "license" else "public statistics"
    return _crossed(
        scope,
        answers,
        lambda cell: (cell.product, cell.country),
        sheet=f"Product by country, {series}",
        title=f"Volume by product and country of origin, {month_words(month)} ({source})",
        down="Country of origin",
    )


def smelt_or_cast(scope: Scope, by: By) -> Table:
    """Volume of the license month by country of smelt (largest volume) or of most recent cast, products across."""
    query = f"product={LICENSED}&from={scope.month}&to={scope.month}&series=license"
    answers = [scope.ask(f"{query}{split}") for split in (f"&by=product&across={by}", f"&by={by}", "&by=product", "")]
    words = "smelt (largest volume)" if by is By.SMELT else "most recent cast"

    def key(cell: Cell) -> tuple[str, ...]:
        return cell.product, (cell.smelt if by is By.SMELT else cell.cast) or ALL

    notes = ("“Not applicable”: made of remelted scrap alone, without primary metal.",) if by is By.SMELT else ()
    return _crossed(
        scope,
        answers,
        key,
        sheet="Smelt" if by is By.SMELT else "Cast",
        title=f"License volume by product and country of {words}, {month_words(scope.month)}",
        down=f"Country of {words}",
        notes=notes,
    )


def _crossed(
    scope: Scope,
    answers: Sequence[Released],
    key: Callable[[Cell], tuple[str, ...]],
    *,
    sheet: str,
    title: str,
    down: str,
    notes: Sequence[str] = (),
) -> Table:
    """Places down, products across, each place's share of all; the total last."""
    found = Found.of(answers, key)
    total = found.cell(LICENSED, ALL)
    across = [id_ for id_ in found.members(0) if id_ != LICENSED]
    rows: list[Row] = []
    for place in found.members(1):
        whole = found.cell(LICENSED, place)
        figures = [entry(found.cell(id_, place)) for id_ in across]
        name = "All countries" if place == ALL else scope.name(By.COUNTRY, place)
        rows.append((name, entry(whole), part(whole, total), *figures))
    of_all = [row for row in rows if row[0] == "All countries"]
    rows = largest_first((row for row in rows if row not in of_all), 1)
    figures_at = (1, *range(3, 3 + len(across)))
    return table(
        scope,
        answers,
        sheet=sheet,
        title=title,
        unit="Metric tons (t); share in percent",
        columns=[
            Column(down),
            Column(scope.name(By.PRODUCT, LICENSED), Form.TONS),
            Column("Share", Form.PART),
            *(Column(scope.name(By.PRODUCT, id_), Form.TONS) for id_ in across),
        ],
        rows=[*(row for row in rows if has_any(row, *figures_at)), *of_all],
        notes=notes,
    )


def scrap(scope: Scope) -> Table:
    """Scrap by country in the newest public month: it has no licenses."""
    month = scope.public
    months = (month, shifted(month, -1), shifted(month, -YEAR))
    answers = [
        scope.ask(f"product={SCRAP}&from={one}&to={one}&series=public&measure={measure}&{split}".rstrip("&"))
        for split in ("by=country", "")
        for measure, _, _ in MEASURES
        for one in (months if measure is Measure.VOLUME else months[:1])
    ]
    found = Found.of(answers, lambda cell: (str(cell.measure), cell.period, cell.country))
    countries = [id_ for id_ in found.members(2) if id_ != ALL]
    rows = largest_first((_scrap_row(scope, found, months, id_) for id_ in countries), 1)
    rows = [row for row in rows if has_any(row, 1, 4)][:TOP]
    words = [month_words(one) for one in months]
    drawn = min(complete(rows, 1, 6), DRAWN)
    return table(
        scope,
        answers[:1],
        sheet="Scrap, public",
        title=f"Imports of waste and scrap by country of origin, {words[0]} (public statistics)",
        unit="Metric tons (t), customs value (US$), average unit value (US$/t); change in percent",
        columns=[
            Column("Country of origin"),
            Column(f"{words[0]}, t", Form.TONS),
            Column(f"{words[0]}, US$", Form.USD),
            Column(f"{words[0]}, US$/t", Form.PRICE),
            Column(f"{words[1]}, t", Form.TONS),
            Column("Change on the month", Form.CHANGE),
            Column(f"{words[2]}, t", Form.TONS),
            Column("Change on the year", Form.CHANGE),
        ],
        rows=[*rows, _scrap_row(scope, found, months, ALL)],
        notes=(f"The {TOP} largest countries. Scrap needs no license: there are public figures only.", FLOOR_NOTE),
        plot=Plot(title=f"Scrap by country, {words[0]} and {words[2]}", unit="t", columns=(1, 6), rows=drawn)
        if drawn
        else None,
    )


def _scrap_row(scope: Scope, found: Found, months: Sequence[str], id_: str) -> Row:
    now, month, year = (found.cell("volume", one, id_) for one in months)
    value, price = (found.cell(measure, months[0], id_) for measure in ("value", "auv"))
    changes = [change_entry(base_growth(now, [one]), now, [one]) for one in (month, year)]
    name = "All countries" if id_ == ALL else scope.name(By.COUNTRY, id_)
    return name, entry(now), entry(value), entry(price), entry(month), changes[0], entry(year), changes[1]
