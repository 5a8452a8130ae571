"""Where the header of an object is: what its generation, its owner and its life are read from, whatever its kind.

Where the kind is known when the kernel is compiled, this comes to one access to one table.
"""

from __future__ import annotations

from keelback.abi import limits, objects
from keelback.kernel import state
from keelback.kernel.state import Header
from keelback.lang import inline, u8, u32, u64


@inline
def find_header(kind: u64, index: u64) -> Header | None:
    """The header of what user code names so; None for an unknown kind, or an index outside the kind's table. Index 0
    has a header too, of what nobody owns and what never lives."""
    if kind == objects.POOL:
        return state.pools[index].header if index < limits.POOL_COUNT else None
    if kind == objects.CAPABILITY_TABLE:
        return state.tables[index].header if index < limits.TABLE_COUNT else None
    if kind == objects.FRAME:
        return state.frames[index].header if index < limits.FRAME_COUNT else None
    if kind == objects.PAGE_TABLE:
        return state.translations[index].header if limits.SPACE_COUNT <= index < limits.TRANSLATION_COUNT else None
    if kind == objects.ADDRESS_SPACE:
        return state.translations[index].header if index < limits.SPACE_COUNT else None
    if kind == objects.THREAD:
        return state.threads[index].header if index < limits.THREAD_COUNT else None
    if kind == objects.ENDPOINT:
        return state.endpoints[index].header if index < limits.ENDPOINT_COUNT else None
    if kind == objects.NOTIFICATION:
        return state.notifications[index].header if index < limits.NOTIFICATION_COUNT else None
    if kind == objects.INTERRUPT:
        return state.interrupts[index].header if index < limits.INTERRUPT_COUNT else None
    if kind == objects.VCPU:
        return state.vcpus[index].header if index < limits.VCPU_COUNT else None
    if kind == objects.TRACE:
        return state.trace_object.header if index == state.THE_ONLY else None
    if kind == objects.PLATFORM:
        return state.platform_object.header if index == state.THE_ONLY else None
    if kind == objects.TIME:
        return state.times[index].header if index < limits.TIME_COUNT else None
    if kind == objects.REPLY:
        return state.replies[index].header if index < limits.REPLY_COUNT else None
    if kind == objects.GRANT:
        return state.grants[index].header if index < limits.GRANT_COUNT else None
    if kind == objects.CORE:
        return state.core_objects[index].header if index <= limits.CORE_COUNT else None
    return None


@inline
def header_of(kind: u8, index: u32) -> Header:
    """The header of an object that a capability names."""
    header = find_header(u64(kind), u64(index))
    assert header is not None
    return header


@inline
def any_header_of(kind: u8, index: u32) -> Header:
    """header_of for a kind that only the run tells. This check is in every image: it is also what bounds the table of
    jumps that the kinds become."""
    header = find_header(u64(kind), u64(index))
    assert header is not None
    return header
