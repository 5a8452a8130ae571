"""Capabilities in messages: a copy of one of the sender's goes to the slot that the receiver said in ACCEPT."""

from __future__ import annotations

from keelback.abi import errors, messages, objects, rights
from keelback.kernel.objects.capability import check_any, slot_of
from keelback.kernel.state import Thread, tables
from keelback.lang import noinline, u8, u32, u64


def commit_pass(sender: Thread, number: u64, receiver: Thread) -> u64:
    """Pass the capability in the sender's slot, if it still may be passed and the receiver has an empty slot for it.
    PASSED, or 0."""
    accept = u64(receiver.accept)
    if accept == 0 or accept >= u64(receiver.slots_count) or slot_of(receiver, accept).kind != objects.NONE:
        return u64(0)
    if check_any(sender, number, u8(rights.GRANT)) != errors.OK:
        return u64(0)
    slot_of(receiver, accept).copy_from(slot_of(sender, number))
    tables[receiver.table].used = tables[receiver.table].used + 1
    return u64(messages.PASSED)


@noinline
def accept(thread: Thread) -> u64:
    """ACCEPT: x0 slot, or 0."""
    number = thread.context.registers[0]
    if number >= u64(thread.slots_count):
        return u64(errors.BAD_SLOT)
    thread.accept = u32.truncate(number)
    return u64(errors.OK)
