"""All invariants, and how they are evaluated."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from keelback.prover.incremental import Family, Key, Watch
from keelback.prover.invariants import authority, guests, memory, messaging, ownership, queues, scheduling, timing
from keelback.prover.tables import Tables

INVARIANTS: tuple[Family[Iterator[str]], ...] = (
    queues.neighbours_name_each_other,
    queues.queues_are_lists,
    queues.states_agree_with_queues,
    queues.marked_timers_have_members,
    queues.timers_with_members_are_marked,
    queues.nobody_oversleeps,
    scheduling.marked_queues_have_members,
    scheduling.queues_with_members_are_marked,
    scheduling.the_best_rank_is_known,
    scheduling.the_best_thread_runs,
    scheduling.who_is_to_stop_is_of_the_core,
    scheduling.live_threads_are_placed,
    scheduling.budgets_are_within_periods,
    scheduling.charges_name_contexts,
    scheduling.time_can_be_told,
    scheduling.windows_go_round,
    scheduling.nobody_is_nobody,
    timing.timers_are_armed,
    timing.sleepers_are_waited_for,
    timing.rivals_end_slices,
    messaging.clients_and_servers_name_each_other,
    messaging.reply_objects_hold_clients,
    messaging.receivers_are_free_servers,
    messaging.nobody_queues_at_a_waiting_server,
    messaging.quiet_servers_have_nothing_to_do,
    messaging.faulting_threads_do_not_run,
    messaging.only_callers_pass,
    messaging.nothing_is_pending_for_who_waits,
    messaging.who_waits_has_a_notification,
    authority.capabilities_name_objects,
    authority.grants_are_known,
    authority.dead_objects_have_no_capabilities,
    authority.live_objects_have_generations_left,
    authority.lines_are_shared,
    authority.first_slots_are_empty,
    authority.tables_lie_apart,
    authority.threads_use_their_tables,
    ownership.owners_live,
    ownership.pools_know_how_much_they_own,
    ownership.ownership_is_a_tree,
    memory.entries_have_targets,
    memory.parents_point_to_their_tables,
    memory.dead_tables_are_empty,
    memory.frames_know_how_often_they_are_mapped,
    memory.frames_are_whole,
    memory.spaces_know_their_users,
    memory.bindings_agree,
    guests.only_monitors_run_guests,
    guests.threads_stay_at_el0,
    guests.guests_stay_below_the_kernel,
    guests.virtual_interrupts_are_distinct,
    guests.loaded_guests_are_where_they_say,
    guests.cores_have_what_they_say,
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
