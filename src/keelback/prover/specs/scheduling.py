"""Who runs: on each core the highest priority, and first come first served within one. A thread that is preempted keeps
its turn. Threads of a partition run in its windows only, those of partition 0 at any time."""

from __future__ import annotations

from keelback.prover.specs.charging import find_time, wait_for_time
from keelback.prover.state import Activity, State, Thread

RESCHEDULE = 1
"""Core.asked: a better thread is ready, or the present one is to stop."""


def partition_of(state: State, thread: Thread) -> int:
    """The partition whose time a thread uses."""
    context = thread.charge.context if thread.charge is not None else 0
    return state.times[context].partition if context else 0


def is_eligible(state: State, thread: Thread) -> bool:
    """Whether the present window of its core lets a thread run."""
    return partition_of(state, thread) in (0, state.cores[thread.core].partition)


def best_priority(state: State) -> int:
    """The highest priority of the ready threads that may run here now; 0 if there are none."""
    allowed = (0, state.core.partition)
    priorities = (key[2] for key in state.ready if key[0] == state.here and key[1] in allowed)
    return max(priorities, default=0)


def run_best(state: State) -> None:
    """The first thread of the highest priority leaves its queue and runs here, those of the window's partition before
    others; nobody if no thread is ready."""
    priority = best_priority(state)
    state.core.current = 0
    for partition in (state.core.partition, 0):
        queue = state.ready.get((state.here, partition, priority))
        if queue:
            thread = state.threads[queue[0]]
            leave_queue(state, thread)
            state.core.current = thread.index
            return


def preempt(state: State) -> None:
    """Choose anew who runs; the present thread, if there is one, is first in line at its priority."""
    if state.current:
        queue_first(state, state.threads[state.current])
    run_best(state)


def ready_queue(state: State, thread: Thread) -> list[int]:
    """The ready queue that a thread belongs to."""
    return state.ready.setdefault((thread.core, partition_of(state, thread), thread.priority), [])


def queue_first(state: State, thread: Thread) -> None:
    """Put a thread at the front of its ready queue."""
    ready_queue(state, thread).insert(0, thread.index)


def queue_last(state: State, thread: Thread) -> None:
    """Put a thread at the end of its ready queue."""
    ready_queue(state, thread).append(thread.index)


def leave_queue(state: State, thread: Thread) -> None:
    """Take a thread out of the ready queue it is in."""
    for key, queue in list(state.ready.items()):
        if thread.index in queue:
            queue.remove(thread.index)
            if not queue:
                del state.ready[key]


def ask(state: State, core: int, what: int) -> None:
    """Ask another core for something."""
    state.cores[core].asked |= what


def present_priority(state: State, core: int) -> int:
    """The priority of the thread that runs on a core, 0 for none."""
    running = state.cores[core].current
    return state.threads[running].priority if running else 0


def wake(state: State, thread: Thread) -> None:
    """A blocked thread becomes ready, behind its equals; it runs at once if it is better than who runs on its core. One
    without time left waits for that first."""
    thread.activity = Activity.READY
    if not find_time(state, thread):
        wait_for_time(state, thread)
    elif thread.priority <= present_priority(state, thread.core) or not is_eligible(state, thread):
        queue_last(state, thread)
        if thread.priority == present_priority(state, thread.core) and thread.core != state.here:
            ask(state, thread.core, RESCHEDULE)  # they take turns from now on
    elif thread.core != state.here:
        queue_last(state, thread)
        ask(state, thread.core, RESCHEDULE)
    else:
        if state.current:
            queue_first(state, state.threads[state.current])
        state.core.current = thread.index


def hand_over(state: State, thread: Thread) -> None:
    """The present thread has blocked in favour of another, blocked one, which becomes ready, before its equals. If it
    goes on with the very time that this core uses, that is not looked at."""
    is_next = thread.core == state.here and best_priority(state) <= thread.priority
    if is_next and thread.charge == state.core.charged:
        thread.activity = Activity.READY
        state.core.current = thread.index
        return
    state.core.current = 0
    wake(state, thread)
    if not state.current:
        run_best(state)
    elif present_priority(state, state.here) < best_priority(state):
        preempt(state)
