"""Every system call with every kind of wrong argument returns its own error and changes nothing.

What is expected here is taken from the pages of keelback.abi, not from the specification.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from keelback.abi import errors, objects, rights, syscalls, vcpu
from keelback.prover.fuzz import CompiledKernel
from keelback.prover.fuzz.boot import BootValues, start
from keelback.prover.state import Activity
from tests.kernel.specification.systems import SLOT_COUNT, Row, capability, make_system

CALLER, OTHER, SERVER = 1, 2, 3
PRIORITIES = [20, 10, 30]
HUGE = (1 << 64) - 1

OBJECTS = {
    objects.THREAD: OTHER,
    objects.ENDPOINT: CALLER,
    objects.NOTIFICATION: CALLER,
    objects.INTERRUPT: 1,
    objects.VCPU: 1,
    objects.TRACE: 1,
    objects.PLATFORM: 1,
}
"""Kind -> the object that the caller's capabilities of this kind name."""

NEEDS: dict[int, tuple[int | None, int]] = {
    syscalls.CALL: (objects.ENDPOINT, rights.WRITE),
    syscalls.RECEIVE: (objects.ENDPOINT, rights.READ),
    syscalls.REPLY_RECEIVE: (objects.ENDPOINT, rights.READ),
    syscalls.SIGNAL: (objects.NOTIFICATION, rights.WRITE),
    syscalls.WAIT: (objects.NOTIFICATION, rights.READ),
    syscalls.POLL: (objects.NOTIFICATION, rights.READ),
    syscalls.INTERRUPT_ACKNOWLEDGE: (objects.INTERRUPT, rights.CONTROL),
    syscalls.VCPU_RUN: (objects.VCPU, rights.CONTROL),
    syscalls.VCPU_READ: (objects.VCPU, rights.READ),
    syscalls.VCPU_WRITE: (objects.VCPU, rights.WRITE),
    syscalls.VCPU_INJECT: (objects.VCPU, rights.WRITE),
    syscalls.VCPU_RESET: (objects.VCPU, rights.CONTROL),
    syscalls.THREAD_STOP: (objects.THREAD, rights.CONTROL),
    syscalls.THREAD_START: (objects.THREAD, rights.CONTROL),
    syscalls.THREAD_READ: (objects.THREAD, rights.READ),
    syscalls.THREAD_WRITE: (objects.THREAD, rights.WRITE),
    syscalls.THREAD_RESUME: (objects.THREAD, rights.CONTROL),
    syscalls.CAPABILITY_COPY: (None, 0),
    syscalls.CAPABILITY_MINT: (None, rights.GRANT),
    syscalls.CAPABILITY_DELETE: (None, 0),
    syscalls.REVOKE: (None, rights.OWNER),
    syscalls.TRACE_READ: (objects.TRACE, rights.READ),
    syscalls.TRACE_CONTROL: (objects.TRACE, rights.CONTROL),
    syscalls.SYSTEM_OFF: (objects.PLATFORM, rights.CONTROL),
}
"""Call -> the kind and the right that x8 has to have; None: any kind."""

SLOT = 5
FREE = 6
TAKEN = 1


@dataclass(frozen=True)
class Case:
    """A call that is to be refused: what slot SLOT holds, x8, x0 and on, and the status."""

    number: int
    what: str
    status: int
    words: tuple[int, ...] = ()
    held: tuple[int, int, int, int, int] | None = None  # kind, object, rights, generation, badge
    slot: int = SLOT

    def boot(self) -> BootValues:
        """A system in which the caller runs and holds the capability."""
        slots: dict[tuple[int, int], Row] = {}
        if self.held is not None:
            kind, index, given, generation, badge = self.held
            slots[CALLER, SLOT] = capability(kind, index, given, generation, badge)
        once = {"generation": 1}
        return make_system(
            PRIORITIES,
            slots,
            threads={SERVER: {"state": Activity.STOPPED}, OTHER: once},
            endpoints={CALLER: once},
            notifications={CALLER: once},
            interrupts={1: {"line": 40, "notification": OTHER, "bits": 1, **once}},
            vcpus={1: {"thread": OTHER, "generation": 1}, 2: {"thread": CALLER, "generation": 1}},
            cores={0: {"trace_mask": 0, "trace_next": 0}},
        )


def living(kind: int, given: int = rights.ALL, index: int = 0, badge: int = 0) -> tuple[int, int, int, int, int]:
    """A live capability of this kind."""
    exists_once = kind in (objects.TRACE, objects.PLATFORM)
    return kind, index or OBJECTS[kind], given, 0 if exists_once else 1, badge


def wrong_capabilities() -> Iterator[Case]:
    """Each call with each kind of slot that it does not take."""
    for number, (wanted, right) in NEEDS.items():
        words = (FREE, rights.ALL) if wanted is None else ()
        for slot in (0, SLOT, SLOT_COUNT, SLOT_COUNT + SLOT, 1 << 32 | TAKEN, HUGE):
            yield Case(number, f"slot {slot:#x}", errors.BAD_SLOT, words, slot=slot)
        for kind in OBJECTS:
            if wanted not in (None, kind):
                yield Case(number, f"kind {kind}", errors.WRONG_KIND, words, living(kind))
                continue
            is_dead_harmless = number == syscalls.CAPABILITY_DELETE
            if kind not in (objects.TRACE, objects.PLATFORM) and not is_dead_harmless:
                dead = (kind, OBJECTS[kind], rights.ALL, 0, 0)
                yield Case(number, f"dead {kind}", errors.DEAD, words, dead)
            if right:
                yield Case(number, f"right of {kind}", errors.NO_RIGHT, words, living(kind, rights.ALL & ~right))


def wrong_destinations() -> Iterator[Case]:
    """Copying and minting to where there is no empty slot."""
    held = living(objects.NOTIFICATION)
    for number in (syscalls.CAPABILITY_COPY, syscalls.CAPABILITY_MINT):
        for destination in (0, SLOT_COUNT, SLOT_COUNT + FREE, 1 << 32 | FREE, HUGE):
            yield Case(number, f"to {destination:#x}", errors.BAD_SLOT, (destination, rights.ALL), held)
        for destination in (TAKEN, SLOT):
            yield Case(number, f"to taken {destination}", errors.OCCUPIED, (destination, rights.ALL), held)
    badged = living(objects.NOTIFICATION, badge=4)
    yield Case(syscalls.CAPABILITY_MINT, "of a badged one", errors.BAD_ARGUMENT, (FREE, rights.ALL, 8), badged)


def wrong_states() -> Iterator[Case]:
    """Objects in a state, or of an owner, for which the call makes no sense."""
    others_notification = (objects.NOTIFICATION, OTHER, rights.ALL, 0, 0)
    others_endpoint = (objects.ENDPOINT, OTHER, rights.ALL, 0, 0)
    yield Case(syscalls.CALL, "a lower server", errors.PRIORITY, held=others_endpoint)
    yield Case(syscalls.CALL, "itself", errors.PRIORITY, held=living(objects.ENDPOINT))
    yield Case(syscalls.CALL, "nobody", errors.PRIORITY, held=(objects.ENDPOINT, 5, rights.ALL, 0, 0))
    for number in (syscalls.RECEIVE, syscalls.REPLY_RECEIVE):
        yield Case(number, "another's", errors.STATE, held=others_endpoint)
    yield Case(syscalls.WAIT, "another's", errors.STATE, held=others_notification)
    yield Case(syscalls.INTERRUPT_ACKNOWLEDGE, "not fired", errors.STATE, held=living(objects.INTERRUPT))
    yield Case(syscalls.VCPU_RUN, "another's", errors.STATE, held=living(objects.VCPU))
    own = (objects.THREAD, CALLER, rights.ALL, 0, 0)
    for number in range(syscalls.THREAD_STOP, syscalls.THREAD_RESUME + 1):
        yield Case(number, "itself", errors.STATE, held=own)
    yield Case(syscalls.THREAD_WRITE, "ready", errors.STATE, held=living(objects.THREAD))
    yield Case(syscalls.THREAD_RESUME, "ready", errors.STATE, held=living(objects.THREAD))


def wrong_numbers() -> Iterator[Case]:
    """Register ids, interrupt ids, cores, actions and values that do not exist."""
    own = living(objects.VCPU, index=2)
    for actions in (4, HUGE, vcpu.WRITE_RESULT):
        yield Case(syscalls.VCPU_RUN, f"actions {actions:#x}", errors.BAD_ARGUMENT, (actions,), own)
    thread = living(objects.THREAD)
    for register in (34, 1 << 32, HUGE):
        for number in (syscalls.THREAD_READ, syscalls.THREAD_WRITE):
            yield Case(number, f"register {register:#x}", errors.BAD_ARGUMENT, (register,), thread)
    for register in (vcpu.REGISTER_COUNT, 1 << 32, HUGE):
        for number in (syscalls.VCPU_READ, syscalls.VCPU_WRITE):
            yield Case(number, f"register {register:#x}", errors.BAD_ARGUMENT, (register,), own)
    refused = {vcpu.PSTATE: (8, 9, 13, 0x10, 1 << 20, 1 << 32), vcpu.CNTVOFF: (1,), vcpu.PENDING: (0, 1)}
    for register, values in (refused | {vcpu.TIMER_INTERRUPT: (512, HUGE)}).items():
        for value in values:
            yield Case(syscalls.VCPU_WRITE, f"{register} = {value:#x}", errors.BAD_ARGUMENT, (register, value), own)
    for words in ((vcpu.INTID_LIMIT, 0), (HUGE, 0), (27, 256), (27, HUGE)):
        yield Case(syscalls.VCPU_INJECT, f"{words}", errors.BAD_ARGUMENT, words, own)
    for number in (syscalls.TRACE_READ, syscalls.TRACE_CONTROL):
        for core in (1, 1 << 32, HUGE):
            yield Case(number, f"core {core:#x}", errors.BAD_ARGUMENT, (core,), living(objects.TRACE))
    yield Case(syscalls.TRACE_READ, "not written yet", errors.BUSY, (0, 0), living(objects.TRACE))
    yield Case(syscalls.SYSTEM_OFF, "neither", errors.BAD_ARGUMENT, (2,), living(objects.PLATFORM))
    for number in (syscalls.SYSTEM_CALL_COUNT, 0xFFFF):
        yield Case(number, "no such call", errors.UNKNOWN_CALL, held=own)


CASES = [*wrong_capabilities(), *wrong_destinations(), *wrong_states(), *wrong_numbers()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.number}: {case.what}")
def test_is_refused_and_changes_nothing(kernel: CompiledKernel, case: Case) -> None:
    start(kernel, case.boot())
    for register, word in (*enumerate(case.words), (8, case.slot)):
        kernel.poke("threads", CALLER, "context.registers", word, register)
    before = kernel.bytes()
    assert kernel.peek("cores", 0, "current") == CALLER
    kernel.invoke("dispatch.dispatch", case.number)
    assert kernel.peek("threads", CALLER, "context.registers", 8) == case.status
    for register in (8, 9, 10):
        found = kernel.peek("threads", CALLER, "context.registers", register)
        assert register == 8 or found == 0
        kernel.poke("threads", CALLER, "context.registers", case.slot if register == 8 else 0, register)
    after = kernel.bytes()
    assert [name for name in before if before[name] != after[name]] == []


def test_every_call_is_tried() -> None:
    assert {case.number for case in CASES} >= set(range(1, syscalls.SYSTEM_CALL_COUNT))
