"""Machine code equals IR: both are run from one state, and must end alike: in the same way, with the same history of
effects and calls, the same memory and result, and as the procedure call standard wants it (AAPCS64).

A call is an event that sees its arguments and all memory, and after which memory is whatever the history makes of it;
so a function is compared with its callees taken as equal. Memory at each event and at the end is compared at an unknown
index of each field.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from keelback.prover.encode import Obligation, Outcome, Program, Run, Term, UnsupportedError
from keelback.prover.encode import terms as t
from keelback.prover.encode.calls import flat, within
from keelback.prover.encode.module import CallTarget, Function, Instruction, Module
from keelback.prover.encode.program import initial_bytes
from keelback.prover.encode.types import POINTER, IRType, StructType, VoidType, width_of
from keelback.prover.encode.walking import EFFECT_KEY, Value
from keelback.prover.machine.assembly import assembly_effects, blocks_of
from keelback.prover.machine.executor import ARGUMENTS, GENERAL, KEEPS_NOTHING, MachineRun, Signature
from keelback.prover.machine.image import Image

_STUB = re.compile(r".*\.vectors\.leave(_\w+)?")
_COMPONENT = re.compile(r"ldr \$\{0:x\}, \[\$\{1:x\}\]")


@dataclass(frozen=True)
class Comparison:
    """What is to be shown, and what may be assumed. The first obligation is that both histories are equal."""

    obligations: list[Obligation]
    history: tuple[Term, Term]
    hypotheses: list[Term]
    assumed: frozenset[str]
    instruction_count: int
    stack_bytes: int


def addresses_in(module: Module, image: Image) -> dict[str, int]:
    """Where the globals of a module lie in its linked image; constants without a symbol are found by their contents."""
    made = {name: image.symbols[name] for name in module.globals if name in image.symbols}
    for name, target in module.globals.items():
        if name not in made and target.constant and target.initial is not None:
            found = image.find_bytes(initial_bytes(target.initial))
            if found is not None and found not in made.values():
                made[name] = found
    return made


def compare(program: Program, image: Image, name: str) -> Comparison:
    """Run a function's IR and its machine code."""
    if name not in image.functions:
        raise UnsupportedError(f"{name} is not in the image")
    seen: frozenset[str] = frozenset()
    for _ in range(4):
        ir, outcome = _run_ir(program, name, seen)
        machine = _run_machine(program, image, name, seen)
        written = frozenset(
            found.name
            for run in (ir, machine.state)
            for found in run.memory.written()
            if any(isinstance(write.value, Term) for write in found.writes)
        )
        if written <= seen:
            return _comparison(ir, outcome, machine, name)
        seen |= written
    raise UnsupportedError(f"{name}: what it writes does not settle")


def _start(program: Program, name: str, seen: frozenset[str]) -> Run:
    run = Run(program, open_calls=True, seen_fields=seen, assembly=assembly_effects)
    if any(_is_component_call(i) for block in program.module.functions[name].blocks.values() for i in block):
        run.assume_component()
    return run


def _is_component_call(instruction: Instruction) -> bool:
    target = instruction.detail
    return isinstance(target, CallTarget) and bool(_COMPONENT.fullmatch(target.template or ""))


def _typed_arguments(run: Run, function: Function) -> list[Value]:
    """Unknowns; those that are addresses point to rows of their table."""
    made = _arguments(function)
    for number, parameter in enumerate(function.parameters):
        found = run.program.row_address(function.name, number) if parameter.type == POINTER else None
        if found is not None:
            made[number] = found[0]
            run.hypotheses.append(found[1])
            run.assumed.add("a parameter that is the address of a struct is that of an entry of its table, or None")
    return made


def _arguments(function: Function) -> list[Value]:
    def unknown(name: str, kind: IRType) -> Value:
        if isinstance(kind, StructType):
            return tuple(unknown(f"{name}.{n}", member) for n, member in enumerate(kind.members))
        return t.symbol(name, width_of(kind))

    return [unknown(parameter.name, parameter.type) for parameter in function.parameters]


def _run_ir(program: Program, name: str, seen: frozenset[str]) -> tuple[Run, Outcome]:
    run = _start(program, name, seen)
    function = program.module.functions[name]
    arguments = _typed_arguments(run, function)
    for parameter, argument in zip(function.parameters, arguments, strict=True):
        if parameter.limits is not None and isinstance(argument, Term):
            run.hypotheses.append(within(argument, parameter.limits))
    return run, run.start(name, arguments, t.symbol("before", t.EFFECT))


def _run_machine(program: Program, image: Image, name: str, seen: frozenset[str]) -> MachineRun:
    signatures = {
        image.functions[known].address: (known, _signature(function))
        for known, function in program.module.functions.items()
        if known in image.functions
    }
    for stub in program.module.declared:
        if _STUB.fullmatch(stub) and stub in image.symbols:
            signatures[image.symbols[stub]] = (stub, _stub_signature(program.module, stub))
    run = _start(program, name, seen)
    blocks = blocks_of(program.module, name)
    own = _signature(program.module.functions[name])
    machine = MachineRun(run, image.functions[name], signatures, image.read_constant, blocks, own)
    arguments = _typed_arguments(run, program.module.functions[name])
    flattened = [part for argument in arguments for part in flat(argument)]
    machine.run_function(flattened, t.symbol("before", t.EFFECT))
    return machine


def _signature(function: Function) -> Signature:
    given = [part.width for argument in _arguments(function) for part in flat(argument)]
    registers = KEEPS_NOTHING if function.keeps_nothing else ARGUMENTS
    return Signature(tuple(given), _result_widths(function), registers=registers)


def _stub_signature(module: Module, stub: str) -> Signature:
    """Of what is given to a stub, by whoever goes there."""
    registers = KEEPS_NOTHING if stub in module.keep_nothing else ARGUMENTS
    given = module.given_to(stub)
    widths = tuple(module.declared_parameters[stub][number] for number in given)
    return Signature(widths, (), comes_back=False, registers=tuple(registers[number] for number in given))


def _result_widths(function: Function) -> tuple[int, ...]:
    if isinstance(function.result, VoidType):
        return ()
    kinds = function.result.members if isinstance(function.result, StructType) else (function.result,)
    return tuple(width_of(kind) for kind in kinds)


def _comparison(ir: Run, outcome: Outcome, machine: MachineRun, name: str) -> Comparison:
    function = ir.program.module.functions[name]
    assert outcome.effect is not None
    results = [] if outcome.value is None else flat(outcome.value)
    ir_ends = [(outcome.guard, ir.told("return", outcome.effect, outcome.node, results))]
    machine_ends: list[tuple[Term, Term]] = []
    for ending in machine.endings:
        registers = [ending.registers[GENERAL + 8 * n] for n in range(len(results))]
        narrow = [
            t.extract(r, w - 1, 0)
            for r, w in zip(registers, _result_widths(function), strict=True)
            if isinstance(r, Term)
        ]
        effect = ending.registers[EFFECT_KEY]
        assert isinstance(effect, Term)
        machine_ends.append((ending.guard, machine.state.told("return", effect, ending.node, narrow)))
    history = _final(ir, ir_ends), _final(machine.state, machine_ends)
    obligations = [Obligation(t.TRUE, t.eq(*history), "machine", f"{name}: effects, calls, memory and result")]
    obligations += machine.state.obligations
    hypotheses = [t.implies(o.guard, o.condition) for o in ir.obligations if o.kind != "trap"]
    hypotheses += [*ir.hypotheses, *machine.state.hypotheses]
    assumed = frozenset(ir.assumed | machine.state.assumed)
    return Comparison(obligations, history, hypotheses, assumed, len(machine.code.words), machine.depth_bytes)


def _final(run: Run, ends: Sequence[tuple[Term, Term]]) -> Term:
    """The whole history, however a run has ended."""
    result = t.symbol("nowhere", t.EFFECT)
    for stop in run.stops:
        assert stop.effect is not None
        last = t.apply(f"trap {stop.number}", [stop.effect], t.EFFECT) if stop.number > 0 else stop.effect
        result = t.ite(stop.guard, last, result)
    for guard, effect in ends:
        result = t.ite(guard, effect, result)
    return result
