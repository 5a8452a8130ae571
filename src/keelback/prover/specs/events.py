"""What happens on a core without a thread's asking: time passes, a device's line fires, a thread faults, another core
asks for something."""

from __future__ import annotations

from keelback.abi import errors, faults, objects, trace, vcpu
from keelback.prover.specs.charging import find_limit, own_charge, settle, sleep, turn_to, wait_for_time
from keelback.prover.specs.messaging import block, send
from keelback.prover.specs.registers_elsewhere import UNLOAD
from keelback.prover.specs.scheduling import (
    best_priority,
    is_eligible,
    preempt,
    present_priority,
    queue_last,
    run_best,
    wake,
)
from keelback.prover.specs.signal import raise_bits
from keelback.prover.specs.thread_stop import halt
from keelback.prover.specs.tracing import record
from keelback.prover.specs.vcpu_inject import INJECT, TIMER_MASKED, TIMER_ON, fire_timer, inject, wake_guest
from keelback.prover.state import Activity, State, Thread, Vcpu

PROGRAM_COUNTER = 32

resume = turn_to
"""The end of everything that happens, also of system calls: the core goes on with its present thread."""


def end_slice(state: State) -> None:
    """The present thread goes behind its equals, if any are ready."""
    thread = state.threads.get(state.current)
    if thread is not None and best_priority(state) == thread.priority:
        queue_last(state, thread)
        run_best(state)


def fire(state: State, line: int) -> None:
    """A device's line: its notification gets the bits. Nobody's line, or a revoked notification: nothing."""
    for interrupt in state.interrupts.values():
        if interrupt.line != line:
            continue
        interrupt.fired = True
        notification, generation = interrupt.notification
        if notification and state.objects[objects.NOTIFICATION, notification].generation == generation:
            raise_bits(state, notification, interrupt.bits)


def fault(state: State, kind: int, address: int, syndrome: int, immediate: int) -> None:
    """The present thread faults: as if it called its handler's endpoint. It stops if nobody but itself serves that."""
    thread = state.threads[state.current]
    pc = thread.registers[PROGRAM_COUNTER]
    record(state, trace.FAULT, kind, pc, address)
    thread.fault = (kind, pc, address, syndrome, immediate)
    assert len(thread.fault) == faults.WORD_COUNT
    handler, generation = thread.fault_endpoint
    is_told = handler != 0 and state.objects[objects.ENDPOINT, handler].generation == generation
    if is_told and state.endpoints[handler].server not in (0, thread.index):
        send(state, thread, handler)
    else:
        block(thread, Activity.STOPPED)
        run_best(state)


def tick(state: State, *, slice_ended: bool) -> None:
    """The kernel's timer: time used up, deadlines that have passed, the next window, the end of a slice."""
    settle(state)
    limit = find_limit(state, state.core.charged)
    if state.current and limit is not None and limit.remaining == 0:
        overrun(state, state.threads[state.current])
    due = [index for index, sleeper in state.sleeping.items() if sleeper.core == state.here]
    for index in sorted(due, key=lambda index: state.sleeping[index].deadline):
        if is_due(state, index):
            expire(state, state.threads[index])
    if state.core.window_end <= state.now:
        next_window(state)
    if slice_ended:
        end_slice(state)


def is_due(state: State, thread: int) -> bool:
    """Whether a tick at this time wakes a thread: the wheel turns in steps of 1024 ticks."""
    return -(-state.sleeping[thread].deadline >> 10) <= state.now >> 10


def overrun(state: State, thread: Thread) -> None:
    """A thread used up the time: its handler hears of it if that is its own and says so, or it waits for more."""
    time = find_limit(state, thread.charge)
    is_own = thread.charge == own_charge(state, thread)
    if time is not None and time.fault_on_overrun and is_own and not thread.guest:
        fault(state, faults.OVERRUN, time.budget, 0, 0)
    else:
        wait_for_time(state, thread)
        run_best(state)


def expire(state: State, thread: Thread) -> None:
    """The time that a thread waited for has come."""
    del state.sleeping[thread.index]
    if thread.activity == Activity.GUEST_IDLE:
        if is_timer_due(state, state.vcpus[thread.guest]):
            fire_timer(state, thread.guest)
        return
    if thread.activity != Activity.READY:
        thread.charge = own_charge(state, thread)
        thread.registers[8] = errors.TIMEOUT
    wake(state, thread)


def is_timer_due(state: State, guest: Vcpu) -> bool:
    """Whether a guest's timer fires."""
    return guest.el1["cntv_ctl"] & (TIMER_ON | TIMER_MASKED) == TIMER_ON and guest.el1["cntv_cval"] <= state.now


def next_window(state: State) -> None:
    """The next window of the core's schedule: threads of its partition may run, those of the last one may not."""
    core = state.core
    core.window = state.windows[core.window].next
    window = state.windows[core.window]
    core.window_end += window.ticks
    core.partition = window.partition
    present = state.threads.get(core.current)
    is_out = present is not None and not is_eligible(state, present)
    if is_out or best_priority(state) > present_priority(state, state.here):
        preempt(state)


def answer_other_cores(state: State) -> None:
    """What other cores asked for: registers saved, interrupts taken over, the present thread stopped, or a better one
    let run."""
    core, asked = state.core, state.core.asked
    core.asked = 0
    if asked & UNLOAD:
        if core.loaded:
            state.vcpus[core.loaded].loaded_on = 0
        core.component = core.loaded = core.floating_point_owner = 0
    elif asked & INJECT and core.loaded:
        take_arriving(state, state.vcpus[core.loaded])
    stopping, core.stopping = core.stopping, 0
    present = state.threads.get(core.current)
    if present is not None and present.index == stopping:
        core.current = 0
        halt(state, present)
        if not core.current:
            run_best(state)
    if best_priority(state) > present_priority(state, state.here):
        preempt(state)


def take_arriving(state: State, guest: Vcpu) -> None:
    """The interrupts that other cores left for a guest become pending, as many as there is room for."""
    for number, priority in list(guest.arriving.items()):
        if inject(state, guest, number, priority):
            del guest.arriving[number]


def interrupt_guest(state: State, vcpu: int) -> None:
    """A virtual interrupt became pending for a guest."""
    wake_guest(state, vcpu)


def guest_waits(state: State) -> None:
    """The guest that runs executes wfi, and nothing is pending for it: until an interrupt, or its timer."""
    thread = state.threads[state.current]
    guest = state.vcpus[thread.guest]
    thread.activity = Activity.GUEST_IDLE
    if guest.el1["cntv_ctl"] & (TIMER_ON | TIMER_MASKED) == TIMER_ON:
        sleep(state, thread, guest.el1["cntv_cval"])
    run_best(state)


def room_appears(state: State, index: int) -> None:
    """A list register of a vcpu is free: its monitor hears of it if it wanted to and the guest runs."""
    guest = state.vcpus[index]
    monitor = state.threads.get(guest.monitor)
    if monitor is None or not guest.wants_room or monitor.guest != index:
        return
    guest.wants_room = False
    monitor.guest = 0
    monitor.registers[0], monitor.registers[8] = vcpu.MAINTENANCE, errors.OK
    record(state, trace.EXIT, vcpu.MAINTENANCE, guest.registers[vcpu.PC], guest.registers[vcpu.PSTATE])
    if monitor.activity == Activity.GUEST_IDLE:
        state.sleeping.pop(monitor.index, None)
        wake(state, monitor)
