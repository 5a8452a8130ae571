"""Every invariant is contradicted by tables that are wrong in its way."""

from __future__ import annotations

import pytest

from keelback.abi import objects
from keelback.prover.fuzz import CompiledKernel
from keelback.prover.fuzz.boot import start
from keelback.prover.invariants import INVARIANTS, contradictions
from keelback.prover.state import Activity
from tests.kernel.specification.systems import SLOT_COUNT, capability, make_system

Poke = tuple[str, int, str, int, int]
"""Table, index, field, element, value."""

# Thread 2 runs; 1 and 3 are ready, in the queue of priority 10.
WRONG: dict[str, list[Poke]] = {
    "neighbours_name_each_other": [("threads", 3, "previous", 0, 2)],
    "queues_are_lists": [("queues", 10, "tail", 0, 1)],
    "states_agree_with_queues": [("threads", 1, "state", 0, Activity.STOPPED)],
    "marked_queues_have_members": [("cores", 0, "ready", 3, 1)],
    "queues_with_members_are_marked": [("cores", 0, "ready", 0, 0)],
    "the_best_thread_runs": [("threads", 1, "priority", 0, 30)],
    "nobody_is_nobody": [("threads", 0, "client", 0, 1)],
    "clients_and_servers_name_each_other": [("threads", 2, "client", 0, 1)],
    "receivers_are_free_servers": [("threads", 1, "state", 0, Activity.RECEIVING), ("threads", 1, "endpoint", 0, 2)],
    "nobody_queues_at_a_waiting_server": [
        ("threads", 1, "state", 0, Activity.RECEIVING),
        ("threads", 1, "endpoint", 0, 1),
        ("queues", 257, "head", 0, 3),
    ],
    "calls_go_upwards": [
        ("threads", 2, "state", 0, Activity.AWAITING),
        ("threads", 2, "server", 0, 1),
        ("threads", 1, "client", 0, 2),
    ],
    "faulting_threads_do_not_run": [("threads", 1, "faulting", 0, 1)],
    "nothing_is_pending_for_who_waits": [
        ("threads", 1, "state", 0, Activity.WAITING),
        ("notifications", 1, "pending", 0, 1),
    ],
    "bindings_agree": [("notifications", 1, "thread", 0, 2)],
    "capabilities_name_objects": [("slots", SLOT_COUNT + 3, "generation", 0, 1)],
    "first_slots_are_empty": [("slots", SLOT_COUNT, "kind", 0, objects.THREAD)],
    "only_monitors_run_guests": [("threads", 1, "guest", 0, 1)],
    "threads_stay_at_el0": [("threads", 1, "context.process_state", 0, 5)],
    "guests_stay_below_the_kernel": [("vcpus", 1, "context.process_state", 0, 9)],
    "virtual_interrupts_are_distinct": [
        ("vcpus", 1, "list_registers", 0, 1 << 62 | 27),
        ("vcpus", 1, "list_registers", 2, 1 << 63 | 27),
    ],
    "running_guests_have_no_open_access": [("threads", 2, "guest", 0, 1), ("vcpus", 1, "access", 0, 1)],
}


@pytest.mark.parametrize("name", WRONG)
def test_is_contradicted(kernel: CompiledKernel, name: str) -> None:
    slots = {(1, 3): capability(objects.NOTIFICATION, 2)}
    start(kernel, make_system([10, 20, 10], slots, vcpus={1: {"thread": 2}}))
    assert contradictions(kernel.tables()) == []
    for table, index, path, element, value in WRONG[name]:
        kernel.poke(table, index, path, int(value), element)
    assert any(text.startswith(f"{name}: ") for text in contradictions(kernel.tables()))


def test_every_invariant_is_tried() -> None:
    assert {rule.name for rule in INVARIANTS} == set(WRONG)
