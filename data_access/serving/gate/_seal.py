"""The private seal: who holds it can make a `Released`. Importable by `gate` and `released` alone."""

from __future__ import annotations

from typing import Final


class Seal:
    """The type of the one seal."""

    __slots__ = ()


SEAL: Final = Seal()
