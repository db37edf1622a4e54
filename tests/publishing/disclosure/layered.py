"""Small months over several publications: new, changed and cancelled licenses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from small import ASSUMED, LEVELS, RULES, SECRET, TREE, small_month

from data_access.publishing.disclosure.holdings import firm_numbers
from data_access.publishing.disclosure.judge import Breach
from data_access.publishing.disclosure.layers import Kind, Layer, Solved, judge_layers, solve_layer, verify_layers
from data_access.publishing.disclosure.month import layer_tables, published_rows, row_keys
from data_access.publishing.disclosure.regime import Regime

LISTED = frozenset({"AAA", "BBB"})
REGIME = Regime(rules=RULES, assumptions=ASSUMED, levels=LEVELS)
KINDS = (Kind.WEEKLY, Kind.WEEKLY, Kind.WEEKLY, Kind.CLOSED, Kind.FINAL)


def many_firms(seed: int, *, records: int) -> pd.DataFrame:
    """Records of a month like `small_month`'s, of 40 importers none of which is very large: weekly totals are safe."""
    draw = np.random.default_rng(seed)
    licenses = small_month(seed, records=records).licenses
    size = draw.uniform(0.5, 2.0, 40)
    firm = draw.integers(0, 40, records)
    kilograms = np.round(size[firm] * 1000 * draw.uniform(0.5, 1.5, records))
    price = np.where(licenses["hts10"].str.startswith("7601"), 2.6, 4.1) * np.exp(0.1 * draw.standard_normal(records))
    names = np.array([f"I{number}" for number in range(40)], object)
    brokers = np.array(["B0", "B1", "B2", "B3", "B4"], object)[draw.integers(0, 5, 40)]
    return licenses.assign(
        importer_id=names[firm],
        enterprise_group=np.where(firm < 3, "H0", None),
        filer_id=np.where(draw.random(records) < 0.4, brokers[firm], names[firm]),
        quantity_kg=kilograms,
        value_usd=np.round(kilograms * price),
    )


def snapshots(seed: int, *, records: int = 120, weeks: int = 3, kinds: Sequence[Kind] = KINDS) -> list[pd.DataFrame]:
    """The records that count at each publication: most arrive in the first `weeks`, some change or are cancelled."""
    licenses = many_firms(seed, records=records)
    draw = np.random.default_rng(seed + 1)
    arrival = draw.integers(0, weeks, records)
    gone = np.where(draw.random(records) < 0.06, arrival + draw.integers(1, max(len(kinds), 2), records), len(kinds))
    changed = np.where(draw.random(records) < 0.05, arrival + draw.integers(1, max(len(kinds), 2), records), len(kinds))
    factor = draw.uniform(0.5, 1.6, records)
    found = []
    for number in range(len(kinds)):
        scale = np.where(changed <= number, factor, 1.0)
        now = licenses.assign(
            quantity_kg=np.round(licenses["quantity_kg"] * scale), value_usd=np.round(licenses["value_usd"] * scale)
        )
        found.append(now[(arrival <= number) & (gone > number)].reset_index(drop=True))
    return found


CODES = {"unwrought": "7601100000", "sheet": "7606110000", "castings": "7616995160"}


def records(*rows: tuple[str, str, str, float]) -> pd.DataFrame:
    """Records told as (importer, group, country, kg), each importer its own filer, 3 US$ a kg."""
    importer, group, country, kilograms = (list(column) for column in zip(*rows, strict=True))
    return pd.DataFrame(
        {
            "importer_id": importer,
            "enterprise_group": None,
            "filer_id": importer,
            "exporter_id": "unknown",
            "manufacturer_id": "unknown",
            "hts10": [CODES[name] for name in group],
            "origin": country,
            "smelt1": country,
            "smelt2": "not_applicable",
            "cast": country,
            "quantity_kg": np.array(kilograms, float),
            "value_usd": 3.0 * np.array(kilograms, float),
        }
    )


def many(name: str, group: str, country: str, kilograms: float, *, units: int = 8) -> list[tuple[str, str, str, float]]:
    """A safe cell: so many importers of the same size, which import nothing else."""
    return [(f"{name}{number}", group, country, kilograms) for number in range(units)]


def solve_all(
    *parts: tuple[Kind, pd.DataFrame], regime: Regime = REGIME, sizes: Mapping[str, float] | None = None
) -> tuple[list[Layer], list[Solved], pd.Series]:
    """Layer after layer of these kinds and records."""
    numbers = all_numbers([licenses for _, licenses in parts])
    layers: list[Layer] = []
    solved = []
    for kind, licenses in parts:
        solved.append(solve(layers, kind, licenses, numbers, regime, sizes=sizes))
        layers.append(solved[-1].layer)
    return layers, solved, numbers


def published(layer: Layer) -> set[str]:
    """Keys of what a layer shows."""
    return set(np.array(row_keys(layer.rows), object)[(layer.rows["status"] == "published").to_numpy()])


def as_if_shown(layer: Layer) -> Layer:
    """A layer that shows all its figures."""
    tables = layer_tables(layer.licenses, layer.kind, tree=TREE, listed=LISTED, levels=LEVELS)
    rows = tables.rows[published_rows(tables)]
    cell = rows["cell"].to_numpy()
    return replace(
        layer,
        rows=layer.rows.assign(
            value=pd.Series(tables.figures[0, cell].astype(int), dtype="Int64"),
            kg=pd.Series(tables.figures[1, cell].astype(int), dtype="Int64"),
            status="published",
        ),
    )


def solve(
    history: Sequence[Layer],
    kind: Kind,
    licenses: pd.DataFrame,
    numbers: pd.Series,
    regime: Regime = REGIME,
    *,
    sizes: Mapping[str, float] | None = None,
) -> Solved:
    """The next layer of a small month."""
    return solve_layer(
        history,
        as_of=f"2020-01-{len(history) + 1:02d}",
        kind=kind,
        licenses=licenses,
        tree=TREE,
        numbers=numbers,
        listed=LISTED,
        regime=regime,
        sizes=sizes or {},
        secret=SECRET,
        year=2020,
    )


def all_numbers(parts: Sequence[pd.DataFrame]) -> pd.Series:
    """Firm numbers of all records at hand."""
    return firm_numbers(pd.concat(parts, ignore_index=True))


def publish(
    seed: int, *, records: int = 120, kinds: Sequence[Kind] = KINDS, regime: Regime = REGIME
) -> tuple[list[Layer], list[Solved], pd.Series]:
    """A small month, layer after layer."""
    parts = snapshots(seed, records=records, kinds=kinds)
    return solve_all(*zip(kinds, parts, strict=True), regime=regime)


def verify(layers: Sequence[Layer], certificate: bytes, numbers: pd.Series, regime: Regime = REGIME) -> list[str]:
    """What the check by arithmetic finds."""
    return verify_layers(layers, certificate, tree=TREE, numbers=numbers, listed=LISTED, regime=regime)


def judge(layers: Sequence[Layer], regime: Regime = REGIME, **sample: int) -> list[Breach]:
    """What the independent judge finds."""
    return judge_layers(layers, tree=TREE, listed=LISTED, regime=regime, **sample)


def assuming(**changed: float | None) -> Regime:
    """The regime with other assumptions."""
    return replace(REGIME, assumptions=replace(ASSUMED, **changed))
