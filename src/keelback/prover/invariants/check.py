"""All invariants, and how they are evaluated."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from keelback.prover.incremental import Family, Key, Watch
from keelback.prover.invariants import authority, guests, messaging, queues, scheduling
from keelback.prover.tables import Tables

INVARIANTS: tuple[Family[Iterator[str]], ...] = (
    queues.neighbours_name_each_other,
    queues.queues_are_lists,
    queues.states_agree_with_queues,
    scheduling.marked_queues_have_members,
    scheduling.queues_with_members_are_marked,
    scheduling.the_best_thread_runs,
    scheduling.nobody_is_nobody,
    messaging.clients_and_servers_name_each_other,
    messaging.receivers_are_free_servers,
    messaging.nobody_queues_at_a_waiting_server,
    messaging.calls_go_upwards,
    messaging.faulting_threads_do_not_run,
    messaging.nothing_is_pending_for_who_waits,
    messaging.bindings_agree,
    authority.capabilities_name_objects,
    authority.first_slots_are_empty,
    guests.only_monitors_run_guests,
    guests.threads_stay_at_el0,
    guests.guests_stay_below_the_kernel,
    guests.virtual_interrupts_are_distinct,
    guests.running_guests_have_no_open_access,
)


def contradictions(tables: Tables) -> list[str]:
    """Every contradiction to every invariant, each with the invariant's name; all computed now."""
    return [f"{rule.name}: {text}" for rule in INVARIANTS for _, texts in rule.all(tables) for text in texts]


class InvariantWatch:
    """The contradictions of all invariants, brought up to date when the tables change (`Watch.refresh`)."""

    def __init__(self, watch: Watch) -> None:
        self._found: dict[tuple[str, Key], list[str]] = {}
        for rule in INVARIANTS:
            watch.add(rule, partial(self._take, rule.name))

    def _take(self, name: str, key: Key, texts: Iterator[str]) -> None:
        found = list(texts)
        if found:
            self._found[name, key] = found
        elif self._found:
            self._found.pop((name, key), None)

    def contradictions(self) -> list[str]:
        """As the function of this name says."""
        return [f"{name}: {text}" for (name, _), texts in self._found.items() for text in texts]
