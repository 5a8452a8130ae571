"""All components of the measured system, one role each (parameter `role`), in the order in which they act.

The client calls, signals and is refused; the server above it answers; then the client sleeps and the spinner below it
raises an interrupt, which the alarm takes, and faults, which the keeper handles; the librarian copies, mints, moves,
deletes and revokes capabilities; the maker, last, creates objects and maps memory; then the client switches the machine
off. Which number is which span comes from benches/operations.py.

A component that gets an unexpected answer stops itself with a trap, and the run fails. Prints nothing.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import errors, faults, mappings, messages, objects, rights
from keelback.abi import syscalls as numbers
from keelback.lang import Memory, asm, noinline, parameter, u32, u64, upto
from keelback.user.runtime import gates, object_calls, object_gates

ROLE: Final = parameter("role", 0)
CLIENT: Final = 1
SERVER: Final = 2
SPINNER: Final = 3
ALARM: Final = 4
KEEPER: Final = 5
LIBRARIAN: Final = 6
MAKER: Final = 7

ROUNDS: Final = parameter("rounds", 0)
FEW_ROUNDS: Final = 3
ENDPOINT: Final = messages.OWN_ENDPOINT_SLOT
NOTIFICATION: Final = messages.OWN_NOTIFICATION_SLOT

SERVICE_SLOT: Final = parameter("service_slot", 0)
NEWS_SLOT: Final = parameter("news_slot", 0)
MURMUR_SLOT: Final = parameter("murmur_slot", 0)
DONE_SLOT: Final = parameter("done_slot", 0)
PLATFORM_SLOT: Final = parameter("platform_slot", 0)
ALARM_SLOT: Final = parameter("wire_interrupt_slot", 0)
SPINNER_SLOT: Final = parameter("spinner_thread_slot", 0)

NO_SLOT: Final = 0
OWN_TABLE: Final = 0
SPARE_SLOT: Final = parameter("first_spare_slot", 0)
MANY: Final = parameter("many", 0)
"""Of how many capabilities the most are revoked at once; the span of it is measured where there are some."""
BADGE: Final = 77

POOL_SLOT: Final = parameter("pool_slot", 0)
SPACE_SLOT: Final = parameter("space_slot", 0)
WINDOW_ENTRY: Final = parameter("pool_window_entry", 0)
FIRST_ENDPOINT: Final = parameter("pool_first_endpoint", 0)
FIRST_NOTIFICATION: Final = parameter("pool_first_notification", 0)
FIRST_THREAD: Final = parameter("pool_first_thread", 0)
FIRST_TABLE: Final = parameter("pool_first_table", 0)
FIRST_SPACE: Final = parameter("pool_first_space", 0)
FIRST_PAGE_TABLE: Final = parameter("pool_first_page_table", 0)
FIRST_TIME: Final = parameter("pool_first_time", 0)
FIRST_VCPU: Final = parameter("pool_first_vcpu", 0)
FIRST_FRAME: Final = parameter("pool_first_frame", 0)
window: Final = Memory(parameter("pool_window_address", 0x2000_0000), 0x1000)

clock: Final = Memory(parameter("clock_address", 0x1000_0000), 0x1000)
CLOCK_DATA: Final = 0x000  # the PL031's registers: Arm DDI 0224, 3.2
CLOCK_MATCH: Final = 0x004
CLOCK_MASK: Final = 0x010
CLOCK_CLEAR: Final = 0x01C

nowhere: Final = Memory(parameter("nowhere_address", 0x3000_0000), 0x1000)
INSTRUCTION_BYTES: Final = 4
PROGRAM_COUNTER: Final = 32

NULL_CALL: Final = parameter("span_null_call", 0)
CALL_REFUSED: Final = parameter("span_call_refused", 0)
CALL: Final = parameter("span_call", 0)
CALL_4: Final = parameter("span_call_4", 0)
CALL_8: Final = parameter("span_call_8", 0)
REPLY_RECEIVE: Final = parameter("span_reply_receive", 0)
REPLY_RECEIVE_4: Final = parameter("span_reply_receive_4", 0)
REPLY_RECEIVE_8: Final = parameter("span_reply_receive_8", 0)
ROUND_TRIP: Final = parameter("span_round_trip", 0)
ROUND_TRIP_4: Final = parameter("span_round_trip_4", 0)
ROUND_TRIP_8: Final = parameter("span_round_trip_8", 0)
CALL_PASS: Final = parameter("span_call_pass", 0)
SIGNAL_WAITER: Final = parameter("span_signal_waiter", 0)
SIGNAL_NO_WAITER: Final = parameter("span_signal_no_waiter", 0)
INTERRUPT: Final = parameter("span_interrupt", 0)
INTERRUPT_ACKNOWLEDGE: Final = parameter("span_interrupt_acknowledge", 0)
FAULT: Final = parameter("span_fault", 0)
FAULT_REPLY: Final = parameter("span_fault_reply", 0)
MAP: Final = parameter("span_map", 0)
UNMAP: Final = parameter("span_unmap", 0)
CREATE_ENDPOINT: Final = parameter("span_create_endpoint", 0)
CREATE_NOTIFICATION: Final = parameter("span_create_notification", 0)
CREATE_THREAD: Final = parameter("span_create_thread", 0)
CREATE_TABLE: Final = parameter("span_create_table", 0)
CREATE_SPACE: Final = parameter("span_create_space", 0)
CREATE_PAGE_TABLE: Final = parameter("span_create_page_table", 0)
CREATE_TIME: Final = parameter("span_create_time", 0)
CREATE_VCPU: Final = parameter("span_create_vcpu", 0)
DESTROY_ENDPOINT: Final = parameter("span_destroy_endpoint", 0)
CLAIM: Final = parameter("span_claim", 0)
CAPABILITY_COPY: Final = parameter("span_capability_copy", 0)
CAPABILITY_MINT: Final = parameter("span_capability_mint", 0)
CAPABILITY_MOVE: Final = parameter("span_capability_move", 0)
CAPABILITY_DELETE: Final = parameter("span_capability_delete", 0)
REVOKE: Final = parameter("span_revoke", 0)
REVOKE_64: Final = parameter("span_revoke_64", 0)
REVOKE_10000: Final = parameter("span_revoke_10000", 0)

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
SPAN_LIMIT: Final = 64


@asm(MARKERS.format(kind=0x1100), clobbers=("x16", "memory"))
def mark_begin(span: u64) -> None:
    """Spans below SPAN_LIMIT only."""


@asm(MARKERS.format(kind=0x1200), clobbers=("x16", "memory"))
def mark_end(span: u64) -> None:
    """Spans below SPAN_LIMIT only."""


@noinline
def begin(span: u64) -> None:
    """What runs from here on belongs to the span."""
    assert span < SPAN_LIMIT
    mark_begin(span)


@noinline
def end(span: u64) -> None:
    """The end of a span, if it began."""
    assert span < SPAN_LIMIT
    mark_end(span)


@asm(f"svc #{numbers.NULL}", registers=gates.SLOT, results=("x8",), clobbers=gates.FROM_X0)
def null_call(slot: u64) -> u64:
    """status."""
    return gates.enter(u64(numbers.NULL), slot, u64(0), u64(0), u64(0))


def init() -> None:
    """Play the role."""
    if ROLE == CLIENT:
        play_client()
    elif ROLE == SERVER:
        play_server()
    elif ROLE == SPINNER:
        play_spinner()
    elif ROLE == ALARM:
        play_alarm()
    elif ROLE == KEEPER:
        play_keeper()
    elif ROLE == LIBRARIAN:
        play_librarian()
    elif ROLE == MAKER:
        play_maker()


def play_client() -> None:
    """Calls, refused calls and signals; then let those below act, and switch off."""
    for _ in upto(ROUNDS):
        begin(u64(NULL_CALL))
        status = null_call(u64(NO_SLOT))
        end(u64(NULL_CALL))
        assert status == errors.OK
        call_nobody()
        call_server(u64(0), u64(CALL), u64(ROUND_TRIP))
        call_server(u64(4), u64(CALL_4), u64(ROUND_TRIP_4))
        call_server(u64(8), u64(CALL_8), u64(ROUND_TRIP_8))
        pass_capability()
        signal_both()
    status, _ = gates.wait(u64(NOTIFICATION))
    assert status == errors.OK
    gates.system_off(u64(PLATFORM_SLOT), u64(numbers.OFF), u64(0))


def call_nobody() -> None:
    """A call without a capability."""
    zero = u64(0)
    begin(u64(CALL_REFUSED))
    status, _, _, _, _, _, _, _, _, _, _ = gates.call(u64(NO_SLOT), zero, zero, zero, zero, zero, zero, zero, zero)
    end(u64(CALL_REFUSED))
    assert status == errors.BAD_SLOT


def call_server(count: u64, call_span: u64, round_span: u64) -> None:
    """A call there and back with so many words in use, the first being their number; the others are zero."""
    four = count if count >= 4 else u64(0)
    eight = count if count >= 8 else u64(0)
    begin(round_span)
    begin(call_span)
    status, _, _, first, _, _, fourth, _, _, _, last = gates.call(
        u64(SERVICE_SLOT), four, four, four, four, eight, eight, eight, eight
    )
    end_replies()
    end(round_span)
    assert status == errors.OK
    assert first == four and fourth == four and last == eight


def pass_capability() -> None:
    """A call that brings the server a copy of the capability to the own notification."""
    zero = u64(0)
    both = u64(NOTIFICATION << 32 | SERVICE_SLOT)
    begin(u64(CALL_PASS))
    status, _, _, _, _, _, _, _, _, _, _ = gates.call_pass(both, zero, zero, zero, zero, zero, zero, zero, zero)
    assert status == errors.OK


def signal_both() -> None:
    """A signal to the server, which waits and goes first; one to the spinner, which does not wait."""
    begin(u64(SIGNAL_WAITER))
    status = gates.signal(u64(NEWS_SLOT))
    assert status == errors.OK
    begin(u64(SIGNAL_NO_WAITER))
    status = gates.signal(u64(MURMUR_SLOT))
    end(u64(SIGNAL_NO_WAITER))
    assert status == errors.OK


def end_replies() -> None:
    """Ends whichever of them began."""
    end(u64(REPLY_RECEIVE))
    end(u64(REPLY_RECEIVE_4))
    end(u64(REPLY_RECEIVE_8))


def end_at_server() -> None:
    """Ends whichever of them began."""
    end(u64(CALL))
    end(u64(CALL_4))
    end(u64(CALL_8))
    end(u64(CALL_PASS))
    end(u64(SIGNAL_WAITER))


def play_server() -> None:
    """Answer with the words that came; give up what is passed."""
    assert object_calls.accept(u64(SPARE_SLOT)) == errors.OK
    _, _, kind, w0, w1, w2, w3, w4, w5, w6, w7 = gates.receive()
    while True:
        end_at_server()
        if kind == messages.SIGNAL:
            _, _, kind, w0, w1, w2, w3, w4, w5, w6, w7 = gates.receive()
        else:
            if kind & messages.PASSED != 0:
                assert object_calls.capability_delete(u64(SPARE_SLOT), u64(OWN_TABLE)) == errors.OK
            else:
                begin(u64(REPLY_RECEIVE_8) if w7 != 0 else u64(REPLY_RECEIVE_4) if w3 != 0 else u64(REPLY_RECEIVE))
            _, _, kind, w0, w1, w2, w3, w4, w5, w6, w7 = gates.reply_receive(w0, w1, w2, w3, w4, w5, w6, w7)


def play_spinner() -> None:
    """Raise the clock's interrupt, then load from where nothing is; both end in components above this one."""
    clock.store_u32(u64(CLOCK_MASK), u32(1))
    for _ in upto(ROUNDS):
        begin(u64(INTERRUPT))
        clock.store_u32(u64(CLOCK_MATCH), clock.load_u32(u64(CLOCK_DATA)))
        begin(u64(FAULT))
        nowhere.load_u32(u64(0))
        end(u64(FAULT_REPLY))
    gates.signal(u64(DONE_SLOT))
    while True:
        gates.receive()


def play_alarm() -> None:
    """Take the clock's interrupt and acknowledge it."""
    while True:
        status, _ = gates.wait(u64(NOTIFICATION))
        end(u64(INTERRUPT))
        assert status == errors.OK
        clock.store_u32(u64(CLOCK_CLEAR), u32(1))
        begin(u64(INTERRUPT_ACKNOWLEDGE))
        status = gates.interrupt_acknowledge(u64(ALARM_SLOT))
        end(u64(INTERRUPT_ACKNOWLEDGE))
        assert status == errors.OK


def play_keeper() -> None:
    """Take the spinner's fault, move it behind the load, let it go on."""
    zero = u64(0)
    _, _, kind, fault_kind, counter, _, _, _, _, _, _ = gates.receive()
    while True:
        end(u64(FAULT))
        assert kind == messages.FAULT
        assert fault_kind == faults.MEMORY_READ
        status, _, _ = gates.thread_write(u64(SPINNER_SLOT), u64(PROGRAM_COUNTER), counter + INSTRUCTION_BYTES)
        assert status == errors.OK
        begin(u64(FAULT_REPLY))
        _, _, kind, fault_kind, counter, _, _, _, _, _, _ = gates.reply_receive(
            u64(faults.RESUME), zero, zero, zero, zero, zero, zero, zero
        )


def play_librarian() -> None:
    """When the spinner is done: capabilities to the own notification, in slots that are empty before and after."""
    gates.wait(u64(NOTIFICATION))
    own = u64(NOTIFICATION)
    zero = u64(0)
    for _ in upto(ROUNDS):
        spare = u64(SPARE_SLOT)
        begin(u64(CAPABILITY_COPY))
        status, _, _, _, _ = object_gates.capability_copy(own, spare, u64(rights.ALL), zero, zero)
        end(u64(CAPABILITY_COPY))
        assert status == errors.OK
        delete(spare)
        begin(u64(CAPABILITY_MINT))
        status, _, _, _, _ = object_gates.capability_mint(own, spare, u64(rights.WRITE), u64(BADGE), zero)
        end(u64(CAPABILITY_MINT))
        assert status == errors.OK
        begin(u64(CAPABILITY_MOVE))
        status, _, _, _, _ = object_gates.capability_move(spare, spare + 1, zero, zero, zero)
        end(u64(CAPABILITY_MOVE))
        assert status == errors.OK
        delete(spare + 1)
        revoke_copies(u64(1), u64(REVOKE))
        revoke_copies(u64(64), u64(REVOKE_64))
    if MANY > 0:
        for _ in upto(FEW_ROUNDS):
            revoke_copies(u64(MANY), u64(REVOKE_10000))
    gates.signal(u64(DONE_SLOT))
    while True:
        gates.receive()


def delete(slot: u64) -> None:
    """Empty a slot again."""
    begin(u64(CAPABILITY_DELETE))
    status, _, _, _, _ = object_gates.capability_delete(slot, u64(OWN_TABLE), u64(0), u64(0), u64(0))
    end(u64(CAPABILITY_DELETE))
    assert status == errors.OK


def revoke_copies(count: u64, span: u64) -> None:
    """Make so many copies, revoke them, find the last one dead, and empty their slots."""
    own = u64(NOTIFICATION)
    spare = u64(SPARE_SLOT)
    for number in upto(count):
        assert object_calls.capability_copy(own, spare + number, u64(rights.ALL), u64(OWN_TABLE)) == errors.OK
    assert gates.signal(spare + (count - 1)) == errors.OK
    begin(span)
    status = gates.revoke(own)
    end(span)
    assert status == errors.OK
    assert gates.signal(spare + (count - 1)) == errors.DEAD
    for number in upto(count):
        assert object_calls.capability_delete(spare + number, u64(OWN_TABLE)) == errors.OK


def play_maker() -> None:
    """When the librarian is done: a page in a window of the own address space, then objects, made and ended."""
    gates.wait(u64(NOTIFICATION))
    open_window()
    for _ in upto(ROUNDS):
        map_page()
        create(u64(objects.ENDPOINT), u64(FIRST_ENDPOINT), u64(0), u64(CREATE_ENDPOINT))
        create(u64(objects.NOTIFICATION), u64(FIRST_NOTIFICATION), u64(0), u64(CREATE_NOTIFICATION))
        create(u64(objects.THREAD), u64(FIRST_THREAD), u64(0), u64(CREATE_THREAD))
        create(u64(objects.CAPABILITY_TABLE), u64(FIRST_TABLE), u64(0), u64(CREATE_TABLE))
        create(u64(objects.ADDRESS_SPACE), u64(FIRST_SPACE), u64(0), u64(CREATE_SPACE))
        create(u64(objects.PAGE_TABLE), u64(FIRST_PAGE_TABLE + 2), u64(3), u64(CREATE_PAGE_TABLE))
        create(u64(objects.TIME), u64(FIRST_TIME), u64(0), u64(CREATE_TIME))
        create(u64(objects.VCPU), u64(FIRST_VCPU), u64(0), u64(CREATE_VCPU))
    gates.signal(u64(DONE_SLOT))
    while True:
        gates.receive()


LEVEL2_SLOT: Final = SPARE_SLOT
LEVEL3_SLOT: Final = SPARE_SLOT + 1
FRAME_SLOT: Final = SPARE_SLOT + 2
NEW_SLOT: Final = SPARE_SLOT + 3


def open_window() -> None:
    """Two page tables of the pool, linked to each other and into the own address space."""
    pool = u64(POOL_SLOT)
    kind = u64(objects.PAGE_TABLE)
    first = u64(FIRST_PAGE_TABLE)
    assert object_calls.object_create(pool, kind, first, u64(LEVEL2_SLOT), u64(2)) == errors.OK
    assert object_calls.object_create(pool, kind, first + 1, u64(LEVEL3_SLOT), u64(3)) == errors.OK
    assert object_calls.link_table(u64(LEVEL2_SLOT), u64(0), u64(LEVEL3_SLOT)) == errors.OK
    assert object_calls.link_table(u64(SPACE_SLOT), u64(WINDOW_ENTRY), u64(LEVEL2_SLOT)) == errors.OK


def map_page() -> None:
    """Claim a frame, map it, use it, unmap it."""
    zero = u64(0)
    begin(u64(CLAIM))
    status, _, _, _, _ = object_gates.object_claim(
        u64(POOL_SLOT), u64(objects.FRAME), u64(FIRST_FRAME), u64(FRAME_SLOT), zero
    )
    end(u64(CLAIM))
    assert status == errors.OK
    flags = u64(mappings.READ | mappings.WRITE)
    begin(u64(MAP))
    status, _, _, _, _ = object_gates.map(u64(LEVEL3_SLOT), zero, u64(FRAME_SLOT), flags, zero)
    end(u64(MAP))
    assert status == errors.OK
    window.store_u64(zero, u64(BADGE))
    begin(u64(UNMAP))
    status, _, _, _, _ = object_gates.unmap(u64(LEVEL3_SLOT), zero, zero, zero, zero)
    end(u64(UNMAP))
    assert status == errors.OK
    assert object_calls.capability_delete(u64(FRAME_SLOT), u64(OWN_TABLE)) == errors.OK


def create(kind: u64, index: u64, level: u64, span: u64) -> None:
    """Make one object, and end it again."""
    zero = u64(0)
    slot = u64(NEW_SLOT)
    begin(span)
    status, _, _, _, _ = object_gates.object_create(u64(POOL_SLOT), kind, index, slot, level)
    end(span)
    assert status == errors.OK
    if kind == objects.ENDPOINT:
        begin(u64(DESTROY_ENDPOINT))
    status, _, _, _, _ = object_gates.object_destroy(u64(POOL_SLOT), kind, index, zero, zero)
    if kind == objects.ENDPOINT:
        end(u64(DESTROY_ENDPOINT))
    assert status == errors.OK
    assert object_calls.capability_delete(slot, u64(OWN_TABLE)) == errors.OK
