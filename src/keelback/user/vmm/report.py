"""One line for each thing a guest does wrong: here its first half, what happened; keelback.user.vmm.policy ends the
line with what is done about it.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import vcpu
from keelback.lang import u64
from keelback.user.runtime.log import end_line, put_hex, put_number, put_text
from keelback.user.virtio import failures
from keelback.user.vmm.guest import CRASHED, LOST, RUNNING, end_guest, guest

REPORT_LIMIT: Final = 8
"""Lines about harmless calls in one life of a guest; what comes after is not told."""


def crash_on_memory(address: u64, flags: u64, pc: u64) -> None:
    """The guest touched what is not there, or a device in a way that cannot be carried out."""
    if guest.ending != RUNNING:
        return
    if flags & vcpu.MEMORY_FETCH != 0:
        put_text("guest jumped to unmapped address ")
    elif flags & vcpu.MEMORY_SYNDROME == 0:
        put_text("guest used an instruction that cannot be emulated on address ")
    elif flags & vcpu.MEMORY_WRITE != 0:
        put_text("guest wrote to unmapped address ")
    else:
        put_text("guest read from unmapped address ")
    put_hex(address)
    put_text(", pc ")
    put_hex(pc)
    end_guest(u64(CRASHED))


def crash_on_fault(syndrome: u64, address: u64, pc: u64) -> None:
    """The processor reported something that has no meaning for a guest."""
    if guest.ending != RUNNING:
        return
    put_text("guest faulted: syndrome ")
    put_hex(syndrome)
    put_text(", address ")
    put_hex(address)
    put_text(", pc ")
    put_hex(pc)
    end_guest(u64(CRASHED))


def crash_on_queue(failure: u64) -> None:
    """A driver filled a virtqueue with nonsense."""
    if guest.ending != RUNNING:
        return
    put_text("guest broke a virtqueue: ")
    put_failure(failure)
    end_guest(u64(CRASHED))


def put_failure(failure: u64) -> None:
    """What keelback.user.virtio.failures calls it."""
    if failure == failures.QUEUE_SIZE:
        put_text("a queue size that is not allowed")
    elif failure == failures.QUEUE_PLACE:
        put_text("the queue is not aligned or not in RAM")
    elif failure == failures.RING_INDEX:
        put_text("more buffers available than the queue holds")
    elif failure == failures.DESCRIPTOR_INDEX:
        put_text("an index outside the descriptor table")
    elif failure == failures.CHAIN_LENGTH:
        put_text("a descriptor chain without end")
    elif failure == failures.BUFFER_PLACE:
        put_text("a buffer outside RAM")
    elif failure == failures.INDIRECT_TABLE:
        put_text("an indirect table that is not allowed")
    elif failure == failures.BUFFER_ORDER:
        put_text("a readable buffer behind a writable one")


def lose_guest(status: u64) -> None:
    """The kernel refused to run the vcpu: the system description is wrong."""
    put_text("the vcpu cannot run: error ")
    put_number(status)
    end_guest(u64(LOST))


def report_call(function: u64) -> None:
    """A PSCI call that is not implemented; the guest goes on with NOT_SUPPORTED."""
    if guest.reported_count >= REPORT_LIMIT:
        return
    guest.reported_count += 1
    put_text("guest made unimplemented PSCI call ")
    put_hex(function)
    end_line()
