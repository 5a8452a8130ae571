"""Where the header of an object is: what its generation, its owner and its life are read from, whatever its kind.

Where the kind is known when the kernel is compiled, this comes to one access to one table.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import limits, objects
from keelback.kernel import state
from keelback.kernel.state import Header
from keelback.lang import constants, inline, u8, u32, u64

# Lengths of the tables of each kind in the order of keelback.abi.objects, the unused index 0 counted.
NONE_TO_FRAME: Final = (0, limits.POOL_COUNT, limits.TABLE_COUNT, limits.FRAME_COUNT)
PAGE_TABLE_TO_ENDPOINT: Final = (
    limits.TRANSLATION_COUNT,
    limits.SPACE_COUNT,
    limits.THREAD_COUNT,
    limits.ENDPOINT_COUNT,
)
NOTIFICATION_TO_PLATFORM: Final = (limits.NOTIFICATION_COUNT, limits.INTERRUPT_COUNT, limits.VCPU_COUNT, 2, 2)
TIME_TO_CORE: Final = (limits.TIME_COUNT, limits.REPLY_COUNT, limits.GRANT_COUNT, limits.CORE_COUNT + 1)
COUNTS: Final = constants(u32, NONE_TO_FRAME + PAGE_TABLE_TO_ENDPOINT + NOTIFICATION_TO_PLATFORM + TIME_TO_CORE)


@inline
def header_of(kind: u8, index: u32) -> Header:
    """The header of an object that exists: of this kind, with an index inside its table."""
    if kind == objects.POOL:
        return state.pools[index].header
    if kind == objects.CAPABILITY_TABLE:
        return state.tables[index].header
    if kind == objects.FRAME:
        return state.frames[index].header
    if kind == objects.PAGE_TABLE or kind == objects.ADDRESS_SPACE:
        return state.translations[index].header
    if kind == objects.THREAD:
        return state.threads[index].header
    if kind == objects.ENDPOINT:
        return state.endpoints[index].header
    if kind == objects.NOTIFICATION:
        return state.notifications[index].header
    if kind == objects.INTERRUPT:
        return state.interrupts[index].header
    if kind == objects.VCPU:
        return state.vcpus[index].header
    if kind == objects.TRACE:
        return state.trace_object.header
    if kind == objects.PLATFORM:
        return state.platform_object.header
    if kind == objects.TIME:
        return state.times[index].header
    if kind == objects.REPLY:
        return state.replies[index].header
    if kind == objects.GRANT:
        return state.grants[index].header
    return state.core_objects[index].header


@inline
def find_header(kind: u64, index: u64) -> Header | None:
    """The header of what user code names so; None for an unknown kind, or an index that the kind's table has not."""
    if kind >= objects.KIND_COUNT or index == 0 or index >= u64(COUNTS[kind]):
        return None
    if kind == objects.PAGE_TABLE and index < limits.SPACE_COUNT:
        return None
    return header_of(u8.truncate(kind), u32.truncate(index))
