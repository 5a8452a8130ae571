"""The tables show what was measured beside the right figures of others; every operation has a title and an anchor."""

from __future__ import annotations

from benches.anchors import GUEST_ANCHORS, KERNEL_ANCHORS
from benches.operations import GUEST_TRAP, GUEST_TRAP_SPAN, OPERATIONS, SPANS
from benches.primitives import Cost
from benches.tables import TITLES, counted_text, different_text, format_table, kernel_table, linux_table, trap_table
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


def test_every_operation_has_its_own_span_and_every_anchor_a_row() -> None:
    assert len(set(SPANS.values())) == len(SPANS)
    assert set(KERNEL_ANCHORS) <= {*OPERATIONS, GUEST_TRAP}
    assert set(TRAP_SPANS) | set(GUEST_ANCHORS) <= set(TITLES)
    assert GUEST_TRAP_SPAN in TRAP_SPANS


def test_a_kernel_row_has_measured_recorded_and_anchors() -> None:
    table = kernel_table({"null_call": Cost(95, 0, 1, 2)}, {"kernel.null_call.instructions": 99.0})
    assert table.splitlines()[-1].split() == ["null", "system", "call", "95", "99", "91", "-", "45", "0", "1", "2"]


def test_every_row_says_what_it_counts() -> None:
    text = counted_text()
    assert all(operation.title in text and operation.counted in text for operation in OPERATIONS.values())


def test_a_build_that_differs_is_named() -> None:
    costs = {"call": Cost(118, 0, 0, 6), "map": Cost(185, 1, 0, 0)}
    assert different_text(costs, costs) == "A build for one core: the same.\n"
    other = {**costs, "map": Cost(180, 1, 0, 0)}
    assert different_text(costs, other).splitlines()[1:] == ["  map a page: 185 and 180"]


def test_a_guest_trap_is_counted_in_the_kernel_only() -> None:
    assert TrapCost(172, 203, 375, 52, 2, 0, 0, 25).in_kernel == Cost(375, 0, 0, 25)


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
