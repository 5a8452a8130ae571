/* The guest's workloads, run as the first program (/init) of the same Debian kernel on the bare machine and as a guest.
 *
 * Times are read from CNTVCT_EL0. Under QEMU's icount one executed instruction is one nanosecond of it, so the figures
 * count instructions, with idle time added where a workload sleeps. Each line of the report is
 *
 *     RESULT name iterations minimum median maximum          (picoseconds for one iteration, over REPEAT_COUNT repeats)
 *
 * after `START picoseconds since reset`; the line `END` closes it and the machine is switched off.
 * The device read carries marker instructions (movz xzr, #imm), so that a plugin can count it too.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* Fork and pipe have two or three costs, as the page allocator and deferred work go; their median needs more repeats. */
enum { REPEAT_COUNT = 5, VARIED_REPEAT_COUNT = 15 };
enum { PAGE_BYTES = 4096, TOUCHED_BYTES = 64 << 20 };
enum { DISTRIBUTOR_BASE = 0x08000000, DISTRIBUTOR_TYPER = 0x0004 }; /* GIC IHI 0069, 12.9.38 */

static uint64_t read_counter(void)
{
    uint64_t value;
    __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(value)::"memory");
    return value;
}

static uint64_t read_frequency(void)
{
    uint64_t value;
    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(value));
    return value;
}

static uint64_t to_picoseconds(uint64_t ticks, uint64_t iterations)
{
    return (uint64_t)((unsigned __int128)ticks * 1000000000000u / read_frequency() / iterations);
}

static int compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static void report(const char *name, uint64_t iterations, uint64_t *ticks, int count)
{
    qsort(ticks, (size_t)count, sizeof *ticks, compare);
    printf("RESULT %s %llu %llu %llu %llu\n", name, (unsigned long long)iterations,
           (unsigned long long)to_picoseconds(ticks[0], iterations),
           (unsigned long long)to_picoseconds(ticks[count / 2], iterations),
           (unsigned long long)to_picoseconds(ticks[count - 1], iterations));
}

static void fail(const char *what)
{
    printf("FAILED %s: %s\n", what, strerror(errno));
}

/* A random generator that is not seeded makes every system call draw on it: see docs/reference/benchmarks.md. */
static void seed_random(void)
{
    /* struct rand_pool_info with its bytes: entropy_count (bits), buf_size (bytes), buf. */
    struct {
        int entropy_count, buf_size;
        unsigned char bytes[512];
    } seed = {.entropy_count = 4096, .buf_size = sizeof seed.bytes};
    memset(seed.bytes, 0x5a, sizeof seed.bytes);
    int device = open("/dev/random", O_RDWR);
    if (device < 0 || ioctl(device, RNDADDENTROPY, &seed) < 0 || ioctl(device, RNDRESEEDCRNG) < 0)
        fail("seed");
    close(device);
}

static void run_cpu(void)
{
    uint64_t ticks[REPEAT_COUNT], iterations = 20000000;
    for (int repeat = 0; repeat < REPEAT_COUNT; repeat++) {
        uint64_t value = 1, start = read_counter();
        for (uint64_t index = 0; index < iterations; index++) {
            __asm__ volatile("" : "+r"(value));
            value = value * 6364136223846793005u + 1442695040888963407u;
        }
        ticks[repeat] = read_counter() - start;
        __asm__ volatile("" ::"r"(value));
    }
    report("cpu_loop", iterations, ticks, REPEAT_COUNT);
}

static void run_getppid(void)
{
    uint64_t ticks[REPEAT_COUNT], iterations = 100000;
    for (int repeat = 0; repeat < REPEAT_COUNT; repeat++) {
        uint64_t start = read_counter();
        for (uint64_t index = 0; index < iterations; index++)
            syscall(SYS_getppid);
        ticks[repeat] = read_counter() - start;
    }
    report("getppid", iterations, ticks, REPEAT_COUNT);
}

static void run_fork_exec(void)
{
    uint64_t ticks[VARIED_REPEAT_COUNT], iterations = 100;
    for (int repeat = 0; repeat < VARIED_REPEAT_COUNT; repeat++) {
        uint64_t start = read_counter();
        for (uint64_t index = 0; index < iterations; index++) {
            pid_t child = fork();
            if (child == 0) {
                char *arguments[] = {"/bin/nop", NULL};
                execve(arguments[0], arguments, arguments + 1);
                _exit(127);
            }
            int status;
            if (waitpid(child, &status, 0) != child || status != 0) {
                fail("fork_exec");
                return;
            }
        }
        ticks[repeat] = read_counter() - start;
    }
    report("fork_exec", iterations, ticks, VARIED_REPEAT_COUNT);
}

static void run_touch(const char *name, int advice)
{
    uint64_t ticks[REPEAT_COUNT];
    for (int repeat = 0; repeat < REPEAT_COUNT; repeat++) {
        uint64_t start = read_counter();
        char *memory = mmap(NULL, TOUCHED_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) {
            fail(name);
            return;
        }
        madvise(memory, TOUCHED_BYTES, advice);
        for (size_t offset = 0; offset < TOUCHED_BYTES; offset += PAGE_BYTES)
            memory[offset] = 1;
        munmap(memory, TOUCHED_BYTES);
        ticks[repeat] = read_counter() - start;
    }
    report(name, TOUCHED_BYTES / PAGE_BYTES, ticks, REPEAT_COUNT);
}

static int bounce(int out, int in)
{
    char byte = 'x';
    return write(out, &byte, 1) == 1 && read(in, &byte, 1) == 1;
}

static void echo_bytes(int in, int out)
{
    char byte;
    while (read(in, &byte, 1) == 1)
        if (write(out, &byte, 1) != 1)
            break;
    _exit(0);
}

static void run_pipe(void)
{
    int there[2], back[2];
    uint64_t ticks[VARIED_REPEAT_COUNT], iterations = 5000;
    if (pipe(there) < 0 || pipe(back) < 0) {
        fail("pipe");
        return;
    }
    pid_t child = fork();
    if (child == 0) {
        close(there[1]);
        close(back[0]);
        echo_bytes(there[0], back[1]);
    }
    close(there[0]);
    close(back[1]);
    for (int index = 0; index < 100; index++)
        bounce(there[1], back[0]);
    for (int repeat = 0; repeat < VARIED_REPEAT_COUNT; repeat++) {
        uint64_t start = read_counter();
        for (uint64_t index = 0; index < iterations; index++)
            if (!bounce(there[1], back[0]))
                fail("pipe");
        ticks[repeat] = read_counter() - start;
    }
    close(there[1]);
    close(back[0]);
    waitpid(child, NULL, 0);
    report("pipe", iterations, ticks, VARIED_REPEAT_COUNT);
}

static void run_nanosleep(void)
{
    uint64_t ticks[REPEAT_COUNT], iterations = 100;
    struct timespec pause = {0, 1000000};
    prctl(PR_SET_TIMERSLACK, 1);
    for (int repeat = 0; repeat < REPEAT_COUNT; repeat++) {
        uint64_t start = read_counter();
        for (uint64_t index = 0; index < iterations; index++)
            nanosleep(&pause, NULL);
        ticks[repeat] = read_counter() - start;
    }
    report("nanosleep_1ms", iterations, ticks, REPEAT_COUNT);
}

static void run_device_read(void)
{
    uint64_t ticks[REPEAT_COUNT], iterations = 4000;
    int memory = open("/dev/mem", O_RDWR | O_SYNC);
    volatile uint8_t *page = MAP_FAILED;
    if (memory >= 0)
        page = mmap(NULL, PAGE_BYTES, PROT_READ, MAP_SHARED, memory, DISTRIBUTOR_BASE);
    if (page == MAP_FAILED) {
        fail("device_read");
        return;
    }
    volatile uint32_t *typer = (volatile uint32_t *)(page + DISTRIBUTOR_TYPER);
    for (int repeat = 0; repeat < REPEAT_COUNT; repeat++) {
        uint64_t start = read_counter();
        for (uint64_t index = 0; index < iterations; index++) {
            uint32_t value;
            __asm__ volatile("movz xzr, #0x1100\n\tldr %w0, [%1]\n\tmovz xzr, #0x1200" : "=r"(value) : "r"(typer));
        }
        ticks[repeat] = read_counter() - start;
    }
    report("device_read", iterations, ticks, REPEAT_COUNT);
    close(memory);
}

/* 64-byte lines of which the last byte is the end of line, as a program that prints does. */
static void run_console(void)
{
    uint64_t ticks[1];
    enum { LINE_BYTES = 64, TOTAL_BYTES = 8192 };
    char line[LINE_BYTES];
    memset(line, 'c', sizeof line);
    line[sizeof line - 1] = '\n';
    uint64_t start = read_counter();
    for (int written = 0; written < TOTAL_BYTES; written += LINE_BYTES)
        if (write(STDOUT_FILENO, line, sizeof line) != (ssize_t)sizeof line)
            fail("console");
    tcdrain(STDOUT_FILENO);
    ticks[0] = read_counter() - start;
    report("console_byte", TOTAL_BYTES, ticks, 1);
}

int main(void)
{
    uint64_t start = read_counter();
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("START %llu\n", (unsigned long long)to_picoseconds(start, 1));
    seed_random();
    run_cpu();
    run_getppid();
    run_fork_exec();
    run_touch("touch_page", MADV_NOHUGEPAGE);
    run_touch("touch_page_huge", MADV_HUGEPAGE);
    run_pipe();
    run_nanosleep();
    run_device_read();
    run_console();
    printf("END\n");
    fflush(stdout);
    tcdrain(STDOUT_FILENO);
    reboot(RB_POWER_OFF);
    return 1;
}
