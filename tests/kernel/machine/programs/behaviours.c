/* One instruction for each thing that a thread can do to the kernel. Nothing runs from one to the next: whoever replays
 * a behaviour puts a thread's registers and goes on at the instruction. */
__asm__(".section .text.start, \"ax\"\n .globl program_start, calls, load, store\n program_start:\n nop\n"
        "load: ldr w29, [x28]\n nop\n store: str w29, [x28]\n nop\n"
        ".balign 16\n calls:\n .set number, 0\n .rept 256\n svc #number\n nop\n .set number, number + 1\n .endr\n");
