"""Feeds of releases and of new surge flags, as Atom (RFC 4287) and JSON Feed 1.1; links are absolute, ids stable."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from flask import Flask, Response
from werkzeug.wrappers import Response as BaseResponse

from dashboard.api.formats import as_json, conditional
from dashboard.base_url import base_url
from dashboard.words import date_words
from data_access.filters import Filters, month_words
from data_access.serving.release_files import Logged
from data_access.serving.statistics import Statistics
from data_access.serving.surges.flags import Flag, SurgeList, surges

ATOM = "http://www.w3.org/2005/Atom"
ATOM_TYPE, JSON_TYPE = "application/atom+xml; charset=utf-8", "application/feed+json"
SOME = 26
"""Releases that the feed of releases holds: half a year of weekly ones."""
LATEST = 4
"""Releases whose new flags the feed of surges holds."""
NEVER = "1970-01-01T00:00:00Z"
"""When a feed without entries was last changed."""
NAME = "AIM Monitor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry; `path` leads to what it is about, `key` tells it from all others for good."""

    key: str
    path: str
    title: str
    text: str
    updated: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed: the path of its address without extension, of the page it belongs to, and its entries, newest first."""

    path: str
    page: str
    title: str
    text: str
    entries: tuple[Entry, ...]

    @property
    def updated(self) -> str:
        """When it was last changed."""
        return max((entry.updated for entry in self.entries), default=NEVER)


def add_feeds(server: Flask, statistics: Statistics) -> None:
    """Add the routes of both feeds in both forms."""
    for name, make in (("releases", of_releases), ("surges", of_surges)):
        _add(server, statistics, name, make)


def _add(server: Flask, statistics: Statistics, name: str, make: Callable[[Statistics], Feed]) -> None:
    def answer(write: Callable[[Feed, str], str], kind: str) -> BaseResponse:
        return conditional(Response(write(make(statistics.pinned()), base_url()), content_type=kind))

    server.add_url_rule(
        f"/feeds/{name}.atom", endpoint=f"feed_{name}_atom", view_func=lambda: answer(to_atom, ATOM_TYPE)
    )
    server.add_url_rule(
        f"/feeds/{name}.json", endpoint=f"feed_{name}_json", view_func=lambda: answer(to_json, JSON_TYPE)
    )


# -- what they hold -------------------------------------------------------------------------------------------------


def of_releases(statistics: Statistics) -> Feed:
    """The newest releases."""
    entries = tuple(_of_release(one) for one in statistics.log()[:SOME])
    return Feed(
        path="/feeds/releases",
        page="/data",
        title=f"{NAME}: releases",
        text="Each new release of figures: the dates of its data.",
        entries=entries,
    )


def _of_release(one: Logged) -> Entry:
    public = f"Public statistics through {month_words(one.public_as_of)}." if one.public_as_of else ""
    license_ = f"License records as of {date_words(one.license_as_of)}." if one.license_as_of else ""
    mark = "Demonstration data: figures are synthetic." if one.demonstration else ""
    return Entry(
        key=f"release/{one.id}",
        path="/data#releases",
        title=f"Release of {date_words(one.published)}",
        text=" ".join(filter(None, (mark, public, license_, f"Release {one.id}."))),
        updated=one.published,
    )


def of_surges(statistics: Statistics) -> Feed:
    """Flags of the last releases that the one before each did not have."""
    lists = statistics.remember("feed of surges", lambda now: tuple(_lists(now)), keep=_is_whole)
    entries = tuple(_of_flag(flag, one) for one, flag in _first_told([one for one in lists if one]))
    return Feed(
        path="/feeds/surges",
        page="/surges",
        title=f"{NAME}: new surge flags",
        text="Surges by the default tests that the release before did not have. A flag is a sign to look closer.",
        entries=entries,
    )


def _lists(statistics: Statistics) -> Iterator[SurgeList | None]:
    """The surge lists of the last releases, the newest first; None for one that cannot be opened."""
    for one in statistics.log()[:LATEST]:
        try:
            yield surges(statistics.at(one.id), Filters())
        except KeyError:
            yield None


def _first_told(lists: Sequence[SurgeList]) -> list[tuple[SurgeList, Flag]]:
    """New flags, each with the first list that has it: a week that was published twice has the same new ones twice."""
    first = {_same(flag): one for one in lists for flag in one.new}
    return [(one, flag) for one in lists for flag in one.new if first[_same(flag)] is one]


def _is_whole(lists: Sequence[SurgeList | None]) -> bool:
    """Whether each release could be opened, and the one before each that is not the oldest."""
    return all(one and one.previous for one in lists[: LATEST if len(lists) == LATEST else -1])


def _same(flag: Flag) -> tuple[str, ...]:
    """What flags of two releases have in common if they are of one thing."""
    return flag.product, flag.country, str(flag.series), flag.month


def _of_flag(flag: Flag, found: SurgeList) -> Entry:
    mark = "Demonstration data. " if found.release.demonstration else ""
    return Entry(
        key=f"surge/{found.release.id}/{'/'.join(_same(flag))}",
        path=flag.link,
        title=f"{flag.product_name} from {flag.country_name}, {month_words(flag.month)}",
        text=f"{mark}{' '.join((flag.headline, *flag.notes))}",
        updated=found.release.published or NEVER,
    )


# -- written out ----------------------------------------------------------------------------------------------------


def to_atom(feed: Feed, base: str) -> str:
    """The feed as Atom."""
    ET.register_namespace("", ATOM)
    root = ET.Element(f"{{{ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": "en-US"})
    _texts(root, (("title", feed.title), ("subtitle", feed.text), ("id", f"{base}{feed.path}")))
    _texts(root, (("updated", feed.updated),))
    ET.SubElement(
        root, f"{{{ATOM}}}link", {"rel": "self", "type": "application/atom+xml", "href": f"{base}{feed.path}.atom"}
    )
    ET.SubElement(root, f"{{{ATOM}}}link", {"rel": "alternate", "type": "text/html", "href": f"{base}{feed.page}"})
    _texts(ET.SubElement(root, f"{{{ATOM}}}author"), (("name", NAME),))
    for entry in feed.entries:
        one = ET.SubElement(root, f"{{{ATOM}}}entry")
        _texts(one, (("title", entry.title), ("id", f"{base}/feeds/{entry.key}"), ("updated", entry.updated)))
        ET.SubElement(one, f"{{{ATOM}}}link", {"rel": "alternate", "type": "text/html", "href": f"{base}{entry.path}"})
        _texts(one, (("summary", entry.text),))
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _texts(parent: ET.Element, pairs: Sequence[tuple[str, str]]) -> None:
    for name, text in pairs:
        ET.SubElement(parent, f"{{{ATOM}}}{name}").text = text


def to_json(feed: Feed, base: str) -> str:
    """The feed as JSON Feed 1.1."""
    return as_json(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": feed.title,
            "description": feed.text,
            "home_page_url": f"{base}{feed.page}",
            "feed_url": f"{base}{feed.path}.json",
            "language": "en-US",
            "authors": [{"name": NAME, "url": f"{base}/about"}],
            "items": [
                {
                    "id": f"{base}/feeds/{entry.key}",
                    "url": f"{base}{entry.path}",
                    "title": entry.title,
                    "content_text": entry.text,
                    "date_published": entry.updated,
                }
                for entry in feed.entries
            ],
        }
    )
