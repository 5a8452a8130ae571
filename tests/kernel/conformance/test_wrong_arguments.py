"""Every system call with every wrong slot in every register returns its own error and changes nothing.

What is expected is taken from keelback.abi, not from the specification. Other wrong arguments (foreign pools, objects
in use, entries and addresses outside) are tried by test_wrong_words, and are behaviours in the tests beside this one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from keelback.abi import errors, objects, rights, syscalls
from keelback.abi.signatures import ANY, SLOTS
from keelback.prover.fuzz.boot import start
from keelback.prover.fuzz.kernel import CompiledKernel
from tests.kernel.conformance.imported import ImportedKernel
from tests.kernel.conformance.world import (
    CORE_0,
    EMPTY,
    FRAME_1,
    GRANT_SLOT,
    INTERRUPT,
    PAGES_1,
    PLATFORM,
    REPLY_1,
    ROOT,
    SLOTS_EACH,
    SPACE_1,
    TABLE_8,
    THREADS,
    TIME_1,
    TRACE,
    VCPU_1,
    boot_of,
    endpoint,
    notification,
    thread,
)

CALLER = "low"
GOOD = {
    objects.POOL: ROOT,
    objects.CAPABILITY_TABLE: TABLE_8,
    objects.FRAME: FRAME_1,
    objects.PAGE_TABLE: PAGES_1,
    objects.ADDRESS_SPACE: SPACE_1,
    objects.THREAD: thread("high"),
    objects.ENDPOINT: endpoint(CALLER),
    objects.NOTIFICATION: notification(CALLER),
    objects.INTERRUPT: INTERRUPT,
    objects.VCPU: VCPU_1,
    objects.TRACE: TRACE,
    objects.PLATFORM: PLATFORM,
    objects.TIME: TIME_1,
    objects.REPLY: REPLY_1,
    objects.GRANT: GRANT_SLOT,
    objects.CORE: CORE_0,
    ANY: FRAME_1,
}
"""A slot with a live capability of each kind, with every right."""
LINKS = (syscalls.LINK, syscalls.UNLINK_ENTRY)
OPTIONAL = {
    **{(number, register): True for number, slots in SLOTS.items() for register in slots if register != 8},
    **dict.fromkeys(((syscalls.OBJECT_GIVE, 2), (syscalls.THREAD_CONFIGURE, 0), (syscalls.THREAD_CONFIGURE, 1)), False),
    **dict.fromkeys(((syscalls.THREAD_SCHEDULE, 0), (syscalls.TIME_CONFIGURE, 0), (syscalls.VCPU_CONFIGURE, 0)), False),
    **dict.fromkeys(
        ((syscalls.VCPU_CONFIGURE, 1), (syscalls.MAP, 1), (syscalls.LINK, 1), (syscalls.DELEGATE, 0)), False
    ),
}
"""Registers other than x8 in which 0 means no slot."""
NEVER_DEAD = (syscalls.CAPABILITY_COPY, syscalls.CAPABILITY_MINT, syscalls.CAPABILITY_MOVE, syscalls.CAPABILITY_DELETE)
"""Their x8 may be dead, as may x0 of DELEGATE."""
ZERO = (0,) * 8


@dataclass(frozen=True)
class Case:
    """A call that is to be refused: slot EMPTY of the caller holds (kind, object, rights, is dead), if anything."""

    number: int
    what: str
    status: int
    slot: int
    words: tuple[int, ...]
    held: tuple[int, int, int, bool] | None = None


def registers_of(number: int) -> list[int]:
    """x0..x8 with a good slot in each register that names one; DELETE and the like want a number of rights too."""
    words = [0] * 9
    for register, (kind, _) in SLOTS[number].items():
        words[register] = GOOD[kind]
    if number == syscalls.MAP:
        words[2] = 3
    if number == syscalls.OBJECT_GIVE:
        words[:2] = [objects.FRAME, 1]
    return words


def cases_of(number: int, register: int) -> Iterator[Case]:
    """What may be wrong with one register of one call."""
    wanted, right = SLOTS[number][register]
    right = 3 if (number, register) == (syscalls.MAP, 1) else right

    def case(what: str, status: int, slot: int, held: tuple[int, int, int, bool] | None = None) -> Case:
        words = registers_of(number)
        words[register] = slot
        return Case(number, f"x{register} {what}", status, words[8], tuple(words[:8]), held)

    outside = (EMPTY, SLOTS_EACH, 1 << 31, (1 << 64) - 1) if register != 8 else (EMPTY, SLOTS_EACH, (1 << 32) - 1)
    for slot in outside if OPTIONAL.get((number, register)) else (0, *outside):
        yield case(f"slot {slot:#x}", errors.BAD_SLOT, slot)
    for kind, slot in GOOD.items():
        is_right = kind in (wanted, ANY) or wanted == ANY or (number in LINKS and kind == objects.ADDRESS_SPACE)
        if not is_right:
            yield case(f"kind {kind}", errors.WRONG_KIND, slot)
    kind = objects.FRAME if wanted == ANY else wanted
    index = 5 if kind == objects.PAGE_TABLE else 1
    may_be_dead = (number in NEVER_DEAD and register == 8) or (number, register) == (syscalls.DELEGATE, 0)
    if not may_be_dead:
        yield case("dead", errors.DEAD, EMPTY, (kind, index, rights.ALL, True))
    for bit in (1, 2, 4, 8, 16):
        if right & bit:
            yield case(f"without right {bit}", errors.NO_RIGHT, EMPTY, (kind, index, rights.ALL & ~bit, False))


def deletes_in_other_tables(case: Case) -> bool:
    """CAPABILITY_DELETE looks for its x0 first, and its x8 names a slot of that table."""
    return case.number == syscalls.CAPABILITY_DELETE and case.what.startswith("x8")


SLOT_CASES = [
    case
    for number, slots in SLOTS.items()
    for register in slots
    for case in cases_of(number, register)
    if not deletes_in_other_tables(case)
]
PASSING_CASES = [
    Case(number, f"passes {what}", status, GOOD[kind] | slot << 32, ZERO, held)
    for number, kind in ((syscalls.CALL_PASS, objects.ENDPOINT), (syscalls.REPLY_PASS, objects.REPLY))
    for what, status, slot, held in (
        ("nothing", errors.BAD_SLOT, 0, None),
        ("an empty slot", errors.BAD_SLOT, EMPTY, None),
        ("outside", errors.BAD_SLOT, SLOTS_EACH, None),
        ("without the right", errors.NO_RIGHT, EMPTY, (objects.FRAME, 1, rights.ALL & ~rights.GRANT, False)),
    )
]
DELETE_CASES = [
    Case(syscalls.CAPABILITY_DELETE, f"x8 slot {slot:#x}", errors.BAD_SLOT, slot, (table, *ZERO[1:]))
    for table, count in ((0, SLOTS_EACH), (TABLE_8, 40))
    for slot in (0, EMPTY, count, 1 << 31, (1 << 32) - 1)
]
UNKNOWN = [Case(number, "unknown", errors.UNKNOWN_CALL, 0, ZERO) for number in (syscalls.SYSTEM_CALL_COUNT, 99, 0xFFFF)]
CASES = [*SLOT_CASES, *PASSING_CASES, *DELETE_CASES, *UNKNOWN]


def attempt(kernel: CompiledKernel | ImportedKernel, case: Case) -> int:
    """The status that the call gives."""
    index, place = THREADS[CALLER], (THREADS[CALLER] - 1) * SLOTS_EACH + EMPTY
    kind, target, given, is_dead = case.held or (0, 0, 0, False)
    for name, value in (("kind", kind), ("object", target), ("rights", given), ("generation", int(is_dead))):
        kernel.poke("slots", place, name, value)
    for number, word in enumerate((*case.words, case.slot, 0x99, 0xAA)):
        kernel.poke("threads", index, "context.registers", word, number)
    before = kernel.bytes() if isinstance(kernel, CompiledKernel) else {}
    kernel.invoke("dispatch.dispatch", case.number)
    status = kernel.peek("threads", index, "context.registers", 8)
    for number, word in ((8, case.slot), (9, 0x99), (10, 0xAA)):
        kernel.poke("threads", index, "context.registers", word, number)
    if isinstance(kernel, CompiledKernel):
        assert kernel.bytes() == before, f"call {case.number} was refused and changed something"
    return status


def tidy(kernel: ImportedKernel) -> None:
    """Take away what `attempt` put into the tables."""
    for name in ("kind", "object", "rights", "generation"):
        kernel.poke("slots", (THREADS[CALLER] - 1) * SLOTS_EACH + EMPTY, name, 0)
    for number in range(11):
        kernel.poke("threads", THREADS[CALLER], "context.registers", 0, number)


@pytest.fixture(scope="module")
def started(both_kernels: tuple[CompiledKernel, ImportedKernel]) -> tuple[CompiledKernel, ImportedKernel]:
    boot = boot_of((CALLER,), {}, {}, windows=False)
    for kernel in both_kernels:
        start(kernel, boot)
        kernel.enter(0, 0)
        kernel.poke("cores", 0, "trace_mask", 0)
    return both_kernels


@pytest.mark.parametrize("number", sorted({case.number for case in CASES}))
def test_wrong_arguments_are_refused_and_change_nothing(
    started: tuple[CompiledKernel, ImportedKernel], number: int
) -> None:
    compiled, imported = started
    tidy(imported)
    before = imported.bytes()
    for case in CASES:
        if case.number == number:
            assert attempt(compiled, case) == case.status, case
            assert attempt(imported, case) == case.status, case
    tidy(imported)
    after = imported.bytes()
    assert [name for name in after if after[name] != before[name]] == []


def test_there_are_many() -> None:
    assert len(CASES) > 1000
    assert {case.number for case in CASES} >= set(range(syscalls.SYSTEM_CALL_COUNT)) - WITHOUT_SLOTS - {syscalls.NULL}


WITHOUT_SLOTS = {
    *(syscalls.ACCEPT, syscalls.YIELD),
    *(syscalls.RECEIVE, syscalls.RECEIVE_UNTIL, syscalls.REPLY_RECEIVE),
}
