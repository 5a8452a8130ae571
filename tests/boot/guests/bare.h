/* What a bare guest has: a UART to print to, calls to its monitor, device registers. Each guest does one thing wrong. */
#ifndef KEELBACK_TESTS_BARE_H
#define KEELBACK_TESTS_BARE_H

#include <stdint.h>

#define UART_BASE 0x09000000ul
#define VIRTIO_BASE 0x0a000000ul
#define RAM_BASE 0x40000000ul
#define UNMAPPED 0x2000000000ul /* inside the guest's physical space, nothing is there */

static inline void write32(uint64_t address, uint32_t value)
{
    __asm__ volatile("str %w1, [%0]" : : "r"(address), "r"(value) : "memory");
}

static inline uint32_t read32(uint64_t address)
{
    uint32_t value;
    __asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return value;
}

static inline uint64_t call_monitor(uint64_t function, uint64_t argument)
{
    register uint64_t x0 __asm__("x0") = function;
    register uint64_t x1 __asm__("x1") = argument;
    __asm__ volatile("hvc #0" : "+r"(x0), "+r"(x1) : : "x2", "x3", "memory");
    return x0;
}

static inline void put_character(char character)
{
    write32(UART_BASE, (uint8_t)character);
}

static inline void put_text(const char *text)
{
    while (*text)
        put_character(*text++);
}

static inline void put_hex(uint64_t value)
{
    for (int shift = 60; shift >= 0; shift -= 4)
        put_character("0123456789abcdef"[(value >> shift) & 15]);
}

void guest_main(void);

#endif
