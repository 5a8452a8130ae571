"""Faults: what a thread did wrong, told to its fault handler as if the thread had called it.

The thread stays blocked until the handler replies, or for good when there is none. A fault is never the kernel's.
"""

from __future__ import annotations

from keelback.abi import trace
from keelback.kernel.objects.endpoint import commit_deliver
from keelback.kernel.scheduler import commit_append, commit_hand_over, commit_run_next
from keelback.kernel.state import CALLING, ENDPOINT_QUEUES, RECEIVING, STOPPED, endpoints, threads
from keelback.kernel.trace import record
from keelback.lang import u8, u32, u64


def commit_fault(index: u32, kind: u64, address: u64, syndrome: u64, immediate: u64) -> None:
    """The present thread faulted: block it, and let its handler know."""
    thread = threads[index]
    program_counter = thread.context.program_counter
    record(u64(trace.FAULT), kind, program_counter, address)
    thread.fault_words[0] = kind
    thread.fault_words[1] = program_counter
    thread.fault_words[2] = address
    thread.fault_words[3] = syndrome
    thread.fault_words[4] = immediate
    thread.faulting = True
    handler = thread.fault_endpoint
    server = endpoints[handler].server
    if handler == 0 or server == index:
        thread.state = u8(STOPPED)
        commit_run_next()
        return
    thread.endpoint = handler
    if threads[server].state == RECEIVING and threads[server].endpoint == handler:
        commit_deliver(server, index)
        commit_hand_over(server)
    else:
        thread.state = u8(CALLING)
        commit_append(handler + ENDPOINT_QUEUES, index)
        commit_run_next()
