"""The kernel's tables as rows of plain numbers, read through their layouts.

Fast, since it is done after each call of a long run: a row is decoded by `struct` in one go. Fields that are structs or
arrays themselves stay bytes. What the numbers mean is said in `abstraction`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar, cast

from keelback.lang import Layout

STATE_MODULE = "keelback.kernel.state"
LINE_OWNERS = "keelback.kernel.objects.interrupt.line_owners"

T = TypeVar("T")

CODES = {1: "B", 2: "H", 4: "I", 8: "Q"}

Row: TypeAlias = Any
"""A named tuple with the fields of the kernel's struct."""


class Decoder:
    """Decodes the rows of an array of structs, or the one row of a struct."""

    def __init__(self, layout: Layout) -> None:
        row = layout if layout.element is None else layout.element
        parts, position = ["<"], 0
        for offset, field in row.fields.values():
            parts.append(f"{offset - position}x{_code(field)}")
            position = offset + field.size
        parts.append(f"{row.size - position}x")
        self._struct = struct.Struct("".join(parts))
        make_row = cast(Any, NamedTuple)  # the fields are known only now
        self._row: Any = make_row(row.name, [(name, Any) for name in row.fields])
        self.row_bytes = row.size

    def rows(self, data: memoryview | bytes) -> list[Row]:
        """All rows."""
        return [self._row(*numbers) for numbers in self._struct.iter_unpack(data)]

    def row(self, data: bytes) -> Row:
        """One row."""
        return self._row(*self._struct.unpack(data))


def _code(field: Layout) -> str:
    if field.kind == "boolean":
        return "?"
    if field.kind in ("integer", "reference"):
        return CODES[field.size]
    return f"{field.size}s"


def words(data: bytes) -> tuple[int, ...]:
    """The 64-bit words of some bytes."""
    return struct.unpack(f"<{len(data) // 8}Q", data)


class Kept(Generic[T]):
    """The last result of a function of rows, for as long as a reader gives the very same rows."""

    def __init__(self, function: Callable[[list[Row], tuple[int, ...]], T]) -> None:
        self._function = function
        self._last: tuple[list[Row], tuple[int, ...], T] | None = None

    def __call__(self, rows: list[Row], numbers: tuple[int, ...]) -> T:
        if self._last is None or self._last[0] is not rows or self._last[1] != numbers:
            self._last = (rows, numbers, self._function(rows, numbers))
        return self._last[2]


def symbol_of(table: str) -> str:
    """The symbol of a table of the kernel's state."""
    return LINE_OWNERS if table == "line_owners" else f"{STATE_MODULE}.{table}"


@dataclass(frozen=True)
class Tables:
    """All tables at one moment, as rows. Entry 0 of the object tables is nobody."""

    core: Row
    queues: list[Row]
    threads: list[Row]
    endpoints: list[Row]
    notifications: list[Row]
    interrupts: list[Row]
    vcpus: list[Row]
    slots: list[Row]
    slot_count: int
    singletons: tuple[int, int]
    floating_point: list[bytes]
    trace_records: tuple[int, ...]


STRUCT_TABLES = ("cores", "queues", "threads", "endpoints", "notifications", "interrupts", "vcpus", "slots")
OTHER_TABLES = ("fp_states", "trace_records", "trace_singleton", "platform_singleton")
ALL_TABLES = (*STRUCT_TABLES, *OTHER_TABLES, "line_owners")


class TableReader:
    """Reads the tables out of a kernel's live memory; a table that did not change is not decoded again."""

    def __init__(self, layouts: Mapping[str, Layout], memories: Mapping[str, memoryview], slot_count: int) -> None:
        self.layouts = layouts
        self._decoders = {name: Decoder(layouts[symbol_of(name)]) for name in STRUCT_TABLES}
        self._memories = memories
        self._slot_count = slot_count
        self._seen: dict[str, tuple[bytes, list[Row]]] = {}

    def _rows(self, name: str) -> list[Row]:
        data = self._memories[name].tobytes()
        seen = self._seen.get(name)
        if seen is None or seen[0] != data:
            seen = self._seen[name] = (data, self._decoders[name].rows(data))
        return seen[1]

    def read(self) -> Tables:
        """The tables as they are now."""
        owners = self._memories["fp_states"].tobytes()
        stride = self.layouts[symbol_of("fp_states")].stride
        return Tables(
            core=self._rows("cores")[0],
            queues=self._rows("queues"),
            threads=self._rows("threads"),
            endpoints=self._rows("endpoints"),
            notifications=self._rows("notifications"),
            interrupts=self._rows("interrupts"),
            vcpus=self._rows("vcpus"),
            slots=self._rows("slots"),
            slot_count=self._slot_count,
            singletons=(self._singleton("trace_singleton"), self._singleton("platform_singleton")),
            floating_point=[owners[start : start + stride] for start in range(0, len(owners), stride)],
            trace_records=words(self._memories["trace_records"].tobytes()),
        )

    def _singleton(self, name: str) -> int:
        return int.from_bytes(self._memories[name], "little")
