"""Who runs: the highest priority, and first come first served within one. A thread that is preempted keeps its turn."""

from __future__ import annotations

from keelback.prover.state import Activity, State, Thread


def run_best(state: State) -> None:
    """The first thread of the highest priority leaves its queue and runs; nobody if no thread is ready."""
    if not state.ready:
        state.current = 0
        return
    highest = max(state.ready)
    state.current = state.ready[highest].pop(0)
    if not state.ready[highest]:
        del state.ready[highest]


def preempt(state: State) -> None:
    """Choose anew who runs; the present thread, if there is one, is first in line at its priority."""
    if state.current:
        queue_first(state, state.threads[state.current])
    run_best(state)


def queue_first(state: State, thread: Thread) -> None:
    """Put a thread at the front of its ready queue."""
    state.ready.setdefault(thread.priority, []).insert(0, thread.index)


def queue_last(state: State, thread: Thread) -> None:
    """Put a thread at the end of its ready queue."""
    state.ready.setdefault(thread.priority, []).append(thread.index)


def leave_queue(state: State, thread: Thread) -> None:
    """Take a thread out of its ready queue."""
    queue = state.ready[thread.priority]
    queue.remove(thread.index)
    if not queue:
        del state.ready[thread.priority]


def wake(state: State, thread: Thread) -> None:
    """A blocked thread becomes ready, behind its equals."""
    thread.activity = Activity.READY
    queue_last(state, thread)
    preempt(state)


def hand_over(state: State, thread: Thread) -> None:
    """The present thread has blocked in favour of another, blocked one, which becomes ready, before its equals."""
    thread.activity = Activity.READY
    queue_first(state, thread)
    run_best(state)
