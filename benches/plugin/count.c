/* A QEMU TCG plugin that counts executed instructions: in the kernel, in components, in guests, and elsewhere.
 *
 *     -plugin count.so,out=FILE,kernel=START:END,component=START:END,guest=START:END
 *
 * Whose an instruction is, is decided when it is translated, by its PHYSICAL address: components, guests and programs in
 * guests reuse the same virtual addresses, but never the same memory, and the kernel is the only code that runs at EL2.
 * Ranges are physical, the end exclusive; each kind may have several; the first match counts. QEMU gives the place of an
 * instruction in its own memory, and the very first instruction (the boot stub, translation off) gives the distance.
 *
 * Marker instructions, no-ops to the machine, bracket what is measured:
 *
 *     movz xzr, #0x11SS   span SS begins
 *     movz xzr, #0x12SS   span SS ends: one sample
 *     movz xzr, #0x13SS   a point in time: how much ran since reset
 *
 * Begin and end may be in different components. A visit is what the kernel runs from an exception to its `eret`.
 * The report is lines of numbers; benches/counting.py reads it. Counts are exact only for one core; a load or store
 * that faults is counted once for the fault and once when it is repeated.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = 1;

enum owner { KERNEL, COMPONENT, GUEST, OTHER, OWNER_COUNT };
enum operation { INSTRUCTION, BARRIER, TLB, REGISTER_WRITE, REGISTER_READ, OPERATION_COUNT };
enum { RANGE_COUNT = 64, SPAN_COUNT = 256 };
enum { MARK_BEGIN = 0x11, MARK_END = 0x12, MARK_POINT = 0x13 };

static const char *const owner_names[OWNER_COUNT] = {"kernel", "component", "guest", "other"};

struct counters {
    uint64_t of[OWNER_COUNT][OPERATION_COUNT];
    uint64_t visits;
};

struct range {
    uint64_t start, end;
    enum owner owner;
};

/* One execution of a span. first and last: kernel instructions of the first and of the last visit that ended in it. */
struct sample {
    uint32_t span, visits, first, last;
    struct counters during;
};

struct open_span {
    bool open;
    uint64_t first_visit;
    struct counters at_begin;
};

static struct range ranges[RANGE_COUNT];
static int range_count;
static struct counters now;
static uint64_t kernel_at_last_eret, last_visit;
static struct open_span spans[SPAN_COUNT];
static struct sample *samples;
static size_t sample_count, sample_room;
static bool owner_seen[OWNER_COUNT];
static uint64_t host_to_physical;
static bool distance_known;
static FILE *out;

static uint64_t total_instructions(void)
{
    uint64_t total = 0;
    for (int owner = 0; owner < OWNER_COUNT; owner++)
        total += now.of[owner][INSTRUCTION];
    return total;
}

/* Instruction encodings: Arm DDI 0487, C4.1.66 (system instructions) and C4.1.65 (exceptions, barriers). */
static enum operation operation_of(uint32_t word)
{
    if ((word & 0xfffff01f) == 0xd503301f && (word & 0xe0) >= 0x80)
        return BARRIER; /* dsb, dmb, isb, sb */
    if ((word & 0xfff8f000) == 0xd5088000)
        return TLB; /* tlbi */
    if ((word & 0xfff00000) == 0xd5100000 || (word & 0xfff8f01f) == 0xd500401f)
        return REGISTER_WRITE; /* msr from a register; msr with an immediate */
    if ((word & 0xfff00000) == 0xd5300000)
        return REGISTER_READ; /* mrs */
    return INSTRUCTION;
}

static bool is_marker(uint32_t word)
{
    uint32_t kind = (word >> 5 & 0xffff) >> 8;
    return (word & 0xffe0001f) == 0xd280001f && kind >= MARK_BEGIN && kind <= MARK_POINT;
}

static bool is_eret(uint32_t word)
{
    return word == 0xd69f03e0;
}

static enum owner owner_of(const struct qemu_plugin_insn *instruction)
{
    uint64_t host = (uint64_t)(uintptr_t)qemu_plugin_insn_haddr(instruction);
    if (host == 0)
        return OTHER;
    if (!distance_known) {
        host_to_physical = qemu_plugin_insn_vaddr(instruction) - host;
        distance_known = true;
    }
    uint64_t physical = host + host_to_physical;
    for (int index = 0; index < range_count; index++)
        if (physical >= ranges[index].start && physical < ranges[index].end)
            return ranges[index].owner;
    return OTHER;
}

static void add_sample(uint32_t span)
{
    if (sample_count == sample_room) {
        sample_room = sample_room ? 2 * sample_room : 1024;
        samples = realloc(samples, sample_room * sizeof *samples);
        if (!samples)
            abort();
    }
    struct sample *sample = &samples[sample_count++];
    const struct counters *begin = &spans[span].at_begin;
    sample->span = span;
    sample->visits = (uint32_t)(now.visits - begin->visits);
    sample->first = sample->visits ? (uint32_t)spans[span].first_visit : 0;
    sample->last = sample->visits ? (uint32_t)last_visit : 0;
    for (int owner = 0; owner < OWNER_COUNT; owner++)
        for (int operation = 0; operation < OPERATION_COUNT; operation++)
            sample->during.of[owner][operation] = now.of[owner][operation] - begin->of[owner][operation];
}

/* `marker` is the immediate, above it the owner. The marker itself counts as run, but in no span that it bounds. */
static void marker_runs(unsigned int vcpu, void *marker)
{
    (void)vcpu;
    uint32_t kind = (uint32_t)(uintptr_t)marker >> 8 & 0xff, span = (uint32_t)(uintptr_t)marker & 0xff;
    uint64_t *count = &now.of[(uintptr_t)marker >> 16][INSTRUCTION];
    if (kind == MARK_BEGIN) {
        spans[span].open = true;
        spans[span].at_begin = now;
        spans[span].at_begin.of[(uintptr_t)marker >> 16][INSTRUCTION]++;
    } else if (kind == MARK_END && spans[span].open) {
        spans[span].open = false;
        add_sample(span);
    } else if (kind == MARK_POINT) {
        fprintf(out, "point %u %" PRIu64 "\n", span, total_instructions());
        fflush(out);
    }
    ++*count;
}

/* Counts the eret itself: an inline addition would come before or after this callback, depending on QEMU. */
static void kernel_eret_runs(unsigned int vcpu, void *unused)
{
    (void)vcpu;
    (void)unused;
    now.of[KERNEL][INSTRUCTION]++;
    last_visit = now.of[KERNEL][INSTRUCTION] - kernel_at_last_eret;
    kernel_at_last_eret = now.of[KERNEL][INSTRUCTION];
    for (int span = 0; span < SPAN_COUNT; span++)
        if (spans[span].open && spans[span].at_begin.visits == now.visits)
            spans[span].first_visit = last_visit;
    now.visits++;
}

static void count_instruction(struct qemu_plugin_insn *instruction)
{
    uint32_t word;
    memcpy(&word, qemu_plugin_insn_data(instruction), sizeof word);
    enum owner owner = owner_of(instruction);
    if (!owner_seen[owner]) {
        owner_seen[owner] = true;
        fprintf(out, "first %s %" PRIu64 "\n", owner_names[owner], total_instructions());
    }
    if (is_marker(word)) {
        uintptr_t marker = (uintptr_t)owner << 16 | (word >> 5 & 0xffff);
        qemu_plugin_register_vcpu_insn_exec_cb(instruction, marker_runs, QEMU_PLUGIN_CB_NO_REGS, (void *)marker);
        return;
    }
    if (owner == KERNEL && is_eret(word)) {
        qemu_plugin_register_vcpu_insn_exec_cb(instruction, kernel_eret_runs, QEMU_PLUGIN_CB_NO_REGS, NULL);
        return;
    }
    enum operation operation = operation_of(word);
    qemu_plugin_register_vcpu_insn_exec_inline(instruction, QEMU_PLUGIN_INLINE_ADD_U64, &now.of[owner][INSTRUCTION], 1);
    if (operation != INSTRUCTION)
        qemu_plugin_register_vcpu_insn_exec_inline(instruction, QEMU_PLUGIN_INLINE_ADD_U64, &now.of[owner][operation],
                                                   1);
}

static void block_translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    size_t count = qemu_plugin_tb_n_insns(block);
    for (size_t index = 0; index < count; index++)
        count_instruction(qemu_plugin_tb_get_insn(block, index));
}

static void write_counters(const char *what, const struct counters *counters)
{
    fputs(what, out);
    for (int owner = 0; owner < OWNER_COUNT; owner++)
        for (int operation = 0; operation < OPERATION_COUNT; operation++)
            fprintf(out, " %" PRIu64, counters->of[owner][operation]);
    fputc('\n', out);
}

static void machine_ends(qemu_plugin_id_t id, void *unused)
{
    (void)id;
    (void)unused;
    for (size_t index = 0; index < sample_count; index++) {
        const struct sample *sample = &samples[index];
        char what[80];
        snprintf(what, sizeof what, "sample %u %u %u %u", sample->span, sample->visits, sample->first, sample->last);
        write_counters(what, &sample->during);
    }
    write_counters("total", &now);
    fclose(out);
}

static int add_range(enum owner owner, const char *text)
{
    char *separator;
    uint64_t start = strtoull(text, &separator, 0);
    if (*separator != ':' || range_count == RANGE_COUNT)
        return -1;
    ranges[range_count].start = start;
    ranges[range_count].end = strtoull(separator + 1, NULL, 0);
    ranges[range_count].owner = owner;
    range_count++;
    return 0;
}

static int read_argument(const char *argument)
{
    const char *value = strchr(argument, '=');
    if (!value)
        return -1;
    size_t length = (size_t)(value - argument);
    if (length == 3 && strncmp(argument, "out", length) == 0)
        return (out = fopen(value + 1, "w")) ? 0 : -1;
    for (int owner = 0; owner < OTHER; owner++)
        if (strlen(owner_names[owner]) == length && strncmp(argument, owner_names[owner], length) == 0)
            return add_range((enum owner)owner, value + 1);
    return -1;
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info, int count,
                                           char **arguments)
{
    (void)info;
    for (int index = 0; index < count; index++)
        if (read_argument(arguments[index]) != 0) {
            fprintf(stderr, "count: cannot use the argument %s\n", arguments[index]);
            return -1;
        }
    if (!out) {
        fprintf(stderr, "count: out=FILE is missing\n");
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, block_translated);
    qemu_plugin_register_atexit_cb(id, machine_ends, NULL);
    return 0;
}
