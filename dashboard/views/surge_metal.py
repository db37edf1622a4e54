"""Behind a surge: where its metal was smelted and cast, as far as license data are published, and what that signals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dashboard.components.card import Card, chart_card
from dashboard.components.table import Row, Table, TableCell, figure_cell
from dashboard.graph import EMPTY
from dashboard.ids import SurgesId
from dashboard.views.base import Ask
from data_access.filters import ALL, SMELT_WORDS, By, Filters, Freq, Measure, Series, country_name, product_name
from data_access.reference import Level, Licensed, Reference
from data_access.reference.orders import watched
from data_access.serving.answers.cells import legend
from data_access.serving.gate.released import Cell, Released
from data_access.serving.periods import number, text
from data_access.serving.prose import THIN, amount, period_words
from data_access.serving.surges.flags import Flag

UNALLOYED = "760110"
"""Unwrought aluminum, not alloyed: primary metal, which only a country with a smelter makes."""
WORDS = {By.SMELT: "smelted", By.CAST: "cast"}
NO_ROW = TableCell("–", "status", "no row of its own in this release")
SLACK = 1e-9
"""Part of a whole that its parts may be short of it by rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metal:
    """Released cells of one quarter: of the flag's origin and of all origins, by place of smelt and of cast; the whole
    of the origin. `product` is the licensed group that is published by smelt."""

    product: str
    quarter: str
    own: dict[By, tuple[Cell, ...]]
    every: dict[By, tuple[Cell, ...]]
    total: Cell | None
    released: Released

    def places(self, by: By) -> list[str]:
        """Places of smelt or cast with a published figure, of the origin first, the largest first."""
        shown = [cell for cell in (*self.own[by], *self.every[by]) if cell.value]
        size = {self.place(cell, by): 0.0 for cell in shown}
        for weight, cells in ((1e12, self.own[by]), (1, self.every[by])):
            for cell in cells:
                if cell.value:
                    size[self.place(cell, by)] += weight * cell.value
        return sorted(size, key=lambda one: -size[one])

    def missing(self, by: By) -> bool:
        """Whether some of the origin's metal is in no published cell by smelt (by cast), or its whole is not told."""
        if self.total is None or self.total.value is None or self.total.partial:
            return True
        known = [cell for cell in self.own[by] if cell.value is not None and cell.as_of == self.total.as_of]
        return self.total.value - sum(cell.value or 0 for cell in known) > self.total.value * SLACK

    @staticmethod
    def place(cell: Cell, by: By) -> str:
        """The place of smelt or cast of a cell."""
        return (cell.smelt if by is By.SMELT else cell.cast) or ALL


def metal_of(ask: Ask, flag: Flag) -> Metal | None:
    """What license data tell of the metal behind a flag, in the newest quarter published; None where nothing is."""
    vocabulary = ask.statistics.vocabulary
    product = _licensed_group(flag, vocabulary)
    license_ = None if ask.statistics.info().license_off else ask.statistics.meta()["license"]
    quarters = license_["quarters"] if license_ else ()
    if product is None or not quarters:
        return None
    first = number(f"{quarters[-1][:4]}-{int(quarters[-1][6:]) * 3 - 2:02d}")

    def asked(countries: tuple[str, ...], by: By, **places: tuple[str, ...]) -> Released:
        quarter = Filters(freq=Freq.QUARTER, series=(Series.LICENSE,), start=text(first), end=text(first + 2))
        return ask.statistics.series(
            replace(quarter, products=(product,), countries=countries, by=by, **places)  # type: ignore[arg-type]
        )

    every = {by: _by_place(asked((ALL,), by), by) for by in WORDS}
    own = {}
    for by in WORDS:
        # Named one by one, so that each place tells why the origin has no figure there.
        shown = _by_place(asked((flag.country,), by), by)
        named = dict.fromkeys(Metal.place(cell, by) for cell in (*every[by], *shown) if cell.value or not cell.hidden)
        own[by] = asked((flag.country,), by, **({str(by): tuple(named)} if named else {}))
    total = asked((flag.country,), By.NONE).cells
    return Metal(
        product=product,
        quarter=quarters[-1],
        own={by: _by_place(released, by) for by, released in own.items()},
        every=every,
        total=total[0] if total else None,
        released=own[By.SMELT],
    )


def _by_place(released: Released, by: By) -> tuple[Cell, ...]:
    """Its cells by place; an answer without any place has the whole instead, which is none of them."""
    return tuple(cell for cell in released.cells if Metal.place(cell, by) != ALL)


def _licensed_group(flag: Flag, vocabulary: Reference) -> str | None:
    """The group of a licensed product, at which license data are published by smelt and cast."""
    node = vocabulary.products[flag.products[0]]
    if node.licensed is not Licensed.ALL:
        return None
    while node.level not in (Level.GROUP, Level.AIM) and node.parent:
        node = vocabulary.products[node.parent]
    return vocabulary.products.canonical(node.id)


def metal_card(ask: Ask, flag: Flag, metal: Metal | None) -> Card:
    """Tables by smelt and by cast of the product, its origin beside all origins, with the signals in words."""
    title = "Where the metal was smelted and cast"
    if metal is None:
        words = "License data, which alone tell of smelt and cast, are not published for this product in this release."
        return Card(id=SurgesId.METAL, title=title, summary=words, empty="There are no figures of smelt and cast.")
    vocabulary = ask.statistics.vocabulary
    tables = [_table(metal, by, flag, vocabulary) for by in WORDS]
    found = list(signals(metal, flag, vocabulary))
    body = ask.render("surge_metal.html", tables=tables, signals=found)
    card = chart_card(SurgesId.METAL, metal.released, figure=EMPTY, keys=(), table=tables[0])
    name, period = product_name(vocabulary, metal.product), period_words(metal.quarter, Freq.QUARTER)
    summary = f"License data of {name} in {period}: the origin {flag.country_name} beside all origins."
    if metal.product not in flag.products:
        summary += f" They are published for {name} as a whole, not for the finer product of the flag."
    return _without_table(card, title=title, summary=summary, body=body)


def _without_table(card: Card, *, title: str, summary: str, body: str) -> Card:
    return Card(
        id=card.id,
        title=title,
        summary=summary,
        subtitle=card.subtitle,
        body=body,
        csv=card.csv,
        xlsx=card.xlsx,
        permalink=card.permalink.replace("/explore", "/smelt-cast", 1),
        source=card.source,
        notes=card.notes,
        export=card.export,
    )


def _table(metal: Metal, by: By, flag: Flag, vocabulary: Reference) -> Table:
    own = {metal.place(cell, by): cell for cell in metal.own[by]}
    every = {metal.place(cell, by): cell for cell in metal.every[by]}
    # Places of which the origin's figure is withheld are told as such; where presence is hidden, nothing is.
    places = metal.places(by)
    places += [one for one, cell in own.items() if one not in places and cell.value is None and not cell.hidden]
    rows = [
        Row(
            _place_words(place, by, vocabulary),
            tuple(figure_cell(cells[place]) if place in cells else NO_ROW for cells in (own, every)),
        )
        for place in places
    ]
    shown = [cells[place] for cells in (own, every) for place in places if place in cells]
    words = WORDS[by]
    return Table(
        caption=f"{product_name(vocabulary, metal.product)}, {period_words(metal.quarter, Freq.QUARTER)}: by country "
        f"{'of largest smelt' if by is By.SMELT else 'of most recent cast'}. License data, metric tons (t).",
        row_header=f"{words.capitalize()} in",
        columns=(f"From {flag.country_name}", "From all origins"),
        rows=tuple(rows),
        legend=legend(shown) if any(cell.value is None for cell in shown) else (),
    )


def _place_words(place: str, by: By, vocabulary: Reference) -> str:
    name = country_name(vocabulary, place)
    marks = ["watch list"] if place in watched(vocabulary.watch, by) else []
    if by is By.SMELT and _has_no_smelter(place, vocabulary):
        marks.append("no smelter")
    told = f" ({', '.join(marks)})" if marks else ""
    return f"{name[0].upper()}{name[1:]}{told}"


def _has_no_smelter(place: str, vocabulary: Reference) -> bool:
    if place in (*SMELT_WORDS, ALL) or place not in vocabulary.countries:
        return False
    country = vocabulary.countries[place]
    return not country.smelter and country.smelter_year is not None


# -- signals --------------------------------------------------------------------------------------------------------


def signals(metal: Metal, flag: Flag, vocabulary: Reference) -> Iterator[str]:
    """What published figures say of metal from elsewhere; a figure that is withheld settles nothing."""
    for by in WORDS:
        yield from _elsewhere(metal, by, flag)
    for by in WORDS:
        yield from _on_watch(metal, by, flag, vocabulary)
    yield from _without_smelter(metal, flag, vocabulary)


def _elsewhere(metal: Metal, by: By, flag: Flag) -> Iterator[str]:
    total = metal.total.value if metal.total and not metal.total.partial else None
    of_date = metal.total.as_of if metal.total else None
    known = [cell for cell in metal.own[by] if cell.value is not None and cell.as_of == of_date]
    words = WORDS[by]
    if not total or not known:
        yield f"How much of the metal from {flag.country_name} was {words} elsewhere is not published."
        return
    away = sum(cell.value or 0 for cell in known if metal.place(cell, by) not in (flag.country, *SMELT_WORDS))
    at_least = "At least " if metal.missing(by) else ""
    share = f"{100 * away / total:.1f}{THIN}%"
    yield (
        f"{at_least}{share} of the licensed volume from {flag.country_name} ({amount(away, Measure.VOLUME)} of "
        f"{amount(total, Measure.VOLUME)}) was {words} in another country."
    )


def _on_watch(metal: Metal, by: By, flag: Flag, vocabulary: Reference) -> Iterator[str]:
    own = {metal.place(cell, by): cell for cell in metal.own[by]}
    for place in sorted(watched(vocabulary.watch, by)):
        cell = own.get(place)
        if cell is not None and cell.value:
            name = country_name(vocabulary, place)
            yield f"Watch list: {amount(cell.value, cell.measure)} from {flag.country_name} was {WORDS[by]} in {name}."


def _without_smelter(metal: Metal, flag: Flag, vocabulary: Reference) -> Iterator[str]:
    tree = vocabulary.products
    unalloyed = tree.codes(UNALLOYED)
    if any(tree.codes(id_) & unalloyed for id_ in flag.products) and _has_no_smelter(flag.country, vocabulary):
        country = vocabulary.countries[flag.country]
        what = "This is" if all(tree.codes(id_) <= unalloyed for id_ in flag.products) else "It holds"
        yield (
            f"{what} unalloyed unwrought metal, which is primary, and {flag.country_name} had no smelter in "
            f"{country.smelter_year} (the year of the table)."
        )
    for cell in metal.own[By.SMELT]:
        place = metal.place(cell, By.SMELT)
        if cell.value and _has_no_smelter(place, vocabulary):
            country = vocabulary.countries[place]
            yield (
                f"{amount(cell.value, cell.measure)} is stated as smelted in {country.name}, which had no smelter in "
                f"{country.smelter_year} (the year of the table)."
            )
