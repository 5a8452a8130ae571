"""The kernel as Python runs it: its modules imported, its tables objects. The same face as the compiled kernel's."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from typing import Any, get_type_hints

from keelback.kernel import state
from keelback.kernel.objects import interrupt
from keelback.lang import Array, Layout, from_bytes, to_bytes
from keelback.lang.packing import array_from_bytes
from keelback.lang.registers import system_registers
from keelback.prover.fuzz.kernel import sizes_of
from keelback.prover.tables import ALL_TABLES, TableReader, Tables

THINGS: dict[str, Any] = {
    **{name: getattr(state, name) for name in ALL_TABLES if name != "line_owners"},
    "line_owners": interrupt.line_owners,
}


class ImportedKernel:
    """The kernel in CPython, with the tables' sizes of `parameters`, which have to be the default ones."""

    def __init__(self, layouts: Mapping[str, Layout], parameters: Mapping[str, int]) -> None:
        self.layouts = layouts
        self.sizes = sizes_of(parameters)

    def invoke(self, name: str, *arguments: int) -> int:
        module_name, function_name = name.rsplit(".", 1)
        function = getattr(importlib.import_module(f"keelback.kernel.{module_name}"), function_name)
        kinds = get_type_hints(function)
        names = inspect.signature(function).parameters
        result = function(*(kinds[parameter](number) for parameter, number in zip(names, arguments, strict=True)))
        return 0 if result is None else int(result)

    def load(self, boot: Mapping[str, bytes]) -> None:
        system_registers.clear()
        for name, thing in THINGS.items():
            if isinstance(thing, Array):
                thing.assign_all(array_from_bytes(thing.element, boot[name]))
            else:
                thing.copy_from(from_bytes(type(thing), boot[name]))

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
        holder = THINGS[table][index]
        for part in outer:
            holder = getattr(holder, part)
        return holder, name

    def bytes(self) -> dict[str, bytes]:
        """All tables as they would lie in memory."""
        return {name: to_bytes(thing) for name, thing in THINGS.items()}

    def tables(self) -> Tables:
        memories = {name: memoryview(data) for name, data in self.bytes().items()}
        return TableReader(self.layouts, memories, self.sizes.slots).read()
