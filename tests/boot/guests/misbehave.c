/* One thing that no guest should do, chosen with -DMISDEED=...; before it, a line that says the guest lives. */
#include "bare.h"

#define READ_UNMAPPED 1
#define WRITE_UNMAPPED 2
#define JUMP_NOWHERE 3
#define CALL_UNKNOWN_PSCI 4
#define FLOOD_CONSOLE 5
#define UNDEFINED_WITHOUT_VECTORS 6
#define PAIR_FROM_DEVICE 7
#define CALL_UNKNOWN_SMC 8
#define TOUCH_REGISTERS 9

/* Called through an integer, so that the compiler has no opinion about it. */
static void jump(uint64_t address)
{
    __asm__ volatile("br %0" : : "r"(address));
}

static void load_pair(uint64_t address)
{
    uint64_t first, second;
    __asm__ volatile("ldp %0, %1, [%2]" : "=r"(first), "=r"(second) : "r"(address) : "memory");
}

void guest_main(void)
{
    put_text("guest: here I go\n");
    switch (MISDEED) {
    case READ_UNMAPPED:
        put_hex(read32(UNMAPPED));
        break;
    case WRITE_UNMAPPED:
        write32(UNMAPPED, 1);
        break;
    case JUMP_NOWHERE:
        jump(UNMAPPED);
        break;
    case CALL_UNKNOWN_PSCI:
        put_text("guest: psci says ");
        put_hex(call_monitor(0x8400001f, 1));
        put_text("\n");
        break;
    case FLOOD_CONSOLE:
        for (;;)
            put_text("guest: and another line of no use to anybody at all\n");
    case UNDEFINED_WITHOUT_VECTORS:
        __asm__ volatile("udf #0");
        break;
    case PAIR_FROM_DEVICE:
        load_pair(UART_BASE);
        break;
    case CALL_UNKNOWN_SMC:
        __asm__ volatile("mov x0, #0x1234\n\t.inst 0xd40000e3 /* smc #7 */" : : : "x0", "x1", "x2", "x3", "memory");
        put_text("guest: still here after smc\n");
        break;
    case TOUCH_REGISTERS:
        /* Debug and performance registers belong to the machine, not to a guest. */
        __asm__ volatile("msr mdscr_el1, %0\n\tmsr osdlr_el1, xzr" : : "r"(1ul << 15));
        __asm__ volatile("msr pmcr_el0, %0" : : "r"(1ul));
        put_text("guest: still here after registers\n");
        break;
    }
    put_text("guest: done\n");
}
