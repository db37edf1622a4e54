"""Countries of origin, smelt and cast, and their groups with dated membership."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from data_access.errors import UserError
from data_access.reference.tables import Row

OBSERVED_PREFIX = "C"
"""Begins the id of a country that the tables lack; the Census Bureau's code follows."""

REGIONS = {
    "North America": "NORTH_AMERICA",
    "Central America and Caribbean": "CENTRAL_AMERICA",
    "South America": "SOUTH_AMERICA",
    "Europe": "EUROPE",
    "Asia": "ASIA",
    "Oceania": "OCEANIA",
    "Africa": "AFRICA",
    "U.S. territories": "US_TERRITORIES",
}
"""Regions as the Census Bureau draws them (the first digit of Schedule C), with their group ids."""


@dataclass(frozen=True, slots=True)
class Country:
    """A country, by its ISO 3166 alpha-3 code (Kosovo, which has none, is XKX).

    `census_codes` are its Schedule C codes; figures of several add up. `smelter` tells whether it had primary
    aluminum production in the year `smelter_year`, `last_smelted` the last year up to then in which it had.
    `words` are other names it is looked for by, `observed` marks a Census code seen in data that the tables lack.
    """

    iso3: str
    iso2: str
    name: str
    region: str
    census_codes: tuple[str, ...]
    smelter: bool
    smelter_year: int | None
    last_smelted: int | None
    source: str
    words: tuple[str, ...] = ()
    observed: bool = False

    @property
    def id(self) -> str:
        """The id of queries and releases, the same as `iso3`."""
        return self.iso3


@dataclass(frozen=True, slots=True)
class Group:
    """A group of countries that a query may name."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Membership:
    """A country's time in a group: first and last month (YYYY-MM), None where open."""

    group: Group
    iso3: str
    member_from: str | None
    member_to: str | None

    def holds(self, month: str) -> bool:
        """Whether the country is a member in a month."""
        return (self.member_from or "") <= month and (self.member_to is None or month <= self.member_to)


class UnknownCountry(UserError):  # noqa: N818 - reads as what it is where it is caught
    """An id that names no country or group; `given` is that id, `close` up to five that may be meant.

    `spellings` maps other spellings in small letters (names, ISO alpha-2) to ids.
    """

    def __init__(self, given: str, spellings: Mapping[str, str]) -> None:
        self.given = given
        text = given.casefold()
        likely = [text] if text in spellings else get_close_matches(text, spellings, n=5, cutoff=0.8)
        self.close = tuple(dict.fromkeys(spellings[spelling] for spelling in likely))
        hint = f"; perhaps {', '.join(self.close)}" if self.close else ""
        super().__init__(f"country: expected an ISO alpha-3 code, found {given!r}{hint}", exit_code=2)


class Countries:
    """All countries, by ISO alpha-3 code; iterates by name. Regions of the world are groups too."""

    __slots__ = ("_by_census", "_by_id", "_groups", "_memberships")

    def __init__(self, countries: Iterable[Country], memberships: Iterable[Membership]) -> None:
        self._by_id = {country.iso3: country for country in sorted(countries, key=lambda one: _sort_key(one.name))}
        self._by_census = {code: one.iso3 for one in self._by_id.values() for code in one.census_codes}
        self._memberships = tuple(memberships)
        self._groups: dict[str, tuple[Group, list[Membership]]] = {}
        for membership in [*self._memberships, *_region_memberships(self._by_id.values())]:
            self._groups.setdefault(membership.group.id, (membership.group, []))[1].append(membership)

    def __getitem__(self, iso3: str) -> Country:
        """The country of this id; raises UnknownCountry."""
        try:
            return self._by_id[iso3]
        except KeyError:
            raise UnknownCountry(iso3, self._spellings()) from None

    def __contains__(self, iso3: object) -> bool:
        return iso3 in self._by_id

    def __iter__(self) -> Iterator[Country]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def by_census(self, code: str) -> str | None:
        """The id of a Census (Schedule C) country code, None where the tables lack it."""
        return self._by_census.get(code)

    @property
    def groups(self) -> tuple[Group, ...]:
        """All groups: the alliances in the order of their table, then the regions."""
        return tuple(group for group, _ in self._groups.values())

    def is_group(self, id_: str) -> bool:
        """Whether an id names a group."""
        return id_ in self._groups

    def group(self, id_: str) -> Group:
        """The group of this id; raises UnknownCountry."""
        return self._group(id_)[0]

    def members(self, group_id: str, month: str) -> frozenset[str]:
        """Ids of the members of a group in a month (YYYY-MM); raises UnknownCountry for an unknown group."""
        return frozenset(one.iso3 for one in self._group(group_id)[1] if one.holds(month))

    def ever_members(self, group_id: str, *, start: str = "", end: str = "9999-12") -> frozenset[str]:
        """Ids of all that were members of a group in any month from `start` to `end`."""
        return frozenset(
            one.iso3
            for one in self._group(group_id)[1]
            if (one.member_from or "") <= end and (one.member_to or "9999-12") >= start
        )

    def memberships(self, group_id: str) -> tuple[Membership, ...]:
        """Each country's times in a group, in the order of its table; raises UnknownCountry for an unknown group."""
        return tuple(self._group(group_id)[1])

    def _group(self, id_: str) -> tuple[Group, list[Membership]]:
        try:
            return self._groups[id_]
        except KeyError:
            raise UnknownCountry(id_, self._spellings()) from None

    def _spellings(self) -> dict[str, str]:
        groups = {group.label.casefold(): group.id for group in self.groups}
        countries = {text.casefold(): one.iso3 for one in self for text in (one.name, one.iso2, one.iso3)}
        return groups | {group.id.casefold(): group.id for group in self.groups} | countries

    def with_observed(self, names: Mapping[str, str]) -> Countries:
        """These countries and those of `names` (id such as 'C5999' to the name the Census Bureau gives) they lack."""
        new = [observed_country(id_, name) for id_, name in sorted(names.items()) if id_ not in self._by_id]
        return Countries([*self._by_id.values(), *new], self._memberships) if new else self


def observed_id(census_code: str) -> str:
    """The id of a Census country code that the tables lack: 'C5999'."""
    return OBSERVED_PREFIX + census_code


def observed_country(id_: str, name: str) -> Country:
    """A country seen in data that the tables lack, in no region and of no known smelter."""
    return Country(
        iso3=id_,
        iso2="",
        name=name,
        region="",
        census_codes=(id_.removeprefix(OBSERVED_PREFIX),),
        smelter=False,
        smelter_year=None,
        last_smelted=None,
        source="as observed in public statistics",
        observed=True,
    )


def parse_country(row: Row) -> Country:
    """A country from a row of `countries.csv`; raises ValueError for a year that is none."""
    return Country(
        iso3=row["iso3"],
        iso2=row["iso2"],
        words=tuple(word for word in row["words"].split(";") if word),
        name=row["name"],
        region=row["region"],
        census_codes=tuple(row["census_codes"].split()),
        smelter=row["smelter"] == "yes",
        smelter_year=int(row["smelter_year"]) if row["smelter_year"] else None,
        last_smelted=int(row["last_smelted"]) if row["last_smelted"] else None,
        source=row["source"],
    )


def parse_membership(row: Row) -> Membership:
    """A membership from a row of `groups.csv`."""
    return Membership(
        group=Group(id=row["group"], label=row["label"]),
        iso3=row["iso3"],
        member_from=row["member_from"] or None,
        member_to=row["member_to"] or None,
    )


def _region_memberships(countries: Iterable[Country]) -> Iterator[Membership]:
    groups = {label: Group(id=id_, label=label) for label, id_ in REGIONS.items()}
    in_order = sorted(
        (one for one in countries if one.region in groups), key=lambda one: list(groups).index(one.region)
    )
    for country in in_order:
        yield Membership(group=groups[country.region], iso3=country.iso3, member_from=None, member_to=None)


def _sort_key(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name)
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()
