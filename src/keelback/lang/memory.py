"""Memory windows: raw bytes shared with others, and the fake addresses of CPython.

On the machine every load and store is volatile: it happens exactly once, so what another party changes between two
loads is seen as two values and never fetched behind the program's back. In CPython the bytes live in one sparse store
keyed by address: windows whose ranges overlap see the same bytes. Accesses outside a window trap (MEMORY). Byte order
is little endian; alignment does not matter.
"""

from __future__ import annotations

from keelback.lang.arrays import Array, ByteArray
from keelback.lang.integers import Integer, u8, u16, u32, u64
from keelback.lang.layout import layout_of
from keelback.lang.traps import Trap, TrapKind

PAGE_BYTES = 4096
FAKE_ADDRESSES_START = 1 << 56  # no AArch64 address lies here, so nothing that a test chooses collides

_pages: dict[int, memoryview] = {}  # page number -> its bytes
_addresses: dict[int, tuple[object, int]] = {}  # id -> (the object, kept alive so the id stays its own, its address)
_next_address = FAKE_ADDRESSES_START


class Memory:
    """The `size_bytes` bytes from the address `base` up."""

    __slots__ = ("base", "size")

    def __init__(self, base: int, size_bytes: int) -> None:
        if type(base) is not int or type(size_bytes) is not int:
            raise TypeError("a memory window is made from constants of the build, two ints")
        if base < 0 or size_bytes < 0 or base + size_bytes > 1 << 64:
            raise ValueError(f"no such memory: {size_bytes:#x} bytes at {base:#x}")
        self.base = base
        self.size = size_bytes

    @property
    def size_bytes(self) -> u64:
        return u64(self.size)

    def load_u8(self, offset: u64) -> u8:
        return u8(self._load(offset, 1))

    def load_u16(self, offset: u64) -> u16:
        return u16(self._load(offset, 2))

    def load_u32(self, offset: u64) -> u32:
        return u32(self._load(offset, 4))

    def load_u64(self, offset: u64) -> u64:
        return u64(self._load(offset, 8))

    def store_u8(self, offset: u64, value: u8) -> None:
        self._store(offset, value, u8)

    def store_u16(self, offset: u64, value: u16) -> None:
        self._store(offset, value, u16)

    def store_u32(self, offset: u64, value: u32) -> None:
        self._store(offset, value, u32)

    def store_u64(self, offset: u64, value: u64) -> None:
        self._store(offset, value, u64)

    def copy(self, offset: u64, source: Memory, source_offset: u64, count: u64) -> None:
        """Copy `count` bytes from `source` to `offset` here; the two ranges may overlap, as in memmove."""
        length = _exact(count, u64)
        target = self._address(offset, length)
        write_bytes(target, read_bytes(source._address(source_offset, length), length))

    def fill(self, offset: u64, count: u64, value: u8) -> None:
        """Set `count` bytes from `offset` up to `value`."""
        length = _exact(count, u64)
        write_bytes(self._address(offset, length), bytes([_exact(value, u8)]) * length)

    def address_of(self, offset: u64) -> u64:
        """The address of the byte at `offset`, which must lie inside."""
        return u64(self._address(offset, 1))

    def narrow(self, offset: u64, count: u64) -> Memory:
        """The window of `count` bytes from `offset` up, which must lie inside this one."""
        length = _exact(count, u64)
        return Memory(self._address(offset, length), length)

    def __repr__(self) -> str:
        return f"Memory({self.base:#x}, {self.size:#x})"

    def _address(self, offset: u64, length: int) -> int:
        start = _exact(offset, u64)
        if start + length > self.size:
            raise Trap(TrapKind.MEMORY, f"{length} bytes at {start:#x} of {self.size:#x}")
        return self.base + start

    def _load(self, offset: u64, length: int) -> int:
        return int.from_bytes(read_bytes(self._address(offset, length), length), "little")

    def _store(self, offset: u64, value: Integer, kind: type[Integer]) -> None:
        number = _exact(value, kind)
        length = kind.WIDTH // 8
        write_bytes(self._address(offset, length), number.to_bytes(length, "little"))


def read_bytes(address: int, length: int) -> bytes:
    """For tests: bytes of the store; what nobody wrote is zero."""
    made = bytearray()
    while length:
        page, start = divmod(address, PAGE_BYTES)
        part = min(length, PAGE_BYTES - start)
        known = _pages.get(page)
        made += bytes(part) if known is None else known[start : start + part]
        address, length = address + part, length - part
    return bytes(made)


def write_bytes(address: int, data: bytes) -> None:
    """For tests: put bytes into the store."""
    done = 0
    while done < len(data):
        page, start = divmod(address + done, PAGE_BYTES)
        part = min(len(data) - done, PAGE_BYTES - start)
        known = _pages.get(page)
        if known is None:
            known = _pages[page] = memoryview(bytearray(PAGE_BYTES))
        known[start : start + part] = data[done : done + part]
        done += part


def forget_memory() -> None:
    """For tests: make every byte of the store zero again, arrays seen through `bytes_of` excepted."""
    for page in [page for page in _pages if page < FAKE_ADDRESSES_START // PAGE_BYTES]:
        del _pages[page]


def bytes_of(global_array: Array[u8]) -> Memory:
    """The bytes of an array of u8 at module level, as a window; both see each other's stores."""
    if not isinstance(global_array, ByteArray):
        raise TypeError(f"bytes_of takes an array of u8, not {global_array!r}")
    if global_array.read_only:
        raise TypeError("bytes_of gives a window that can be written, and a table of constants cannot")
    base = int(address_of(global_array))
    return Memory(base, len(global_array))


def address_of(thing: object) -> u64:
    """The address of a struct, an array or a function. In CPython: a stable number of its own, 4 KiB aligned."""
    known = _addresses.get(id(thing))
    if known is None:
        known = _addresses[id(thing)] = (thing, _take_address(thing))
    return u64(known[1])


def is_stand_in_address(number: int) -> bool:
    """For compilers: whether `number` is one that `address_of` gave out."""
    return FAKE_ADDRESSES_START <= number < _next_address


def _take_address(thing: object) -> int:
    global _next_address
    address = _next_address
    storage = thing.storage() if isinstance(thing, ByteArray) else bytearray()
    view = memoryview(storage)
    # An array's bytes are its pages; the last may be short, and its window ends there too.
    for start in range(0, len(storage), PAGE_BYTES):
        _pages[(address + start) // PAGE_BYTES] = view[start : start + PAGE_BYTES]
    size = PAGE_BYTES if callable(thing) else layout_of(thing).size
    _next_address = address + (size // PAGE_BYTES + 1) * PAGE_BYTES
    return address


def _exact(value: Integer, kind: type[Integer]) -> int:
    if type(value) is not kind:
        raise TypeError(f"expected a {kind.__name__}, not {type(value).__name__}")
    return int(value)
