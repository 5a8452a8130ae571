"""Lowers assembly: calls of `@asm` functions become inline assembly, `@naked` functions module-level assembly."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from keelback.compiler.frontend.lowering.ir import VOID_VALUE, Value
from keelback.compiler.frontend.lowering.operations import resize, width_of
from keelback.compiler.frontend.lowering.shapes import value_type
from keelback.compiler.frontend.tree import AsmOperands, Function
from keelback.compiler.frontend.types.decorators import PLACEHOLDER
from keelback.compiler.frontend.types.model import TupleType

if TYPE_CHECKING:
    from keelback.compiler.frontend.lowering.function import FunctionLowering


def call_assembly(function: FunctionLowering, called: Function, arguments: list[Value]) -> Value:
    """Emit the template of an `@asm` function with these arguments."""
    operands = called.asm
    assert operands is not None
    kinds = _result_kinds(called)
    carried = [
        "i64" if kind == "ptr" else f"i{max(32, int(kind[1:]))}" for kind in kinds
    ]  # registers hold 32 or 64 bits
    wide = [_in_register(function, value) for value in arguments]
    template = _template(called, operands, carried, wide)
    constraints = _constraints(called, operands, len(kinds))
    result = "void" if not carried else carried[0] if len(carried) == 1 else "{ " + ", ".join(carried) + " }"
    given = ", ".join(str(value) for value in wide)
    effect, attributes = ("", " #4") if operands.pure else (" sideeffect", "")
    text = f'call {result} asm{effect} "{template}", "{constraints}"({given}){attributes}'
    if not carried:
        function.builder.write(text)
        return VOID_VALUE
    made = function.builder.emit(result, text)
    if len(carried) == 1:
        return _out_of_register(function, made, kinds[0])
    parts = [function.builder.extract(kind, made, number) for number, kind in enumerate(carried)]
    return function.builder.aggregate(
        [_out_of_register(function, part, kind) for part, kind in zip(parts, kinds, strict=True)]
    )


def _out_of_register(function: FunctionLowering, value: Value, kind: str) -> Value:
    if kind == "ptr":
        return function.builder.emit("ptr", f"inttoptr {value} to ptr")
    return resize(function, value, int(kind[1:]))


def _in_register(function: FunctionLowering, value: Value) -> Value:
    """A struct is passed as its address."""
    if value.type == "ptr":
        return function.builder.emit("i64", f"ptrtoint {value} to i64")
    return resize(function, value, max(32, width_of(value)))


def _result_kinds(called: Function) -> list[str]:
    if isinstance(called.result, TupleType):
        return [value_type(element) for element in called.result.elements]
    kind = value_type(called.result)
    return [] if kind == "void" else [kind]


def _template(called: Function, operands: AsmOperands, results: list[str], arguments: list[Value]) -> str:
    names = {parameter.name: len(results) + number for number, parameter in enumerate(called.parameters)}
    kinds = [*results, *(value.type for value in arguments)]
    if len(results) == 1:
        names["result"] = 0
    for number in range(len(results)):
        names[f"result{number}"] = number

    def place(match: re.Match[str]) -> str:
        if match.group(1) is None:
            return match.group(0)[0]
        number = names[match.group(1)]
        return f"${{{number}:{'x' if kinds[number] == 'i64' else 'w'}}}"

    text = PLACEHOLDER.sub(place, operands.template.replace("$", "$$"))
    lines = [line.strip() for line in text.strip().split("\n")]
    return "\\0A".join(_escaped(line) for line in lines)


def _constraints(called: Function, operands: AsmOperands, result_count: int) -> str:
    # With several instructions a result may be written before all operands were read: they must not share a register.
    early = "&" if "\n" in operands.template.strip() else ""
    made: list[str] = []
    for number in range(result_count):
        if number >= len(operands.results):
            made.append(f"={early}r")
        else:
            chosen = operands.results[number]
            made.append(f"={'' if chosen in operands.registers.values() else early}{{{chosen}}}")
    for parameter in called.parameters:
        register = operands.registers.get(parameter.name)
        made.append(f"{{{register}}}" if register else "r")
    return ",".join([*made, *(f"~{{{clobber}}}" for clobber in operands.clobbers)])


def naked_text(symbol: str, template: str, section: str | None, align: int | None, names: dict[str, str]) -> list[str]:
    """Lines of `module asm` for one `@naked` function. `names` gives constants and symbols for `{NAME}`."""

    def place(match: re.Match[str]) -> str:
        return match.group(0)[0] if match.group(1) is None else names[match.group(1)]

    body = PLACEHOLDER.sub(place, template).strip("\n").split("\n")
    flags = "axR" if section else "ax"  # what has a section of its own is placed by a linker script: R keeps it
    head = [f'.section {section or ".text." + symbol},"{flags}",@progbits', f".balign {align or 4}"]
    head += [f'.global "{symbol}"', f'.type "{symbol}", %function', f'"{symbol}":']
    lines = [*head, *body, f'.size "{symbol}", . - "{symbol}"', ".text"]
    return [f'module asm "{_escaped(line)}"' for line in lines if line.strip()]


def _escaped(line: str) -> str:
    return line.replace("\\", "\\5C").replace('"', "\\22").replace("\t", "  ")
