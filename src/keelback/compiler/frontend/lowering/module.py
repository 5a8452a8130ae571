"""Lowers a whole program to the text of one LLVM module: types, globals, functions, assembly, debug information."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from keelback.compiler.frontend.lowering import assembly, constants
from keelback.compiler.frontend.lowering.debug import DebugInfo
from keelback.compiler.frontend.lowering.function import FunctionLowering
from keelback.compiler.frontend.lowering.helpers import helper_text, place_text
from keelback.compiler.frontend.lowering.ir import VOID_VALUE, Metadata, Value, quoted, string_literal
from keelback.compiler.frontend.lowering.points import Point, points_text
from keelback.compiler.frontend.lowering.shapes import (
    memory_type,
    placed,
    size_and_align,
    struct_definition,
    value_type,
)
from keelback.compiler.frontend.tree import Function, GlobalObject
from keelback.compiler.frontend.types.collect import Program
from keelback.compiler.frontend.types.decorators import named_by, placeholders
from keelback.compiler.frontend.types.interior import Path
from keelback.compiler.frontend.types.model import NEVER, ArrayType, OptionalType, StructType, Type
from keelback.compiler.proofs import Site
from keelback.compiler.source import Source
from keelback.lang.memory import address_of
from keelback.lang.traps import TrapKind

STATE_PACKAGE = "keelback.kernel"
PAGE_BYTES = 4096  # globals of whole pages lie on pages of their own: translation tables must
TRAP_SITES = 0xFFF
SYSTEM_SPACE = 1 << 63  # on the host, system registers are 8-byte cells of this address space


@dataclass(frozen=True)
class LoweredModule:
    """LLVM IR text, and which functions and globals it defines."""

    text: str
    functions: tuple[Function, ...]
    globals: tuple[GlobalObject, ...]
    system_registers: dict[str, int]  # on the host: the address that stands for each register
    points: tuple[Point, ...] = ()  # on the host, if asked for: what `keel.reached` tells of, a byte each
    sites: tuple[Site, ...] = ()  # not on the host: every check, those that were left out, too


class ModuleLowering:
    """State of lowering one program. `host` chooses calls instead of machine instructions for what only a board has;
    `points` makes it tell what of it was reached; `unreached` are the numbers of checks that are not emitted."""

    def __init__(
        self,
        root: Source,
        program: Program,
        *,
        host: bool,
        points: bool = False,
        unreached: frozenset[int] = frozenset(),
    ) -> None:
        self.host = host
        self.points: list[Point] | None = [] if points else None
        self.program = program
        self.metadata = Metadata()
        self.debug = DebugInfo(self.metadata, root)
        self.unlikely = self.metadata.add('!{!"branch_weights", i32 1, i32 2000}')
        self.likely = self.metadata.add('!{!"branch_weights", i32 2000, i32 1}')
        self.globals: dict[str, GlobalObject] = {}
        self._structs: dict[str, StructType] = {}
        self._texts: dict[str, str] = {}
        self._declarations: set[str] = set()
        self._system_registers: dict[str, int] = {}
        self._arrays_seen_as_bytes: dict[str, GlobalObject] = {}
        self._used_by_assembly: set[int] = set()  # ids of functions and globals that LLVM cannot see the uses of
        self.unreached = unreached
        self._sites: list[Site] = []
        self._helpers = False

    # -- what functions ask for ----------------------------------------------------------------------------------

    def new_site(self, function: Function, position: tuple[int, int], kind: TrapKind) -> int:
        """Number the next trap. Each has a number of its own, so that LLVM keeps them apart, whatever is left out."""
        if not self.host:
            self._sites.append(Site(len(self._sites) + 1, function.symbol, *position, kind.name))
        return len(self._sites)

    def trap_call(self, kind: TrapKind, number: int) -> str:
        """The instruction that traps at a site."""
        if self.host:
            return f"call void @keel.trap(i32 {int(kind)})"
        site = (number & TRAP_SITES) << 4 | int(kind)
        return f'call void asm sideeffect "brk #{site}", ""() #3'

    def symbol(self, function: Function) -> str:
        """The linker's name of a function."""
        return function.symbol if self.host else function.entry or _naked_symbol(function) or function.symbol

    def declare(self, text: str) -> None:
        self._declarations.add(text)

    def need_helpers(self) -> None:
        self._helpers = True

    def system_register(self, name: str) -> int:
        """On the host, the address that stands for a system register."""
        return system_register_address(self._system_registers.setdefault(name, len(self._system_registers)))

    def text(self, text: str) -> Value:
        """A text constant: address and count of bytes."""
        name = self._texts.setdefault(text, f"keel.text.{len(self._texts)}")
        return Value("{ ptr, i64 }", f"{{ ptr @{quoted(name)}, i64 {len(text.encode())} }}")

    def call(self, function: FunctionLowering, called: Function, arguments: list[Value]) -> Value:
        """Emit a call, or the inline assembly that takes its place."""
        if called.asm is not None and not self.host:
            made = assembly.call_assembly(function, called, arguments)
        else:
            symbol = quoted(self.symbol(called))
            kind = value_type(called.result)
            given = (
                arguments if self.host else placed([str(value) for value in arguments], called.registers, "i64 poison")
            )
            text = f"call {self.convention(called)}{kind} @{symbol}({', '.join(map(str, given))})"
            if kind == "void":
                function.builder.write(text)
                made = VOID_VALUE
            else:
                made = function.builder.emit(kind, text)
        if called.result is NEVER:
            function.builder.terminate("unreachable")
        return made

    def memory_window(self, base: int, size: int) -> Value:
        """A window made at module level; `bytes_of` an array there has a fake base, which stands for the array."""
        found = constants.array_at(base, self.program.globals)
        if found is None:
            return Value("{ i64, i64 }", f"{{ i64 {base}, i64 {size} }}")
        target, offset = found
        self.use_global(target)
        if self.host:
            return Value("{ i64, i64 }", f"{{ i64 {self.stand_in_address(target) + offset}, i64 {size} }}")
        start = f"ptrtoint (ptr {_address(target, offset)} to i64)"
        return Value("{ i64, i64 }", f"{{ i64 {start}, i64 {size} }}")

    def convention(self, function: Function) -> str:
        """The calling convention, with a space behind it; nothing for C's."""
        return "preserve_nonecc " if function.registers and not self.host else ""

    def linkage(self, function: Function) -> str:
        """Internal wherever LLVM sees all uses, so that it may inline the function away. In the kernel LLVM is not to
        know that a function has just one caller: it would inline all calls into one function, whose frame all pay for.
        """
        if self.host:
            return "internal "
        if function.entry is not None or id(function) in self._used_by_assembly:
            return ""
        return "linkonce_odr hidden " if function.module.name.startswith(STATE_PACKAGE) else "internal "

    def stand_in_address(self, target: GlobalObject) -> int:
        """On the host, where an array's bytes appear to windows: as in CPython, no matter where LLVM puts them."""
        self._arrays_seen_as_bytes[target.symbol] = target
        return int(address_of(target.python))

    def access_tag(self, name: str) -> str:
        """What tells LLVM that memory of this kind is no memory of another kind (type-based alias analysis)."""
        root = self.metadata.add('!{!"kinds of memory"}')
        kind = self.metadata.add(f'!{{!"{name}", {root}, i64 0}}')
        return self.metadata.add(f"!{{{kind}, {kind}, i64 0}}")

    def is_called_by_assembly(self, function: Function) -> bool:
        """Whether LLVM cannot see all calls of it."""
        return id(function) in self._used_by_assembly

    def use_global(self, target: GlobalObject) -> None:
        self.globals.setdefault(target.symbol, target)

    def reference(self, value: object) -> str:
        """The address of a struct that a field refers to from the start."""
        known = self.program.objects.get(id(value))
        target, path = (known, ()) if isinstance(known, GlobalObject) else self.program.parts[id(value)]
        self.use_global(target)
        return _address(target, _offset(target.type, path))

    # -- the module ----------------------------------------------------------------------------------------------

    def is_state(self, target: GlobalObject) -> bool:
        """Whether it is a table of the kernel's state, which the image builder fills in."""
        return target.module.name.startswith(STATE_PACKAGE) and not target.read_only

    def lower(
        self, functions: Iterable[Function], roots: Iterable[Function] = (), always: Iterable[GlobalObject] = ()
    ) -> LoweredModule:
        """Lower what is reachable from `roots`, entries and `@naked` code; and the globals `always`."""
        for target in always:
            self.use_global(target)
        entries = [f for f in functions if f.entry or (f.naked is not None and not self.host)]
        kept = self._reachable([*([] if self.host else entries), *roots])
        definitions: list[str] = []
        for function in kept:
            if function.naked is not None:
                definitions.append(
                    FunctionLowering(self, function).lower() if self.host else self._declaration(function)
                )
            elif function.asm is None or self.host:
                definitions.append(FunctionLowering(self, function).lower())
        parts = [*self._assembly(kept), *self._global_lines(), *self._text_lines(), *definitions]
        parts += sorted(self._declarations)
        if self._helpers:
            parts.append(helper_text(self.host))
        if self.host:
            arrays = {symbol: self.stand_in_address(target) for symbol, target in self._arrays_seen_as_bytes.items()}
            parts.append(place_text({symbol: (start, self._byte_count(symbol)) for symbol, start in arrays.items()}))
        if self.points is not None:
            parts.append(points_text(len(self.points)))
        types = [struct_definition(struct) for struct in self._structs.values()]
        text = "\n".join([*types, *parts, *self._attributes(), *self.debug.module_flags(), *self.metadata.lines(), ""])
        registers = {name: system_register_address(number) for name, number in self._system_registers.items()}
        points, sites = tuple(self.points or ()), tuple(self._sites)
        return LoweredModule(text, tuple(kept), tuple(self.globals.values()), registers, points, sites)

    def _byte_count(self, symbol: str) -> int:
        return size_and_align(self._arrays_seen_as_bytes[symbol].type)[0]

    def _reachable(self, pending: list[Function]) -> list[Function]:
        seen: dict[int, Function] = {}
        while pending:
            function = pending.pop()
            if function.replacement is not None:
                function = function.replacement
            if id(function) in seen:
                continue
            seen[id(function)] = function
            if function.naked is not None and not self.host:
                pending += [found for found in self._naked_uses(function) if isinstance(found, Function)]
            else:
                pending += [called for called, _ in function.calls]
                for target in function.globals:
                    self.use_global(target)
        return sorted(seen.values(), key=lambda function: function.symbol)

    def _naked_uses(self, function: Function) -> list[Function | GlobalObject]:
        assert function.naked is not None
        found: list[Function | GlobalObject] = []
        for name in placeholders(function.naked.template):
            known = self.program.objects.get(id(named_by(function, name)))
            if known is not None:
                found.append(known)
                self._used_by_assembly.add(id(known))
                if isinstance(known, GlobalObject):
                    self.use_global(known)
        return found

    def _declaration(self, function: Function) -> str:
        types = placed([value_type(parameter.type) for parameter in function.parameters], function.registers, "i64")
        symbol = quoted(_naked_symbol(function) or function.symbol)
        return f"declare {self.convention(function)}{value_type(function.result)} @{symbol}({', '.join(types)})"

    def _assembly(self, kept: list[Function]) -> list[str]:
        if self.host:
            return []
        lines: list[str] = []
        for function in kept:
            if function.naked is not None:
                symbol = function.naked.symbol or function.symbol
                names = self._naked_names(function)
                naked = function.naked
                lines += assembly.naked_text(symbol, naked.template, naked.section, naked.align, names)
        return lines

    def _naked_names(self, function: Function) -> dict[str, str]:
        assert function.naked is not None
        names: dict[str, str] = {}
        for name in placeholders(function.naked.template):
            value = named_by(function, name)
            known = self.program.objects.get(id(value))
            if isinstance(known, Function):
                names[name] = f'"{known.entry or _naked_symbol(known) or known.symbol}"'
            elif isinstance(known, GlobalObject):
                names[name] = f'"{known.symbol}"'
            else:
                names[name] = str(int(value))  # type: ignore[call-overload]
        return names

    def _global_lines(self) -> list[str]:
        """All globals that are used; a reference in one may bring in another."""
        lines: dict[str, str] = {}
        while len(lines) < len(self.globals):
            for symbol, target in list(self.globals.items()):
                if symbol not in lines:
                    lines[symbol] = self._global_line(target)
        return list(lines.values())

    def _global_line(self, target: GlobalObject) -> str:
        self.note_type(target.type)
        shape = memory_type(target.type)
        size, align = size_and_align(target.type)
        align = PAGE_BYTES if size % PAGE_BYTES == 0 else max(align, 8)
        initial = constants.initialiser(target.type, target.python, self.reference)
        state = self.is_state(target)
        exported = state or self.host or id(target) in self._used_by_assembly
        linkage = "internal " if not exported else "" if self.host else "dso_local "
        kind = "constant" if target.read_only else "global"
        section = ', section ".state"' if state and not self.host else ""
        debug = self.debug.global_variable(target)
        attachment = f", !dbg {debug}" if debug else ""
        symbol = quoted(target.symbol)
        return f"@{symbol} = {linkage}{kind} {shape} {initial}{section}, align {align}{attachment}"

    def note_type(self, kind: Type) -> None:
        if isinstance(kind, ArrayType):
            self.note_type(kind.element)
        elif isinstance(kind, OptionalType):
            self.note_struct(kind.struct)
        elif isinstance(kind, StructType):
            self.note_struct(kind)

    def note_struct(self, kind: StructType) -> None:
        """Have the struct's LLVM type defined, and those of the structs inside it."""
        if kind.qualified not in self._structs:
            self._structs[kind.qualified] = kind
            for field in kind.fields.values():
                self.note_type(field.type)

    def _text_lines(self) -> list[str]:
        lines: list[str] = []
        for text, name in self._texts.items():
            data = text.encode()
            shape = f"[{len(data)} x i8] {string_literal(data)}"
            lines.append(f"@{quoted(name)} = private unnamed_addr constant {shape}, align 1")
        return lines

    def _attributes(self) -> list[str]:
        machine = "" if self.host else ' noimplicitfloat "no-builtins" "frame-pointer"="none"'
        return [
            f"attributes #0 = {{ nounwind{machine} }}",
            f"attributes #1 = {{ nounwind alwaysinline{machine} }}",
            f"attributes #2 = {{ nounwind noinline{machine} }}",
            "attributes #3 = { noreturn nounwind cold }",
            "attributes #4 = { nounwind willreturn memory(none) }",
            "attributes #5 = { nounwind willreturn memory(inaccessiblemem: readwrite) }",  # system registers
        ]


def system_register_address(number: int) -> int:
    return SYSTEM_SPACE + 8 * number


def _address(target: GlobalObject, offset: int) -> str:
    """The address of a byte of a global, as an LLVM constant."""
    start = f"@{quoted(target.symbol)}"
    return f"getelementptr (i8, ptr {start}, i64 {offset})" if offset else start


def _offset(kind: Type, path: Path) -> int:
    """Bytes from the start of a value of type `kind` to the part at `path`."""
    offset = 0
    for step in path:
        if isinstance(step, int):
            assert isinstance(kind, ArrayType)
            kind = kind.element
            offset += step * size_and_align(kind)[0]
        else:
            assert isinstance(kind, StructType)
            offset += kind.fields[step].offset
            kind = kind.fields[step].type
    return offset


def _naked_symbol(function: Function) -> str | None:
    return function.naked.symbol if function.naked is not None else None
