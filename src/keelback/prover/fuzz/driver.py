"""Compiled with the kernel into one program, never imported by it: what hardware does to it, and random calls in bulk.

The first part is the kernel's insides as functions of plain numbers, so that steps (`steps`) can call them. `run` makes
random system calls, and lets random things happen in between, as fast as the machine can: nothing is compared, and who
calls it looks at the tables afterwards.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import limits, objects, syscalls
from keelback.abi import vcpu as vcpu_abi
from keelback.abi.signatures import ANY, SLOTS
from keelback.kernel import dispatch, entry, ticks, timers
from keelback.kernel.arch.aarch64.processor import present
from keelback.kernel.budgets import commit_charge
from keelback.kernel.faults import commit_fault
from keelback.kernel.objects import vcpu
from keelback.kernel.objects.interrupt import FIRST_LINE, commit_fire
from keelback.kernel.scheduler import commit_end_slice, this_core
from keelback.kernel.state import Core, Thread, interrupts, slots, threads, vcpus
from keelback.lang import Struct, SystemRegister, array, constants, inline, noinline, struct, u8, u32, u64, upto

COUNTER: Final = SystemRegister("cntpct_el0")
"""The board's counter: here it stands still until somebody writes it."""
TICKS: Final = 64
STATUS_COUNT: Final = 16
DRAWS: Final = 12
"""How often a slot is looked for that fits."""
NUMBER_COUNT: Final = syscalls.SYSTEM_CALL_COUNT + 1
"""All calls, and one that does not exist."""


def present_core(number: u32) -> None:
    """What happens from now on happens on this core."""
    present.number = number


def charge() -> None:
    """The present core returns to whom it runs, or sleeps: it uses another's time from now on, if it has to. As on the
    machine, nothing is looked at unless the kernel noted that it has to."""
    core = this_core()
    if core.turned and threads[core.current].charged != core.charged:
        commit_charge(core, threads[core.current].charged)
    core.turned = False


def first_window() -> None:
    """At boot: the present core's cyclic schedule begins, if it has one, and whoever is chosen runs."""
    this_core().turned = True
    ticks.commit_first_window(this_core())


def end_slice() -> None:
    """The present thread's time slice is over."""
    commit_end_slice(this_core())


def tick() -> None:
    """The kernel's timer fires. Who waits for a time still to come has been moved to the right queue by ticks before,
    so that this one finds those whose time has come."""
    core = this_core()
    now = COUNTER.read()
    for _ in upto(TICKS):
        if timers.is_due(core, now) and threads[timers.find_first_due(core, timers.find_next(core))].deadline > now:
            timers.find_expired(core, now)
    ticks.commit_tick(core)


def asked() -> None:
    """The interrupt with which another core asks for something."""
    entry.handle_asked(this_core())


def fault(kind: u64, address: u64, syndrome: u64, immediate: u64) -> None:
    """The present thread faults."""
    core = this_core()
    commit_fault(core, threads[core.current], kind, address, syndrome, immediate)


def guest_idles() -> None:
    """The guest that runs executes wfi."""
    core = this_core()
    vcpu.commit_idle(core, threads[core.current])


def guest_exits(access: u64, syndrome: u64) -> None:
    """The guest that runs exits to its monitor, leaving an access open (keelback.kernel.state, ACCESS_)."""
    thread = threads[this_core().current]
    vcpus[thread.guest].access = u8.truncate(access)
    vcpus[thread.guest].syndrome = syndrome
    vcpu.commit_exit(this_core(), thread.guest, thread, u64(vcpu_abi.FAULT))


# Random calls.


@struct
class Chance(Struct):
    """A generator of random numbers (xorshift, Marsaglia 2003)."""

    word: u64 = u64(1)


chance: Final = Chance()

outcomes: Final = array(u64, NUMBER_COUNT * STATUS_COUNT)
"""How often a call, by number and status, came back so."""

WORDS: Final = constants(
    u64, (0, 1, 2, 3, 4, 5, 6, 7, 30, 31, 32, 33, 63, 255, 256, 511, 512, 1019, 1020, 1 << 31, 1 << 32, (1 << 64) - 1)
)
"""Arguments at the edges of what calls take."""

ARGUMENT_COUNT: Final = 9
"""x0..x8."""
KINDS: Final = constants(
    u8,
    tuple(
        SLOTS.get(number, {}).get(register, (objects.NONE, 0))[0]
        for number in range(NUMBER_COUNT)
        for register in range(ARGUMENT_COUNT)
    ),
)
"""For each call and register: the kind of object whose slot it names, NONE for another number."""

# The log: what happened last, in entries of LOG_WORDS words: kind of happening | core << 8, then its numbers.
LOG_COUNT: Final = 4096
LOG_WORDS: Final = 12
CALL: Final = 0
END_SLICE: Final = 1
TICK: Final = 2
ASKED: Final = 3
FAULT: Final = 4
FIRE: Final = 5
GUEST_EXITS: Final = 6
TIME_PASSES: Final = 7

log: Final = array(u64, LOG_COUNT * LOG_WORDS)


@struct
class Log(Struct):
    """How many entries were written; the last LOG_COUNT of them are kept."""

    next: u64 = u64(0)


written: Final = Log()


@inline
def note(kind: u64, words: u64) -> u64:
    """Begin an entry of a kind; where its first number goes."""
    place = written.next % LOG_COUNT * LOG_WORDS
    written.next = written.next + 1
    log[place] = kind | u64(present.number) << 8
    log[place + 1] = words
    return place + 2


def draw(limit: u64) -> u64:
    """A random number below `limit`."""
    word = chance.word
    word = word ^ word << 13
    word = word ^ word >> 7
    word = word ^ word << 17
    chance.word = word
    return (word >> 11) % limit


def run(calls: u64, seed: u64) -> u64:
    """Random system calls from random cores, with events in between; stops early when nobody can run any more. How many
    calls were made."""
    if seed != 0:
        chance.word = seed
    made = u64(0)
    idle = u64(0)
    while made < calls and idle < 64:
        present.number = u32.truncate(draw(u64(limits.CORE_COUNT)))
        core = this_core()
        thread = threads[core.current]
        if core.current == 0 or thread.guest != 0 or draw(u64(16)) == 0:
            happen(core, thread)
            idle = idle + 1
        else:
            call(thread)
            made = made + 1
            idle = u64(0)
        charge()
    return made


@noinline
def call(thread: Thread) -> None:
    """A random call of the present thread."""
    registers = thread.context.registers
    number = draw(u64(NUMBER_COUNT))
    place = note(u64(CALL), number)
    for register in upto(ARGUMENT_COUNT):
        registers[register] = draw_argument(thread, KINDS[number * ARGUMENT_COUNT + register])
        log[place + register] = registers[register]
    dispatch.dispatch(number)
    status = registers[8]
    if status < STATUS_COUNT:
        outcomes[number * STATUS_COUNT + status] = outcomes[number * STATUS_COUNT + status] + 1


def draw_argument(thread: Thread, kind: u8) -> u64:
    """What a register gets: mostly a slot with an object of the kind that the call takes there, if it takes any."""
    if kind != objects.NONE and thread.slots_count != 0:
        for _ in upto(DRAWS):
            number = draw(u64(thread.slots_count))
            found = slots[u64(thread.slots_first) + number].kind
            if found == kind or (kind == ANY and found != objects.NONE):
                return number
        return draw(u64(thread.slots_count) + 2)
    return WORDS[draw(u64(len(WORDS)))] if draw(u64(2)) == 0 else draw(u64(24))


@noinline
def happen(core: Core, thread: Thread) -> None:
    """Something that is not a call."""
    kind = draw(u64(8))
    if thread.guest != 0 and kind < 5:
        access = draw(u64(4))
        syndrome = draw(u64(1 << 32))
        log[note(u64(GUEST_EXITS), access)] = syndrome
        guest_exits(access, syndrome)
    elif kind == 0 and core.current != 0 and thread.guest == 0:
        address = draw(u64(4096))
        log[note(u64(FAULT), u64(1))] = address
        fault(u64(1), address, u64(0), u64(0))
    elif kind == 1 and core.asked != 0:
        note(u64(ASKED), u64(0))
        asked()
    elif kind == 2:
        passed = draw(u64(4096))
        note(u64(TIME_PASSES), passed)
        COUNTER.write(COUNTER.read() + passed)
        note(u64(TICK), u64(0))
        COUNTER.write((COUNTER.read() >> timers.UNIT_BITS) + 1 << timers.UNIT_BITS)
        tick()
    elif kind == 3:
        note(u64(END_SLICE), u64(0))
        end_slice()
    elif kind > 3:
        fire(draw(u64(limits.INTERRUPT_COUNT)))


def fire(index: u64) -> None:
    """A device's interrupt, which cannot come twice before it was acknowledged."""
    if not interrupts[index].fired:
        note(u64(FIRE), index + FIRST_LINE)
        commit_fire(index + FIRST_LINE)
