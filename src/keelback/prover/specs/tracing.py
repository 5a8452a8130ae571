"""The trace: the newest records of the kinds that are wanted."""

from __future__ import annotations

from keelback.prover.state import Record, State

DETAIL_MASK = (1 << 32) - 1


def record(state: State, kind: int, detail: int, second: int = 0, third: int = 0) -> None:
    """Write a record, by the thread that runs here, if its kind is wanted; the oldest one makes room."""
    trace = state.core.trace
    if not trace.mask >> kind & 1:
        return
    head = (detail & DETAIL_MASK) << 32 | state.current << 8 | kind
    trace.records.append(Record(state.now, head, second, third))
    del trace.records[: -state.sizes.trace_records]
    trace.next += 1
