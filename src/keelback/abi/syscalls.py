"""System call numbers: the immediate of `svc #number`.

Registers: x8 names the capability's slot (not where nothing but the caller itself is meant), x0..x7 carry arguments or
message words. On return x8 is the status (keelback.abi.errors), x9 a badge or notification bits, x10 the kind of event,
x0..x7 results. x9 and x10 come back zero where a call does not use them, x11..x18 and the condition flags without
meaning; x19..x30, sp and tpidr_el0 are preserved. A refused call changes nothing but x8, x9 and x10; one that says
PENDING has asked another core to let go of something, or has done a part of the work, and is to be made again. Errors
are found in this order, unless a call says another: slots (BAD_SLOT, WRONG_KIND, DEAD, NO_RIGHT), x8 first and then by
number of the register; then in the order of the call's text.
"""

from __future__ import annotations

from typing import Final

CALL: Final = 0
"""x8 endpoint (WRITE), x0..x7 message. Blocks; returns the reply in x0..x7.
STATE when nobody serves the endpoint; PRIORITY unless the server's priority is above the caller's; RESTARTED when the
server was stopped meanwhile."""

NULL: Final = 1
"""Does nothing. Status OK."""

RECEIVE: Final = 2
"""Blocks on the endpoint that the caller serves (ENDPOINT_BIND), without a capability; x10 = kind of event
(keelback.abi.messages), x9 = badge, or bits for a signal, x0..x7 = message. STATE when it serves none. A client not yet
replied to gets RESTARTED."""

REPLY_RECEIVE: Final = 56
"""x0..x7 reply for the present client (none: the reply is dropped). Then as RECEIVE."""

SIGNAL: Final = 4
"""x8 notification (WRITE). Ors the capability's badge into the pending bits."""

WAIT: Final = 5
"""x8 notification (READ). Blocks until bits are pending; x9 = the bits, which are taken.
STATE unless the notification is bound to the caller."""

POLL: Final = 6
"""x8 notification (READ). x9 = the pending bits, which are taken; 0 when there are none."""

INTERRUPT_ACKNOWLEDGE: Final = 7
"""x8 interrupt (CONTROL). Lets the interrupt fire again; not needed before the first time. STATE unless it fired."""

VCPU_RUN: Final = 57
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
STATE when it is the caller itself; PENDING while it runs on another core, which is asked to stop it."""

THREAD_START: Final = 13
"""x8 thread (CONTROL), x0 = pc, x1 = sp, x2 = argument (its x0). Clears a stopped one's registers, makes it ready.
STATE when it is the caller itself, or has no priority or no address space yet; PENDING while it runs on another core,
which is asked to stop it, and when it was not stopped, or owed a reply: this call has done what THREAD_STOP does."""

THREAD_READ: Final = 14
"""x8 thread (READ), x0 = register id (0..30, 31 sp, 32 pc, 33 pstate). x0 = value. STATE when it is the caller,
or runs on another core."""

THREAD_WRITE: Final = 15
"""x8 thread (WRITE), x0 = register id, x1 = value (of pstate only N, Z, C, V count). STATE unless it is stopped or
faulted."""

THREAD_RESUME: Final = 16
"""x8 thread (CONTROL). Continues a thread that is stopped or faulted. STATE when it is neither, or as THREAD_START."""

CAPABILITY_COPY: Final = 17
"""x8 source slot, whose capability may be dead, as the copy is then; x0 = destination slot (empty, else OCCUPIED), x1 =
mask: the copy keeps these of its rights, x3 = slot of the destination table (WRITE), or 0 for the caller's own. Errors
are looked for in the order x8, x3, x0."""

CAPABILITY_MINT: Final = 18
"""As CAPABILITY_COPY, and x2 = badge. Needs GRANT; BAD_ARGUMENT when the source has a badge already. A badge of 0 is
none."""

CAPABILITY_DELETE: Final = 19
"""x8 slot, x0 = slot of its table (WRITE), or 0 for the caller's own, which is checked first. Empties it. A dead
capability may be deleted too."""

REVOKE: Final = 20
"""x8 slot (OWNER). Every other capability to the object is dead from now on. BUSY after 2^32 - 2 times."""

TRACE_READ: Final = 21
"""x8 trace (READ), x0 = core, x1 = sequence number. x0..x3 = the record (keelback.abi.trace), x4 = the number to ask
for next. A number too old gives the oldest record kept; BUSY when the record is not written yet."""

VCPU_RESET: Final = 22
"""x8 vcpu (CONTROL). Registers to their reset values, no interrupt pending, timer off. BUSY while the guest runs."""

SYSTEM_OFF: Final = 23
"""x8 platform (CONTROL), x0 = OFF or RESET. Does not return."""

TRACE_CONTROL: Final = 24
"""x8 trace (CONTROL), x0 = core, x1 = mask of the kinds to record (bit n = kind n, keelback.abi.trace)."""

# Replying later, and passing capabilities.

REPLY_SAVE: Final = 25
"""x8 reply (CONTROL). Moves the present client into the reply object, so that the caller can receive again and answer
later. STATE when there is no client, or the caller has no scheduling context of its own but runs on the client's; BUSY
when the reply object holds a client."""

REPLY: Final = 26
"""x8 reply (CONTROL), x0..x7 reply. Answers the client in the reply object. STATE when it holds none."""

CALL_PASS: Final = 27
"""As CALL, with x8 = endpoint | slot of a capability (GRANT) to pass << 32. The server gets a copy in the slot that it
said in ACCEPT, if that is empty when it takes the message; x10 of its RECEIVE says whether (messages.PASSED)."""

REPLY_PASS: Final = 28
"""As REPLY, with x8 = reply | slot of a capability (GRANT) to pass to the client << 32, as with CALL_PASS."""

ACCEPT: Final = 29
"""x0 = slot of the caller's table where a passed capability shall go from now on, 0 for nowhere. A message comes
without its capability while that slot is not empty."""

# Waiting with a deadline.

RECEIVE_UNTIL: Final = 30
"""As RECEIVE, x0 = deadline in ticks of the board's counter (CNTVCT_EL0). TIMEOUT when nothing came before."""

WAIT_UNTIL: Final = 31
"""As WAIT, x0 = deadline in ticks. TIMEOUT when no bits came before."""

YIELD: Final = 32
"""Lets the next ready thread of the same priority run."""

# Capabilities, again. A table argument is the slot of a capability table (WRITE), or 0 for the caller's own.

CAPABILITY_MOVE: Final = 33
"""x8 source slot, whose capability may be dead; x0 = destination slot (empty, else OCCUPIED), x1 = destination table.
The source is empty then. Errors are looked for in the order x8, x1, x0."""

CAPABILITY_CLEAR: Final = 34
"""x8 capability table (WRITE), x0 = slot (BAD_SLOT outside the table). Empties 16 slots from there on, or up to the
last; x0 = the next slot, 0 behind the last."""

DELEGATE: Final = 35
"""x8 grant (CONTROL), x0 = source slot (GRANT), x1 = destination slot, x2 = mask of rights, x3 = destination table. As
CAPABILITY_COPY; the copy and what is copied from it die when the grant is revoked or destroyed. STATE when the source
came through a grant itself. Errors are looked for in the order x8, x0, x3, x1."""

# Ownership. The object is (kind, index): x0 = kind, x1 = index. A pool's holder needs no other right to what it owns.
# Errors are looked for in this order: x8, BAD_ARGUMENT for an unknown kind or an index that its table has not,
# NOT_OWNED, then as documented. Index 0 is never an object.

OBJECT_CREATE: Final = 36
"""x8 pool (CONTROL), x0 kind, x1 index, x2 = destination slot in the caller's table, x3 = of a page table: its level.
Makes an object live in an entry that the pool owns, and gives the caller a capability with every right. BAD_ARGUMENT
for a level other than 2 or 3; STATE when it is live, as frames, the trace, the platform and cores always are; BAD_SLOT,
OCCUPIED for x2."""

OBJECT_DESTROY: Final = 37
"""x8 pool (CONTROL), x0 kind, x1 index. Every capability to it is dead; the entry stays the pool's, but is nobody's
once its generations are used up (2^32 - 1 times revoked or destroyed). BAD_ARGUMENT for kinds that cannot be created;
STATE when it is not live; BUSY while something depends on it (a thread that is not stopped, an endpoint with callers, a
table with capabilities, entries or users, a pool that owns objects, the root pool ...)."""

OBJECT_GIVE: Final = 38
"""x8 pool (CONTROL), x0 kind, x1 index, x2 = slot of a pool that this one owns: the object, live or not, is that pool's
from now on. For x2 BAD_SLOT, WRONG_KIND, DEAD, and NOT_OWNED; then BAD_ARGUMENT when a pool is to own itself; BUSY for
a frame that is mapped; DIRTY for one that was not cleared."""

OBJECT_TAKE: Final = 39
"""x8 pool (CONTROL), x0 kind, x1 index. The object, live or not, owned by another pool that this one owns, is this
pool's from now on. Capabilities to it and mappings of it stay as they are."""

OBJECT_CLAIM: Final = 40
"""x8 pool (CONTROL), x0 kind, x1 index, x2 = destination slot in the caller's table. A capability with every right to a
live object that the pool owns. STATE when it is not live; BAD_SLOT, OCCUPIED for x2."""

OBJECT_REVOKE: Final = 41
"""x8 pool (CONTROL), x0 kind, x1 index. Every capability to the object is dead; the object lives on. STATE when it is
not live; BUSY as REVOKE."""

# Threads, again.

THREAD_CONFIGURE: Final = 42
"""x8 thread (CONTROL), x0 = slot of its address space (CONTROL), x1 = of its capability table (CONTROL), x2 = of the
endpoint for its faults (WRITE), or 0 for none, x3 = badge of its faults. STATE unless it is stopped, and thread, space
and table belong to one pool; PENDING while another core has registers of it."""

THREAD_SCHEDULE: Final = 43
"""x8 thread (CONTROL), x0 = slot of a core (CONTROL), x1 = priority, x2 = ceiling: the highest priority that it may
give to others. BAD_ARGUMENT unless 1 <= priority <= ceiling <= 255; PRIORITY when the ceiling is above the caller's;
STATE unless it is stopped; PENDING while another core has registers of it or of its vcpu. To move a thread that runs:
stop, schedule, resume."""

THREAD_BIND: Final = 44
"""x8 thread (CONTROL), x0 = slot of a notification (CONTROL), or 0 for none; it is unbound from its old one. STATE
unless the thread is stopped, and the notification bound to no thread."""

THREAD_GIVE_TIME: Final = 45
"""x8 thread (CONTROL), x0 = slot of a scheduling context (CONTROL), or 0: no limit. The old one is unbound. PRIORITY
when 0 is asked for by a thread that has a scheduling context itself; STATE unless the thread is stopped, and the
context configured, bound to no thread, and of the thread's pool."""

# Scheduling contexts.

TIME_CONFIGURE: Final = 46
"""x8 scheduling context (CONTROL), x0 = slot of a core (CONTROL), x1 = budget, x2 = period, in ticks, x3 = partition |
flags (keelback.abi.times). The budget is full then. BAD_ARGUMENT unless BUDGET_LEAST <= budget <= period <=
PERIOD_MOST, the partition exists, and other bits of x3 are 0; BUSY while a thread is bound to it. It can be used on
every core."""

# Endpoints, interrupts, vcpus.

ENDPOINT_BIND: Final = 47
"""x8 endpoint (CONTROL), x0 = slot of the thread (CONTROL) that shall serve it, or 0 for none. STATE unless the
endpoint has no server and the thread serves no endpoint; with 0: while the server is in RECEIVE there."""

ENDPOINT_CANCEL: Final = 48
"""x8 endpoint (CONTROL). Ends the call of the first waiting caller with RESTARTED; one that waits because of a fault is
stopped. STATE when none waits."""

INTERRUPT_BIND: Final = 49
"""x8 interrupt (CONTROL), x0 = slot of a notification (WRITE), or 0 to turn it off, x1 = bits to signal, x2 = 1 for an
edge, 0 for a level, else BAD_ARGUMENT. If it fired, it counts as acknowledged."""

VCPU_CONFIGURE: Final = 50
"""x8 vcpu (CONTROL), x0 = slot of the thread (CONTROL) that runs it, x1 = slot of the guest's address space (CONTROL).
BUSY while the guest runs; STATE unless the thread has no other vcpu, and vcpu and space belong to one pool; PENDING
while another core has registers of the vcpu."""

# Memory.

FRAME_CLEAR: Final = 51
"""x8 frame (WRITE). BUSY while it is mapped. Clears a piece of 4 KiB, if one is left to clear; x0 = pieces that are
left then. Device frames have none."""

FRAME_INFO: Final = 52
"""x8 frame (READ). x0 = physical address, x1 = bytes, x2 = how often it is mapped, x3 = pieces to clear."""

MAP: Final = 53
"""x8 page table (WRITE), x0 = entry (0..511), x1 = slot of a frame (READ and WRITE as x2 has them),
x2 = flags (keelback.abi.mappings; READ always). BAD_ARGUMENT for another entry or flags, when the frame does not fit
the table's level (3: 4 KiB, 2: 2 MiB), or for device registers that shall be executable; NOT_OWNED unless table and
frame belong to one pool; OCCUPIED when the entry is in use. With WRITE all of the frame's pieces are to be cleared
again."""

UNMAP: Final = 54
"""x8 page table (WRITE), x0 = entry (else BAD_ARGUMENT). Ends a mapping. STATE when the entry is none,
or one that the image was built with."""

LINK: Final = 55
"""x8 address space or page table (WRITE), x0 = entry, x1 = slot of a page table (CONTROL). BAD_ARGUMENT for another
entry, or unless it is of the next level; OCCUPIED when the entry is in use; STATE when an entry points to the table
already. Whoever owns the two, they can be parted by either: UNLINK, UNLINK_ENTRY."""

UNLINK: Final = 3
"""x8 page table (CONTROL). Takes it out of the table that points to it. STATE when none does."""

UNLINK_ENTRY: Final = 8
"""x8 address space or page table (WRITE), x0 = entry (else BAD_ARGUMENT). Takes out the table that this entry points
to. STATE when it points to none, or to one that the image was built with."""

SYSTEM_CALL_COUNT: Final = 58
"""Numbers from here on are answered with UNKNOWN_CALL."""

OFF: Final = 0
"""SYSTEM_OFF: power the board off (PSCI SYSTEM_OFF)."""

RESET: Final = 1
"""SYSTEM_OFF: reset the board (PSCI SYSTEM_RESET)."""
