"""Which step comes next: mostly calls that make sense, some that do not."""

from __future__ import annotations

import random

from keelback.abi import objects, syscalls, vcpu
from keelback.prover.fuzz.steps import (
    Call,
    EndSlice,
    Fault,
    Fire,
    GuestExits,
    GuestHandles,
    GuestSleeps,
    RoomAppears,
    Step,
    TimerFires,
    component,
    guest,
)
from keelback.prover.state import Access, State, Thread

WORDS = (*range(5), *range(30, 36), *range(40, 50), 63, 255, 256, 1019, 1020, 1 << 31, 1 << 32, (1 << 64) - 1)
KIND_OF_CALL = {
    **dict.fromkeys((syscalls.CALL, syscalls.RECEIVE, syscalls.REPLY_RECEIVE), objects.ENDPOINT),
    **dict.fromkeys((syscalls.SIGNAL, syscalls.WAIT, syscalls.POLL), objects.NOTIFICATION),
    **dict.fromkeys(range(syscalls.VCPU_RUN, syscalls.VCPU_INJECT + 1), objects.VCPU),
    **dict.fromkeys(range(syscalls.THREAD_STOP, syscalls.THREAD_RESUME + 1), objects.THREAD),
    syscalls.INTERRUPT_ACKNOWLEDGE: objects.INTERRUPT,
    syscalls.VCPU_RESET: objects.VCPU,
    syscalls.TRACE_READ: objects.TRACE,
    syscalls.TRACE_CONTROL: objects.TRACE,
    syscalls.SYSTEM_OFF: objects.PLATFORM,
}
CALL_NUMBERS = (
    *range(syscalls.SYSTEM_CALL_COUNT + 1),
    *(syscalls.CALL, syscalls.REPLY_RECEIVE, syscalls.SIGNAL) * 4,
    *(syscalls.RECEIVE, syscalls.VCPU_RUN, syscalls.THREAD_START, syscalls.THREAD_RESUME) * 2,
)
ALL_ACTIONS = vcpu.SKIP | vcpu.WRITE_RESULT
TRACE_CALLS = (syscalls.TRACE_READ, syscalls.TRACE_CONTROL)
DELETIONS = (syscalls.CAPABILITY_DELETE, syscalls.REVOKE)


def choose_step(state: State, chance: random.Random) -> Step:
    """A step that is possible."""
    while True:
        step = _any_step(state, chance)
        if step.is_possible(state):
            return step


def _any_step(state: State, chance: random.Random) -> Step:
    thread = component(state)
    if thread is not None and chance.random() < 0.85:
        return _choose_call(state, thread, chance)
    if guest(state) is not None and chance.random() < 0.8:
        return _choose_guest_step(state, chance)
    event = chance.randrange(5)
    if event == 0:
        return Fire(chance.choice([interrupt.line for interrupt in state.interrupts.values()]))
    if event == 1:
        return Fault(chance.randrange(1, 9), *(chance.choice(WORDS) for _ in range(3)))
    if event == 2:
        return TimerFires(chance.choice(list(state.vcpus)))
    if event == 3:
        return RoomAppears(chance.choice(list(state.vcpus)))
    return EndSlice()


def _choose_guest_step(state: State, chance: random.Random) -> Step:
    running = guest(state)
    kind = chance.random()
    if running is not None and running.interrupts and kind < 0.3:
        return GuestHandles(chance.choice(list(running.interrupts)))
    if kind < 0.45:
        return GuestSleeps()
    return GuestExits(int(chance.choice(list(Access))), chance.getrandbits(32))


def _choose_call(state: State, thread: Thread, chance: random.Random) -> Call:
    guests = _own_guests(state, thread)
    if guests and chance.random() < 0.15:
        return Call(syscalls.VCPU_RUN, chance.choice(guests), (chance.choice((0, 0, vcpu.SKIP, ALL_ACTIONS)),))
    number = chance.choice(CALL_NUMBERS)
    if number in DELETIONS and chance.random() < 0.7:
        number = syscalls.SIGNAL
    slot = _choose_slot(state, thread, KIND_OF_CALL.get(number), chance)
    words = tuple(_choose_word(state, chance) for _ in range(chance.choice((0, 2, 3, 8))))
    if number in TRACE_CALLS and chance.random() < 0.8:
        words = (0, chance.choice((0, 1, 9, _choose_word(state, chance))))  # core 0, which there is
    return Call(number, slot, words)


def _own_guests(state: State, thread: Thread) -> list[int]:
    """Slots with vcpus that the thread may be able to run."""
    held = state.capabilities[thread.table].items()
    vcpus = [(number, capability.object) for number, capability in held if capability.kind == objects.VCPU]
    return [number for number, index in vcpus if state.vcpus[index].monitor == thread.index]


def _choose_slot(state: State, thread: Thread, kind: int | None, chance: random.Random) -> int:
    held = state.capabilities[thread.table]
    fitting = [number for number, capability in held.items() if kind is None or capability.kind == kind]
    if fitting and chance.random() < 0.9:
        return chance.choice(fitting)
    return chance.choice((0, chance.randrange(state.sizes.slots + 2), chance.choice(WORDS)))


def _choose_word(state: State, chance: random.Random) -> int:
    if chance.random() < 0.4:
        return chance.randrange(state.sizes.slots)
    return chance.choice(WORDS) if chance.random() < 0.8 else chance.getrandbits(64)
