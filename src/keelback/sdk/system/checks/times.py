"""Rules for cores, budgets, partitions and cyclic schedules."""

from __future__ import annotations

from collections.abc import Iterator

from keelback.abi import times
from keelback.sdk.boards import BOARDS
from keelback.sdk.system.description import System
from keelback.sdk.system.errors import DescriptionError
from keelback.sdk.system.model import ProtectionDomain
from keelback.sdk.system.units import format_duration

Mistakes = Iterator[DescriptionError]

WINDOW_LEAST_NS = 100_000
"""A shorter window is spent on the switch between partitions."""
PRIORITY_MAX = 255


def check_core_count(system: System) -> Mistakes:
    """The board has as many cores."""
    most = BOARDS[system.board].core_count_max
    if not 1 <= system.cores <= most:
        message = f"cores={system.cores}: Keelback runs on 1 to {most} cores of the board {system.board}"
        yield DescriptionError(system.location, message, f"choose 1 to {most}")


def check_cores(system: System) -> Mistakes:
    """A domain's core is one of the system's, and so are those it hands out."""
    for domain in system.domains:
        if not 0 <= domain.core < system.cores:
            message = f"`{domain.name}` is placed on core {domain.core}, and the system has {system.cores}"
            yield DescriptionError(domain.location, message, "cores count from 0; System(cores=...) says how many")
        for core in domain.pool.cores or () if domain.pool is not None else ():
            if not 0 <= core < system.cores:
                message = f"`{domain.name}` hands out core {core}, and the system has {system.cores}"
                yield DescriptionError(domain.location, message, "cores count from 0; System(cores=...) says how many")


def check_ceilings(system: System) -> Mistakes:
    """A ceiling is a priority, and not below the domain's own."""
    for domain in system.domains:
        if 1 <= domain.priority <= PRIORITY_MAX and not domain.priority <= domain.ceiling <= PRIORITY_MAX:
            message = f"ceiling {domain.ceiling} of `{domain.name}` is out of range"
            yield DescriptionError(
                domain.location, message, f"choose {domain.priority}, its priority, to {PRIORITY_MAX}"
            )


def check_budgets(system: System) -> Mistakes:
    """A budget and a period come together, the budget is the shorter one, and the kernel can measure both."""
    counter_hz = BOARDS[system.board].counter_hz
    least = -(-times.BUDGET_LEAST * 1_000_000_000 // counter_hz)
    most = times.PERIOD_MOST // counter_hz * 1_000_000_000
    for domain in system.domains:
        budget, period = domain.budget_ns, domain.period_ns
        if (budget is None) != (period is None):
            given, missing = ("budget", "period") if period is None else ("period", "budget")
            message = f"`{domain.name}` has a {given} and no {missing}"
            yield DescriptionError(domain.location, message, 'write budget="2 ms", period="10 ms"')
        elif budget is None or period is None:
            continue
        elif budget > period:
            message = f"the budget of `{domain.name}`, {format_duration(budget)}, is longer than its period"
            yield DescriptionError(domain.location, message, f"choose at most {format_duration(period)}")
        elif budget < least:
            message = f"the budget of `{domain.name}`, {format_duration(budget)}, is too short"
            yield DescriptionError(domain.location, message, f"choose at least {format_duration(least)}")
        elif period > most:
            message = f"the period of `{domain.name}`, {format_duration(period)}, is too long"
            yield DescriptionError(domain.location, message, f"choose at most {format_duration(most)}")


def check_overruns(system: System) -> Mistakes:
    """`on_overrun` is one of the two policies, and only who has a budget can overrun it."""
    for domain in system.domains:
        if domain.on_overrun not in ("wait", "fault"):
            message = f'on_overrun="{domain.on_overrun}" of `{domain.name}` is unknown'
            yield DescriptionError(domain.location, message, 'write "wait" or "fault"')
        elif domain.on_overrun == "fault" and domain.budget_ns is None:
            message = f"`{domain.name}` shall fault when it overruns its budget, and has none"
            yield DescriptionError(domain.location, message, 'write budget="2 ms", period="10 ms"')


def check_passive(system: System) -> Mistakes:
    """A passive domain has callers, no time of its own, and nothing else that would make it run."""
    called = {channel.server for channel in system.channels}
    woken = {signal.receiver for signal in system.signals} | {use.domain for use in system.device_uses}
    for domain in system.domains:
        if not domain.passive:
            continue
        if domain.budget_ns is not None or domain.partition is not None:
            message = f"`{domain.name}` is passive, and has time of its own"
            yield DescriptionError(domain.location, message, "leave out passive, or budget, period and partition")
        elif domain in woken or domain.keyboard:
            message = f"`{domain.name}` is passive, and signals or interrupts would make it run without a caller"
            yield DescriptionError(domain.location, message, "give it a budget instead")
        elif domain not in called:
            message = f"`{domain.name}` is passive, and nobody calls it"
            yield DescriptionError(domain.location, message, "system.connect(client, server) lets a client call it")


def check_schedules(system: System) -> Mistakes:
    """A core has one schedule, of windows that are long enough."""
    seen: set[int] = set()
    for schedule in system.schedules:
        if not 0 <= schedule.core < system.cores:
            message = f"a schedule for core {schedule.core}, and the system has {system.cores}"
            yield DescriptionError(schedule.location, message, "cores count from 0; System(cores=...) says how many")
        elif schedule.core in seen:
            message = f"core {schedule.core} has two schedules"
            yield DescriptionError(schedule.location, message, "name all windows of a core in one call")
        elif not schedule.windows:
            message = f"the schedule of core {schedule.core} has no windows"
            yield DescriptionError(
                schedule.location, message, 'write for example [("control", "5 ms"), ("rest", "15 ms")]'
            )
        seen.add(schedule.core)
        for name, length_ns in schedule.windows:
            if length_ns < WINDOW_LEAST_NS:
                message = f"the window of `{name}`, {format_duration(length_ns)}, is too short"
                yield DescriptionError(
                    schedule.location, message, f"choose at least {format_duration(WINDOW_LEAST_NS)}"
                )


def check_partition_count(system: System) -> Mistakes:
    """The kernel numbers partitions with 8 bits, and 0 is for domains in none."""
    names = {name for schedule in system.schedules for name, _ in schedule.windows}
    if len(names) > times.PARTITION_MASK:
        message = f"the system has {len(names)} partitions"
        yield DescriptionError(system.schedules[-1].location, message, f"{times.PARTITION_MASK} are the most")


def check_partitions(system: System) -> Mistakes:
    """A domain's partition has a window on the domain's core."""
    windows = {schedule.core: {name for name, _ in schedule.windows} for schedule in system.schedules}
    for domain in system.domains:
        if domain.partition is not None and domain.partition not in windows.get(domain.core, set()):
            message = f"partition `{domain.partition}` of `{domain.name}` has no window on core {domain.core}"
            yield DescriptionError(domain.location, message, _schedule_help(domain))


def _schedule_help(domain: ProtectionDomain) -> str:
    return f'system.schedule({domain.core}, [("{domain.partition}", "5 ms"), ...])'
