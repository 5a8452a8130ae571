"""The longest path of small kernels whose length can be counted by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from keelback.abi import syscalls
from keelback.reports.latency import Latency, UnboundedCode, measure_latency
from tests.reports.latency.assembled import assemble

JUMP_IN = 1
"""Every test's code is reached from its vector by one branch."""


def length(found: Latency, name: str) -> int:
    """The bound of an entry, without the branch from the vector."""
    return next(bound.instructions for bound in found.bounds if bound.name == name) - JUMP_IN


def bound(folder: Path, call: str, functions: str = "", name: str = "NULL") -> int:
    """The bound of a call that executes this."""
    return length(measure_latency(assemble(folder, call, functions=functions)), name)


def test_a_straight_line_counts_its_instructions(tmp_path: Path) -> None:
    assert bound(tmp_path, "nop\nadd x0, x1, x2\nmsr tpidr_el2, x0\neret") == 4


@pytest.mark.parametrize("branch", ["cbz x0, 1f", "tbnz x0, #63, 1f", "cmp x0, x1\nb.gt 1f", "cmp x0, #0\nb.eq 1f"])
def test_the_longer_way_counts(tmp_path: Path, branch: str) -> None:
    assert bound(tmp_path, f"{branch}\nnop\nnop\nnop\neret\n1: nop\neret") == branch.count("\n") + 1 + 4


def test_each_call_has_its_own_way(tmp_path: Path) -> None:
    call = f"""
    mrs x9, esr_el2
    and x9, x9, #0xffff
    cmp x9, #{syscalls.CALL}
    b.eq 1f
    cmp x9, #{syscalls.SIGNAL}
    b.eq 2f
    eret
1:  nop
2:  nop
    eret"""
    found = measure_latency(assemble(tmp_path, call))
    assert length(found, "NULL") == 7
    assert length(found, "CALL") == 4 + 3
    assert length(found, "SIGNAL") == 6 + 2


def test_the_number_is_known_through_calls_stack_and_table_of_jumps(tmp_path: Path) -> None:
    call = """
    mrs x9, esr_el2
    and x19, x9, #0xffff
    str x19, [sp, #-16]!
    mov x19, xzr
    bl forget
    ldr x19, [sp], #16
    cmp x19, #3
    b.hi 9f
    adr x9, jumps
    ldrb w10, [x9, x19]
    adr x11, 1f
    add x11, x11, x10, lsl #2
    br x11
1:  nop
2:  nop
3:  nop
9:  eret"""
    functions = "forget: mov x0, x19\nret\njumps: .byte 0, 1, 2, 3\n.balign 4"
    found = measure_latency(assemble(tmp_path, call, functions=functions))
    common = 8 + 2 + 5
    assert [length(found, name) for name in ("CALL", "NULL", "RECEIVE", "UNLINK")] == [
        common + 3 + 1,
        common + 2 + 1,
        common + 1 + 1,
        common + 1,
    ]
    assert length(found, "SIGNAL") == 8 + 2 + 1


@pytest.mark.parametrize(
    ("before", "body", "rounds"),
    [
        ("mov x9, xzr", "add x9, x9, #1\ncmp x9, #7\nb.ne 1b", 7),
        ("mov w9, #7", "nop\nsubs w9, w9, #1\nb.ne 1b", 7),
        ("adr x9, _start", "add x9, x9, #16\ncmp x9, x10\nb.lo 1b", 4),
        ("mov x9, #0", "mvn x11, x9\nadd x9, x9, #2\ncmn x11, #9\nb.ne 1b", 5),
        ("ldrb w11, [x0]\nmov w9, #0", "add w9, w9, #1\ncmp w9, w11\nb.lo 1b", 255),
    ],
)
def test_counted_loops(tmp_path: Path, before: str, body: str, rounds: int) -> None:
    before = "adr x10, _start + 64\n" + before
    expected = before.count("\n") + 1 + rounds * (body.count("\n") + 1) + 1
    assert bound(tmp_path, f"{before}\n1: {body}\neret") == expected


def test_a_loop_with_calls_and_a_loop_in_it(tmp_path: Path) -> None:
    functions = "inner: mov x1, #3\n2: sub x1, x1, #1\ncbnz x1, 2b\nret"
    assert (
        bound(tmp_path, "mov x19, #5\n1: bl inner\nsubs x19, x19, #1\nb.ne 1b\neret", functions) == 1 + 5 * (3 + 8) + 1
    )


@pytest.mark.parametrize("result", [0, 1])
def test_what_a_call_returned_tells_how_long_it_took(tmp_path: Path, result: int) -> None:
    functions = f"""
ask: ldr x1, [x2]
    cbz x1, 1f
    nop
    nop
    nop
    mov x0, #{1 - result}
    b 2f
1:  mov x0, #{result}
2:  ret"""
    call = f"bl ask\nmov x3, x0\nnop\nb 1f\n1: cmp x3, #{result}\nb.ne 2f\nnop\nnop\n2: eret"
    common = 1 + 2 + 1 + 5 + 1  # the call, its ends, what is behind it
    assert bound(tmp_path, call, functions) == common + 1 + 4


def test_a_result_that_depends_on_memory_does_not(tmp_path: Path) -> None:
    functions = "ask: ldr x0, [x2]\nldr x1, [x2]\ncbz x1, 1f\nnop\nnop\nnop\n1: ret"
    call = "bl ask\nmov x3, x0\ncbz x3, 2f\nnop\nnop\n2: eret"
    assert bound(tmp_path, call, functions) == 1 + 7 + 4 + 1


def test_another_functions_end_can_be_jumped_to(tmp_path: Path) -> None:
    functions = "first: nop\nb second\nsecond: nop\nnop\nret"
    assert bound(tmp_path, "bl first\neret", functions) == 1 + 2 + 3 + 1


def test_what_stops_the_kernel_is_not_counted(tmp_path: Path) -> None:
    functions = "kernel_panic: b kernel_panic"
    assert bound(tmp_path, "cbz x0, 1f\neret\n1: nop\nnop\nnop\nbrk #1", functions) == 2
    assert bound(tmp_path, "cbz x0, 1f\neret\n1: nop\nnop\nnop\nbl kernel_panic", functions) == 2


def test_a_lock_counts_once_and_is_told(tmp_path: Path) -> None:
    lock = "1: ldaxr w10, [x9]\ncbnz w10, 1b\nstxr w10, w9, [x9]\ncbnz w10, 1b\nstlr wzr, [x9]\neret"
    found = measure_latency(assemble(tmp_path, lock))
    assert length(found, "NULL") == 6
    assert found.waits
    assert not measure_latency(assemble(tmp_path, "eret")).waits


def test_waiting_for_an_interrupt_begins_a_new_path(tmp_path: Path) -> None:
    call = "cbz x0, 2f\neret\n2: nop\n1: wfi\nnop\nnop\nnop\nldr x0, [x1]\ncbz x0, 1b\neret"
    found = measure_latency(assemble(tmp_path, call))
    assert length(found, "NULL") == 3
    assert length(found, "waking a core that waits") + JUMP_IN == 6


def test_each_interrupt_has_its_own_way(tmp_path: Path) -> None:
    interrupt = "mrs x0, icc_iar1_el1\nand x0, x0, #0xffffff\ncmp x0, #32\nb.hs 1f\neret\n1: nop\nnop\neret"
    found = measure_latency(assemble(tmp_path, "eret", interrupt))
    assert length(found, "kernel's timer (26)") == 5
    assert length(found, "device (32-1019)") == 7
    assert found.masked == 7 + JUMP_IN
    assert found.interrupt == 2 * (7 + JUMP_IN)


def test_recursion_is_refused_with_its_cycle(tmp_path: Path) -> None:
    functions = "one: cbz x0, 1f\nbl two\n1: ret\ntwo: bl one\nret"
    with pytest.raises(UnboundedCode, match="recursion: one -> two -> one"):
        bound(tmp_path, "bl one\neret", functions)


@pytest.mark.parametrize(
    "loop",
    [
        "1: ldr x1, [x0]\ncbnz x1, 1b",
        "mov x1, #3\n1: add x1, x1, #0\ncmp x1, #4\nb.ne 1b",
        "1: ldr x0, [x0]\ncmp x0, x2\nb.ne 1b",
    ],
)
def test_a_loop_without_bound_is_refused_with_its_function(tmp_path: Path, loop: str) -> None:
    with pytest.raises(UnboundedCode, match=r"search .*no bound is known for the loop"):
        bound(tmp_path, "bl search\neret", f"search: nop\n{loop}\nret")


def test_a_jump_to_anywhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnboundedCode, match="cannot tell where `br x0`"):
        bound(tmp_path, "ldr x0, [x1]\nbr x0")


def test_a_return_to_another_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnboundedCode, match="not to its caller"):
        bound(tmp_path, "bl odd\neret", "odd: adr x30, _start\nret")
