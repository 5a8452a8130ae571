"""Programs compiled for the developer's own machine and called in-process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping

from keelback.compiler.backend.host import HostFunction, HostModule, ReadCallback, WriteCallback
from keelback.compiler.frontend.lowering.points import REACHED, ROUNDS, Point
from keelback.compiler.frontend.lowering.shapes import value_type
from keelback.compiler.frontend.tree import Function
from keelback.compiler.frontend.types.model import BOOL, VOID, BitfieldType, IntType, StructType, TupleType, Type
from keelback.compiler.program import Program, check, global_layouts, lower
from keelback.lang import Layout


class HostProgram:
    """All functions of a program that take and return integers, callable by qualified name.

    Models of machine instructions run in their place. Memory windows, devices and system registers read and write a
    sparse memory unless `connect` sends them elsewhere. Compiling is quicker when only `wanted` functions can be
    called, and without optimisation. With `counted` it tells what of it was reached, and ends calls that have no end.
    With `by_address` functions can be called that take structs, whose addresses are given.
    """

    def __init__(
        self,
        program: Program,
        *,
        wanted: Callable[[str], bool] | None = None,
        optimised: bool = True,
        counted: bool = False,
        by_address: bool = False,
    ) -> None:
        checked = check(program, host=True)
        callable_ones = (f for f in checked.typed.functions if _is_callable(f, by_address=by_address))
        self._functions = {f.symbol: f for f in callable_ones if wanted is None or wanted(f.symbol)}
        made = lower(checked, host=True, roots=list(self._functions.values()), points=counted)
        self.points: tuple[Point, ...] = made.points
        self.system_registers = made.system_registers  # addresses that reads and writes of them go to, by name
        self.layouts: dict[str, Layout] = global_layouts(made.globals)
        self.constants = frozenset(target.symbol for target in made.globals if target.read_only)
        shapes = {name: _shape(function) for name, function in self._functions.items()}
        self._module = HostModule(made.text, shapes, optimised=optimised)

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

    def reached(self) -> memoryview:
        """For each of `points` whether it was reached since this byte was last set to 0, live."""
        return self._module.memory(REACHED, len(self.points))

    def give_rounds(self, count: int) -> None:
        """From now on calls may run so many rounds of loops in all; then they raise EndlessError."""
        self._module.memory(ROUNDS, 8)[:] = count.to_bytes(8, "little")

    def address(self, name: str) -> int:
        """Where a global lies."""
        return self._module.address(name)

    def parameters_of(self, name: str) -> tuple[str, ...]:
        """The types of a function's parameters: of a struct its class's name."""
        return tuple(str(parameter.type) for parameter in self._functions[name].parameters)

    def keep_registers(self) -> SystemRegisters:
        """From now on system registers hold what was last written, 0 at first, and `connect` sees none of it."""
        values = self._module.keep_registers()
        numbers = {name: address // 8 % len(values) for name, address in self.system_registers.items()}
        return SystemRegisters(numbers, values)

    def connect(self, read: ReadCallback, write: WriteCallback) -> None:
        """Send raw accesses to `read(address, bytes)` and `write(address, bytes, value)`."""
        self._module.connect(read, write)


class SystemRegisters(MutableMapping[str, int]):
    """The values of a program's system registers by name, live."""

    def __init__(self, numbers: Mapping[str, int], values: memoryview) -> None:
        self._numbers = numbers
        self._values = values

    def __getitem__(self, name: str) -> int:
        value: int = self._values[self._numbers[name]]
        return value

    def __setitem__(self, name: str, value: int) -> None:
        self._values[self._numbers[name]] = value

    def __delitem__(self, name: str) -> None:
        raise TypeError("registers stay; set them to 0")

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)


def _is_word(kind: Type) -> bool:
    return isinstance(kind, IntType | BitfieldType) or kind is BOOL


def _is_callable(function: Function, *, by_address: bool) -> bool:
    results = function.result.elements if isinstance(function.result, TupleType) else (function.result,)
    kinds = [parameter.type for parameter in function.parameters]
    fits = all(_is_word(kind) or (by_address and isinstance(kind, StructType)) for kind in kinds)
    has_code = function.naked is None and function.replacement is None
    return has_code and fits and (function.result is VOID or all(_is_word(kind) for kind in results))


def _shape(function: Function) -> HostFunction:
    kinds = function.result.elements if isinstance(function.result, TupleType) else (function.result,)
    results = () if function.result is VOID else tuple(value_type(kind) for kind in kinds)
    return HostFunction(tuple(value_type(parameter.type) for parameter in function.parameters), results)


def _number(kind: Type, word: int) -> int:
    signed = isinstance(kind, IntType) and kind.signed
    return word - (1 << 64) if signed and word >> 63 else word
