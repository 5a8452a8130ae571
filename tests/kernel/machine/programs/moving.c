/* Thread 1 moves thread 2 from core to core, while that computes with floating-point registers and runs a guest that
 * does so too. Slots of thread 1: 2 own notification, 3 thread 2, 4.. the cores. Of thread 2: 3 the vcpu. */
#include "calls.h"

enum { VCPU_RUN = 57, VCPU_WRITE = 10, THREAD_STOP = 12, THREAD_RESUME = 16, VCPU_RESET = 22, WAIT_UNTIL = 31, THREAD_SCHEDULE = 43 };
enum { OK = 0, RESTARTED = 10, PENDING = 12, HYPERCALL = 2, VCPU_PC = 32 };

PROGRAM(4);
volatile uint64_t rounds, wrong, guest_rounds, interrupted;

extern char guest_start[];
/* x0 counts, and goes through d8 and tpidr_el1; x1 counts what was lost on the way. */
__asm__(".arch_extension fp\n .arch_extension simd\n .text\n guest_start:\n"
        "mov x2, #3 << 20\n msr cpacr_el1, x2\n isb\n mov x0, #0\n mov x1, #0\n"
        "1: add x0, x0, #1\n fmov d8, x0\n msr tpidr_el1, x0\n"
        "mov x4, #2000\n 2: subs x4, x4, #1\n b.ne 2b\n hvc #1\n"
        "fmov x2, d8\n mrs x3, tpidr_el1\n cmp x2, x0\n ccmp x3, x0, #0, eq\n cinc x1, x1, ne\n b 1b\n");

static void put_mine(uint64_t value) {
    __asm__ volatile(".arch_extension fp\n .arch_extension simd\n msr tpidr_el0, %0\n fmov d9, %0\n fmov d31, %0" ::"r"(value));
}

static int have_mine(uint64_t value) {
    uint64_t pointer, low, high;
    __asm__ volatile(".arch_extension fp\n .arch_extension simd\n mrs %0, tpidr_el0\n fmov %1, d9\n fmov %2, d31"
                     : "=r"(pointer), "=r"(low), "=r"(high));
    return pointer == value && low == value && high == value;
}

static void work(void) {
    uint64_t count = 0;
    wrong += call4(VCPU_RESET, 3, 0, 0, 0, 0) != OK;
    wrong += call4(VCPU_WRITE, 3, VCPU_PC, (uint64_t)guest_start, 0, 0) != OK;
    for (;; rounds++) {
        put_mine(rounds);
        struct registers registers = {{0}};
        registers.x[8] = 3;
        system_call(VCPU_RUN, &registers);
        for (volatile int pause = 0; pause < 500; pause++)
            ;
        wrong += !have_mine(rounds);
        if (registers.x[8] == RESTARTED) {
            interrupted++;
            continue;
        }
        count++;
        wrong += registers.x[8] != OK || registers.x[0] != HYPERCALL || registers.x[1] != count || registers.x[2] != 0;
        guest_rounds = count;
    }
}

static uint64_t again(uint64_t number, uint64_t x0, uint64_t x1, uint64_t x2) {
    uint64_t status;
    do
        status = call4(number, 3, x0, x1, x2, 0);
    while (status == PENDING);
    return status;
}

static void move(void) {
    uint64_t moves = 0, refused = 0;
    for (; moves < MOVES; moves++) {
        call4(WAIT_UNTIL, 2, ticks() + 20000 + moves * 977 % 5000, 0, 0, 0);
        refused += again(THREAD_STOP, 0, 0, 0) != OK;
        refused += again(THREAD_SCHEDULE, 4 + (moves * 7 + 1) % CORES, 50, 50) != OK;
        refused += again(THREAD_RESUME, 0, 0, 0) != OK;
    }
    put("moves ");
    put_number(moves);
    put(" refused ");
    put_number(refused);
    put(" rounds ");
    put_number(rounds);
    put(" of the guest ");
    put_number(guest_rounds);
    put(" interrupted ");
    put_number(interrupted);
    put(" wrong ");
    put_number(wrong);
    put("\n");
    for (;;)
        call4(WAIT_UNTIL, 2, ~0ul, 0, 0, 0);
}

__attribute__((used)) void program(uint64_t number) {
    if (number == 1)
        move();
    else
        work();
}
