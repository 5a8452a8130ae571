"""The kernel's tables, read through their layouts: `tables.threads[3].priority`, `tables.slots[7].header.live`.

Every global of the kernel outside `kernel.arch` is a table, named by the last part of its symbol; a new one needs
nothing here. An array of structs is a sequence of rows, an array of integers a sequence of numbers, a struct that
exists once is a row. A field that is a struct is a row itself, one that is an array a tuple of numbers. What the
numbers mean is said in `abstraction`.

`refresh` takes over what has changed in memory, `take_stale` says which computations had read any of it
(`incremental`).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, overload

from keelback.abi import limits
from keelback.lang import Layout

PREFIX = "keelback.kernel."
ARCH_PREFIX = PREFIX + "arch."
CODES = {1: "B", 2: "H", 4: "I", 8: "Q"}
BLOCK_COUNT = 64
"""Numbers of an array that are watched together."""

Row: TypeAlias = Any
"""Has the fields of the kernel's struct as attributes."""


class Reading:
    """Which computation reads at present, and which must be done again, because something they had read changed."""

    def __init__(self) -> None:
        self.reader: object | None = None
        self.stale: set[object] = set()


class Input:
    """A number in memory, and who has read it since it last changed."""

    __slots__ = ("readers", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self.readers: set[object] = set()


class LiveRow:
    """One row. Structs in it are rows too, and proper attributes; plain fields are looked up among the inputs."""

    def __init__(self, reading: Reading, inputs: Mapping[str, Input]) -> None:
        self._reading = reading
        self._inputs = inputs

    def __getattr__(self, name: str) -> Any:
        found = self._inputs.get(name)
        if found is None:
            raise AttributeError(f"no field is called {name}")
        if self._reading.reader is not None:
            found.readers.add(self._reading.reader)
        return found.value


def values_of(row: Row) -> tuple[Any, ...]:
    """All fields of a row, in order; those of structs in it one after the other."""
    return tuple(value for _, value in named_values(row))


def named_values(row: Row, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """All fields of a row by dotted name; first its own, then those of structs in it."""
    yield from ((prefix + name, getattr(row, name)) for name in row._inputs)
    for name, inner in vars(row).items():
        if isinstance(inner, LiveRow):
            yield from named_values(inner, f"{prefix}{name}.")


def is_zero(row: Row) -> bool:
    """Whether all fields are zero."""
    return not any(any(value) if isinstance(value, tuple) else value for value in values_of(row))


def bits_of(word: int) -> Iterator[int]:
    """The numbers of the bits that are set."""
    while word:
        yield (word & -word).bit_length() - 1
        word &= word - 1


def _leaves(layout: Layout, base: int = 0, path: str = "") -> Iterator[tuple[int, str, Layout]]:
    """Offset, dotted path and layout of all fields that are not structs, in order."""
    for name, (offset, field) in layout.fields.items():
        if field.kind == "struct":
            yield from _leaves(field, base + offset, f"{path}{name}.")
        else:
            yield base + offset, path + name, field


def _code(field: Layout) -> str:
    if field.kind == "boolean":
        return "?"
    return f"{field.size}s" if field.element is not None else CODES[field.size]


def _convert(field: Layout) -> Callable[[Any], Any] | None:
    """Arrays come out of `struct` as bytes."""
    if field.element is None:
        return None
    if field.element.kind == "struct":
        raise TypeError(f"{field.name}: arrays of structs inside a struct are not read")
    return struct.Struct(f"<{field.count}{CODES[field.element.size]}").unpack


class RowDecoder:
    """Makes the rows of one struct, and brings them up to date."""

    def __init__(self, layout: Layout) -> None:
        leaves = list(_leaves(layout))
        parts, position = ["<"], 0
        for offset, _, field in leaves:
            parts.append(f"{offset - position}x{_code(field)}")
            position = offset + field.size
        self._struct = struct.Struct("".join([*parts, f"{layout.size - position}x"]))
        self._paths = [path for _, path, _ in leaves]
        self._converters = [_convert(field) for _, _, field in leaves]

    def unpack(self, data: bytes) -> tuple[Any, ...]:
        """The plain fields in order, arrays as bytes."""
        return self._struct.unpack(data)

    def make(self, reading: Reading, plain: tuple[Any, ...]) -> tuple[Row, list[Input]]:
        """A row, and its inputs in the order of `unpack`."""
        converted = zip(self._converters, plain, strict=True)
        inputs = [Input(value if convert is None else convert(value)) for convert, value in converted]
        return _nest(reading, dict(zip(self._paths, inputs, strict=True))), inputs

    def update(self, inputs: list[Input], old: tuple[Any, ...], new: tuple[Any, ...], stale: set[object]) -> None:
        """Give the inputs that changed their values; those who had read them are stale."""
        for number, value in enumerate(new):
            if value != old[number]:
                convert, changed = self._converters[number], inputs[number]
                changed.value = value if convert is None else convert(value)
                stale |= changed.readers
                changed.readers.clear()


def _nest(reading: Reading, inputs: Mapping[str, Input]) -> LiveRow:
    row = LiveRow(reading, {path: leaf for path, leaf in inputs.items() if "." not in path})
    for name in dict.fromkeys(path.partition(".")[0] for path in inputs if "." in path):
        inner = {path.partition(".")[2]: leaf for path, leaf in inputs.items() if path.startswith(f"{name}.")}
        setattr(row, name, _nest(reading, inner))
    return row


class RowTable:
    """An array of structs, or a struct alone."""

    def __init__(self, layout: Layout, memory: memoryview | bytes, reading: Reading) -> None:
        struct_layout = layout if layout.element is None else layout.element
        self._memory = memory
        self._stride = layout.stride or layout.size
        self._decoder = RowDecoder(struct_layout)
        self._reading = reading
        self._data = bytes(memory)
        starts = range(0, len(self._data), self._stride)
        self._plain = [self._decoder.unpack(self._data[start : start + struct_layout.size]) for start in starts]
        made = [self._decoder.make(reading, plain) for plain in self._plain]
        self.rows: list[Row] = [row for row, _ in made]
        self._inputs = [inputs for _, inputs in made]
        self._row_bytes = struct_layout.size

    def refresh(self) -> None:
        """Take over what changed."""
        data = bytes(self._memory)
        if data == self._data:
            return
        for index in changed_pieces(self._data, data, self._stride):
            start = index * self._stride
            new = self._decoder.unpack(data[start : start + self._row_bytes])
            self._decoder.update(self._inputs[index], self._plain[index], new, self._reading.stale)
            self._plain[index] = new
        self._data = data


class WordTable(Sequence[int]):
    """An array of integers."""

    def __init__(self, layout: Layout, memory: memoryview | bytes, reading: Reading) -> None:
        assert layout.element is not None
        self._code = CODES[layout.element.size]
        self._word_bytes = layout.element.size
        self._memory = memory
        self._reading = reading
        self._data = bytes(memory)
        self._values = list(struct.unpack(f"<{layout.count}{self._code}", self._data))
        self._readers: list[set[object]] = [set() for _ in range(0, layout.count, BLOCK_COUNT)]

    def __len__(self) -> int:
        return len(self._values)

    @overload
    def __getitem__(self, index: int) -> int: ...

    @overload
    def __getitem__(self, index: slice) -> list[int]: ...

    def __getitem__(self, index: int | slice) -> int | list[int]:
        reader = self._reading.reader
        if reader is not None:
            read = range(len(self._values))[index]
            numbers = (read,) if isinstance(read, int) else read
            if numbers:
                first, last = min(numbers[0], numbers[-1]), max(numbers[0], numbers[-1])
                for readers in self._readers[first // BLOCK_COUNT : last // BLOCK_COUNT + 1]:
                    readers.add(reader)
        return self._values[index]

    def refresh(self) -> None:
        """Take over what changed."""
        data = bytes(self._memory)
        if data == self._data:
            return
        size = BLOCK_COUNT * self._word_bytes
        for block in changed_pieces(self._data, data, size):
            piece = data[block * size : (block + 1) * size]
            first = block * BLOCK_COUNT
            values = struct.unpack(f"<{len(piece) // self._word_bytes}{self._code}", piece)
            self._values[first : first + len(values)] = values
            self._reading.stale |= self._readers[block]
            self._readers[block].clear()
        self._data = data


def changed_pieces(old: bytes, new: bytes, size: int) -> list[int]:
    """Which pieces of `size` bytes differ, by number; quick when few of many do."""
    return list(_changed_between(old, new, size, 0, -(-len(new) // size)))


def _changed_between(old: bytes, new: bytes, size: int, first: int, end: int) -> Iterator[int]:
    if old[first * size : end * size] == new[first * size : end * size]:
        return
    if end - first == 1:
        yield first
        return
    middle = (first + end) // 2
    yield from _changed_between(old, new, size, first, middle)
    yield from _changed_between(old, new, size, middle, end)


def table_symbols(symbols: Iterable[str]) -> dict[str, str]:
    """Name -> symbol of the kernel's tables, of all the symbols of its globals."""
    tables = (symbol for symbol in symbols if symbol.startswith(PREFIX) and not symbol.startswith(ARCH_PREFIX))
    return {symbol.rpartition(".")[2]: symbol for symbol in tables}


class Tables:
    """All tables, by name."""

    def __init__(
        self,
        layouts: Mapping[str, Layout],
        memories: Mapping[str, memoryview | bytes],
        parameters: Mapping[str, int] | None = None,
    ) -> None:
        """`layouts` and `memories` have the tables' layouts and contents, live or not, by name; `parameters` the sizes
        that are not the default ones, as keelback.abi.limits calls them."""
        self.reading = Reading()
        self.space_count = (parameters or {}).get("space_count", limits.SPACE_COUNT)
        self._tables: list[RowTable | WordTable] = []
        for name, memory in memories.items():
            self._add(name, layouts[name], memory)

    def _add(self, name: str, layout: Layout, memory: memoryview | bytes) -> None:
        if layout.element is not None and layout.element.kind != "struct":
            words = WordTable(layout, memory, self.reading)
            self._tables.append(words)
            setattr(self, name, words)
        else:
            table = RowTable(layout, memory, self.reading)
            self._tables.append(table)
            setattr(self, name, table.rows if layout.element is not None else table.rows[0])

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def refresh(self) -> None:
        """Take over what changed in memory."""
        for table in self._tables:
            table.refresh()

    def take_stale(self) -> set[object]:
        """The computations that have read anything that has changed since the last time."""
        stale, self.reading.stale = self.reading.stale, set()
        return stale
