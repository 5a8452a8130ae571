"""Bitfields: a word cut into named fields, as an immutable value.

    @bitfield(u64)
    class Stage2Entry(Bitfield[u64]):
        valid: bool = bits(0)
        output: u64 = bits(47, 12)

Fields are bool (one bit) or the word's class. Bits that no field names are kept by `from_word` and zero otherwise.
Changing a field in place does not exist: build a new value.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from inspect import get_annotations
from typing import Any, Generic, Self, TypeVar, cast, dataclass_transform, overload

from keelback.lang.annotations import Scope, calling_scope
from keelback.lang.integers import Unsigned
from keelback.lang.traps import Trap, TrapKind

W = TypeVar("W", bound=Unsigned)
C = TypeVar("C", bound="Bitfield[Any]")


@dataclass(frozen=True)
class BitRange:
    """What `bits(high, low)` leaves behind: the bits high..low, both included. `single` for `bits(number)`, a bool."""

    high: int
    low: int
    single: bool

    @property
    def width_bits(self) -> int:
        return self.high - self.low + 1

    @property
    def mask(self) -> int:
        """Of the field within the word."""
        return ((1 << self.width_bits) - 1) << self.low


@overload
def bits(high: int) -> bool: ...
@overload
def bits(high: int, low: int) -> Any: ...
def bits(high: int, low: int | None = None) -> Any:
    """Bit `high` as a bool, or the bits `high` down to `low` as a number of the word's class."""
    return BitRange(high, high if low is None else low, low is None)


@dataclass(frozen=True)
class BitfieldInfo:
    """What the compiler and the layouts need to know of a bitfield class."""

    name: str
    word: type[Unsigned]
    fields: dict[str, BitRange]
    scope: Scope
    annotations: dict[str, object]

    def check_annotations(self) -> None:
        """TypeError where an annotation disagrees with its `bits`; apart, since annotations may name later classes."""
        for name, field in self.fields.items():
            wanted = bool if field.single else self.word
            found = self.scope.evaluate(self.annotations[name])
            if found is not wanted:
                raise TypeError(f"{self.name}.{name}: annotate it {wanted.__name__}, as its bits(...) say")


class Bitfield(Generic[W]):
    """Base of bitfield classes."""

    __slots__ = ("_word",)
    _word: int

    @property
    def word(self) -> W:
        """All bits, those without a name included."""
        return cast(W, bitfield_info(type(self)).word(self._word))

    @classmethod
    def from_word(cls, word: W) -> Self:
        """The value with exactly these bits."""
        kind = bitfield_info(cls).word
        if type(word) is not kind:
            raise TypeError(f"{cls.__name__}.from_word takes a {kind.__name__}, not {type(word).__name__}")
        made = cls.__new__(cls)
        object.__setattr__(made, "_word", int(word))
        return made

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bitfield) and type(other) is type(self) and self._word == other._word

    def __hash__(self) -> int:
        return hash((type(self), self._word))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__}.{name}: a bitfield is a value; build a new one")

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in bitfield_info(type(self)).fields)
        return f"{type(self).__name__}({shown})"


@dataclass_transform(kw_only_default=True, frozen_default=True)
def bitfield(word: type[W]) -> Callable[[type[C]], type[C]]:
    """Make a class of `bits` fields into a value type the size of `word`."""
    scope = calling_scope(sys._getframe(1))

    def make(cls: type[C]) -> type[C]:
        fields = _collect_fields(cls, word)
        info = BitfieldInfo(cls.__name__, word, fields, scope, get_annotations(cls))
        for name, field in fields.items():
            setattr(cls, name, property(_getter(field, word)))
        made = cast(Any, cls)
        made.__keel_bitfield__ = info
        made.__init__ = _initialise
        return cls

    return make


def bitfield_info(cls: type) -> BitfieldInfo:
    """Of a class made by `@bitfield`; TypeError for any other."""
    info = cls.__dict__.get("__keel_bitfield__")
    if isinstance(info, BitfieldInfo):
        return info
    raise TypeError(f"{cls.__name__} is not a @bitfield")


def is_bitfield(cls: object) -> bool:
    """Whether `cls` is a class made by `@bitfield`."""
    return isinstance(cls, type) and "__keel_bitfield__" in cls.__dict__


def _collect_fields(cls: type, word: type[Unsigned]) -> dict[str, BitRange]:
    if Bitfield not in cls.__mro__ or any(is_bitfield(base) for base in cls.__mro__[1:]):
        raise TypeError(f"{cls.__name__}: a bitfield derives from Bitfield[{word.__name__}] and nothing else")
    fields: dict[str, BitRange] = {}
    taken = 0
    for name in get_annotations(cls):
        field = cls.__dict__.get(name)
        if not isinstance(field, BitRange):
            raise TypeError(f"{cls.__name__}.{name}: give it bits, `{name}: ... = bits(high, low)`")
        if not 0 <= field.low <= field.high < word.WIDTH:
            raise TypeError(f"{cls.__name__}.{name}: bits({field.high}, {field.low}) are not bits of a {word.__name__}")
        if taken & field.mask:
            raise TypeError(f"{cls.__name__}.{name}: shares bits with a field before it")
        taken |= field.mask
        fields[name] = field
    return fields


def _getter(field: BitRange, word: type[Unsigned]) -> Callable[[Bitfield[Any]], object]:
    if field.single:
        return lambda self: bool((self._word >> field.low) & 1)
    return lambda self: word((self._word & field.mask) >> field.low)


def _initialise(self: Bitfield[Any], **given: object) -> None:
    info = bitfield_info(type(self))
    total = 0
    for name, value in given.items():
        field = info.fields.get(name)
        if field is None:
            raise TypeError(f"{info.name} has no field {name}")
        total |= _field_bits(info, name, field, value)
    object.__setattr__(self, "_word", total)


def _field_bits(info: BitfieldInfo, name: str, field: BitRange, value: object) -> int:
    wanted = bool if field.single else info.word
    if type(value) is not wanted:
        raise TypeError(f"{info.name}.{name} takes a {wanted.__name__}, not {type(value).__name__}")
    number = int(cast(Unsigned, value))
    if number >> field.width_bits:
        raise Trap(TrapKind.CONVERT, f"{info.name}.{name}: {number:#x} is wider than {field.width_bits} bits")
    return number << field.low
