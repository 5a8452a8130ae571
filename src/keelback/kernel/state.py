"""All state of the kernel: tables of fixed size, and what their fields may hold when the machine starts.

The image builder writes the first contents from the layouts of these tables; "boot:" says what it must write, and a
field without it starts as zero (its default). Index 0 of every table is nobody, so 0 in an index field means "none".
Nothing here acts; see `scheduler` and `objects`.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import limits, mappings, objects, trace
from keelback.lang import Array, PhysAddr, Struct, array, embedded, struct, u8, u16, u32, u64

# Thread.state
STOPPED: Final = 0
"""Never started, stopped, or faulted without a handler."""
READY: Final = 1
"""Running, in a ready queue, or out of budget and in a timer queue. With `guest` set it runs its guest."""
CALLING: Final = 2
"""In the queue of the endpoint it calls, or of its fault handler's endpoint."""
AWAITING: Final = 3
"""Its server, or the reply object that this put it into, owes it a reply."""
RECEIVING: Final = 4
"""In RECEIVE without a deadline: the server of endpoint `serves` waits for a message or a signal."""
RECEIVING_UNTIL: Final = 5
"""The same with a deadline."""
WAITING: Final = 6
"""In WAIT on its bound notification."""
GUEST_IDLE: Final = 7
"""In VCPU_RUN, and the guest executed wfi."""

# Vcpu.access: what the last exit left open, for WRITE_RESULT.
ACCESS_NONE: Final = 0
ACCESS_LOAD: Final = 1
ACCESS_REGISTER: Final = 2
ACCESS_HYPERCALL: Final = 3

PARTITION_QUEUES: Final = limits.CORE_COUNT * limits.PRIORITY_COUNT
ENDPOINT_QUEUES: Final = limits.PARTITION_COUNT * PARTITION_QUEUES
"""Queues below are ready queues: rank + PARTITION_QUEUES * partition. Queue 0 is priority 0, which no thread has, so 0
is "none". From here on: the waiting callers of each endpoint."""
TIMER_QUEUES: Final = ENDPOINT_QUEUES + limits.ENDPOINT_COUNT
"""Queues from here on: who waits for a time, per core in TIMER_LEVELS wheels of 64 (`timers`)."""
TIMER_LEVELS: Final = 4
QUEUE_COUNT: Final = TIMER_QUEUES + limits.CORE_COUNT * TIMER_LEVELS * 64

FIRST_VCPU_OWNER: Final = limits.THREAD_COUNT
"""Owners of the floating-point registers: below it a thread, from here on a vcpu. 0 is nobody."""

THE_ONLY: Final = 1
"""Index of the trace and of the platform, objects that exist once."""


# Frame.size
FRAME_SMALL: Final = 0
"""4 KiB of RAM."""
FRAME_LARGE: Final = 1
"""2 MiB of RAM."""
FRAME_DEVICE: Final = 2
"""4 KiB of device registers."""

# Core.asked: what another core wants of this one.
ASKED_RESCHEDULE: Final = 1
"""A better thread is ready, or the present one is to stop."""
ASKED_UNLOAD: Final = 2
"""Save the loaded vcpu, and the floating-point registers."""
ASKED_INJECT: Final = 4
"""The loaded vcpu has arriving interrupts."""


@struct
class Header(Struct):
    """What every object has."""

    generation: u32 = u32(0)  # boot: 0, or equal in all capabilities to it
    owner: u32 = u32(0)  # the pool that owns it. boot: a pool's index; 0 for what no pool can ever touch
    live: bool = False  # boot: whether the object exists; its entry can be created otherwise


@struct
class Context(Struct):
    """Registers of a thread or a guest while it does not run. The entry stubs know its layout (arch/aarch64/entry)."""

    registers: Array[u64] = array(u64, 31)  # x0..x30. boot: x0 = argument of the component
    stack_pointer: u64 = u64(0)  # SP_EL0. boot: top of the stack, 16-byte aligned
    program_counter: u64 = u64(0)  # ELR_EL2. boot: the component's entry
    process_state: u64 = u64(0)  # SPSR_EL2. boot: 0, EL0 of AArch64; a vcpu's is set by VCPU_RESET


@struct
class Thread(Struct):
    """A thread of a component. Must begin with its context."""

    context: Context = embedded(Context)
    stage2: u64 = u64(0)  # VTTBR_EL2: address of the level 1 table, VMID in bits 63:48. boot: those of `space`
    coprocessor: u64 = u64(0)  # CPACR_EL1: whether it owns the floating-point registers. boot: 0
    thread_pointer: u64 = u64(0)  # TPIDR_EL0, valid while another thread runs
    charged: u64 = u64(0)  # whose time it uses, its own or its caller's: a scheduling context, its incarnation << 32
    badge: u64 = u64(0)  # of the capability it called with; valid while CALLING
    fault_badge: u64 = u64(0)  # delivered with its faults. boot: as the handler wants it
    fault_words: Array[u64] = array(u64, 5)  # the fault; valid while `faulting`
    deadline: u64 = u64(0)  # in ticks; valid while it is in a timer queue
    queue: u32 = u32(0)  # the queue it is in, 0 for none. boot: 0, also for threads that start READY
    budget: u32 = u32(0)  # its own scheduling context, 0 for no limit. boot: reciprocal
    next: u32 = u32(0)  # neighbours in that queue
    previous: u32 = u32(0)
    rank: u32 = u32(0)  # core * 256 + priority. boot: with a priority of 1..255
    slots_first: u32 = u32(0)  # where its capability table starts in `slots`, and its length. boot: as the table says
    slots_count: u32 = u32(0)
    client: u32 = u32(0)  # the thread it owes a reply; that one's `server` is this one
    state: u32 = u32(STOPPED)  # boot: READY or STOPPED
    server: u32 = u32(0)  # AWAITING: the thread that owes the reply, if no reply object does
    endpoint: u32 = u32(0)  # CALLING: on which endpoint
    reply: u32 = u32(0)  # AWAITING: the reply object it is in, and whose `client` it is
    serves: u32 = u32(0)  # the endpoint whose server it is. boot: reciprocal
    notification: u32 = u32(0)  # bound to it. boot: index, and the notification's `thread` names it back
    vcpu: u32 = u32(0)  # the vcpu that it alone runs. boot: reciprocal
    guest: u32 = u32(0)  # in VCPU_RUN: that vcpu
    table: u32 = u32(0)  # its capability table. boot: 1..
    space: u32 = u32(0)  # its address space. boot: 1..
    accept: u32 = u32(0)  # slot for a capability that is passed to it, 0 for none
    passing: u32 = u32(0)  # slot of the capability that it passes; valid while CALLING
    fault_endpoint: u32 = u32(0)  # where its faults go, 0 for nowhere. boot: an endpoint's index, or 0
    fault_generation: u32 = u32(0)  # of that endpoint; after another one its faults go nowhere
    header: Header = embedded(Header)
    ceiling: u8 = u8(0)  # the highest priority it may give to others. boot: at least its own
    faulting: bool = False  # CALLING or AWAITING because of a fault; or STOPPED by one
    quiet: bool = False  # it serves an endpoint that nobody queues for, and no bits are pending for it; False: unknown
    padding: Array[u64] = array(u64, 5)  # to 512 bytes, so that indexing is a shift


@struct
class Queue:
    """First and last thread of a queue; the links are in the threads."""

    head: u32 = u32(0)
    tail: u32 = u32(0)


@struct
class Pool:
    """Owns objects, other pools among them: a tree, whose root owns itself."""

    header: Header = embedded(Header)  # boot: the root pool's owner is itself
    owned: u32 = u32(0)  # how many objects have it as owner (itself not counted). boot: that


@struct
class Time:
    """A scheduling context: at most `budget` ticks in any `period`. When the budget is used up, or after a rest of
    period - budget, it is full again once period - budget ticks have passed since its last use."""

    budget: u64 = u64(0)  # boot: 0 < budget <= period
    period: u64 = u64(0)
    remaining: u64 = u64(0)  # boot: budget
    last: u64 = u64(0)  # end of its last use
    header: Header = embedded(Header)
    thread: u32 = u32(0)  # whose budget it is. boot: reciprocal
    incarnation: u32 = u32(0)  # another one after each destruction, so that nobody charges what comes after it
    partition: u8 = u8(0)  # boot: below PARTITION_COUNT
    fault_on_overrun: bool = False


@struct
class Window:
    """A window of a core's cyclic schedule."""

    ticks: u64 = u64(0)  # boot: how long it lasts, above 0
    partition: u32 = u32(0)  # boot: whose threads may run, beside those of partition 0
    next: u32 = u32(0)  # boot: the window behind it; the last one's is the first


@struct
class Endpoint(Struct):
    """Where one server receives calls. Its waiting callers are queue ENDPOINT_QUEUES + index."""

    header: Header = embedded(Header)
    server: u32 = u32(0)  # the only thread that may receive here. boot: reciprocal with its `serves`
    padding: Array[u32] = array(u32, 4)  # to 32 bytes, so that indexing is a shift


@struct
class Reply:
    """A client that is to be answered later."""

    header: Header = embedded(Header)
    client: u32 = u32(0)  # a thread that is AWAITING and whose `reply` is this, or 0


@struct
class Notification(Struct):
    """A word of bits that one thread waits for."""

    pending: u64 = u64(0)  # zero while the thread waits
    header: Header = embedded(Header)
    thread: u32 = u32(0)  # boot: the thread it is bound to, reciprocal
    padding: u64 = u64(0)  # to 32 bytes, so that indexing is a shift


@struct
class Interrupt(Struct):
    """A line of the interrupt controller that signals a notification."""

    bits: u64 = u64(0)  # boot: what it ors into the notification
    header: Header = embedded(Header)
    line: u32 = u32(0)  # interrupt id. boot: 32..1019 (GIC IHI 0069, 2.2.1: shared peripheral interrupts)
    notification: u32 = u32(0)  # the one it signals, 0 for none. boot: index
    notification_generation: u32 = u32(0)  # after another one it signals nobody
    edge: bool = False  # boot: triggered by an edge, not by a level
    fired: bool = False  # delivered and not acknowledged yet
    padding: Array[u64] = array(u64, 3)  # to 64 bytes, so that indexing is a shift


@struct
class Grant:
    """A delegation: capabilities that came through it die with its generation."""

    header: Header = embedded(Header)


@struct
class Slot(Struct):
    """A capability. A table is a piece of `slots`. Slot 0 of a table stays empty."""

    badge: u64 = u64(0)  # boot: notification: the bits it signals; endpoint: what the server sees. Else 0
    object: u32 = u32(0)  # boot: index in the table of its kind
    generation: u32 = u32(0)  # boot: that of the object
    rights: u8 = u8(0)  # boot: keelback.abi.rights
    kind: u8 = u8(objects.NONE)  # boot: keelback.abi.objects
    grant: u16 = u16(0)  # the grant it came through, 0 for none
    grant_generation: u32 = u32(0)
    padding: u64 = u64(0)  # to 32 bytes, so that indexing is a shift


@struct
class CapabilityTable:
    """A piece of `slots`; the pieces do not overlap."""

    header: Header = embedded(Header)
    first: u32 = u32(0)  # boot: also for tables that do not live yet
    count: u32 = u32(0)
    used: u32 = u32(0)  # slots that are not empty. boot: that
    threads: u32 = u32(0)  # threads that use it. boot: that
    padding: u32 = u32(0)  # to 32 bytes, so that indexing is a shift


@struct
class Translation:
    """A translation table: 512 entries from 512 * index on in `entries`. Below SPACE_COUNT an address space's first."""

    header: Header = embedded(Header)
    used: u32 = u32(0)  # entries that are not zero. boot: that
    users: u32 = u32(0)  # threads and vcpus whose address space it is. boot: that
    parent: u32 = u32(0)  # the table that points to it, 0 for none. boot: reciprocal with `targets`
    parent_entry: u32 = u32(0)
    level: u8 = u8(0)  # boot: 1 for an address space, also for one that does not live yet; else 2 or 3


@struct
class Frame:
    """Memory that can be mapped at run time."""

    address: PhysAddr = PhysAddr(0)  # boot: aligned to its size
    header: Header = embedded(Header)
    mapped: u32 = u32(0)  # entries that map it. boot: that
    dirty: u32 = u32(0)  # pieces of 4 KiB still to be cleared before it may change hands. boot: 0 if it is clear
    size: u8 = u8(FRAME_SMALL)  # boot: FRAME_


@struct
class El1(Struct):
    """EL1 registers of a guest. The first six can be seen from EL0 and are saved on each exit, the rest when another
    vcpu is loaded."""

    sctlr: u64 = u64(0)
    tcr: u64 = u64(0)
    cpacr: u64 = u64(0)
    cntkctl: u64 = u64(0)
    tpidr_el0: u64 = u64(0)
    tpidrro_el0: u64 = u64(0)
    ttbr0: u64 = u64(0)
    ttbr1: u64 = u64(0)
    mair: u64 = u64(0)
    amair: u64 = u64(0)
    vbar: u64 = u64(0)
    esr: u64 = u64(0)
    far: u64 = u64(0)
    afsr0: u64 = u64(0)
    afsr1: u64 = u64(0)
    elr: u64 = u64(0)
    spsr: u64 = u64(0)
    sp: u64 = u64(0)
    tpidr: u64 = u64(0)
    par: u64 = u64(0)
    contextidr: u64 = u64(0)
    csselr: u64 = u64(0)
    cntv_ctl: u64 = u64(0)
    cntv_cval: u64 = u64(0)


@struct
class Vcpu(Struct):
    """A virtual processor. Must begin with its context. `el1`, `list_registers` and what follows them are valid while
    it is not loaded; see `Core.loaded`."""

    context: Context = embedded(Context)
    stage2: u64 = u64(0)  # as Thread.stage2. boot: the guest's table
    el1: El1 = embedded(El1)
    list_registers: Array[u64] = array(u64, limits.LIST_REGISTER_COUNT)  # ICH_LR<n>_EL2
    interface_control: u64 = u64(0)  # ICH_VMCR_EL2
    active_group0: u64 = u64(0)  # ICH_AP0R0_EL2
    active_group1: u64 = u64(0)  # ICH_AP1R0_EL2
    syndrome: u64 = u64(0)  # ESR_EL2 of the last exit
    mpidr: u64 = u64(0)  # VMPIDR_EL2. boot: 0x80000000 + number of the vcpu
    midr: u64 = u64(0)  # VPIDR_EL2. boot: 0 for the board's own
    arriving: Array[u64] = array(u64, limits.LIST_REGISTER_COUNT)  # list registers to come, from other cores
    header: Header = embedded(Header)
    thread: u32 = u32(0)  # its monitor's thread, the only one that may run it. boot: reciprocal
    space: u32 = u32(0)  # the guest's address space. boot: 1..
    loaded_on: u32 = u32(0)  # number of the core it is loaded on + 1, or 0
    access: u8 = u8(ACCESS_NONE)  # ACCESS_: the access that WRITE_RESULT completes
    timer_priority: u8 = u8(0)
    timer_enabled: bool = False  # deliver the virtual timer's interrupt
    timer_due: bool = False  # it fired and is masked, but no list register took it yet
    wants_room: bool = False  # VCPU_INJECT said BUSY: exit with MAINTENANCE when a list register is free


@struct
class FloatingPoint(Struct):
    """q0..q31 and the two registers around them; valid while another owner is loaded."""

    registers: Array[u64] = array(u64, 64)
    control: u64 = u64(0)
    status: u64 = u64(0)


@struct
class Core(Struct):
    """What one processor core is doing. TPIDR_EL2 points to it, and the entry stubs know the first two fields."""

    context: u64 = u64(0)  # address of the context that is in the processor (arch/aarch64/vectors)
    turned: bool = False
    """Who runs, on whose time, or with what rivals has changed: the processor is to be set up anew."""
    ready: Array[u64] = array(u64, 4 * limits.PARTITION_COUNT)
    """Bit p % 64 of word 4 * partition + p // 64: the ready queue of priority p is not empty."""
    timers: Array[u64] = array(u64, TIMER_LEVELS)  # bit b of word l: timer queue b of level l is not empty
    timers_passed: u64 = u64(0)  # timer queues up to this unit of time are empty
    trace_mask: u64 = u64(trace.DEFAULT_MASK)  # kinds of record to write. boot: as the description says
    trace_next: u64 = u64(0)  # sequence number of the next trace record
    deadline: u64 = u64(u64.MAX)  # when the kernel's timer fires, in ticks; all ones: not armed
    slice_end: u64 = u64(u64.MAX)  # when the present thread's slice ends; all ones: it has no rivals
    window_end: u64 = u64(u64.MAX)  # when the present window ends; all ones: no windows
    charge_start: u64 = u64(0)  # since when `charged` is being used
    charged: u64 = u64(0)  # the present thread's, while it runs
    current: u32 = u32(0)  # the thread that runs, 0 when idle; it is in no ready queue
    component: u32 = u32(0)  # the thread whose thread pointer, CPACR and VTTBR are in the processor
    best_rank: u32 = u32(0)  # number * 256 + the highest ready priority of this window, or + 0. boot: number * 256
    window: u32 = u32(0)  # of the cyclic schedule, 0 for none. boot: the first
    partition: u32 = u32(0)  # that window's
    asked: u32 = u32(0)  # ASKED_, by other cores
    loaded: u32 = u32(0)  # the vcpu whose EL1 registers, timer and list registers are in the processor
    fp_owner: u32 = u32(0)  # whose floating-point registers are in the processor, see FIRST_VCPU_OWNER
    shared_space: u32 = u32(0)  # address space whose translations the shared VMID has here (arch/aarch64/translations)
    number: u32 = u32(0)  # boot: its index
    stopping: u32 = u32(0)  # the thread that other cores want stopped, if it still runs here when this one answers
    slice_wanted: bool = False  # the present thread has rivals: the timer must end its slice
    in_guest: bool = False  # the processor is set up for the loaded vcpu, not for a component
    padding: u16 = u16(0)  # so that both can be read at once
    online: bool = False
    panicking: bool = False


@struct
class Boot(Struct):
    """Facts about the image that the kernel needs before anything else."""

    el2_table: PhysAddr = PhysAddr(0)  # boot: level 1 table of the kernel's own translation (T0SZ = 25)
    window_table: PhysAddr = PhysAddr(0)  # boot: an empty level 2 table that entry 511 of el2_table points to
    needed_ram_end: u64 = u64(0)  # boot: first address behind everything the system uses
    zero_start: u64 = u64(0)  # boot: memory to clear before anything runs, 64-byte aligned; outside the image file
    zero_end: u64 = u64(0)
    lines_address: u64 = u64(0)  # boot: the kernel's line table, or 0; mapped in el2_table


@struct
class Singleton(Struct):
    """An object that exists once."""

    header: Header = embedded(Header)


boot: Final = Boot()
cores: Final = array(Core, limits.CORE_COUNT)
core_objects: Final = array(Singleton, limits.CORE_COUNT + 1)
queues: Final = array(Queue, QUEUE_COUNT)
pools: Final = array(Pool, limits.POOL_COUNT)
threads: Final = array(Thread, limits.THREAD_COUNT)
times: Final = array(Time, limits.TIME_COUNT)
windows: Final = array(Window, limits.WINDOW_COUNT)
endpoints: Final = array(Endpoint, limits.ENDPOINT_COUNT)
replies: Final = array(Reply, limits.REPLY_COUNT)
notifications: Final = array(Notification, limits.NOTIFICATION_COUNT)
interrupts: Final = array(Interrupt, limits.INTERRUPT_COUNT)
vcpus: Final = array(Vcpu, limits.VCPU_COUNT)
grants: Final = array(Grant, limits.GRANT_COUNT)
tables: Final = array(CapabilityTable, limits.TABLE_COUNT)
translations: Final = array(Translation, limits.TRANSLATION_COUNT)
frames: Final = array(Frame, limits.FRAME_COUNT)
slots: Final = array(Slot, limits.SLOT_COUNT)
entries: Final = array(u64, limits.TRANSLATION_COUNT * mappings.ENTRY_COUNT)
"""The translation tables as the hardware reads them (Arm DDI 0487, D8.3): 4096-byte aligned by the linker."""
targets: Final = array(u32, limits.TRANSLATION_COUNT * mappings.ENTRY_COUNT)
"""For each entry: the frame that it maps, or the table that it points to; 0 for what the kernel cannot take back, which
is what the image builder has mapped."""
trace_object: Final = Singleton()
platform_object: Final = Singleton()
fp_states: Final = array(FloatingPoint, limits.THREAD_COUNT + limits.VCPU_COUNT)
trace_records: Final = array(u64, limits.CORE_COUNT * limits.TRACE_COUNT * trace.RECORD_WORDS)
panic_context: Final = Context()
"""The kernel's own registers at a panic."""
