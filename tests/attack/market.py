"""A small market of made-up licenses, week by week, and the truth about each cell of it.

Nothing here is taken from the publishing half: cells, units and levels are worked out anew from the rules as
published, so that a mistake there is none here.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product as combinations

ALL = "all"
Key = tuple[str, str, str, str, str]
"""Product, then the member of origin, smelt, smelt2, cast, or 'all'."""
MEMBERS = ("origin", "smelt", "smelt2", "cast")
OUTSIDER = ""
VALUE, KG = 0, 1

CODES = {
    "7601103000": "unwrought",
    "7601209045": "unwrought",
    "7606123096": "sheet",
    "7607116010": "foil",
    "7607196000": "foil",
}
"""Ten-digit codes of the market and their groups."""
PRICES = {"unwrought": 2.7, "sheet": 4.5, "foil": 6.2}
ORIGINS = ("CAN", "MEX", "ARE", "CHN", "DEU")
GROUPS = tuple(dict.fromkeys(CODES.values()))
HTS6 = tuple(dict.fromkeys(code[:6] for code in CODES))
GROUP_OF = {code[:6]: group for code, group in CODES.items()}


@dataclass(frozen=True, slots=True)
class License:
    """One license; amounts in whole US$ and kg."""

    id: str
    month: str
    applied: str
    importer: str
    group: str | None
    filer: str
    exporter: str
    manufacturer: str
    hts10: str
    origin: str
    smelt: str
    smelt2: str
    cast: str
    value: int
    kg: int
    cancelled: str = ""
    """The day from which it no longer counts; empty while it does."""

    @property
    def members(self) -> tuple[str, str, str, str]:
        return (self.origin, self.smelt, self.smelt2, self.cast)

    @property
    def amounts(self) -> tuple[int, int]:
        return (self.value, self.kg)

    def counts(self, day: str) -> bool:
        """Whether it is there and counts on a day."""
        return self.applied <= day and not (self.cancelled and self.cancelled <= day)


def firm(license_: License, role: str) -> str | None:
    """The firm of a role: an importer is its enterprise group."""
    if role == "importer":
        return license_.group or license_.importer
    id_ = getattr(license_, role)
    return None if id_ == "unknown" else ENTERPRISES.get(id_, id_)


ENTERPRISES = {"importer-0": "enterprise-A", "importer-1": "enterprise-A"}


def draw_market(months: Sequence[str], *, per_month: int, seed: int) -> list[License]:
    """Licenses of these months; a few are applied for late, and a few cancelled later."""
    dice = random.Random(seed)
    found = []
    for month in months:
        for number in range(per_month):
            found.append(_draw(dice, month, number))
    return found


def _draw(dice: random.Random, month: str, number: int) -> License:
    hts10 = dice.choices(list(CODES), weights=(5, 4, 4, 3, 3))[0]
    importer = f"importer-{min(int(dice.expovariate(0.16)), 15)}"
    # The small origins have few firms, so that some cells are unsafe.
    origin = dice.choices(ORIGINS, weights=(9, 6, 5, 2, 2))[0]
    if origin in ("CHN", "DEU"):
        importer = dice.choice(["importer-0", "importer-8", "importer-9"])
    smelt = dice.choices([origin, "CAN", "ARE", "not_applicable"], weights=(6, 2, 2, 1))[0]
    kg = round(20_000 * dice.lognormvariate(0, 0.6))
    value = round(kg * PRICES[CODES[hts10]] * dice.uniform(0.96, 1.04))
    filer = importer if dice.random() < 0.3 else f"filer-{dice.randrange(5)}"
    return License(
        id=f"{month}-{number:03d}",
        month=month,
        applied=f"{month}-{1 + number % 27:02d}",
        importer=importer,
        group=ENTERPRISES.get(importer),
        filer=filer,
        exporter=f"exporter-{dice.randrange(9)}",
        manufacturer=dice.choice(["unknown", f"maker-{dice.randrange(9)}"]),
        hts10=hts10,
        origin=origin,
        smelt=smelt,
        smelt2=dice.choices(["not_applicable", "CAN", "ARE"], weights=(6, 2, 1))[0],
        cast=dice.choices([origin, "CAN", "MEX"], weights=(7, 2, 1))[0],
        value=value,
        kg=kg,
    )


def with_cancellations(licenses: Sequence[License], day: str, *, every: int) -> list[License]:
    """The same, each `every`-th one cancelled on a day."""
    return [replace(one, cancelled=day) if number % every == every - 1 else one for number, one in enumerate(licenses)]


# -- the truth --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Level:
    """A level of the tables: depth of products ('total', 'group', 'hts6') and the dimensions it tells apart."""

    depth: str
    dimensions: tuple[str, ...]

    @classmethod
    def of(cls, name: str) -> Level:
        """From the name that a release gives it."""
        depth, *dimensions = name.split("×")
        return cls(depth, tuple(dimensions))

    def refines(self, other: Level) -> bool:
        """Whether cells of the other are sums of cells of this one."""
        depths = ("total", "group", "hts6")
        finer = depths.index(self.depth) >= depths.index(other.depth)
        return self != other and finer and set(other.dimensions) <= set(self.dimensions)

    def key(self, license_: License, listed: frozenset[str] | None = None) -> Key:
        """The cell of a license; countries that are not listed are one, 'other'."""
        product = {"total": "aim", "group": CODES[license_.hts10], "hts6": license_.hts10[:6]}[self.depth]
        members = [
            (member if listed is None or member in listed else "other") if name in self.dimensions else ALL
            for name, member in zip(MEMBERS, license_.members, strict=True)
        ]
        return (product, *members)  # type: ignore[return-value]


@dataclass(frozen=True, kw_only=True)
class Truth:
    """The cells of one layer of a month (or of a quarter): all that there is, whether shown or not."""

    licenses: Sequence[License]
    levels: Sequence[Level]
    listed: frozenset[str] | None = None
    """Countries that a weekly layer tells apart; None for all."""
    holders: dict[Key, list[License]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        holders: dict[Key, list[License]] = defaultdict(list)
        for license_ in self.licenses:
            for level in self.levels:
                holders[level.key(license_, self.listed)].append(license_)
        self.holders.update(holders)

    def amounts(self, key: Key) -> tuple[int, int]:
        """US$ and kg of a cell."""
        held = self.holders.get(key, [])
        return (sum(one.value for one in held), sum(one.kg for one in held))

    @cached_property
    def equations(self) -> list[tuple[Key, list[Key]]]:
        """Each cell as the sum of the cells of a finer level that lie in it."""
        found: dict[tuple[Key, Level], dict[Key, None]] = defaultdict(dict)
        for coarse, fine in combinations(self.levels, repeat=2):
            if fine.refines(coarse):
                for license_ in self.licenses:
                    found[coarse.key(license_, self.listed), fine][fine.key(license_, self.listed)] = None
        return [(parent, list(children)) for (parent, _), children in found.items()]

    def fallen(self, later: Truth, key: Key) -> bool:
        """Whether any firm has less in a cell of the later layer."""
        after = {one.id for one in later.holders.get(key, [])}
        return any(one.id not in after for one in self.holders.get(key, []))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What must hold, as the policy of the test states it."""

    p: float = 0.10
    n_min: int = 3
    cap: float = 0.93


def knows(license_: License) -> set[str]:
    """Firms that know a license: importer, filer, exporter and manufacturer."""
    firms = {firm(license_, role) for role in ("importer", "filer", "exporter", "manufacturer")}
    return {one for one in firms if one is not None}


def firms_of(held: Iterable[License]) -> set[str]:
    """Firms that know any of these licenses."""
    return set().union(*map(knows, held))


def level_of(held: Iterable[License], measure: int, attacker: str, rules: Rules) -> float:
    """How far an attacker must be kept from the sum of these licenses; 0 where nothing is needed.

    The largest shortfall over importers' enterprises and filers as units.
    """
    held = list(held)
    return max((_level(held, measure, attacker, role, rules) for role in ("importer", "filer")), default=0.0)


def _level(held: Sequence[License], measure: int, attacker: str, role: str, rules: Rules) -> float:
    total, known = 0.0, 0.0
    units: dict[str, float] = defaultdict(float)
    own: dict[str, float] = defaultdict(float)
    for one in held:
        amount, unit = one.amounts[measure], firm(one, role)
        total += amount
        units[unit or ""] += amount
        if attacker and attacker in knows(one):
            known += amount
            own[unit or ""] += amount
    few = sum(size > 0 for size in units.values()) < rules.n_min
    level = 0.0
    for unit, size in units.items():
        if size > own[unit]:
            level = max(level, (1 + rules.p) * size - own[unit] - (total - known))
            if few:
                level = max(level, rules.p * size)
    return level


def is_unsafe(held: Sequence[License], rules: Rules) -> bool:
    """Whether the sum of these licenses may not be told, to the outsider or to any firm."""
    attackers = {OUTSIDER} | firms_of(held)
    return any(level_of(held, measure, who, rules) > 0 for measure in (VALUE, KG) for who in attackers)


def known_part(held: Sequence[License], attacker: str) -> tuple[int, int]:
    """What a firm knows of a cell."""
    mine = [one for one in held if attacker in knows(one)]
    return (sum(one.value for one in mine), sum(one.kg for one in mine))


def records(licenses: Iterable[License], day: str) -> list[Mapping[str, object]]:
    """License records as the system of licenses would export them on a day."""
    from datetime import date

    return [
        {
            "license_id": one.id,
            "status": "active" if one.counts(day) else "cancelled",
            "applied_on": date.fromisoformat(one.applied),
            "expected_import_on": date.fromisoformat(f"{one.month}-28"),
            "entry_type": "consumption",
            "low_value": False,
            "filer_id": one.filer,
            "importer_id": one.importer,
            "enterprise_group": one.group,
            "exporter_id": one.exporter,
            "manufacturer_id": one.manufacturer,
            "hts10": one.hts10,
            "origin": one.origin,
            "exportation": one.origin,
            "port": None,
            "smelt1": one.smelt,
            "smelt2": one.smelt2,
            "cast": one.cast,
            "quantity_kg": float(one.kg),
            "value_usd": float(one.value),
        }
        for one in licenses
        if one.applied <= day
    ]
