"""Goals on small kernels: what is proven, what is refuted and how, and what is known from before."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from keelback.lang import Array, Layout, Struct, array, layout_of, struct, u32
from keelback.prover.campaign import chosen, run_jobs
from keelback.prover.encode import Obligation, Run, Term
from keelback.prover.encode import terms as t
from keelback.prover.goals import (
    NOT_MODELLED,
    PROPERTIES,
    PROVEN,
    REFUTED,
    UNKNOWN,
    Goal,
    Job,
    Result,
    goals_of,
    prepare,
    prove,
    settle_clauses,
    whole_status,
)

STATE = "keelback.kernel.state"


@struct
class Thread(Struct):
    next: u32 = u32(0)
    alive: bool = False


threads: Array[Thread] = array(Thread, 6)
LAYOUTS = {f"{STATE}.threads": layout_of(threads).to_json()}


def kernel(body: str) -> str:
    """Marks the thread behind thread %n (below 6) as alive, if `body` lets it."""
    return f"""
%Thread = type {{ i32, i8 }}

@{STATE}.threads = global [6 x %Thread] zeroinitializer

define void @kernel_mark(i32 %n) {{
entry:
  %wrong = icmp ugt i32 %n, 5
  br i1 %wrong, label %end, label %good

good:                                             ; preds = %entry
  %i = zext i32 %n to i64
  %p = getelementptr inbounds %Thread, ptr @{STATE}.threads, i64 %i
  %next = load i32, ptr %p
{body}
  %j = zext i32 %next to i64
  %q = getelementptr inbounds %Thread, ptr @{STATE}.threads, i64 %j, i32 1
  store i8 1, ptr %q
  br label %end

end:                                              ; preds = %good, %entry
  ret void
}}
"""


def job(text: str, kind: str) -> Job:
    return Job(Goal("kernel_mark", kind), text, LAYOUTS, 10.0)


def test_layouts_of_the_test_are_layouts() -> None:
    assert Layout.from_json(LAYOUTS[f"{STATE}.threads"]).count == 6


def test_an_index_from_a_field_is_in_its_table_because_ranges_hold_and_are_kept() -> None:
    for kind in ("no-trap", "ranges"):
        result = prove(job(kernel(""), kind))
        assert (result.status, result.findings) == (PROVEN, ())


def test_without_its_range_the_same_access_fails_and_the_state_is_shown() -> None:
    result = prove(job(kernel("").replace("icmp ugt i32 %n, 5", "icmp ugt i32 %n, 6"), "no-trap"))
    assert result.status == REFUTED
    (found, *_) = result.findings
    assert found.kind == "bounds" and found.state["n"] == 6
    assert found.where.startswith(f"index of {STATE}.threads.next below 6: kernel_mark, no line: %next = load")


def test_a_trap_that_can_be_reached_is_found() -> None:
    body = """
  %last = icmp eq i32 %next, 5
  br i1 %last, label %bad, label %fine

bad:                                              ; preds = %good
  call void asm sideeffect "brk #50", ""()
  unreachable

fine:                                             ; preds = %good
"""
    result = prove(job(kernel(body).replace("preds = %good, %entry", "preds = %fine, %entry"), "no-trap"))
    assert result.status == REFUTED
    (found,) = result.findings
    number = found.state["n"]
    assert found.kind == "trap" and found.state[f"threads[{number}].next"] == 5


def test_a_value_that_leaves_its_range_is_found() -> None:
    result = prove(job(kernel("  store i32 %n, ptr %p\n"), "ranges"))
    assert result.status == PROVEN
    result = prove(job(kernel("  %more = add i32 %n, 1\n  store i32 %more, ptr %p\n"), "ranges"))
    assert result.status == REFUTED
    assert [found.state for found in result.findings] == [{"n": 5}]


NUMBER = t.symbol("number", 8)
CLAIMS = [
    Obligation(t.TRUE, t.ult(NUMBER, t.const(limit, 8)), "row", name)
    for limit, name in ((10, "kept"), (4, "broken"), (12, "kept"), (20, "kept too"))
]


def settled(*known: Term) -> tuple[dict[str, str], list[str]]:
    run = Run(prepare(kernel(""), LAYOUTS))
    clauses, findings, _ = settle_clauses(run, [lambda _: list(known)], CLAIMS, 10.0)
    return clauses, [found.where for found in findings]


def test_invariants_are_decided_each_by_itself() -> None:
    clauses, found = settled(t.ult(NUMBER, t.const(10, 8)))
    assert clauses == {"kept": PROVEN, "broken": REFUTED, "kept too": PROVEN}
    assert found == ["broken"]
    kept = Result("map::invariants", whole_status(clauses.values()), 1.0, clauses=clauses)
    assert kept.status == REFUTED and Result.from_json(kept.to_json()) == kept


def test_no_invariant_is_proven_from_what_contradicts_itself() -> None:
    clauses, found = settled(t.ult(NUMBER, t.const(3, 8)), t.ult(t.const(5, 8), NUMBER))
    assert (set(clauses.values()), found) == ({UNKNOWN}, [])
    assert whole_status(clauses.values()) == UNKNOWN


def test_less_may_be_assumed_but_nothing_that_contradicts_itself() -> None:
    run = Run(prepare(kernel(""), LAYOUTS))
    contradiction = [t.ult(NUMBER, t.const(3, 8)), t.ult(t.const(5, 8), NUMBER)]
    fewer = [t.ult(NUMBER, t.const(10, 8))]
    clauses, _, _ = settle_clauses(
        run, [lambda _: contradiction, lambda _: contradiction, lambda _: fewer], CLAIMS, 10.0
    )
    assert clauses == {"kept": PROVEN, "broken": UNKNOWN, "kept too": PROVEN}


def test_what_is_not_modelled_is_not_proven() -> None:
    result = prove(job(kernel('  call void asm sideeffect "cas x0, x1, [x2]", ""()\n'), "no-trap"))
    assert result.status == NOT_MODELLED and "assembly with cas: kernel_mark" in result.reason


def test_goals_are_chosen_by_entry_call_property_or_whole_name() -> None:
    text = kernel("") + "define void @kernel_system_call(i64 %n) {\nentry:\n  ret void\n}\n"
    jobs = [Job(goal, text, LAYOUTS, 1.0) for goal in goals_of(text, {"null": 0, "map": 3})]
    names = [goal.goal.name for goal in jobs]
    everything = ("null", "map", "unknown_call", "kernel_mark")
    assert names == [f"{which}::{kind}" for which in everything for kind in PROPERTIES]
    assert [found.goal.name for found in chosen(jobs, ["map", "::ranges"])] == [
        "null::ranges",
        "map::no-trap",
        "map::ranges",
        "map::invariants",
        "unknown_call::ranges",
        "kernel_mark::ranges",
    ]
    assert chosen(jobs, ["map::ranges"])[0].goal.case == 3


def test_results_are_kept_until_the_code_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEELBACK_CACHE", str(tmp_path))
    with ThreadPoolExecutor(1) as executor:
        first = list(run_jobs([job(kernel(""), "ranges")], executor))
        again = list(run_jobs([job(kernel(""), "ranges")], executor))
        other = list(run_jobs([job(kernel("  store i32 %n, ptr %p\n"), "ranges")], executor))
    assert [known for _, known in (*first, *again, *other)] == [False, True, False]
    assert first[0][0] == again[0][0]


def test_nothing_is_said_of_what_an_unknown_address_leads_to() -> None:
    lost = "define void @kernel_mark(ptr %p) {\nentry:\n  store i8 1, ptr %p\n  ret void\n}\n"
    text = "%Thread = type { i32, i8 }\n" + f"@{STATE}.threads = global [6 x %Thread] zeroinitializer\n" + lost
    for kind in ("ranges", "invariants"):
        result = prove(job(text, kind))
        assert result.status == NOT_MODELLED and "an address of which nothing is known" in result.reason
    assert prove(job(text, "no-trap")).status == REFUTED
