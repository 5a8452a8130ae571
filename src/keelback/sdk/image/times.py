"""Plans time: scheduling contexts from budgets and periods, partitions, and the windows of cyclic schedules."""

from __future__ import annotations

from keelback.abi import times
from keelback.sdk.boards import Board
from keelback.sdk.image.plan import Plan, PlannedTime, PlannedWindow

UNLIMITED_NS = 100_000_000
"""Budget and period of a domain that is in a partition and has no budget: all the time of its windows."""


def ticks_of(duration_ns: int, board: Board) -> int:
    """Nanoseconds as ticks of the board's counter."""
    return duration_ns * board.counter_hz // 1_000_000_000


def plan_times(plan: Plan) -> None:
    """Give each domain with a budget or a partition its scheduling context."""
    for schedule in plan.system.schedules:
        for name, _ in schedule.windows:
            plan.partitions.setdefault(name, len(plan.partitions) + 1)
    for component in plan.components:
        domain = component.domain
        if domain.budget_ns is None and domain.partition is None:
            continue
        budget_ns = UNLIMITED_NS if domain.budget_ns is None else domain.budget_ns
        period_ns = budget_ns if domain.period_ns is None else domain.period_ns
        component.time = PlannedTime(
            index=plan.take("time", 1),
            budget=ticks_of(budget_ns, plan.board),
            period=ticks_of(period_ns, plan.board),
            partition=0 if domain.partition is None else plan.partitions[domain.partition],
            fault_on_overrun=domain.on_overrun == "fault",
        )
        assert times.BUDGET_LEAST <= component.time.budget <= component.time.period <= times.PERIOD_MOST


def plan_windows(plan: Plan) -> None:
    """Number the windows of all cores; those of a core follow each other in a ring."""
    for schedule in plan.system.schedules:
        first = len(plan.windows) + 1
        plan.first_windows[schedule.core] = first
        for position, (name, length_ns) in enumerate(schedule.windows, 1):
            following = first + position % len(schedule.windows)
            ticks = ticks_of(length_ns, plan.board)
            plan.windows.append(PlannedWindow(first + position - 1, ticks, plan.partitions[name], following))
