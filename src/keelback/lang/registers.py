"""Device registers as tables, and the processor's system registers.

    class Gicd(Device):
        CTLR = ReadWrite(u32, 0x0000)  # Distributor Control
        TYPER = ReadOnly(u32, 0x0004)
        ISENABLER = ReadWriteArray(u32, 0x0100, count=32, stride=4)

    gicd: Final = Gicd(GICD_BASE)

Every access is an explicit read() or write(), volatile and of exactly the register's width. In CPython a device is a
dict of raw values by offset, `bus`, that reads as zero where nothing was written; a test models behaviour by setting
`on_read` and `on_write`. A register's class is an unsigned integer class or a bitfield.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, cast

from keelback.lang.bitfields import Bitfield, bitfield_info, is_bitfield
from keelback.lang.integers import Integer, Unsigned, u64
from keelback.lang.traps import Trap, TrapKind

T = TypeVar("T")


class Device:
    """A device whose registers start at the address `base`; derive, and list the registers as class attributes."""

    def __init__(self, base: int) -> None:
        self.base = base
        self.bus: dict[int, int] = {}
        self.on_read: Callable[[int], int | None] | None = None  # offset -> value, or None for the one on the bus
        self.on_write: Callable[[int, int], None] | None = None  # (offset, value), after the bus has the value

    def read_raw(self, offset: int) -> int:
        """What a load from `offset` gives, in CPython."""
        seen = self.on_read(offset) if self.on_read is not None else None
        return self.bus.get(offset, 0) if seen is None else seen

    def write_raw(self, offset: int, value: int) -> None:
        """What a store to `offset` does, in CPython."""
        self.bus[offset] = value
        if self.on_write is not None:
            self.on_write(offset, value)


class Register(Generic[T]):
    """What all register declarations share. `kind` is the class of its values, `offset` in bytes from the base.

    `count` and `stride` (bytes) are those of a register array; a single register has count 1.
    """

    def __init__(self, kind: type[T], offset: int, count: int = 1, stride: int = 0) -> None:
        self.kind = kind
        self.offset = offset
        self.count = count
        self.stride = stride
        self.name = ""
        self.device: Device | None = None
        width_bytes = register_width_bits(kind) // 8
        if offset % width_bytes or stride % width_bytes:
            raise ValueError(f"a register of {width_bytes} bytes at {offset:#x}, stride {stride}, is not aligned")

    def __set_name__(self, owner: type[Device], name: str) -> None:
        self.name = name

    def __get__(self, device: Device | None, owner: type[Device]) -> Self:
        """Through a device: the register of that device. Through the class: the declaration."""
        if device is None:
            return self
        bound = cast("dict[str, Self]", device.__dict__).get(self.name)
        if bound is None:
            bound = type(self).__new__(type(self))
            bound.__dict__ |= self.__dict__
            bound.device = device
            device.__dict__[self.name] = bound
        return bound

    def _load(self, index: int = 0) -> T:
        raw = self._bound_device().read_raw(self.offset + index * self.stride)
        if is_bitfield(self.kind):
            made = cast(Any, self.kind).from_word(bitfield_info(self.kind).word(raw))
        else:
            made = cast(Any, self.kind)(raw)
        return cast(T, made)

    def _store(self, value: T, index: int = 0) -> None:
        if type(value) is not self.kind:
            raise TypeError(f"{self.name} takes a {self.kind.__name__}, not {type(value).__name__}")
        raw = int(value.word) if isinstance(value, Bitfield) else int(cast(Integer, value))
        self._bound_device().write_raw(self.offset + index * self.stride, raw)

    def _position(self, index: Unsigned | int) -> int:
        position = int(index)
        if 0 <= position < self.count:
            return position
        raise Trap(TrapKind.INDEX, f"{self.name}: {position} of {self.count}")

    def _bound_device(self) -> Device:
        if self.device is None:
            raise TypeError(f"{self.name} is a declaration: access it through a device")
        return self.device


class _SingleRegister(Register[T]):
    def __init__(self, kind: type[T], offset: int) -> None:
        super().__init__(kind, offset)


class ReadOnly(_SingleRegister[T]):
    """A register that can be read."""

    def read(self) -> T:
        return self._load()


class WriteOnly(_SingleRegister[T]):
    """A register that can be written."""

    def write(self, value: T) -> None:
        self._store(value)


class ReadWrite(ReadOnly[T], WriteOnly[T]):
    """A register that can be read and written."""


class _RegisterRow(Register[T]):
    def __init__(self, kind: type[T], offset: int, *, count: int, stride: int) -> None:
        super().__init__(kind, offset, count, stride)


class ReadOnlyArray(_RegisterRow[T]):
    """`count` registers `stride` bytes apart that can be read; an index outside traps (INDEX)."""

    def read(self, index: Unsigned | int) -> T:
        return self._load(self._position(index))


class WriteOnlyArray(_RegisterRow[T]):
    """`count` registers `stride` bytes apart that can be written; an index outside traps (INDEX)."""

    def write(self, index: Unsigned | int, value: T) -> None:
        self._store(value, self._position(index))


class ReadWriteArray(ReadOnlyArray[T], WriteOnlyArray[T]):
    """`count` registers `stride` bytes apart that can be read and written."""


class ReadOnlySystemRegister:
    """A register of the processor by its assembler name, `esr_el2` or `s3_4_c12_c11_0`; read with mrs.

    In CPython the values are in `system_registers`, by name.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def read(self) -> u64:
        return u64(system_registers.get(self.name, 0))


class SystemRegister(ReadOnlySystemRegister):
    """A register of the processor that can also be written, with msr."""

    def write(self, value: u64) -> None:
        if type(value) is not u64:
            raise TypeError(f"{self.name} takes a u64, not {type(value).__name__}")
        system_registers[self.name] = int(value)


system_registers: dict[str, int] = {}  # CPython's processor: value by register name; tests set and clear it


def register_width_bits(kind: type) -> int:
    """Width of a register's values; TypeError unless `kind` is unsigned or a bitfield."""
    if is_bitfield(kind):
        return bitfield_info(kind).word.WIDTH
    if issubclass(kind, Unsigned) and kind.WIDTH:
        return kind.WIDTH
    raise TypeError(f"a register holds an unsigned integer or a bitfield, not {kind.__name__}")
