"""A kernel with a bug is found out, and the program that shows it shrinks to a few steps. This guards the fuzzer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from keelback.abi import errors, rights, syscalls
from keelback.prover.fuzz import CompiledKernel, Statistics, find_failure, fuzz, render, shrink

REGISTERS = "context.registers"


class WrongKernel(CompiledKernel):
    """A kernel that does something more after certain calls that it did not refuse."""

    core: int = 0
    number: int = syscalls.NULL
    mistake: Callable[[WrongKernel, int], None]

    def enter(self, core: int, now: int) -> None:
        self.core = core
        super().enter(core, now)

    def invoke(self, name: str, *arguments: int) -> int:
        if name != "dispatch.dispatch" or arguments != (self.number,):
            return super().invoke(name, *arguments)
        caller = self.peek("cores", self.core, "current")
        destination, table = (self.peek("threads", caller, REGISTERS, register) for register in (0, 3))
        result = super().invoke(name, *arguments)
        if self.peek("threads", caller, REGISTERS, 8) == errors.OK:
            if self.number != syscalls.CAPABILITY_COPY:
                self.mistake(self, caller)
            elif table == 0:
                self.mistake(self, self.peek("threads", caller, "slots_first") + destination)
        return result


def keep_all_rights(kernel: CompiledKernel, slot: int) -> None:
    """A copy gets more rights than it should."""
    kernel.poke("slots", slot, "rights", rights.ALL)


def lose_the_caller(kernel: CompiledKernel, caller: int) -> None:
    """The server forgets whom it owes a reply."""
    server = kernel.peek("threads", caller, "server")
    kernel.poke("threads", server, "client", 0)


def leak_a_register(kernel: CompiledKernel, caller: int) -> None:
    """A register that the call has nothing to do with changes."""
    kernel.poke("threads", caller, REGISTERS, 1, 19)


def skip_the_queue(kernel: CompiledKernel, caller: int) -> None:
    """The bitmap forgets a priority."""
    assert isinstance(kernel, WrongKernel)
    for word in range(8):
        kernel.poke("cores", kernel.core, "ready", 0, word)


BUGS: list[tuple[int, Callable[[CompiledKernel, int], None]]] = [
    (syscalls.CAPABILITY_COPY, keep_all_rights),
    (syscalls.CALL, lose_the_caller),
    (syscalls.SIGNAL, leak_a_register),
    (syscalls.THREAD_START, skip_the_queue),
]


@pytest.fixture(scope="module")
def wrong_kernel() -> WrongKernel:
    return WrongKernel()


@pytest.mark.parametrize(("number", "mistake"), BUGS)
def test_is_found_and_shrunk(
    wrong_kernel: WrongKernel, number: int, mistake: Callable[[CompiledKernel, int], None]
) -> None:
    wrong_kernel.number, wrong_kernel.mistake = number, mistake
    failure = fuzz(wrong_kernel, 5, 6000, Statistics())
    assert failure is not None
    short = shrink(wrong_kernel, failure)
    assert len(short.steps) <= min(8, len(failure.steps))
    assert find_failure(wrong_kernel, short.boot, short.steps) is not None
    source = render(short, "found")
    compile(source, "found", "exec")
    assert all(repr(step) in source for step in short.steps)
