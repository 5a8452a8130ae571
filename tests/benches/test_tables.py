"""The tables show what was measured beside the right figures of others; every operation has a title and an anchor."""

from __future__ import annotations

from benches.anchors import GUEST_ANCHORS, KERNEL_ANCHORS
from benches.primitives import SPANS, Cost
from benches.tables import TITLES, format_table, kernel_table, linux_table, round_trip, trap_table
from benches.traps import SPANS as TRAP_SPANS
from benches.traps import TrapCost


def test_columns_line_up() -> None:
    assert format_table("T", ("what", "n"), [("a", "1"), ("longer", "234")]).splitlines() == [
        "T",
        "what      n",
        "------  ---",
        "a         1",
        "longer  234",
    ]


def test_every_operation_has_a_title_and_every_kernel_operation_an_anchor() -> None:
    assert set(SPANS) <= set(KERNEL_ANCHORS)
    assert set(SPANS) | set(TRAP_SPANS) | set(GUEST_ANCHORS) <= set(TITLES)


def test_a_round_trip_is_both_ways_and_two_svc() -> None:
    costs = {"call": Cost(167, 1, 0, 7), "reply_receive": Cost(211, 2, 0, 6)}
    assert round_trip(costs) == Cost(380, 3, 0, 13)


def test_a_kernel_row_has_measured_recorded_and_anchors() -> None:
    table = kernel_table({"null_call": Cost(95, 0, 1, 2)}, {"kernel.null_call.instructions": 99.0})
    assert table.splitlines()[-1].split() == ["null", "system", "call", "95", "99", "91", "-", "45", "0", "1", "2"]


def test_a_trap_row_has_the_whole_way() -> None:
    cost = TrapCost(172, 203, 375, 52, 2, 0, 0, 25)
    row = trap_table({"guest_device_read": cost}).splitlines()[-1]
    assert row.split()[3:] == [
        "427",
        "172",
        "52",
        "375",
        "2",
        "0",
        "0",
        "25",
        "603",
        "2370",
        "553",
        "+",
        "628",
        "+",
        "786",
    ]


def test_a_linux_row_has_the_ratio() -> None:
    row = linux_table({"getppid": 500.0}, {"getppid": 501.0}, {}).splitlines()[-1]
    assert row.split() == ["getppid", "500.0", "501.0", "1.0020", "-", "1.0007", "1.0004", "1.002"]


def test_absolute_anchors_become_ratios() -> None:
    row = linux_table({"device_read": 5.0}, {"device_read": 427.0}, {}).splitlines()[-1]
    assert row.split()[-4:] == ["-", "120.6", "120.6", "474"]
