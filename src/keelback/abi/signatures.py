"""Which registers of a system call name slots, and what these must hold: for tools and tests, not for the kernel.

What the calls do is said in `syscalls`. A call that is not here names no slots.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import objects, syscalls
from keelback.abi.rights import CONTROL, GRANT, OWNER, READ, WRITE

ANY: Final = 255
"""A capability of whatever kind."""
TABLE_ARGUMENT: Final = (objects.CAPABILITY_TABLE, WRITE)
"""0 is the caller's own table."""

SLOTS: Final[dict[int, dict[int, tuple[int, int]]]] = {
    syscalls.CALL: {8: (objects.ENDPOINT, WRITE)},
    syscalls.SIGNAL: {8: (objects.NOTIFICATION, WRITE)},
    syscalls.WAIT: {8: (objects.NOTIFICATION, READ)},
    syscalls.POLL: {8: (objects.NOTIFICATION, READ)},
    syscalls.INTERRUPT_ACKNOWLEDGE: {8: (objects.INTERRUPT, CONTROL)},
    syscalls.VCPU_RUN: {8: (objects.VCPU, CONTROL)},
    syscalls.VCPU_READ: {8: (objects.VCPU, READ)},
    syscalls.VCPU_WRITE: {8: (objects.VCPU, WRITE)},
    syscalls.VCPU_INJECT: {8: (objects.VCPU, WRITE)},
    syscalls.THREAD_STOP: {8: (objects.THREAD, CONTROL)},
    syscalls.THREAD_START: {8: (objects.THREAD, CONTROL)},
    syscalls.THREAD_READ: {8: (objects.THREAD, READ)},
    syscalls.THREAD_WRITE: {8: (objects.THREAD, WRITE)},
    syscalls.THREAD_RESUME: {8: (objects.THREAD, CONTROL)},
    syscalls.CAPABILITY_COPY: {8: (ANY, 0), 3: TABLE_ARGUMENT},
    syscalls.CAPABILITY_MINT: {8: (ANY, GRANT), 3: TABLE_ARGUMENT},
    syscalls.CAPABILITY_DELETE: {8: (ANY, 0), 0: TABLE_ARGUMENT},
    syscalls.REVOKE: {8: (ANY, OWNER)},
    syscalls.TRACE_READ: {8: (objects.TRACE, READ)},
    syscalls.VCPU_RESET: {8: (objects.VCPU, CONTROL)},
    syscalls.SYSTEM_OFF: {8: (objects.PLATFORM, CONTROL)},
    syscalls.TRACE_CONTROL: {8: (objects.TRACE, CONTROL)},
    syscalls.REPLY_SAVE: {8: (objects.REPLY, CONTROL)},
    syscalls.REPLY: {8: (objects.REPLY, CONTROL)},
    syscalls.CALL_PASS: {8: (objects.ENDPOINT, WRITE)},
    syscalls.REPLY_PASS: {8: (objects.REPLY, CONTROL)},
    syscalls.WAIT_UNTIL: {8: (objects.NOTIFICATION, READ)},
    syscalls.CAPABILITY_MOVE: {8: (ANY, 0), 1: TABLE_ARGUMENT},
    syscalls.CAPABILITY_CLEAR: {8: (objects.CAPABILITY_TABLE, WRITE)},
    syscalls.DELEGATE: {8: (objects.GRANT, CONTROL), 0: (ANY, GRANT), 3: TABLE_ARGUMENT},
    syscalls.OBJECT_CREATE: {8: (objects.POOL, CONTROL)},
    syscalls.OBJECT_DESTROY: {8: (objects.POOL, CONTROL)},
    syscalls.OBJECT_GIVE: {8: (objects.POOL, CONTROL), 2: (objects.POOL, 0)},
    syscalls.OBJECT_TAKE: {8: (objects.POOL, CONTROL)},
    syscalls.OBJECT_CLAIM: {8: (objects.POOL, CONTROL)},
    syscalls.OBJECT_REVOKE: {8: (objects.POOL, CONTROL)},
    syscalls.THREAD_CONFIGURE: {
        8: (objects.THREAD, CONTROL),
        0: (objects.ADDRESS_SPACE, CONTROL),
        1: (objects.CAPABILITY_TABLE, CONTROL),
        2: (objects.ENDPOINT, WRITE),
    },
    syscalls.THREAD_SCHEDULE: {8: (objects.THREAD, CONTROL), 0: (objects.CORE, CONTROL)},
    syscalls.THREAD_BIND: {8: (objects.THREAD, CONTROL), 0: (objects.NOTIFICATION, CONTROL)},
    syscalls.THREAD_GIVE_TIME: {8: (objects.THREAD, CONTROL), 0: (objects.TIME, CONTROL)},
    syscalls.TIME_CONFIGURE: {8: (objects.TIME, CONTROL), 0: (objects.CORE, CONTROL)},
    syscalls.ENDPOINT_BIND: {8: (objects.ENDPOINT, CONTROL), 0: (objects.THREAD, CONTROL)},
    syscalls.ENDPOINT_CANCEL: {8: (objects.ENDPOINT, CONTROL)},
    syscalls.INTERRUPT_BIND: {8: (objects.INTERRUPT, CONTROL), 0: (objects.NOTIFICATION, WRITE)},
    syscalls.VCPU_CONFIGURE: {
        8: (objects.VCPU, CONTROL),
        0: (objects.THREAD, CONTROL),
        1: (objects.ADDRESS_SPACE, CONTROL),
    },
    syscalls.FRAME_CLEAR: {8: (objects.FRAME, WRITE)},
    syscalls.FRAME_INFO: {8: (objects.FRAME, READ)},
    syscalls.MAP: {8: (objects.PAGE_TABLE, WRITE), 1: (objects.FRAME, READ)},
    syscalls.UNMAP: {8: (objects.PAGE_TABLE, WRITE)},
    syscalls.LINK: {8: (objects.PAGE_TABLE, WRITE), 1: (objects.PAGE_TABLE, CONTROL)},
    syscalls.UNLINK: {8: (objects.PAGE_TABLE, CONTROL)},
    syscalls.UNLINK_ENTRY: {8: (objects.PAGE_TABLE, WRITE)},
}
"""Call -> register -> the kind of object and the rights. LINK and UNLINK_ENTRY take an address space in x8 too."""
