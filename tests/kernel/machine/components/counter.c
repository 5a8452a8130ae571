/* Computes with floating-point registers for ever, and says now and then whether they still hold what it put there. */
#include "keelback.h"

extern const uint64_t keel_seed;

static uint64_t round_trip(uint64_t seed) {
    uint64_t sum = 0;
    __asm__ volatile(".arch_extension fp\n .arch_extension simd\n"
                     "fmov d0, %1\n fmov d8, %1\n fmov d31, %1\n dup v16.2d, %1\n msr fpcr, xzr\n"
                     "mov x1, #20000\n"
                     "1: fmov x2, d8\n add x2, x2, #1\n fmov d8, x2\n"
                     "subs x1, x1, #1\n b.ne 1b\n"
                     "fmov x2, d0\n fmov x3, d31\n fmov x4, d8\n mov x5, v16.d[1]\n"
                     "add %0, x2, x3\n add %0, %0, x4\n add %0, %0, x5"
                     : "=&r"(sum) : "r"(seed) : "x1", "x2", "x3", "x4", "x5", "cc");
    return sum == 4 * seed + 20000;
}

void init(void) {
    uint64_t right = 0, wrong = 0;
    for (uint64_t number = 1;; number++) {
        if (round_trip(keel_seed + number))
            right++;
        else
            wrong++;
        if (number % 500 == 0) {
            keel_log_number("right", right);
            keel_log_number("wrong", wrong);
        }
    }
}
