"""What happens to threads without their asking: a time slice ends, a device's line fires, they fault."""

from __future__ import annotations

from keelback.abi import faults, trace
from keelback.prover.specs.messaging import send
from keelback.prover.specs.scheduling import hand_over, queue_last, run_best
from keelback.prover.specs.signal import raise_bits
from keelback.prover.specs.tracing import record
from keelback.prover.specs.vcpu_inject import wake_guest
from keelback.prover.state import Activity, State

PROGRAM_COUNTER = 32


def end_slice(state: State) -> None:
    """The present thread goes behind its equals, if any are ready."""
    thread = state.threads.get(state.current)
    if thread is not None and thread.priority in state.ready:
        queue_last(state, thread)
        run_best(state)


def fire(state: State, line: int) -> None:
    """A device's line: its notification gets the bits. Nobody's line: nothing."""
    for interrupt in state.interrupts.values():
        if interrupt.line == line:
            interrupt.fired = True
            raise_bits(state, interrupt.notification, interrupt.bits)


def fault(state: State, kind: int, address: int, syndrome: int, immediate: int) -> None:
    """The present thread faults: as if it called its handler's endpoint. It stops if it has no handler but itself."""
    thread = state.threads[state.current]
    pc = thread.registers[PROGRAM_COUNTER]
    record(state, trace.FAULT, kind, pc, address, by=thread.index)
    thread.fault = (kind, pc, address, syndrome, immediate)
    assert len(thread.fault) == faults.WORD_COUNT
    handler = thread.fault_endpoint
    if not handler or state.endpoints[handler].server == thread.index:
        thread.activity = Activity.STOPPED
        run_best(state)
        return
    server = send(state, thread, handler)
    if server is not None:
        hand_over(state, server)
    else:
        run_best(state)


def interrupt_guest(state: State, vcpu: int) -> None:
    """A virtual interrupt became pending for a guest."""
    wake_guest(state, vcpu)
