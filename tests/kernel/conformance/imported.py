"""The kernel as Python runs it: its modules imported, its tables objects. The same face as the compiled kernel's."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from typing import Any, get_type_hints

from keelback.lang import Array, Layout, from_bytes, pack, to_bytes
from keelback.lang.packing import array_from_bytes
from keelback.lang.registers import system_registers
from keelback.prover.fuzz.kernel import CompiledKernel, sizes_of
from keelback.prover.fuzz.observer import Observer
from keelback.prover.tables import Tables


class ImportedKernel:
    """The kernel in CPython, with the tables' sizes of `parameters`, which have to be the default ones."""

    def __init__(self, compiled: CompiledKernel, parameters: Mapping[str, int]) -> None:
        self.layouts: Mapping[str, Layout] = compiled.layouts
        self._things = {name: find_global(symbol) for name, symbol in compiled.symbols.items()}
        self.sizes = sizes_of(parameters)

    def invoke(self, name: str, *arguments: int) -> int:
        module_name, function_name = name.rsplit(".", 1)
        function = getattr(importlib.import_module(f"keelback.kernel.{module_name}"), function_name)
        kinds = get_type_hints(function)
        names = inspect.signature(function).parameters
        result = function(*(kinds[parameter](number) for parameter, number in zip(names, arguments, strict=True)))
        return 0 if result is None else int(result)

    def load(self, boot: Mapping[str, Mapping[int, Any]]) -> None:
        system_registers.clear()
        for name, thing in self._things.items():
            data = pack(self.layouts[name], boot.get(name))
            if isinstance(thing, Array):
                thing.assign_all(array_from_bytes(thing.element, data))
            else:
                thing.copy_from(from_bytes(type(thing), data))

    def peek(self, table: str, index: int, path: str, element: int = 0) -> int:
        holder, name = self._place(table, index, path)
        found = getattr(holder, name)
        return int(found[element] if isinstance(found, Array) else found)

    def poke(self, table: str, index: int, path: str, value: int, element: int = 0) -> None:
        holder, name = self._place(table, index, path)
        found = getattr(holder, name)
        if isinstance(found, Array):
            found[element] = found.element(value)
        else:
            setattr(holder, name, type(found)(value))

    def _place(self, table: str, index: int, path: str) -> tuple[Any, str]:
        *outer, name = path.split(".")
        holder = self._things[table][index]
        for part in outer:
            holder = getattr(holder, part)
        return holder, name

    def bytes(self) -> dict[str, bytes]:
        """All tables as they would lie in memory."""
        return {name: to_bytes(thing) for name, thing in self._things.items()}

    def tables(self) -> Tables:
        return Tables(self.layouts, self.bytes())

    @property
    def observer(self) -> Observer:
        """Of the tables as they are now; it does not follow them."""
        return Observer(self.tables(), self.sizes)


def find_global(symbol: str) -> Any:
    """The object that a symbol of the kernel names."""
    module, _, name = symbol.rpartition(".")
    return getattr(importlib.import_module(module), name)
