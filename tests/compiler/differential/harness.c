/* Runs a table of calls at EL2 with the MMU off and writes each outcome to the PL011, then switches the machine off.
   An outcome is nine 64-bit words: the kind of trap (0: none), then x0..x7. A brk inside a call ends that call. */
typedef unsigned long u64;

#define CALL_WORDS 9 /* address, x0..x7 */
extern const u64 call_count;
extern const u64 call_table[];

__attribute__((used)) static u64 outcome[9];
__attribute__((used)) static u64 saved_sp;

__asm__(
    ".section .text.header,\"ax\"\n"
    ".global _start\n"
    "_start:\n"
    "  b 1f\n"
    "  .word 0\n  .quad 0x80000\n  .quad 0x1000000\n  .quad 0xa\n  .quad 0\n  .quad 0\n  .quad 0\n"
    "  .ascii \"ARM\\x64\"\n  .word 0\n"
    "1: adrp x0, stack_top\n  add x0, x0, :lo12:stack_top\n  mov sp, x0\n"
    "  adrp x0, vectors\n  add x0, x0, :lo12:vectors\n  msr vbar_el2, x0\n  isb\n"
    "  bl run\n"
    "2: b 2b\n"
    ".text\n"
    ".balign 2048\n"
    "vectors:\n"
    ".rept 16\n  b trapped\n  .balign 128\n.endr\n"
    "trapped:\n"
    "  mrs x9, esr_el2\n  lsr x10, x9, #26\n  cmp x10, #0x3c\n  and x0, x9, #15\n  b.eq 3f\n"
    "  mov x0, #0x100\n  orr x0, x0, x10\n"
    "3: adrp x10, outcome\n  add x10, x10, :lo12:outcome\n  str x0, [x10]\n"
    "  b resume\n"
    ".global invoke\n"
    "invoke:\n" /* x0 = one row of call_table */
    "  stp x29, x30, [sp, #-96]!\n  stp x19, x20, [sp, #16]\n  stp x21, x22, [sp, #32]\n"
    "  stp x23, x24, [sp, #48]\n  stp x25, x26, [sp, #64]\n  stp x27, x28, [sp, #80]\n"
    "  adrp x9, saved_sp\n  mov x10, sp\n  str x10, [x9, :lo12:saved_sp]\n"
    "  mov x16, x0\n  ldr x17, [x16]\n"
    "  ldp x0, x1, [x16, #8]\n  ldp x2, x3, [x16, #24]\n  ldp x4, x5, [x16, #40]\n  ldp x6, x7, [x16, #56]\n"
    "  blr x17\n"
    "  adrp x10, outcome\n  add x10, x10, :lo12:outcome\n  str xzr, [x10]\n"
    "  stp x0, x1, [x10, #8]\n  stp x2, x3, [x10, #24]\n  stp x4, x5, [x10, #40]\n  stp x6, x7, [x10, #56]\n"
    "resume:\n"
    "  adrp x9, saved_sp\n  ldr x10, [x9, :lo12:saved_sp]\n  mov sp, x10\n"
    "  ldp x19, x20, [sp, #16]\n  ldp x21, x22, [sp, #32]\n  ldp x23, x24, [sp, #48]\n  ldp x25, x26, [sp, #64]\n"
    "  ldp x27, x28, [sp, #80]\n  ldp x29, x30, [sp], #96\n  ret\n"
    ".bss\n.balign 16\n.skip 65536\nstack_top:\n.text\n");

void invoke(const u64 *row);

void run(void) {
    volatile unsigned *uart = (volatile unsigned *)0x09000000;
    for (u64 i = 0; i < call_count; i++) {
        invoke(call_table + i * CALL_WORDS);
        for (int w = 0; w < 9; w++)
            for (int b = 0; b < 64; b += 8) *uart = (unsigned)(outcome[w] >> b) & 0xff;
    }
    register u64 function __asm__("x0") = 0x84000008; /* PSCI SYSTEM_OFF */
    __asm__ volatile("smc #0" : "+r"(function)::"memory");
}
