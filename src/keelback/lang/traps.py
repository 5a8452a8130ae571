"""Traps: what happens when a program does what the language forbids, the same on metal, on the host and in CPython.

In CPython a trap is the exception `Trap`. Two traps come from Python itself and keep their Python class: a failed
`assert` is an AssertionError (kind ASSERT), an attribute of None an AttributeError (kind NONE). `trap_kind` and
`expect_trap` treat all of them alike. This module does not know how a machine traps; the compiler does (`brk`).
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from enum import IntEnum
from typing import NoReturn


class TrapKind(IntEnum):
    """Why a program was stopped. The numbers are fixed: they are the low 4 bits of the machine's `brk`."""

    OVERFLOW = 1  # + - * or unary - left the type's range
    INDEX = 2  # index outside an array, a register array or a text
    SHIFT = 3  # shift amount, or bit number, of the width or more
    DIVIDE = 4  # // or % by zero
    NONE = 5  # use of a Ref that is None
    ASSERT = 6  # a failed assert
    CONVERT = 7  # a conversion, or a bitfield's field, that does not fit
    MEMORY = 8  # access outside a Memory window
    UNREACHABLE = 9  # unreachable() was reached


class Trap(Exception):
    """A trap of the given kind; `detail` is for people and exists in CPython only."""

    def __init__(self, kind: int, detail: str = "") -> None:
        self.kind = TrapKind(kind)
        self.detail = detail
        super().__init__(f"{self.kind.name}: {detail}" if detail else self.kind.name)


def unreachable() -> NoReturn:
    """Say that this point cannot be reached; traps (UNREACHABLE) if it is."""
    raise Trap(TrapKind.UNREACHABLE)


def trap_kind(error: BaseException) -> TrapKind | None:
    """The kind of trap that `error` stands for in CPython; None when it is not a trap but a mistake in the program."""
    if isinstance(error, Trap):
        return error.kind
    if isinstance(error, AssertionError):
        return TrapKind.ASSERT
    if isinstance(error, AttributeError) and error.obj is None:
        return TrapKind.NONE
    return None


@contextmanager
def expect_trap(kind: int) -> Generator[None]:
    """For tests: the body must end in a trap of `kind`, else AssertionError (other exceptions pass through)."""
    wanted = TrapKind(kind)
    try:
        yield
    except Exception as error:
        found = trap_kind(error)
        if found is None or found is wanted:
            if found is None:
                raise
            return
        raise AssertionError(f"expected the trap {wanted.name}, got {found.name}") from error
    raise AssertionError(f"expected the trap {wanted.name}, nothing trapped")
