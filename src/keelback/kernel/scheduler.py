"""Which thread runs: ready queues by core, partition and priority, first come first served within one.

The thread that runs on a core (`Core.current`) is in no queue, and no ready thread of that core that may run in its
present window has a higher priority. Idle is thread 0 with priority 0. Only tables are touched here; the processor
follows in `entry`, when the kernel returns. Whose time a thread uses is in `budgets`.
"""

from __future__ import annotations

from keelback.abi import errors, limits
from keelback.kernel import queues
from keelback.kernel.arch import interface
from keelback.kernel.budgets import check_budget, commit_wait_for_budget, context_of
from keelback.kernel.state import ASKED_RESCHEDULE, PARTITION_QUEUES, READY, Core, Thread, cores, threads, times
from keelback.lang import inline, noinline, u32, u64, upto

this_core = interface.this_core
ask = interface.ask


@inline
def priority_of(thread: Thread) -> u32:
    """Priority of a thread, 1..255; that of thread 0, which is idle, is 0."""
    return thread.rank & 255


@inline
def core_of(thread: Thread) -> Core:
    """The core that a thread runs on."""
    return cores[thread.rank >> 8]


@inline
def is_here(core: Core) -> bool:
    """Whether this runs on a core."""
    return limits.CORE_COUNT == 1 or core.number == this_core().number


@inline
def partition_of(thread: Thread) -> u32:
    """The partition whose time a thread uses."""
    if limits.PARTITION_COUNT == 1:
        return u32(0)
    return u32(times[context_of(thread.charged)].partition)


@inline
def is_eligible(core: Core, partition: u32) -> bool:
    """Whether a partition's threads may run on a core at the moment."""
    if limits.PARTITION_COUNT == 1:
        return True
    return partition == 0 or partition == core.partition


@noinline
def commit_find_best(core: Core) -> None:
    """Note the highest priority of a ready thread that may run on a core now; 0 when there is none."""
    best = find_best_of(core, u32(0))
    if limits.PARTITION_COUNT != 1 and core.partition != 0:
        other = find_best_of(core, core.partition)
        if other > best:
            best = other
    core.best_rank = core.number << 8 | best


@inline
def find_best_of(core: Core, partition: u32) -> u32:
    """The highest priority of a ready thread of one partition; 0 when there is none."""
    for index in upto(u32(4)):
        word = core.ready[4 * partition + 3 - index]
        if word != 0:
            return (3 - index) * 64 + 63 - u32.truncate(word.leading_zeros())
    return u32(0)


def commit_ready_last(core: Core, index: u32) -> None:
    """Put a thread at the end of its ready queue, on the core that is its."""
    thread = threads[index]
    partition = partition_of(thread)
    queues.commit_append(partition * PARTITION_QUEUES + thread.rank, index)
    mark_ready(core, partition, thread.rank)


def commit_ready_first(core: Core, index: u32) -> None:
    """Put a thread at the front of its ready queue: it was interrupted, and its slice is not used up."""
    thread = threads[index]
    partition = partition_of(thread)
    queues.commit_prepend(partition * PARTITION_QUEUES + thread.rank, index)
    mark_ready(core, partition, thread.rank)


@inline
def mark_ready(core: Core, partition: u32, rank: u32) -> None:
    """Note that the ready queue of a rank of this core has members."""
    word = 4 * partition + ((rank & 255) >> 6)
    core.ready[word] = core.ready[word] | u64(1) << u64(rank & 63)
    if rank > core.best_rank and is_eligible(core, partition):
        core.best_rank = rank


def commit_unready(index: u32) -> None:
    """Take a thread out of its ready queue."""
    thread = threads[index]
    queue = thread.queue
    queues.commit_unlink(index)
    if queues.is_empty(queue):
        core = core_of(thread)
        priority = priority_of(thread)
        word = 4 * (queue // PARTITION_QUEUES) + (priority >> 6)
        core.ready[word] = core.ready[word] & ~(u64(1) << u64(priority & 63))
        if thread.rank == core.best_rank:
            commit_find_best(core)


@noinline
def commit_run_next(core: Core) -> None:
    """Let the best ready thread of a core run, or nobody. The present thread is blocked, or in a queue already."""
    rank = core.best_rank
    core.turned = True
    if rank & 255 == 0:
        core.current = u32(0)
        return
    index = queues.first(core.partition * PARTITION_QUEUES + rank)
    if index == 0:
        index = queues.first(rank)
    commit_unready(index)
    core.current = index
    core.slice_wanted = core.best_rank == rank


@inline
def commit_wake(index: u32) -> u64:
    """Make a thread ready that was blocked. It runs at once if it is of this core, and better than the present one.
    Always OK, for those that have to say so."""
    core = this_core()
    thread = threads[index]
    is_better = thread.rank > threads[core.current].rank and thread.rank >> 8 == core.number
    if is_better and thread.charged == 0 and is_eligible(core, partition_of(thread)):
        thread.state = u32(READY)
        present = core.current
        core.current = index
        core.turned = True
        return commit_make_way(core, present)
    return commit_wake_slowly(index)


@noinline
def commit_make_way(core: Core, index: u32) -> u64:
    """Put the thread that was the present one, if there was one, back into its queue. OK."""
    if index != 0:
        commit_ready_first(core, index)
    return u64(errors.OK)


@noinline
def commit_wake_slowly(index: u32) -> u64:
    """commit_wake for a thread with a limit, or on another core, or that has to wait for better ones."""
    thread = threads[index]
    thread.state = u32(READY)
    if thread.charged != 0 and not check_budget(thread):
        commit_wait_for_budget(index, thread)
        return u64(errors.OK)
    core = core_of(thread)
    rival = priority_of(threads[core.current])
    priority = priority_of(thread)
    if priority <= rival or not is_eligible(core, partition_of(thread)):
        commit_ready_last(core, index)
        core.slice_wanted = core.slice_wanted or priority == rival
        core.turned = True
        if priority == rival and not is_here(core):
            ask(core, u32(ASKED_RESCHEDULE))  # so that it arms its timer
    elif not is_here(core):
        commit_ready_last(core, index)
        ask(core, u32(ASKED_RESCHEDULE))
    else:
        if core.current != 0:
            commit_ready_first(core, core.current)
        core.current = index
        core.turned = True
    return u64(errors.OK)


@inline
def commit_hand_over(core: Core, index: u32) -> None:
    """The present thread has blocked in favour of another, blocked one: run that, unless a ready one is better."""
    thread = threads[index]
    if core.best_rank <= thread.rank <= core.best_rank | 255 and is_same_time(core, thread):
        thread.state = u32(READY)
        core.current = index
        core.turned = True
        core.slice_wanted = thread.rank == core.best_rank
    else:
        commit_hand_over_later(core, index)


@inline
def is_same_time(core: Core, thread: Thread) -> bool:
    """Whether a thread uses the time that this core is using already, so that it may run on."""
    return thread.charged == core.charged


@noinline
def commit_hand_over_later(core: Core, index: u32) -> None:
    """As commit_hand_over, where the other thread may not be the next."""
    thread = threads[index]
    core.current = u32(0)
    if not is_here(core_of(thread)) or not is_eligible(core, partition_of(thread)):
        commit_wake_slowly(index)
        return commit_run_next(core)
    thread.state = u32(READY)
    if thread.charged != 0 and not check_budget(thread):
        commit_wait_for_budget(index, thread)
    elif thread.rank < core.best_rank:
        commit_ready_first(core, index)
    else:
        core.current = index  # before its equals, of whatever partition
        core.turned = True
        core.slice_wanted = thread.rank == core.best_rank
        return
    commit_run_next(core)


def commit_preempt(core: Core) -> None:
    """Put the present thread back, and let the best ready one run."""
    if core.current != 0:
        commit_ready_first(core, core.current)
    commit_run_next(core)


def commit_reschedule(core: Core) -> None:
    """Another core made threads of this one ready: let the best one run."""
    if core.best_rank & 255 > priority_of(threads[core.current]):
        commit_preempt(core)
    elif core.best_rank == threads[core.current].rank:
        core.slice_wanted = True


def commit_end_slice(core: Core) -> None:
    """Let the next ready thread of the same priority run, if there is one."""
    if core.current != 0 and core.best_rank == threads[core.current].rank:
        commit_ready_last(core, core.current)
        commit_run_next(core)


def commit_start_all() -> None:
    """At boot: queue the threads that the image says are ready, and choose the first to run on each core."""
    for thread in upto(u32(limits.THREAD_COUNT)):
        if thread != 0 and threads[thread].state == READY:
            commit_ready_last(core_of(threads[thread]), thread)
    for number in upto(u32(limits.CORE_COUNT)):
        commit_run_next(cores[number])
