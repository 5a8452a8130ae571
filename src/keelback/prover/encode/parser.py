"""Reads the text of optimised LLVM IR into `module`. What it does not know is an UnsupportedError."""

from __future__ import annotations

import re

from keelback.prover.encode.instructions import read_instruction
from keelback.prover.encode.module import Function, Global, Instruction, Module, Parameter, SourceLine, UnsupportedError
from keelback.prover.encode.operands import read_operand_value, read_type
from keelback.prover.encode.tokens import Tokens, unquoted
from keelback.prover.encode.types import IRType, StructType, VoidType, width_of

_LINKAGE = (
    "internal",
    "private",
    "linkonce_odr",
    "dso_local",
    "local_unnamed_addr",
    "unnamed_addr",
    "external",
    "hidden",
    "fastcc",
    "preserve_nonecc",
)
_KEEPS_NOTHING = "preserve_nonecc"
_PARAMETER_WORDS = frozenset(
    (
        "noundef",
        "nonnull",
        "readonly",
        "readnone",
        "writeonly",
        "noalias",
        "zeroext",
        "signext",
        "returned",
        "nofree",
        "nocapture",
        "inreg",
        "immarg",
        "dead_on_unwind",
        "writable",
    )
)


def parse_module(text: str) -> Module:
    """All functions, globals and source lines of a module."""
    lines = text.split("\n")
    module = Module(lines=_source_lines(lines))
    types = _named_types(lines)
    place = 0
    while place < len(lines):
        line = lines[place]
        if line.startswith("@"):
            read = _read_global(line, types)
            module.globals[read.name] = read
        elif line.startswith("declare "):
            name, result, widths = _read_declaration(line, types)
            module.declared[name], module.declared_parameters[name] = result, widths
            if _KEEPS_NOTHING in line.split():
                module.keep_nothing.add(name)
        elif line.startswith("define "):
            end = lines.index("}", place)
            function = _read_function(lines[place:end], types)
            module.functions[function.name] = function
            place = end
        place += 1
    module.pointed_at = _pointed_at(lines, module)
    return module


def _named_types(lines: list[str]) -> dict[str, IRType]:
    """Named structs; one may use another that is written further down."""
    texts = dict(line.split(" = type ", 1) for line in lines if line.startswith("%") and " = type " in line)
    types: dict[str, IRType] = {}
    waiting = list(texts)
    while waiting:
        later: list[str] = []
        for name in waiting:
            try:
                kind = read_type(Tokens(texts[name]), types)
            except KeyError:
                later.append(name)
                continue
            types[name] = StructType(kind.members, unquoted(name)) if isinstance(kind, StructType) else kind
        if len(later) == len(waiting):
            raise UnsupportedError(f"types that contain themselves: {', '.join(later)}")
        waiting = later
    return types


def _read_global(line: str, types: dict[str, IRType]) -> Global:
    tokens = Tokens(line)
    name = unquoted(tokens.take())
    tokens.expect("=")
    outside = False
    while tokens.next in _LINKAGE:
        outside = outside or tokens.next == "external"
        tokens.take()
    constant = tokens.next == "constant"
    if not tokens.accept("global", "constant"):
        raise tokens.error("global or constant")
    kind = read_type(tokens, types)
    initial = None if outside else read_operand_value(tokens, kind, types)
    return Global(name, kind, constant, initial)


def _read_attributes(tokens: Tokens) -> tuple[tuple[int, int] | None, bool]:
    """Attributes of a parameter or a result: the range of its values, and whether it is an address of something."""
    limits: tuple[int, int] | None = None
    not_null = False
    while True:
        word = tokens.next
        if word in _PARAMETER_WORDS:
            tokens.take()
            not_null = not_null or word == "nonnull"
        elif word == "align":
            tokens.take()
            tokens.take()
        elif word == "range":
            tokens.take()
            tokens.expect("(")
            tokens.take()
            first = int(tokens.take())
            tokens.expect(",")
            limits = (first, int(tokens.take()))
            tokens.expect(")")
        elif word in ("captures", "initializes", "dereferenceable", "dereferenceable_or_null"):
            tokens.take()
            tokens.skip_parentheses()
        else:
            return limits, not_null


def _read_declaration(line: str, types: dict[str, IRType]) -> tuple[str, IRType, tuple[int, ...]]:
    tokens = Tokens(line)
    tokens.expect("declare")
    while tokens.next.startswith("!") or tokens.next in _LINKAGE:
        tokens.take()
        if tokens.text.split()[1:2] == ["!dbg"] and tokens.next.startswith("!"):
            tokens.take()
    _read_attributes(tokens)
    kind = read_type(tokens, types)
    name = unquoted(tokens.take())
    widths: list[int] = []
    if not name.startswith("llvm."):
        tokens.expect("(")
        while not tokens.accept(")"):
            widths.append(width_of(read_type(tokens, types)))
            _read_attributes(tokens)
            tokens.accept(",")
    return name, kind, tuple(widths)


def _read_header(
    line: str, types: dict[str, IRType]
) -> tuple[str, tuple[Parameter, ...], IRType, tuple[int, int] | None]:
    tokens = Tokens(line)
    tokens.expect("define")
    while tokens.accept(*_LINKAGE, "noundef"):
        pass
    limits, _ = _read_attributes(tokens)
    result = VoidType() if tokens.accept("void") else read_type(tokens, types)
    name = unquoted(tokens.take())
    tokens.expect("(")
    parameters: list[Parameter] = []
    while not tokens.accept(")"):
        kind = read_type(tokens, types)
        inside, not_null = _read_attributes(tokens)
        parameters.append(Parameter(unquoted(tokens.take()), kind, inside, not_null))
        tokens.accept(",")
    return name, tuple(parameters), result, limits


_LABEL = re.compile(r'^("[^"]*"|[\w.$-]+):')


def _read_function(lines: list[str], types: dict[str, IRType]) -> Function:
    name, parameters, result, limits = _read_header(lines[0], types)
    blocks: dict[str, list[Instruction]] = {}
    label = ""
    waiting = ""
    for line in lines[1:]:
        stripped = line.strip()
        found = _LABEL.match(line)
        if found is not None:
            label = found.group(1).strip('"')
            blocks[label] = []
        elif stripped and not stripped.startswith(("#dbg_", ";")):
            waiting = f"{waiting} {stripped}" if waiting else stripped
            if waiting.startswith("switch ") and "]" not in waiting:
                continue
            try:
                blocks[label].append(read_instruction(waiting, types))
            except UnsupportedError as error:
                raise UnsupportedError(f"{name}: {error}") from None
            waiting = ""
    words = set(lines[0].split("@")[0].split())
    made = {name: tuple(block) for name, block in blocks.items()}
    is_internal, keeps_nothing = bool({"internal", "hidden"} & words), _KEEPS_NOTHING in words
    return Function(name, parameters, result, limits, made, next(iter(made)), is_internal, keeps_nothing)


_NODE = re.compile(r"^!(\d+) = (?:distinct )?!(\w+)\((.*)\)$")


def _source_lines(lines: list[str]) -> dict[int, SourceLine]:
    """Source line by number of its DILocation."""
    nodes = {int(m.group(1)): (m.group(2), m.group(3)) for m in map(_NODE.match, lines) if m is not None}

    def reference(text: str, name: str) -> int | None:
        found = re.search(rf"\b{name}: !(\d+)", text)
        return int(found.group(1)) if found else None

    def file_of(node: int | None) -> str:
        while node is not None and node in nodes:
            kind, text = nodes[node]
            if kind == "DIFile":
                found = re.search(r'filename: "([^"]*)"', text)
                return found.group(1) if found else "?"
            node = reference(text, "file") if "file: !" in text else reference(text, "scope")
        return "?"

    made: dict[int, SourceLine] = {}
    for number, (kind, text) in nodes.items():
        line = re.search(r"\bline: (\d+)", text)
        if kind == "DILocation":
            made[number] = SourceLine(file_of(reference(text, "scope")), int(line.group(1)) if line else 0)
    return made


_DEFINITION = re.compile(r'^define .*?@("[^"]*"|[\w.$-]+)\(.* !dbg !(\d+) \{$')


def _pointed_at(lines: list[str], module: Module) -> dict[tuple[str, int], str]:
    """Structs that parameters point to, from the debug information; where LLVM has dropped parameters, nothing."""
    nodes = {m.group(1): (m.group(2), m.group(3)) for m in map(_NODE.match, lines) if m is not None}
    functions = {m.group(2): m.group(1).strip('"') for m in map(_DEFINITION.match, lines) if m is not None}

    def look(text: str, name: str) -> str:
        found = re.search(rf"\b{name}: !(\d+)", text)
        return found.group(1) if found else ""

    made: dict[tuple[str, int], str] = {}
    highest: dict[str, int] = {}
    for kind, text in nodes.values():
        number = re.search(r"\barg: (\d+)", text)
        function = functions.get(look(text, "scope"))
        if kind != "DILocalVariable" or number is None or function is None:
            continue
        highest[function] = max(highest.get(function, 0), int(number.group(1)))
        pointer, described = nodes.get(look(text, "type"), ("", ""))
        struct, body = nodes.get(look(described, "baseType"), ("", ""))
        name = re.search(r'\bname: "([^"]*)"', body)
        if pointer == "DIDerivedType" and "DW_TAG_pointer_type" in described and struct == "DICompositeType" and name:
            made[function, int(number.group(1)) - 1] = name.group(1)
    known = {name: module.functions[name] for name in highest}
    whole = {name for name in known if len(known[name].parameters) == highest[name] and not known[name].keeps_nothing}
    return {key: struct for key, struct in made.items() if key[0] in whole} | _of_steps(known, made)


def _of_steps(known: dict[str, Function], made: dict[tuple[str, int], str]) -> dict[tuple[str, int], str]:
    """The same for functions of the convention preserve_none, which have parameters that the source does not know."""
    places = {
        (name, place): (name, int(parameter.name.lstrip("%")[1:]))
        for name, function in known.items()
        if function.keeps_nothing
        for place, parameter in enumerate(function.parameters)
        if re.fullmatch(r"%?p\d+", parameter.name)
    }
    return {key: made[source] for key, source in places.items() if source in made}
