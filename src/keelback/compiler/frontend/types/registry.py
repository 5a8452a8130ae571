"""From live classes and annotations to the compiler's types. One `Registry` serves one program."""

from __future__ import annotations

import ast
from typing import NoReturn, cast

from keelback.compiler.frontend.types.model import (
    BOOL,
    MEMORY,
    NEVER,
    STR,
    VOID,
    ArrayType,
    BitfieldType,
    BitRange,
    DeviceType,
    IntType,
    OptionalType,
    StructField,
    StructType,
    TupleType,
    Type,
)
from keelback.lang import Array, Device, Memory, layout_of, u64
from keelback.lang.arrays import is_struct
from keelback.lang.bitfields import bitfield_info, is_bitfield
from keelback.lang.integers import Integer
from keelback.lang.structs import Field, Ref, fields_of


class UnknownType(Exception):
    """An annotation that is no type of the language: what it says, and what to write instead."""

    def __init__(self, node: ast.AST, message: str, help_text: str) -> None:
        super().__init__(message)
        self.node, self.message, self.help = node, message, help_text


TYPES_HELP = "use u8..u64, i64, an address type, bool, str, Memory, Array[T], a @struct or a @bitfield"


class Registry:
    """Types by the class they stand for; each class has exactly one."""

    def __init__(self) -> None:
        self._known: dict[type, Type] = {}

    @property
    def word(self) -> IntType:
        """u64, what indexes and lengths are counted in."""
        return cast(IntType, self.of_class(u64))

    def of_class(self, kind: type) -> Type | None:
        """The type of values of the class `kind`, or None for a class that is not of the language."""
        if kind not in self._known:
            made = self._make(kind)
            if made is None:
                return None
            self._known.setdefault(kind, made)
        return self._known[kind]

    def _make(self, kind: type) -> Type | None:
        simple: dict[type, Type] = {bool: BOOL, str: STR, Memory: MEMORY, type(None): VOID}
        if kind in simple:
            return simple[kind]
        if issubclass(kind, Integer) and kind.WIDTH:
            return IntType(kind.__name__, kind.WIDTH, kind.SIGNED)
        if is_bitfield(kind):
            return self._bitfield(kind)
        if is_struct(kind):
            return self._struct(kind)
        if issubclass(kind, Device) and kind is not Device:
            return DeviceType(kind.__name__, kind)
        return None

    def _bitfield(self, kind: type) -> BitfieldType:
        info = bitfield_info(kind)
        info.check_annotations()
        ranges = {name: BitRange(name, span.low, span.width_bits, span.single) for name, span in info.fields.items()}
        return BitfieldType(kind.__name__, kind, cast(IntType, self.of_class(info.word)), ranges)

    def _struct(self, kind: type) -> StructType:
        layout = layout_of(kind)
        made = StructType(kind.__name__, f"{kind.__module__}.{kind.__qualname__}", kind, layout.size, layout.align)
        self._known[kind] = made
        for index, field in enumerate(fields_of(kind)):
            offset = layout.fields[field.name].offset
            made.fields[field.name] = StructField(field.name, self._field(field), offset, index)
        return made

    def _field(self, field: Field) -> Type:
        inner = cast(Type, self.of_class(field.type))
        if field.kind == "array":
            return ArrayType(inner, field.count)
        return OptionalType(cast(StructType, inner)) if field.kind == "reference" else inner

    def of_global(self, value: object) -> Type | None:
        """The type of a module-level array or struct."""
        if isinstance(value, Array):
            array = value
            element = self.of_class(array.element)
            return None if element is None else ArrayType(element, len(array), array.read_only)
        return self.of_class(type(value)) if is_struct(type(value)) else None

    # -- annotations ---------------------------------------------------------------------------------------------

    def annotation(self, node: ast.expr | None, namespace: dict[str, object]) -> Type:
        """The type an annotation names; raises UnknownType."""
        if node is None:
            raise AssertionError("no annotation")
        if isinstance(node, ast.Constant):
            if node.value is None:
                return VOID
            if isinstance(node.value, str):
                return self.annotation(ast.parse(node.value, mode="eval").body, namespace)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            return self._optional(node, namespace)
        if isinstance(node, ast.Subscript):
            return self._subscript(node, namespace)
        value = self._lookup(node, namespace)
        if value is NoReturn:
            return NEVER
        if value is int:
            raise UnknownType(node, "`int` has no width on the machine", "write u64, or another width")
        made = self.of_class(value) if isinstance(value, type) else None
        if made is None:
            raise UnknownType(node, f"`{ast.unparse(node)}` is not a type of the language", TYPES_HELP)
        return made

    def _lookup(self, node: ast.expr, namespace: dict[str, object]) -> object:
        if isinstance(node, ast.Name):
            found = namespace.get(node.id, cast("dict[str, object]", namespace["__builtins__"]).get(node.id))
            if found is None:
                raise UnknownType(node, f"`{node.id}` is not defined", "import it, or correct the name")
            return found
        if isinstance(node, ast.Attribute):
            return getattr(self._lookup(node.value, namespace), node.attr, None)
        raise UnknownType(node, f"`{ast.unparse(node)}` is not a type of the language", TYPES_HELP)

    def _optional(self, node: ast.BinOp, namespace: dict[str, object]) -> Type:
        sides = [
            side for side in (node.left, node.right) if not (isinstance(side, ast.Constant) and side.value is None)
        ]
        inner = self.annotation(sides[0], namespace) if len(sides) == 1 else None
        if isinstance(inner, OptionalType):
            return inner
        if isinstance(inner, StructType):
            return OptionalType(inner)
        raise UnknownType(node, f"`{ast.unparse(node)}`: only a struct may be absent", "write `Ref[T] | None`")

    def _subscript(self, node: ast.Subscript, namespace: dict[str, object]) -> Type:
        outer = self._lookup(node.value, namespace)
        if outer is Array:
            return ArrayType(self.annotation(node.slice, namespace), None)
        if outer is Ref:
            return self.annotation(node.slice, namespace)
        if outer is tuple and isinstance(node.slice, ast.Tuple):
            return TupleType(tuple(self.annotation(part, namespace) for part in node.slice.elts))
        raise UnknownType(node, f"`{ast.unparse(node)}` is not a type of the language", TYPES_HELP)
