/* A guest without an operating system that only traps: a device register read, a hypercall, an interrupt to itself.
 *
 * Each is done ROUNDS times between marker instructions (plugin/count.c); then the guest powers off. Span numbers come
 * from benches/traps.py as -D options. Interrupts stay masked: the interrupt is found by reading ICC_IAR1_EL1.
 */
#include <stdint.h>

#define TEXT_(value) #value
#define TEXT(value) TEXT_(value)
#define MARK(kind, span) "movz xzr, #(" #kind " + " TEXT(span) ")\n\t"
#define BEGIN(span) MARK(0x1100, span)
#define END(span) MARK(0x1200, span)

enum { DISTRIBUTOR_BASE = 0x08000000, DISTRIBUTOR_CTLR = 0x0000, DISTRIBUTOR_TYPER = 0x0004 };
enum { REDISTRIBUTOR_BASE = 0x080a0000, REDISTRIBUTOR_WAKER = 0x0014 };
enum { SGI_FRAME = 0x10000, IGROUPR0 = 0x0080, ISENABLER0 = 0x0100, IPRIORITYR0 = 0x0400 };
enum { PSCI_VERSION = 0x84000000u, PSCI_SYSTEM_OFF = 0x84000008u };
enum { OWN_INTERRUPT = 1, NO_INTERRUPT = 1023 };

static void write32(uint64_t address, uint32_t value)
{
    __asm__ volatile("str %w1, [%0]" : : "r"(address), "r"(value) : "memory");
}

static void read_device(void)
{
    uint32_t value;
    __asm__ volatile(BEGIN(SPAN_DEVICE_READ) "ldr %w0, [%1]\n\t" END(SPAN_DEVICE_READ)
                     : "=r"(value)
                     : "r"((uint64_t)DISTRIBUTOR_BASE + DISTRIBUTOR_TYPER)
                     : "memory");
}

/* SMC calling convention (Arm DEN 0028): x0 to x17 may change. */
static void call_monitor(uint64_t function)
{
    register uint64_t x0 __asm__("x0") = function;
    __asm__ volatile(BEGIN(SPAN_HYPERCALL) "hvc #0\n\t" END(SPAN_HYPERCALL)
                     : "+r"(x0)
                     :
                     : "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
                       "x16", "x17", "memory");
}

/* GIC IHI 0069: chapter 12. Only what software-generated interrupts need. */
static void prepare_interrupts(void)
{
    uint64_t frame = REDISTRIBUTOR_BASE + SGI_FRAME;
    write32(DISTRIBUTOR_BASE + DISTRIBUTOR_CTLR, 0x13);
    write32(REDISTRIBUTOR_BASE + REDISTRIBUTOR_WAKER, 0);
    write32(frame + IGROUPR0, 0xffffffff);
    write32(frame + IPRIORITYR0, 0x80808080);
    write32(frame + ISENABLER0, 1u << OWN_INTERRUPT);
    __asm__ volatile("msr S3_0_C12_C12_5, %0\n\t" /* ICC_SRE_EL1 */
                     "isb\n\t"
                     "msr S3_0_C4_C6_0, %1\n\t"   /* ICC_PMR_EL1 */
                     "msr S3_0_C12_C12_7, %2\n\t" /* ICC_IGRPEN1_EL1 */
                     "isb"
                     :
                     : "r"(7ul), "r"(0xfful), "r"(1ul));
}

static void interrupt_itself(void)
{
    uint64_t sent = (uint64_t)OWN_INTERRUPT << 24 | 1, taken;
    do {
        __asm__ volatile(BEGIN(SPAN_SELF_INTERRUPT) "msr S3_0_C12_C11_5, %1\n\t" /* ICC_SGI1R_EL1 */
                         "isb\n\t"
                         "mrs %0, S3_0_C12_C12_0\n\t" /* ICC_IAR1_EL1 */
                         END(SPAN_SELF_INTERRUPT)
                         : "=r"(taken)
                         : "r"(sent)
                         : "memory");
    } while (taken == NO_INTERRUPT);
    __asm__ volatile("msr S3_0_C12_C12_1, %0\n\tisb" : : "r"(taken)); /* ICC_EOIR1_EL1 */
}

void guest_main(void)
{
    for (int round = 0; round < ROUNDS; round++)
        read_device();
    for (int round = 0; round < ROUNDS; round++)
        call_monitor(PSCI_VERSION);
    prepare_interrupts();
    for (int round = 0; round < ROUNDS; round++)
        interrupt_itself();
    call_monitor(PSCI_SYSTEM_OFF);
}
