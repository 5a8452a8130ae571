"""The integers: u8 u16 u32 u64 i64 and the address types, each a class of its own.

Values are immutable. Operators take the same class or a plain int that fits (a literal, a constant); anything else is a
TypeError, as it is a refusal in the type checkers. What leaves the range traps. This module holds no layout: sizes
follow from WIDTH.
"""

from __future__ import annotations

from typing import ClassVar, NoReturn, Self, TypeVar, final

from keelback.lang.traps import Trap, TrapKind

N = TypeVar("N", bound="Integer")

MYPY = False  # mypy takes it as true: its truthiness check wants no __bool__, pyright's one that never returns


class Integer:
    """What all integer classes share. Not for use by itself: it has no width."""

    __slots__ = ("_value",)
    _value: int
    WIDTH: ClassVar[int]
    MIN: ClassVar[int]
    MAX: ClassVar[int]
    SIGNED: ClassVar[bool]

    def __init_subclass__(cls, *, width: int = 0, signed: bool = False) -> None:
        super().__init_subclass__()
        cls.WIDTH = width  # pyright: ignore[reportConstantRedefinition]
        cls.SIGNED = signed  # pyright: ignore[reportConstantRedefinition]
        cls.MIN = -(1 << (width - 1)) if signed else 0  # pyright: ignore[reportConstantRedefinition]
        cls.MAX = (1 << (width - signed)) - 1 if width else 0  # pyright: ignore[reportConstantRedefinition]

    def __init__(self, value: Integer | int) -> None:
        """Convert from any integer class, an int or a bool; traps (CONVERT) when the value does not fit."""
        number = value._value if isinstance(value, Integer) else _plain_int(value)
        if not self.MIN <= number <= self.MAX:
            raise Trap(TrapKind.CONVERT, f"{number:#x} does not fit {type(self).__name__}")
        self._value = number

    @classmethod
    def truncate(cls, value: Integer | int) -> Self:
        """The low WIDTH bits of `value`."""
        number = value._value if isinstance(value, Integer) else _plain_int(value)
        return _make(cls, _wrap(cls, number))

    def __add__(self, other: Self | int) -> Self:
        return _checked(self, self._value + _operand(self, other), "+")

    def __radd__(self, other: int) -> Self:
        return _checked(self, _operand(self, other) + self._value, "+")

    def __sub__(self, other: Self | int) -> Self:
        return _checked(self, self._value - _operand(self, other), "-")

    def __rsub__(self, other: int) -> Self:
        return _checked(self, _operand(self, other) - self._value, "-")

    def __mul__(self, other: Self | int) -> Self:
        return _checked(self, self._value * _operand(self, other), "*")

    def __rmul__(self, other: int) -> Self:
        return _checked(self, _operand(self, other) * self._value, "*")

    def __and__(self, other: Self | int) -> Self:
        return _make(type(self), self._value & _operand(self, other))

    def __rand__(self, other: int) -> Self:
        return _make(type(self), _operand(self, other) & self._value)

    def __or__(self, other: Self | int) -> Self:
        return _make(type(self), self._value | _operand(self, other))

    def __ror__(self, other: int) -> Self:
        return _make(type(self), _operand(self, other) | self._value)

    def __xor__(self, other: Self | int) -> Self:
        return _make(type(self), self._value ^ _operand(self, other))

    def __rxor__(self, other: int) -> Self:
        return _make(type(self), _operand(self, other) ^ self._value)

    def __invert__(self) -> Self:
        return _make(type(self), _wrap(type(self), ~self._value))

    def __lshift__(self, amount: Self | int) -> Self:
        """Bits pushed out at the top are lost; an amount of WIDTH or more traps (SHIFT)."""
        return _make(type(self), _wrap(type(self), self._value << _amount(self, amount)))

    def __rlshift__(self, value: int) -> Self:
        return _make(type(self), _wrap(type(self), _operand(self, value) << _amount(self, self)))

    def __rshift__(self, amount: Self | int) -> Self:
        """Arithmetic for i64 (the sign is copied), logical otherwise; an amount of WIDTH or more traps (SHIFT)."""
        return _make(type(self), self._value >> _amount(self, amount))

    def __rrshift__(self, value: int) -> Self:
        return _make(type(self), _operand(self, value) >> _amount(self, self))

    # Narrower than object's: comparing different integer classes is a mistake the checkers should see.
    def __eq__(self, other: Self | int) -> bool:  # type: ignore[override]  # pyright: ignore
        return self._value == _operand(self, other) if _is_number(other) else NotImplemented

    def __ne__(self, other: Self | int) -> bool:  # type: ignore[override]  # pyright: ignore
        return self._value != _operand(self, other) if _is_number(other) else NotImplemented

    def __lt__(self, other: Self | int) -> bool:
        return self._value < _operand(self, other)

    def __le__(self, other: Self | int) -> bool:
        return self._value <= _operand(self, other)

    def __gt__(self, other: Self | int) -> bool:
        return self._value > _operand(self, other)

    def __ge__(self, other: Self | int) -> bool:
        return self._value >= _operand(self, other)

    def __hash__(self) -> int:
        return hash(self._value)

    if not MYPY:

        def __bool__(self) -> NoReturn:
            raise TypeError(f"a {type(self).__name__} is not a truth value: compare it, `x != 0`")

    def __int__(self) -> int:
        return self._value

    def __index__(self) -> int:
        return self._value

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._value:#x})"

    def __format__(self, specification: str) -> str:
        return format(self._value, specification) if specification else repr(self)


class Unsigned(Integer):
    """What the unsigned classes add: division, wrapping arithmetic and bit counting."""

    __slots__ = ()

    def __floordiv__(self, other: Self | int) -> Self:
        return _make(type(self), self._value // _divisor(_operand(self, other)))

    def __rfloordiv__(self, other: int) -> Self:
        return _make(type(self), _operand(self, other) // _divisor(self._value))

    def __mod__(self, other: Self | int) -> Self:
        return _make(type(self), self._value % _divisor(_operand(self, other)))

    def __rmod__(self, other: int) -> Self:
        return _make(type(self), _operand(self, other) % _divisor(self._value))

    def wrapping_add(self, other: Self | int) -> Self:
        return _make(type(self), (self._value + _operand(self, other)) & self.MAX)

    def wrapping_sub(self, other: Self | int) -> Self:
        return _make(type(self), (self._value - _operand(self, other)) & self.MAX)

    def wrapping_mul(self, other: Self | int) -> Self:
        return _make(type(self), (self._value * _operand(self, other)) & self.MAX)

    def rotate_left(self, amount: Self | int) -> Self:
        """Rotate by `amount` modulo WIDTH; never traps."""
        distance = _operand(self, amount) % self.WIDTH
        value = (self._value << distance) | (self._value >> (self.WIDTH - distance))
        return _make(type(self), value & self.MAX)

    def rotate_right(self, amount: Self | int) -> Self:
        """Rotate by `amount` modulo WIDTH; never traps."""
        distance = _operand(self, amount) % self.WIDTH
        value = (self._value >> distance) | (self._value << (self.WIDTH - distance))
        return _make(type(self), value & self.MAX)

    def leading_zeros(self) -> Self:
        """Zero bits above the highest one; WIDTH for 0."""
        return _make(type(self), self.WIDTH - self._value.bit_length())

    def trailing_zeros(self) -> Self:
        """Zero bits below the lowest one; WIDTH for 0."""
        lowest = self._value & -self._value
        return _make(type(self), lowest.bit_length() - 1 if lowest else self.WIDTH)

    def count_ones(self) -> Self:
        return _make(type(self), self._value.bit_count())

    def swap_bytes(self) -> Self:
        return _make(type(self), int.from_bytes(self._value.to_bytes(self.WIDTH // 8, "little"), "big"))

    def bit(self, number: Self | int) -> bool:
        """Whether bit `number` is set, 0 being the lowest; a number of WIDTH or more traps (SHIFT)."""
        return (self._value >> _amount(self, number)) & 1 == 1


@final
class u8(Unsigned, width=8):
    """8 bits, unsigned."""

    __slots__ = ()


@final
class u16(Unsigned, width=16):
    """16 bits, unsigned."""

    __slots__ = ()


@final
class u32(Unsigned, width=32):
    """32 bits, unsigned."""

    __slots__ = ()


@final
class u64(Unsigned, width=64):
    """64 bits, unsigned."""

    __slots__ = ()


@final
class PhysAddr(Unsigned, width=64):
    """An address on the machine's memory bus."""

    __slots__ = ()


@final
class VirtAddr(Unsigned, width=64):
    """An address as the running code sees it."""

    __slots__ = ()


@final
class GuestPhysAddr(Unsigned, width=64):
    """A physical address as a guest sees it: an intermediate physical address of its stage-2 table."""

    __slots__ = ()


@final
class i64(Integer, width=64, signed=True):
    """64 bits, two's complement. No // and %: rounding of negatives differs between Python and the machine."""

    __slots__ = ()

    def __neg__(self) -> i64:
        return _checked(self, -self._value, "-")

    @classmethod
    def from_bits(cls, bits: u64) -> i64:
        """The same 64 bits, read as two's complement."""
        if type(bits) is not u64:
            raise TypeError(f"i64.from_bits takes a u64, not {type(bits).__name__}")
        return _make(cls, _wrap(cls, bits._value))

    def to_bits(self) -> u64:
        """The same 64 bits, read as unsigned."""
        return _make(u64, self._value & u64.MAX)


INTEGER_CLASSES: tuple[type[Integer], ...] = (u8, u16, u32, u64, i64, PhysAddr, VirtAddr, GuestPhysAddr)


def _make(cls: type[N], value: int) -> N:
    """An instance whose value is known to fit."""
    made = cls.__new__(cls)
    made._value = value
    return made


def _checked(left: N, value: int, operator: str) -> N:
    cls = type(left)
    if cls.MIN <= value <= cls.MAX:
        return _make(cls, value)
    raise Trap(TrapKind.OVERFLOW, f"{operator} of {cls.__name__} gives {value:#x}")


def _wrap(cls: type[Integer], value: int) -> int:
    """`value` modulo 2**WIDTH, as the class reads those bits."""
    return ((value - cls.MIN) & (cls.MAX - cls.MIN)) + cls.MIN


def _operand(left: Integer, right: Integer | int) -> int:
    cls = type(left)
    if isinstance(right, Integer):
        if type(right) is cls:
            return right._value
    elif type(right) is int:
        if cls.MIN <= right <= cls.MAX:
            return right
        raise TypeError(f"the constant {right:#x} does not fit {cls.__name__}")
    raise TypeError(f"{cls.__name__} and {type(right).__name__} do not mix: convert one of them")


def _amount(left: Integer, amount: Integer | int) -> int:
    """A checked shift amount."""
    if type(amount) is int:
        number = amount
    else:
        number = _operand(left, amount)
    if 0 <= number < left.WIDTH:
        return number
    raise Trap(TrapKind.SHIFT, f"{type(left).__name__} by {number}")


def _divisor(value: int) -> int:
    if value == 0:
        raise Trap(TrapKind.DIVIDE)
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, (Integer, int))


def _plain_int(value: object) -> int:
    if isinstance(value, int):  # a bool is 0 or 1
        return int(value)
    raise TypeError(f"{type(value).__name__} is not an integer")
