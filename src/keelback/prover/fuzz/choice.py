"""Which step comes next: mostly calls that make sense, some that do not.

Every program has a mood: some calls, and some of what is not a call, come more often in it. So what needs many steps of
a few sorts happens in some programs, instead of almost never in all of them.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from keelback.abi import objects, syscalls, vcpu
from keelback.abi.rights import GRANT
from keelback.abi.signatures import ANY, SLOTS, TABLE_ARGUMENT
from keelback.prover.fuzz.steps import (
    Asked,
    Call,
    EndSlice,
    Fault,
    Fire,
    GuestExits,
    GuestHandles,
    GuestSleeps,
    RoomAppears,
    Step,
    Tick,
    TimePasses,
    component,
    guest,
)
from keelback.prover.state import Access, Link, State, Thread

WORDS = (*range(8), *range(30, 36), *range(40, 50), 63, 255, 256, 511, 512, 1019, 1020, 1 << 31, 1 << 32, (1 << 64) - 1)
CALL_NUMBERS = (
    *range(syscalls.SYSTEM_CALL_COUNT + 1),
    *(syscalls.CALL, syscalls.REPLY_RECEIVE, syscalls.SIGNAL) * 8,
    *(syscalls.RECEIVE, syscalls.VCPU_RUN, syscalls.THREAD_START, syscalls.THREAD_RESUME) * 4,
    *(syscalls.MAP, syscalls.LINK, syscalls.REPLY_SAVE, syscalls.CALL_PASS) * 3,
)
BLOCKING = (
    *(syscalls.CALL, syscalls.CALL_PASS, syscalls.RECEIVE, syscalls.RECEIVE_UNTIL, syscalls.REPLY_RECEIVE),
    *(syscalls.WAIT, syscalls.WAIT_UNTIL, syscalls.VCPU_RUN),
)
WAKING = (syscalls.SIGNAL, syscalls.THREAD_RESUME, syscalls.THREAD_START, syscalls.REPLY, syscalls.ENDPOINT_CANCEL)
ALL_ACTIONS = vcpu.SKIP | vcpu.WRITE_RESULT
TRACE_CALLS = (syscalls.TRACE_READ, syscalls.TRACE_CONTROL)
PASSING = (syscalls.CALL_PASS, syscalls.REPLY_PASS)
ANSWERING = (syscalls.REPLY, syscalls.REPLY_PASS)
DELETIONS = (syscalls.CAPABILITY_DELETE, syscalls.CAPABILITY_CLEAR, syscalls.REVOKE, syscalls.OBJECT_REVOKE)
STOPS = (syscalls.THREAD_STOP, syscalls.OBJECT_DESTROY)
CALLING = (syscalls.CALL, syscalls.CALL_PASS)
SERVING = (syscalls.RECEIVE, syscalls.RECEIVE_UNTIL, syscalls.REPLY_RECEIVE)
LISTENING = (syscalls.WAIT, syscalls.WAIT_UNTIL)
DESTINATIONS = {
    **dict.fromkeys((syscalls.CAPABILITY_COPY, syscalls.CAPABILITY_MINT, syscalls.CAPABILITY_MOVE, syscalls.ACCEPT), 0),
    **dict.fromkeys((syscalls.OBJECT_CREATE, syscalls.OBJECT_CLAIM), 2),
    syscalls.DELEGATE: 1,
}
"""Call -> the register that names a slot to fill."""
ENTRIES = (0, 1, 2, 511, 512)
NUMBERS: dict[int, dict[int, tuple[int, ...]]] = {
    syscalls.CAPABILITY_COPY: {3: (0, 0, 5)},
    syscalls.CAPABILITY_MINT: {3: (0, 0, 5)},
    syscalls.CAPABILITY_MOVE: {1: (0, 0, 5)},
    syscalls.CAPABILITY_DELETE: {0: (0, 0, 5)},
    syscalls.CAPABILITY_CLEAR: {0: (0, 1, 13, 16, 28, 29, 31, 32, 33)},
    syscalls.DELEGATE: {3: (0, 0, 5)},
    syscalls.OBJECT_CREATE: {3: (2, 3)},
    syscalls.THREAD_SCHEDULE: {1: (1, 7, 64, 255), 2: (64, 255, 255)},
    syscalls.TIME_CONFIGURE: {1: (1023, 1024, 2000), 2: (1024, 2000, 5000), 3: (0, 1, 0x100, 0x101, 2)},
    syscalls.INTERRUPT_BIND: {1: (1, 1 << 63), 2: (0, 1, 2)},
    syscalls.VCPU_INJECT: {0: (0, 27, 32, 40, 1019), 1: (0, 128, 255)},
    syscalls.VCPU_READ: {0: tuple(range(vcpu.REGISTER_COUNT + 1))},
    syscalls.VCPU_WRITE: {0: tuple(range(vcpu.REGISTER_COUNT + 1))},
    syscalls.MAP: {0: ENTRIES, 2: (1, 3, 5, 7, 2)},
    syscalls.UNMAP: {0: ENTRIES},
    syscalls.LINK: {0: ENTRIES},
    syscalls.UNLINK_ENTRY: {0: ENTRIES},
    syscalls.THREAD_READ: {0: (0, 7, 30, 31, 32, 33, 34)},
    syscalls.THREAD_WRITE: {0: (0, 7, 30, 31, 32, 33, 34)},
}
"""Call -> register -> numbers that mean something there. Where the register names a slot, that mostly wins."""
OWNERSHIP = range(syscalls.OBJECT_CREATE, syscalls.OBJECT_REVOKE + 1)
TICKS = (1, 700, 1024, 3000)
TALK = (*CALLING, *SERVING, *ANSWERING, *LISTENING, syscalls.SIGNAL, syscalls.REPLY_SAVE)
GIFTS = (*CALLING, *SERVING, *ANSWERING, *PASSING, syscalls.ACCEPT, syscalls.REPLY_SAVE, syscalls.CAPABILITY_DELETE)
CAPABILITIES = (*range(syscalls.CAPABILITY_COPY, syscalls.REVOKE + 1), *DELETIONS, syscalls.DELEGATE)
GUESTS = (*(syscalls.VCPU_RUN, syscalls.VCPU_WRITE) * 3, *range(syscalls.VCPU_READ, syscalls.VCPU_INJECT + 1))
MEMORY = (*range(syscalls.FRAME_CLEAR, syscalls.LINK + 1), syscalls.UNLINK, syscalls.UNLINK_ENTRY)
THREADS = (
    *(syscalls.THREAD_STOP, syscalls.THREAD_START, syscalls.THREAD_RESUME, syscalls.THREAD_WRITE),
    *range(syscalls.THREAD_CONFIGURE, syscalls.ENDPOINT_CANCEL + 1),
)
"""Calls that have to do with each other."""


@dataclass(frozen=True)
class Mood:
    """How often something happens that is no call; the calls that are made more often, and how much."""

    events: float
    favourites: tuple[int, ...]
    eagerness: float


PLAIN = Mood(0.08, (), 0.0)


def make_mood(chance: random.Random) -> Mood:
    """The mood of a program."""
    sorts = (TALK, GIFTS, THREADS, CAPABILITIES, GUESTS, tuple(OWNERSHIP), tuple(MEMORY))
    favourites = chance.choice(((), (), *sorts, None))
    if favourites is None:
        favourites = tuple(chance.sample(range(syscalls.SYSTEM_CALL_COUNT), 6))
    return Mood(chance.choice((0.05, 0.08, 0.3, 0.5)), favourites, chance.choice((0.3, 0.6)))


def choose_step(state: State, chance: random.Random, mood: Mood = PLAIN) -> Step:
    """A step that is possible; leaves `state.here` on its core."""
    while True:
        state.here = _choose_core(state, chance)
        step = _any_step(state, chance, mood)
        if step.is_possible(state):
            return step


def _choose_core(state: State, chance: random.Random) -> int:
    """Mostly a core where a component runs, which can make a call."""
    cores = list(state.cores)
    if chance.random() < 0.9:
        cores = [number for number in cores if _runs_component(state, number)] or cores
    return chance.choice(cores)


def _runs_component(state: State, core: int) -> bool:
    thread = state.threads.get(state.cores[core].current)
    return thread is not None and not thread.guest


def _any_step(state: State, chance: random.Random, mood: Mood) -> Step:
    thread = component(state)
    if thread is not None and chance.random() > mood.events:
        return _choose_call(state, thread, chance, mood)
    if guest(state) is not None and chance.random() < 0.8:
        return _choose_guest_step(state, chance)
    return _choose_event(state, chance, mood)


def _choose_event(state: State, chance: random.Random, mood: Mood) -> Step:
    here, event = state.here, chance.randrange(8)
    if event == 0:
        return Fire(chance.choice([interrupt.line for interrupt in state.interrupts.values()]), core=here)
    if event == 1 and state.ready and chance.random() < 0.2 + mood.events:
        return Fault(chance.randrange(1, 9), *(chance.choice(WORDS) for _ in range(3)), core=here)
    if event == 2:
        return RoomAppears(chance.choice(list(state.vcpus) or [0]), core=here)
    if event in (3, 4):
        return TimePasses(chance.choice(TICKS), core=here)
    if event == 5:
        return EndSlice(core=here)
    return Asked(core=here) if event == 6 else Tick(core=here)


def _choose_guest_step(state: State, chance: random.Random) -> Step:
    running = guest(state)
    kind = chance.random()
    if running is not None and running.interrupts and kind < 0.3:
        return GuestHandles(chance.choice(list(running.interrupts)), core=state.here)
    if kind < 0.45:
        return GuestSleeps(core=state.here)
    return GuestExits(int(chance.choice(list(Access))), chance.getrandbits(32), core=state.here)


def _choose_call(state: State, thread: Thread, chance: random.Random, mood: Mood) -> Call:
    guests = _own_guests(state, thread)
    is_last = not state.ready and not any(_runs_component(state, core) for core in state.cores if core != state.here)
    if guests and not is_last and chance.random() < 0.1:
        actions = (chance.choice((0, 0, vcpu.SKIP, ALL_ACTIONS)),)
        return Call(syscalls.VCPU_RUN, chance.choice(guests), actions, core=state.here)
    number = chance.choice(ANSWERING if state.replies and chance.random() < 0.2 else CALL_NUMBERS)
    is_favoured = bool(mood.favourites) and chance.random() < mood.eagerness
    if is_favoured:
        number = chance.choice(mood.favourites)
    elif (number in DELETIONS and chance.random() < 0.7) or (number in STOPS and chance.random() < 0.4):
        number = syscalls.SIGNAL
    if is_last and number in BLOCKING and chance.random() < 0.95:
        number = chance.choice(WAKING)
    words = [_choose_word(state, chance) for _ in range(chance.choice((4, 4, 8)))]
    for register, choices in NUMBERS.get(number, {}).items():
        if chance.random() < 0.85:
            words[register] = chance.choice(choices)
    for register, (kind, right) in SLOTS.get(number, {}).items():
        if register < len(words) and chance.random() < (0.3 if (kind, right) == TABLE_ARGUMENT else 0.9):
            words[register] = _choose_slot(state, thread, kind, right, chance)
    if number in DESTINATIONS and chance.random() < 0.8:
        words[DESTINATIONS[number]] = _choose_empty(state, thread, chance)
    if number in TRACE_CALLS and chance.random() < 0.8:
        words[:2] = chance.randrange(state.sizes.cores), chance.choice((0, 1, 9, _choose_word(state, chance)))
    if number in OWNERSHIP and chance.random() < 0.9:
        words[:2] = _choose_object(state, thread, chance)
    slot = _choose_own(state, thread, number, chance)
    if number == syscalls.UNLINK_ENTRY and chance.random() < 0.7:
        slot, words[0] = _choose_link(state, thread, chance) or (slot, words[0])
    if number in PASSING:
        slot |= _choose_slot(state, thread, ANY, GRANT, chance) << 32 & (1 << 64) - 1
    return Call(number, slot, tuple(words), core=state.here)


def _choose_own(state: State, thread: Thread, number: int, chance: random.Random) -> int:
    """x8: mostly what the call takes there, and where only one object will do, mostly that."""
    kind, right = SLOTS.get(number, {}).get(8, (ANY, 0))
    if chance.random() < 0.7:
        wanted = _useful_objects(state, thread, number)
        held = state.capabilities.get(thread.table, {}).items()
        fitting = [slot for slot, capability in held if capability.kind == kind and capability.object in wanted]
        if fitting:
            return chance.choice(fitting)
    return _choose_slot(state, thread, kind, right, chance)


def _choose_link(state: State, thread: Thread, chance: random.Random) -> tuple[int, int] | None:
    """A slot with a translation table, and an entry of it that points to another; None without one."""
    held = state.capabilities.get(thread.table, {}).items()
    tables = [
        (slot, state.translations[capability.object].entries)
        for slot, capability in held
        if capability.kind in (objects.ADDRESS_SPACE, objects.PAGE_TABLE) and capability.object in state.translations
    ]
    links = [(slot, number) for slot, entries in tables for number, entry in entries.items() if isinstance(entry, Link)]
    return chance.choice(links) if links else None


def _useful_objects(state: State, thread: Thread, number: int) -> list[int]:
    """Objects with which a call has a chance, where that is only few of their kind."""
    if number in LISTENING:
        return [thread.notification]
    if number in ANSWERING:
        return list(state.replies)
    return _servers_above(state, thread) if number in CALLING else []


def _servers_above(state: State, thread: Thread) -> list[int]:
    """Endpoints that the thread may call: their servers have higher priorities."""
    served = ((index, state.threads.get(endpoint.server)) for index, endpoint in state.endpoints.items())
    return [index for index, server in served if server is not None and server.priority > thread.priority]


def _own_guests(state: State, thread: Thread) -> list[int]:
    """Slots with the vcpu that the thread may be able to run."""
    held = state.capabilities.get(thread.table, {}).items()
    if not thread.vcpu:
        return []
    return [number for number, held in held if held.kind == objects.VCPU and held.object == thread.vcpu]


def _choose_object(state: State, thread: Thread, chance: random.Random) -> tuple[int, int]:
    """Kind and index of an object; mostly one whose pool the thread holds."""
    held = state.capabilities.get(thread.table, {}).values()
    pools = {capability.object for capability in held if capability.kind == objects.POOL}
    names = [name for name, known in state.objects.items() if known.owner in pools]
    if chance.random() < 0.05:
        kind, _ = chance.choice(list(state.objects))
        return kind, 1 + max(index for known, index in state.objects if known == kind)
    return chance.choice(names if names and chance.random() < 0.9 else list(state.objects))


def _choose_slot(state: State, thread: Thread, kind: int, right: int, chance: random.Random) -> int:
    """A slot, mostly with what is wanted."""
    held = state.capabilities.get(thread.table, {})
    fitting = [number for number, capability in held.items() if kind in (ANY, capability.kind)]
    if chance.random() < 0.8:
        fitting = [number for number in fitting if held[number].rights & right == right] or fitting
    if fitting and chance.random() < 0.95:
        return chance.choice(fitting)
    count = state.tables.get(thread.table, 0)
    return chance.choice((0, chance.randrange(40), count, count + 1, chance.choice(WORDS)))


def _choose_empty(state: State, thread: Thread, chance: random.Random) -> int:
    """An empty slot of the thread's table."""
    held = state.capabilities.get(thread.table, {})
    empty = [number for number in range(1, state.tables.get(thread.table, 0)) if number not in held]
    return chance.choice(empty or [0])


def _choose_word(state: State, chance: random.Random) -> int:
    kind = chance.random()
    if kind < 0.4:
        return chance.randrange(32)
    if kind < 0.5:
        return max(0, state.now + chance.choice((-1, 0, 1, 1000, 5000)))
    return chance.choice(WORDS) if kind < 0.9 else chance.getrandbits(64)
