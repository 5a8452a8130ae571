"""System calls as a component uses them: slots, messages and plain results.

Each returns the status (keelback.abi.errors) first. What a call does and needs is said in keelback.abi.syscalls; this
module adds nothing to it but the moving of words.
"""

from __future__ import annotations

from keelback.abi import syscalls as numbers
from keelback.abi.errors import PENDING
from keelback.abi.messages import PASSED
from keelback.lang import u64
from keelback.user.runtime import gates
from keelback.user.runtime.messages import Event, Message


def call(slot: u64, message: Message) -> u64:
    """Send `message` to the server behind `slot` and wait; on OK the reply is in `message`, else it is unchanged."""
    words = message.words
    status, _, _, m0, m1, m2, m3, m4, m5, m6, m7 = gates.call(
        slot, words[0], words[1], words[2], words[3], words[4], words[5], words[6], words[7]
    )
    if status == 0:
        fill(message, m0, m1, m2, m3, m4, m5, m6, m7)
    return status


def receive(event: Event) -> None:
    """Wait for a message, a fault or a signal on the own endpoint."""
    status, badge, kind, m0, m1, m2, m3, m4, m5, m6, m7 = gates.receive()
    event.status = status
    event.badge = badge
    event.kind = kind
    fill(event.message, m0, m1, m2, m3, m4, m5, m6, m7)


def reply_receive(event: Event) -> None:
    """Answer the present client with the words in `event`, then as `receive`."""
    words = event.message.words
    status, badge, kind, m0, m1, m2, m3, m4, m5, m6, m7 = gates.reply_receive(
        words[0], words[1], words[2], words[3], words[4], words[5], words[6], words[7]
    )
    event.status = status
    event.badge = badge
    event.kind = kind
    fill(event.message, m0, m1, m2, m3, m4, m5, m6, m7)


def fill(message: Message, m0: u64, m1: u64, m2: u64, m3: u64, m4: u64, m5: u64, m6: u64, m7: u64) -> None:
    """Set all eight words."""
    message.words[0] = m0
    message.words[1] = m1
    message.words[2] = m2
    message.words[3] = m3
    message.words[4] = m4
    message.words[5] = m5
    message.words[6] = m6
    message.words[7] = m7


def signal(slot: u64) -> u64:
    """Set the badge of `slot` in its notification."""
    return gates.signal(slot)


def wait(slot: u64) -> tuple[u64, u64]:
    """(status, bits): wait until the own notification has bits, and take them."""
    return gates.wait(slot)


def poll(slot: u64) -> tuple[u64, u64]:
    """(status, bits): take the notification's bits, 0 when there are none."""
    return gates.poll(slot)


def interrupt_acknowledge(slot: u64) -> u64:
    """Let the interrupt fire again; needed once before the first firing, too."""
    return gates.interrupt_acknowledge(slot)


def vcpu_run(slot: u64, actions: u64, value: u64) -> tuple[u64, u64, u64, u64, u64, u64, u64, u64]:
    """(status, exit reason, details 1 to 6) of running the guest; `actions` and `value` answer the last exit."""
    return gates.vcpu_run(slot, actions, value)


def vcpu_read(slot: u64, register: u64) -> tuple[u64, u64]:
    """(status, value) of a guest register (keelback.abi.vcpu). Waits until other cores let go of it."""
    status = u64(PENDING)
    value = u64(0)
    while status == PENDING:
        status, value, _ = gates.vcpu_read(slot, register, u64(0))
    return status, value


def vcpu_write(slot: u64, register: u64, value: u64) -> u64:
    """Set a guest register (keelback.abi.vcpu). Waits until other cores let go of it."""
    status = u64(PENDING)
    while status == PENDING:
        status, _, _ = gates.vcpu_write(slot, register, value)
    return status


def vcpu_inject(slot: u64, interrupt: u64, priority: u64) -> u64:
    """Make a virtual interrupt pending; BUSY: later, after the exit MAINTENANCE."""
    status, _, _ = gates.vcpu_inject(slot, interrupt, priority)
    return status


def vcpu_reset(slot: u64) -> u64:
    """Registers to their reset values, nothing pending. Waits until other cores let go of it."""
    status = u64(PENDING)
    while status == PENDING:
        status = gates.vcpu_reset(slot)
    return status


def thread_stop(slot: u64) -> u64:
    """Stop a thread where it is. Waits until other cores let go of it."""
    status = u64(PENDING)
    while status == PENDING:
        status = gates.thread_stop(slot)
    return status


def thread_start(slot: u64, address: u64, stack: u64, argument: u64) -> u64:
    """Start a thread afresh at `address`. Waits until other cores let go of it."""
    status = u64(PENDING)
    while status == PENDING:
        status, _, _, _ = gates.thread_start(slot, address, stack, argument)
    return status


def thread_read(slot: u64, register: u64) -> tuple[u64, u64]:
    """(status, value) of a thread's register: 0-30, 31 sp, 32 pc, 33 pstate."""
    status, value, _ = gates.thread_read(slot, register, u64(0))
    return status, value


def thread_write(slot: u64, register: u64, value: u64) -> u64:
    """Set a register of a stopped thread."""
    status, _, _ = gates.thread_write(slot, register, value)
    return status


def thread_resume(slot: u64) -> u64:
    """Continue a stopped or faulted thread."""
    return gates.thread_resume(slot)


def revoke(slot: u64) -> u64:
    """Kill every other capability to the object."""
    return gates.revoke(slot)


def trace_read(slot: u64, core: u64, sequence: u64) -> tuple[u64, u64, u64, u64, u64, u64]:
    """(status, record words 0 to 3, next sequence number) of the core's trace."""
    return gates.trace_read(slot, core, sequence)


def trace_control(slot: u64, core: u64, mask: u64) -> u64:
    """Choose the kinds of record the core's trace keeps."""
    status, _, _ = gates.trace_control(slot, core, mask)
    return status


def power_off(slot: u64) -> u64:
    """Power the board off; returns only when refused."""
    status, _, _ = gates.system_off(slot, u64(numbers.OFF), u64(0))
    return status


def restart_board(slot: u64) -> u64:
    """Reset the board; returns only when refused."""
    status, _, _ = gates.system_off(slot, u64(numbers.RESET), u64(0))
    return status


def reply(slot: u64, message: Message) -> u64:
    """Answer the client in the reply object behind `slot`."""
    words = message.words
    status, _, _, _, _, _, _, _, _, _, _ = gates.reply(
        slot, words[0], words[1], words[2], words[3], words[4], words[5], words[6], words[7]
    )
    return status


def call_pass(slot: u64, passed: u64, message: Message) -> tuple[u64, bool]:
    """As `call`, passing the capability in slot `passed`; also whether one came with the reply (`accept`)."""
    words = message.words
    status, _, kind, m0, m1, m2, m3, m4, m5, m6, m7 = gates.call_pass(
        slot | passed << 32, words[0], words[1], words[2], words[3], words[4], words[5], words[6], words[7]
    )
    if status == 0:
        fill(message, m0, m1, m2, m3, m4, m5, m6, m7)
    return status, kind & PASSED != 0


def reply_pass(slot: u64, passed: u64, message: Message) -> u64:
    """As `reply`, passing the capability in slot `passed`."""
    words = message.words
    status, _, _, _, _, _, _, _, _, _, _ = gates.reply_pass(
        slot | passed << 32, words[0], words[1], words[2], words[3], words[4], words[5], words[6], words[7]
    )
    return status


def receive_until(deadline: u64, event: Event) -> None:
    """As `receive`; status TIMEOUT when the deadline, in ticks of the counter, comes first."""
    status, badge, kind, m0, m1, m2, m3, m4, m5, m6, m7 = gates.receive_until(deadline)
    event.status = status
    event.badge = badge
    event.kind = kind
    fill(event.message, m0, m1, m2, m3, m4, m5, m6, m7)


def wait_until(slot: u64, deadline: u64) -> tuple[u64, u64]:
    """As `wait`; status TIMEOUT when the deadline comes first."""
    status, bits, _ = gates.wait_until(slot, deadline)
    return status, bits
