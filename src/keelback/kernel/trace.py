"""The trace: a ring of records per core, in every build. What the records mean is in keelback.abi.trace."""

from __future__ import annotations

from keelback.abi import limits, trace
from keelback.kernel.arch import interface
from keelback.kernel.state import Core, trace_records
from keelback.lang import inline, noinline, u64


@inline
def record(core: Core, kind: u64, detail: u64, second: u64, third: u64) -> None:
    """Write a record if this kind is wanted; two instructions if not. `detail` has 32 bits."""
    if core.trace_mask.bit(kind):
        write_record(core, kind, detail, second, third)


@noinline
def write_record(core: Core, kind: u64, detail: u64, second: u64, third: u64) -> None:
    """Write a record over the oldest one."""
    sequence = core.trace_next
    start = (u64(core.number) * limits.TRACE_COUNT + sequence % limits.TRACE_COUNT) * trace.RECORD_WORDS
    trace_records[start] = interface.read_counter()
    trace_records[start + 1] = (detail & 0xFFFF_FFFF) << 32 | u64(core.current) << 8 | kind
    trace_records[start + 2] = second
    trace_records[start + 3] = third
    core.trace_next = sequence.wrapping_add(1)
