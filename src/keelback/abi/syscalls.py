"""System call numbers: the immediate of `svc #number`.

Registers: x8 names the capability's slot, x0..x7 carry arguments or message words. On return x8 is the status
(keelback.abi.errors), x9 a badge or notification bits, x10 the kind of event, x0..x7 results. x11..x18 come back zero,
and x9 and x10 too where a call does not use them; x19..x30, sp and tpidr_el0 are preserved.
A refused call changes nothing but x8, x9 and x10.
"""

from __future__ import annotations

from typing import Final

NULL: Final = 0
"""Does nothing. Status OK."""

CALL: Final = 1
"""x8 endpoint (WRITE), x0..x7 message. Blocks; returns the reply in x0..x7.
PRIORITY unless the server's priority is above the caller's; RESTARTED when the server was stopped meanwhile."""

RECEIVE: Final = 2
"""x8 endpoint (READ). Blocks; x10 = kind of event (keelback.abi.messages), x9 = badge, or bits for a signal,
x0..x7 = message. STATE unless the caller is the endpoint's server. A client not yet replied to gets RESTARTED."""

REPLY_RECEIVE: Final = 3
"""x8 endpoint (READ), x0..x7 reply for the present client (none: the reply is dropped). Then as RECEIVE."""

SIGNAL: Final = 4
"""x8 notification (WRITE). Ors the capability's badge into the pending bits."""

WAIT: Final = 5
"""x8 notification (READ). Blocks until bits are pending; x9 = the bits, which are taken.
STATE unless the notification is bound to the caller."""

POLL: Final = 6
"""x8 notification (READ). x9 = the pending bits, which are taken; 0 when there are none."""

INTERRUPT_ACKNOWLEDGE: Final = 7
"""x8 interrupt (CONTROL). Lets the interrupt fire again; not needed before the first time. STATE unless it fired."""

VCPU_RUN: Final = 8
"""x8 vcpu (CONTROL), x0 = action flags, x1 = value for the trapped access. Runs the guest until it exits;
x0 = exit reason, x1..x6 = details (keelback.abi.vcpu). STATE unless the vcpu belongs to the caller."""

VCPU_READ: Final = 9
"""x8 vcpu (READ), x0 = register id. x0 = value. BAD_ARGUMENT for an unknown id; BUSY while the guest runs."""

VCPU_WRITE: Final = 10
"""x8 vcpu (WRITE), x0 = register id, x1 = value. BAD_ARGUMENT for an unknown id or a value that is refused;
BUSY while the guest runs."""

VCPU_INJECT: Final = 11
"""x8 vcpu (WRITE), x0 = interrupt id (0..1019), x1 = priority (0..255). Makes a virtual interrupt pending.
BUSY when all list registers are taken: the guest then exits with MAINTENANCE as soon as one is free."""

THREAD_STOP: Final = 12
"""x8 thread (CONTROL). The thread stops; a call it was blocked in ends with RESTARTED, its client gets RESTARTED.
STATE when it is the caller itself."""

THREAD_START: Final = 13
"""x8 thread (CONTROL), x0 = pc, x1 = sp, x2 = argument (its x0). Stops it, clears its registers, makes it ready.
STATE when it is the caller itself."""

THREAD_READ: Final = 14
"""x8 thread (READ), x0 = register id (0..30, 31 sp, 32 pc, 33 pstate). x0 = value. STATE when it is the caller."""

THREAD_WRITE: Final = 15
"""x8 thread (WRITE), x0 = register id, x1 = value (of pstate only N, Z, C, V count). STATE unless it is stopped or
faulted."""

THREAD_RESUME: Final = 16
"""x8 thread (CONTROL). Continues a thread that is stopped or faulted. STATE when it is neither."""

CAPABILITY_COPY: Final = 17
"""x8 source slot, x0 = destination slot (empty, else OCCUPIED), x1 = mask: the copy keeps these of its rights."""

CAPABILITY_MINT: Final = 18
"""As COPY, and x2 = badge. Needs GRANT; BAD_ARGUMENT when the source has a badge already."""

CAPABILITY_DELETE: Final = 19
"""x8 slot. Empties it. A dead capability may be deleted too."""

REVOKE: Final = 20
"""x8 slot (OWNER). Every other capability to the object is dead from now on. BUSY at the last generation."""

TRACE_READ: Final = 21
"""x8 trace (READ), x0 = core, x1 = sequence number. x0..x3 = the record (keelback.abi.trace), x4 = the number to ask
for next. A number too old gives the oldest record kept; BUSY when the record is not written yet."""

VCPU_RESET: Final = 22
"""x8 vcpu (CONTROL). Registers to their reset values, no interrupt pending, timer off. BUSY while the guest runs."""

SYSTEM_OFF: Final = 23
"""x8 platform (CONTROL), x0 = OFF or RESET. Does not return."""

TRACE_CONTROL: Final = 24
"""x8 trace (CONTROL), x0 = core, x1 = mask of the kinds to record (bit n = kind n, keelback.abi.trace)."""

SYSTEM_CALL_COUNT: Final = 25
"""Numbers from here on are answered with UNKNOWN_CALL."""

OFF: Final = 0
"""SYSTEM_OFF: power the board off (PSCI SYSTEM_OFF)."""

RESET: Final = 1
"""SYSTEM_OFF: reset the board (PSCI SYSTEM_RESET)."""
