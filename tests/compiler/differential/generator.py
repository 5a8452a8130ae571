"""Makes random programs of the typed subset: every operator, width and construct, and the values to run them with.

A program is one module. Its entry functions take and return integers only, so that any execution can be compared; they
share module-level state, so the calls must be made in the given order. A program always stops: loops are bounded.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

WIDTHS = {"u8": 8, "u16": 16, "u32": 32, "u64": 64, "PhysAddr": 64, "VirtAddr": 64, "GuestPhysAddr": 64}
WORDS = ("u8", "u16", "u32", "u64")  # what memory windows load and store
UNSIGNED = (*WORDS, "PhysAddr")  # the other address types differ from it by name only
TYPES = (*UNSIGNED, "i64", "bool")
WRAPPING = ("wrapping_add", "wrapping_sub", "wrapping_mul", "rotate_left", "rotate_right")
METHODS = (*WRAPPING, "count_ones", "leading_zeros", "trailing_zeros", "swap_bytes")
WINDOW_ADDRESS = 0x4900_0000
WINDOW_SIZE = 24

PRELUDE = f'''"""Generated."""

from __future__ import annotations

from typing import Final

from keelback.lang import (
    Array, Bitfield, Memory, Ref, Struct, array, between, bitfield, bits, byte_at, byte_count, constants, embedded,
    GuestPhysAddr, PhysAddr, VirtAddr, entry, i64, noinline, struct, u8, u16, u32, u64, upto,
)

ROW_COUNT: Final = 4
LIMIT: Final = 3
PRIMES: Final = constants(u16, (2, 3, 5, 7, 11, 13))


@bitfield(u32)
class Flags(Bitfield[u32]):
    ready: bool = bits(0)
    level: u32 = bits(7, 3)
    high: u32 = bits(31, 20)


@struct
class Inner(Struct):
    depth: u8 = u8(7)
    sign: i64 = i64(-3)


@struct
class Row(Struct):
    small: u8 = u8(1)
    flag: bool = False
    wide: u64 = u64(0x1122334455667788)
    half: u16 = u16(0)
    word: u32 = u32(9)
    signed: i64 = i64(-1)
    place: PhysAddr = PhysAddr(0x4000_0000)
    flags: Flags = Flags(ready=True, level=u32(5), high=u32(0))
    items: Array[u32] = array(u32, 5)
    inner: Inner = embedded(Inner)

    def mixed(self, amount: u32, again: bool = False) -> u32:
        self.word = self.word.wrapping_add(amount)
        return self.word.rotate_left(3) if again else self.word


rows: Final = array(Row, ROW_COUNT)
single: Final = Row()
window: Final = Memory({WINDOW_ADDRESS:#x}, {WINDOW_SIZE})


def find_row(index: u64) -> Ref[Row] | None:
    if index >= ROW_COUNT:
        return None
    return rows[index]


def sum_from(values: Array[u32], start: u64) -> u32:
    total = u32(0)
    for index in between(start, u64(len(values))):
        total = total.wrapping_add(values[index])
    return total


def split(value: u64) -> tuple[u32, u32]:
    return u32.truncate(value), u32(value >> 32)


@noinline
def text_byte(text: str, index: u64) -> u8:
    return byte_at(text, index)
'''


@dataclass(frozen=True)
class Signature:
    """An entry function: its symbol, and the types of its parameters and results."""

    symbol: str
    parameters: tuple[str, ...]
    results: tuple[str, ...]


@dataclass
class GeneratedProgram:
    """A module's text, its entry functions, and the calls to make: (symbol, arguments as Python integers)."""

    text: str
    signatures: dict[str, Signature]
    calls: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)


def edge_values(kind: str) -> list[int]:
    """Values at which operators of a type change their mind."""
    if kind == "bool":
        return [0, 1]
    if kind == "i64":
        return [0, 1, -1, 2, -2, 7, -(2**63), 2**63 - 1, 2**62, -(2**62)]
    width = WIDTHS[kind]
    top = 2**width - 1
    return [0, 1, 2, 3, width - 1, width, width + 1, top, top - 1, 2 ** (width - 1), 2 ** (width - 1) - 1, 10]


def random_value(choose: random.Random, kind: str) -> int:
    if choose.random() < 0.6:
        return choose.choice(edge_values(kind))
    if kind == "i64":
        return choose.randint(-(2**63), 2**63 - 1)
    return choose.getrandbits(1 if kind == "bool" else WIDTHS[kind])


class Body:
    """Generates one function's statements. `helpers` are functions it may call."""

    def __init__(self, choose: random.Random, helpers: list[Signature], parameters: tuple[str, ...]) -> None:
        self.choose = choose
        self.helpers = helpers
        self.variables: dict[str, str] = {f"p{number}": kind for number, kind in enumerate(parameters)}
        self.frozen: set[str] = set()
        self.count = 0

    # -- expressions ---------------------------------------------------------------------------------------------

    def expression(self, kind: str, depth: int) -> str:
        if depth <= 0:
            return self.leaf(kind)
        if kind == "bool":
            return self.condition(depth)
        makers = [
            self.arithmetic,
            self.arithmetic,
            self.conversion,
            self.choice,
            self.leaf_at,
            self.place_at,
            self.call,
        ]
        makers += [self.shift, self.builtin]
        if kind != "i64":
            makers.append(self.method)
        return self.choose.choice(makers)(kind, depth)

    def leaf_at(self, kind: str, depth: int) -> str:
        return self.leaf(kind)

    def leaf(self, kind: str) -> str:
        names = [name for name, known in self.variables.items() if known == kind]
        if names and self.choose.random() < 0.75:
            return self.choose.choice(names)
        if kind == "bool":
            return self.choose.choice(["True", "False"])
        return f"{kind}({random_value(self.choose, kind)})"

    def place_at(self, kind: str, depth: int) -> str:
        if kind == "u32" and self.choose.random() < 0.3:
            return self.flags(depth)
        if kind in WORDS and self.choose.random() < 0.25:
            return f"window.load_{kind}({self.index(WINDOW_SIZE, depth, typed=True)})"
        return self.place(kind, depth)

    def flags(self, depth: int) -> str:
        built = f"Flags(ready={self.expression('bool', 0)}, level={self.expression('u32', depth - 1)}, high=u32(3))"
        return self.choose.choice([f"{built}.word", f"{built}.level", "single.flags.high", f"{self.row(0)}.flags.word"])

    def place(self, kind: str, depth: int) -> str:
        row = self.row(depth)
        inner = {"u8": f"{row}.inner.depth", "i64": f"{row}.inner.sign"}
        fields = {"u8": "small", "bool": "flag", "u64": "wide", "u16": "half", "u32": "word", "i64": "signed"}
        fields["PhysAddr"] = "place"
        if kind == "u32" and self.choose.random() < 0.5:
            return f"{row}.items[{self.index(5, depth)}]"
        if kind in inner and self.choose.random() < 0.4:
            return inner[kind]
        return f"{row}.{fields[kind]}"

    def row(self, depth: int) -> str:
        return self.choose.choice(["single", f"rows[{self.index(4, depth)}]"])

    def index(self, count: int, depth: int, *, typed: bool = False) -> str:
        """A number mostly below `count`; `typed`: a u64, where a bare literal would not do."""
        if self.choose.random() < 0.5:
            literal = self.choose.randrange(count - 7 if count > 8 else count)
            return f"u64({literal})" if typed else str(literal)
        kind = "u64" if typed else self.choose.choice(["u64", "u64", "u32"])
        bound = count if self.choose.random() < 0.85 else count + 1
        return f"{self.expression(kind, min(depth - 1, 1))} % {bound}"

    def arithmetic(self, kind: str, depth: int) -> str:
        operators = ["+", "-", "*", "&", "|", "^", *(["+", "-"] if kind == "i64" else ["//", "%", "+", "-"])]
        operator = self.choose.choice(operators)
        left = self.expression(kind, depth - 1)
        if self.choose.random() < 0.15:
            return f"(-{left})" if kind == "i64" and self.choose.random() < 0.6 else f"(~{left})"
        if self.choose.random() < 0.3:
            return f"({left} {operator} {self.choose.choice([1, 2, 3, 5, 7, 100])})"
        return f"({left} {operator} {self.expression(kind, depth - 1)})"

    def shift(self, kind: str, depth: int) -> str:
        operator = self.choose.choice(["<<", ">>"])
        value = self.expression(kind, depth - 1)
        if self.choose.random() < 0.5:
            return f"({value} {operator} {self.choose.randrange(WIDTHS.get(kind, 64))})"
        if kind == "i64":
            return f"({value} {operator} ({self.expression(kind, depth - 1)} & 127))"
        return f"({value} {operator} ({self.expression(kind, depth - 1)} % {WIDTHS[kind] + 1}))"

    def method(self, kind: str, depth: int) -> str:
        value = self.expression(kind, depth - 1)
        name = self.choose.choice(METHODS)
        if name.startswith("wrapping"):
            return f"{value}.{name}({self.expression(kind, depth - 1)})"
        if name.startswith("rotate"):
            return f"{value}.{name}({self.expression(kind, depth - 1)})"
        return f"{value}.{name}()"

    def builtin(self, kind: str, depth: int) -> str:
        if kind == "u16" and self.choose.random() < 0.4:
            return f"PRIMES[{self.index(6, depth)}]"
        if kind == "u8" and self.choose.random() < 0.4:
            return f"text_byte('keel\\n', {self.index(5, depth, typed=True)})"
        if kind == "u32" and self.choose.random() < 0.4:
            again = self.choose.choice(["", f", again={self.condition(0)}"])
            calls = [f"{self.row(1)}.mixed({self.expression(kind, depth - 1)}{again})"]
            calls.append(f"sum_from({self.row(1)}.items, {self.expression('u64', depth - 1)} % 8)")
            return self.choose.choice(calls)
        name = self.choose.choice(["min", "max"])
        return f"{name}({self.expression(kind, depth - 1)}, {self.expression(kind, depth - 1)})"

    def conversion(self, kind: str, depth: int) -> str:
        if kind == "i64":
            inner = self.expression("u64", depth - 1)
            return self.choose.choice([f"i64.from_bits({inner})", f"i64({self.expression('u32', depth - 1)})"])
        other = self.choose.choice([*UNSIGNED, "bool", "i64"])
        if other == "i64" and kind == "u64" and self.choose.random() < 0.6:
            return f"{self.expression('i64', depth - 1)}.to_bits()"
        if other in UNSIGNED and self.choose.random() < 0.7:
            return f"{kind}.truncate({self.expression(other, depth - 1)})"
        return f"{kind}({self.expression(other, depth - 1)})"

    def choice(self, kind: str, depth: int) -> str:
        yes, no = self.expression(kind, depth - 1), self.expression(kind, depth - 1)
        return f"({yes} if {self.condition(depth - 1)} else {no})"

    def call(self, kind: str, depth: int) -> str:
        fitting = [helper for helper in self.helpers if helper.results == (kind,)]
        if not fitting:
            return self.leaf(kind)
        helper = self.choose.choice(fitting)
        arguments = [self.expression(parameter, depth - 2) for parameter in helper.parameters]
        if self.choose.random() < 0.4:  # by name, in any order
            arguments = [f"p{number}={argument}" for number, argument in enumerate(arguments)]
            self.choose.shuffle(arguments)
        return f"{helper.symbol}({', '.join(arguments)})"

    def condition(self, depth: int) -> str:
        if depth <= 0:
            return self.leaf("bool")
        roll = self.choose.random()
        if roll < 0.15:
            return f"(not {self.condition(depth - 1)})"
        if roll < 0.35:
            return f"({self.condition(depth - 1)} {self.choose.choice(['and', 'or'])} {self.condition(depth - 1)})"
        kind = self.choose.choice([*UNSIGNED, "i64"])
        if roll < 0.45 and kind != "i64":
            number = str(self.choose.randrange(WIDTHS[kind]))
            if self.choose.random() < 0.4:
                number = f"{self.expression(kind, depth - 1)} % {WIDTHS[kind] + 1}"
            return f"{self.expression(kind, depth - 1)}.bit({number})"
        operator = self.choose.choice(["==", "!=", "<", "<=", ">", ">="])
        left, right = self.expression(kind, depth - 1), self.expression(kind, depth - 1)
        if roll < 0.55:
            return f"({self.choose.randrange(9)} <= {left} {operator} {right})"
        return f"({left} {operator} {right})"

    # -- statements ----------------------------------------------------------------------------------------------

    def block(self, depth: int, loop: bool) -> list[str]:
        known = dict(self.variables)
        lines: list[str] = []
        for _ in range(self.choose.randint(1, 4)):
            lines += self.statement(depth, loop)
        self.variables = known
        return ["    " + line for line in lines]

    def statement(self, depth: int, loop: bool) -> list[str]:
        makers = [self.assign, self.assign, self.assign, self.store, self.store, self.augment, self.window_store]
        if depth > 0:
            makers += [self.branch, self.loop_for, self.loop_while, self.optional, self.copy, self.alias, self.unpack]
        if loop:
            makers.append(self.leave)
        makers.append(self.check)
        return self.choose.choice(makers)(depth, loop)

    def assign(self, depth: int, loop: bool) -> list[str]:
        kind = self.choose.choice(TYPES)
        known = [name for name, have in self.variables.items() if have == kind and name not in self.frozen]
        expression = self.expression(kind, 3)
        if known and self.choose.random() < 0.5:
            return [f"{self.choose.choice(known)} = {expression}"]
        self.count += 1
        name = f"v{self.count}"
        self.variables[name] = kind
        return [f"{name} = {expression}"]

    def augment(self, depth: int, loop: bool) -> list[str]:
        kind = self.choose.choice(UNSIGNED)
        known = [name for name, have in self.variables.items() if have == kind and name not in self.frozen]
        target = self.choose.choice([*known, self.place(kind, 1)])
        operator = self.choose.choice(["+=", "-=", "*=", "&=", "|=", "^=", ">>=", "//="])
        value = str(self.choose.randint(1, 6)) if operator == ">>=" else self.expression(kind, 2)
        return [f"{target} {operator} {value}"]

    def store(self, depth: int, loop: bool) -> list[str]:
        if self.choose.random() < 0.2:
            level = self.expression("u32", 1)
            return [f"{self.row(1)}.flags = Flags(ready={self.condition(1)}, level={level} & 31, high=u32(17))"]
        kind = self.choose.choice(TYPES)
        return [f"{self.place(kind, 2)} = {self.expression(kind, 3)}"]

    def window_store(self, depth: int, loop: bool) -> list[str]:
        if self.choose.random() < 0.2:
            start, value = self.index(8, 1, typed=True), self.expression("u8", 1)
            return [f"window.fill({start}, u64({self.choose.randrange(17)}), {value})"]
        if self.choose.random() < 0.2:
            return [f"window.copy({self.index(7, 1, typed=True)}, window, u64(12), u64({self.choose.randrange(12)}))"]
        kind = self.choose.choice(WORDS)
        return [f"window.store_{kind}({self.index(WINDOW_SIZE, 2, typed=True)}, {self.expression(kind, 2)})"]

    def branch(self, depth: int, loop: bool) -> list[str]:
        lines = [f"if {self.condition(2)}:", *self.block(depth - 1, loop)]
        if self.choose.random() < 0.4:
            lines += [f"elif {self.condition(2)}:", *self.block(depth - 1, loop)]
        if self.choose.random() < 0.5:
            lines += ["else:", *self.block(depth - 1, loop)]
        return lines

    def loop_for(self, depth: int, loop: bool) -> list[str]:
        self.count += 1
        name = f"i{self.count}"
        ranges = [("u64", f"upto({self.choose.randint(0, 4)})"), ("u64", "upto(LIMIT)")]
        ranges += [("u32", "between(u32(2), u32(5))"), ("u8", f"upto({self.expression('u8', 1)} % 4)")]
        kind, counted = self.choose.choice(ranges)
        self.variables[name] = kind
        self.frozen.add(name)
        lines = [f"for {name} in {counted}:", *self.block(depth - 1, True)]
        del self.variables[name]
        return lines

    def loop_while(self, depth: int, loop: bool) -> list[str]:
        self.count += 1
        name = f"w{self.count}"
        self.variables[name] = "u32"
        self.frozen.add(name)
        body = self.block(depth - 1, True)
        return [f"{name} = u32(0)", f"while {name} < {self.choose.randint(1, 4)}:", f"    {name} += 1", *body]

    def leave(self, depth: int, loop: bool) -> list[str]:
        return [f"if {self.condition(2)}:", f"    {self.choose.choice(['break', 'continue'])}"]

    def optional(self, depth: int, loop: bool) -> list[str]:
        self.count += 1
        name = f"r{self.count}"
        test = self.choose.choice([f"if {name} is not None:", f"if {name} is None:\n        pass\n    else:"])
        header = [f"{name} = find_row({self.expression('u64', 2)} % 6)", *test.replace("\n    ", "\n").split("\n")]
        if self.choose.random() < 0.2:  # what the checkers refuse and only a trap stops
            return [header[0], f"{name}.wide = {self.expression('u64', 2)}"]
        return [*header, f"    {name}.wide = {self.expression('u64', 2)}", *self.block(depth - 1, loop)]

    def unpack(self, depth: int, loop: bool) -> list[str]:
        self.count += 1
        value = self.expression("u64", 2)
        target = self.choose.choice([f"v{self.count}", self.place("u32", 1), "_"])
        if target == f"v{self.count}":
            self.variables[target] = "u32"
        return [f"{target}, {self.place('u32', 1)} = split({value})"]

    def copy(self, depth: int, loop: bool) -> list[str]:
        return [f"{self.row(1)}.copy_from({self.row(1)})"]

    def alias(self, depth: int, loop: bool) -> list[str]:
        self.count += 1
        name = f"a{self.count}"
        return [f"{name} = {self.row(2)}", f"{name}.half = {self.expression('u16', 2)}"]

    def check(self, depth: int, loop: bool) -> list[str]:
        kind = self.choose.choice(UNSIGNED)
        likely = f"{self.expression(kind, 1)} >= {self.choose.randrange(2)}"
        return [f"assert {self.condition(2)} or {likely}"]


def _function(choose: random.Random, signature: Signature, helpers: list[Signature], *, exported: bool) -> str:
    body = Body(choose, helpers, signature.parameters)
    names = ", ".join(f"p{number}: {kind}" for number, kind in enumerate(signature.parameters))
    results = signature.results
    returned = results[0] if len(results) == 1 else f"tuple[{', '.join(results)}]"
    lines = [f'@entry("{signature.symbol}")'] if exported else [choose.choice(["", "@noinline"])]
    lines.append(f"def {signature.symbol}({names}) -> {returned}:")
    for _ in range(choose.randint(2, 6)):
        lines += ["    " + line for line in body.statement(2, False)]
    values = [body.expression(kind, 3) for kind in results]
    if len(results) > 1 and choose.random() < 0.5:
        lines.append(f"    if {body.condition(2)}:")
        lines.append(f"        return {', '.join(body.leaf(kind) for kind in results)}")
    lines.append(f"    return {', '.join(values)}")
    return "\n".join(line for line in lines if line)


def generate(seed: int, function_count: int, calls_each: int) -> GeneratedProgram:
    """A random program with `function_count` entry functions, and `calls_each` calls of each, shuffled."""
    choose = random.Random(seed)
    helpers: list[Signature] = []
    parts = [PRELUDE]
    for number in range(3):
        shape = tuple(choose.choices(TYPES, k=choose.randint(1, 3)))
        helper = Signature(f"helper{number}", shape, (choose.choice([*UNSIGNED, "i64"]),))
        parts.append(_function(choose, helper, list(helpers), exported=False))
        helpers.append(helper)
    signatures: dict[str, Signature] = {}
    for number in range(function_count):
        results = tuple(choose.choices(TYPES, k=choose.choice([1, 1, 2, 3])))
        signature = Signature(f"entry{number}", tuple(choose.choices(TYPES, k=choose.randint(1, 4))), results)
        parts.append(_function(choose, signature, helpers, exported=True))
        signatures[signature.symbol] = signature
    program = GeneratedProgram("\n\n\n".join(parts) + "\n", signatures)
    _add_calls(choose, program, calls_each)
    return program


def _add_calls(choose: random.Random, program: GeneratedProgram, calls_each: int) -> None:
    for signature in program.signatures.values():
        for _ in range(calls_each):
            values = tuple(random_value(choose, kind) for kind in signature.parameters)
            program.calls.append((signature.symbol, values))
    choose.shuffle(program.calls)


def operator_program() -> GeneratedProgram:
    """Every operator of every type alone, called with every pair of edge values."""
    forms: list[tuple[str, tuple[str, ...], str, str]] = []  # name, parameters, result, expression
    for kind in (*WIDTHS, "i64"):
        forms += _operator_forms(kind)
    parts, signatures = [PRELUDE], {}
    for name, parameters, result, text in forms:
        signatures[name] = Signature(name, parameters, (result,))
        names = ", ".join(f"{letter}: {kind}" for letter, kind in zip("ab", parameters, strict=False))
        parts.append(f'@entry("{name}")\ndef {name}({names}) -> {result}:\n    return {text}')
    program = GeneratedProgram("\n\n\n".join(parts) + "\n", signatures)
    for signature in signatures.values():
        first = edge_values(signature.parameters[0])
        second = edge_values(signature.parameters[1]) if len(signature.parameters) > 1 else [None]
        for a in first:
            for b in second:
                program.calls.append((signature.symbol, (a,) if b is None else (a, b)))
    return program


def _operator_forms(kind: str) -> list[tuple[str, tuple[str, ...], str, str]]:
    two = (kind, kind)
    symbols = {"add": "+", "sub": "-", "mul": "*", "and": "&", "or": "|", "xor": "^", "shl": "<<", "shr": ">>"}
    if kind != "i64":
        symbols |= {"div": "//", "mod": "%"}
    compare = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
    forms: list[tuple[str, tuple[str, ...], str, str]] = []
    forms += [(f"{kind}_{name}", two, kind, f"a {symbol} b") for name, symbol in symbols.items()]
    forms += [(f"{kind}_{name}", two, "bool", f"a {symbol} b") for name, symbol in compare.items()]
    forms.append((f"{kind}_not", (kind,), kind, "~a"))
    forms += [(f"{kind}_{name}", two, kind, f"{name}(a, b)") for name in ("min", "max")]
    if kind == "i64":
        forms.append((f"{kind}_neg", (kind,), kind, "-a"))
        forms.append((f"{kind}_bits", (kind,), "u64", "a.to_bits()"))
        forms.append((f"{kind}_from", ("u64",), kind, "i64.from_bits(a)"))
    else:
        forms.append((f"{kind}_bit", two, "bool", "a.bit(b)"))
        methods = WRAPPING
        forms += [(f"{kind}_{name}", two, kind, f"a.{name}(b)") for name in methods]
        bare = ("leading_zeros", "trailing_zeros", "count_ones", "swap_bytes")
        forms += [(f"{kind}_{name}", (kind,), kind, f"a.{name}()") for name in bare]
    for other in (*WIDTHS, "i64", "bool"):
        if other != kind:
            forms.append((f"{kind}_of_{other}", (other,), kind, f"{kind}(a)"))
            if other != "bool":
                forms.append((f"{kind}_cut_{other}", (other,), kind, f"{kind}.truncate(a)"))
    return forms
