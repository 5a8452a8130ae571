"""What calls mean: functions of the module, LLVM's intrinsics, the compiler's bulk helpers, and inline assembly."""

from __future__ import annotations

import re

from keelback.prover.encode import operations
from keelback.prover.encode import terms as t
from keelback.prover.encode.addresses import WORD
from keelback.prover.encode.executor import FunctionRun
from keelback.prover.encode.module import CallTarget, Instruction
from keelback.prover.encode.terms import Term, const
from keelback.prover.encode.types import IRType, StructType, VoidType, width_of
from keelback.prover.encode.walking import EFFECT_KEY, Value

_TYPE_SUFFIX = re.compile(r"\.(i\d+|p\d+)$")
_IGNORED = ("lifetime.start", "lifetime.end", "donothing", "sideeffect", "experimental.noalias.scope.decl")
_BULK = ("keel_copy", "keel_fill")
BULK_LIMIT = 4096


def call(run: FunctionRun, instruction: Instruction, target: CallTarget) -> Value | None:
    if target.template is not None:
        return _assembly(run, instruction, target, target.template)
    if target.name.startswith("llvm."):
        return _intrinsic(run, instruction, target.name[5:])
    arguments = [run.value(operand) for operand in instruction.operands]
    if target.name in _BULK and run.effect is None:
        _bulk(run, instruction, target.name, run.terms(instruction))
        return None
    if _LEAVES.fullmatch(target.name) and target.name in run.state.program.module.declared:
        given = run.terms(instruction)
        run.finish(target.name, [given[number] for number in run.state.program.module.given_to(target.name)])
        return None
    if target.name not in run.state.program.module.functions:
        raise run.unsupported(instruction, f"{target.name} is not in the module")
    if run.state.open_calls:
        return open_call(run, target.name, [part for value in arguments for part in flat(value)], instruction.type)
    outcome = run.state.call(target.name, arguments, run.guard, run.effect, run.node)
    run.guard, run.node = outcome.guard, outcome.node
    if outcome.effect is not None:
        run.values[EFFECT_KEY] = outcome.effect
    return outcome.value


def flat(value: Value) -> list[Term]:
    """The scalars of a value in order."""
    return [value] if isinstance(value, Term) else [part for member in value for part in flat(member)]


def open_call(run: FunctionRun, name: str, arguments: list[Term], kind: IRType) -> Value | None:
    """A call as an effect: it sees arguments and memory, and afterwards memory is what its history makes of it."""
    effect = run.effect
    assert effect is not None
    after = run.values[EFFECT_KEY] = run.state.told(f"call {name}", effect, run.node, arguments)
    run.state.forget_memory(after, run.guard, run.node)
    parts = kind.members if isinstance(kind, StructType) else () if isinstance(kind, VoidType) else (kind,)
    made = [t.apply(f"result {name} {n}", [after], width_of(part)) for n, part in enumerate(parts)]
    function = run.state.program.module.functions[name]
    if function.result_limits is not None and made:
        run.state.hypotheses.append(within(made[0], function.result_limits))
    return tuple(made) if isinstance(kind, StructType) else made[0] if made else None


def within(value: Term, limits: tuple[int, int]) -> Term:
    """LLVM's `range`: from the first up to the second, which may wrap."""
    first, end = (const(limit, value.width) for limit in limits)
    return t.ult(t.sub(value, first), t.sub(end, first))


# ------------------------------------------------------------------------------------------------------- intrinsics


def _intrinsic(run: FunctionRun, instruction: Instruction, name: str) -> Value | None:
    while _TYPE_SUFFIX.search(name):
        name = _TYPE_SUFFIX.sub("", name)
    if name in _IGNORED:
        return None
    if name == "assume":
        run.need(t.to_bool(run.term(instruction.operands[0])), "undefined", instruction)
        return None
    if name in ("trap", "ubsantrap", "debugtrap"):
        run.trap(0, instruction)
        return None
    if name.endswith(".with.overflow"):
        a, b = run.terms(instruction)
        op, is_signed = name[1:4], name[0] == "s"
        lost = operations.overflows(op, a, b, is_signed=is_signed)
        return operations.BINARY[op](a, b), t.from_bool(lost, 1)
    if name in ("memcpy", "memmove", "memset", "memcpy.inline", "memset.inline"):
        _move(run, instruction, name)
        return None
    if name in ("ucmp", "scmp"):
        a, b = run.terms(instruction)
        return operations.compare_three(a, b, width_of(instruction.type), is_signed=name == "scmp")
    given = run.terms(instruction)
    result = operations.intrinsic(name, given)
    if result is None:
        raise run.unsupported(instruction, f"intrinsic {name}")
    if name in ("ctlz", "cttz") and given[1] is const(1, 1):
        run.need(t.to_bool(given[0]), "undefined", instruction)
    if name == "abs" and given[1] is const(1, 1):
        run.need(t.not_(t.eq(given[0], const(1 << (given[0].width - 1), given[0].width))), "undefined", instruction)
    return result


def _move(run: FunctionRun, instruction: Instruction, name: str) -> None:
    target, source, count = run.terms(instruction)[:3]
    if not count.is_constant or count.value > BULK_LIMIT:
        raise run.unsupported(instruction, "a length that is not a small constant")
    where = run.where(instruction)
    pieces: list[tuple[int, Term]] = []
    for start in range(0, count.value, 8):
        size = min(8, count.value - start)
        if name.startswith("memset"):
            value = source
            for _ in range(size - 1):
                value = t.concat(value, source)
        else:
            value, outside = run.state.load(t.add(source, const(start, WORD)), size, run.guard, run.node, where)
            run.state.need(run.guard, t.not_(outside), "bounds", where)
        pieces.append((start, value))
    for start, value in pieces:
        outside = run.state.store(t.add(target, const(start, WORD)), value, run.guard, run.node, where)
        run.state.need(run.guard, t.not_(outside), "bounds", where)


def _bulk(run: FunctionRun, instruction: Instruction, name: str, given: list[Term]) -> None:
    """keel_fill and keel_copy: outside the kernel's state they are effects; a whole row of it becomes zeros."""
    addresses = run.state.program.addresses
    if not addresses.is_address(given[0]) and all(
        addresses.resolve(found.address) is None for found in addresses.alternatives(given[0])
    ):
        run.happen(name, given)
        return
    if name != "keel_fill" or not given[1].is_constant:
        raise run.unsupported(instruction, "a bulk copy into kernel state")
    run.state.fill(given[0], given[1].value, given[2], run.guard, run.node, run.where(instruction))


# ------------------------------------------------------------------------------------------------------- assembly

_HARMLESS = frozenset(
    {
        "mrs",
        "msr",
        "isb",
        "dsb",
        "dmb",
        "wfi",
        "wfe",
        "sev",
        "tlbi",
        "ic",
        "at",
        "smc",
        "hvc",
        "nop",
        "yield",
        ".arch_extension",
        "add",
        "ldp",
        "ld1",
        "mov",
        "tst",
        "b.ne",
        "cbz",
        "cbnz",
        "b",
    }
)
_STORES = ("stp", "st1")
_CLEARS = ("dc",)  # of memory outside the kernel's state
_LOCKS = ("ldaxr", "stxr", "stlr")
_PRESENT_CORE = re.compile(r"mrs \$(0|\{0:x\}), tpidr_el2")
_PRESENT_THREAD = re.compile(r"ldr \$\{0:x\}, \[\$\{1:x\}\]")
_LABEL = re.compile(r"^\s*\d+:")
_LEAVES = re.compile(r".*\.vectors\.leave(_\w+)?")


def _assembly(run: FunctionRun, instruction: Instruction, target: CallTarget, template: str) -> Value | None:
    found = re.fullmatch(r"\s*brk #(\d+)\s*", template)
    if found is not None:
        run.trap(int(found.group(1)), instruction)
        return None
    given = run.terms(instruction)
    if _PRESENT_CORE.fullmatch(template):
        return run.state.core_address()
    if _PRESENT_THREAD.fullmatch(template) and run.state.follows_contexts:
        value, outside = run.state.load(given[0], 8, run.guard, run.node, run.where(instruction))
        run.need(t.not_(outside), "bounds", instruction)
        return value
    if _PRESENT_THREAD.fullmatch(template):
        return run.state.present_thread(given[0], run.guard, run.node, run.where(instruction))
    if run.state.assembly is not None:
        return run.state.assembly(run, instruction, target, given)
    words = [_LABEL.sub("", line).split()[0] for line in template.split("\n") if _LABEL.sub("", line).strip()]
    for word in words:
        if word not in _HARMLESS.union(_STORES, _CLEARS, _LOCKS):
            raise run.unsupported(instruction, f"assembly with {word}")
    result = _results(run, instruction, template, target.constraints, given)
    run.happen(template, given)
    if "ldaxr" in words:  # while the lock was free, other cores were in the kernel
        run.state.forget_all(run.guard, run.node)
    if any(word in _STORES for word in words):
        run.state.scramble(given[0], run.guard, run.node, run.where(instruction), run.effect)
    return result


def _results(
    run: FunctionRun, instruction: Instruction, template: str, constraints: str, given: list[Term]
) -> Value | None:
    count = sum(part.startswith("=") for part in constraints.split(","))
    if count == 0:
        return None
    kinds = instruction.type.members if isinstance(instruction.type, StructType) else (instruction.type,)
    made = [run.observe(f"{template} {n}", given, width_of(kinds[n])) for n in range(count)]
    return tuple(made) if isinstance(instruction.type, StructType) else made[0]
