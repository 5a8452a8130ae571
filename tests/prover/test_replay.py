"""Counterexamples on the host's kernel: what happens, in which states, and the tests that say so."""

from __future__ import annotations

from keelback.abi import objects, rights, syscalls
from keelback.prover.fuzz import CompiledKernel
from keelback.prover.fuzz.replay import replay_call

RUNNING = {
    "cores.current": 2,
    "threads[2].slots_first": 40,
    "threads[2].slots_count": 8,
    "threads[2].context.registers[8]": 3,
}
NO_OBJECT = {
    **RUNNING,
    "slots[43].kind": objects.PAGE_TABLE,
    "slots[43].object": 1 << 20,
    "slots[43].rights": rights.ALL,
}
"""A capability to an object far outside its table."""


def test_a_trap_happens_and_the_state_is_told_to_be_impossible(kernel: CompiledKernel) -> None:
    replay = replay_call(kernel, syscalls.UNLINK, NO_OBJECT)
    assert replay.happened == "the kernel traps: ASSERT"
    assert "cannot come about" in replay.verdict
    assert any(text.startswith("capabilities_name_objects: slots[43]") for text in replay.contradicted)
    assert replay.ignored == ()


def test_a_harmless_state_is_not_confirmed(kernel: CompiledKernel) -> None:
    replay = replay_call(kernel, syscalls.UNLINK, {**RUNNING, "mrs $0, cntpct_el0": 4, "threads[99999].rank": 1})
    assert (replay.happened, replay.verdict) == ("", "not confirmed")
    assert replay.ignored == ("mrs $0, cntpct_el0", "threads[99999].rank")


def test_what_is_broken_afterwards_counts(kernel: CompiledKernel) -> None:
    """A state that keeps the invariants, but for the count of a table, which a delete then takes below zero."""
    state = {**RUNNING, "tables[2].first": 40, "tables[2].count": 8, "threads[2].table": 2, "slots[43].kind": 8}
    replay = replay_call(kernel, syscalls.CAPABILITY_DELETE, state)
    assert replay.happened == "the kernel traps: OVERFLOW"


def test_fields_that_are_numbers_alone_are_written(kernel: CompiledKernel) -> None:
    replay = replay_call(kernel, syscalls.NULL, {"entries[5]": 7})
    assert any("translations[0]" in text or "entries" in text for text in replay.contradicted)
