"""A certificate is taken at nothing: whatever does not prove what a month's layers show is found by arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from layered import as_if_shown, publish, published, solve, verify
from layered_switches import switched_off

from data_access.publishing.disclosure.certificate import Proof, pack, read_certificate
from data_access.publishing.disclosure.layers import Kind, Layer, Solved

KINDS = (Kind.WEEKLY, Kind.WEEKLY, Kind.CLOSED)
SEED = 13
"""A month of which every layer shows some and withholds some."""


@pytest.fixture(scope="module")
def month() -> tuple[list[Layer], Solved, pd.Series]:
    layers, solved, numbers = publish(SEED, kinds=KINDS)
    return layers, solved[-1], numbers


def _packed(proof: Proof, **changed: object) -> bytes:
    new = replace(proof, **changed)
    return pack(keys=new.keys, firms=new.firms, moves=new.moves, goals=new.goals, witness=new.witness.astype(np.int32))


def test_a_certificate_is_read_as_it_was_written(month: tuple[list[Layer], Solved, pd.Series]) -> None:
    layers, solved, numbers = month
    proof = read_certificate(solved.certificate)
    again = read_certificate(_packed(proof))
    assert (again.keys, again.firms, again.goals) == (proof.keys, proof.firms, proof.goals)
    assert np.array_equal(again.moves, proof.moves)
    assert np.array_equal(again.witness, proof.witness)
    assert verify(layers, _packed(proof), numbers) == []


def test_two_certificates_of_one_month_differ_by_their_salt(month: tuple[list[Layer], Solved, pd.Series]) -> None:
    proof = read_certificate(month[1].certificate)
    assert _packed(proof) != _packed(proof)


def _used(proof: Proof) -> int:
    """A table that serves somebody."""
    return int(proof.witness.max())


def _larger(proof: Proof) -> Proof:
    moves = proof.moves.copy()
    moves[_used(proof)] *= 50
    return replace(proof, moves=moves)


def _one_cell_more(proof: Proof) -> Proof:
    moves = proof.moves.copy()
    table = _used(proof)
    measure, cell = np.argwhere(moves[table])[0]
    moves[table, measure, cell] += 1000.0
    return replace(proof, moves=moves)


def _smaller(proof: Proof) -> Proof:
    return replace(proof, moves=proof.moves * 0.5)


def _another_witness(proof: Proof) -> Proof:
    witness = proof.witness.copy()
    row, attacker = np.argwhere(witness >= 0)[0]
    cell, measure, _ = proof.goals[row]
    witness[row, attacker] = int(np.flatnonzero(proof.moves[:, measure, cell] == 0)[0])
    return replace(proof, witness=witness)


def _no_witness(proof: Proof) -> Proof:
    witness = proof.witness.copy()
    witness[tuple(np.argwhere(witness >= 0)[-1])] = -1
    return replace(proof, witness=witness)


def _beyond(proof: Proof) -> Proof:
    return replace(proof, witness=np.where(proof.witness >= 0, len(proof.moves) + 5, proof.witness))


def _fewer_goals(proof: Proof) -> Proof:
    return replace(proof, goals=proof.goals[1:], witness=proof.witness[1:])


def _other_cells(proof: Proof) -> Proof:
    return replace(proof, keys=tuple(f"{key}x" for key in proof.keys))


def _other_order(proof: Proof) -> Proof:
    return replace(proof, keys=proof.keys[::-1])


def _no_firms(proof: Proof) -> Proof:
    return replace(proof, firms=(), witness=proof.witness[:, :1])


def _other_firms(proof: Proof) -> Proof:
    return replace(proof, firms=proof.firms[1:] + proof.firms[:1])


TAMPERED: list[Callable[[Proof], Proof]] = [
    _larger, _one_cell_more, _smaller, _another_witness, _no_witness, _beyond, _fewer_goals, _other_cells, _other_order,
    _no_firms, _other_firms,
]  # fmt: skip


@pytest.mark.parametrize("tamper", TAMPERED, ids=lambda one: one.__name__.strip("_"))
def test_a_changed_certificate_is_caught(
    month: tuple[list[Layer], Solved, pd.Series], tamper: Callable[[Proof], Proof]
) -> None:
    layers, solved, numbers = month
    assert verify(layers, solved.certificate, numbers) == []
    assert verify(layers, _packed(tamper(read_certificate(solved.certificate))), numbers) != []


@pytest.mark.parametrize("content", [b"", b"nothing", b"PK\x03\x04" + bytes(60), pack(
    keys=("a",), firms=(), moves=np.zeros((1, 2, 1)), goals=((0, 0, 0),), witness=np.zeros((1, 1), np.int32))
], ids=["empty", "text", "half an archive", "of something else"])  # fmt: skip
def test_what_is_no_certificate_is_a_problem_and_no_exception(
    month: tuple[list[Layer], Solved, pd.Series], content: bytes
) -> None:
    assert verify(month[0], content, month[2]) != []


def test_broken_bytes_are_a_problem_and_no_exception(month: tuple[list[Layer], Solved, pd.Series]) -> None:
    draw = np.random.default_rng(0)
    for place, byte in zip(draw.integers(0, len(month[1].certificate), 300), draw.integers(0, 256, 300), strict=True):
        broken = bytearray(month[1].certificate)
        broken[place] ^= byte
        with suppress(ValueError):
            read_certificate(bytes(broken))


@pytest.mark.parametrize("cut", [10, 100, 1000])
def test_a_cut_certificate_is_a_problem(month: tuple[list[Layer], Solved, pd.Series], cut: int) -> None:
    assert verify(month[0], month[1].certificate[:-cut], month[2]) != []


@pytest.mark.parametrize("number", range(len(KINDS)))
def test_a_figure_changed_in_any_layer_is_caught(month: tuple[list[Layer], Solved, pd.Series], number: int) -> None:
    layers, solved, numbers = month
    rows = layers[number].rows.copy()
    row = int(np.flatnonzero(rows["status"] == "published")[-1])
    rows.loc[row, "value"] += 1
    changed = [*layers[:number], replace(layers[number], rows=rows), *layers[number + 1 :]]
    assert verify(changed, solved.certificate, numbers) != []


@pytest.mark.parametrize("number", range(len(KINDS)))
def test_all_shown_in_any_layer_is_caught(month: tuple[list[Layer], Solved, pd.Series], number: int) -> None:
    layers, solved, numbers = month
    shown = as_if_shown(layers[number])
    assert published(shown) > published(layers[number]) > set()
    assert verify([*layers[:number], shown, *layers[number + 1 :]], solved.certificate, numbers) != []


def test_each_withheld_cell_shown_is_caught(month: tuple[list[Layer], Solved, pd.Series]) -> None:
    layers, solved, numbers = month
    all_rows = as_if_shown(layers[-1]).rows
    withheld = np.flatnonzero(layers[-1].rows["status"] == "withheld")
    for row in withheld[:: max(1, len(withheld) // 4)]:
        rows = layers[-1].rows.copy()
        rows.loc[row] = all_rows.loc[row]
        assert verify([*layers[:-1], replace(layers[-1], rows=rows)], solved.certificate, numbers) != []


def test_a_withheld_row_with_a_figure_is_caught(month: tuple[list[Layer], Solved, pd.Series]) -> None:
    layers, solved, numbers = month
    rows = layers[-1].rows.copy()
    row = int(np.flatnonzero(rows["status"] == "withheld")[0])
    rows.loc[row, "kg"] = 5
    assert verify([*layers[:-1], replace(layers[-1], rows=rows)], solved.certificate, numbers) != []


def test_a_row_left_out_is_caught(month: tuple[list[Layer], Solved, pd.Series]) -> None:
    layers, solved, numbers = month
    short = replace(layers[-1], rows=layers[-1].rows.iloc[1:])
    assert verify([*layers[:-1], short], solved.certificate, numbers) != []


def test_a_certificate_of_the_layer_before_does_not_do(month: tuple[list[Layer], Solved, pd.Series]) -> None:
    layers, _, numbers = month
    alone = solve(layers[:-2], layers[-1].kind, layers[-1].licenses, numbers)
    assert verify(layers, alone.certificate, numbers) != []


def test_a_layer_solved_without_what_came_before_is_caught() -> None:
    layers, _, numbers = publish(0, kinds=KINDS)
    alone = solve([], Kind.CLOSED, layers[-1].licenses, numbers)
    assert published(alone.layer)
    forgotten = [*layers[:-1], alone.layer]
    assert verify(forgotten, alone.certificate, numbers) != []


def test_equations_between_layers_left_out_are_caught() -> None:
    with switched_off("a layer is the one before and what was added"):
        layers, solved, numbers = publish(0, kinds=KINDS)
    assert verify(layers, solved[-1].certificate, numbers) != []


def test_a_certificate_holds_when_firms_are_numbered_anew(month: tuple[list[Layer], Solved, pd.Series]) -> None:
    layers, solved, numbers = month
    anew = numbers.max() - numbers
    assert verify(layers, solved.certificate, anew) == []
