/* Tells each fault of the criminal, and lets it go on behind the instruction. */
#include "keelback.h"

extern const uint64_t keel_criminal_thread_slot;

static uint64_t thread_register(uint64_t number, uint64_t value, int write) {
    register uint64_t x0 __asm__("x0") = number, x1 __asm__("x1") = value, x8 __asm__("x8") = keel_criminal_thread_slot;
    if (write)
        __asm__ volatile("svc #15" : "+r"(x0), "+r"(x1), "+r"(x8)::"x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "memory");
    else
        __asm__ volatile("svc #14" : "+r"(x0), "+r"(x1), "+r"(x8)::"x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "memory");
    return x8 ? ~0ull : x0;
}

bool fault(uint64_t badge, struct keel_message *message) {
    (void)badge;
    keel_log_number("fault", message->words[0]);
    uint64_t pc = thread_register(32, 0, 0);
    if (pc != message->words[1])
        keel_log("the pc disagrees");
    thread_register(32, pc + 4, 1);
    return true;
}
