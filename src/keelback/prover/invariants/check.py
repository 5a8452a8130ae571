"""All invariants, and how they are evaluated."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from keelback.prover.invariants import authority, guests, messaging, queues, scheduling
from keelback.prover.tables import Tables

INVARIANTS: tuple[Callable[[Tables], Iterator[str]], ...] = (
    queues.queues_are_lists,
    queues.states_agree_with_queues,
    scheduling.bitmap_agrees_with_queues,
    scheduling.the_best_thread_runs,
    scheduling.nobody_is_nobody,
    messaging.clients_and_servers_name_each_other,
    messaging.receivers_are_free_servers,
    messaging.calls_go_upwards,
    messaging.faulting_threads_do_not_run,
    messaging.nothing_is_pending_for_who_waits,
    messaging.bindings_agree,
    authority.capabilities_name_objects,
    authority.first_slots_are_empty,
    guests.only_monitors_run_guests,
    guests.nobody_enters_the_kernels_mode,
    guests.virtual_interrupts_are_distinct,
    guests.running_guests_have_no_open_access,
)


def contradictions(tables: Tables) -> list[str]:
    """Every contradiction to every invariant, each with the invariant's name."""
    return [f"{rule.__name__}: {text}" for rule in INVARIANTS for text in rule(tables)]
