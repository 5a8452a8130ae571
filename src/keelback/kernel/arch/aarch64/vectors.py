"""All assembly that enters and leaves the kernel: image header, boot until compiled code can run, exception vectors.

The stubs only move registers between the processor and the context that TPIDR_EL2 points to; what to do is decided in
`keelback.kernel.entry`. SP_EL2 is the top of the kernel's stack whenever the kernel is entered, and interrupts are
masked all the time at EL2. Tests do not run this module: it has no model in CPython.
"""

from __future__ import annotations

from typing import Final

from keelback.abi.syscalls import CALL, REPLY_RECEIVE, VCPU_RUN
from keelback.kernel.arch.aarch64.registers import EL2_MAIR, EL2_SCTLR, EL2_TCR
from keelback.kernel.state import Boot, Context, boot, panic_context
from keelback.lang import array, naked, offset_of, u64

__all__ = ["CALL", "REPLY_RECEIVE", "VCPU_RUN", "boot", "panic_context", "start", "vectors"]  # the assembly names them

STACK_BYTES: Final = 16384
kernel_stack: Final = array(u64, STACK_BYTES // 8)
panic_stack: Final = array(u64, STACK_BYTES // 8)

EL2_TABLE: Final = offset_of(Boot, "el2_table")
ZERO_START: Final = offset_of(Boot, "zero_start")
ZERO_END: Final = offset_of(Boot, "zero_end")
STACK_POINTER: Final = offset_of(Context, "stack_pointer")
PROCESS_STATE: Final = offset_of(Context, "process_state")
MAIR: Final = EL2_MAIR
TCR_HIGH: Final = EL2_TCR >> 16
TCR_LOW: Final = EL2_TCR & 0xFFFF
SCTLR_HIGH: Final = EL2_SCTLR >> 16
SCTLR_LOW: Final = EL2_SCTLR & 0xFFFF


@naked(
    """
    b 1f
    .word 0
    .quad 0x80000
    .quad 0
    .quad 0xa
    .quad 0, 0, 0
    .ascii "ARM\\x64"
    .word 0
1:  mrs x1, CurrentEL
    cmp x1, #8
2:  b.ne 2b
    msr daifset, #15
    mov x20, x0
    adrp x2, {boot}
    add x2, x2, :lo12:{boot}
    ldr x3, [x2, #{ZERO_START}]
    ldr x4, [x2, #{ZERO_END}]
3:  cmp x3, x4
    b.hs 4f
    dc ivac, x3
    stp xzr, xzr, [x3], #16
    b 3b
4:  ldr x3, [x2, #{EL2_TABLE}]
    msr ttbr0_el2, x3
    mov x3, #{MAIR}
    msr mair_el2, x3
    mov x3, #{TCR_LOW}
    movk x3, #{TCR_HIGH}, lsl #16
    msr tcr_el2, x3
    adrp x3, kernel_vectors
    add x3, x3, :lo12:kernel_vectors
    msr vbar_el2, x3
    adrp x3, {kernel_stack} + {STACK_BYTES}
    add x3, x3, :lo12:{kernel_stack} + {STACK_BYTES}
    and x3, x3, #~15
    mov sp, x3
    dsb sy
    isb
    tlbi alle2
    tlbi alle1
    ic iallu
    dsb sy
    isb
    mov x3, #{SCTLR_LOW}
    movk x3, #{SCTLR_HIGH}, lsl #16
    msr sctlr_el2, x3
    isb
    mov x0, x20
    bl kernel_boot
    b kernel_resume
    """,
    symbol="_start",
    section=".text.header",
)
def start() -> None:
    """Where the boot loader jumps to (Linux arm64 boot protocol): x0 = device tree, MMU off.

    The image builder fills in the image's size at offset 16."""


@naked(
    """
    .macro kernel_panic_vector number
    .balign 128
    msr tpidr_el2, x0
    adrp x0, {panic_context}
    add x0, x0, :lo12:{panic_context}
    str x1, [x0, #8]
    mov x1, #\\number
    b kernel_panic_entry
    .endm
    .macro kernel_exception_vector kind
    .balign 128
    stp x16, x17, [sp, #-16]
    mov x17, #\\kind
    b kernel_save_all
    .endm
    kernel_panic_vector 0
    kernel_panic_vector 1
    kernel_panic_vector 2
    kernel_panic_vector 3
    kernel_panic_vector 4
    kernel_panic_vector 5
    kernel_panic_vector 6
    kernel_panic_vector 7
    .balign 128
    stp x16, x17, [sp, #-16]
    mrs x16, esr_el2
    lsr x17, x16, #26
    cmp x17, #0x15
    mov x17, #0
    b.ne kernel_save_all
    mrs x17, tpidr_el2
    stp x0, x1, [x17]
    stp x2, x3, [x17, #16]
    stp x4, x5, [x17, #32]
    stp x6, x7, [x17, #48]
    str x8, [x17, #64]
    str x30, [x17, #240]
    and x0, x16, #0xffff
    b kernel_dispatch
    kernel_exception_vector 1
    kernel_exception_vector 1
    kernel_exception_vector 2
    kernel_exception_vector 0
    kernel_exception_vector 1
    kernel_exception_vector 1
    kernel_exception_vector 2
kernel_dispatch:
    cmp x0, #{CALL}
    b.eq 1f
    cmp x0, #{REPLY_RECEIVE}
    b.eq 2f
    cmp x0, #{VCPU_RUN}
    b.eq 3f
    bl kernel_system_call
    b 4f
1:  bl kernel_call
    b 4f
2:  bl kernel_reply_receive
    b 4f
3:  bl kernel_vcpu_run
4:  mrs x17, tpidr_el2
    cmp x0, x17
    b.ne kernel_switch
    ldp x0, x1, [x17]
    ldp x2, x3, [x17, #16]
    ldp x4, x5, [x17, #32]
    ldp x6, x7, [x17, #48]
    ldp x8, x9, [x17, #64]
    ldr x10, [x17, #80]
    ldr x30, [x17, #240]
    mov x11, xzr
    mov x12, xzr
    mov x13, xzr
    mov x14, xzr
    mov x15, xzr
    mov x16, xzr
    mov x17, xzr
    mov x18, xzr
    eret
kernel_switch:
    stp xzr, xzr, [x17, #88]
    stp xzr, xzr, [x17, #104]
    stp xzr, xzr, [x17, #120]
    stp xzr, xzr, [x17, #136]
    stp x19, x20, [x17, #152]
    stp x21, x22, [x17, #168]
    stp x23, x24, [x17, #184]
    stp x25, x26, [x17, #200]
    stp x27, x28, [x17, #216]
    str x29, [x17, #232]
    mrs x1, sp_el0
    mrs x2, elr_el2
    mrs x3, spsr_el2
    stp x1, x2, [x17, #{STACK_POINTER}]
    str x3, [x17, #{PROCESS_STATE}]
kernel_resume:
    msr tpidr_el2, x0
    ldp x1, x2, [x0, #{STACK_POINTER}]
    ldr x3, [x0, #{PROCESS_STATE}]
    msr sp_el0, x1
    msr elr_el2, x2
    msr spsr_el2, x3
    ldp x2, x3, [x0, #16]
    ldp x4, x5, [x0, #32]
    ldp x6, x7, [x0, #48]
    ldp x8, x9, [x0, #64]
    ldp x10, x11, [x0, #80]
    ldp x12, x13, [x0, #96]
    ldp x14, x15, [x0, #112]
    ldp x16, x17, [x0, #128]
    ldp x18, x19, [x0, #144]
    ldp x20, x21, [x0, #160]
    ldp x22, x23, [x0, #176]
    ldp x24, x25, [x0, #192]
    ldp x26, x27, [x0, #208]
    ldp x28, x29, [x0, #224]
    ldr x30, [x0, #240]
    ldp x0, x1, [x0]
    eret
kernel_save_all:
    mrs x16, tpidr_el2
    stp x0, x1, [x16]
    stp x2, x3, [x16, #16]
    stp x4, x5, [x16, #32]
    stp x6, x7, [x16, #48]
    stp x8, x9, [x16, #64]
    stp x10, x11, [x16, #80]
    stp x12, x13, [x16, #96]
    stp x14, x15, [x16, #112]
    ldp x0, x1, [sp, #-16]
    stp x0, x1, [x16, #128]
    stp x18, x19, [x16, #144]
    stp x20, x21, [x16, #160]
    stp x22, x23, [x16, #176]
    stp x24, x25, [x16, #192]
    stp x26, x27, [x16, #208]
    stp x28, x29, [x16, #224]
    str x30, [x16, #240]
    mrs x1, sp_el0
    mrs x2, elr_el2
    mrs x3, spsr_el2
    stp x1, x2, [x16, #{STACK_POINTER}]
    str x3, [x16, #{PROCESS_STATE}]
    mov x0, x17
    bl kernel_exception
    b kernel_resume
kernel_panic_entry:
    stp x2, x3, [x0, #16]
    stp x4, x5, [x0, #32]
    stp x6, x7, [x0, #48]
    stp x8, x9, [x0, #64]
    stp x10, x11, [x0, #80]
    stp x12, x13, [x0, #96]
    stp x14, x15, [x0, #112]
    stp x16, x17, [x0, #128]
    stp x18, x19, [x0, #144]
    stp x20, x21, [x0, #160]
    stp x22, x23, [x0, #176]
    stp x24, x25, [x0, #192]
    stp x26, x27, [x0, #208]
    stp x28, x29, [x0, #224]
    str x30, [x0, #240]
    mrs x2, tpidr_el2
    str x2, [x0]
    mov x2, sp
    mrs x3, elr_el2
    stp x2, x3, [x0, #{STACK_POINTER}]
    mrs x3, spsr_el2
    str x3, [x0, #{PROCESS_STATE}]
    adrp x3, {panic_stack} + {STACK_BYTES}
    add x3, x3, :lo12:{panic_stack} + {STACK_BYTES}
    and x3, x3, #~15
    mov sp, x3
    mov x0, x1
    b kernel_panic
    """,
    symbol="kernel_vectors",
    section=".text.vectors",
    align=2048,
)
def vectors() -> None:
    """The exception vectors (Arm DDI 0487, D1.3.1.5): from EL2 itself a panic; `svc` from EL0 with few registers saved;
    everything else with all. Kinds: 0 synchronous, 1 interrupt, 2 system error."""
