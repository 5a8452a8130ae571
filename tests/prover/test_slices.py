"""A goal is run again when what it reaches changes, and only then."""

from __future__ import annotations

import pytest

from keelback.prover.slices import Slices, lines_for_case

MODULE = """
%Row = type { i32 }

@table = global [4 x %Row] zeroinitializer
@other = global i32 0

define i64 @dispatch(i64 %number, ptr %core) #0 !dbg !7 {
entry:
  %is_one = icmp eq i64 %number, 1
  br i1 %is_one, label %one, label %more, !prof !9

one:                                              ; preds = %entry
  %first = call i64 @first(ptr %core), !dbg !11
  ret i64 %first

more:                                             ; preds = %entry
  switch i64 %number, label %unknown [
    i64 2, label %two
    i64 3, label %three
  ]

two:                                              ; preds = %more
  %second = call i64 @second()
  ret i64 %second

three:                                            ; preds = %more
  %both = call i64 @"third one"()
  ret i64 %both

unknown:                                          ; preds = %more
  ret i64 0
}

define i64 @first(ptr %p) #0 {
  %v = load i64, ptr @table
  ret i64 %v
}

define i64 @second() #1 {
  ret i64 2
}

define i64 @"third one"() #1 {
  %v = load i32, ptr @other
  %w = call i64 @second()
  ret i64 %w
}

attributes #0 = { nounwind }
attributes #1 = { noinline }

!7 = !DILocation(line: 7)
"""

CASES = (1, 2, 3, 4)


def fingerprints(text: str) -> list[str]:
    slices = Slices(text)
    return [slices.fingerprint("dispatch", case) for case in CASES]


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("ret i64 2", "ret i64 3", {2, 3}),
        ("load i32, ptr @other", "load volatile i32, ptr @other", {3}),
        ("@other = global i32 0", "@other = global i32 1", {3}),
        ("load i64, ptr @table", "load volatile i64, ptr @table", {1}),
        ("ret i64 0", "ret i64 7", {4}),
        ("{ noinline }", "{ noinline cold }", {2, 3}),
        ("type { i32 }", "type { i64 }", {1, 2, 3, 4}),
        ("icmp eq i64 %number, 1", "icmp ne i64 %number, 1", {1, 2, 3, 4}),
        ("i64 2, label %two", "i64 2, label %unknown", {2, 3, 4}),
    ],
)
def test_what_is_reached_counts(old: str, new: str, changed: set[int]) -> None:
    assert MODULE.count(old) == 1
    before, after = fingerprints(MODULE), fingerprints(MODULE.replace(old, new))
    assert {case for case, one, other in zip(CASES, before, after, strict=True) if one != other} == changed


def test_source_lines_and_numbers_of_attributes_do_not_count() -> None:
    moved = MODULE.replace("!dbg !7", "!dbg !8").replace("!11", "!12").replace("line: 7", "line: 9")
    renumbered = moved.replace("#1", "#5").replace("#0", "#1")
    assert fingerprints(renumbered) == fingerprints(MODULE)


def test_without_a_case_everything_counts() -> None:
    text = MODULE.replace("ret i64 0", "ret i64 7")
    assert Slices(text).fingerprint("dispatch") != Slices(MODULE).fingerprint("dispatch")
    assert Slices(text).fingerprint("second") == Slices(MODULE).fingerprint("second")


def test_an_unknown_condition_leads_both_ways() -> None:
    text = MODULE.replace("icmp eq i64 %number, 1", "icmp eq i64 %unknown, 1")
    lines = "\n".join(lines_for_case(Slices(text).definitions["dispatch"], 2))
    assert "@first" in lines and "@second" in lines and "third" not in lines


def test_the_number_is_followed_into_who_gets_it() -> None:
    inner = MODULE.replace("@dispatch(i64 %number, ptr %core)", "@inner(i64 %number, ptr %core)")
    outer = """
define i64 @dispatch(i64 noundef %p0) {
  %v = call i64 @inner(i64 %p0, ptr null)
  ret i64 %v
}
"""
    changed = inner.replace("ret i64 2", "ret i64 3")
    before, after = fingerprints(inner + outer), fingerprints(changed + outer)
    assert [one != other for one, other in zip(before, after, strict=True)] == [False, True, True, False]
    swapped = outer.replace("i64 %p0, ptr", "i64 7, ptr")
    before, after = fingerprints(inner + swapped), fingerprints(changed + swapped)
    assert all(one != other for one, other in zip(before, after, strict=True))
