/* Sixteen workers that make all system calls at random, on several cores, and a keeper that repairs for a while what
 * they destroyed, so that they can go on. Workers share their memory and may ruin it; the keeper's is its own.
 *
 * OBJECTS lists what slots 1.. of every table hold: {kind, index}. The keeper has more: see the names below. */
#include "calls.h"

#define SLOT_COUNT 128
#define TABLE_SLOT 100 /* + number of the worker */
#define KEEPER_NOTIFICATION 118
#define KEEPER 17
#define WORKERS 16
#define OWNER_RIGHT 16
#define ALL_RIGHTS 31
#define CALL_NUMBERS 64
#define UART_INTERRUPTS (0x38 / 4)
#define UART_CLEAR (0x44 / 4)
#define UART_SENT 0x20 /* UARTIMSC, TXIM: what was written is away (PL011, DDI 0183G, 3.3.10) */

enum {
    RECEIVE = 2, REPLY_RECEIVE = 56, SIGNAL = 4, WAIT = 5, RUN = 57, VCPU_WRITE = 10, THREAD_STOP = 12, THREAD_START = 13, COPY = 17, MINT = 18, DELETE = 19, REVOKE_ALL = 20, VCPU_RESET = 22,
    REPLY_SAVE = 25, ANSWER = 26, CALL_PASS = 27, REPLY_PASS = 28, RECEIVE_UNTIL = 30, WAIT_UNTIL = 31, CLEAR = 34, CREATE = 36, DESTROY = 37, TAKE = 39, CLAIM = 40, REVOKE = 41, THREAD_CONFIGURE = 42, THREAD_SCHEDULE = 43,
    THREAD_BIND = 44, THREAD_GIVE_TIME = 45, TIME_CONFIGURE = 46, ENDPOINT_BIND = 47, INTERRUPT_BIND = 49, VCPU_CONFIGURE = 50,
    MAP = 53, UNMAP = 54, LINK = 55, UNLINK_ENTRY = 8
};
enum { OK = 0, STATE = 8, PENDING = 12, NOT_OWNED = 14 };
enum {
    POOL = 1, TABLE = 2, FRAME = 3, PAGE_TABLE = 4, SPACE = 5, THREAD = 6, ENDPOINT = 7, NOTIFICATION = 8, VCPU = 10,
    INTERRUPT = 9, TRACE = 11, TIME = 13, REPLY = 14, GRANT = 15, CORE = 16
};
enum { VCPU_PC = 32, VCPU_TIMER = 44, TIMER_ON = 0x1A0 };

static const struct { uint8_t kind, index; } objects[] = {OBJECTS};
#define OBJECT_COUNT (sizeof objects / sizeof *objects)

PROGRAM(32);
uint64_t counts[CALL_NUMBERS], accepted[CALL_NUMBERS];

static uint64_t next(uint64_t *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    return *seed ^= *seed << 17;
}

extern char program_start[], guest_start[];
__asm__(".text\n guest_start:\n"
        "mov x0, #1\n msr s3_0_c12_c12_7, x0\n mov x0, #255\n msr s3_0_c4_c6_0, x0\n"
        "1: add x9, x9, #1\n"
        "mrs x0, s3_0_c12_c12_0\n msr s3_0_c12_c12_1, x0\n"
        "mrs x1, cntvct_el0\n add x1, x1, #8, lsl #12\n msr cntv_cval_el0, x1\n mov x2, #1\n msr cntv_ctl_el0, x2\n"
        "and x3, x9, #7\n adr x4, 2f\n add x4, x4, x3, lsl #3\n br x4\n"
        "2: hvc #1\n b 1b\n .inst 0xd4000043\n b 1b\n mrs x5, id_aa64pfr0_el1\n b 1b\n ldr w6, [x1]\n b 1b\n"
        "wfi\n b 1b\n tlbi vmalle1\n b 1b\n msr tpidr_el1, x9\n b 1b\n wfi\n b 1b\n");

static uint64_t slot_of(uint64_t kind, uint64_t index) {
    for (uint64_t at = 0; at < OBJECT_COUNT; at++)
        if (objects[at].kind == kind && objects[at].index == index)
            return at + 1;
    return 0;
}

/* A word that is often a slot, an index or a time not far away. */
static uint64_t word(uint64_t *seed) {
    uint64_t kind = next(seed) >> 8 & 15;
    uint64_t value = next(seed) >> 8;
    if (kind < 8)
        return value % (OBJECT_COUNT + 8);
    if (kind < 11)
        return value % 20;
    if (kind < 12)
        return value % SLOT_COUNT | value % SLOT_COUNT << 32;
    if (kind < 13)
        return ticks() + value % 100000;
    if (kind < 14)
        return value % 2048;
    return kind < 15 ? (uint64_t)program_start : value << 8 ^ value >> 40;
}

/* What x8, x0 and x1 of a call often are: slots of these kinds. */
static const uint8_t wanted[CALL_NUMBERS][3] = {
    [0] = {ENDPOINT}, [3] = {PAGE_TABLE}, [4] = {NOTIFICATION}, [5] = {NOTIFICATION}, [6] = {NOTIFICATION},
    [7] = {INTERRUPT}, [8] = {PAGE_TABLE}, [9] = {VCPU}, [10] = {VCPU}, [11] = {VCPU}, [12] = {THREAD}, [13] = {THREAD},
    [14] = {THREAD}, [15] = {THREAD}, [16] = {THREAD}, [21] = {TRACE}, [22] = {VCPU}, [24] = {TRACE}, [25] = {REPLY},
    [26] = {REPLY}, [27] = {ENDPOINT}, [28] = {REPLY}, [31] = {NOTIFICATION}, [34] = {TABLE},
    [35] = {GRANT}, [36] = {POOL}, [37] = {POOL}, [38] = {POOL}, [39] = {POOL}, [40] = {POOL}, [41] = {POOL},
    [42] = {THREAD, SPACE, TABLE}, [43] = {THREAD, CORE}, [44] = {THREAD, NOTIFICATION}, [45] = {THREAD, TIME},
    [46] = {TIME, CORE}, [47] = {ENDPOINT, THREAD}, [48] = {ENDPOINT}, [49] = {INTERRUPT, NOTIFICATION},
    [50] = {VCPU, THREAD, SPACE}, [51] = {FRAME}, [52] = {FRAME}, [53] = {PAGE_TABLE, 0, FRAME}, [54] = {PAGE_TABLE},
    [55] = {PAGE_TABLE, 0, PAGE_TABLE}, [57] = {VCPU},
};

/* A slot that should hold a capability of this kind. */
static uint64_t slot_of_kind(uint64_t kind, uint64_t *seed) {
    uint64_t at = (next(seed) >> 8) % OBJECT_COUNT;
    while (objects[at].kind != kind)
        at = (at + 1) % OBJECT_COUNT;
    return at + 1;
}

static void choose(uint64_t number, uint64_t own, struct registers *registers, uint64_t *seed) {
    static const uint8_t places[] = {8, 0, 1};
    for (int at = 0; at < 11; at++)
        registers->x[at] = word(seed);
    for (int at = 0; at < 3; at++)
        if (wanted[number][at] != 0 && (next(seed) >> 8 & 7) != 0)
            registers->x[places[at]] = slot_of_kind(wanted[number][at], seed);
    int is_own = (next(seed) >> 8 & 1) == 0;
    if (is_own && (number == WAIT || number == WAIT_UNTIL))
        registers->x[8] = slot_of(NOTIFICATION, own);
    if (is_own && number == RUN)
        registers->x[8] = slot_of(VCPU, own);
    if (number == CALL_PASS || number == REPLY_PASS)
        registers->x[8] |= ((next(seed) >> 8) % OBJECT_COUNT + 1) << 32;
    if (number == RECEIVE_UNTIL || number == WAIT_UNTIL)
        registers->x[0] = ticks() + (next(seed) >> 8) % 100000;
    if (number == THREAD_START) {
        registers->x[0] = (uint64_t)program_start;
        registers->x[2] = next(seed) << 8 | ((next(seed) >> 8 & 15) + 1);
    }
    if (number == THREAD_BIND && is_own)
        registers->x[0] = 0;
    if (number == THREAD_SCHEDULE) {
        registers->x[1] = 10 + (next(seed) >> 8) % 30;
        registers->x[2] = 100;
    }
    if (number == TIME_CONFIGURE) {
        registers->x[1] = 1024 + (next(seed) >> 8) % 10000;
        registers->x[2] = registers->x[1] + (next(seed) >> 8) % 100000;
    }
    if (number >= CREATE && number <= REVOKE) {
        uint64_t at = (next(seed) >> 8) % OBJECT_COUNT;
        registers->x[0] = objects[at].kind;
        registers->x[1] = objects[at].index;
        registers->x[3] = 2 + (next(seed) >> 8 & 1);
    }
    if (number == MAP || number == UNMAP || number == LINK || number == UNLINK_ENTRY)
        registers->x[0] = next(seed) >> 8 & 7;
    if (number == MAP)
        registers->x[2] = 1 | (next(seed) >> 8 & 7);
}

/* Make again what was destroyed, with its capability in a slot that is often free. */
static void choose_again(const struct registers *destroyed, struct registers *registers, uint64_t *seed) {
    registers->x[8] = destroyed->x[8];
    registers->x[0] = destroyed->x[0];
    registers->x[1] = destroyed->x[1];
    registers->x[2] = SLOT_COUNT - 1 - (next(seed) >> 8 & 15);
}

static void work(uint64_t own, uint64_t seed) {
    uint64_t saved = 0, is_destroyed = 0;
    struct registers destroyed;
    for (;;) {
        uint64_t number = next(&seed) >> 8 & (CALL_NUMBERS - 1);
        struct registers registers;
        if (saved != 0)
            number = next(&seed) & 256 ? ANSWER : REPLY_PASS;
        else if (is_destroyed)
            number = CREATE;
        int is_cruel = number == THREAD_STOP || number == REVOKE_ALL || number == CLEAR || number == DESTROY || number == REVOKE;
        if (is_cruel && (next(&seed) >> 8 & 15) != 0)
            continue;
        choose(number, own, &registers, &seed);
        if (is_destroyed && number == CREATE)
            choose_again(&destroyed, &registers, &seed);
        if (number == DESTROY)
            destroyed = registers;
        if (saved != 0)
            registers.x[8] = (registers.x[8] & ~0xFFFFFFFFul) | saved;
        saved = number == REPLY_SAVE ? registers.x[8] & 0xFFFFFFFF : 0;
        __asm__ volatile(".arch_extension fp\n .arch_extension simd\n fmov d7, %0" ::"r"(seed));
        __atomic_add_fetch(&counts[number], 1, __ATOMIC_RELAXED);
        system_call(number, &registers);
        if (registers.x[8] == OK)
            __atomic_add_fetch(&accepted[number], 1, __ATOMIC_RELAXED);
        else
            saved = 0;
        is_destroyed = number == DESTROY && registers.x[8] == OK;
        uint64_t chance = next(&seed) >> 8 & 0xFFF;
        if (chance == 0)
            __asm__ volatile("brk #7");
        if (chance == 1)
            *(volatile uint64_t *)(0x40000000 + (seed & 0x3FFFFF8)) = seed;
    }
}

static uint64_t again(uint64_t number, uint64_t slot, uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3) {
    uint64_t status = PENDING;
    for (int attempt = 0; status == PENDING && attempt < 1000; attempt++)
        status = call4(number, slot, x0, x1, x2, x3);
    return status;
}

/* Get a fresh capability to an object into a slot of the keeper's table. */
static void claim(uint64_t kind, uint64_t index, uint64_t slot) {
    uint64_t pool = slot_of(POOL, 2);
    if (kind == CORE || kind == TRACE || (kind == POOL && index == 2))
        return;
    call4(DELETE, slot, 0, 0, 0, 0);
    uint64_t status = call4(CLAIM, pool, kind, index, slot, 0);
    if (status == NOT_OWNED) {
        call4(TAKE, pool, kind, index, 0, 0);
        status = call4(CLAIM, pool, kind, index, slot, 0);
    }
    if (status == STATE)
        call4(CREATE, pool, kind, index, slot, kind == PAGE_TABLE ? 2 + index % 2 : 0);
}

static void hand_out(uint64_t slot, uint64_t worker, uint64_t *seed) {
    uint64_t kind = objects[slot - 1].kind;
    uint64_t rights = kind == POOL || kind == CORE || next(seed) & 256 ? ALL_RIGHTS & ~OWNER_RIGHT : ALL_RIGHTS;
    call4(DELETE, slot, TABLE_SLOT + worker, 0, 0, 0);
    call4(kind == NOTIFICATION || kind == ENDPOINT ? MINT : COPY, slot, slot, rights, 1 << worker, TABLE_SLOT + worker);
}

static uint64_t claimed(uint64_t kind, uint64_t index) {
    uint64_t slot = slot_of(kind, index);
    if (slot != 0)
        claim(kind, index, slot);
    return slot;
}

static void revive(uint64_t worker, uint64_t *seed) {
    uint64_t thread = claimed(THREAD, worker), vcpu = claimed(VCPU, worker);
    claim(TABLE, worker, TABLE_SLOT + worker);
    claimed(SPACE, worker % 4 + 1);
    again(THREAD_STOP, thread, 0, 0, 0, 0);
    call4(TIME_CONFIGURE, slot_of(TIME, worker % 4 + 1), slot_of(CORE, 1), 20000, 100000, next(seed) & 256);
    again(THREAD_CONFIGURE, thread, slot_of(SPACE, worker % 4 + 1), TABLE_SLOT + worker, next(seed) % WORKERS + 1, 0);
    again(THREAD_SCHEDULE, thread, slot_of(CORE, next(seed) % CORES + 1), 10 + next(seed) % 30, 100, 0);
    call4(THREAD_BIND, thread, claimed(NOTIFICATION, worker), 0, 0, 0);
    call4(THREAD_GIVE_TIME, thread, next(seed) & 256 ? slot_of(TIME, worker % 4 + 1) : 0, 0, 0, 0);
    call4(ENDPOINT_BIND, claimed(ENDPOINT, worker), thread, 0, 0, 0);
    if (vcpu != 0) {
        again(VCPU_CONFIGURE, vcpu, thread, slot_of(SPACE, 6), 0, 0);
        again(VCPU_RESET, vcpu, 0, 0, 0, 0);
        again(VCPU_WRITE, vcpu, VCPU_PC, (uint64_t)guest_start, 0, 0);
        again(VCPU_WRITE, vcpu, VCPU_TIMER, TIMER_ON, 0, 0);
    }
    again(THREAD_START, thread, (uint64_t)program_start, 0, next(seed) << 8 | worker, 0);
}

static void keep(void) {
    uint64_t seed = SEED, end = ticks() + DURATION, rounds = 0;
    for (uint64_t slot = 1; slot <= OBJECT_COUNT; slot++)
        for (uint64_t worker = 1; worker <= WORKERS; worker++)
            hand_out(slot, worker, &seed);
    for (uint64_t worker = 1; worker <= WORKERS; worker++)
        revive(worker, &seed);
    UART[UART_INTERRUPTS] = UART_SENT;
    for (; ticks() < end; rounds++) {
        call4(WAIT_UNTIL, KEEPER_NOTIFICATION, ticks() + PERIOD, 0, 0, 0);
        uint64_t slot = (next(&seed) >> 8) % OBJECT_COUNT + 1;
        put(".");
        claim(objects[slot - 1].kind, objects[slot - 1].index, slot);
        UART[UART_CLEAR] = UART_SENT;
        uint64_t worker = (next(&seed) >> 8) % WORKERS + 1;
        for (uint64_t other = 1; other <= WORKERS; other++)
            hand_out(slot, other, &seed);
        revive(worker, &seed);
        revive((next(&seed) >> 8) % WORKERS + 1, &seed);
    }
    put("rounds ");
    put_number(rounds);
    put("\n");
    for (;;) {
        call4(WAIT_UNTIL, KEEPER_NOTIFICATION, ticks() + 1000 * PERIOD, 0, 0, 0);
        put("alive\n");
    }
}

__attribute__((used)) void program(uint64_t number) {
    if ((number & 255) == KEEPER)
        keep();
    else
        work(number & 255, number | 1 << 20);
}
