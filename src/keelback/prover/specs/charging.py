"""Time: whose is used, how much is left, and when it is full again. No limit is scheduling context 0."""

from __future__ import annotations

from keelback.prover.state import Charge, Sleep, State, Thread, Time

NO_LIMIT = Charge(0, 0)


def own_charge(state: State, thread: Thread) -> Charge:
    """A thread's own time."""
    return Charge(thread.budget, state.times[thread.budget].incarnation) if thread.budget else NO_LIMIT


def find_limit(state: State, charge: Charge | None) -> Time | None:
    """The scheduling context that limits who uses it. None if it was destroyed since, or never was."""
    time = state.times.get(charge.context) if charge is not None else None
    return time if time is not None and charge is not None and time.incarnation == charge.incarnation else None


def find_time(state: State, thread: Thread) -> bool:
    """Whether a thread has time left; a context that has rested, and that no core uses, is full again."""
    time = find_limit(state, thread.charge)
    if time is None:
        return True
    is_used = any(core.charged == thread.charge for core in state.cores.values())
    if state.now >= time.refill and not is_used:
        time.remaining = time.budget
    return time.remaining > 0


def wait_for_time(state: State, thread: Thread) -> None:
    """A thread that has none left sleeps until its context is full again."""
    time = find_limit(state, thread.charge)
    assert time is not None
    sleep(state, thread, time.refill)


def sleep(state: State, thread: Thread, deadline: int) -> None:
    """A thread waits for a time; this core's timer will wake it."""
    state.sleeping[thread.index] = Sleep(state.here, deadline)


def settle(state: State) -> None:
    """What was used on this core since it turned to what it uses now is gone."""
    core = state.core
    time = find_limit(state, core.charged)
    if time is not None:
        time.remaining = max(0, time.remaining - (state.now - core.charge_start))
        time.last = state.now
    core.charge_start = state.now


def turn_to(state: State) -> None:
    """The end of whatever happens on a core: it uses its present thread's time from now on."""
    thread = state.threads.get(state.current)
    charge = NO_LIMIT if thread is None or thread.charge is None else thread.charge
    if charge != state.core.charged:
        settle(state)
        state.core.charged = charge
