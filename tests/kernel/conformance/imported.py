"""The kernel as Python runs it: its modules imported, its tables objects. The same face as the compiled kernel's.

The modules are private copies, imported with the tables' sizes that are asked for, so that they may have other sizes,
and more cores, than the ones that other tests import.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any, get_type_hints

from keelback.lang import Array, Layout, from_bytes, pack, to_bytes
from keelback.lang.packing import array_from_bytes
from keelback.lang.parameters import active_parameters
from keelback.lang.registers import system_registers
from keelback.prover.fuzz.kernel import DRIVER, BootValues, CompiledKernel, sizes_of
from keelback.prover.fuzz.observer import Observer
from keelback.prover.tables import Tables

COPIED = ("keelback.abi", "keelback.kernel")
PRESENT = "keelback.kernel.arch.aarch64.processor.present"


@contextmanager
def without_modules() -> Generator[None]:
    """Importing the packages in COPIED, which are restored afterwards, imports them anew."""
    kept = {name: module for name, module in sys.modules.items() if name.startswith(COPIED)}
    for name in kept:
        del sys.modules[name]
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name.startswith(COPIED)]:
            del sys.modules[name]
        sys.modules.update(kept)


def import_driver() -> ModuleType:
    """The module that the compiled kernel has beside it."""
    specification = importlib.util.spec_from_file_location("driver", DRIVER)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


class ImportedKernel:
    """The kernel in CPython, with tables as large as those of a compiled one."""

    def __init__(self, compiled: CompiledKernel) -> None:
        self.layouts: Mapping[str, Layout] = compiled.layouts
        self.parameters = compiled.parameters
        self.sizes = sizes_of(compiled.parameters)
        with without_modules(), active_parameters(compiled.parameters):
            importlib.import_module("keelback.kernel.main")
            self._modules = {"driver": import_driver()}
            self._modules |= {name: module for name, module in sys.modules.items() if name.startswith(COPIED)}
        self._things = {name: self._global(symbol) for name, symbol in compiled.symbols.items()}
        self._writable = [name for name in self._things if name in compiled.bytes()]

    def _global(self, symbol: str) -> Any:
        """The object that a symbol of the kernel names."""
        module, _, name = symbol.rpartition(".")
        return getattr(self._modules[module], name)

    def invoke(self, name: str, *arguments: int) -> int:
        function = self._global(name if name.startswith("driver.") else f"keelback.kernel.{name}")
        kinds = get_type_hints(function)
        names = inspect.signature(function).parameters
        result = function(*(kinds[parameter](number) for parameter, number in zip(names, arguments, strict=True)))
        return 0 if result is None else int(result)

    def enter(self, core: int, now: int) -> None:
        present = self._global(PRESENT)
        present.number = type(present.number)(core)
        system_registers["cntpct_el0"] = now

    def load(self, boot: BootValues) -> None:
        system_registers.clear()
        for name in self._writable:
            thing, data = self._things[name], pack(self.layouts[name], boot.get(name))
            if data == to_bytes(thing):
                continue
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
        return Tables(self.layouts, self.bytes(), self.parameters)

    @property
    def observer(self) -> Observer:
        """Of the tables as they are now; it does not follow them."""
        return Observer(self.tables(), self.sizes)
