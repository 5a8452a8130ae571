/* Mapping, unmapping, linking and clearing, seen from the mapped side; a child that is built, run on the other core and
 * taken back; two address spaces with one VMID.
 *
 * Thread 1 does it, 2 is the child, 3 and 4 look at their address spaces when asked. The slots are in test_memory.py. */
#include "calls.h"

enum { RECEIVE = 2, REPLY_RECEIVE = 56, SIGNAL = 4, WAIT = 5, STOP = 12, START = 13, READ = 14, WRITE = 15 };
enum { CONFIGURE = 42, SCHEDULE = 43, GIVE_TIME = 45, TIME_CONFIGURE = 46, ENDPOINT_BIND = 47 };
enum { CLEAR = 51, INFO = 52, MAP = 53, UNMAP = 54, LINK = 55, UNLINK = 3, UNLINK_ENTRY = 8 };
enum { ENDPOINT = 1, NOTIFICATION, SPACE, CHILDS_SPACE, LEVEL2, LEVEL3, FRAME, OTHER_FRAME, LARGE, CHILD, TABLE, CORE };
enum { OTHER_CORE = 13, TIME, UART_FRAME, FIRST_LOOKER, SECOND_LOOKER, FIRST_SPACE = 20 };
enum { OK = 0, BUSY = 7, STATE = 8, OCCUPIED = 11, PENDING = 12 };
enum { R = 1, RW = 3, RX = 5 };

#define BASE 0x40000000ul /* the second entry of level 1 */
#define PAGE(n) ((volatile uint64_t *)(BASE + 4096ul * (n)))
#define BLOCK(n) ((volatile uint64_t *)(BASE + 0x200000ul * (n)))

PROGRAM(8);
extern char program_start[];
volatile uint64_t seen[8], count, traps;

static void check(const char *what, uint64_t found, uint64_t expected) {
    if (found == expected)
        return;
    put("WRONG ");
    put(what);
    put(": ");
    put_number(found);
    put(" not ");
    put_number(expected);
    put("\n");
}

#define CHECK(expected, ...) check(#__VA_ARGS__, call4(__VA_ARGS__, 0), expected)
#define CHECK_PENDING(...)                                                                                             \
    do {                                                                                                               \
        uint64_t status;                                                                                               \
        while ((status = call4(__VA_ARGS__)) == PENDING)                                                               \
            ;                                                                                                          \
        check(#__VA_ARGS__, status, OK);                                                                               \
    } while (0)

static uint64_t result(uint64_t number, uint64_t slot, uint64_t x0, int which) {
    struct registers registers = {{x0, 0, 0, 0, 0, 0, 0, 0, slot, 0, 0}};
    system_call(number, &registers);
    return registers.x[which];
}

/* What was written has to reach instruction fetches: clean to the point of unification. */
static void clean(volatile void *address) { __asm__ volatile("dc cvau, %0\n dsb ish" ::"r"(address) : "memory"); }

static void map_and_look(void) {
    CHECK(OK, LINK, SPACE, 1, LEVEL2, 0);
    CHECK(OK, LINK, LEVEL2, 0, LEVEL3, 0);
    CHECK(OK, MAP, LEVEL3, 0, FRAME, RW);
    *PAGE(0) = 0x1234;
    CHECK(OK, MAP, LEVEL3, 1, FRAME, R);
    check("the same frame", *PAGE(1), 0x1234);
    CHECK(OCCUPIED, MAP, LEVEL3, 1, OTHER_FRAME, R);
    CHECK(OK, UNMAP, LEVEL3, 1, 0, 0);
    CHECK(OK, MAP, LEVEL3, 1, OTHER_FRAME, RW);
    check("another frame", *PAGE(1), 0);
    *PAGE(1) = 0x5678;
    CHECK(OK, MAP, LEVEL2, 511, LARGE, RW);
    BLOCK(511)[0x1FFFF8 / 8] = 0x9ABC;
    check("the end of a block", BLOCK(511)[0x1FFFF8 / 8], 0x9ABC);
    CHECK(OK, MAP, LEVEL3, 511, UART_FRAME, RW);
    *(volatile uint32_t *)PAGE(511) = '.';
}

static void run_what_was_written(void) {
    volatile uint32_t *code = (volatile uint32_t *)(PAGE(0) + 64);
    uint64_t (*function)(void) = (uint64_t (*)(void))(uintptr_t)(PAGE(2) + 64);
    CHECK(OK, MAP, LEVEL3, 2, FRAME, RX);
    for (uint64_t value = 40; value < 50; value++) {
        CHECK(OK, UNMAP, LEVEL3, 2, 0, 0);
        code[0] = 0xd2800000 | (uint32_t)value << 5; /* mov x0, #value */
        code[1] = 0xd65f03c0;                         /* ret */
        clean(code);
        CHECK(OK, MAP, LEVEL3, 2, FRAME, RX);
        check("new code", function(), value);
    }
    code[0] = 0xd2800000 | 99 << 5;
    clean(code);
    __asm__ volatile("ic ivau, %0\n dsb ish\n isb" ::"r"(PAGE(2) + 64) : "memory");
    check("code in its place", function(), 99);
    CHECK(OK, UNMAP, LEVEL3, 2, 0, 0);
}

static void clear(void) {
    check("pieces", result(INFO, LARGE, 0, 3), 512);
    CHECK(BUSY, CLEAR, LARGE, 0, 0, 0);
    CHECK(OK, UNMAP, LEVEL2, 511, 0, 0);
    for (uint64_t left = 512; left-- > 0;)
        check("pieces left", result(CLEAR, LARGE, 0, 0), left);
    CHECK(OK, MAP, LEVEL2, 511, LARGE, R);
    for (uint64_t word = 0; word < 0x200000 / 8; word++)
        if (BLOCK(511)[word] != 0)
            check("a cleared word", BLOCK(511)[word], 0);
    CHECK(OK, UNMAP, LEVEL2, 511, 0, 0);
    CHECK(OK, UNMAP, LEVEL3, 511, 0, 0);
}

/* The child counts as long as it can read its page; the parent takes that away while it runs on the other core. */
static void take_from_child(uint64_t core) {
    struct registers event = {{0}};
    CHECK(OK, UNLINK, LEVEL2, 0, 0, 0);
    CHECK(STATE, UNLINK, LEVEL2, 0, 0, 0);
    CHECK(OK, LINK, CHILDS_SPACE, 1, LEVEL2, 0);
    CHECK_PENDING(CONFIGURE, CHILD, CHILDS_SPACE, TABLE, ENDPOINT, 77);
    CHECK_PENDING(SCHEDULE, CHILD, core, 50, 50, 0);
    count = 0;
    traps = core == CORE;
    CHECK_PENDING(START, CHILD, (uint64_t)(uintptr_t)program_start, 0, 2, 0);
    while (core == OTHER_CORE && count < 1000)
        ;
    if (core == OTHER_CORE)
        CHECK(OK, UNLINK_ENTRY, CHILDS_SPACE, 1, 0, 0);
    system_call(RECEIVE, &event); /* on the same core it runs now, until it traps */
    check("a fault", event.x[10], 3);
    check("its badge", event.x[9], 77);
    if (core == CORE) {
        check("a trap", event.x[0], 5);
        uint64_t pc = result(READ, CHILD, 32, 0);
        CHECK(OK, WRITE, CHILD, 32, pc + 4, 0);
        CHECK(OK, UNLINK, LEVEL2, 0, 0, 0);
        event.x[0] = 1; /* go on */
        system_call(REPLY_RECEIVE, &event);
    }
    check("a read", event.x[0], 1);
    check("of the page", event.x[2], BASE);
    CHECK(OK, STOP, CHILD, 0, 0, 0);
    check("the child saw", seen[2], 0x1234);
    CHECK(OK, LINK, SPACE, 1, LEVEL2, 0);
    put(core == CORE ? "here " : "there ");
}

static void child(void) {
    for (uint64_t round = 1;; round++) {
        seen[2] = *PAGE(0);
        count = round;
        if (traps && round == 5000)
            __asm__ volatile("brk #0");
    }
}

/* Threads 3 and 4 live in address spaces 130 and 258, which have the same VMID. Each sees its own frame. */
static void share_a_number(void) {
    CHECK(OK, UNMAP, LEVEL3, 0, 0, 0);
    CHECK(OK, UNMAP, LEVEL3, 1, 0, 0);
    for (uint64_t looker = 0; looker < 2; looker++) {
        uint64_t space = FIRST_SPACE + 3 * looker;
        CHECK(OK, LINK, space, 1, space + 1, 0);
        CHECK(OK, LINK, space + 1, 0, space + 2, 0);
        CHECK(OK, MAP, space + 2, 0, FRAME + looker, R);
    }
    for (uint64_t round = 0; round < 100; round++) {
        uint64_t looker = round / 3 % 2;
        CHECK(OK, SIGNAL, FIRST_LOOKER + looker, 0, 0, 0);
        CHECK(OK, WAIT, NOTIFICATION, 0, 0, 0);
        check("the own frame", seen[3 + looker], looker == 0 ? 0x1234 : 0x5678);
        if (round == 50) { /* exchange them while nobody looks, and back */
            for (uint64_t way = 0; way < 2; way++)
                for (uint64_t other = 0; other < 2; other++) {
                    CHECK(OK, UNMAP, FIRST_SPACE + 3 * other + 2, 0, 0, 0);
                    CHECK(OK, MAP, FIRST_SPACE + 3 * other + 2, 0, FRAME + (other ^ way ^ 1), R);
                    CHECK(OK, SIGNAL, FIRST_LOOKER + other, 0, 0, 0);
                    CHECK(OK, WAIT, NOTIFICATION, 0, 0, 0);
                    check("the exchanged frame", seen[3 + other], (other ^ way ^ 1) == 0 ? 0x1234 : 0x5678);
                }
        }
    }
}

static void look(uint64_t number) {
    for (;;) {
        call4(WAIT, NOTIFICATION, 0, 0, 0, 0);
        seen[number] = *PAGE(0);
        call4(SIGNAL, 3, 0, 0, 0, 0);
    }
}

__attribute__((used)) void program(uint64_t number) {
    if (number == 2)
        child();
    if (number > 2)
        look(number);
    map_and_look();
    run_what_was_written();
    clear();
    take_from_child(CORE);
    take_from_child(OTHER_CORE);
    take_from_child(CORE);
    share_a_number();
    put("done\n");
    for (;;)
        call4(WAIT, NOTIFICATION, 0, 0, 0, 0);
}
