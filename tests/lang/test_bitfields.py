"""Bitfields: construction, reading, words, and what the decorator refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keelback.lang import Bitfield, TrapKind, bitfield, bits, expect_trap, layout_of, struct, u8, u32, u64
from keelback.lang.bitfields import BitRange, bitfield_info, is_bitfield


@bitfield(u64)
class Entry(Bitfield[u64]):
    valid: bool = bits(0)
    permissions: u64 = bits(7, 6)
    output: u64 = bits(47, 12)
    top: u64 = bits(63, 63)


@bitfield(u32)
class Control(Bitfield[u32]):
    enable: bool = bits(31)
    count: u32 = bits(4, 0)


def test_fields_land_on_their_bits() -> None:
    assert Entry().word == u64(0)
    assert Entry(valid=True).word == u64(1)
    assert Entry(permissions=u64(2)).word == u64(0x80)
    assert Entry(top=u64(1)).word == u64(1 << 63)
    assert Control(enable=True, count=u32(31)).word == u32(0x8000_001F)


@given(st.booleans(), st.integers(0, 3), st.integers(0, (1 << 36) - 1))
def test_fields_read_back(valid: bool, permissions: int, output: int) -> None:
    entry = Entry(valid=valid, permissions=u64(permissions), output=u64(output))
    assert entry.valid is valid
    assert (int(entry.permissions), int(entry.output), int(entry.top)) == (permissions, output, 0)
    assert type(entry.output) is u64
    assert type(entry.valid) is bool


@given(st.integers(0, u64.MAX))
def test_a_word_keeps_all_its_bits(word: int) -> None:
    entry = Entry.from_word(u64(word))
    assert entry.word == u64(word)
    assert entry.output == (word >> 12) & ((1 << 36) - 1)
    assert entry.valid is (word & 1 == 1)


def test_equal_words_make_equal_values() -> None:
    assert Entry(valid=True) == Entry.from_word(u64(1))
    assert Entry(valid=True) != Entry()
    assert hash(Entry(valid=True)) == hash(Entry.from_word(u64(1)))
    other: Any = Control()
    assert Entry() != other


def test_a_wide_value_traps() -> None:
    with expect_trap(TrapKind.CONVERT):
        Entry(permissions=u64(4))
    with expect_trap(TrapKind.CONVERT):
        Entry(output=u64(1 << 36))


def test_values_are_frozen() -> None:
    entry: Any = Entry()
    with pytest.raises(AttributeError, match="build a new one"):
        entry.valid = True
    with pytest.raises(AttributeError, match="build a new one"):
        entry.anything = 1
    assert entry == Entry()


@pytest.mark.parametrize(
    "given", [{"valid": 1}, {"valid": u64(1)}, {"permissions": 2}, {"permissions": u32(2)}, {"missing": True}]
)
def test_construction_is_typed(given: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        Entry(**given)


def test_from_word_is_typed() -> None:
    for wrong in (1, u32(1)):
        word: Any = wrong
        with pytest.raises(TypeError, match=r"Entry\.from_word takes a u64"):
            Entry.from_word(word)


def test_repr_shows_the_fields() -> None:
    assert repr(Control(enable=True, count=u32(3))) == "Control(enable=True, count=u32(0x3))"


def test_metadata() -> None:
    info = bitfield_info(Entry)
    assert info.word is u64
    assert info.fields["output"] == BitRange(47, 12, False)
    assert info.fields["valid"] == BitRange(0, 0, True)
    assert info.fields["output"].width_bits == 36
    assert info.fields["permissions"].mask == 0xC0
    assert is_bitfield(Entry)
    assert not is_bitfield(u64)
    assert not is_bitfield(Entry())
    with pytest.raises(TypeError, match="u64 is not a @bitfield"):
        bitfield_info(u64)


def overlapping() -> type:
    @bitfield(u8)
    class Overlapping(Bitfield[u8]):
        low: u8 = bits(3, 0)
        high: u8 = bits(7, 3)

    return Overlapping


def too_high() -> type:
    @bitfield(u8)
    class TooHigh(Bitfield[u8]):
        high: bool = bits(8)

    return TooHigh


def upside_down() -> type:
    @bitfield(u8)
    class UpsideDown(Bitfield[u8]):
        field: u8 = bits(0, 3)

    return UpsideDown


def without_bits() -> type:
    @bitfield(u8)
    class WithoutBits(Bitfield[u8]):
        field: u8 = u8(0)

    return WithoutBits


def without_base() -> type:
    decorate: Any = bitfield(u8)

    class WithoutBase:
        field: bool = bits(0)

    made: type = decorate(WithoutBase)
    return made


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (overlapping, "Overlapping.high: shares bits with a field before it"),
        (too_high, r"TooHigh.high: bits\(8, 8\) are not bits of a u8"),
        (upside_down, r"UpsideDown.field: bits\(0, 3\) are not bits of a u8"),
        (without_bits, "WithoutBits.field: give it bits"),
        (without_base, r"WithoutBase: a bitfield derives from Bitfield\[u8\]"),
    ],
)
def test_refused_classes(make: Callable[[], type], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        make()


@bitfield(u32)
class WrongAnnotation(Bitfield[u32]):
    field: u64 = bits(7, 0)


def test_annotations_are_checked_with_the_layout() -> None:
    with pytest.raises(TypeError, match=r"WrongAnnotation\.field: annotate it u32"):
        layout_of(WrongAnnotation)


@struct
class Holder:
    entry: Entry = Entry(valid=True)


def test_bitfields_as_struct_fields() -> None:
    holder = Holder()
    assert holder.entry.valid
    holder.entry = Entry(output=u64(5))
    assert holder.entry.output == 5
    wrong: Any = u64(1)
    with pytest.raises(TypeError, match=r"Holder\.entry takes a Entry, not u64"):
        holder.entry = wrong
