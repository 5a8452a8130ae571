"""Decorators leave functions callable and note what they said."""

from __future__ import annotations

from keelback.lang import asm, entry, hook, inline, naked, noinline, u64
from keelback.lang.assembly import Assembly, FunctionNotes, Naked, function_notes


@asm("add {result}, {left}, {right}")
def wrapping_sum(left: u64, right: u64) -> u64:
    return left.wrapping_add(right)


@asm("svc #4", clobbers=("memory",), registers={"slot": "x8", "word": "x0"}, results=("x0", "x1"))
def call(slot: u64, word: u64) -> tuple[u64, u64]:
    return word, slot


@naked("b {wrapping_sum}", symbol="vectors", section=".text.vectors", align=2048)
def vectors() -> None:
    """Never returns to Python."""


@entry("el2_irq")
@noinline
def handle_interrupt() -> u64:
    return u64(1)


@hook
@inline
def init() -> None:
    """Default: nothing to initialise."""


def plain() -> None:
    """Undecorated."""


def test_functions_stay_callable() -> None:
    assert wrapping_sum(u64(u64.MAX), u64(2)) == 1
    assert call(u64(3), u64(4)) == (u64(4), u64(3))
    assert handle_interrupt() == 1
    assert wrapping_sum.__name__ == "wrapping_sum"


def test_notes() -> None:
    assert function_notes(wrapping_sum).assembly == Assembly("add {result}, {left}, {right}")
    assert function_notes(call).assembly == Assembly("svc #4", ("memory",), {"slot": "x8", "word": "x0"}, ("x0", "x1"))
    assert function_notes(vectors) == FunctionNotes(naked=Naked("b {wrapping_sum}", "vectors", ".text.vectors", 2048))
    assert function_notes(plain) == FunctionNotes()


def test_decorators_combine() -> None:
    assert function_notes(handle_interrupt) == FunctionNotes(entry="el2_irq", inlining="never")
    assert function_notes(init) == FunctionNotes(hook=True, inlining="always")
