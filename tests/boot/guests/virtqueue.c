/* A virtio driver that lies: it brings up the console's transmit queue, then gives it what -DMISDEED=... says.
 *
 * Virtio 1.2: 4.2 (MMIO transport), 2.7 (split virtqueues). The device is the first virtio-mmio one with DeviceID 3.
 */
#include "bare.h"

#define WELL_BEHAVED 0
#define LOOP 1
#define WILD_BUFFER 2
#define ABSURD_LENGTH 3
#define WILD_NEXT 4
#define WILD_HEAD 5
#define AVAILABLE_AHEAD 6
#define RINGS_OUTSIDE_RAM 7
#define ABSURD_QUEUE_SIZE 8
#define INDIRECT_NESTED 9
#define INDIRECT_WILD 10
#define INDIRECT_LOOP 11
#define LENGTH_WRAPS 12
#define RINGS_AT_RAM_END 13

enum { MAGIC = 0x00, DEVICE_ID = 0x08, DRIVER_FEATURES = 0x20, DRIVER_FEATURES_SEL = 0x24, QUEUE_SEL = 0x30,
       QUEUE_NUM_MAX = 0x34, QUEUE_NUM = 0x38, QUEUE_READY = 0x44, QUEUE_NOTIFY = 0x50, STATUS = 0x70,
       QUEUE_DESC_LOW = 0x80, QUEUE_DRIVER_LOW = 0x90, QUEUE_DEVICE_LOW = 0xa0 };
enum { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8 };
enum { NEXT = 1, WRITE = 2, INDIRECT = 4 };
enum { CONSOLE_DEVICE = 3, SLOT_COUNT = 32, SLOT_BYTES = 0x200, TRANSMIT_QUEUE = 1, QUEUE_SIZE = 8 };

/* VIRTIO_F_VERSION_1 is bit 32, VIRTIO_F_INDIRECT_DESC bit 28. */
#define FEATURES_LOW (1u << 28)
#define FEATURES_HIGH (1u << 0)

struct descriptor {
    uint64_t address;
    uint32_t length;
    uint16_t flags;
    uint16_t next;
};

struct available {
    uint16_t flags;
    uint16_t index;
    uint16_t ring[QUEUE_SIZE];
    uint16_t used_event;
};

static struct descriptor table[QUEUE_SIZE] __attribute__((aligned(16)));
static struct descriptor indirect[QUEUE_SIZE] __attribute__((aligned(16)));
static struct available available __attribute__((aligned(16)));
static uint8_t used[4 + 8 * QUEUE_SIZE + 2] __attribute__((aligned(16)));
static const char text[] = "guest: hello through the queue\n";

static uint64_t find_console(void)
{
    for (uint64_t slot = 0; slot < SLOT_COUNT; slot++) {
        uint64_t base = VIRTIO_BASE + slot * SLOT_BYTES;
        if (read32(base + MAGIC) == 0x74726976 && read32(base + DEVICE_ID) == CONSOLE_DEVICE)
            return base;
    }
    put_text("guest: no console device\n");
    for (;;)
        __asm__ volatile("wfi");
}

static void set_address(uint64_t device, uint32_t low_register, uint64_t address)
{
    write32(device + low_register, (uint32_t)address);
    write32(device + low_register + 4, (uint32_t)(address >> 32));
}

static void place_rings(uint64_t device, uint64_t first, uint64_t second, uint64_t third)
{
    set_address(device, QUEUE_DESC_LOW, first);
    set_address(device, QUEUE_DRIVER_LOW, second);
    set_address(device, QUEUE_DEVICE_LOW, third);
}

static void bring_up(uint64_t device)
{
    write32(device + STATUS, 0);
    write32(device + STATUS, ACKNOWLEDGE | DRIVER);
    write32(device + DRIVER_FEATURES_SEL, 0);
    write32(device + DRIVER_FEATURES, FEATURES_LOW);
    write32(device + DRIVER_FEATURES_SEL, 1);
    write32(device + DRIVER_FEATURES, FEATURES_HIGH);
    write32(device + STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK);
    write32(device + QUEUE_SEL, TRANSMIT_QUEUE);
    write32(device + QUEUE_NUM, MISDEED == ABSURD_QUEUE_SIZE ? 0xfffff : QUEUE_SIZE);
    if (MISDEED == RINGS_OUTSIDE_RAM)
        place_rings(device, UNMAPPED, 0xfffffffffffff000ul, 0x1000);
    else if (MISDEED == RINGS_AT_RAM_END)
        place_rings(device, RAM_BASE + RAM_BYTES - 16, (uint64_t)&available, (uint64_t)used);
    else
        place_rings(device, (uint64_t)table, (uint64_t)&available, (uint64_t)used);
    write32(device + QUEUE_READY, 1);
    write32(device + STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
}

static void describe(struct descriptor *entry, uint64_t address, uint32_t length, uint16_t flags, uint16_t next)
{
    *entry = (struct descriptor){.address = address, .length = length, .flags = flags, .next = next};
}

static void fill_queue(void)
{
    uint64_t buffer = (uint64_t)text;
    uint32_t length = sizeof text - 1;

    describe(&table[0], buffer, length, 0, 0);
    available.ring[0] = 0;
    available.index = 1;
    switch (MISDEED) {
    case LOOP:
        describe(&table[0], buffer, length, NEXT, 1);
        describe(&table[1], buffer, length, NEXT, 0);
        break;
    case WILD_BUFFER:
        describe(&table[0], UNMAPPED, length, 0, 0);
        break;
    case ABSURD_LENGTH:
        describe(&table[0], buffer, 0xffffffff, 0, 0);
        break;
    case LENGTH_WRAPS:
        describe(&table[0], 0xfffffffffffffff0ul, 0x40000100, 0, 0);
        break;
    case WILD_NEXT:
        describe(&table[0], buffer, length, NEXT, 0xffff);
        break;
    case WILD_HEAD:
        available.ring[0] = QUEUE_SIZE;
        break;
    case AVAILABLE_AHEAD:
        available.index = 0x8000;
        break;
    case INDIRECT_NESTED:
        describe(&table[0], (uint64_t)indirect, sizeof indirect, INDIRECT, 0);
        describe(&indirect[0], (uint64_t)indirect, sizeof indirect, INDIRECT, 0);
        break;
    case INDIRECT_WILD:
        describe(&table[0], UNMAPPED, 16, INDIRECT, 0);
        break;
    case INDIRECT_LOOP:
        describe(&table[0], (uint64_t)indirect, sizeof indirect, INDIRECT, 0);
        describe(&indirect[0], buffer, length, NEXT, 1);
        describe(&indirect[1], buffer, length, NEXT, 0);
        break;
    default:
        break;
    }
    __asm__ volatile("dsb sy" : : : "memory");
}

void guest_main(void)
{
    put_text("guest: here I go\n");
    uint64_t device = find_console();
    bring_up(device);
    fill_queue();
    write32(device + QUEUE_NOTIFY, TRANSMIT_QUEUE);
    put_text("guest: notified\n");
}
