"""The kernel as Python runs it: its modules imported, its tables objects. The same face as the compiled kernel's.

The modules are private copies, imported with the tables' sizes that are asked for, so that they may have other sizes,
and more cores, than the ones that other tests import.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import struct
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any, get_type_hints

from keelback.lang import Array, Layout, from_bytes, pack, to_bytes
from keelback.lang.arrays import is_struct
from keelback.lang.packing import array_from_bytes
from keelback.lang.parameters import active_parameters
from keelback.lang.registers import system_registers
from keelback.prover.fuzz.kernel import DRIVER, BootValues, CompiledKernel, sizes_of
from keelback.prover.fuzz.observer import Observer
from keelback.prover.tables import Tables

COPIED = ("keelback.abi", "keelback.kernel")
PRESENT = "keelback.kernel.arch.aarch64.processor.present"
FIRST_TABLE = "arch.aarch64.translations.stage2_of"
"""Gives, for address space 0, the address of the translation tables."""


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


def put(thing: Any, data: bytes) -> None:
    """Give a table or a struct the contents that these bytes say; elements that have them already are left alone."""
    if not isinstance(thing, Array):
        thing.copy_from(from_bytes(type(thing), data))
    elif not is_struct(thing.element):
        thing.assign_all(array_from_bytes(thing.element, data))
    else:
        size = len(data) // len(thing)
        for index in range(len(thing)):
            part = data[index * size : (index + 1) * size]
            if part != to_bytes(thing[index]):
                thing[index].copy_from(from_bytes(thing.element, part))


def differing(kernel: CompiledKernel, imported: ImportedKernel) -> list[str]:
    """The tables that are not the same, addresses of translation tables apart, which differ by the same number."""
    left, right = kernel.bytes(), imported.bytes()
    apart = kernel.invoke(FIRST_TABLE, 0) - imported.invoke(FIRST_TABLE, 0)
    return [name for name in left if not is_same(left[name], right[name], apart)]


def is_same(left: bytes, right: bytes, apart: int) -> bool:
    """Whether all words are the same, or so far apart."""
    return left == right or (
        len(left) % 8 == 0
        and all(a == b or a - b == apart for a, b in zip(words_of(left), words_of(right), strict=True))
    )


def words_of(data: bytes) -> tuple[int, ...]:
    """The 64-bit words of a table."""
    return struct.unpack(f"<{len(data) // 8}Q", data)


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
            if data != to_bytes(thing):
                put(thing, data)

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
