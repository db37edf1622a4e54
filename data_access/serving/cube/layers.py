"""Earlier layers of a release: published figures of license months that later releases replaced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from data_access.serving.cube.figures import Integers
from data_access.serving.cube.license import Key


class Layer(NamedTuple):
    """A figure of a month (its number) at a date (an index of the release's dates): US$ and kg."""

    month: int
    as_of: int
    value: int
    kg: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerColumns:
    """Rows of layers in any order. `key` (row of it: product, then a member of each dimension) holds indices of `ids`,
    `month` month numbers, `as_of` indices of the release's dates."""

    ids: Sequence[str]
    key: npt.NDArray[np.int32]
    month: npt.NDArray[np.int32]
    as_of: npt.NDArray[np.int16]
    value: Integers
    kg: Integers


class Layers:
    """Earlier figures, sorted by cell, month and date; a cell is one number, so that none costs an object."""

    __slots__ = ("_codes", "_columns", "_ids")

    def __init__(self, columns: LayerColumns) -> None:
        codes = np.zeros(len(columns.value), np.int64)
        for part in columns.key:
            codes = codes * max(len(columns.ids), 1) + part
        order = np.lexsort((columns.as_of, columns.month, codes))
        self._codes = codes[order]
        self._columns = tuple(getattr(columns, name)[order] for name in Layer._fields)
        self._ids = {id_: place for place, id_ in enumerate(columns.ids)}

    def of(self, key: Key, first: int, last: int) -> list[Layer]:
        """The earlier figures of a cell in months `first` to `last`, by month and date."""
        code = 0
        for part in key:
            place = self._ids.get(part)
            if place is None:
                return []
            code = code * len(self._ids) + place
        rows = slice(*(int(np.searchsorted(self._codes, code, side)) for side in ("left", "right")))
        found = (Layer(*(int(one) for one in row)) for row in zip(*(one[rows] for one in self._columns), strict=True))
        return [layer for layer in found if first <= layer.month <= last]
