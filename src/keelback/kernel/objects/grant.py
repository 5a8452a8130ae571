"""Grants: delegations that can be revoked singly, by revoking or destroying the grant that they came through."""

from __future__ import annotations

from keelback.abi import errors, objects, rights
from keelback.kernel.objects.capability import check_any, check_slot, commit_copy, explain_vacant, find_vacant, slot_of
from keelback.kernel.state import Thread
from keelback.lang import u8, u16, u64


def delegate(thread: Thread) -> u64:
    """DELEGATE: x8 grant, x0 source, x1 destination, x2 rights to keep, x3 destination table."""
    registers = thread.context.registers
    status = check_slot(thread, registers[8], u8(objects.GRANT), u8(rights.CONTROL))
    if status == errors.OK:
        status = check_any(thread, registers[0], u8(rights.GRANT))
    if status != errors.OK:
        return status
    source = slot_of(thread, registers[0])
    if source.grant != 0:
        return u64(errors.STATE)
    through = slot_of(thread, registers[8])
    table, place = find_vacant(thread, registers[3], registers[1])
    if place == 0:
        return explain_vacant(thread, registers[3], registers[1])
    made = commit_copy(source, table, place, registers[2], source.badge)
    made.grant = u16.truncate(through.object)
    made.grant_generation = through.generation
    return u64(errors.OK)
