"""All state of the kernel: tables of fixed size, and what their fields may hold when the machine starts.

The image builder writes the first contents from the layouts of these tables; "boot:" says what it must write, and a
field without it starts as zero (its default). Index 0 of threads, endpoints, notifications, interrupts, vcpus and
capability tables is nobody, so 0 in an index field means "none". Nothing here acts; see `scheduler` and `objects`.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import limits, objects, trace
from keelback.lang import Array, PhysAddr, Struct, array, embedded, struct, u8, u32, u64

# Thread.state
STOPPED: Final = 0
"""Never started, stopped, or faulted without a handler."""
READY: Final = 1
"""Running, or in a ready queue. With `guest` set it runs its guest."""
CALLING: Final = 2
"""In the queue of the endpoint it calls, or of its fault handler's endpoint."""
AWAITING: Final = 3
"""Its server has taken the message and owes a reply."""
RECEIVING: Final = 4
"""In RECEIVE: the server of `endpoint` waits for a message or a signal."""
WAITING: Final = 5
"""In WAIT on its bound notification."""
GUEST_IDLE: Final = 6
"""In VCPU_RUN, and the guest executed wfi."""

# Vcpu.access: what the last exit left open, for WRITE_RESULT.
ACCESS_NONE: Final = 0
ACCESS_LOAD: Final = 1
ACCESS_REGISTER: Final = 2
ACCESS_HYPERCALL: Final = 3

READY_QUEUES: Final = 0
"""Queues 0.. of the queue table: one per core and priority. Queue 0 is priority 0, which no thread has: "none"."""
ENDPOINT_QUEUES: Final = READY_QUEUES + limits.CORE_COUNT * limits.PRIORITY_COUNT
"""Queues from here on: the waiting callers of each endpoint."""
QUEUE_COUNT: Final = ENDPOINT_QUEUES + limits.ENDPOINT_COUNT

FIRST_VCPU_OWNER: Final = limits.THREAD_COUNT
"""Owners of the floating-point registers: below it a thread, from here on a vcpu. 0 is nobody."""

THE_ONLY: Final = 1
"""Index of the trace and of the platform, objects that exist once."""


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
    stage2: u64 = u64(0)  # VTTBR_EL2: address of the level 1 table, VMID in bits 63:48. boot: both; VMIDs are unique
    coprocessor: u64 = u64(0)  # CPACR_EL1: whether it owns the floating-point registers. boot: 0
    thread_pointer: u64 = u64(0)  # TPIDR_EL0, valid while another thread runs
    badge: u64 = u64(0)  # of the capability it called with; valid while CALLING
    fault_badge: u64 = u64(0)  # delivered with its faults. boot: as the handler wants it
    fault_words: Array[u64] = array(u64, 5)  # the fault; valid while `faulting`
    queue: u32 = u32(0)  # the queue it is in, 0 for none. boot: 0, also for threads that start READY
    next: u32 = u32(0)  # neighbours in that queue
    previous: u32 = u32(0)
    endpoint: u32 = u32(0)  # CALLING, RECEIVING: on which endpoint
    client: u32 = u32(0)  # the thread it owes a reply; that one's `server` is this one
    server: u32 = u32(0)  # AWAITING: the thread that owes the reply
    notification: u32 = u32(0)  # bound to it. boot: index, and the notification's `thread` names it back
    table: u32 = u32(0)  # its capability table. boot: 1..
    fault_endpoint: u32 = u32(0)  # where its faults go, 0 for nowhere. boot: an endpoint's index, or 0
    guest: u32 = u32(0)  # in VCPU_RUN: the vcpu
    generation: u32 = u32(0)  # boot: 0, or equal in all capabilities to it
    state: u8 = u8(STOPPED)  # boot: READY or STOPPED
    priority: u8 = u8(0)  # boot: 1..255
    faulting: bool = False  # CALLING or AWAITING because of a fault; or STOPPED by one


@struct
class Queue:
    """First and last thread of a queue; the links are in the threads."""

    head: u32 = u32(0)
    tail: u32 = u32(0)


@struct
class Endpoint(Struct):
    """Where one server receives calls. Its waiting callers are queue ENDPOINT_QUEUES + index."""

    server: u32 = u32(0)  # boot: the only thread that may receive here
    generation: u32 = u32(0)


@struct
class Notification(Struct):
    """A word of bits that one thread waits for."""

    pending: u64 = u64(0)  # zero while the thread waits
    thread: u32 = u32(0)  # boot: the thread it is bound to
    generation: u32 = u32(0)


@struct
class Interrupt(Struct):
    """A line of the interrupt controller that signals a notification."""

    bits: u64 = u64(0)  # boot: what it ors into the notification
    line: u32 = u32(0)  # interrupt id. boot: 32..1019 (GIC IHI 0069, 2.2.1: shared peripheral interrupts)
    notification: u32 = u32(0)  # boot: the one it signals
    generation: u32 = u32(0)
    edge: bool = False  # boot: triggered by an edge, not by a level
    fired: bool = False  # delivered and not acknowledged yet


@struct
class Slot(Struct):
    """A capability. The tables lie one after the other: table t starts at t * SLOT_COUNT."""

    badge: u64 = u64(0)  # boot: notification: the bits it signals; endpoint: what the server sees. Else 0
    object: u32 = u32(0)  # boot: index in the table of its kind
    generation: u32 = u32(0)  # boot: that of the object
    kind: u8 = u8(objects.NONE)  # boot: keelback.abi.objects
    rights: u8 = u8(0)  # boot: keelback.abi.rights


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
    thread: u32 = u32(0)  # its monitor's thread, the only one that may run it. boot: index
    generation: u32 = u32(0)
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
    """What one processor core is doing."""

    ready: Array[u64] = array(u64, 4)  # bit p % 64 of word p // 64: the ready queue of priority p is not empty
    trace_mask: u64 = u64(trace.DEFAULT_MASK)  # kinds of record to write. boot: as the description says
    trace_next: u64 = u64(0)  # sequence number of the next trace record
    deadline: u64 = u64(u64.MAX)  # when the kernel's timer fires, in ticks; all ones: not armed
    current: u32 = u32(0)  # the thread that runs, 0 when idle; it is in no ready queue
    component: u32 = u32(0)  # the thread whose thread pointer, CPACR and VTTBR are in the processor
    loaded: u32 = u32(0)  # the vcpu whose EL1 registers, timer and list registers are in the processor
    fp_owner: u32 = u32(0)  # whose floating-point registers are in the processor, see FIRST_VCPU_OWNER
    in_guest: bool = False  # the processor is set up for the loaded vcpu, not for a component
    slice_wanted: bool = False  # a thread of the present one's priority is ready: the timer must end this slice
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
    """Generation of an object that exists once."""

    generation: u32 = u32(0)


boot: Final = Boot()
cores: Final = array(Core, limits.CORE_COUNT)
queues: Final = array(Queue, QUEUE_COUNT)
threads: Final = array(Thread, limits.THREAD_COUNT)
endpoints: Final = array(Endpoint, limits.ENDPOINT_COUNT)
notifications: Final = array(Notification, limits.NOTIFICATION_COUNT)
interrupts: Final = array(Interrupt, limits.INTERRUPT_COUNT)
vcpus: Final = array(Vcpu, limits.VCPU_COUNT)
slots: Final = array(Slot, limits.TABLE_COUNT * limits.SLOT_COUNT)
trace_singleton: Final = Singleton()
platform_singleton: Final = Singleton()
fp_states: Final = array(FloatingPoint, limits.THREAD_COUNT + limits.VCPU_COUNT)
trace_records: Final = array(u64, limits.CORE_COUNT * limits.TRACE_COUNT * trace.RECORD_WORDS)
panic_context: Final = Context()
"""The kernel's own registers at a panic."""
