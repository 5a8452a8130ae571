"""Judges a description before anything is built: one function per rule, each yielding the mistakes it finds.

Checks read the model and the files it names; they change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from keelback.sdk.system.checks import connections, devices, domains, guests, isolation, memory, pools, times
from keelback.sdk.system.description import System
from keelback.sdk.system.errors import DescriptionError

Rule = Callable[[System], Iterator[DescriptionError]]

RULES: tuple[Rule, ...] = (
    devices.check_board,
    domains.check_names,
    domains.check_added_once,
    domains.check_priorities,
    domains.check_sources,
    domains.check_fault_handlers,
    domains.check_stacks,
    domains.check_keyboards,
    connections.check_members,
    connections.check_ends,
    connections.check_call_priorities,
    connections.check_connection_names,
    connections.check_ports,
    devices.check_known,
    devices.check_device_windows,
    devices.check_owners,
    devices.check_interrupts,
    memory.check_region_names,
    memory.check_contents,
    memory.check_physical_windows,
    memory.check_mapping_members,
    memory.check_access,
    memory.check_mapping_addresses,
    memory.check_mapping_overlaps,
    guests.check_kernels,
    guests.check_initrds,
    guests.check_ram_alignment,
    guests.check_ram_fit,
    guests.check_crash_policies,
    guests.check_board_ram,
    times.check_core_count,
    times.check_cores,
    times.check_ceilings,
    times.check_budgets,
    times.check_overruns,
    times.check_passive,
    times.check_schedules,
    times.check_partition_count,
    times.check_partitions,
    pools.check_pool_counts,
    pools.check_pool_tables,
    pools.check_pool_memory,
    pools.check_pools_shared,
    pools.check_spare_slots,
    pools.check_load_names,
    pools.check_load_sources,
    pools.check_load_stacks,
    isolation.check_claim_members,
    isolation.check_claim_ends,
    isolation.check_claim_ways,
)

_FIRST_RULES = 2
"""Rules whose failure makes the others meaningless."""


class InvalidSystem(Exception):
    """A description with mistakes, all of them, in order of their lines."""

    def __init__(self, errors: list[DescriptionError]) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = errors


def find_mistakes(system: System) -> list[DescriptionError]:
    """All mistakes of a description, by file and line."""
    first = [error for rule in RULES[:_FIRST_RULES] for error in rule(system)]
    found = first or [error for rule in RULES[_FIRST_RULES:] for error in rule(system)]
    return sorted(found, key=lambda error: error.location)


def check_system(system: System) -> None:
    """Raise InvalidSystem unless the description is right."""
    mistakes = find_mistakes(system)
    if mistakes:
        raise InvalidSystem(mistakes)
