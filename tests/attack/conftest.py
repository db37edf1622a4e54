"""The small market as four publications tell it, heard by an attacker who keeps every release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pytest
from flask.testing import FlaskClient

from dashboard.factory import create_app
from dashboard.settings import Settings
from tests.attack.elsewhere import hear_elsewhere
from tests.attack.listening import FREQS, Heard, Listener
from tests.attack.market import Key, Level, License, Truth, draw_market, with_cancellations
from tests.attack.publication import LISTED, is_weekly, publish_week
from tests.attack.puzzle import Layer, Puzzle, is_crossed, keys_of, months_of, newest_layers

MONTHS = ("2026-01", "2026-02", "2026-03")
DAYS = ("2026-03-13", "2026-03-20", "2026-04-10", "2026-06-19")
"""March runs in the first two weeks, all are closed in the third, and final in the last."""
RANDOM = 250
"""Selections drawn from the whole grammar, beside the grid."""


def market() -> list[License]:
    return with_cancellations(draw_market(MONTHS, per_month=120, seed=8), "2026-03-18", every=17)


@dataclass
class Attacked:
    """What there is and what was heard: all releases, the newest last."""

    licenses: Sequence[License]
    clients: Sequence[FlaskClient]

    @cached_property
    def listeners(self) -> list[Listener]:
        """One for each release; the newest is asked in all periods, and at random too."""
        found = []
        for number, client in enumerate(self.clients):
            listener = Listener(client, first=MONTHS[0], last=MONTHS[-1])
            newest = number == len(self.clients) - 1
            listener.ask_grid(freqs=FREQS if newest else FREQS[:1])
            listener.ask_at_random(RANDOM if newest else RANDOM // 5, seed=number)
            if newest:
                hear_elsewhere(listener, MONTHS)
            found.append(listener)
        return found

    @property
    def newest(self) -> Listener:
        return self.listeners[-1]

    @cached_property
    def heard(self) -> set[Heard]:
        """Everything, of all releases."""
        return set().union(*(listener.heard for listener in self.listeners))

    @cached_property
    def levels(self) -> list[Level]:
        """The levels that the application says it publishes."""
        license_ = self.newest.meta()["license"]
        assert isinstance(license_, dict)
        return [Level.of(level["id"]) for level in license_["levels"]]

    @cached_property
    def layers(self) -> dict[Layer, Truth]:
        """The layers of each month that any figure, or the lack of one, is dated of; oldest first."""
        dated = {(one.period, one.as_of) for one in self.heard if one.freq == "month" and one.as_of}
        return {(month, str(day)): self._layer(month, str(day)) for month, day in sorted(dated) if month in MONTHS}

    def _layer(self, month: str, day: str) -> Truth:
        counting = [one for one in self.licenses if one.month == month and one.counts(day)]
        single = [level for level in self.levels if len(level.dimensions) < 2]
        if not is_weekly(month, day):
            return Truth(licenses=counting, levels=single)
        weekly = [level for level in single if level.depth == "total" or level == Level.of("group")]
        told = [level for level in weekly if level.dimensions != ("smelt2",)]
        return Truth(licenses=counting, levels=told, listed=LISTED)

    @cached_property
    def quarters(self) -> dict[Layer, Truth]:
        """Quarters by two dimensions, of the newest layers of their months."""
        told = {one.period for one in self.heard if one.freq == "quarter" and is_crossed(one) and one.value is not None}
        found = {}
        for quarter in sorted(told):
            newest = newest_layers(self.layers, months_of(quarter))
            licenses = [one for layer in newest for one in self.layers[layer].licenses]
            found[quarter, ""] = Truth(licenses=licenses, levels=self.levels)
        return found

    def month(self, month: str) -> Puzzle:
        """All layers of one month, and what was heard of them."""
        return self.of([layer for layer in self.layers if layer[0] == month])

    def of(self, layers: Sequence[Layer]) -> Puzzle:
        """These layers, and what was heard of them."""
        puzzle = Puzzle({layer: self.layers[layer] for layer in layers})
        puzzle.hear(self.heard)
        return puzzle

    def together(self) -> Puzzle:
        """All layers of all months, linked by quarters and years to date."""
        puzzle = Puzzle(self.layers, quarters=self.quarters)
        puzzle.hear(self.heard)
        return puzzle

    def told_over_time(self) -> set[Key]:
        """Cells of which a longer period was told though not all of its months were."""
        monthly = {(key, one.period) for one in self.heard if one.freq == "month" and one.value for key in keys_of(one)}
        return {
            key
            for one in self.heard
            if one.freq != "month" and one.value is not None
            for key in keys_of(one)
            if any((key, month) not in monthly for month in months_of(one.period, ytd=one.freq == "ytd"))
        }


@pytest.fixture(scope="session")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Attacked:
    """The publications and who hears them."""
    base = tmp_path_factory.mktemp("attacked")
    licenses = market()
    weeks = [publish_week(base, licenses, day) for day in DAYS]
    apps = [create_app(Settings(releases=week, rate=0)) for week in weeks]
    return Attacked(licenses=licenses, clients=[app.server.test_client() for app in apps])
