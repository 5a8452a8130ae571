"""What the executor says of programs that can go wrong, wait, poll, or do what it does not model."""

from __future__ import annotations

import pytest

from keelback.prover.encode import Program, Run, UnsupportedError, parse_module
from keelback.prover.encode import terms as t


def run(text: str, *arguments: t.Term, track_effects: bool = False) -> Run:
    made = Run(Program(parse_module(text), {}))
    effect = t.symbol("start", t.EFFECT) if track_effects else None
    made.start("f", list(arguments), effect)
    return made


def function(body: str, rest: str = "") -> str:
    return f"define void @f(i64 %a) {{\nentry:\n{body}}}\n{rest}"


A = t.symbol("a", 64)


def test_a_brk_is_an_obligation_that_names_function_line_and_instruction() -> None:
    text = function(
        "  %c = icmp eq i64 %a, 3, !dbg !1\n  br i1 %c, label %bad, label %good\n\nbad:\n"
        '  call void asm sideeffect "brk #50", ""(), !dbg !1\n  unreachable\n\ngood:\n  ret void\n',
        '!0 = !DIFile(filename: "queue.py", directory: "/k")\n!1 = !DILocation(line: 12, column: 5, scope: !2)\n'
        '!2 = distinct !DISubprogram(name: "f", scope: !0, file: !0, line: 3)\n',
    )
    (found,) = run(text, A).obligations
    assert found.kind == "trap" and found.condition is t.FALSE
    assert found.guard is t.eq(A, t.const(3, 64))
    assert found.where == 'f, queue.py:12: call void asm sideeffect "brk #50", ""()'


def test_an_index_is_shown_to_stay_inside_its_array() -> None:
    text = "@table = global [10 x i32] zeroinitializer\n" + function(
        "  %p = getelementptr inbounds [10 x i32], ptr @table, i64 0, i64 %a\n  store i32 1, ptr %p\n  ret void\n"
    )
    (found,) = run(text, A).obligations
    assert found.kind == "bounds" and found.condition is t.ult(A, t.const(10, 64))


def test_a_pointer_that_is_chosen_is_followed_to_each_place() -> None:
    text = "@one = global i64 0\n@two = global [4 x i64] zeroinitializer\n" + function(
        "  %c = icmp ult i64 %a, 5\n  %p = getelementptr i64, ptr @two, i64 3\n  %q = select i1 %c, ptr @one, ptr %p\n"
        "  store i64 8, ptr %q\n  ret void\n"
    )
    made = run(text, A)
    assert {found.name for found in made.memory.written()} == {"one", "two"}
    node = made.timeline.after([write.node for found in made.memory.written() for write in found.writes])
    at_three = made.memory.read("two", (t.const(3, 2),), node)
    assert at_three is t.ite(t.ult(A, t.const(5, 64)), t.apply("two", [t.const(3, 2)], 64), t.const(8, 64))
    assert made.memory.read("two", (t.const(2, 2),), node) is t.apply("two", [t.const(2, 2)], 64)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('  call void asm sideeffect "cas x0, x1, [x2]", ""()\n  ret void\n', "assembly with cas"),
        ("  %x = fadd double 1.0, 2.0\n  ret void\n", "instruction fadd"),
        ("  %x = load i64, ptr @t, !range !3\n  ret void\n", "metadata range"),
        ("  %x = call i64 @llvm.umul.fix.i64(i64 %a, i64 %a, i32 1)\n  ret void\n", "intrinsic umul.fix"),
        ("  call void @elsewhere()\n  ret void\n", "elsewhere is not in the module"),
        ("  call void @f(i64 %a)\n  ret void\n", "f calls itself"),
    ],
)
def test_what_is_not_modelled_is_an_error_that_names_it(body: str, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message) as caught:
        run("@t = global i64 0\n" + function(body), A)
    assert "f" in str(caught.value)


COUNTING = """
  br label %loop

loop:                                             ; preds = %loop, %entry
  %n = phi i64 [ 0, %entry ], [ %m, %loop ]
  %m = add i64 %n, 1
  %c = icmp eq i64 %m, %a
  br i1 %c, label %end, label %loop

end:                                              ; preds = %loop
  ret void
"""


def test_a_loop_without_a_constant_bound_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="f: a loop of more than 128 rounds, at loop"):
        run(function(COUNTING), A)
    run(function(COUNTING), t.const(100, 64))


POLLING = """
  br label %loop

loop:                                             ; preds = %loop, %entry
  %v = load volatile i32, ptr inttoptr (i64 150994968 to ptr)
  %c = icmp ult i32 %v, 4
  br i1 %c, label %end, label %loop

end:                                              ; preds = %loop
  store volatile i32 %v, ptr inttoptr (i64 150994972 to ptr)
  ret void
"""


def test_polling_a_device_is_one_round_that_stands_for_all() -> None:
    made = run(function(POLLING), A)
    assert made.obligations == []


def test_effects_are_a_history_that_what_is_read_depends_on() -> None:
    text = function(
        '  %x = call i64 asm sideeffect "mrs $0, cntpct_el0", "=r"()\n'
        '  %y = call i64 asm sideeffect "mrs $0, cntpct_el0", "=r"()\n'
        "  store i64 %x, ptr @t\n  store i64 %y, ptr @u\n  ret void\n",
        "",
    )
    made = run("@t = global i64 0\n@u = global i64 0\n" + text, A, track_effects=True)
    first, second = (made.memory.fields[name].writes[0].value for name in ("t", "u"))
    assert isinstance(first, t.Term) and isinstance(second, t.Term)
    assert first.name == second.name == "mrs $0, cntpct_el0 0"
    assert first.arguments[0] is t.symbol("start", t.EFFECT)
    assert second.arguments[0] is t.apply("mrs $0, cntpct_el0", [first.arguments[0]], t.EFFECT)


def test_what_is_undefined_does_no_harm_unless_it_is_selected() -> None:
    body = (
        "  %c = icmp ugt i64 %a, 5\n  %d = sub nuw i64 %a, 5\n  %m = call i64 @llvm.umin.i64(i64 %d, i64 9)\n"
        "  %s = select i1 %c, i64 %m, i64 0\n  store i64 %s, ptr @one\n  ret void\n"
    )
    rest = "declare i64 @llvm.umin.i64(i64, i64)\n@one = global i64 0\n"
    (found,) = run(function(body, rest), A).obligations
    at_least = t.not_(t.ult(A, t.const(5, 64)))
    assert found.condition is t.implies(t.ult(t.const(5, 64), A), at_least)
    (stored,) = run(function(body.replace("i64 %s, ptr", "i64 %d, ptr"), rest), A).obligations
    assert stored.kind == "undefined" and stored.condition is at_least
