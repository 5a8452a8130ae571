"""Faults: what a thread did wrong, told to its fault handler as if the thread had called it.

The thread stays blocked until the handler replies, or for good when there is none. A fault is never the kernel's.
"""

from __future__ import annotations

from keelback.abi import trace
from keelback.kernel.objects.endpoint import commit_queue, commit_send, commit_words, is_receiving
from keelback.kernel.scheduler import commit_hand_over, commit_run_next
from keelback.kernel.state import AWAITING, READY, RECEIVING, STOPPED, Core, Thread, endpoints, threads
from keelback.kernel.trace import record
from keelback.lang import inline, noinline, u32, u64


@inline
def commit_fault(core: Core, thread: Thread, kind: u64, address: u64, syndrome: u64, immediate: u64) -> None:
    """The present thread faulted: block it, and let its handler know."""
    program_counter = thread.context.program_counter
    record(core, u64(trace.FAULT), kind, program_counter, address)
    thread.fault_words[0] = kind
    thread.fault_words[1] = program_counter
    thread.fault_words[2] = address
    thread.fault_words[3] = syndrome
    thread.fault_words[4] = immediate
    thread.faulting = True
    handler = thread.fault_endpoint
    is_told = handler != 0 and thread.fault_generation == endpoints[handler].header.generation
    if is_told and is_next(core, endpoints[handler].server):
        commit_tell(core, thread, handler)
    else:
        commit_fault_later(core, thread, handler if is_told else u32(0))


@inline
def is_next(core: Core, server: u32) -> bool:
    """Whether the handler waits, and is the next to run: nobody better is ready, and nobody's time is limited."""
    receiver = threads[server]
    is_best = core.best_rank < receiver.rank <= core.best_rank | 255
    return receiver.state == RECEIVING and is_best and receiver.budget == 0 and core.charged == 0


@inline
def commit_tell(core: Core, thread: Thread, handler: u32) -> None:
    """Let the handler that is_next run, with the fault as its message."""
    server = endpoints[handler].server
    receiver = threads[server]
    thread.server = server
    thread.state = u32(AWAITING)
    receiver.client = core.current
    receiver.state = u32(READY)
    receiver.charged = u64(0)
    commit_words(receiver.context.registers, thread)
    core.current = server
    core.turned = True


@noinline
def commit_fault_later(core: Core, thread: Thread, handler: u32) -> None:
    """Stop a thread for good, if it has no handler, or let it wait for that."""
    server = endpoints[handler].server
    if server == 0 or server == core.current:
        thread.state = u32(STOPPED)
        commit_run_next(core)
    elif is_receiving(threads[server]):
        commit_send(core, thread, handler, server)
        commit_hand_over(core, server)
    else:
        commit_queue(core, thread, handler)
