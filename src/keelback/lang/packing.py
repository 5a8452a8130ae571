"""Structs and arrays as bytes, both ways, and boot states from plain dicts and lists.

`to_bytes` and `from_bytes` work on objects of the language. `pack` and `unpack` work on a Layout and plain Python
values, for hosts that cannot import the program whose memory they lay out. All of it is little endian, with zeros as
padding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from struct import Struct
from struct import pack as pack_numbers
from struct import unpack as unpack_numbers
from typing import Any, Final, TypeAlias, TypeVar, cast

from keelback.lang.arrays import Array, StructArray, array, is_struct
from keelback.lang.bitfields import Bitfield, bitfield_info, is_bitfield
from keelback.lang.integers import Integer
from keelback.lang.layout import Layout, layout_of
from keelback.lang.structs import Field, fields_of

T = TypeVar("T")
PackNumbers: TypeAlias = Callable[..., bytes]

NUMBER_CODES: Final = {8: "B", 16: "H", 32: "I", 64: "Q"}
"""Unsigned integers by width, as the struct module calls them."""


def to_bytes(thing: object, address: Callable[[object], int] | None = None) -> bytes:
    """The bytes of a struct, an array, or a single value as they lie in memory.

    A Ref that is not None needs `address`, which gives the address of the struct it points to; without it, TypeError.
    """
    if isinstance(thing, Array):
        return _array_bytes(cast("Array[object]", thing), address)
    if is_struct(type(thing)):
        return _struct_bytes(thing, address)
    if isinstance(thing, Bitfield):
        return to_bytes(thing.word)
    if isinstance(thing, Integer):
        return int(thing).to_bytes(thing.WIDTH // 8, "little", signed=thing.SIGNED)
    if isinstance(thing, bool):
        return bytes([thing])
    raise TypeError(f"{thing!r} has no bytes")


def _array_bytes(items: Array[Any], address: Callable[[object], int] | None) -> bytes:
    if issubclass(items.element, Integer):
        return pack_numbers(_format(items.element, len(items)), *items.stored())
    if not isinstance(items, StructArray):
        return b"".join(to_bytes(items[index]) for index in range(len(items)))
    untouched = to_bytes(items.element(), address)
    touched = (items.touched(index) for index in range(len(items)))
    return b"".join(untouched if item is None else to_bytes(item, address) for item in touched)


def _format(element: type[Integer], count: int) -> str:
    """What the struct module calls so many integers."""
    code = NUMBER_CODES[element.WIDTH]
    return f"<{count}{code.lower() if element.SIGNED else code}"


@cache
def _flat_format(kind: type) -> str | None:
    """What the struct module calls a struct of integers, bools, arrays and structs of these; None for any other."""
    layout, made, end = layout_of(kind), "", 0
    for field in fields_of(kind):
        offset, inner = layout.fields[field.name]
        if field.kind == "struct":
            part = _flat_format(field.type)
        elif issubclass(field.type, Integer):
            part = _format(field.type, field.count)[1:]
        else:
            part = f"{field.count}?" if field.type is bool else None
        if part is None:
            return None
        made += f"{offset - end}x{part}"
        end = offset + inner.size
    return f"{made}{layout.size - end}x"


@cache
def _flat_packer(kind: type) -> PackNumbers | None:
    made = _flat_format(kind)
    return None if made is None else Struct(f"<{made}").pack


def _collect_numbers(thing: object, numbers: list[Any]) -> None:
    """The numbers in a struct with a flat format, in order."""
    for value in thing.__dict__.values():
        if isinstance(value, Array):
            numbers.extend(cast("Array[object]", value).stored())
        elif is_struct(type(value)):
            _collect_numbers(value, numbers)
        else:
            numbers.append(value)


def _struct_bytes(thing: object, address: Callable[[object], int] | None) -> bytes:
    kind: type = type(thing)
    packer = _flat_packer(kind)
    if packer is not None:
        numbers: list[Any] = []
        _collect_numbers(thing, numbers)
        return packer(*numbers)
    layout = layout_of(thing)
    made = bytearray(layout.size)
    for field in fields_of(type(thing)):
        offset, inner = layout.fields[field.name]
        value = getattr(thing, field.name)
        if field.kind == "reference":
            value_bytes = _reference_bytes(field, value, address)
        else:
            value_bytes = to_bytes(value, address)
        made[offset : offset + inner.size] = value_bytes
    return bytes(made)


def _reference_bytes(field: Field, value: object, address: Callable[[object], int] | None) -> bytes:
    if value is None:
        return bytes(8)
    if address is None:
        raise TypeError(f"{field.name} refers to a {type(value).__name__}: its bytes need an address")
    return address(value).to_bytes(8, "little")


def from_bytes(kind: type[T], data: bytes) -> T:
    """A value of `kind` from exactly its bytes; a new struct for a struct class.

    ValueError for a wrong length, a bool that is neither 0 nor 1, or a Ref that is not None.
    """
    size = layout_of(kind).size
    if len(data) != size:
        raise ValueError(f"a {kind.__name__} has {size} bytes, not {len(data)}")
    if is_struct(kind):
        return _struct_from(kind, data)
    if kind is bool:
        return cast(T, _bool_from(data))
    if is_bitfield(kind):
        made = cast(Any, kind).from_word(from_bytes(bitfield_info(kind).word, data))
        return cast(T, made)
    integer = cast("type[Integer]", kind)
    return cast(T, integer(int.from_bytes(data, "little", signed=integer.SIGNED)))


def array_from_bytes(element: type[T], data: bytes) -> Array[T]:
    """A new array of as many elements as `data` holds; ValueError if that is not a whole number."""
    size = layout_of(element).size
    count, rest = divmod(len(data), size)
    if rest:
        raise ValueError(f"{len(data)} bytes are not a whole number of {element.__name__} of {size} bytes")
    made = array(element, count)
    if issubclass(element, Integer):
        for index, number in enumerate(unpack_numbers(_format(element, count), data)):
            if number:
                made[index] = element(number)
        return made
    for index in range(count):
        item = from_bytes(element, data[index * size : (index + 1) * size])
        if is_struct(element):
            cast(Any, made[index]).copy_from(item)
        else:
            made[index] = item
    return made


def _struct_from(kind: type[T], data: bytes) -> T:
    made = kind()
    for field in fields_of(kind):
        offset, inner = layout_of(kind).fields[field.name]
        part = data[offset : offset + inner.size]
        if field.kind == "array":
            getattr(made, field.name).assign_all(array_from_bytes(field.type, part))
        elif field.kind == "struct":
            getattr(made, field.name).copy_from(from_bytes(field.type, part))
        elif field.kind != "reference":
            setattr(made, field.name, from_bytes(field.type, part))
        elif any(part):
            raise ValueError(f"{field.name} is an address, and an address means nothing here")
    return made


def _bool_from(data: bytes) -> bool:
    if data[0] > 1:
        raise ValueError(f"a bool is 0 or 1, not {data[0]}")
    return data[0] == 1


def pack(layout: Layout, values: object = None, onto: bytes | None = None) -> bytes:
    """The bytes of `layout` filled from plain values; what is not given keeps its default, or its bytes in `onto`.

    struct: a mapping by field name. array: a sequence (a shorter one leaves the rest), or a mapping by index.
    bitfield: its word, or a mapping by field. Integers, bools and references (addresses): an int, a bool, None for 0,
    or an object of the language. ValueError names the field, `threads[3].priority`, that is unknown or does not fit.
    """
    made = bytearray(default_bytes(layout) if onto is None else onto)
    if len(made) != layout.size:
        raise ValueError(f"{layout.name} has {layout.size} bytes, not {len(made)}")
    if values is not None:
        _pack_into(made, 0, layout, values, layout.name)
    return bytes(made)


def default_bytes(layout: Layout) -> bytes:
    """The bytes of `layout` with every field at its default."""
    if layout.kind == "struct":
        made = bytearray(layout.size)
        for offset, inner in layout.fields.values():
            made[offset : offset + inner.size] = default_bytes(inner)
        return bytes(made)
    if layout.element is not None:
        return default_bytes(layout.element) * layout.count
    return layout.default.to_bytes(layout.size, "little", signed=layout.signed)


def _pack_into(made: bytearray, start: int, layout: Layout, values: object, path: str) -> None:
    if layout.kind == "struct":
        for name, value in _mapping(values, path).items():
            if name not in layout.fields:
                raise ValueError(f"{path}: no field {name!r}; it has {', '.join(layout.fields)}")
            offset, inner = layout.fields[name]
            _pack_into(made, start + offset, inner, value, f"{path}.{name}")
    elif layout.element is not None:
        for index, value in _indexed(values, path):
            if not 0 <= index < layout.count:
                raise ValueError(f"{path}: no element {index}; it has {layout.count}")
            _pack_into(made, start + index * layout.stride, layout.element, value, f"{path}[{index}]")
    else:
        number = _bitfield_number(layout, values, path) if layout.kind == "bitfield" else _number(values, path)
        made[start : start + layout.size] = _fitted(layout, number, path)


def _mapping(values: object, path: str) -> Mapping[Any, object]:
    if isinstance(values, Mapping):
        return cast("Mapping[Any, object]", values)
    raise ValueError(f"{path}: expected a mapping, not {values!r}")


def _indexed(values: object, path: str) -> list[tuple[int, object]]:
    if isinstance(values, Mapping):
        return list(cast("Mapping[int, object]", values).items())
    if isinstance(values, Sequence) and not isinstance(values, str):
        return list(enumerate(cast("Sequence[object]", values)))
    raise ValueError(f"{path}: expected a sequence, or a mapping by index, not {values!r}")


def _number(value: object, path: str) -> int:
    if value is None:
        return 0
    if isinstance(value, Bitfield):
        return int(value.word)
    if isinstance(value, (int, Integer)):
        return int(value)
    raise ValueError(f"{path}: expected a number, not {value!r}")


def _bitfield_number(layout: Layout, value: object, path: str) -> int:
    if not isinstance(value, Mapping):
        return _number(value, path)
    number = 0
    for name, part in cast("Mapping[str, object]", value).items():
        if name not in layout.bits:
            raise ValueError(f"{path}: no field {name!r}; it has {', '.join(layout.bits)}")
        high, low = layout.bits[name]
        part_number = _number(part, path)
        if not 0 <= part_number < 1 << (high - low + 1):
            raise ValueError(f"{path}.{name}: {part_number:#x} does not fit {high - low + 1} bits")
        number |= part_number << low
    return number


def _fitted(layout: Layout, number: int, path: str) -> bytes:
    if layout.kind == "boolean" and number not in (0, 1):
        raise ValueError(f"{path}: a bool is 0 or 1, not {number}")
    try:
        return number.to_bytes(layout.size, "little", signed=layout.signed)
    except OverflowError:
        raise ValueError(f"{path}: {number:#x} does not fit {layout.name}") from None


def unpack(layout: Layout, data: bytes) -> Any:
    """The inverse of `pack`: dicts, lists, bools, ints; a bitfield as a dict of its fields, a reference as an int."""
    if layout.kind == "struct":
        return {
            name: unpack(inner, data[offset : offset + inner.size]) for name, (offset, inner) in layout.fields.items()
        }
    if layout.element is not None:
        starts = (index * layout.stride for index in range(layout.count))
        return [unpack(layout.element, data[start : start + layout.element.size]) for start in starts]
    number = int.from_bytes(data[: layout.size], "little", signed=layout.signed)
    if layout.kind == "bitfield":
        return {name: (number >> low) & ((1 << (high - low + 1)) - 1) for name, (high, low) in layout.bits.items()}
    return bool(number) if layout.kind == "boolean" else number
