/* What a component in C can ask of Keelback. Components in Zig declare the same functions `extern`.
 *
 * A component defines the hooks it needs (init, notified, protected, fault); the runtime calls them. It has one thread and
 * no heap. What the system description tells it are constants of the linker: `extern const uint64_t keel_vault_slot;` for the
 * parameter `vault_slot`, `extern const char keel_component_name[];` for a text. One that the description does not give is an
 * undefined symbol, so the build fails.
 */
#ifndef KEELBACK_H
#define KEELBACK_H

#include <stdbool.h>
#include <stdint.h>

#include "keelback_abi.h"

struct keel_message {
    uint64_t words[8];
};

/* Hooks. */
void init(void);
void notified(uint64_t bits);
void protected(uint64_t badge, struct keel_message *message);
bool fault(uint64_t badge, struct keel_message *message);

/* System calls. They return the status: KEEL_ERRORS_OK is 0. */
uint64_t keel_call(uint64_t slot, struct keel_message *message);
uint64_t keel_signal(uint64_t slot);
uint64_t keel_acknowledge(uint64_t slot);
uint64_t keel_power_off(uint64_t slot);

/* Lines on the console. A line that finds no room is dropped. */
void keel_log(const char *text);
void keel_log_number(const char *text, uint64_t value);

#endif
