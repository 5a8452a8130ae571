"""DWARF: files, functions, lines, variables and types, as LLVM metadata."""

from __future__ import annotations

from keelback.compiler.frontend.lowering.ir import Metadata
from keelback.compiler.frontend.lowering.shapes import size_and_align
from keelback.compiler.frontend.tree import Function, GlobalObject, Variable
from keelback.compiler.frontend.types.model import (
    BOOL,
    MEMORY,
    NEVER,
    STR,
    VOID,
    ArrayType,
    BitfieldType,
    DeviceType,
    IntType,
    OptionalType,
    StructType,
    Type,
)
from keelback.compiler.source import Source


def escaped(text: str) -> str:
    """Text inside a metadata string."""
    return text.replace("\\", "\\5C").replace('"', "\\22")


class DebugInfo:
    """Makes the metadata nodes of one LLVM module."""

    def __init__(self, metadata: Metadata, root: Source) -> None:
        self.metadata = metadata
        self._files: dict[str, str] = {}
        self._types: dict[int, str] = {}
        self._keep: list[Type] = []
        self._root = self.file(root)
        self._globals: list[str] = []
        self.unit = metadata.reserve()

    def module_flags(self) -> list[str]:
        """The named metadata that every module ends with. Call last: it closes the compile unit."""
        variables = self.metadata.add("!{" + ", ".join(self._globals) + "}")
        self.metadata.fill(
            self.unit,
            f'distinct !DICompileUnit(language: DW_LANG_Python, file: {self._root}, producer: "keelback", '
            f"isOptimized: true, runtimeVersion: 0, emissionKind: FullDebug, globals: {variables})",
        )
        version = self.metadata.add('!{i32 2, !"Debug Info Version", i32 3}')
        dwarf = self.metadata.add('!{i32 7, !"Dwarf Version", i32 5}')
        return [f"!llvm.dbg.cu = !{{{self.unit}}}", f"!llvm.module.flags = !{{{version}, {dwarf}}}"]

    def file(self, source: Source) -> str:
        path = source.path
        key = str(path)
        if key not in self._files:
            folder, name = escaped(str(path.parent)), escaped(path.name)
            self._files[key] = self.metadata.add(f'!DIFile(filename: "{name}", directory: "{folder}")')
        return self._files[key]

    def subprogram(self, function: Function) -> str:
        """Names are as in the source; the linker's qualified ones would be what gdb asks for, were they given here."""
        file = self.file(function.module.source)
        line = function.line
        name = f"{function.owner.name}.{function.name}" if function.owner is not None else function.name
        return self.metadata.add(
            f'!DISubprogram(name: "{escaped(name)}", '
            f"scope: {file}, file: {file}, line: {line}, scopeLine: {line}, type: {self._signature(function)}, "
            f"spFlags: DISPFlagDefinition | DISPFlagOptimized, unit: {self.unit})",
            distinct=True,
        )

    def _signature(self, function: Function) -> str:
        kinds = [None if function.result in (VOID, NEVER) else self.type(function.result)]
        kinds += [self.type(parameter.type) for parameter in function.parameters]
        types = self.metadata.add("!{" + ", ".join(kind or "null" for kind in kinds) + "}")
        return self.metadata.add(f"!DISubroutineType(types: {types})")

    def location(self, line: int, column: int, scope: str) -> str:
        return self.metadata.add(f"!DILocation(line: {line}, column: {min(column, 65535)}, scope: {scope})")

    def variable(self, variable: Variable, scope: str, file: str) -> str | None:
        """A local or parameter, or None for one whose type a debugger cannot show."""
        kind = self.type(variable.type)
        if kind is None:
            return None
        number = "" if variable.parameter is None else f"arg: {variable.parameter + 1}, "
        name = escaped(variable.name)
        return self.metadata.add(
            f'!DILocalVariable(name: "{name}", {number}scope: {scope}, file: {file}, '
            f"line: {variable.line}, type: {kind})"
        )

    def global_variable(self, target: GlobalObject) -> str | None:
        """A module-level struct or array."""
        kind = self._stored(target.type)
        if kind is None:
            return None
        file = self.file(target.module.source)
        variable = self.metadata.add(
            f'!DIGlobalVariable(name: "{escaped(target.name)}", '
            f"scope: {file}, file: {file}, line: {target.line}, type: {kind}, isLocal: false, isDefinition: true)",
            distinct=True,
        )
        self._globals.append(self.metadata.add(f"!DIGlobalVariableExpression(var: {variable}, expr: !DIExpression())"))
        return self._globals[-1]

    def type(self, kind: Type) -> str | None:
        if isinstance(kind, StructType | OptionalType):
            struct = kind if isinstance(kind, StructType) else kind.struct
            base = self._struct(struct)
            return self.metadata.add(f"!DIDerivedType(tag: DW_TAG_pointer_type, baseType: {base}, size: 64)")
        return self._value(kind) or self._stored(kind)

    def _value(self, kind: Type) -> str | None:
        """Texts, memory windows, array parameters and tuples: structs of words that exist in registers only."""
        word = self.metadata.add('!DIBasicType(name: "u64", size: 64, encoding: DW_ATE_unsigned)')
        if kind is STR:
            byte = self.metadata.add('!DIBasicType(name: "char", size: 8, encoding: DW_ATE_UTF)')
            start = self.metadata.add(f"!DIDerivedType(tag: DW_TAG_pointer_type, baseType: {byte}, size: 64)")
            return self._words("str", [("start", start), ("count", word)])
        if kind is MEMORY:
            return self._words("Memory", [("base", word), ("size_bytes", word)])
        if isinstance(kind, DeviceType):
            return word
        if isinstance(kind, ArrayType) and kind.count is None:
            element = self._stored(kind.element)
            start = self.metadata.add(f"!DIDerivedType(tag: DW_TAG_pointer_type, baseType: {element}, size: 64)")
            return self._words(kind.name, [("start", start), ("count", word)])
        if isinstance(kind, ArrayType):
            base = self._stored(kind)
            return self.metadata.add(f"!DIDerivedType(tag: DW_TAG_pointer_type, baseType: {base}, size: 64)")
        return None

    def _words(self, name: str, members: list[tuple[str, str]]) -> str:
        parts = [
            self.metadata.add(
                f'!DIDerivedType(tag: DW_TAG_member, name: "{member}", baseType: {kind}, '
                f"size: 64, offset: {64 * number})"
            )
            for number, (member, kind) in enumerate(members)
        ]
        elements = self.metadata.add("!{" + ", ".join(parts) + "}")
        return self.metadata.add(
            f'!DICompositeType(tag: DW_TAG_structure_type, name: "{escaped(name)}", '
            f"size: {64 * len(members)}, elements: {elements})"
        )

    def _stored(self, kind: Type) -> str | None:
        if isinstance(kind, StructType):
            return self._struct(kind)
        if isinstance(kind, IntType):
            encoding = "DW_ATE_signed" if kind.signed else "DW_ATE_unsigned"
            return self.metadata.add(f'!DIBasicType(name: "{kind.name}", size: {kind.width}, encoding: {encoding})')
        if kind is BOOL:
            return self.metadata.add('!DIBasicType(name: "bool", size: 8, encoding: DW_ATE_boolean)')
        if isinstance(kind, BitfieldType):
            return self._bitfield(kind)
        if isinstance(kind, ArrayType) and kind.count is not None:
            return self._array(kind, kind.count)
        return self.type(kind) if isinstance(kind, OptionalType) else None

    def _bitfield(self, kind: BitfieldType) -> str:
        """A struct of bit-fields, as C would have it."""
        flag = self._stored(BOOL)
        word = self._stored(kind.word)
        parts = [
            self.metadata.add(
                f'!DIDerivedType(tag: DW_TAG_member, name: "{escaped(span.name)}", '
                f"baseType: {flag if span.flag else word}, size: {span.width}, offset: {span.low}, "
                "flags: DIFlagBitField, extraData: i64 0)"
            )
            for span in kind.ranges.values()
        ]
        elements = self.metadata.add("!{" + ", ".join(parts) + "}")
        return self.metadata.add(
            f'!DICompositeType(tag: DW_TAG_structure_type, name: "{escaped(kind.name)}", '
            f"size: {kind.word.width}, elements: {elements})"
        )

    def _array(self, kind: ArrayType, count: int) -> str | None:
        element = self._stored(kind.element)
        if element is None:
            return None
        size, _ = size_and_align(kind)
        extent = self.metadata.add(f"!DISubrange(count: {count})")
        extents = self.metadata.add(f"!{{{extent}}}")
        return self.metadata.add(
            f"!DICompositeType(tag: DW_TAG_array_type, baseType: {element}, size: {size * 8}, elements: {extents})"
        )

    def _struct(self, kind: StructType) -> str:
        known = self._types.get(id(kind))
        if known is not None:
            return known
        node = self._types[id(kind)] = self.metadata.reserve()
        self._keep.append(kind)
        members = [self._member(field.name, field.type, field.offset, node) for field in kind.fields.values()]
        elements = self.metadata.add("!{" + ", ".join(member for member in members if member) + "}")
        self.metadata.fill(
            node,
            f'distinct !DICompositeType(tag: DW_TAG_structure_type, name: "{escaped(kind.name)}", '
            f"size: {kind.size * 8}, align: {kind.align * 8}, elements: {elements})",
        )
        return node

    def _member(self, name: str, kind: Type, offset: int, scope: str) -> str | None:
        base = self._stored(kind)
        if base is None:
            return None
        size, _ = size_and_align(kind)
        return self.metadata.add(
            f'!DIDerivedType(tag: DW_TAG_member, name: "{escaped(name)}", scope: {scope}, baseType: {base}, '
            f"size: {size * 8}, offset: {offset * 8})"
        )
