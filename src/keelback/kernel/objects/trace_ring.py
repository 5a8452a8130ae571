"""Reading and steering the trace from outside. Writing it is keelback.kernel.trace."""

from __future__ import annotations

from keelback.abi import errors, limits, objects, rights, trace
from keelback.kernel.arch import interface
from keelback.kernel.objects.capability import check_slot
from keelback.kernel.scheduler import is_here
from keelback.kernel.state import Thread, cores, trace_records
from keelback.lang import u8, u64


def check_trace(thread: Thread, right: u8) -> u64:
    """OK if slot x8 is the trace with this right and x0 is a core."""
    status = check_slot(thread, thread.context.registers[8], u8(objects.TRACE), right)
    if status != errors.OK:
        return status
    return u64(errors.BAD_ARGUMENT) if thread.context.registers[0] >= limits.CORE_COUNT else u64(errors.OK)


def read(thread: Thread) -> u64:
    """TRACE_READ: x8 trace, x0 core, x1 sequence number."""
    status = check_trace(thread, u8(rights.READ))
    if status != errors.OK:
        return status
    registers = thread.context.registers
    core = registers[0]
    newest = cores[core].trace_next
    sequence = registers[1]
    if sequence >= newest:
        return u64(errors.BUSY)
    if newest - sequence > limits.TRACE_COUNT:
        sequence = newest - limits.TRACE_COUNT
    start = (core * limits.TRACE_COUNT + sequence % limits.TRACE_COUNT) * trace.RECORD_WORDS
    registers[0] = trace_records[start]
    registers[1] = trace_records[start + 1]
    registers[2] = trace_records[start + 2]
    registers[3] = trace_records[start + 3]
    registers[4] = sequence + 1
    return status


def control(thread: Thread) -> u64:
    """TRACE_CONTROL: x8 trace, x0 core, x1 mask of kinds."""
    status = check_trace(thread, u8(rights.CONTROL))
    if status != errors.OK:
        return status
    core = cores[thread.context.registers[0]]
    core.trace_mask = thread.context.registers[1]
    if is_here(core):
        interface.select_vectors(core)
    else:
        interface.send_interrupt(core.number)
    return status
