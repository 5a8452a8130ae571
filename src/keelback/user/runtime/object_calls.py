"""The system calls on objects as a component uses them: pools and what they own, threads, memory, time.

Each returns the status (keelback.abi.errors) first. What a call does and needs is said in keelback.abi.syscalls. A
table argument is the slot of a capability table, or 0 for the own one.
"""

from __future__ import annotations

from keelback.abi import errors
from keelback.lang import u64
from keelback.user.runtime import object_gates as gates


def capability_copy(source: u64, destination: u64, rights: u64, table: u64) -> u64:
    """Copy a capability to an empty slot of a table, keeping only `rights`."""
    status, _, _, _, _ = gates.capability_copy(source, destination, rights, u64(0), table)
    return status


def capability_mint(source: u64, destination: u64, rights: u64, badge: u64, table: u64) -> u64:
    """As capability_copy, and give the copy a badge."""
    status, _, _, _, _ = gates.capability_mint(source, destination, rights, badge, table)
    return status


def capability_delete(slot: u64, table: u64) -> u64:
    """Empty a slot."""
    status, _, _, _, _ = gates.capability_delete(slot, table, u64(0), u64(0), u64(0))
    return status


def capability_move(source: u64, destination: u64, table: u64) -> u64:
    """Move a capability of the own table to an empty slot of a table."""
    status, _, _, _, _ = gates.capability_move(source, destination, table, u64(0), u64(0))
    return status


def capability_clear(table: u64, start: u64) -> tuple[u64, u64]:
    """(status, next slot or 0): empty up to 16 slots of a table."""
    status, first, _, _, _ = gates.capability_clear(table, start, u64(0), u64(0), u64(0))
    return status, first


def delegate(grant: u64, source: u64, destination: u64, rights: u64, table: u64) -> u64:
    """Copy a capability so that it dies with the grant."""
    status, _, _, _, _ = gates.delegate(grant, source, destination, rights, table)
    return status


def reply_save(reply: u64) -> u64:
    """Put the present client into a reply object, to be answered later."""
    status, _, _, _, _ = gates.reply_save(reply, u64(0), u64(0), u64(0), u64(0))
    return status


def accept(slot: u64) -> u64:
    """Where a passed capability shall go; 0 for nowhere."""
    status, _, _, _, _ = gates.accept(u64(0), slot, u64(0), u64(0), u64(0))
    return status


def give_way() -> u64:
    """Let the next ready thread of the same priority run."""
    status, _, _, _, _ = gates.yield_(u64(0), u64(0), u64(0), u64(0), u64(0))
    return status


def object_create(pool: u64, kind: u64, index: u64, destination: u64, level: u64) -> u64:
    """Make an object live; a capability with every right goes to slot `destination`. `level` is a page table's."""
    status, _, _, _, _ = gates.object_create(pool, kind, index, destination, level)
    return status


def object_destroy(pool: u64, kind: u64, index: u64) -> u64:
    """Destroy an object; BUSY while something depends on it."""
    status, _, _, _, _ = gates.object_destroy(pool, kind, index, u64(0), u64(0))
    return status


def object_give(pool: u64, kind: u64, index: u64, child: u64) -> u64:
    """Give an object to a pool that this one owns."""
    status, _, _, _, _ = gates.object_give(pool, kind, index, child, u64(0))
    return status


def object_take(pool: u64, kind: u64, index: u64) -> u64:
    """Take an object from a pool that this one owns."""
    status, _, _, _, _ = gates.object_take(pool, kind, index, u64(0), u64(0))
    return status


def object_claim(pool: u64, kind: u64, index: u64, destination: u64) -> u64:
    """Get a capability with every right to a live object of the pool."""
    status, _, _, _, _ = gates.object_claim(pool, kind, index, destination, u64(0))
    return status


def object_revoke(pool: u64, kind: u64, index: u64) -> u64:
    """Kill every capability to an object of the pool."""
    status, _, _, _, _ = gates.object_revoke(pool, kind, index, u64(0), u64(0))
    return status


def thread_configure(thread: u64, space: u64, table: u64, faults: u64, badge: u64) -> u64:
    """Give a stopped thread its address space, capability table and fault handler."""
    status, _, _, _, _ = gates.thread_configure(thread, space, table, faults, badge)
    return status


def thread_schedule(thread: u64, core: u64, priority: u64, ceiling: u64) -> u64:
    """Place a thread on a core. Waits until other cores let go of it."""
    status = u64(errors.PENDING)
    while status == errors.PENDING:
        status, _, _, _, _ = gates.thread_schedule(thread, core, priority, ceiling, u64(0))
    return status


def thread_bind(thread: u64, notification: u64) -> u64:
    """Bind a stopped thread to a notification, 0 for none."""
    status, _, _, _, _ = gates.thread_bind(thread, notification, u64(0), u64(0), u64(0))
    return status


def thread_give_time(thread: u64, time: u64) -> u64:
    """Give a stopped thread a scheduling context, 0 for none."""
    status, _, _, _, _ = gates.thread_give_time(thread, time, u64(0), u64(0), u64(0))
    return status


def time_configure(time: u64, core: u64, budget: u64, period: u64, flags: u64) -> u64:
    """Set a scheduling context: ticks, and keelback.abi.times flags."""
    status, _, _, _, _ = gates.time_configure(time, core, budget, period, flags)
    return status


def endpoint_bind(endpoint: u64, thread: u64) -> u64:
    """Choose who serves an endpoint, 0 for nobody."""
    status, _, _, _, _ = gates.endpoint_bind(endpoint, thread, u64(0), u64(0), u64(0))
    return status


def endpoint_cancel(endpoint: u64) -> u64:
    """End the first waiting call with RESTARTED."""
    status, _, _, _, _ = gates.endpoint_cancel(endpoint, u64(0), u64(0), u64(0), u64(0))
    return status


def interrupt_bind(interrupt: u64, notification: u64, bits: u64, edge: u64) -> u64:
    """Choose what an interrupt signals."""
    status, _, _, _, _ = gates.interrupt_bind(interrupt, notification, bits, edge, u64(0))
    return status


def vcpu_configure(vcpu: u64, thread: u64, space: u64) -> u64:
    """Choose who runs a vcpu, and its guest's address space. Waits until other cores let go of it."""
    status = u64(errors.PENDING)
    while status == errors.PENDING:
        status, _, _, _, _ = gates.vcpu_configure(vcpu, thread, space, u64(0), u64(0))
    return status


def frame_clear(frame: u64) -> tuple[u64, u64]:
    """(status, pieces left): clear a piece of a frame."""
    status, first, _, _, _ = gates.frame_clear(frame, u64(0), u64(0), u64(0), u64(0))
    return status, first


def frame_info(frame: u64) -> tuple[u64, u64, u64, u64, u64]:
    """(status, physical address, bytes, mappings, pieces to clear)."""
    status, first, second, third, fourth = gates.frame_info(frame, u64(0), u64(0), u64(0), u64(0))
    return status, first, second, third, fourth


def map_frame(table: u64, entry: u64, frame: u64, flags: u64) -> u64:
    """Map a frame (keelback.abi.mappings)."""
    status, _, _, _, _ = gates.map(table, entry, frame, flags, u64(0))
    return status


def unmap(table: u64, entry: u64) -> u64:
    """End a mapping."""
    status, _, _, _, _ = gates.unmap(table, entry, u64(0), u64(0), u64(0))
    return status


def link_table(table: u64, entry: u64, child: u64) -> u64:
    """Let an entry point to a page table."""
    status, _, _, _, _ = gates.link(table, entry, child, u64(0), u64(0))
    return status


def unlink_table(child: u64) -> u64:
    """Take a page table out of the one that points to it."""
    status, _, _, _, _ = gates.unlink(child, u64(0), u64(0), u64(0), u64(0))
    return status


def unlink_entry(table: u64, entry: u64) -> u64:
    """Take out the page table that an entry points to."""
    status, _, _, _, _ = gates.unlink_entry(table, entry, u64(0), u64(0), u64(0))
    return status
