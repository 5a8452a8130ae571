"""The kernel compiled for this machine, its tables, and how steps act on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from keelback.compiler import HostProgram, Program
from keelback.lang import Layout
from keelback.prover.state import Sizes
from keelback.prover.tables import ALL_TABLES, TableReader, Tables, symbol_of

PARAMETERS = {
    "thread_count": 7,
    "endpoint_count": 8,
    "notification_count": 8,
    "interrupt_count": 4,
    "vcpu_count": 4,
    "table_count": 7,
    "slot_count": 24,
    "trace_count": 8,
}
"""Small tables, so that things happen to the same objects, and comparing them is quick."""

LIST_REGISTERS = 4


class Kernel(Protocol):
    """What steps need of a kernel, compiled or not."""

    @property
    def layouts(self) -> Mapping[str, Layout]: ...

    @property
    def sizes(self) -> Sizes: ...

    def invoke(self, name: str, *arguments: int) -> int:
        """Call a function of the kernel, `module.function` below keelback.kernel; its result, 0 for none."""
        ...

    def load(self, boot: Mapping[str, bytes]) -> None:
        """Give every table its first contents."""
        ...

    def peek(self, table: str, index: int, path: str, element: int = 0) -> int:
        """A field of a row; of an array, one element."""
        ...

    def poke(self, table: str, index: int, path: str, value: int, element: int = 0) -> None:
        """Write a field of a row, as hardware or a guest would."""
        ...

    def tables(self) -> Tables:
        """All tables as they are now."""
        ...


class CompiledKernel:
    """The kernel's own code, compiled for this machine."""

    def __init__(self, parameters: Mapping[str, int] = PARAMETERS) -> None:
        self._program = HostProgram(Program(root="keelback.kernel.main", parameters=parameters))
        self.layouts: Mapping[str, Layout] = self._program.layouts
        self._memories = {name: self._program.global_memory(symbol_of(name)) for name in ALL_TABLES}
        self.sizes = sizes_of(parameters)
        self._reader = TableReader(self.layouts, self._memories, self.sizes.slots)

    def invoke(self, name: str, *arguments: int) -> int:
        result = self._program.call(f"keelback.kernel.{name}", *arguments)
        return result if isinstance(result, int) else 0

    def load(self, boot: Mapping[str, bytes]) -> None:
        for name, memory in self._memories.items():
            memory[:] = boot[name]

    def peek(self, table: str, index: int, path: str, element: int = 0) -> int:
        start, size = self._place(table, index, path, element)
        return int.from_bytes(self._memories[table][start : start + size], "little")

    def poke(self, table: str, index: int, path: str, value: int, element: int = 0) -> None:
        start, size = self._place(table, index, path, element)
        self._memories[table][start : start + size] = value.to_bytes(size, "little")

    def _place(self, table: str, index: int, path: str, element: int) -> tuple[int, int]:
        layout = self.layouts[symbol_of(table)]
        assert layout.element is not None
        offset, field = layout.element.at(path)
        offset += index * layout.stride
        return (offset, field.size) if field.element is None else (offset + element * field.stride, field.element.size)

    def tables(self) -> Tables:
        return self._reader.read()

    def bytes(self) -> dict[str, bytes]:
        """All tables as they lie in memory."""
        return {name: memory.tobytes() for name, memory in self._memories.items()}


def sizes_of(parameters: Mapping[str, int]) -> Sizes:
    """What the parameters of a kernel mean to callers."""
    return Sizes(parameters["slot_count"], 1, parameters["trace_count"], LIST_REGISTERS)
