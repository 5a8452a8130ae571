"""Faults: what a thread did wrong, told to its fault handler as if the thread had called it.

The thread stays blocked until the handler replies, or for good when there is none. A fault is never the kernel's.
"""

from __future__ import annotations

from keelback.abi import trace
from keelback.kernel.objects.endpoint import commit_send
from keelback.kernel.scheduler import commit_run_next
from keelback.kernel.state import STOPPED, Core, Thread, endpoints
from keelback.kernel.trace import record
from keelback.lang import u8, u64


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
    endpoint = endpoints[handler]
    is_told = handler != 0 and thread.fault_generation == endpoint.header.generation
    if is_told and endpoint.server != 0 and endpoint.server != core.current:
        commit_send(core, thread, handler)
    else:
        thread.state = u8(STOPPED)
        commit_run_next(core)
