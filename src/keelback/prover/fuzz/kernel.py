"""The kernel compiled for this machine, its tables, and how steps act on it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from keelback.compiler import HostProgram, Program
from keelback.lang import Layout, pack
from keelback.prover.fuzz.observer import Observer
from keelback.prover.state import Sizes
from keelback.prover.tables import Tables, table_symbols

PARAMETERS = {
    "core_count": 2,
    "partition_count": 2,
    "window_count": 4,
    "pool_count": 4,
    "thread_count": 7,
    "time_count": 5,
    "endpoint_count": 8,
    "reply_count": 4,
    "notification_count": 8,
    "interrupt_count": 4,
    "vcpu_count": 4,
    "grant_count": 4,
    "table_count": 7,
    "slot_count": 6 * 32,
    "space_count": 4,
    "translation_count": 9,
    "frame_count": 9,
    "trace_count": 8,
}
"""Small tables, so that things happen to the same objects, and comparing them is quick."""

LIST_REGISTERS = 4
STEPPED = (
    "arch.aarch64.translations.stage2_of",
    "dispatch.dispatch",
    "objects.interrupt.commit_fire",
    "objects.vcpu.commit_room",
    "scheduler.commit_start_all",
)
"""What `invoke` is asked for beside the functions of `driver`."""
DRIVER = Path(__file__).with_name("driver.py")
PRESENT = "keelback.kernel.arch.aarch64.processor.present"

BootValues: TypeAlias = dict[str, dict[Any, Any]]
"""Table -> index -> the row's fields, or its number; other rows, and other tables, have their defaults. Of a struct
that exists once: field -> value."""


class Kernel(Protocol):
    """What steps need of a kernel, compiled or not."""

    @property
    def layouts(self) -> Mapping[str, Layout]:
        """Of the tables, by name."""
        ...

    @property
    def parameters(self) -> Mapping[str, int]:
        """The tables' sizes, as keelback.abi.limits calls them."""
        ...

    @property
    def sizes(self) -> Sizes: ...

    def invoke(self, name: str, *arguments: int) -> int:
        """Call `module.function` below keelback.kernel, or a function of `driver`; its result, 0 for none."""
        ...

    def enter(self, core: int, now: int) -> None:
        """What follows happens on this core and at this time."""
        ...

    def load(self, boot: BootValues) -> None:
        """Give every table its first contents: by table and index what differs from the defaults."""
        ...

    def peek(self, table: str, index: int, path: str, element: int = 0) -> int:
        """A field of a row; of an array, one element."""
        ...

    def poke(self, table: str, index: int, path: str, value: int, element: int = 0) -> None:
        """Write a field of a row, as hardware or a guest would."""
        ...

    @property
    def observer(self) -> Observer:
        """Sees what the tables mean."""
        ...


class CompiledKernel:
    """The kernel's own code, compiled for this machine. With other texts in place of files (`replaced`) it is compiled
    for one short run: quickly, and with no more functions that can be called than steps need."""

    def __init__(self, parameters: Mapping[str, int] = PARAMETERS, replaced: Mapping[Path, str] | None = None) -> None:
        program = Program(root=DRIVER, extra=("keelback.kernel.main",), parameters=parameters, replaced=replaced or {})
        wanted = _is_stepped if replaced else None
        self._program = HostProgram(program, wanted=wanted, optimised=not replaced)
        self.parameters = parameters
        self.symbols = table_symbols(self._program.layouts)
        self.layouts: Mapping[str, Layout] = {name: self._program.layouts[s] for name, s in self.symbols.items()}
        self._memories = {name: self._program.global_memory(symbol) for name, symbol in self.symbols.items()}
        self._places: dict[tuple[str, str], tuple[int, int, int, int]] = {}
        constants = self._program.constants
        self._writable = {
            name: self._memories[name] for name, symbol in self.symbols.items() if symbol not in constants
        }
        self._defaults = {name: memory.tobytes() for name, memory in self._writable.items()}
        self.sizes = sizes_of(parameters)
        self._registers = self._program.keep_registers()
        self._present = self._program.global_memory(PRESENT)

    def invoke(self, name: str, *arguments: int) -> int:
        symbol = name if name.startswith("driver.") else f"keelback.kernel.{name}"
        result = self._program.call(symbol, *arguments)
        return result if isinstance(result, int) else 0

    def enter(self, core: int, now: int) -> None:
        self._present[:] = core.to_bytes(4, "little")
        self._registers["cntpct_el0"] = now

    def load(self, boot: BootValues) -> None:
        for name, memory in self._writable.items():
            rows = boot.get(name)
            memory[:] = pack(self.layouts[name], rows, self._defaults[name]) if rows else self._defaults[name]
        self._registers.update(dict.fromkeys(self._registers, 0))

    def save(self) -> dict[str, bytes]:
        """What `restore` brings back: all tables."""
        return {name: memory.tobytes() for name, memory in self._writable.items()}

    def restore(self, saved: Mapping[str, bytes]) -> None:
        """Make all tables what they were."""
        for name, memory in self._writable.items():
            memory[:] = saved[name]
        self.enter(0, 0)

    def driver_words(self, name: str) -> memoryview:
        """The live words of a table of `driver`."""
        return self._program.global_memory(f"driver.{name}").cast("Q")

    def peek(self, table: str, index: int, path: str, element: int = 0) -> int:
        start, end = self._place(table, index, path, element)
        return int.from_bytes(self._memories[table][start:end], "little")

    def poke(self, table: str, index: int, path: str, value: int, element: int = 0) -> None:
        start, end = self._place(table, index, path, element)
        self._memories[table][start:end] = value.to_bytes(end - start, "little")

    def _place(self, table: str, index: int, path: str, element: int) -> tuple[int, int]:
        key = (table, path)
        if key not in self._places:
            self._places[key] = self._find_place(table, path)
        offset, stride, element_stride, size = self._places[key]
        start = offset + index * stride + element * element_stride
        return start, start + size

    def _find_place(self, table: str, path: str) -> tuple[int, int, int, int]:
        """Of a field, or a whole row that is a number (no path): its offset in row 0, and the distance of rows, of
        elements, and the bytes of one."""
        layout = self.layouts[table]
        row = layout.element or layout
        if not path:
            return 0, layout.stride, 0, row.size
        offset, field = row.at(path)
        if field.element is None:
            return offset, layout.stride, 0, field.size
        return offset, layout.stride, field.stride, field.element.size

    def tables(self) -> Tables:
        """All tables as they are now."""
        self._tables.refresh()
        return self._tables

    @property
    def observer(self) -> Observer:
        return self._observer

    @cached_property
    def _observer(self) -> Observer:
        return Observer(self._tables, self.sizes)

    @cached_property
    def _tables(self) -> Tables:
        return Tables(self.layouts, self._memories, self.parameters)

    def bytes(self) -> dict[str, bytes]:
        """All tables as they lie in memory."""
        return self.save()


def _is_stepped(symbol: str) -> bool:
    return symbol.startswith("driver.") or symbol.removeprefix("keelback.kernel.") in STEPPED


def sizes_of(parameters: Mapping[str, int]) -> Sizes:
    """What the parameters of a kernel mean to callers."""
    cores, partitions = parameters["core_count"], parameters["partition_count"]
    return Sizes(cores, partitions, parameters["trace_count"], LIST_REGISTERS)
