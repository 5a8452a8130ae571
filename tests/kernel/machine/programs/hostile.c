/* A child with a pool, an address space, frames and the right to a core makes whatever calls it likes, in threads that
 * it makes itself. Its parent, whose priority is higher, interrupts it at any moment, takes everything back without
 * asking, and starts again. The slots and objects are in test_hostile.py.
 *
 * Thread 1 is the parent; 2 is the child's first thread, 3 its second. */
#include "calls.h"

enum { CALL = 0, STOP = 12, START = 13, COPY = 17, DELETE = 19, WAIT_UNTIL = 31, CLEAR_TABLE = 34, DELEGATE = 35 };
enum { CREATE = 36, DESTROY, GIVE, TAKE, CLAIM, REVOKE };
enum { REVOKE_ALL = 20, CONFIGURE = 42, SCHEDULE, BIND, GIVE_TIME, TIME_CONFIGURE, ENDPOINT_BIND, CANCEL };
enum { CLEAR_FRAME = 51, MAP = 53, UNMAP, LINK };
enum { UNLINK = 3, UNLINK_ENTRY = 8, CALL_COUNT = 58 };
enum { OK = 0, STATE = 8, TIMEOUT = 13, NOT_OWNED = 14 };
enum { POOL = 1, TABLE, FRAME, PAGE_TABLE, SPACE, THREAD, ENDPOINT, NOTIFICATION, TIME = 13, REPLY, GRANT };
enum { ROOT_SLOT = 1, NOTIFICATION_SLOT, POOL_SLOT, SPACE_SLOT, TABLE_SLOT, THREAD_SLOT, CORE_SLOT, SCRATCH };
enum { GRANT_SLOT = 9, ENDPOINT_SLOT = 10 };
enum { NOT_OWNER = 15, ALL = 31, CHILDS_POOL = 2, CHILDS_SPACE = 2, CHILDS_TABLE = 2, CHILDS_THREAD = 2 };
enum { FIRST_PAGE_TABLE = 3, MAPPED_ENTRIES = 32, CHILDS_PRIORITY = 50 };

/* What the child is given, beside its pool; what of it lives, the child decides. Threads first: they use the others. */
static const struct {
    uint64_t kind, first, last;
} things[] = {{THREAD, 2, 3},       {POOL, 3, 3},  {TABLE, 2, 3}, {PAGE_TABLE, FIRST_PAGE_TABLE, FIRST_PAGE_TABLE + 3},
              {SPACE, 2, 2},        {FRAME, 1, 2}, {TIME, 1, 1},  {REPLY, 1, 2},
              {ENDPOINT, 2, 4},     {GRANT, 2, 2}, {NOTIFICATION, 2, 4}};

PROGRAM(64);
extern char program_start[];
volatile uint64_t counts[CALL_COUNT + 6], wrong;
volatile uint64_t is_parent = 1; /* the child's data are zeros at first */

static void check(const char *what, uint64_t kind, uint64_t index, uint64_t found, uint64_t expected) {
    if (found == expected || wrong++ > 20)
        return;
    put("WRONG ");
    put(what);
    put(" of ");
    put_number(kind);
    put(".");
    put_number(index);
    put(": ");
    put_number(found);
    put(" not ");
    put_number(expected);
    put("\n");
}

static uint64_t random_number(uint64_t *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed >> 11;
}

static uint64_t result(uint64_t number, uint64_t slot, uint64_t x0) {
    struct registers registers = {{x0, 0, 0, 0, 0, 0, 0, 0, slot, 0, 0}};
    system_call(number, &registers);
    return registers.x[8] == OK ? registers.x[0] : ~0ul;
}

static uint64_t random_word(uint64_t *seed) {
    uint64_t chance = random_number(seed) % 16;
    if (chance == 0)
        return (uint64_t)(uintptr_t)program_start;
    if (chance == 1)
        return 1000 + random_number(seed) % 100000;
    if (chance == 2)
        return ALL;
    return random_number(seed) % (chance < 10 ? 6 : MAPPED_ENTRIES);
}

/* Calls that make sense after each other: a second thread, mappings, a pool below, an endpoint that is called. */
static const struct {
    uint64_t number, slot, x[4];
} plan[] = {
    {CREATE, 1, {THREAD, 3, 11}}, {CONFIGURE, 11, {5, 4, 10, 7}},
    {SCHEDULE, 11, {2, CHILDS_PRIORITY - 1, CHILDS_PRIORITY}}, {CREATE, 1, {PAGE_TABLE, 3, 12, 2}},
    {CREATE, 1, {PAGE_TABLE, 4, 13, 3}}, {LINK, 5, {1, 12}}, {LINK, 12, {2, 13}}, {CLAIM, 1, {FRAME, 1, 14}},
    {MAP, 13, {3, 14, 3}}, {MAP, 13, {4, 14, 1}}, {CREATE, 1, {ENDPOINT, 2, 16}}, {ENDPOINT_BIND, 16, {11}},
    {CREATE, 1, {GRANT, 2, 17}}, {DELEGATE, 17, {16, 18, ALL}}, {CREATE, 1, {TABLE, 3, 19}},
    {COPY, 18, {5, ALL, 0, 19}}, {CREATE, 1, {TIME, 1, 20}}, {TIME_CONFIGURE, 20, {2, 2000, 20000}},
    {GIVE_TIME, 11, {20}}, {CREATE, 1, {NOTIFICATION, 3, 21}}, {BIND, 11, {21}}, {CREATE, 1, {REPLY, 1, 22}},
    {START, 11, {0, 0, 3}}, {CREATE, 1, {POOL, 3, 15}}, {CALL, 16, {0}}, {GIVE, 1, {ENDPOINT, 3, 15}},
    {GIVE, 1, {TABLE, 3, 15}}, {GIVE, 1, {PAGE_TABLE, 5, 15}}, {CREATE, 15, {ENDPOINT, 3, 23}},
    {REVOKE, 1, {FRAME, 1}},
};

static void follow_plan(uint64_t *seed) {
    for (uint64_t at = 0; at < sizeof plan / sizeof *plan; at++) {
        const uint64_t *x = plan[at].x;
        uint64_t x0 = plan[at].number == START ? (uint64_t)(uintptr_t)program_start : x[0];
        if (random_number(seed) % 16 != 0)
            counts[plan[at].number] += call4(plan[at].number, plan[at].slot, x0, x[1], x[2], x[3]) == OK;
    }
}

static void child(uint64_t seed) {
    if (random_number(&seed) % 8 != 0)
        follow_plan(&seed);
    for (;;) {
        struct registers registers;
        uint64_t number = random_number(&seed) % CALL_COUNT;
        if (random_number(&seed) % 2)
            number = CLEAR_TABLE - 1 + random_number(&seed) % (CALL_COUNT - CLEAR_TABLE + 1);
        if (number == CLEAR_TABLE && random_number(&seed) % 64)
            number = CREATE; /* or its table is empty too soon */
        for (int word = 0; word < 8; word++)
            registers.x[word] = random_word(&seed);
        registers.x[8] = random_number(&seed) % 2 ? random_number(&seed) % 6 : random_number(&seed) % 32;
        if (CREATE <= number && number <= REVOKE) {
            uint64_t chosen = random_number(&seed) % (sizeof things / sizeof *things);
            registers.x[0] = things[chosen].kind;
            registers.x[1] = things[chosen].first + random_number(&seed) % 4;
            registers.x[8] = random_number(&seed) % 8 ? 1 : random_number(&seed) % 32;
        }
        system_call(number, &registers);
        counts[number] += registers.x[8] == OK;
    }
}

#define EACH(what)                                                                                                     \
    for (uint64_t at = 0; at < sizeof things / sizeof *things; at++)                                                   \
        for (uint64_t kind = things[at].kind, index = things[at].first; index <= things[at].last; index++)             \
        what

static void make_child(uint64_t round) {
    check("create", POOL, CHILDS_POOL, call4(CREATE, ROOT_SLOT, POOL, CHILDS_POOL, POOL_SLOT, 0), OK);
    check("create", TABLE, CHILDS_TABLE, call4(CREATE, ROOT_SLOT, TABLE, CHILDS_TABLE, TABLE_SLOT, 0), OK);
    check("create", THREAD, CHILDS_THREAD, call4(CREATE, ROOT_SLOT, THREAD, CHILDS_THREAD, THREAD_SLOT, 0), OK);
    check("claim", SPACE, CHILDS_SPACE, call4(CLAIM, ROOT_SLOT, SPACE, CHILDS_SPACE, SPACE_SLOT, 0), OK);
    check("configure", THREAD, CHILDS_THREAD, call4(CONFIGURE, THREAD_SLOT, SPACE_SLOT, TABLE_SLOT, 0, 0), OK);
    check("schedule", THREAD, CHILDS_THREAD,
          call4(SCHEDULE, THREAD_SLOT, CORE_SLOT, CHILDS_PRIORITY, CHILDS_PRIORITY, 0), OK);
    static const uint64_t given[] = {POOL_SLOT, CORE_SLOT, THREAD_SLOT, TABLE_SLOT, SPACE_SLOT};
    for (uint64_t number = 0; number < sizeof given / sizeof *given; number++)
        check("copy", TABLE, number,
              call4(COPY, given[number], number + 1, given[number] == CORE_SLOT ? NOT_OWNER : ALL, 0, TABLE_SLOT), OK);
    check("delegate", ENDPOINT, 1, call4(DELEGATE, GRANT_SLOT, ENDPOINT_SLOT, 10, NOT_OWNER, TABLE_SLOT), OK);
    EACH(check("give", kind, index, call4(GIVE, ROOT_SLOT, kind, index, POOL_SLOT, 0), OK));
    check("start", THREAD, CHILDS_THREAD,
          call4(START, THREAD_SLOT, (uint64_t)(uintptr_t)program_start, 0, 2 + (round << 8), 0), OK);
}

/* What keeps an object busy, ended through a capability in SCRATCH. */
static void drain(uint64_t kind, uint64_t index) {
    if (kind == THREAD)
        check("stop", kind, index, call4(STOP, SCRATCH, 0, 0, 0, 0), OK);
    if (kind == ENDPOINT)
        while (call4(CANCEL, SCRATCH, 0, 0, 0, 0) == OK)
            ;
    if (kind == TABLE)
        for (uint64_t slot = 0; (slot = result(CLEAR_TABLE, SCRATCH, slot)) != 0;)
            check("clear", kind, index, slot == ~0ul, 0);
    if (kind == PAGE_TABLE)
        call4(UNLINK, SCRATCH, 0, 0, 0, 0);
    if (kind == PAGE_TABLE || kind == SPACE)
        for (uint64_t entry = 0; entry < MAPPED_ENTRIES; entry++)
            if (call4(UNMAP, SCRATCH, entry, 0, 0, 0) != OK)
                call4(UNLINK_ENTRY, SCRATCH, entry, 0, 0, 0);
}

static void take_back(void) {
    for (uint64_t depth = 0; depth < 2; depth++)
        EACH(if (call4(TAKE, ROOT_SLOT, kind, index, 0, 0) != OK && depth == 0) check(
                 "take", kind, index, call4(TAKE, ROOT_SLOT, kind, index, 0, 0), NOT_OWNED));
    for (uint64_t slot = POOL_SLOT; slot <= THREAD_SLOT; slot++)
        call4(DELETE, slot, 0, 0, 0, 0);
    EACH(if (call4(REVOKE, ROOT_SLOT, kind, index, 0, 0) != STATE) {
        check("claim", kind, index, call4(CLAIM, ROOT_SLOT, kind, index, SCRATCH, 0), OK);
        drain(kind, index);
        check("delete", kind, index, call4(DELETE, SCRATCH, 0, 0, 0, 0), OK);
    });
    EACH(if (kind == FRAME) {
        call4(CLAIM, ROOT_SLOT, kind, index, SCRATCH, 0);
        while (result(CLEAR_FRAME, SCRATCH, 0) != 0)
            check("clear", kind, index, ++counts[CALL_COUNT] > 0, 1);
        check("delete", kind, index, call4(DELETE, SCRATCH, 0, 0, 0, 0), OK);
    } else if (kind != SPACE) {
        uint64_t status = call4(DESTROY, ROOT_SLOT, kind, index, 0, 0);
        check("destroy", kind, index, status, status == STATE ? STATE : OK);
    });
    check("destroy", POOL, CHILDS_POOL, call4(DESTROY, ROOT_SLOT, POOL, CHILDS_POOL, 0, 0), OK);
    check("end", GRANT, 1, call4(REVOKE_ALL, GRANT_SLOT, 0, 0, 0, 0), OK);
}

__attribute__((used)) void program(uint64_t number) {
    uint64_t seed = 88172645463325252ul ^ number << 20;
    if (!is_parent)
        child(seed ^ ticks());
    for (uint64_t round = 0; round < ROUNDS; round++) {
        make_child(round);
        uint64_t until = ticks() + 1000 + random_number(&seed) % 200000;
        check("wait", 0, round, call4(WAIT_UNTIL, NOTIFICATION_SLOT, until, 0, 0, 0), TIMEOUT);
        take_back();
    }
    put(wrong == 0 ? "done\n" : "failed\n");
    for (;;)
        call4(WAIT_UNTIL, NOTIFICATION_SLOT, ~0ul >> 1, 0, 0, 0);
}
