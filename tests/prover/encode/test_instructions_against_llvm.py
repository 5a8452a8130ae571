"""The executor against the real thing: every IR instruction that it models, compiled by LLVM for this machine and run
on random values, gives what the formula gives, wherever the formula says that the result is defined."""

from __future__ import annotations

import ctypes
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import llvmlite.binding as llvm
import pytest

from keelback.prover.campaign import compile_kernel
from keelback.prover.encode import Program, Run, parse_module
from keelback.prover.encode import terms as t
from keelback.prover.encode.evaluation import Interpretation, evaluate
from keelback.prover.encode.module import CallTarget, Module

WIDTHS = (8, 16, 32, 64)
ROUNDS = 120
MANY = 2000
"""Random states of each instruction and width, with a defined result, in the long run."""
DRAWS = 400_000
"""So many are drawn at most: of `lshr exact`, one in ten is defined."""
CORNERS = (0, 1, 2, 3, 7, 8, 31, 32, 63, 64, 127, 128, 255, 1 << 31, 1 << 32, 1 << 63, (1 << 63) - 1, (1 << 64) - 1)

BINARY = ("add", "sub", "mul", "udiv", "urem", "sdiv", "srem", "and", "or", "xor", "shl", "lshr", "ashr")
FLAGGED = (
    "add nuw",
    "add nsw",
    "sub nuw",
    "sub nsw",
    "mul nuw",
    "mul nsw",
    "shl nuw",
    "shl nsw",
    "or disjoint",
    "udiv exact",
    "sdiv exact",
    "lshr exact",
    "ashr exact",
)
PREDICATES = ("eq", "ne", "ult", "ule", "ugt", "uge", "slt", "sle", "sgt", "sge", "samesign ult")
TWO = ("umin", "umax", "smin", "smax", "uadd.sat", "usub.sat")
COUNTS = ("ctlz", "cttz")
ONE = ("ctpop", "bitreverse")


def bodies() -> dict[str, str]:
    """Instructions that make %r, an i64, from %x and %y of some width, by what they test."""
    made: dict[str, str] = {}
    for width in WIDTHS:
        kind = f"i{width}"
        ready = f"  %x = trunc i64 %a to {kind}\n  %y = trunc i64 %b to {kind}\n" if width < 64 else ""
        x, y = ("%x", "%y") if width < 64 else ("%a", "%b")
        wide = f"  %r = zext {kind} %v to i64\n" if width < 64 else "  %r = add i64 %v, 0\n"
        for op in (*BINARY, *FLAGGED):
            made[f"{op} {kind}"] = f"{ready}  %v = {op} {kind} {x}, {y}\n{wide}"
        for predicate in PREDICATES:
            made[f"icmp {predicate} {kind}"] = (
                f"{ready}  %v = icmp {predicate} {kind} {x}, {y}\n  %r = zext i1 %v to i64\n"
            )
        for name in TWO:
            made[f"{name} {kind}"] = f"{ready}  %v = call {kind} @llvm.{name}.{kind}({kind} {x}, {kind} {y})\n{wide}"
        for name in COUNTS:
            made[f"{name} {kind}"] = f"{ready}  %v = call {kind} @llvm.{name}.{kind}({kind} {x}, i1 false)\n{wide}"
        for name in (*ONE, *(["bswap"] if width > 8 else [])):
            made[f"{name} {kind}"] = f"{ready}  %v = call {kind} @llvm.{name}.{kind}({kind} {x})\n{wide}"
        made[f"abs {kind}"] = f"{ready}  %v = call {kind} @llvm.abs.{kind}({kind} {x}, i1 false)\n{wide}"
        for name in ("fshl", "fshr"):
            call = f"call {kind} @llvm.{name}.{kind}({kind} {x}, {kind} {y}, {kind} {y})"
            made[f"{name} {kind}"] = f"{ready}  %v = {call}\n{wide}"
        for name in ("uadd", "usub", "umul", "sadd", "ssub", "smul"):
            call = f"call {{ {kind}, i1 }} @llvm.{name}.with.overflow.{kind}({kind} {x}, {kind} {y})"
            for part, result in enumerate((kind, "i1")):
                ending = f"  %v = extractvalue {{ {kind}, i1 }} %p, {part}\n"
                last = wide if part == 0 else "  %r = zext i1 %v to i64\n"
                made[f"{name}.with.overflow {kind} {result}"] = f"{ready}  %p = {call}\n{ending}{last}"
        for other in WIDTHS:
            if other > width:
                made[f"sext {kind} i{other}"] = f"{ready}  %s = sext {kind} {x} to i{other}\n" + (
                    f"  %r = zext i{other} %s to i64\n" if other < 64 else "  %r = add i64 %s, 0\n"
                )
                made[f"zext nneg {kind} i{other}"] = f"{ready}  %s = zext nneg {kind} {x} to i{other}\n" + (
                    f"  %r = zext i{other} %s to i64\n" if other < 64 else "  %r = add i64 %s, 0\n"
                )
    made["select"] = "  %c = icmp ult i64 %a, %b\n  %r = select i1 %c, i64 %a, i64 %b\n"
    made["freeze"] = "  %r = freeze i64 %a\n"
    made["trunc nuw"] = "  %v = trunc nuw i64 %a to i8\n  %r = zext i8 %v to i64\n"
    made["insertvalue"] = (
        "  %p = insertvalue { i64, i64 } poison, i64 %a, 0\n  %q = insertvalue { i64, i64 } %p, i64 %b, 1\n"
        "  %m = extractvalue { i64, i64 } %q, 0\n  %n = extractvalue { i64, i64 } %q, 1\n  %r = sub i64 %n, %m\n"
    )
    return made


BODIES = bodies()


def declarations() -> str:
    """Of the intrinsics that the bodies call."""
    lines: list[str] = []
    for width in WIDTHS:
        kind = f"i{width}"
        lines += [f"declare {kind} @llvm.{name}.{kind}({kind}, {kind})" for name in TWO]
        lines += [f"declare {kind} @llvm.{name}.{kind}({kind}, i1)" for name in (*COUNTS, "abs")]
        lines += [f"declare {kind} @llvm.{name}.{kind}({kind})" for name in (*ONE, *(["bswap"] if width > 8 else []))]
        lines += [f"declare {kind} @llvm.{name}.{kind}({kind}, {kind}, {kind})" for name in ("fshl", "fshr")]
        for name in ("uadd", "usub", "umul", "sadd", "ssub", "smul"):
            lines.append(f"declare {{ {kind}, i1 }} @llvm.{name}.with.overflow.{kind}({kind}, {kind})")
    return "\n".join([*lines, ""])


Native = Callable[[str, int, int], int]


def text_of(functions: dict[str, str]) -> str:
    parts = [
        f"define i64 @{name}(i64 %a, i64 %b) {{\nentry:\n{body}  ret i64 %r\n}}\n" for name, body in functions.items()
    ]
    return declarations() + "".join(parts)


NAMES = {test: f"f{number}" for number, test in enumerate(BODIES)}
TEXT = text_of({NAMES[test]: body for test, body in BODIES.items()})


def compile_natively(text: str) -> Native:
    """Functions of two words, compiled for this machine."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    module = llvm.parse_assembly(text)
    machine = llvm.Target.from_default_triple().create_target_machine()
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()

    def call(name: str, a: int, b: int) -> int:
        prototype = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint64)
        return int(prototype(engine.get_function_address(name))(a, b))

    return call


@pytest.fixture(scope="module")
def native() -> Native:
    return compile_natively(TEXT)


@pytest.fixture(scope="module")
def program() -> Program:
    return Program(parse_module(TEXT), {})


def words(seed: str, rounds: int = ROUNDS) -> Iterator[tuple[int, int]]:
    source = random.Random(seed)

    def word() -> int:
        return (
            source.choice(CORNERS) if source.random() < 0.5 else source.getrandbits(source.choice((4, 8, 16, 32, 64)))
        )

    return ((word(), word()) for _ in range(rounds))


def meaning(**symbols: int) -> Interpretation:
    return Interpretation(lambda name, _: symbols[name], lambda name, given, width: 0)


def compared(test: str, program: Program, native: Native, rounds: int, enough: int) -> int:
    """In how many random states the formula's result was compared with the machine's: those where it is defined."""
    run = Run(program)
    outcome = run.start(NAMES[test], [t.symbol("a", 64), t.symbol("b", 64)])
    assert isinstance(outcome.value, t.Term)
    claims = [t.implies(o.guard, o.condition) for o in run.obligations]
    defined = 0
    for a, b in words(test, rounds):
        values = evaluate([outcome.value, *claims], meaning(a=a, b=b))
        if all(values[claim] for claim in claims):
            defined += 1
            assert values[outcome.value] == native(NAMES[test], a, b), (test, a, b)
        if defined == enough:
            break
    return defined


@pytest.mark.parametrize("test", BODIES)
def test_instruction_computes_what_the_machine_computes(test: str, program: Program, native: Native) -> None:
    assert compared(test, program, native, ROUNDS, ROUNDS) >= 3


@pytest.mark.slow
def test_each_instruction_agrees_with_the_machine_in_thousands_of_states(program: Program, native: Native) -> None:
    counts = Counter({test: compared(test, program, native, DRAWS, MANY) for test in BODIES})
    print(f"{counts.total():,} states of {len(counts)} instructions, of each at least {min(counts.values()):,}")
    assert min(counts.values()) == MANY, counts.most_common()[-5:]


ELSEWHERE = {"br", "switch", "phi", "ret", "unreachable", "load", "store", "getelementptr", "ptrtoint", "inttoptr"}
"""Compared in functions of several instructions: LOOP, MEMORY."""
EFFECTS = ("lifetime.", "memset", "memcpy", "assume", "trap", "experimental.noalias")


def test_what_the_kernel_is_made_of_is_compared(tmp_path: Path) -> None:
    """But for inline assembly, which this machine does not have, and calls of functions."""
    kernel = parse_module(compile_kernel(tmp_path / "kernel.o").ir.read_text())
    used = operations_of(kernel)
    assert {"add", "icmp", "load", "llvm.umin"} <= used
    missing = used - operations_of(parse_module(TEXT)) - ELSEWHERE
    assert not {name for name in missing if not name.removeprefix("llvm.").startswith(EFFECTS)}


def operations_of(module: Module) -> set[str]:
    """The names of instructions, and of LLVM's functions that they call."""
    made: set[str] = set()
    for function in module.functions.values():
        for instruction in (i for block in function.blocks.values() for i in block):
            if not isinstance(instruction.detail, CallTarget):
                made.add(instruction.op)
            elif instruction.detail.name.startswith("llvm."):
                made.add(re.sub(r"(\.(i\d+|p0|v\d+i\d+))+$", "", instruction.detail.name))
    return made


LOOP = """
define i64 @f(i64 %a, i64 %b) {
entry:
  br label %head

head:                                             ; preds = %next, %entry
  %n = phi i64 [ 0, %entry ], [ %n1, %next ]
  %s = phi i64 [ %a, %entry ], [ %s2, %next ]
  %odd = trunc i64 %s to i1
  br i1 %odd, label %next, label %even

even:                                             ; preds = %head
  %half = lshr i64 %s, 1
  br label %next

next:                                             ; preds = %head, %even
  %s1 = phi i64 [ %half, %even ], [ %s, %head ]
  %s2 = add i64 %s1, %b
  %n1 = add i64 %n, 1
  %done = icmp eq i64 %n1, 5
  br i1 %done, label %end, label %head

end:                                              ; preds = %next
  switch i64 %b, label %other [
    i64 1, label %one
    i64 2, label %one
    i64 3, label %three
  ]

one:                                              ; preds = %end, %end
  ret i64 %s2

three:                                            ; preds = %end
  br label %other

other:                                            ; preds = %three, %end
  %r = phi i64 [ %n1, %end ], [ %s1, %three ]
  ret i64 %r
}
"""


def test_loops_branches_and_phis_take_the_paths_of_the_machine() -> None:
    native = compile_natively(LOOP)
    outcome = Run(Program(parse_module(LOOP), {})).start("f", [t.symbol("a", 64), t.symbol("b", 64)])
    assert isinstance(outcome.value, t.Term)
    for a, b in [*words("loop", MANY), *((a, b % 4) for a, b in words("switch", MANY))]:
        assert evaluate([outcome.value], meaning(a=a, b=b))[outcome.value] == native("f", a, b)


MEMORY = """
%row = type { i64, [3 x i32], i8, i8 }

@rows = global [5 x %row] zeroinitializer

define i64 @f(i64 %a, i64 %b) {
entry:
  %i = urem i64 %a, 5
  %j = urem i64 %b, 3
  %k = urem i64 %b, 5
  %p = getelementptr inbounds [5 x %row], ptr @rows, i64 0, i64 %i, i32 1, i64 %j
  %v = trunc i64 %b to i32
  store i32 %v, ptr %p, align 4
  %q = getelementptr inbounds %row, ptr @rows, i64 %k
  store i64 %a, ptr %q, align 8
  %q1 = getelementptr i8, ptr %q, i64 8
  store i64 %b, ptr %q1, align 4
  %q2 = getelementptr i8, ptr %q, i64 21
  store i8 7, ptr %q2, align 1
  %c = icmp ult i64 %a, %b
  %s = select i1 %c, ptr %q, ptr %p
  %w = load i32, ptr %s, align 4
  store i32 9, ptr %s, align 4
  %x = load i32, ptr %p, align 4
  %y = load i64, ptr %q, align 8
  call void @llvm.memset.p0.i64(ptr align 8 %q, i8 3, i64 12, i1 false)
  %z = load i32, ptr %p, align 4
  call void @llvm.memcpy.p0.p0.i64(ptr align 8 @rows, ptr align 8 %q, i64 24, i1 false)
  %u = load i64, ptr getelementptr inbounds (i8, ptr @rows, i64 16), align 8
  %w64 = zext i32 %w to i64
  %x64 = zext i32 %x to i64
  %z64 = zext i32 %z to i64
  %r0 = mul i64 %w64, 31
  %r1 = add i64 %r0, %x64
  %r2 = mul i64 %r1, 31
  %r3 = add i64 %r2, %y
  %r4 = mul i64 %r3, 31
  %r5 = add i64 %r4, %z64
  %r6 = xor i64 %r5, %u
  %r7 = and i64 %r6, 281474976710655
  ret i64 %r7
}

define i64 @clear(i64 %a, i64 %b) {
entry:
  call void @llvm.memset.p0.i64(ptr align 8 @rows, i8 0, i64 120, i1 false)
  ret i64 0
}

declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)

declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
"""


def test_memory_reads_what_was_written_at_every_size_and_offset() -> None:
    run = Run(Program(parse_module(MEMORY), {}))
    outcome = run.start("f", [t.symbol("a", 64), t.symbol("b", 64)])
    assert isinstance(outcome.value, t.Term)
    claims = [t.implies(o.guard, o.condition) for o in run.obligations]
    zero = Interpretation(lambda name, _: {"a": a, "b": b}.get(name, 0), lambda name, given, width: 0)
    native = compile_natively(MEMORY)
    for a, b in words("memory", MANY):
        native("clear", 0, 0)
        values = evaluate([outcome.value, *claims], zero)
        assert all(values[claim] for claim in claims)
        assert values[outcome.value] == native("f", a, b), (a, b)
