/* Threads on several cores that call and signal each other, and look after their own registers meanwhile.
 *
 * Thread n = 1 .. CORES is the server of core n - 1, CORES + n a client there, 2 * CORES + 1 waits for all of them.
 * Slots: 1 own endpoint, 2 own notification, 10 + n the endpoint of server n, 20 + n the notification of thread n. */
#include "calls.h"

#define NULL_CALL 1
#define CALL 0
#define RECEIVE 2
#define REPLY_RECEIVE 56
#define SIGNAL 4
#define WAIT 5
#define REPORTER (2 * CORES + 1)

PROGRAM(32);
volatile uint64_t served[CORES + 1], signalled[CORES + 1], wrong;

static void set_mine(uint64_t value) {
    __asm__ volatile(".arch_extension fp\n .arch_extension simd\n msr tpidr_el0, %0\n fmov d9, %0\n fmov d31, %0" ::"r"(value));
}

static void check_mine(uint64_t value) {
    uint64_t pointer, low, high;
    __asm__ volatile(".arch_extension fp\n .arch_extension simd\n mrs %0, tpidr_el0\n fmov %1, d9\n fmov %2, d31" : "=r"(pointer), "=r"(low), "=r"(high));
    if (pointer != value || low != value || high != value)
        __atomic_add_fetch(&wrong, 1, __ATOMIC_SEQ_CST);
}

static void serve(uint64_t number) {
    struct registers message = {{0}};
    system_call(RECEIVE, &message);
    for (uint64_t round = 0;; round++) {
        set_mine(number << 32 | round);
        if (message.x[10] == 2) {
            signalled[number] += __builtin_popcountll(message.x[9]);
        } else {
            served[number]++;
            for (int word = 0; word < 8; word++)
                message.x[word] = message.x[word] * 3 + number;
        }
        int is_call = message.x[10] != 2;
        system_call(is_call ? REPLY_RECEIVE : RECEIVE, &message);
        check_mine(number << 32 | round);
    }
}

static void ask(uint64_t number) {
    uint64_t here = number - CORES - 1;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        uint64_t server = (here + round) % CORES + 1;
        struct registers message = {{0}};
        for (uint64_t word = 0; word < 8; word++)
            message.x[word] = round * 8 + word + number;
        message.x[8] = 10 + server;
        set_mine(number << 40 | round);
        system_call(CALL, &message);
        check_mine(number << 40 | round);
        for (uint64_t word = 0; word < 8; word++)
            if (message.x[8] != 0 || message.x[word] != (round * 8 + word + number) * 3 + server)
                __atomic_add_fetch(&wrong, 1, __ATOMIC_SEQ_CST);
        if (round % 16 == 0)
            call4(SIGNAL, 20 + server, 0, 0, 0, 0);
    }
    call4(SIGNAL, 20 + REPORTER, 0, 0, 0, 0);
    for (;;)
        call4(WAIT, 2, 0, 0, 0, 0);
}

static void report(void) {
    uint64_t bits = 0, calls = 0, signals = 0;
    while (bits != (1 << CORES) - 1) {
        struct registers message = {{0}};
        message.x[8] = 2;
        system_call(WAIT, &message);
        bits |= message.x[9];
    }
    for (int number = 1; number <= CORES; number++) {
        calls += served[number];
        signals += signalled[number];
    }
    put("calls ");
    put_number(calls);
    put(" signals ");
    put_number(signals);
    put(" wrong ");
    put_number(wrong);
    put("\ndone\n");
    for (;;)
        call4(WAIT, 2, 0, 0, 0, 0);
}

__attribute__((used)) void program(uint64_t number) {
    if (number <= CORES)
        serve(number);
    else if (number < REPORTER)
        ask(number);
    else
        report();
}
