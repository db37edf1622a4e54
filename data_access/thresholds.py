"""Thresholds of the surge tests: one number each, with a default, limits and words; parameters of the query."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Threshold:
    """What a threshold takes: its lowest and highest value, its unit, and what it is for in a few words."""

    low: float
    high: float
    unit: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """All thresholds, in percent, tons, US$ or (z) standard deviations; `THRESHOLDS` describes them.

    Defaults: R1 after the Aluminum Association's monthly report, R2 after 19 CFR 351.206(h)-(i), R3 after Proclamation
    10060, the floors so that tiny bases make no flag.
    """

    r1: float = 25
    r1_alone: float = 100
    r2: float = 15
    r2y: float = 15
    r3: float = 20
    z: float = 3
    p: float = -10
    floor: float = 500
    floor_share: float = 0.5
    floor_value: float = 5_000_000


MOST = 100_000
THRESHOLDS: dict[str, Threshold] = {
    "r1": Threshold(0, MOST, "%", "month on the mean of the three months before"),
    "r1_alone": Threshold(0, MOST, "%", "the same, from which it is a flag by itself"),
    "r2": Threshold(0, MOST, "%", "three months on the three before"),
    "r2y": Threshold(0, MOST, "%", "three months on the same three a year ago"),
    "r3": Threshold(0, MOST, "%", "twelve months on the twelve before"),
    "z": Threshold(0, 100, "", "robust z of the month, season removed"),
    "p": Threshold(-100, 0, "%", "unit value against all other origins, on its 12-month median"),
    "floor": Threshold(0, 10_000_000, "t", "least volume of the month or the mean of the three before"),
    "floor_share": Threshold(0, 100, "%", "least share of the product's imports"),
    "floor_value": Threshold(0, 1_000_000_000_000, "US$", "least value, where there are no weights"),
}
"""By name of the parameter, in the order of pages and messages."""
