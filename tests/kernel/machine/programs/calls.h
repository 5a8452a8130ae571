/* System calls by number, for programs without a runtime. All registers go in, x0..x10 come back. */
#ifndef CALLS_H
#define CALLS_H
#include <stdint.h>

struct registers {
    uint64_t x[11];
};

/* svc with any number below 64: a jump into a row of them. */
__attribute__((noinline, unused)) static void system_call(uint64_t number, struct registers *registers) {
    register uint64_t x19 __asm__("x19") = (uint64_t)registers;
    register uint64_t x20 __asm__("x20") = number;
    __asm__ volatile("ldp x0, x1, [x19]\n ldp x2, x3, [x19, #16]\n ldp x4, x5, [x19, #32]\n"
                     "ldp x6, x7, [x19, #48]\n ldp x8, x9, [x19, #64]\n"
                     "adr x16, 1f\n add x16, x16, x20, lsl #3\n br x16\n"
                     "1:\n .set number, 0\n .rept 64\n svc #number\n b 2f\n .set number, number + 1\n .endr\n"
                     "2: stp x0, x1, [x19]\n stp x2, x3, [x19, #16]\n stp x4, x5, [x19, #32]\n"
                     "stp x6, x7, [x19, #48]\n stp x8, x9, [x19, #64]\n str x10, [x19, #80]\n"
                     : "+r"(x19), "+r"(x20)
                     :
                     : "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",
                       "x15", "x16", "x17", "x18", "memory", "cc");
}

/* The status of a call with a slot and some words. */
__attribute__((unused)) static uint64_t call4(uint64_t number, uint64_t slot, uint64_t x0, uint64_t x1, uint64_t x2,
                                              uint64_t x3) {
    struct registers registers = {{x0, x1, x2, x3, 0, 0, 0, 0, slot, 0, 0}};
    system_call(number, &registers);
    return registers.x[8];
}

__attribute__((unused)) static uint64_t ticks(void) {
    uint64_t value;
    __asm__ volatile("isb\n mrs %0, cntvct_el0" : "=r"(value));
    return value;
}

#define UART ((volatile uint32_t *)0x3F000000)

__attribute__((unused)) static void put(const char *text) {
    for (; *text != 0; text++)
        *UART = (uint32_t)*text;
}

__attribute__((unused)) static void put_number(uint64_t value) {
    char digits[21] = {0};
    char *at = digits + 20;
    do
        *--at = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    put(at);
}

/* Start: x0 = number of the thread; its stack is a piece of `stacks`. */
#define STACK_BYTES 4096
#define PROGRAM(threads)                                                                                               \
    __attribute__((aligned(16))) char stacks[(threads)*STACK_BYTES];                                                   \
    __asm__(".section .text.start, \"ax\"\n .globl program_start\n program_start:\n"                                   \
            "and x2, x0, #0xff\n add x2, x2, #1\n adrp x1, stacks\n add x1, x1, :lo12:stacks\n"                        \
            "lsl x2, x2, #12\n add x1, x1, x2\n mov sp, x1\n b program\n .text")
#endif
