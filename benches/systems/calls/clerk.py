"""Makes each system call that `benches/systems/ipc` does not, many times, between marker instructions.

Which number is which span comes from benches/calls.py. The clerk makes all objects that it needs in its pool and ends
them again; its caller, below it, calls so that there is somebody to answer. An unexpected answer is a trap, and the run
fails. Prints nothing.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import errors, mappings, messages, objects, rights
from keelback.abi import syscalls as numbers
from keelback.abi import trace as tracing
from keelback.lang import asm, noinline, parameter, u64, upto
from keelback.user.runtime import counter, gates, object_gates
from keelback.user.runtime import object_calls as calls

ROUNDS: Final = parameter("rounds", 0)
IS_CALLER: Final = parameter("is_caller", 0)
SERVICE_SLOT: Final = parameter("service_slot", 0)
TRACE_SLOT: Final = parameter("trace_slot", 0)
PLATFORM_SLOT: Final = parameter("platform_slot", 0)
POOL_SLOT: Final = parameter("pool_slot", 0)
SPACE_SLOT: Final = parameter("space_slot", 0)
CORE_SLOT: Final = parameter("core_0_slot", 0)
WINDOW_ENTRY: Final = parameter("pool_window_entry", 0)
ENDPOINT: Final = messages.OWN_ENDPOINT_SLOT
NOTIFICATION: Final = messages.OWN_NOTIFICATION_SLOT
OWN: Final = 0
PRIORITY: Final = 5
TICKS: Final = 1_000_000
GUEST_INTERRUPT: Final = 40

SPARE: Final = parameter("first_spare_slot", 0)
POOL: Final = SPARE
THREAD: Final = SPARE + 1
SPACE: Final = SPARE + 2
TABLE: Final = SPARE + 3
SERVED: Final = SPARE + 4
NEWS: Final = SPARE + 5
REPLY: Final = SPARE + 6
GRANT: Final = SPARE + 7
TIME: Final = SPARE + 8
VCPU: Final = SPARE + 9
GUEST_SPACE: Final = SPARE + 10
LINE: Final = SPARE + 11
UPPER: Final = SPARE + 12
LOWER: Final = SPARE + 13
FRAME: Final = SPARE + 14
EMPTY: Final = SPARE + 15
BELL: Final = SPARE + 16
"""The own notification, with a badge, so that signals have a bit."""

FIRST_POOL: Final = parameter("pool_first_pool", 0)
FIRST_THREAD: Final = parameter("pool_first_thread", 0)
FIRST_SPACE: Final = parameter("pool_first_space", 0)
FIRST_TABLE: Final = parameter("pool_first_table", 0)
FIRST_ENDPOINT: Final = parameter("pool_first_endpoint", 0)
FIRST_NOTIFICATION: Final = parameter("pool_first_notification", 0)
FIRST_REPLY: Final = parameter("pool_first_reply", 0)
FIRST_GRANT: Final = parameter("pool_first_grant", 0)
FIRST_TIME: Final = parameter("pool_first_time", 0)
FIRST_VCPU: Final = parameter("pool_first_vcpu", 0)
FIRST_INTERRUPT: Final = parameter("pool_first_interrupt", 0)
FIRST_PAGE_TABLE: Final = parameter("pool_first_page_table", 0)
FIRST_FRAME: Final = parameter("pool_first_frame", 0)

# plugin/count.c: the marker's immediate holds the span, so there is one marker for each, 8 bytes apart.
MARKERS: Final = """adr x16, 1f
add x16, x16, {{span}}, lsl #3
br x16
.set number, 0
1: .rept 64
movz xzr, #({kind} + number)
b 2f
.set number, number + 1
.endr
2:"""


@asm(MARKERS.format(kind=0x1100), clobbers=("x16", "memory"))
def mark_begin(span: u64) -> None:
    """Spans are system calls' numbers, all below 64."""


@asm(MARKERS.format(kind=0x1200), clobbers=("x16", "memory"))
def mark_end(span: u64) -> None:
    """As above."""


@noinline
def begin(call: u64) -> None:
    """What runs from here on is this call."""
    assert call < 64
    mark_begin(call)


@noinline
def end(call: u64, status: u64) -> None:
    """The end of a call, which has to have worked."""
    assert call < 64
    mark_end(call)
    assert status == errors.OK


def init() -> None:
    """Play the role; the clerk switches the machine off."""
    if IS_CALLER != 0:
        while True:
            gates.call(u64(SERVICE_SLOT), u64(0), u64(0), u64(0), u64(0), u64(0), u64(0), u64(0), u64(0))
    make_all()
    for _ in upto(ROUNDS):
        hear()
        answer()
        own_and_hand_on()
        use_memory()
        run_threads()
        run_guest()
        trace()
    gates.system_off(u64(PLATFORM_SLOT), u64(numbers.OFF), u64(0))


def make(kind: u64, index: u64, slot: u64) -> None:
    """Make an object in the pool; a page table is of level 2."""
    assert calls.object_create(u64(POOL_SLOT), kind, index, slot, u64(2)) == errors.OK


def make_all() -> None:
    """Everything that the calls are about."""
    make(u64(objects.POOL), u64(FIRST_POOL), u64(POOL))
    make(u64(objects.THREAD), u64(FIRST_THREAD), u64(THREAD))
    make(u64(objects.ADDRESS_SPACE), u64(FIRST_SPACE), u64(SPACE))
    make(u64(objects.ADDRESS_SPACE), u64(FIRST_SPACE + 1), u64(GUEST_SPACE))
    make(u64(objects.CAPABILITY_TABLE), u64(FIRST_TABLE), u64(TABLE))
    make(u64(objects.ENDPOINT), u64(FIRST_ENDPOINT), u64(SERVED))
    make(u64(objects.NOTIFICATION), u64(FIRST_NOTIFICATION), u64(NEWS))
    make(u64(objects.REPLY), u64(FIRST_REPLY), u64(REPLY))
    make(u64(objects.GRANT), u64(FIRST_GRANT), u64(GRANT))
    make(u64(objects.TIME), u64(FIRST_TIME), u64(TIME))
    make(u64(objects.VCPU), u64(FIRST_VCPU), u64(VCPU))
    make(u64(objects.INTERRUPT), u64(FIRST_INTERRUPT), u64(LINE))
    make(u64(objects.PAGE_TABLE), u64(FIRST_PAGE_TABLE), u64(UPPER))
    level = u64(3)
    pool = u64(POOL_SLOT)
    kind = u64(objects.PAGE_TABLE)
    assert calls.object_create(pool, kind, u64(FIRST_PAGE_TABLE + 1), u64(LOWER), level) == errors.OK
    assert calls.object_claim(pool, u64(objects.FRAME), u64(FIRST_FRAME), u64(FRAME)) == errors.OK
    own = u64(NOTIFICATION)
    assert calls.capability_mint(own, u64(BELL), u64(rights.WRITE), u64(1), u64(OWN)) == errors.OK
    assert calls.link_table(u64(SPACE_SLOT), u64(WINDOW_ENTRY), u64(UPPER)) == errors.OK


def hear() -> None:
    """Events that are there already, in every way of waiting for them."""
    own = u64(NOTIFICATION)
    begin(u64(numbers.POLL))
    status, _ = gates.poll(own)
    end(u64(numbers.POLL), status)
    assert gates.signal(u64(BELL)) == errors.OK
    begin(u64(numbers.WAIT))
    status, _ = gates.wait(own)
    end(u64(numbers.WAIT), status)
    later = counter() + TICKS
    assert gates.signal(u64(BELL)) == errors.OK
    begin(u64(numbers.WAIT_UNTIL))
    status, _, _ = gates.wait_until(own, later)
    end(u64(numbers.WAIT_UNTIL), status)
    assert gates.signal(u64(BELL)) == errors.OK
    begin(u64(numbers.RECEIVE))
    status, _, _, _, _, _, _, _, _, _, _ = gates.receive()
    end(u64(numbers.RECEIVE), status)
    assert gates.signal(u64(BELL)) == errors.OK
    begin(u64(numbers.RECEIVE_UNTIL))
    status, _, _, _, _, _, _, _, _, _, _ = gates.receive_until(later)
    end(u64(numbers.RECEIVE_UNTIL), status)
    zero = u64(0)
    begin(u64(numbers.YIELD))
    status, _, _, _, _ = object_gates.yield_(zero, zero, zero, zero, zero)
    end(u64(numbers.YIELD), status)


def answer() -> None:
    """Two calls of the caller, answered later, the second with a capability."""
    zero = u64(0)
    begin(u64(numbers.ACCEPT))
    status, _, _, _, _ = object_gates.accept(zero, zero, zero, zero, zero)
    end(u64(numbers.ACCEPT), status)
    save()
    begin(u64(numbers.REPLY))
    status, _, _, _, _, _, _, _, _, _, _ = gates.reply(u64(REPLY), zero, zero, zero, zero, zero, zero, zero, zero)
    end(u64(numbers.REPLY), status)
    save()
    both = u64(NOTIFICATION << 32 | REPLY)
    begin(u64(numbers.REPLY_PASS))
    status, _, _, _, _, _, _, _, _, _, _ = gates.reply_pass(both, zero, zero, zero, zero, zero, zero, zero, zero)
    end(u64(numbers.REPLY_PASS), status)


def save() -> None:
    """Wait for a call, and put off its answer."""
    zero = u64(0)
    status, _, kind, _, _, _, _, _, _, _, _ = gates.receive()
    assert status == errors.OK and kind == messages.MESSAGE
    begin(u64(numbers.REPLY_SAVE))
    status, _, _, _, _ = object_gates.reply_save(u64(REPLY), zero, zero, zero, zero)
    end(u64(numbers.REPLY_SAVE), status)


def own_and_hand_on() -> None:
    """A notification to a pool below and back; a capability through a grant; an empty table."""
    pool = u64(POOL_SLOT)
    kind = u64(objects.NOTIFICATION)
    index = u64(FIRST_NOTIFICATION)
    zero = u64(0)
    begin(u64(numbers.OBJECT_GIVE))
    status, _, _, _, _ = object_gates.object_give(pool, kind, index, u64(POOL), zero)
    end(u64(numbers.OBJECT_GIVE), status)
    begin(u64(numbers.OBJECT_TAKE))
    status, _, _, _, _ = object_gates.object_take(pool, kind, index, zero, zero)
    end(u64(numbers.OBJECT_TAKE), status)
    begin(u64(numbers.OBJECT_REVOKE))
    status, _, _, _, _ = object_gates.object_revoke(pool, kind, index, zero, zero)
    end(u64(numbers.OBJECT_REVOKE), status)
    assert calls.capability_delete(u64(NEWS), u64(OWN)) == errors.OK
    assert calls.object_claim(pool, kind, index, u64(NEWS)) == errors.OK
    begin(u64(numbers.DELEGATE))
    status, _, _, _, _ = object_gates.delegate(u64(GRANT), u64(NEWS), u64(EMPTY), u64(rights.WRITE), zero)
    end(u64(numbers.DELEGATE), status)
    assert calls.capability_delete(u64(EMPTY), u64(OWN)) == errors.OK
    begin(u64(numbers.CAPABILITY_CLEAR))
    status, _, _, _, _ = object_gates.capability_clear(u64(TABLE), u64(1), zero, zero, zero)
    end(u64(numbers.CAPABILITY_CLEAR), status)


def use_memory() -> None:
    """A table linked and unlinked in both ways; a frame that was writable, cleared."""
    zero = u64(0)
    begin(u64(numbers.LINK))
    status, _, _, _, _ = object_gates.link(u64(UPPER), zero, u64(LOWER), zero, zero)
    end(u64(numbers.LINK), status)
    assert calls.map_frame(u64(LOWER), zero, u64(FRAME), u64(mappings.READ | mappings.WRITE)) == errors.OK
    begin(u64(numbers.UNLINK_ENTRY))
    status, _, _, _, _ = object_gates.unlink_entry(u64(UPPER), zero, zero, zero, zero)
    end(u64(numbers.UNLINK_ENTRY), status)
    assert calls.link_table(u64(UPPER), zero, u64(LOWER)) == errors.OK
    begin(u64(numbers.UNLINK))
    status, _, _, _, _ = object_gates.unlink(u64(LOWER), zero, zero, zero, zero)
    end(u64(numbers.UNLINK), status)
    assert calls.unmap(u64(LOWER), zero) == errors.OK
    begin(u64(numbers.FRAME_CLEAR))
    status, _, _, _, _ = object_gates.frame_clear(u64(FRAME), zero, zero, zero, zero)
    end(u64(numbers.FRAME_CLEAR), status)
    begin(u64(numbers.FRAME_INFO))
    status, _, _, _, _ = object_gates.frame_info(u64(FRAME), zero, zero, zero, zero)
    end(u64(numbers.FRAME_INFO), status)


def run_threads() -> None:
    """A thread of a lower priority: bound to everything, started, stopped, resumed; it never gets to run."""
    bind_thread()
    thread = u64(THREAD)
    zero = u64(0)
    begin(u64(numbers.THREAD_WRITE))
    status, _, _ = gates.thread_write(thread, zero, zero)
    end(u64(numbers.THREAD_WRITE), status)
    begin(u64(numbers.THREAD_READ))
    status, _, _ = gates.thread_read(thread, zero, zero)
    end(u64(numbers.THREAD_READ), status)
    begin(u64(numbers.THREAD_START))
    status, _, _, _ = gates.thread_start(thread, zero, zero, zero)
    end(u64(numbers.THREAD_START), status)
    begin(u64(numbers.THREAD_STOP))
    status = gates.thread_stop(thread)
    end(u64(numbers.THREAD_STOP), status)
    begin(u64(numbers.THREAD_RESUME))
    status = gates.thread_resume(thread)
    end(u64(numbers.THREAD_RESUME), status)
    assert gates.thread_stop(thread) == errors.OK
    assert calls.thread_bind(thread, zero) == errors.OK
    assert calls.thread_give_time(thread, zero) == errors.OK
    assert calls.endpoint_bind(u64(SERVED), zero) == errors.OK


def bind_thread() -> None:
    """What a thread needs to run, and what it may have."""
    thread = u64(THREAD)
    zero = u64(0)
    begin(u64(numbers.THREAD_CONFIGURE))
    status, _, _, _, _ = object_gates.thread_configure(thread, u64(SPACE), u64(TABLE), u64(ENDPOINT), zero)
    end(u64(numbers.THREAD_CONFIGURE), status)
    begin(u64(numbers.THREAD_SCHEDULE))
    status, _, _, _, _ = object_gates.thread_schedule(thread, u64(CORE_SLOT), u64(PRIORITY), u64(PRIORITY), zero)
    end(u64(numbers.THREAD_SCHEDULE), status)
    begin(u64(numbers.THREAD_BIND))
    status, _, _, _, _ = object_gates.thread_bind(thread, u64(NEWS), zero, zero, zero)
    end(u64(numbers.THREAD_BIND), status)
    begin(u64(numbers.TIME_CONFIGURE))
    status, _, _, _, _ = object_gates.time_configure(u64(TIME), u64(CORE_SLOT), u64(TICKS), u64(TICKS), zero)
    end(u64(numbers.TIME_CONFIGURE), status)
    begin(u64(numbers.THREAD_GIVE_TIME))
    status, _, _, _, _ = object_gates.thread_give_time(thread, u64(TIME), zero, zero, zero)
    end(u64(numbers.THREAD_GIVE_TIME), status)
    begin(u64(numbers.ENDPOINT_BIND))
    status, _, _, _, _ = object_gates.endpoint_bind(u64(SERVED), thread, zero, zero, zero)
    end(u64(numbers.ENDPOINT_BIND), status)
    begin(u64(numbers.INTERRUPT_BIND))
    status, _, _, _, _ = object_gates.interrupt_bind(u64(LINE), u64(NOTIFICATION), u64(1), zero, zero)
    end(u64(numbers.INTERRUPT_BIND), status)


def run_guest() -> None:
    """A vcpu of that thread, which does not run."""
    vcpu = u64(VCPU)
    zero = u64(0)
    begin(u64(numbers.VCPU_CONFIGURE))
    status, _, _, _, _ = object_gates.vcpu_configure(vcpu, u64(THREAD), u64(GUEST_SPACE), zero, zero)
    end(u64(numbers.VCPU_CONFIGURE), status)
    begin(u64(numbers.VCPU_WRITE))
    status, _, _ = gates.vcpu_write(vcpu, zero, zero)
    end(u64(numbers.VCPU_WRITE), status)
    begin(u64(numbers.VCPU_READ))
    status, _, _ = gates.vcpu_read(vcpu, zero, zero)
    end(u64(numbers.VCPU_READ), status)
    begin(u64(numbers.VCPU_INJECT))
    status, _, _ = gates.vcpu_inject(vcpu, u64(GUEST_INTERRUPT), zero)
    end(u64(numbers.VCPU_INJECT), status)
    begin(u64(numbers.VCPU_RESET))
    status = gates.vcpu_reset(vcpu)
    end(u64(numbers.VCPU_RESET), status)


def trace() -> None:
    """The trace of the first core."""
    zero = u64(0)
    begin(u64(numbers.TRACE_CONTROL))
    status, _, _ = gates.trace_control(u64(TRACE_SLOT), zero, u64(1 << 2))
    end(u64(numbers.TRACE_CONTROL), status)
    status, _ = gates.poll(zero)
    assert status == errors.BAD_SLOT
    begin(u64(numbers.TRACE_READ))
    status, _, _, _, _, _ = gates.trace_read(u64(TRACE_SLOT), zero, zero)
    end(u64(numbers.TRACE_READ), status)
    status, _, _ = gates.trace_control(u64(TRACE_SLOT), zero, u64(tracing.DEFAULT_MASK))
    assert status == errors.OK
