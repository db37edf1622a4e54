"""The event lens: public figures after an event against those of as many months before it.

Who gained what others lost, to the kg or the dollar, and how much of the change in customs value is volume, price and
mix. Everything is worked out from answers of `statistics.series`, of public statistics alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from data_access.contracts import Status
from data_access.filters import (
    By,
    Filters,
    Freq,
    Measure,
    Of,
    Series,
    Show,
    country_name,
    month_words,
    span_words,
)
from data_access.reference import Event, Level, Reference
from data_access.serving.gate.released import Cell, Released
from data_access.serving.periods import number, text
from data_access.serving.surges.units import code_family_name

MOST = 12
"""Months of each side, so that no season is left out where there are as many."""
KG = 1000
HALF_CENT = Fraction(1, 200)
"""US$/t by which a unit value of an answer, which has two decimals, may differ from its quotient."""
Ask = Callable[[Filters], Released]


class NoLens(Exception):  # noqa: N818 - reads as what it is where it is caught
    """Why there is nothing to compare, as a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """As many months before an event as after it; its own month is the first of those after."""

    event: Event
    months: int
    before: tuple[str, str]
    after: tuple[str, str]
    measure: Measure

    @property
    def whole_years(self) -> bool:
        """Whether both sides hold the same months of the year."""
        return self.months % 12 == 0

    def words(self) -> str:
        """'Jun 2025 to May 2026 against Jun 2024 to May 2025'."""
        return f"{span_words(*self.after)} against {span_words(*self.before)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """One member's figures before and after, in kg or US$."""

    id: str
    label: str
    before: int
    after: int

    @property
    def change(self) -> int:
        """What it adds to the change of the total."""
        return self.after - self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class Contributions:
    """Members whose changes and `rest` add up to the change of `total`; the largest loss first.

    `rest` is what the total holds beyond its members (a total row that differs, members without a figure).
    """

    windows: Windows
    by: By
    unit: str
    members: tuple[Contribution, ...]
    rest: Contribution
    total: Contribution

    def share(self, member: Contribution, *, after: bool) -> float | None:
        """A member's share of the total, percent; None of a total of 0."""
        part, whole = (member.after, self.total.after) if after else (member.before, self.total.before)
        return part * 100 / whole if whole else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What is compared with itself: a ten-digit code, or codes that succeed one another; US$ and kg on both sides.

    `weighed` tells whether all its value has a weight.
    """

    codes: frozenset[str]
    value: tuple[int, int]
    kg: tuple[int, int]
    weighed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Parts of a change in customs value, whole US$; they add up to `change` to the dollar.

    `mix` is None where one code alone has a weight. `unweighed` is the change of codes without a weight.
    """

    before: int
    after: int
    volume: int
    price: int
    mix: int | None
    unweighed: int
    items: int

    @property
    def change(self) -> int:
        """After less before."""
        return self.after - self.before


def windows(ask: Ask, filters: Filters, event: Event) -> Windows:
    """The months compared: min(12, whole public months there are) from the event's month on, and as many before it.

    Of volumes, or of values where the selection is measured so or has no weights. Raises NoLens where a side is empty.
    """
    by_value = filters.measure is Measure.VALUE or (filters.measure is Measure.SHARE and filters.of is Of.VALUE)
    reason = ""
    for measure in (Measure.VALUE,) if by_value else (Measure.VOLUME, Measure.VALUE):
        before, after, reason = _known_months(ask, _plain(filters, measure), event)
        count = min(before, after)
        if count:
            at = number(event.month)
            return Windows(
                event=event,
                months=count,
                before=(text(at - count), text(at - 1)),
                after=(event.month, text(at + count - 1)),
                measure=measure,
            )
    raise NoLens(reason)


def contributions(ask: Ask, filters: Filters, found: Windows, by: By, vocabulary: Reference) -> Contributions:
    """What each member adds to the change of the total; codes that succeed one another are one member.

    Raises NoLens where the total is not published.
    """
    plain = _plain(filters, found.measure)
    total = _pair("", "Total", *(_total(ask, plain, span) for span in (found.before, found.after)))
    members = _members(ask, plain, found, by, vocabulary)
    members = sorted((one for one in members if one.before or one.after), key=lambda one: (one.change, one.label))
    rest = _pair(
        "",
        "Not told apart",
        total.before - sum(one.before for one in members),
        total.after - sum(one.after for one in members),
    )
    unit = "t" if found.measure is Measure.VOLUME else "US$"
    return Contributions(windows=found, by=by, unit=unit, members=tuple(members), rest=rest, total=total)


def value_split(ask: Ask, filters: Filters, found: Windows, vocabulary: Reference) -> Split:
    """The change in customs value of a selection as volume, price and mix (`split_of`), over its finest codes.

    Raises NoLens where the total is not published, or the codes at hand do not add up to it.
    """
    plain = _plain(filters, Measure.VALUE)
    before, after = (_total(ask, plain, span) for span in (found.before, found.after))
    items = _items(ask, plain, found, vocabulary)
    if (sum(item.value[0] for item in items), sum(item.value[1] for item in items)) != (before, after):
        raise NoLens("The codes at hand do not add up to the total, so its change cannot be split.")
    return split_of(items)


def split_of(items: Sequence[Item]) -> Split:
    """Volume, price and mix of a change in value, exact to the dollar.

    Over items with a weight, with values v, weights q and prices p = v / q before (0) and after (1), capitals their
    sums and P0 = V0 / Q0 (a Laspeyres volume and a Paasche price part; cf. the IMF's Producer Price Index Manual, 2004,
    chapter 15):

    - volume = (Q1 − Q0) · P0: what the change in weight alone would have added at the average price before;
    - price = Σ q1 · (p1 − p0) over items of both sides: what they cost more or less than before;
    - mix = the rest: the shift between dearer and cheaper items. An item of one side alone has no price change; what it
      adds beyond its weight at the average price is mix, too.

    Volume and price are rounded to the dollar, mix is what is left, so the parts add up. One item alone has no mix:
    then price is what volume leaves. Items without a weight are a part of their own. Raises NoLens where nothing has
    a weight before.
    """
    weighed = [item for item in items if item.weighed and any(item.value)]
    unweighed = sum(item.value[1] - item.value[0] for item in items if not item.weighed)
    v0, v1 = (sum(item.value[side] for item in weighed) for side in (0, 1))
    q0, q1 = (sum(item.kg[side] for item in weighed) for side in (0, 1))
    if not q0:
        raise NoLens("Nothing of the selection had a weight before the event, so there is no price to compare with.")
    volume = round(Fraction((q1 - q0) * v0, q0))
    alone = len(weighed) == 1
    price = v1 - v0 - volume if alone else round(sum(map(_price_part, weighed), Fraction(0)))
    return Split(
        before=sum(item.value[0] for item in items),
        after=sum(item.value[1] for item in items),
        volume=volume,
        price=price,
        mix=None if alone else v1 - v0 - volume - price,
        unweighed=unweighed,
        items=len(weighed),
    )


def _price_part(item: Item) -> Fraction:
    """q1 · (p1 − p0) of an item, which is v1 − v0 · q1 / q0; 0 where it has one side alone."""
    if not all(item.kg):
        return Fraction(0)
    return item.value[1] - Fraction(item.value[0] * item.kg[1], item.kg[0])


# -- months and totals ----------------------------------------------------------------------------------------------


def _plain(filters: Filters, measure: Measure) -> Filters:
    """The selection as levels of public statistics, unsplit."""
    return replace(
        filters,
        measure=measure,
        series=(Series.PUBLIC,),
        by=By.NONE,
        across=By.NONE,
        show=Show.LEVEL,
        compare="",
        smelt=(),
        smelt2=(),
        cast=(),
    )


def _known_months(ask: Ask, filters: Filters, event: Event) -> tuple[int, int, str]:
    """Months with a figure next before and from the event on, at most 12 each; why a side has none."""
    at = number(event.month)
    cells = ask(replace(filters, start=text(at - MOST), end=text(at + MOST - 1), freq=Freq.MONTH)).cells
    before, after = cells[:MOST][::-1], cells[MOST:]
    counts = tuple(next((n for n, cell in enumerate(side) if not _whole(cell)), len(side)) for side in (before, after))
    reason = ""
    for side, count, words in ((before, counts[0], "before"), (after, counts[1], "from")):
        if not count:
            month = side[0].period if side else event.month
            reason = _no_figure(month, side[0].status if side else Status.NOT_REPORTED, words)
    return counts[0], counts[1], reason


def _whole(cell: Cell) -> bool:
    return cell.value is not None and not cell.partial


def _no_figure(month: str, status: Status, side: str) -> str:
    why = {
        Status.NOT_REPORTED: "public statistics at hand do not cover it",
        Status.NOT_APPLICABLE: "there is no such figure, for instance because a code is not valid then",
        Status.PUBLISHED: "it is not whole yet",
    }.get(status, "it is not published")
    return f"There are no months {side} the event to compare: {month_words(month)} has no figure, as {why}."


def _total(ask: Ask, filters: Filters, span: tuple[str, str]) -> int:
    cell = ask(_over(filters, span)).cells[0]
    if cell.value is None:
        raise NoLens(f"The total of {span_words(*span)} is not published, so there is no change to tell.")
    return _exact(cell)


def _members(ask: Ask, filters: Filters, found: Windows, by: By, vocabulary: Reference) -> list[Contribution]:
    """Both sides of the members of a split that have a figure in each."""
    spans = (found.before, found.after)
    sides = [_figures(ask, replace(filters, by=by), span) for span in spans]
    ids = list(dict.fromkeys([*sides[0], *sides[1]]))
    groups = _families(ids, found, vocabulary) if by is By.PRODUCT else [[id_] for id_ in ids]
    members = []
    for group in groups:
        pair = [side.get(group[0], 0) for side in sides]
        if len(group) > 1 or (by is By.PRODUCT and _changes(group[0], found, vocabulary)):
            pair = [_figure_of_codes(ask, replace(filters, products=tuple(group)), span) for span in spans]
        before, after = pair
        if before is not None and after is not None:
            label = code_family_name(vocabulary, group) if len(group) > 1 else _label(group[0], by, vocabulary)
            members.append(_pair("+".join(group), label, before, after))
    return members


def _figures(ask: Ask, filters: Filters, span: tuple[str, str]) -> dict[str, int | None]:
    """Figures of the members of a split, None where one has none."""
    return {
        (cell.product if filters.by is By.PRODUCT else cell.country): None if cell.value is None else _exact(cell)
        for cell in ask(_over(filters, span)).cells
    }


def _figure_of_codes(ask: Ask, filters: Filters, span: tuple[str, str]) -> int | None:
    """The sum of codes over months; one in which none of them is valid adds nothing."""
    cells = ask(replace(filters, by=By.NONE, start=span[0], end=span[1], freq=Freq.MONTH)).cells
    known = all(cell.value is not None or cell.status is Status.NOT_APPLICABLE for cell in cells)
    return sum(_exact(cell) for cell in cells) if known else None


def _over(filters: Filters, span: tuple[str, str]) -> Filters:
    return replace(filters, start=span[0], end=span[1], freq=Freq.RANGE)


def _exact(cell: Cell) -> int:
    """A published figure in kg or US$."""
    value = cell.value or 0
    return round(value * KG) if cell.measure is Measure.VOLUME else round(value)


def _pair(id_: str, label: str, before: int, after: int) -> Contribution:
    return Contribution(id=id_, label=label, before=before, after=after)


def _label(id_: str, by: By, vocabulary: Reference) -> str:
    return vocabulary.products[id_].label if by is By.PRODUCT else country_name(vocabulary, id_)


# -- codes ----------------------------------------------------------------------------------------------------------

_Months = dict[str, list[Cell]]


def _items(ask: Ask, filters: Filters, found: Windows, vocabulary: Reference) -> list[Item]:
    """The finest codes of a selection; those that succeed one another are one, so that a new code is no new product."""
    span = replace(filters, start=found.before[0], end=found.after[1], freq=Freq.MONTH)
    of_code: dict[Measure, _Months] = {measure: {} for measure in (Measure.VALUE, Measure.VOLUME, Measure.AUV)}
    for node in dict.fromkeys(_parents(filters.products, vocabulary)):
        for measure, cells in _cells_below(ask, replace(span, products=(node,))).items():
            of_code[measure] |= cells
    items = []
    for codes in _families(of_code[Measure.VALUE], found, vocabulary):
        parts = [_sums(*(of_code[measure][code] for measure in of_code), months=found.months) for code in codes]
        items.append(
            Item(
                codes=frozenset(codes),
                value=(sum(part.value[0] for part in parts), sum(part.value[1] for part in parts)),
                kg=(sum(part.kg[0] for part in parts), sum(part.kg[1] for part in parts)),
                weighed=all(part.weighed for part in parts),
            )
        )
    return items


def _cells_below(ask: Ask, filters: Filters) -> dict[Measure, _Months]:
    """Cells by month of the codes below a product; of the product itself where they are not reported throughout."""
    by = By.PRODUCT
    if any(cell.status is Status.NOT_REPORTED for cell in ask(replace(filters, by=by)).cells):
        by = By.NONE
    found: dict[Measure, _Months] = {}
    for measure in (Measure.VALUE, Measure.VOLUME, Measure.AUV):
        of_code: _Months = {}
        for cell in ask(replace(filters, by=by, measure=measure)).cells:
            of_code.setdefault(cell.product, []).append(cell)
        found[measure] = of_code
    return found


def _parents(products: Iterable[str], vocabulary: Reference) -> Iterator[str]:
    """Products whose next level is as fine as it gets, each part of the selection once."""
    for id_ in products:
        below = vocabulary.products.next_level(id_)
        if all(_is_leaf(one, vocabulary) for one in below):
            yield id_
        else:
            yield from _parents(below, vocabulary)


def _is_leaf(id_: str, vocabulary: Reference) -> bool:
    return vocabulary.products[id_].level is Level.HTS10 or vocabulary.products.next_level(id_) == (id_,)


def _families(ids: Iterable[str], found: Windows, vocabulary: Reference) -> list[list[str]]:
    """Products one by one; where one of a family of codes begins or ends within the months, the family is one."""
    products = vocabulary.products
    groups: dict[frozenset[str], list[str]] = {}
    for id_ in ids:
        own = products.family(id_, since=found.before[0]) if products[id_].is_code else frozenset({id_})
        groups.setdefault(own, []).append(id_)
    families: list[list[str]] = []
    for group in groups.values():
        changed = any(_changes(id_, found, vocabulary) for id_ in group)
        families += [sorted(group)] if changed else [[id_] for id_ in group]
    return families


def _changes(id_: str, found: Windows, vocabulary: Reference) -> bool:
    """Whether a code is valid in a part of the months alone."""
    first, last = number(found.before[0]), number(found.after[1])
    return len({vocabulary.products.is_valid(id_, text(month)) for month in range(first, last + 1)}) > 1


def _sums(values: Sequence[Cell], volumes: Sequence[Cell], prices: Sequence[Cell], *, months: int) -> Item:
    """One code: value and weight of both sides; weighed if each month's value is that of its weight.

    A code that is not valid in a month, or has nothing to weigh, adds nothing.
    """
    value = [_exact(cell) for cell in values]
    kg = [_exact(cell) for cell in volumes]
    weighed = all(
        not worth or _has_weight(worth, mass, price) for worth, mass, price in zip(value, kg, prices, strict=True)
    )
    return Item(
        codes=frozenset({values[0].product}),
        value=(sum(value[:months]), sum(value[months:])),
        kg=(sum(kg[:months]), sum(kg[months:])),
        weighed=weighed,
    )


def _has_weight(value: int, kg: int, price: Cell) -> bool:
    """Whether the unit value times the weight is all of a value: then no part of it lacks a weight."""
    if not kg or price.value is None:
        return False
    slack = HALF_CENT * kg / KG + 1
    return abs(Fraction(str(price.value)) * kg / KG - value) <= slack
