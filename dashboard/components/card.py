"""What a chart card says and offers, as plain data; `templates/parts.html` writes it out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from dashboard.components.table import Table
from dashboard.figures.lines import Key
from dashboard.graph import EMPTY, Figure
from dashboard.words import date_words
from data_access.filters import Series, month_words
from data_access.serving.answers.cells import file_name
from data_access.serving.gate.released import Released, ReleaseInfo
from data_access.serving.notes import DEMONSTRATION

API = "/api/v1/series"
PAGE = "/explore"
PUBLIC_SOURCE = "U.S. Census Bureau, U.S. international trade in goods"
LICENSE_SOURCE = "AIM license records"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One chart card. `empty` says why there is no chart; `export` is what the script that saves pictures needs.

    `body` is markup in place of a chart or beside it, made by a template; an `absent` card is not shown at all.
    """

    id: str
    title: str
    summary: str
    subtitle: str = ""
    figure: Figure = field(default_factory=lambda: EMPTY)
    keys: tuple[Key, ...] = ()
    table: Table | None = None
    table_open: bool = False
    csv: str = ""
    xlsx: str = ""
    permalink: str = ""
    source: str = ""
    notes: tuple[str, ...] = ()
    export: dict[str, Any] = field(default_factory=dict)
    empty: str = ""
    body: str = ""
    absent: bool = False
    rows: int | None = None
    """Rows of a ranking, which is as high as they need; None where the chart has the usual height."""

    @property
    def has_chart(self) -> bool:
        """Whether there is something for Plotly to draw."""
        return bool(self.figure["data"]) and not self.empty and not self.absent


def chart_card(
    id_: str,
    released: Released,
    *,
    figure: Figure,
    keys: tuple[Key, ...],
    table: Table,
    extra: tuple[str, ...] = (),
    words: Released | None = None,
    page: str = PAGE,
    api: str = API,
) -> Card:
    """The card of a chart of `released`; `extra` are words on what the chart leaves out, told before its notes.

    `page` is where its link leads to, `api` the path that gives its files.

    `words` is the answer whose title and summary are told, where `released` is the part of it that is drawn.

    Without a published figure the card has words and table, and no chart.
    """
    told = words or released
    if not released.cells:
        return Card(id=id_, title=told.title, summary=told.summary, empty="There is nothing to draw.")
    notes = (*extra, *chart_notes(released))
    query = released.permalink.partition("?")[2]
    link = f"{page}?{query}" if query else page
    return Card(
        id=id_,
        title=told.title,
        subtitle=released.subtitle,
        summary=told.summary,
        figure=figure,
        keys=keys if len(keys) > 1 else (),
        table=table,
        csv=f"{api}?{_join(query, 'format=csv')}",
        xlsx=f"{api}?{_join(query, 'format=xlsx')}",
        permalink=link,
        source=source_line(released),
        notes=notes,
        export={
            "title": told.title,
            "subtitle": released.subtitle,
            "summary": told.summary,
            "source": source_line(released),
            "notes": list(notes),
            "link": link,
            "cite": released.cite,
            "demonstration": DEMONSTRATION if released.release.demonstration else "",
            "file": file_name(released, "").rstrip("."),
        },
    )


def table_card(id_: str, released: Released, *, table: Table, title: str, extra: tuple[str, ...] = ()) -> Card:
    """A card of figures alone, its table open."""
    card = chart_card(id_, released, figure=EMPTY, keys=(), table=table, extra=extra)
    return replace(card, title=title, table_open=True)


def source_line(released: Released) -> str:
    """Sources with their dates, and the release: the line under every chart and in every picture."""
    asked = set(released.filters.series)
    return sources(released.release, public=asked != {Series.LICENSE}, license_=asked != {Series.PUBLIC})


def sources(release: ReleaseInfo, *, public: bool, license_: bool) -> str:
    """That line for what is made of public statistics, of license data, or of both."""
    parts = []
    if release.public_as_of and public:
        parts.append(f"{PUBLIC_SOURCE}, through {month_words(release.public_as_of)}")
    if release.license_as_of and license_:
        parts.append(f"{LICENSE_SOURCE}, as of {date_words(release.license_as_of)}")
    return f"Source: {'; '.join(parts) or 'none'}. Release {release.id}."


def chart_notes(released: Released) -> tuple[str, ...]:
    """The notes of an answer that the source line and the page's identity line do not tell already."""
    return tuple(note for note in released.notes if note != DEMONSTRATION and not note.startswith("Source of "))


def _join(*parts: str) -> str:
    return "&".join(part for part in parts if part)
