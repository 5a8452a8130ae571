"""Random system calls, faults and interrupts, in CPython and compiled for this machine: never a trap, the invariants
hold after every step, and both end with the same bytes in every table."""

from __future__ import annotations

import random

import pytest

from keelback.abi import errors, syscalls
from keelback.compiler import HostProgram, Program
from keelback.kernel import state
from keelback.kernel.dispatch import dispatch
from keelback.kernel.faults import commit_fault
from keelback.kernel.objects.interrupt import commit_fire
from keelback.kernel.objects.notification import commit_signal
from keelback.kernel.scheduler import commit_end_slice
from keelback.lang import to_bytes, u32, u64
from tests.kernel.support import CLIENT, LINE, PRIORITIES, TABLES, check_invariants, current, make_system

STEPS = 500
NAMES = {
    "line_owners": "keelback.kernel.objects.interrupt.line_owners",
    "trace_records": "keelback.kernel.state.trace_records",
}

Step = tuple[str, tuple[int, ...]]
"""A function of the kernel by qualified name, and its arguments."""

WORDS = (0, 1, 2, 3, 20, 21, 31, 32, 33, 34, 44, 45, 47, 48, 63, 64, 255, 256, 1019, 1020, 1 << 31, 1 << 63, u64.MAX)


@pytest.fixture(scope="module")
def compiled() -> HostProgram:
    return HostProgram(Program(root="keelback.kernel.main"))


def run_in_python(name: str, words: tuple[int, ...]) -> None:
    """One step in CPython."""
    first, *rest = (u64(word) for word in (*words, 0))
    if name.endswith(".dispatch"):
        dispatch(first)
    elif name.endswith(".commit_fault"):
        kind, address, syndrome, immediate = rest[:4]
        commit_fault(u32(first), kind, address, syndrome, immediate)
    elif name.endswith(".commit_fire"):
        commit_fire(first)
    elif name.endswith(".commit_signal"):
        commit_signal(u32(first), rest[0])
    else:
        commit_end_slice()


def symbol_of(table: str) -> str:
    return NAMES.get(table, f"keelback.kernel.state.{table}")


def choose_step(chance: random.Random) -> Step:
    """What happens next: mostly a system call of the thread that runs."""
    thread = current()
    kind = chance.random()
    if thread == 0 or kind < 0.08:
        return "keelback.kernel.objects.notification.commit_signal", (
            chance.choice(list(PRIORITIES)),
            1 << chance.randrange(64),
        )
    if kind < 0.12:
        return "keelback.kernel.objects.interrupt.commit_fire", (LINE,)
    if kind < 0.16:
        return "keelback.kernel.scheduler.commit_end_slice", ()
    if state.threads[thread].guest != 0:
        return "keelback.kernel.objects.notification.commit_signal", (thread, 4)
    if kind < 0.19 and thread == CLIENT:
        return "keelback.kernel.faults.commit_fault", (thread, 1, 2, 3, 4)
    return "keelback.kernel.dispatch.dispatch", (chance.randrange(syscalls.SYSTEM_CALL_COUNT + 2),)


def choose_arguments(chance: random.Random) -> list[int]:
    """x0..x8 of a call."""
    words = [chance.choice(WORDS) if chance.random() < 0.7 else chance.randrange(70) for _ in range(8)]
    return [*words, chance.randrange(16) if chance.random() < 0.9 else chance.choice(WORDS)]


def load(compiled: HostProgram) -> None:
    """Give the compiled kernel the tables of the one in CPython."""
    for name, table in [*TABLES.items(), ("trace_records", state.trace_records)]:
        compiled.global_memory(symbol_of(name))[:] = to_bytes(table)


def differences(compiled: HostProgram) -> list[str]:
    """The tables in which the two kernels differ."""
    return [name for name, table in TABLES.items() if bytes(compiled.global_memory(symbol_of(name))) != to_bytes(table)]


def set_registers(compiled: HostProgram, thread: int, words: list[int]) -> None:
    """Set x0.. of a thread in both kernels."""
    stride = compiled.layouts[symbol_of("threads")].stride
    memory = compiled.global_memory(symbol_of("threads"))
    for number, word in enumerate(words):
        state.threads[thread].context.registers[number] = u64(word)
        start = thread * stride + number * 8
        memory[start : start + 8] = word.to_bytes(8, "little")


def restart_when_dead() -> bool:
    """Whether hardly anybody is left to do something, or every capability is used up."""
    stopped = sum(state.threads[index].state == state.STOPPED for index in PRIORITIES)
    return stopped >= len(PRIORITIES) - 1


@pytest.mark.parametrize("seed", range(5))
def test_both_kernels_agree_and_keep_their_invariants(compiled: HostProgram, seed: int) -> None:
    chance = random.Random(seed)
    load(compiled)
    seen: set[int] = set()
    for number in range(STEPS):
        if restart_when_dead() or number % 150 == 149:
            make_system()
            load(compiled)
        thread = current()
        name, arguments = choose_step(chance)
        if name.endswith("dispatch"):
            set_registers(compiled, thread, choose_arguments(chance))
        run_in_python(name, arguments)
        compiled.call(name, *arguments)
        check_invariants()
        if number % 50 == 0:
            assert differences(compiled) == [], f"step {number}: {name}{arguments}"
        if name.endswith("dispatch"):
            seen.add(int(state.threads[thread].context.registers[8]))
    assert differences(compiled) == []
    assert seen >= {errors.OK, errors.BAD_SLOT, errors.WRONG_KIND, errors.STATE}
