// A machine's whole software, for the counting plugin: known numbers of known instructions, then off. Runs at EL2 with
// the MMU off. "The kernel" is everything from `kernel` to the end; what is before is a component.

    .section .text.header, "ax"
    .global _start
_start:
    b       component
    .word   0
    .quad   0x80000                 // text offset
    .quad   0x10000
    .quad   0xa
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .word   0

component:
    movz    xzr, #0x1301            // point 1
    movz    xzr, #0x1103            // span 3: ten instructions of a component, nothing else
    .rept   10
    nop
    .endr
    movz    xzr, #0x1203

    mov     x20, #3
    adr     x21, kernel
again:
    movz    xzr, #0x1104            // span 4, three times: one visit of the kernel
    blr     x21
    movz    xzr, #0x1204
    subs    x20, x20, #1
    b.ne    again

    movz    xzr, #0x1105            // span 5: two visits
    blr     x21
    blr     x21
    movz    xzr, #0x1205
    movz    xzr, #0x1206            // ends a span that never began
    ldr     x0, =0x84000008         // PSCI SYSTEM_OFF
    .inst   0xd4000003              // smc #0, which the assembler wants EL3 for
1:  wfi
    b       1b
    .ltorg

    .balign 4096
kernel:                             // 16 instructions in all, eret included
    msr     elr_el2, x30            // register write
    mov     x1, #0x3c9              // EL2h, masked
    msr     spsr_el2, x1            // register write
    mrs     x1, currentel           // register read
    msr     daifset, #15            // register write, immediate
    dsb     sy                      // barriers: 4
    dmb     ish
    isb
    tlbi    alle2                   // TLB: 2
    tlbi    vmalls12e1
    dsb     sy
    ic      iallu                   // cache maintenance, a hint and clrex are none of these
    hint    #20
    clrex
    mov     x1, #0
    eret
