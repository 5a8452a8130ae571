"""Structs: named fields in memory, laid out as C does.

    @struct
    class Thread(Struct):
        priority: u8 = u8(0)
        registers: Array[u64] = array(u64, 31)
        context: Context = embedded(Context)
        waiter: Ref[Thread] | None = None

Every field has a default. Locals and parameters of a struct type are references to it. Stores are checked: exact class,
known field. Sizes and offsets are `layout.py`'s.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from inspect import get_annotations
from types import NoneType
from typing import Annotated, Any, Literal, Self, TypeVar, cast, dataclass_transform, get_args, get_origin

from keelback.lang.annotations import Scope, calling_scope
from keelback.lang.arrays import Array, is_struct, zero_of
from keelback.lang.bitfields import is_bitfield
from keelback.lang.integers import Integer

T = TypeVar("T")
C = TypeVar("C")

FieldKind = Literal["integer", "boolean", "bitfield", "struct", "array", "reference"]


class _ByReference:
    """Marks `Ref` inside its Annotated form."""

    def __repr__(self) -> str:
        return "BY_REFERENCE"


BY_REFERENCE = _ByReference()
Ref = Annotated[T, BY_REFERENCE]  # stored as an address; checkers and CPython see plain T


@dataclass(frozen=True)
class Embedded:
    """What `embedded(T)` leaves behind in the body of a struct."""

    kind: type


def embedded(kind: type[T]) -> T:
    """Default of a field that holds a whole struct inside this one."""
    if not is_struct(kind):
        raise TypeError(f"embedded takes a @struct, not {kind!r}")
    return cast(T, Embedded(kind))


@dataclass(frozen=True)
class Field:
    """One field of a struct.

    `type`: the integer class, bool, bitfield or struct; of an array, its element's; of a reference, the struct it
    points to. `count`: length of an array, otherwise 1. `default`: a value, None for a reference, the pattern for an
    array, and None for a struct, whose defaults are its own.
    """

    name: str
    kind: FieldKind
    type: type
    count: int = 1
    default: object = None


@dataclass
class StructInfo:
    """What `@struct` notes on a class; `fields_of` completes it once the annotations can be read."""

    name: str
    defaults: dict[str, object]
    scope: Scope
    annotations: dict[str, object]
    fields: tuple[Field, ...] | None = None
    targets: dict[str, type | None] = field(default_factory=dict[str, "type | None"])  # of references, once stored to


class Struct:
    """Base that gives structs `copy_from` and `clear`; one without it can use everything else."""

    def copy_from(self, other: Self) -> None:
        """Overwrite every field, embedded structs and arrays included, with those of `other`."""
        _copy(self, other)

    def clear(self) -> None:
        """Make every field zero, False or None, embedded structs and arrays included, whatever its default."""
        _clear(self)


@dataclass_transform(kw_only_default=True)  # no field_specifiers: mypy would take `= array(...)` as a required field
def struct(cls: type[C]) -> type[C]:
    """Make a class of annotated fields with defaults into a struct."""
    if cls.__bases__ not in ((object,), (Struct,)):
        raise TypeError(f"{cls.__name__}: a struct derives from Struct or nothing; embed the other with embedded(...)")
    annotations: dict[str, object] = get_annotations(cls)
    defaults: dict[str, object] = {}
    for name in annotations:
        if name not in cls.__dict__:
            raise TypeError(f"{cls.__name__}.{name}: give it a default")
        defaults[name] = _checked_default(cls, name)
        delattr(cls, name)
    made = cast(Any, cls)
    made.__keel_struct__ = StructInfo(cls.__name__, defaults, calling_scope(sys._getframe(1)), annotations)
    made.__init__ = _initialise
    made.__setattr__ = _store
    made.__repr__ = _represent
    made.copy_from = Struct.copy_from
    if "clear" not in cls.__dict__:
        made.clear = Struct.clear
    return cls


def _checked_default(cls: type, name: str) -> object:
    default = cls.__dict__[name]
    if isinstance(default, Array) and default.read_only:
        raise TypeError(f"{cls.__name__}.{name}: a table of constants cannot be a field")
    if not _is_storable(default):
        raise TypeError(f"{cls.__name__}.{name}: {default!r} is not a default; give it a class, `u64(0)`")
    return default


def _is_storable(default: object) -> bool:
    return default is None or isinstance(default, (Array, Embedded, Integer, bool)) or is_bitfield(type(default))


def struct_info(cls: type) -> StructInfo:
    """Of a class made by `@struct`; TypeError for any other."""
    info = cls.__dict__.get("__keel_struct__")
    if isinstance(info, StructInfo):
        return info
    raise TypeError(f"{cls.__name__} is not a @struct")


def fields_of(cls: type) -> tuple[Field, ...]:
    """The fields in order. Reads the annotations, so every struct they name must exist by now."""
    info = struct_info(cls)
    if info.fields is None:
        info.fields = tuple(
            _read_field(info, name, info.scope.evaluate(annotation)) for name, annotation in info.annotations.items()
        )
    return info.fields


def _read_field(info: StructInfo, name: str, annotation: object) -> Field:
    default = info.defaults[name]
    where = f"{info.name}.{name}"
    if get_origin(annotation) is Array:
        (element,) = get_args(annotation)
        if not isinstance(default, Array) or default.element is not element:
            raise TypeError(f"{where}: the default must be array({element.__name__}, length)")
        return Field(name, "array", element, len(default), default)
    target = reference_target(annotation)
    if target is not None:
        if default is not None:
            raise TypeError(f"{where}: a Ref starts as None, `Ref[{target.__name__}] | None = None`")
        return Field(name, "reference", target)
    if isinstance(default, Embedded):
        if annotation is not default.kind:
            raise TypeError(f"{where}: annotation and embedded({default.kind.__name__}) disagree")
        return Field(name, "struct", default.kind)
    kind = _scalar_kind(annotation)
    if kind is None:
        raise TypeError(
            f"{where}: {annotation!r} cannot be a field; structs take embedded(...), Ref[...] or Array[...]"
        )
    if not isinstance(default, cast(type, annotation)):
        raise TypeError(f"{where}: the default is a {type(default).__name__}, not what the annotation says")
    return Field(name, kind, cast(type, annotation), 1, default)


def reference_target(annotation: object) -> type | None:
    """T of `Ref[T]` or `Ref[T] | None`; None for any other annotation object."""
    arguments: tuple[object, ...] = get_args(annotation)
    if len(arguments) == 2 and NoneType in arguments:
        annotation = arguments[0] if arguments[1] is NoneType else arguments[1]
        arguments = get_args(annotation)
    if get_origin(annotation) is Annotated and BY_REFERENCE in arguments and isinstance(arguments[0], type):
        return arguments[0]
    return None


def _scalar_kind(annotation: object) -> FieldKind | None:
    if annotation is bool:
        return "boolean"
    if isinstance(annotation, type) and issubclass(annotation, Integer):
        return "integer"
    return "bitfield" if is_bitfield(annotation) else None


def _initialise(self: object, **given: object) -> None:
    info = struct_info(type(self))
    values = self.__dict__
    for name, default in info.defaults.items():
        if isinstance(default, Array):
            values[name] = default.copy_pattern()
        elif isinstance(default, Embedded):
            values[name] = default.kind()
        else:
            values[name] = default
    for name, value in given.items():
        default = info.defaults.get(name)
        if isinstance(default, Embedded):
            _copy(values[name], value)
        elif isinstance(default, Array):
            _fill(values[name], value)
        else:
            _store(self, name, value)


def _store(self: object, name: str, value: object) -> None:
    """Field assignment: scalars of exactly the field's class, references to the right struct."""
    info = struct_info(type(self))
    if name not in info.defaults:
        raise AttributeError(f"{info.name} has no field {name}")
    default = info.defaults[name]
    if default is None:
        _check_reference(info, name, value)
    elif isinstance(default, (Array, Embedded)):
        raise TypeError(f"{info.name}.{name} is part of the struct and cannot be replaced: copy into it, `copy_from`")
    elif type(value) is not type(default):
        raise TypeError(f"{info.name}.{name} takes a {type(default).__name__}, not {type(value).__name__}")
    self.__dict__[name] = value


def _check_reference(info: StructInfo, name: str, value: object) -> None:
    if value is None:
        return
    if name not in info.targets:
        info.targets[name] = reference_target(info.scope.evaluate(info.annotations[name]))
    if type(value) is not info.targets[name]:
        raise TypeError(f"{info.name}.{name} does not refer to a {type(value).__name__}")


def _copy(target: object, source: object) -> None:
    kind = type(target)
    if not isinstance(source, kind):
        raise TypeError(f"a {kind.__name__} cannot be copied from a {type(source).__name__}")
    for name, default in struct_info(kind).defaults.items():
        value = source.__dict__[name]
        if isinstance(default, Array):
            target.__dict__[name].assign_all(value)
        elif isinstance(default, Embedded):
            _copy(target.__dict__[name], value)
        else:
            target.__dict__[name] = value


def _clear(target: object) -> None:
    for name, default in struct_info(type(target)).defaults.items():
        if isinstance(default, Array):
            target.__dict__[name].clear_all()
        elif isinstance(default, Embedded):
            _clear(target.__dict__[name])
        else:
            target.__dict__[name] = None if default is None else zero_of(type(default))


def _fill(target: Array[Any], source: object) -> None:
    if not isinstance(source, Array) or source.element is not target.element or len(source) != len(target):
        raise TypeError(f"expected array({target.element.__name__}, {len(target)}), not {source!r}")
    target.assign_all(source)


def _represent(self: object) -> str:
    shown: list[str] = []
    for name, value in self.__dict__.items():
        is_reference = struct_info(type(self)).defaults[name] is None and value is not None
        shown.append(f"{name}=<{type(value).__name__}>" if is_reference else f"{name}={value!r}")
    return f"{type(self).__name__}({', '.join(shown)})"
