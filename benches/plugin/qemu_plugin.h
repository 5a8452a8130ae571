/* The part of QEMU's TCG plugin interface, version 1, that count.c uses.
 *
 * Declared here because distributions ship plugin support without the header. Source of the meanings: QEMU 7.2,
 * docs/devel/tcg-plugins.rst; later versions keep these functions. Functions are found in QEMU when it loads the plugin.
 */
#ifndef KEELBACK_QEMU_PLUGIN_H
#define KEELBACK_QEMU_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QEMU_PLUGIN_EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;

/* Handed to the plugin at installation; only passed on here. */
struct qemu_info_t;

/* A translation block and an instruction in it; both are valid only inside the translation callback. */
struct qemu_plugin_tb;
struct qemu_plugin_insn;

/* Whether a callback touches the guest's registers: never, here. */
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };

enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };

typedef void (*qemu_plugin_vcpu_tb_trans_cb_t)(qemu_plugin_id_t id, struct qemu_plugin_tb *block);
typedef void (*qemu_plugin_vcpu_udata_cb_t)(unsigned int vcpu_index, void *user_data);
typedef void (*qemu_plugin_udata_cb_t)(qemu_plugin_id_t id, void *user_data);

/* Called whenever a block is translated, before it first runs. */
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, qemu_plugin_vcpu_tb_trans_cb_t callback);

/* Called when the emulator ends. */
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, qemu_plugin_udata_cb_t callback, void *user_data);

/* Called, or `value` added to *counter, each time the instruction is about to run. */
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *instruction, qemu_plugin_vcpu_udata_cb_t callback,
                                            enum qemu_plugin_cb_flags flags, void *user_data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *instruction, enum qemu_plugin_op operation,
                                                void *counter, uint64_t value);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);

/* The instruction's bytes, its virtual address, and where QEMU keeps its memory (null for a device's memory). */
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *instruction);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *instruction);
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *instruction);

#endif
