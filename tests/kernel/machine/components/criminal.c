/* Does one forbidden thing after the other; its fault handler lets it go on behind each. */
#include "keelback.h"

#define TRY(name, code)                                                                                                \
    do {                                                                                                               \
        keel_log("try " name);                                                                                         \
        __asm__ volatile(code ::: "x0", "x1", "memory");                                                               \
    } while (0)

static uint64_t call_number(void) {
    register uint64_t x8 __asm__("x8") = 1;
    __asm__ volatile("svc #9999" : "+r"(x8)::"x0", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "memory");
    return x8;
}

static uint64_t call_with_everything_wrong(uint64_t number) {
    uint64_t worst = 0;
    for (uint64_t slot = 0; slot < 4096; slot += 63) {
        register uint64_t x0 __asm__("x0") = ~0ull, x1 __asm__("x1") = ~0ull, x8 __asm__("x8") = slot << 40 | slot;
        if (number == 0)
            __asm__ volatile("svc #17" : "+r"(x0), "+r"(x1), "+r"(x8)::"x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18");
        else
            __asm__ volatile("svc #57" : "+r"(x0), "+r"(x1), "+r"(x8)::"x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18");
        worst |= x8 == 0;
    }
    return worst;
}

static uint64_t scratch_after_call(void) {
    uint64_t seen;
    __asm__ volatile("mov x11, #1\n mov x15, #2\n mov x18, #3\n mov x8, #0\n svc #1\n"
                     "orr x11, x11, x12\n orr x11, x11, x13\n orr x11, x11, x14\n orr x11, x11, x15\n"
                     "orr x11, x11, x16\n orr x11, x11, x17\n orr x11, x11, x18\n mov %0, x11"
                     : "=r"(seen)::"x0", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18");
    return seen;
}

void init(void) {
    TRY("hvc", ".inst 0xd4000002");
    TRY("smc", ".inst 0xd4000003");
    TRY("eret", "eret");
    TRY("udf", ".inst 0");
    TRY("read of an EL1 register", "mrs x0, sctlr_el1");
    TRY("write of an EL2 register", "msr s3_4_c2_c1_0, xzr");
    TRY("read of the interrupt controller", "mrs x0, s3_0_c12_c12_0");
    TRY("write of tpidrro", "msr tpidrro_el0, x0");
    TRY("cycle counter", "mrs x0, pmccntr_el0");
    TRY("virtual timer", "msr cntv_ctl_el0, xzr");
    TRY("physical counter", "mrs x0, cntpct_el0");
    TRY("interrupt mask", "msr daifset, #2");
    TRY("wfi", "wfi");
    TRY("tlbi", "tlbi vmalle1");
    TRY("cache by set", "dc isw, xzr");
    TRY("brk", "brk #0x123");
    TRY("load from nowhere", "mov x1, #0x55000000\n ldr x0, [x1]");
    TRY("load from the kernel", "mov x1, #0x40080000\n ldr x0, [x1]");
    TRY("load from the far end", "mov x1, #-8\n ldr x0, [x1]");
    TRY("load from a wild pointer", "mov x1, #0x1000000000000\n ldr x0, [x1]");
    TRY("store to code", "adr x1, .\n str x0, [x1]");
    keel_log_number("unknown call", call_number());
    keel_log_number("wrong copies that worked", call_with_everything_wrong(0));
    keel_log_number("wrong runs that worked", call_with_everything_wrong(1));
    keel_log_number("scratch registers after a call", scratch_after_call());
    keel_log("behind all that");
}
