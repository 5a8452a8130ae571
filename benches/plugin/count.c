/* A QEMU TCG plugin that counts executed instructions: in the kernel, in components, in guests, and elsewhere.
 *
 *     -plugin count.so,out=FILE,kernel=START:END,component=START:END,guest=START:END[,core=N][,path=SPAN]
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
 * The report is lines of numbers; benches/counting.py reads it. A load or store that faults is counted once for the
 * fault and once when it is repeated.
 *
 * QEMU's inline counters, which are fast, do not tell the cores apart: of a machine with several of them `core` names
 * the one whose instructions count, and nothing that another one runs counts or marks anything. `path` also writes
 * the address of each instruction that the kernel runs in a span, in their order. Both call a function for each
 * instruction, which is several times slower.
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

static bool one_by_one; /* a function is called for each instruction */
static unsigned int counted_core;
static bool path_wanted;
static uint32_t path_span;
static uint64_t *path;
static size_t path_count, path_room;

/* What a callback has to know of an instruction; lives as long as the machine. */
struct instruction {
    uint64_t address;
    uint32_t marker; /* the immediate, or 0 */
    bool is_eret;
    enum owner owner;
    enum operation operation;
};

static bool counts(unsigned int vcpu)
{
    return !one_by_one || vcpu == counted_core;
}

static void *grown(void *items, size_t count, size_t *room, size_t item_bytes)
{
    if (count < *room)
        return items;
    *room = *room ? 2 * *room : 1024;
    items = realloc(items, *room * item_bytes);
    if (!items)
        abort();
    return items;
}

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
    samples = grown(samples, sample_count, &sample_room, sizeof *samples);
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

static void write_path(void)
{
    fputs("path", out);
    for (size_t step = 0; step < path_count; step++)
        fprintf(out, " %" PRIu64, path[step]);
    fputc('\n', out);
}

/* The marker itself counts as run, but in no span that it bounds. */
static void marker_runs(const struct instruction *marker)
{
    uint32_t kind = marker->marker >> 8, span = marker->marker & 0xff;
    if (kind == MARK_BEGIN) {
        spans[span].open = true;
        spans[span].at_begin = now;
        spans[span].at_begin.of[marker->owner][INSTRUCTION]++;
        path_count = span == path_span ? 0 : path_count;
    } else if (kind == MARK_END && spans[span].open) {
        spans[span].open = false;
        add_sample(span);
        if (path_wanted && span == path_span)
            write_path();
    } else if (kind == MARK_POINT) {
        fprintf(out, "point %u %" PRIu64 "\n", span, total_instructions());
        fflush(out);
    }
    now.of[marker->owner][INSTRUCTION]++;
}

/* Counts the eret itself: an inline addition would come before or after this callback, depending on QEMU. */
static void kernel_eret_runs(void)
{
    now.of[KERNEL][INSTRUCTION]++;
    last_visit = now.of[KERNEL][INSTRUCTION] - kernel_at_last_eret;
    kernel_at_last_eret = now.of[KERNEL][INSTRUCTION];
    for (int span = 0; span < SPAN_COUNT; span++)
        if (spans[span].open && spans[span].at_begin.visits == now.visits)
            spans[span].first_visit = last_visit;
    now.visits++;
}

static void instruction_runs(unsigned int vcpu, void *data)
{
    const struct instruction *instruction = data;
    if (!counts(vcpu))
        return;
    if (path_wanted && instruction->owner == KERNEL && spans[path_span].open) {
        path = grown(path, path_count, &path_room, sizeof *path);
        path[path_count++] = instruction->address;
    }
    if (instruction->marker) {
        marker_runs(instruction);
    } else if (instruction->is_eret && instruction->owner == KERNEL) {
        kernel_eret_runs();
    } else {
        now.of[instruction->owner][INSTRUCTION]++;
        if (instruction->operation != INSTRUCTION)
            now.of[instruction->owner][instruction->operation]++;
    }
}

static void call_for_each(struct qemu_plugin_insn *translated, const struct instruction *what)
{
    struct instruction *kept = malloc(sizeof *kept);
    if (!kept)
        abort();
    *kept = *what;
    qemu_plugin_register_vcpu_insn_exec_cb(translated, instruction_runs, QEMU_PLUGIN_CB_NO_REGS, kept);
}

static void count_instruction(struct qemu_plugin_insn *translated)
{
    uint32_t word;
    memcpy(&word, qemu_plugin_insn_data(translated), sizeof word);
    struct instruction what = {
        .address = qemu_plugin_insn_vaddr(translated),
        .marker = is_marker(word) ? word >> 5 & 0xffff : 0,
        .is_eret = is_eret(word),
        .owner = owner_of(translated),
        .operation = operation_of(word),
    };
    if (!owner_seen[what.owner]) {
        owner_seen[what.owner] = true;
        fprintf(out, "first %s %" PRIu64 "\n", owner_names[what.owner], total_instructions());
    }
    if (one_by_one || what.marker || (what.owner == KERNEL && what.is_eret)) {
        call_for_each(translated, &what);
        return;
    }
    uint64_t *counters = now.of[what.owner];
    qemu_plugin_register_vcpu_insn_exec_inline(translated, QEMU_PLUGIN_INLINE_ADD_U64, &counters[INSTRUCTION], 1);
    if (what.operation != INSTRUCTION)
        qemu_plugin_register_vcpu_insn_exec_inline(translated, QEMU_PLUGIN_INLINE_ADD_U64, &counters[what.operation],
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
    if (length == 4 && strncmp(argument, "core", length) == 0) {
        counted_core = (unsigned int)strtoul(value + 1, NULL, 0);
        return one_by_one = true, 0;
    }
    if (length == 4 && strncmp(argument, "path", length) == 0) {
        path_span = (uint32_t)strtoul(value + 1, NULL, 0);
        one_by_one = true;
        return path_wanted = path_span < SPAN_COUNT, path_wanted ? 0 : -1;
    }
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
