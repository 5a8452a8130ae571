"""Checks what decorators say about functions: that they are the language's, and that assembly names what exists."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from keelback import lang
from keelback.compiler.frontend.tree import Function, GlobalObject
from keelback.compiler.frontend.types.model import (
    BOOL,
    BROKEN,
    VOID,
    BitfieldType,
    IntType,
    OptionalType,
    StructType,
    TupleType,
    Type,
)
from keelback.lang.integers import Integer

if TYPE_CHECKING:
    from keelback.compiler.frontend.types.collect import Program

PLACEHOLDER = re.compile(r"\{\{|\}\}|\{(\w+(?:\.\w+)*)\}")  # {{ and }} stand for single braces
DECORATORS = (lang.asm, lang.naked, lang.entry, lang.hook, lang.inline, lang.noinline)
PARAMETER_REGISTERS = (
    *(f"x{number}" for number in (*range(20, 29), *range(8), *range(10, 15))),
    "x9",
)
"""In the order in which LLVM's convention preserve_none gives them to parameters (AArch64CallingConvention.td)."""
REGISTER = re.compile(r"x([0-9]|[12][0-9]|30)")


def placeholders(template: str) -> list[str]:
    """The names that a template refers to, in order, each once."""
    found = [match.group(1) for match in PLACEHOLDER.finditer(template) if match.group(1) is not None]
    return list(dict.fromkeys(found))


def named_by(function: Function, name: str) -> object:
    """What a template's name means: of the function's module, or `module.name` of one that it imports."""
    value: object = function.module.namespace.get(name.split(".")[0])
    for part in name.split(".")[1:]:
        value = getattr(value, part, None)
    return value


def check_decorators(program: Program, function: Function) -> None:
    """Report decorators that are not the language's."""
    namespace = function.module.namespace
    for node in function.node.decorator_list:
        target = node.func if isinstance(node, ast.Call) else node
        if not any(_resolve(target, namespace) is known for known in DECORATORS):
            message = f"`@{ast.unparse(target)}` does nothing to a compiled function"
            help_text = "of decorators, keelback.lang has asm, naked, entry, hook, inline and noinline"
            program.error(function.module, node, "decorator", message, help_text)


def _resolve(node: ast.expr, namespace: dict[str, object]) -> object:
    if isinstance(node, ast.Name):
        return namespace.get(node.id)
    return getattr(_resolve(node.value, namespace), node.attr, None) if isinstance(node, ast.Attribute) else None


def template_node(function: Function, name: str) -> ast.AST:
    """The text of the template in the decorator `name` of a function."""
    for node in function.node.decorator_list:
        target = node.func if isinstance(node, ast.Call) else node
        last = target.id if isinstance(target, ast.Name) else target.attr if isinstance(target, ast.Attribute) else ""
        if isinstance(node, ast.Call) and node.args and last == name:
            return node.args[0]
    return function.node


def check_assembly(program: Program, function: Function) -> None:
    """Report what the template of an `@asm` or `@naked` function cannot refer to."""
    if function.asm is not None:
        _check_types(program, function)
        _check_operands(program, function)
    if function.naked is not None:
        _check_naked(program, function)
    if function.registers:
        _check_registers(program, function)


def _fits_register(kind: Type) -> bool:
    return isinstance(kind, IntType | BitfieldType | StructType | OptionalType) or kind in (BOOL, BROKEN)


def _check_types(program: Program, function: Function) -> None:
    arguments = [*function.node.args.posonlyargs, *function.node.args.args, *function.node.args.kwonlyargs]
    for parameter, node in zip(function.parameters, arguments, strict=True):
        if not _fits_register(parameter.type):
            message = f"a {parameter.type} does not fit a register"
            help_text = "pass its parts, or its address: `address_of(...)`, `window.address_of(offset)`"
            program.error(function.module, node, "asm-operand", message, help_text)
    results = function.result.elements if isinstance(function.result, TupleType) else (function.result,)
    for kind in results:
        if kind is not VOID and (not _fits_register(kind) or isinstance(kind, OptionalType)):
            where = function.node.returns or function.node
            message = f"a {kind} does not come out of a register"
            program.error(
                function.module, where, "asm-operand", message, "return integers, bools, bitfields or a struct"
            )


def _check_operands(program: Program, function: Function) -> None:
    operands = function.asm
    assert operands is not None
    node = template_node(function, "asm")
    result = function.result
    count = 0 if result is VOID else len(result.elements) if isinstance(result, TupleType) else 1
    names = [parameter.name for parameter in function.parameters]
    known = [*names, *(["result"] if count == 1 else []), *(f"result{number}" for number in range(count))]
    for name in placeholders(operands.template):
        if name not in known:
            message = f"`{{{name}}}` is no operand of `{function.name}`"
            help_text = f"it has {', '.join(known)}; a brace itself is `{{{{`" if known else "a brace itself is `{{`"
            program.error(function.module, node, "asm-operand", message, help_text)
    for name, register in operands.registers.items():
        if name not in names:
            message = f"`registers` pins `{name}`, which is no parameter of `{function.name}`"
            help_text = f"its parameters: {', '.join(names) or 'none'}"
            program.error(function.module, function.node, "asm-operand", message, help_text)
        elif not REGISTER.fullmatch(register):
            message = f"`{register}` is no register that can hold `{name}`"
            program.error(function.module, function.node, "asm-operand", message, "pin it to x0 .. x30")
    if operands.results and len(operands.results) != count:
        message = f"`results` names {len(operands.results)} registers for {count} results"
        program.error(function.module, function.node, "asm-operand", message, "name one register for each result")


def _check_registers(program: Program, function: Function) -> None:
    given = function.registers
    if len(given) != len(function.parameters):
        message = f"`registers` names {len(given)} registers for {len(function.parameters)} parameters"
        program.error(function.module, function.node, "asm-operand", message, "name one register for each parameter")
    for number, (parameter, register) in enumerate(zip(function.parameters, given, strict=False)):
        if register not in PARAMETER_REGISTERS or register in given[:number]:
            message = f"`{register}` is no register that can hold `{parameter.name}` alone"
            help_text = "each parameter has one of x0 .. x7, x9 .. x14 and x20 .. x28 for itself"
            program.error(function.module, function.node, "asm-operand", message, help_text)


def _check_naked(program: Program, function: Function) -> None:
    assert function.naked is not None
    node = template_node(function, "naked")
    for name in placeholders(function.naked.template):
        value = named_by(function, name)
        is_object = isinstance(program.objects.get(id(value)), Function | GlobalObject)
        if not (is_object or isinstance(value, int | Integer)):
            message = f"`{{{name}}}` is no constant, function or global of {function.module.name}"
            help_text = "import or define it at module level; a brace itself is `{{`"
            program.error(function.module, node, "naked-name", message, help_text)
