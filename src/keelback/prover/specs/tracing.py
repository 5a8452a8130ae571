"""The trace: the newest records of the kinds that are wanted."""

from __future__ import annotations

from keelback.prover.state import Record, State

DETAIL_MASK = (1 << 32) - 1


def record(state: State, kind: int, detail: int, second: int = 0, third: int = 0, *, by: int) -> None:
    """Write a record, by thread `by`, if its kind is wanted; the oldest one makes room."""
    trace = state.trace
    if not trace.mask >> kind & 1:
        return
    trace.records.append(Record(state.now, (detail & DETAIL_MASK) << 32 | by << 8 | kind, second, third))
    del trace.records[: -state.sizes.trace_records]
    trace.next += 1
