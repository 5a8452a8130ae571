/* The life of a component that is not written in Python: start, the hooks' defaults, system calls, lines to the console.
 *
 * The ring's format is docs/reference/runtime.md's, the registers of a call are keelback.abi.syscalls'.
 */
#include "keelback.h"

#define WEAK __attribute__((weak))

extern const uint64_t keel_log_address WEAK;
extern const uint64_t keel_log_slot WEAK;

enum { LINE_BYTES = 240, RING_HEADER_BYTES = 16, RING_BYTES = 4096, RING_CAPACITY = RING_BYTES - RING_HEADER_BYTES };

struct event {
    uint64_t status, badge, kind;
    struct keel_message message;
};

WEAK void init(void) {}

WEAK void notified(uint64_t bits) { (void)bits; }

WEAK void protected(uint64_t badge, struct keel_message *message) {
    (void)badge;
    message->words[0] = UINT64_MAX;
}

WEAK bool fault(uint64_t badge, struct keel_message *message) {
    (void)badge;
    (void)message;
    return false;
}

#define LOAD_WORDS(message)                                                                                            \
    register uint64_t x0 __asm__("x0") = (message)->words[0];                                                          \
    register uint64_t x1 __asm__("x1") = (message)->words[1];                                                          \
    register uint64_t x2 __asm__("x2") = (message)->words[2];                                                          \
    register uint64_t x3 __asm__("x3") = (message)->words[3];                                                          \
    register uint64_t x4 __asm__("x4") = (message)->words[4];                                                          \
    register uint64_t x5 __asm__("x5") = (message)->words[5];                                                          \
    register uint64_t x6 __asm__("x6") = (message)->words[6];                                                          \
    register uint64_t x7 __asm__("x7") = (message)->words[7];                                                          \
    register uint64_t x9 __asm__("x9");                                                                                \
    register uint64_t x10 __asm__("x10")

/* x8 is "+r" where it names a slot, "=r" where the call takes none. */
#define SYSTEM_CALL(number, slot_use)                                                                                  \
    __asm__ volatile("svc %[call]"                                                                                     \
                     : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4), "+r"(x5), "+r"(x6), "+r"(x7),                 \
                       slot_use(x8), "=r"(x9), "=r"(x10)                                                               \
                     : [call] "i"(number)                                                                              \
                     : "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "memory", "cc")

#define STORE_WORDS(message)                                                                                           \
    ((message)->words[0] = x0, (message)->words[1] = x1, (message)->words[2] = x2, (message)->words[3] = x3,           \
     (message)->words[4] = x4, (message)->words[5] = x5, (message)->words[6] = x6, (message)->words[7] = x7)

uint64_t keel_call(uint64_t slot, struct keel_message *message) {
    LOAD_WORDS(message);
    register uint64_t x8 __asm__("x8") = slot;
    SYSTEM_CALL(KEEL_SYSCALLS_CALL, "+r");
    STORE_WORDS(message);
    return x8;
}

#define PLAIN_CALL(name, number)                                                                                       \
    uint64_t name(uint64_t slot) {                                                                                     \
        struct keel_message message = {{0}};                                                                           \
        LOAD_WORDS(&message);                                                                                          \
        register uint64_t x8 __asm__("x8") = slot;                                                                     \
        SYSTEM_CALL(number, "+r");                                                                                     \
        return x8;                                                                                                     \
    }

PLAIN_CALL(keel_signal, KEEL_SYSCALLS_SIGNAL)
PLAIN_CALL(keel_acknowledge, KEEL_SYSCALLS_INTERRUPT_ACKNOWLEDGE)
PLAIN_CALL(keel_power_off, KEEL_SYSCALLS_SYSTEM_OFF)

#define RECEIVING_CALL(name, number)                                                                                   \
    static void name(struct event *event) {                                                                            \
        LOAD_WORDS(&event->message);                                                                                   \
        register uint64_t x8 __asm__("x8");                                                                            \
        SYSTEM_CALL(number, "=r");                                                                                     \
        STORE_WORDS(&event->message);                                                                                  \
        event->status = x8;                                                                                            \
        event->badge = x9;                                                                                             \
        event->kind = x10;                                                                                             \
    }

RECEIVING_CALL(receive, KEEL_SYSCALLS_RECEIVE)
RECEIVING_CALL(reply_receive, KEEL_SYSCALLS_REPLY_RECEIVE)

static void send_line(const char *line, uint32_t count) {
    volatile uint8_t *ring = (volatile uint8_t *)keel_log_address;
    volatile uint32_t *head = (volatile uint32_t *)ring, *tail = head + 1;
    uint32_t write = *head, room = (*tail + RING_CAPACITY - write - 1) % RING_CAPACITY;
    if (write >= RING_CAPACITY || room < count)
        return;
    for (uint32_t index = 0; index < count; index++) {
        ring[RING_HEADER_BYTES + write] = line[index];
        write = write + 1 == RING_CAPACITY ? 0 : write + 1;
    }
    __asm__ volatile("dmb ish" ::: "memory");
    *head = write;
    keel_signal(keel_log_slot);
}

static uint32_t put_text(char *line, uint32_t count, const char *text) {
    while (*text && count < LINE_BYTES)
        line[count++] = *text++;
    return count;
}

static void end_line(char *line, uint32_t count) {
    line[count] = '\n';
    if (&keel_log_address != 0)
        send_line(line, count + 1);
}

void keel_log(const char *text) {
    char line[LINE_BYTES + 1];
    end_line(line, put_text(line, 0, text));
}

void keel_log_number(const char *text, uint64_t value) {
    char line[LINE_BYTES + 1], digits[21], *first = digits + 20;
    *first = 0;
    do {
        *--first = '0' + value % 10;
        value /= 10;
    } while (value);
    end_line(line, put_text(line, put_text(line, put_text(line, 0, text), " "), first));
}

/* Compilers call these on their own. */
WEAK void *memcpy(void *restrict to, const void *restrict from, uintptr_t count) {
    for (uintptr_t index = 0; index < count; index++)
        ((uint8_t *)to)[index] = ((const uint8_t *)from)[index];
    return to;
}

WEAK void *memmove(void *to, const void *from, uintptr_t count) {
    if ((uintptr_t)to <= (uintptr_t)from)
        return memcpy(to, from, count);
    while (count--)
        ((uint8_t *)to)[count] = ((const uint8_t *)from)[count];
    return to;
}

WEAK void *memset(void *to, int value, uintptr_t count) {
    for (uintptr_t index = 0; index < count; index++)
        ((uint8_t *)to)[index] = (uint8_t)value;
    return to;
}

WEAK int memcmp(const void *one, const void *other, uintptr_t count) {
    const uint8_t *first = one, *second = other;
    for (uintptr_t index = 0; index < count; index++)
        if (first[index] != second[index])
            return first[index] - second[index];
    return 0;
}

static bool handle(struct event *event) {
    if (event->kind == KEEL_MESSAGES_SIGNAL) {
        notified(event->badge);
        return false;
    }
    if (event->kind == KEEL_MESSAGES_FAULT)
        event->message.words[0] = fault(event->badge, &event->message) ? KEEL_FAULTS_RESUME : KEEL_FAULTS_STAY_STOPPED;
    else
        protected(event->badge, &event->message);
    return true;
}

__attribute__((noreturn, used)) void component_start(void) {
    struct event event = {0};
    bool answer_due = false;
    init();
    for (;;) {
        if (answer_due)
            reply_receive(&event);
        else
            receive(&event);
        if (event.status != KEEL_ERRORS_OK)
            __builtin_trap();
        answer_due = handle(&event);
    }
}
