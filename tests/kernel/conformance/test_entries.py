"""The entries that the assembly stubs call, with the switch of the processor behind them, do what the calls specify.

The processor's registers are a memory here that keeps what is written. So a register that gets lost on the way between
component and guest, or between two guests, shows as a difference in the vcpu it belongs to.
"""

from __future__ import annotations

import random
from copy import deepcopy

import pytest

from keelback.abi import syscalls, trace
from keelback.prover.fuzz import CompiledKernel
from keelback.prover.fuzz.boot import make_boot
from keelback.prover.fuzz.choice import choose_step
from keelback.prover.fuzz.run import begin, take_step
from keelback.prover.fuzz.steps import GuestHandles, Step, TimerFires
from keelback.prover.state import State

PROGRAMS = 20
STEPS = 80

ENTRIES = {
    syscalls.CALL: "entry.call",
    syscalls.REPLY_RECEIVE: "entry.reply_receive",
    syscalls.VCPU_RUN: "entry.vcpu_run",
}
BY_THE_PROCESSOR = (GuestHandles, TimerFires)
"""They change the processor's copy of a vcpu, which only the processor can."""


class EnteredKernel(CompiledKernel):
    """The compiled kernel, entered as the stubs enter it."""

    def invoke(self, name: str, *arguments: int) -> int:
        if name == "dispatch.dispatch":
            (number,) = arguments
            super().invoke("entry.resume_any")  # back from the guest, if a step said that it exited
            if number in ENTRIES:
                return super().invoke(ENTRIES[number])
            return super().invoke("entry.system_call", number)
        result = super().invoke(name, *arguments)
        if self.peek("cores", 0, "current"):
            super().invoke("entry.resume_any")
        return result


@pytest.fixture(scope="module")
def entered() -> EnteredKernel:
    return EnteredKernel()


def is_wanted(step: Step, state: State) -> bool:
    """Somebody runs afterwards, switches are not traced, and nothing is up to the processor."""
    if isinstance(step, BY_THE_PROCESSOR):
        return False
    later = deepcopy(state)
    step.specify(later)
    return later.current != 0 and not later.trace.mask >> trace.SWITCH & 1


@pytest.mark.parametrize("seed", range(2))
def test_entries_do_what_is_specified(entered: EnteredKernel, seed: int) -> None:
    chance = random.Random(seed)
    steps_done = 0
    for _ in range(PROGRAMS):
        boot = make_boot(entered, chance.getrandbits(32))
        boot["cores"][0]["trace_mask"] &= ~(1 << trace.SWITCH)
        state = begin(entered, boot)
        if not state.current:
            continue
        done: list[Step] = []
        for _ in range(STEPS):
            step = choose_step(state, chance)
            if is_wanted(step, state):
                done.append(step)
                assert take_step(entered, state, step) == (), (boot, done)
        steps_done += len(done)
    assert steps_done > PROGRAMS * STEPS // 3
