"""Programs compiled for the developer's own machine and called in-process."""

from __future__ import annotations

from keelback.compiler.backend.host import HostFunction, HostModule, ReadCallback, WriteCallback
from keelback.compiler.frontend.lowering.shapes import value_type
from keelback.compiler.frontend.tree import Function
from keelback.compiler.frontend.types.model import BOOL, VOID, BitfieldType, IntType, TupleType, Type
from keelback.compiler.program import Program, check, global_layouts, lower
from keelback.lang import Layout


class HostProgram:
    """All functions of a program that take and return integers, callable by qualified name.

    Models of machine instructions run in their place. Memory windows, devices and system registers read and write a
    sparse memory unless `connect` sends them elsewhere.
    """

    def __init__(self, program: Program) -> None:
        checked = check(program, host=True)
        self._functions = {f.symbol: f for f in checked.typed.functions if _is_callable(f)}
        made = lower(checked, host=True, roots=list(self._functions.values()))
        self.system_registers = made.system_registers  # addresses that reads and writes of them go to, by name
        self.layouts: dict[str, Layout] = global_layouts(made.globals)
        self._module = HostModule(made.text, {name: _shape(function) for name, function in self._functions.items()})

    @property
    def functions(self) -> tuple[str, ...]:
        return tuple(self._functions)

    def call(self, name: str, *arguments: int) -> int | tuple[int, ...] | None:
        """Call a function with Python integers; raises Trap when it traps."""
        words = self._module.call(name, *map(int, arguments))
        kind = self._functions[name].result
        if isinstance(kind, TupleType):
            return tuple(_number(part, word) for part, word in zip(kind.elements, words, strict=True))
        return _number(kind, words[0]) if words else None

    def global_memory(self, name: str) -> memoryview:
        """The live bytes of a global."""
        return self._module.memory(name, self.layouts[name].size)

    def connect(self, read: ReadCallback, write: WriteCallback) -> None:
        """Send raw accesses to `read(address, bytes)` and `write(address, bytes, value)`."""
        self._module.connect(read, write)


def _is_word(kind: Type) -> bool:
    return isinstance(kind, IntType | BitfieldType) or kind is BOOL


def _is_callable(function: Function) -> bool:
    results = function.result.elements if isinstance(function.result, TupleType) else (function.result,)
    fits = all(_is_word(parameter.type) for parameter in function.parameters)
    has_code = function.naked is None and function.replacement is None
    return has_code and fits and (function.result is VOID or all(_is_word(kind) for kind in results))


def _shape(function: Function) -> HostFunction:
    kinds = function.result.elements if isinstance(function.result, TupleType) else (function.result,)
    results = () if function.result is VOID else tuple(value_type(kind) for kind in kinds)
    return HostFunction(tuple(value_type(parameter.type) for parameter in function.parameters), results)


def _number(kind: Type, word: int) -> int:
    signed = isinstance(kind, IntType) and kind.signed
    return word - (1 << 64) if signed and word >> 63 else word
