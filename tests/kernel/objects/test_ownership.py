"""Random calls about ownership, in CPython and compiled for this machine: the same results and tables, counts that
agree, and pools that stay a tree."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest

from keelback.abi import errors, limits, objects, rights, syscalls
from keelback.compiler import HostProgram, Program
from keelback.kernel import state
from keelback.kernel.dispatch import dispatch
from keelback.kernel.objects.capability import LAST_GENERATION
from keelback.lang import to_bytes, u32, u64
from tests.kernel.objects.ownership import (
    CALLER,
    GRANT_SLOT,
    OWN_COUNT,
    ROOT,
    TABLE_SLOT,
    WATCHED,
    check_counts,
    clear,
    make_system,
    own,
)

DISPATCH = "keelback.kernel.dispatch.dispatch"
ROUNDS = 16
STEPS = 60
CALLS = (
    *(syscalls.CAPABILITY_COPY, syscalls.CAPABILITY_MINT, syscalls.CAPABILITY_DELETE, syscalls.CAPABILITY_MOVE),
    *(syscalls.CAPABILITY_CLEAR, syscalls.REVOKE, syscalls.DELEGATE),
    *2 * (syscalls.OBJECT_CREATE, syscalls.OBJECT_DESTROY, syscalls.OBJECT_GIVE, syscalls.OBJECT_TAKE),
    *(syscalls.OBJECT_CLAIM, syscalls.OBJECT_REVOKE),
)
KINDS = (
    *(objects.POOL, objects.CAPABILITY_TABLE, objects.FRAME, objects.PAGE_TABLE, objects.ADDRESS_SPACE),
    *(objects.THREAD, objects.ENDPOINT, objects.NOTIFICATION, objects.TIME, objects.REPLY, objects.GRANT),
)
TABLE_ARGUMENTS = (0, 0, 0, TABLE_SLOT)
SENSIBLE: dict[int, dict[int, Sequence[int]]] = {
    syscalls.CAPABILITY_COPY: {0: range(20, 32), 1: (rights.ALL,), 3: TABLE_ARGUMENTS},
    syscalls.CAPABILITY_MINT: {0: range(20, 32), 1: (rights.ALL,), 3: TABLE_ARGUMENTS},
    syscalls.CAPABILITY_MOVE: {0: range(20, 32), 1: TABLE_ARGUMENTS},
    syscalls.CAPABILITY_DELETE: {0: TABLE_ARGUMENTS},
    syscalls.CAPABILITY_CLEAR: {0: range(24), 8: (TABLE_SLOT, TABLE_SLOT, 9, 20)},
    syscalls.REVOKE: {},
    syscalls.DELEGATE: {
        0: (4, 5, 11, 20),
        1: range(20, 32),
        2: (rights.ALL,),
        3: TABLE_ARGUMENTS,
        8: (GRANT_SLOT, GRANT_SLOT, 20),
    },
}
ODD_WORDS = (0, 1, 2, 3, OWN_COUNT, 40, 255, 1 << 32, 1 << 63, u64.MAX)
SYMBOLS = {
    f"keelback.kernel.state.{name}": table for name, table in vars(state).items() if any(table is w for w in WATCHED)
}


@pytest.fixture(scope="module")
def compiled() -> HostProgram:
    return HostProgram(Program(root="keelback.kernel.main"))


def make_busy_system(chance: random.Random) -> None:
    """The system of `ownership`, with more objects, some of which live, and a caller that runs."""
    make_system()
    for kind, first, last in (
        (objects.FRAME, 1, 4),
        (objects.PAGE_TABLE, limits.SPACE_COUNT, limits.SPACE_COUNT + 3),
        (objects.ADDRESS_SPACE, 1, 3),
        (objects.THREAD, 2, 4),
        (objects.NOTIFICATION, 1, 4),
        (objects.TIME, 1, 3),
        (objects.REPLY, 1, 3),
        (objects.GRANT, 2, 4),
    ):
        for index in range(first, last):
            own(kind, index, chance.choice((ROOT, ROOT, 2, 3)), live=kind == objects.FRAME or chance.random() < 0.5)
    state.frames[1].dirty = u32(1)
    state.endpoints[1].header.generation = u32(LAST_GENERATION)
    state.threads[CALLER].state, state.threads[CALLER].rank = u32(state.READY), u32(10)
    clear(state.cores)
    state.cores[0].current = u32(CALLER)


def load(compiled: HostProgram) -> None:
    """Give the compiled kernel the tables of the one in CPython."""
    compiled.global_memory("keelback.kernel.state.cores")[:] = to_bytes(state.cores)
    for symbol, table in SYMBOLS.items():
        compiled.global_memory(symbol)[:] = to_bytes(table)


def choose(chance: random.Random) -> tuple[int, list[int]]:
    """A call, and its x0..x8."""
    number = chance.choice(CALLS)
    words = [chance.choice(ODD_WORDS) if chance.random() < 0.2 else chance.randrange(26) for _ in range(8)]
    if number >= syscalls.OBJECT_CREATE:
        kind = chance.choice(KINDS)
        first = limits.SPACE_COUNT if kind == objects.PAGE_TABLE else 0
        words[:4] = [kind, first + chance.randrange(6), chance.randrange(26), chance.randrange(1, 4)]
        return number, [*words, chance.choice((1, 1, 2, 3))]
    words.append(chance.randrange(26))
    if chance.random() < 0.7:
        for register, sensible in SENSIBLE[number].items():
            words[register] = chance.choice(sensible)
    return number, words


def call_both(compiled: HostProgram, number: int, words: list[int]) -> int:
    """The status, which must be the same, as the registers must."""
    registers = state.threads[CALLER].context.registers
    for index, word in enumerate(words):
        registers[index] = u64(word)
    symbol = "keelback.kernel.state.threads"
    start = CALLER * compiled.layouts[symbol].stride
    compiled.global_memory(symbol)[start : start + 8 * len(words)] = b"".join(w.to_bytes(8, "little") for w in words)
    dispatch(u64(number))
    compiled.call(DISPATCH, number)
    return int(registers[8])


def differences(compiled: HostProgram) -> list[str]:
    return [symbol for symbol, table in SYMBOLS.items() if bytes(compiled.global_memory(symbol)) != to_bytes(table)]


def check_tree() -> None:
    """From every pool that has an owner, owners lead to the root."""
    for pool in range(1, len(state.pools)):
        above, steps = int(state.pools[pool].header.owner), 0
        while above not in (0, ROOT):
            above, steps = int(state.pools[above].header.owner), steps + 1
            assert steps < len(state.pools), f"pool {pool} is in a ring of owners"


def check_generations() -> None:
    """No capability is ahead of its object."""
    tables: dict[int, Any] = {objects.POOL: state.pools, objects.ENDPOINT: state.endpoints, objects.GRANT: state.grants}
    for slot in (state.slots[number] for number in range(64)):
        if int(slot.kind) in tables:
            assert slot.generation <= tables[int(slot.kind)][slot.object].header.generation
        assert slot.grant_generation <= state.grants[slot.grant].header.generation


@pytest.mark.parametrize("seed", range(3))
def test_both_kernels_agree_about_who_owns_what(compiled: HostProgram, seed: int) -> None:
    chance = random.Random(seed)
    seen: dict[int, set[int]] = {number: set() for number in CALLS}
    for _ in range(ROUNDS):
        make_busy_system(chance)
        load(compiled)
        for _ in range(STEPS):
            number, words = choose(chance)
            before = [to_bytes(table) for table in WATCHED if table is not state.threads]
            status = call_both(compiled, number, words)
            seen[number].add(status)
            if status != errors.OK:
                assert before == [to_bytes(table) for table in WATCHED if table is not state.threads]
            check_counts()
            check_tree()
        assert differences(compiled) == []
        check_generations()
    assert [number for number, statuses in seen.items() if errors.OK not in statuses or len(statuses) == 1] == []
