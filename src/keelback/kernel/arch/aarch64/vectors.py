"""All assembly that enters and leaves the kernel: image header, boot until compiled code can run, exception vectors.

The stubs only move registers between the processor and the context that `Core.context` points to, and hold the kernel's
lock while the kernel runs, whose address is in x18, which compiled code never touches; what to do is decided in
`keelback.kernel.entry`. TPIDR_EL2 is the address of the present
Core, SP_EL2 the top of its stack whenever the kernel is entered, and interrupts are masked all the time at EL2. Tests
do not run this module: it has no model in CPython, but for the ways out with a message.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import limits
from keelback.abi.errors import OK
from keelback.abi.syscalls import CALL, REPLY_RECEIVE, SYSTEM_CALL_COUNT, VCPU_RUN
from keelback.abi.trace import EVERY_CALL
from keelback.kernel.arch.aarch64.processor import kernel_lock
from keelback.kernel.arch.aarch64.registers import EL2_MAIR, EL2_SCTLR, EL2_TCR, VBAR_EL2
from keelback.kernel.state import Boot, Context, Core, Thread, boot, cores, panic_context
from keelback.lang import array, asm, naked, noinline, offset_of, size_of, u64

__all__ = [  # the assembly names them
    "EL2_MAIR",
    "EL2_SCTLR",
    "EL2_TCR",
    "OK",
    "REPLY_RECEIVE",
    "VCPU_RUN",
    "boot",
    "cores",
    "kernel_lock",
    "panic_context",
    "start",
    "vectors",
]

STACK_BYTES: Final = 16384
TABLE_BYTES: Final = 2048
"""Of vectors."""
kernel_stack: Final = array(u64, limits.CORE_COUNT * STACK_BYTES // 8)
panic_stack: Final = array(u64, STACK_BYTES // 8)

CORE_BYTES: Final = size_of(Core)
EL2_TABLE: Final = offset_of(Boot, "el2_table")
ZERO_START: Final = offset_of(Boot, "zero_start")
ZERO_END: Final = offset_of(Boot, "zero_end")
STACK_POINTER: Final = offset_of(Context, "stack_pointer")
PROCESS_STATE: Final = offset_of(Context, "process_state")

MESSAGE: Final = ("x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7")
"""Where the words are, on the way from caller to callee."""
CALLER: Final = (*MESSAGE, "x13", "x14", "x12")
"""The message; the core, the thread that calls, and its x8."""
SERVER: Final = CALLER[:-1]
"""The message; the core, the thread that answers and receives."""
CALLEE: Final = (*MESSAGE, "x11", "x9", "x10")
"""The message; the context of the thread that gets it, its x9 and x10."""
REFUSED: Final = (*CALLEE, "x12")
"""The same of the caller, and its x8."""
TURNED: Final = ("x0", "x13", "x14")
"""The status of the call; the core, the thread that called."""
STOPPED: Final = ("x20",)
"""The core; all registers are in the context of who was stopped."""

assert offset_of(Core, "context") == 0, "the assembly below counts on it"
assert offset_of(Core, "turned") == 8 and offset_of(Core, "ready") == 16, "the assembly below loads both as words"
assert CALL == 0 and VCPU_RUN == REPLY_RECEIVE + 1 == SYSTEM_CALL_COUNT - 1, "the vector below counts on it"


@naked(
    """
    b 1f
    .word 0
    .quad 0x80000, 0, 0xa, 0, 0, 0
    .ascii "ARM\\x64"
    .word 0
1:  mrs x1, CurrentEL
    cmp x1, #8
2:  b.ne 2b
    msr daifset, #15
    mov x20, x0
    mov x21, #0
    ldr x2, ={boot}
    ldr x3, [x2, #{ZERO_START}]
    ldr x4, [x2, #{ZERO_END}]
3:  cmp x3, x4
    b.hs kernel_core_start
    dc ivac, x3
    stp xzr, xzr, [x3], #16
    b 3b
kernel_secondary_start:
    mov x21, x0
kernel_core_start:
    ldr x2, ={boot}
    ldr x3, [x2, #{EL2_TABLE}]
    msr ttbr0_el2, x3
    mov x3, #{EL2_MAIR}
    msr mair_el2, x3
    ldr x3, ={EL2_TCR}
    msr tcr_el2, x3
    ldr x3, =kernel_vectors
    msr vbar_el2, x3
    ldr x3, ={cores}
    mov x4, #{CORE_BYTES}
    madd x3, x21, x4, x3
    msr tpidr_el2, x3
    ldr x3, ={kernel_stack} + {STACK_BYTES}
    mov x4, #{STACK_BYTES}
    madd x3, x21, x4, x3
    and sp, x3, #~15
    dsb sy
    isb
    tlbi alle2
    tlbi alle1
    ic iallu
    dsb sy
    isb
    ldr x3, ={EL2_SCTLR}
    msr sctlr_el2, x3
    isb
    ldr x18, ={kernel_lock}
    mov x0, x20
    adr x30, kernel_resume
    cbnz x21, kernel_secondary
    b kernel_boot
    """,
    symbol="_start",
    section=".text.header",
)
def start() -> None:
    """Where the boot loader jumps to (Linux arm64 boot protocol): x0 = device tree, MMU off. Other cores come to
    kernel_secondary_start with interrupts masked, x0 = number of the core (PSCI CPU_ON, Arm DEN 0022).

    The image builder fills in the image's size at offset 16."""


@asm("ldr {result}, =kernel_secondary_start")
def secondary_address() -> u64:
    """Where other cores start."""
    return u64(0x4008_0000)


@naked(
    """
    .macro kernel_pairs operation base first second rest:vararg
    \\operation x\\first, x\\second, [\\base, #8 * \\first]
    .ifnb \\rest
    kernel_pairs \\operation, \\base, \\rest
    .endif
    .endm
    .macro kernel_save_state base
    mrs x1, sp_el0
    mrs x2, elr_el2
    mrs x3, spsr_el2
    stp x1, x2, [\\base, #{STACK_POINTER}]
    str x3, [\\base, #{PROCESS_STATE}]
    .endm
    .macro kernel_take_lock taken, value
    ldr x18, ={kernel_lock}
9:  ldaxr \\value, [x18]
    cbz \\value, 10f
    wfe
    b 9b
10: stxr \\value, \\taken, [x18]
    cbnz \\value, 9b
    .endm
    .macro kernel_give_lock
    stlr wzr, [x18]
    .endm
    .macro kernel_message_call handler
    mrs x13, tpidr_el2
    ldr x14, [x13]
    kernel_pairs stp, x14, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
    mrs x10, sp_el0
    mrs x11, elr_el2
    stp x10, x11, [x14, #{STACK_POINTER}]
    kernel_take_lock w18, w11
    b \\handler
    .endm
    .macro kernel_table call, reply_receive, vcpu_run, other
    .irp number, 0, 1, 2, 3, 4, 5, 6, 7
    .balign 128
    msr sp_el0, x0
    ldr x0, ={panic_context}
    str x1, [x0, #8]
    mov x1, #\\number
    b kernel_panic_entry
    .endr
    .balign 128
    stp x16, x17, [sp, #-16]
    mrs x16, esr_el2
    mov w17, #0x56000000
    eor w16, w16, w17
    cbz w16, \\call
    cmp w16, #{REPLY_RECEIVE}
    b.lo \\other
    b.eq \\reply_receive
    lsr w17, w16, #16
    cbnz w17, kernel_save_exception
    cmp w16, #{VCPU_RUN}
    b.eq \\vcpu_run
    b 4f
    .irp what, interrupt, interrupt, failure, exception, interrupt, interrupt, failure
    .balign 128
    stp x16, x17, [sp, #-16]
    b kernel_save_\\what
    .endr
    .endm
    kernel_table 1f, 2f, 3f, kernel_other_call
kernel_traced_vectors:
    kernel_table 5f, 5f, 6f, 4f
1:  mov x12, x8
    kernel_message_call kernel_call
2:  kernel_message_call kernel_reply_receive
5:  mov x12, x8
    kernel_message_call kernel_any_message
    .macro kernel_save_call
    mrs x9, tpidr_el2
    ldr x17, [x9]
    kernel_pairs stp, x17, 0, 1, 2, 3, 4, 5, 6, 7
    str x8, [x17, #64]
    str x30, [x17, #240]
    kernel_take_lock w18, w11
    .endm
kernel_other_call:
    kernel_save_call
    stp xzr, xzr, [x17, #72]
    adr x10, kernel_calls
    ldr x10, [x10, w16, uxtw #3]
    mov x0, x17
    blr x10
7:  mrs x13, tpidr_el2
    ldp x14, x10, [x13]
    cbnz x10, 8f
    mov x8, x0
    kernel_give_lock
    kernel_pairs ldp, x14, 0, 1, 2, 3, 4, 5, 6, 7
    ldr x30, [x14, #240]
    kernel_pairs ldp, x14, 9, 10, 11, 12, 15, 16, 17, 18, 13, 14
    eret
8:  kernel_pairs stp, x14, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28
    str x29, [x14, #232]
    kernel_save_state x14
    b kernel_called
4:  kernel_save_call
    mov w0, w16
    bl kernel_system_call
    b 7b
kernel_call_by_number:
    mov w0, w16
    b kernel_system_call
6:  kernel_save_call
    bl kernel_traced_vcpu_run
    b kernel_leave_any
3:  kernel_save_call
    bl kernel_vcpu_run
kernel_leave_any:
    mrs x16, tpidr_el2
    ldr x17, [x16]
    cmp x0, x17
    b.ne kernel_switch
kernel_leave_caller:
    mov x17, x0
    kernel_give_lock
    kernel_pairs ldp, x17, 0, 1, 2, 3, 4, 5, 6, 7
    ldr x30, [x17, #240]
    kernel_pairs ldp, x17, 8, 9, 10, 11, 12, 13, 14, 15
    ldr x18, [x17, #144]
    ldp x16, x17, [x17, #128]
    eret
kernel_switch:
    kernel_pairs stp, x17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28
    str x29, [x17, #232]
    kernel_save_state x17
kernel_resume:
    mrs x16, tpidr_el2
    str x0, [x16]
    kernel_give_lock
    ldp x1, x2, [x0, #{STACK_POINTER}]
    ldr x3, [x0, #{PROCESS_STATE}]
    msr sp_el0, x1
    msr elr_el2, x2
    msr spsr_el2, x3
    kernel_pairs ldp, x0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    kernel_pairs ldp, x0, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29
    ldr x30, [x0, #240]
    ldp x0, x1, [x0]
    eret
    .irp what, exception, interrupt, failure
kernel_save_\\what:
    mrs x16, tpidr_el2
    ldr x16, [x16]
    kernel_pairs stp, x16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    ldp x0, x1, [sp, #-16]
    stp x0, x1, [x16, #128]
    kernel_pairs stp, x16, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29
    str x30, [x16, #240]
    kernel_save_state x16
    mrs x20, tpidr_el2
    kernel_take_lock w18, w11
    b kernel_\\what
    .endr
kernel_panic_entry:
    kernel_pairs stp, x0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    kernel_pairs stp, x0, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29
    str x30, [x0, #240]
    mrs x2, sp_el0
    str x2, [x0]
    mov x2, sp
    mrs x3, elr_el2
    stp x2, x3, [x0, #{STACK_POINTER}]
    ldr x3, ={panic_stack} + {STACK_BYTES}
    and sp, x3, #~15
    mov x0, x1
    b kernel_panic
    """,
    symbol="kernel_vectors",
    section=".text.vectors",
    align=2 * TABLE_BYTES,
)
def vectors() -> None:
    """The exception vectors (Arm DDI 0487, D1.3.1.5): from EL2 itself a panic; `svc` from EL0 with few registers saved;
    everything else with all. A failure is a system error (SError). There are two tables: one for cores on
    which calls leave records, where every call takes the way on which they are written; one for all others, where
    nobody asks."""


@noinline
def select_vectors(core: Core) -> None:
    """Take the table that the trace mask of this core asks for."""
    first = VBAR_EL2.read() & ~u64(TABLE_BYTES)
    VBAR_EL2.write(first if core.trace_mask & EVERY_CALL == 0 else first | TABLE_BYTES)


@naked("b kernel_resume")
def leave(context: u64) -> None:
    """Leave the kernel for the context at this address. In tests whoever comes next finds everything in its context."""


@naked(
    """
kernel_any_message:
    stp x0, x1, [x14]
    stp x2, x3, [x14, #16]
    stp x4, x5, [x14, #32]
    stp x6, x7, [x14, #48]
    str x12, [x14, #64]
    b kernel_finish_call
    """,
    registers=CALLER,
)
def leave_common_case(
    x0: u64, x1: u64, x2: u64, x3: u64, x4: u64, x5: u64, x6: u64, x7: u64, core: Core, calling: Thread, number: u64
) -> None:
    """Put the message into the caller's context, and go on at kernel_finish_call."""


@naked("b kernel_leave_caller")
def leave_caller(context: u64) -> None:
    """Leave the kernel for the thread that called it, x0..x10 as in its context, which is at this address."""


@naked(
    """
    ldp x12, x13, [x11, #{STACK_POINTER}]
    msr sp_el0, x12
    msr elr_el2, x13
    msr spsr_el2, xzr
    mov x8, #{OK}
kernel_leave_answered:
    stlr wzr, [x18]
    ldp x13, x14, [x11, #104]
    ldp x15, x16, [x11, #120]
    ldp x17, x18, [x11, #136]
    ldp x19, x20, [x11, #152]
    ldp x21, x22, [x11, #168]
    ldp x23, x24, [x11, #184]
    ldp x25, x26, [x11, #200]
    ldp x27, x28, [x11, #216]
    ldp x29, x30, [x11, #232]
    ldp x11, x12, [x11, #88]
    eret
    """,
    registers=CALLEE,
)
def leave_to(
    x0: u64, x1: u64, x2: u64, x3: u64, x4: u64, x5: u64, x6: u64, x7: u64, thread: Thread, badge: u64, kind: u64
) -> None:
    """Leave the kernel for another thread, whose system call ends with OK, x9 and x10, and x0..x7 as given; the rest is
    as in its context."""


@naked("mov x8, x12\n b kernel_leave_answered", registers=REFUSED)
def leave_refused(
    x0: u64, x1: u64, x2: u64, x3: u64, x4: u64, x5: u64, x6: u64, x7: u64, caller: Thread, x9: u64, x10: u64, x8: u64
) -> None:
    """Leave the kernel for the caller, whose x19..x30 are in its context, x0..x10 as given."""
