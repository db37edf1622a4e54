"""What a policy asks of disclosure control: the rules, what attackers are taken to know, and the levels published."""

from __future__ import annotations

from dataclasses import dataclass, field

from data_access.publishing.disclosure.attacker import Assumptions
from data_access.publishing.disclosure.holdings import UNIT_ROLES
from data_access.publishing.disclosure.rules import Rules
from data_access.publishing.disclosure.tables import DEFAULT_TABLES, Level, levels_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime:
    """`levels` are those of a closed month; each of `unit_roles` is a unit map under which every cell must be safe."""

    rules: Rules
    assumptions: Assumptions = field(default_factory=Assumptions)
    levels: tuple[Level, ...] = field(default_factory=lambda: levels_of(DEFAULT_TABLES))
    unit_roles: tuple[str, ...] = UNIT_ROLES
