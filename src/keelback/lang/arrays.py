"""Arrays of fixed length: scalars, bitfields or structs side by side.

`array(u64, 31)` makes one. In the body of a struct it is the pattern of a field: every instance gets its own copy. At
module level it is a global. Lengths are part of the layout, not of the checkers' type. An index out of range traps
(INDEX).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar, cast

from keelback.lang.bitfields import is_bitfield
from keelback.lang.integers import Integer, Unsigned, u8
from keelback.lang.traps import Trap, TrapKind

T = TypeVar("T")
N = TypeVar("N", bound=Integer)


class Array(Generic[T]):
    """A fixed number of elements of one class. Made by `array` and `constants`, not by calling the class.

    For compilers: `element` is the element's class, `read_only` says that it is a table of constants.
    """

    __slots__ = ("__weakref__", "_items", "element", "read_only")
    element: type[T]
    read_only: bool
    _items: Any  # list of elements; see the subclasses

    def __init__(self, element: type[T], items: Any, read_only: bool = False) -> None:
        self.element = element
        self._items = items
        self.read_only = read_only

    def __getitem__(self, index: Unsigned | int) -> T:
        return cast(T, self._items[self._position(index)])

    def __setitem__(self, index: Unsigned | int, value: T) -> None:
        """Store a scalar or a bitfield. Structs are filled in place: `a[i].copy_from(b)`."""
        position = self._position(index)
        self._check_store(value)
        self._items[position] = value

    def __len__(self) -> int:
        return len(self._items)

    __iter__ = None  # loop with upto: what compiles has no iterators

    def __repr__(self) -> str:
        return f"array({self.element.__name__}, {len(self)})"

    def stored(self) -> Sequence[Any]:
        """The elements as they are kept, integers as any kind of number: for tools, not for what compiles."""
        return cast("Sequence[Any]", self._items)

    def copy_pattern(self) -> Array[T]:
        """A new array with the same contents: what each instance of a struct gets."""
        return type(self)(self.element, self._items.copy())

    def assign_all(self, other: Array[T]) -> None:
        """Take over all elements of an array of the same element and length (part of a struct's copy_from)."""
        for index in range(len(self)):
            self[index] = other[index]

    def clear_all(self) -> None:
        """Make all elements zero (part of a struct's clear)."""
        for index in range(len(self)):
            self[index] = zero_of(self.element)

    def _position(self, index: Unsigned | int) -> int:
        if not isinstance(index, Unsigned) and type(index) is not int:
            raise TypeError(f"an index is unsigned or a constant, not {type(index).__name__}")
        position = int(index)
        if 0 <= position < len(self._items):
            return position
        raise Trap(TrapKind.INDEX, f"{position} of {len(self._items)}")

    def _check_store(self, value: object) -> None:
        if self.read_only:
            raise TypeError("a table of constants is read-only")
        if type(value) is not self.element:
            raise TypeError(f"an element is a {self.element.__name__}, not {type(value).__name__}")


class ByteArray(Array[u8]):
    """Array of u8 over a bytearray, so that memory windows can share its bytes. A detail: annotate Array[u8]."""

    __slots__ = ()
    _items: bytearray

    def __getitem__(self, index: Unsigned | int) -> u8:
        return _BYTES[self._items[self._position(index)]]

    def __setitem__(self, index: Unsigned | int, value: u8) -> None:
        position = self._position(index)
        self._check_store(value)
        self._items[position] = int(value)

    def storage(self) -> bytearray:
        """The bytes themselves; its length never changes."""
        return self._items


class StructArray(Array[T]):
    """Array of structs, each made when first touched: tables of thousands cost nothing until used. A detail."""

    __slots__ = ()
    _items: list[T | None]

    def __getitem__(self, index: Unsigned | int) -> T:
        position = self._position(index)
        item = self._items[position]
        if item is None:
            item = self._items[position] = self.element()
        return item

    def __setitem__(self, index: Unsigned | int, value: T) -> None:
        raise TypeError("a struct is stored in place: fill it with `a[i].copy_from(b)`")

    def copy_pattern(self) -> Array[T]:
        made: StructArray[T] = StructArray(self.element, [None] * len(self._items))
        made.assign_all(self)
        return made

    def assign_all(self, other: Array[T]) -> None:
        for index, item in enumerate(other._items):
            if item is not None:
                cast(Any, self[index]).copy_from(item)
            elif self._items[index] is not None:
                cast(Any, self._items[index]).copy_from(self.element())

    def clear_all(self) -> None:
        for index in range(len(self)):
            cast(Any, self[index]).clear()

    def touched(self, index: int) -> T | None:
        """The element if anything ever looked at it; None means that it still has its defaults."""
        return self._items[index]


def array(element: type[T], length: int) -> Array[T]:
    """`length` elements of an integer class, bool, a bitfield (all zero) or a struct (its defaults)."""
    if type(length) is not int or length < 0:
        raise TypeError(f"an array's length is a constant of the build, an int of 0 or more, not {length!r}")
    if element is u8:
        return cast("Array[T]", ByteArray(u8, bytearray(length)))
    if is_struct(element):
        return StructArray(element, [None] * length)
    return Array(element, [zero_of(element)] * length)


def constants(element: type[N], values: Sequence[int | Integer]) -> Array[N]:
    """A read-only table holding `values`, each of which must fit `element`."""
    items = [element(value) for value in values]
    if element is u8:
        return cast("Array[N]", ByteArray(u8, bytearray(int(item) for item in items), read_only=True))
    return Array(element, items, read_only=True)


def is_struct(kind: object) -> bool:
    """Whether `kind` is a class made by `@struct`."""
    return isinstance(kind, type) and "__keel_struct__" in kind.__dict__


def zero_of(kind: type[T]) -> T:
    """The zero of an integer class, bool or bitfield class; TypeError for any other class."""
    if kind is bool:
        return cast(T, False)
    if issubclass(kind, Integer) and kind.WIDTH:
        return kind(0)
    if is_bitfield(kind):
        return cast(T, cast(Any, kind)())
    raise TypeError(f"{kind!r} cannot be stored: use an integer class, bool, a @bitfield or a @struct")


_BYTES = [u8(value) for value in range(256)]
