"""Goals about the number of instructions: the walk's figure, who is asked about, and what makes a goal fail."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest

from keelback.abi import syscalls
from keelback.cli.prove import system_calls
from keelback.prover.bound import bound_goals, entries_of
from keelback.prover.campaign import try_prove
from keelback.prover.goals import DISPATCHER, NOT_MODELLED, PROVEN, UNKNOWN, Goal, Job, Result
from keelback.reports.latency import all_entries
from tests.reports.latency.assembled import assemble

CALL_BODY = """
    mrs x9, esr_el2
    and x9, x9, #0xffff
    cmp x9, #{number}
    b.ne 1f
    {repeated}
1:  eret"""


def prove(folder: Path, name: str, call: str, interrupt: str = "eret") -> Result:
    """The goal of that name, of a kernel in assembly."""
    (goal,) = [goal for goal in bound_goals(system_calls()) if goal.name == f"{name}::bound"]
    image = b64encode(assemble(folder, call, interrupt).read_bytes()).decode()
    return try_prove(Job(goal, "", {}, 1.0, image))


def test_all_ways_into_the_kernel_have_a_goal() -> None:
    asked = [entry.name for goal in bound_goals(system_calls()) for entry in entries_of(goal)]
    assert sorted(asked) == sorted(entry.name for entry in all_entries())


def test_the_figure_is_that_of_the_call_alone(tmp_path: Path) -> None:
    body = CALL_BODY.format(number=syscalls.SIGNAL, repeated=".rept 600\nnop\n.endr")
    short, long = prove(tmp_path, "wait", body), prove(tmp_path, "signal", body)
    assert (short.status, short.reason) == (PROVEN, "at most 6 instructions")
    assert (long.status, long.reason) == (PROVEN, "at most 606 instructions")


def test_a_call_above_the_limit_is_not_proven(tmp_path: Path) -> None:
    body = CALL_BODY.format(number=syscalls.SIGNAL, repeated=".rept 995\nnop\n.endr")
    assert prove(tmp_path, "signal", body).reason == "at most 1,001 instructions, more than 1,000"
    assert prove(tmp_path, "signal", body).status == UNKNOWN
    assert prove(tmp_path, "wait", body).status == PROVEN


def test_what_follows_a_wait_is_told_apart(tmp_path: Path) -> None:
    waits = "nop\nwfi\nnop\nnop\nnop\neret"
    found = prove(tmp_path, "null", waits)
    assert found.reason == "at most 3 instructions; if the core has nothing to run, 4 when an interrupt has come"


def test_of_interrupts_the_longest_counts(tmp_path: Path) -> None:
    line = "mrs x0, icc_iar1_el1\ncmp x0, #26\nb.ne 1f\nnop\nnop\n1: eret"
    found = prove(tmp_path, "kernel_interrupt", "eret", line)
    assert (found.status, found.reason) == (PROVEN, "at most 7 instructions (interrupt: kernel's timer (26))")


@pytest.mark.parametrize("endless", ["1: ldr x0, [x1]\ncbnz x0, 1b\neret", "br x0"])
def test_code_without_bound_is_not_proven(tmp_path: Path, endless: str) -> None:
    found = prove(tmp_path, "null", endless)
    assert found.status == NOT_MODELLED and "synchronous_entry" in found.reason


def test_a_call_that_the_abi_does_not_have_is_not_proven(tmp_path: Path) -> None:
    image = b64encode(assemble(tmp_path, "eret").read_bytes()).decode()
    found = try_prove(Job(Goal(DISPATCHER, "bound", 7, "fly"), "", {}, 1.0, image))
    assert (found.status, found.reason) == (NOT_MODELLED, "the kernel cannot be entered by fly")
