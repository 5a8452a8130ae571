"""All components of the measured system, one role each (parameter `role`), in the order in which they act.

The client calls, signals and is refused; the server above it answers; then the client sleeps and the spinner below it
raises an interrupt, which the alarm takes, and faults, which the keeper handles; the librarian, last, copies, mints,
deletes and revokes capabilities; then the client switches the machine off. The marker instructions around each
operation are read by plugin/count.c; which number is which span comes from benches/primitives.py.

A component that gets an unexpected answer stops itself with a trap, and the run fails. Prints nothing.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import errors, faults, messages, rights
from keelback.abi import syscalls as numbers
from keelback.lang import Memory, asm, parameter, u32, u64, upto
from keelback.user.runtime import gates, object_gates

ROLE: Final = parameter("role", 0)
CLIENT: Final = 1
SERVER: Final = 2
SPINNER: Final = 3
ALARM: Final = 4
KEEPER: Final = 5
LIBRARIAN: Final = 6

ROUNDS: Final = parameter("rounds", 0)
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
SPARE_SLOT: Final = parameter("first_spare_slot", 0)
BADGE: Final = 77

clock: Final = Memory(parameter("clock_address", 0x1000_0000), 0x1000)
CLOCK_DATA: Final = 0x000  # the PL031's registers: Arm DDI 0224, 3.2
CLOCK_MATCH: Final = 0x004
CLOCK_MASK: Final = 0x010
CLOCK_CLEAR: Final = 0x01C

nowhere: Final = Memory(parameter("nowhere_address", 0x3000_0000), 0x1000)
INSTRUCTION_BYTES: Final = 4
PROGRAM_COUNTER: Final = 32

BEGIN: Final = 0x1100  # plugin/count.c
END: Final = 0x1200


NULL_CALL: Final = parameter("span_null_call", 0)
CALL_REFUSED: Final = parameter("span_call_refused", 0)
CALL: Final = parameter("span_call", 0)
REPLY_RECEIVE: Final = parameter("span_reply_receive", 0)
SIGNAL_NO_WAITER: Final = parameter("span_signal_no_waiter", 0)
SIGNAL_WAITER: Final = parameter("span_signal_waiter", 0)
INTERRUPT: Final = parameter("span_interrupt", 0)
INTERRUPT_ACKNOWLEDGE: Final = parameter("span_interrupt_acknowledge", 0)
FAULT: Final = parameter("span_fault", 0)
FAULT_REPLY: Final = parameter("span_fault_reply", 0)
CAPABILITY_COPY: Final = parameter("span_capability_copy", 0)
CAPABILITY_MINT: Final = parameter("span_capability_mint", 0)
CAPABILITY_DELETE: Final = parameter("span_capability_delete", 0)
REVOKE: Final = parameter("span_revoke", 0)


@asm(f"movz xzr, #{BEGIN + NULL_CALL}", clobbers=("memory",))
def begin_null_call() -> None:
    """Marker."""


@asm(f"movz xzr, #{END + NULL_CALL}", clobbers=("memory",))
def end_null_call() -> None:
    """Marker."""


@asm(f"movz xzr, #{BEGIN + CALL_REFUSED}", clobbers=("memory",))
def begin_call_refused() -> None:
    """Marker."""


@asm(f"movz xzr, #{END + CALL_REFUSED}", clobbers=("memory",))
def end_call_refused() -> None:
    """Marker."""


@asm(f"movz xzr, #{BEGIN + CALL}", clobbers=("memory",))
def begin_call() -> None:
    """Marker."""


@asm(f"movz xzr, #{END + CALL}", clobbers=("memory",))
def end_call() -> None:
    """Marker."""


@asm(f"movz xzr, #{BEGIN + REPLY_RECEIVE}", clobbers=("memory",))
def begin_reply_receive() -> None:
    """Marker."""


@asm(f"movz xzr, #{END + REPLY_RECEIVE}", clobbers=("memory",))
def end_reply_receive() -> None:
    """Marker."""


@asm(f"movz xzr, #{BEGIN + SIGNAL_NO_WAITER}", clobbers=("memory",))
def begin_signal_no_waiter() -> None:
    """Marker."""


@asm(f"movz xzr, #{END + SIGNAL_NO_WAITER}", clobbers=("memory",))
def end_signal_no_waiter() -> None:
    """Marker."""


@asm(f"movz xzr, #{BEGIN + SIGNAL_WAITER}", clobbers=("memory",))
def begin_signal_waiter() -> None:
    """Marker."""


@asm(f"movz xzr, #{END + SIGNAL_WAITER}", clobbers=("memory",))
def end_signal_waiter() -> None:
    """Marker."""


@asm(f"movz xzr, #{BEGIN + INTERRUPT}", clobbers=("memory",))
def begin_interrupt() -> None:
    """Marker."""


@asm(f"movz xzr, #{END + INTERRUPT}", clobbers=("memory",))
def end_interrupt() -> None:
    """Marker."""


@asm(f"movz xzr, #{BEGIN + INTERRUPT_ACKNOWLEDGE}", clobbers=("memory",))
def begin_interrupt_acknowledge() -> None:
    """Marker."""


@asm(f"movz xzr, #{END + INTERRUPT_ACKNOWLEDGE}", clobbers=("memory",))
def end_interrupt_acknowledge() -> None:
    """Marker."""


@asm(f"movz xzr, #{BEGIN + FAULT}", clobbers=("memory",))
def begin_fault() -> None:
    """Marker."""


@asm(f"movz xzr, #{END + FAULT}", clobbers=("memory",))
def end_fault() -> None:
    """Marker."""


@asm(f"movz xzr, #{BEGIN + FAULT_REPLY}", clobbers=("memory",))
def begin_fault_reply() -> None:
    """Marker."""


@asm(f"movz xzr, #{END + FAULT_REPLY}", clobbers=("memory",))
def end_fault_reply() -> None:
    """Marker."""


@asm(f"movz xzr, #{BEGIN + CAPABILITY_COPY}", clobbers=("memory",))
def begin_capability_copy() -> None:
    """Marker."""


@asm(f"movz xzr, #{END + CAPABILITY_COPY}", clobbers=("memory",))
def end_capability_copy() -> None:
    """Marker."""


@asm(f"movz xzr, #{BEGIN + CAPABILITY_MINT}", clobbers=("memory",))
def begin_capability_mint() -> None:
    """Marker."""


@asm(f"movz xzr, #{END + CAPABILITY_MINT}", clobbers=("memory",))
def end_capability_mint() -> None:
    """Marker."""


@asm(f"movz xzr, #{BEGIN + CAPABILITY_DELETE}", clobbers=("memory",))
def begin_capability_delete() -> None:
    """Marker."""


@asm(f"movz xzr, #{END + CAPABILITY_DELETE}", clobbers=("memory",))
def end_capability_delete() -> None:
    """Marker."""


@asm(f"movz xzr, #{BEGIN + REVOKE}", clobbers=("memory",))
def begin_revoke() -> None:
    """Marker."""


@asm(f"movz xzr, #{END + REVOKE}", clobbers=("memory",))
def end_revoke() -> None:
    """Marker."""


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


def play_client() -> None:
    """Calls, refused calls and signals; then let those below act, and switch off."""
    for _ in upto(ROUNDS):
        begin_null_call()
        status = null_call(u64(NO_SLOT))
        end_null_call()
        assert status == errors.OK
        call_nobody()
        call_server()
        signal_both()
    status, _ = gates.wait(u64(NOTIFICATION))
    assert status == errors.OK
    gates.system_off(u64(PLATFORM_SLOT), u64(numbers.OFF), u64(0))


def call_nobody() -> None:
    """A call without a capability."""
    zero = u64(0)
    begin_call_refused()
    status, _, _, _, _, _, _, _, _, _, _ = gates.call(u64(NO_SLOT), zero, zero, zero, zero, zero, zero, zero, zero)
    end_call_refused()
    assert status == errors.BAD_SLOT


def call_server() -> None:
    """A call there and back; all eight words always travel."""
    zero = u64(0)
    begin_call()
    status, _, _, first, _, _, _, _, _, _, last = gates.call(
        u64(SERVICE_SLOT), u64(1), zero, zero, zero, zero, zero, zero, u64(8)
    )
    end_reply_receive()
    assert status == errors.OK
    assert first == 8
    assert last == 1


def signal_both() -> None:
    """A signal to the server, which waits and goes first; one to the spinner, which does not wait."""
    begin_signal_waiter()
    status = gates.signal(u64(NEWS_SLOT))
    assert status == errors.OK
    begin_signal_no_waiter()
    status = gates.signal(u64(MURMUR_SLOT))
    end_signal_no_waiter()
    assert status == errors.OK


def play_server() -> None:
    """Answer with the first and the last word exchanged."""
    slot = u64(ENDPOINT)
    zero = u64(0)
    _, _, kind, first, _, _, _, _, _, _, last = gates.receive(slot)
    while True:
        end_call()
        end_signal_waiter()
        if kind == messages.MESSAGE:
            begin_reply_receive()
            _, _, kind, first, _, _, _, _, _, _, last = gates.reply_receive(
                slot, last, zero, zero, zero, zero, zero, zero, first
            )
        else:
            _, _, kind, first, _, _, _, _, _, _, last = gates.receive(slot)


def play_spinner() -> None:
    """Raise the clock's interrupt, then load from where nothing is; both end in components above this one."""
    clock.store_u32(u64(CLOCK_MASK), u32(1))
    for _ in upto(ROUNDS):
        begin_interrupt()
        clock.store_u32(u64(CLOCK_MATCH), clock.load_u32(u64(CLOCK_DATA)))
        begin_fault()
        nowhere.load_u32(u64(0))
        end_fault_reply()
    gates.signal(u64(DONE_SLOT))
    while True:
        gates.receive(u64(ENDPOINT))


def play_alarm() -> None:
    """Take the clock's interrupt and acknowledge it."""
    while True:
        status, _ = gates.wait(u64(NOTIFICATION))
        end_interrupt()
        assert status == errors.OK
        clock.store_u32(u64(CLOCK_CLEAR), u32(1))
        begin_interrupt_acknowledge()
        status = gates.interrupt_acknowledge(u64(ALARM_SLOT))
        end_interrupt_acknowledge()
        assert status == errors.OK


def play_keeper() -> None:
    """Take the spinner's fault, move it behind the load, let it go on."""
    slot = u64(ENDPOINT)
    zero = u64(0)
    _, _, kind, fault_kind, counter, _, _, _, _, _, _ = gates.receive(slot)
    while True:
        end_fault()
        assert kind == messages.FAULT
        assert fault_kind == faults.MEMORY_READ
        status, _, _ = gates.thread_write(u64(SPINNER_SLOT), u64(PROGRAM_COUNTER), counter + INSTRUCTION_BYTES)
        assert status == errors.OK
        begin_fault_reply()
        _, _, kind, fault_kind, counter, _, _, _, _, _, _ = gates.reply_receive(
            slot, u64(faults.RESUME), zero, zero, zero, zero, zero, zero, zero
        )


def play_librarian() -> None:
    """When the spinner is done: capabilities to the own notification, in a slot that is empty before and after."""
    gates.wait(u64(NOTIFICATION))
    zero = u64(0)
    for _ in upto(ROUNDS):
        own = u64(NOTIFICATION)
        spare = u64(SPARE_SLOT)
        begin_capability_copy()
        status, _, _, _, _ = object_gates.capability_copy(own, spare, u64(rights.ALL), zero, zero)
        end_capability_copy()
        assert status == errors.OK
        delete_spare()
        begin_capability_mint()
        status, _, _, _, _ = object_gates.capability_mint(own, spare, u64(rights.WRITE), u64(BADGE), zero)
        end_capability_mint()
        assert status == errors.OK
        begin_revoke()
        status = gates.revoke(own)
        end_revoke()
        assert status == errors.OK
        delete_spare()
    gates.signal(u64(DONE_SLOT))
    while True:
        gates.receive(u64(ENDPOINT))


def delete_spare() -> None:
    """Empty the slot again."""
    begin_capability_delete()
    status, _, _, _, _ = object_gates.capability_delete(u64(SPARE_SLOT), u64(0), u64(0), u64(0), u64(0))
    end_capability_delete()
    assert status == errors.OK
