/* Says what time it is when a guest starts: the counter does not stop for the kernel or the monitor. */
#include "bare.h"

void guest_main(void)
{
    uint64_t ticks, frequency;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
    put_text("guest: started at tick ");
    put_hex(ticks);
    put_text(" of ");
    put_hex(frequency);
    put_text(" a second\n");
}
