"""`Released` cannot be made, changed or carried off by anyone but the gate."""

from __future__ import annotations

import copy
import pickle
from types import MappingProxyType

import pytest
from small_release import Ask

from data_access.contracts import Status
from data_access.filters import Filters, Measure, Series
from data_access.serving.gate._seal import SEAL
from data_access.serving.gate.released import Cell, Released, ReleaseInfo, Words

INFO = ReleaseInfo(id="x", published="", public_as_of="", license_as_of=None, demonstration=False)
WORDS = Words("", "", "", (), "", "")


def cell(value: int | None, status: Status) -> Cell:
    return Cell(
        "2026-01",
        "aim",
        "all",
        None,
        None,
        None,
        Series.LICENSE,
        None,
        Measure.VALUE,
        "US$",
        value,
        status,
        False,
        None,
        None,
    )


def make(seal: object, *cells: Cell) -> Released:
    return Released(
        seal,  # type: ignore[arg-type]
        release=INFO,
        filters=Filters(),
        unit="US$",
        words=lambda _: WORDS,
        cells=cells,
    )


@pytest.mark.parametrize("seal", [None, object(), "seal", type(SEAL)()])
def test_without_the_seal_none_is_made(seal: object) -> None:
    with pytest.raises(TypeError, match="only the gate"):
        make(seal)


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.PUBLISHED])
def test_even_with_the_seal_no_figure_passes_that_is_not_published(status: Status) -> None:
    with pytest.raises(ValueError, match="not published"):
        make(SEAL, cell(1, Status.PUBLISHED), cell(7, status))


def test_it_cannot_be_subclassed() -> None:
    with pytest.raises(TypeError, match="final"):
        type("Mine", (Released,), {})


def test_it_cannot_be_copied_or_pickled(ask: Ask) -> None:
    released = ask("")
    for carry in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="cannot be"):
            carry(released)


def test_it_cannot_be_changed(ask: Ask) -> None:
    released = ask("")
    with pytest.raises(AttributeError):
        released.cells = ()  # type: ignore[misc]
    with pytest.raises(AttributeError):
        del released.cells
    with pytest.raises(AttributeError):
        released.more = 1  # type: ignore[attr-defined]
    assert not hasattr(released, "__dict__")


def test_it_hands_out_read_only_views(ask: Ask) -> None:
    released = ask("")
    assert isinstance(released.cells, tuple)
    assert isinstance(released.notes, tuple)
    assert isinstance(released.query, MappingProxyType)
    assert all(isinstance(value, (str, tuple)) for value in released.query.values())
    with pytest.raises(AttributeError):
        released.cells[0].value = 1  # type: ignore[misc]
