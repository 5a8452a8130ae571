"""One small wrong program per mistake: the rule it breaks, its source with «the text the error points at», and a piece
of the help that must be given."""

from __future__ import annotations

from typing import NamedTuple

PRELUDE = '''"""A program with a mistake."""
from __future__ import annotations
from typing import Final, TYPE_CHECKING, NoReturn
from keelback.lang import (
    Array, Bitfield, Device, Memory, ReadOnly, ReadWrite, ReadWriteArray, Ref, Struct, SystemRegister, address_of,
    array, between, bitfield, bits, byte_at, bytes_of, constants, embedded, entry, hook, i64, offset_of, packed_u32,
    packed_u64, parameter, struct, u8, u16, u32, u64, unreachable, upto, asm, naked,
)


@bitfield(u32)
class Flags(Bitfield[u32]):
    ready: bool = bits(0)
    level: u32 = bits(7, 3)


@struct
class Row(Struct):
    wide: u64 = u64(0)
    small: u8 = u8(0)
    flags: Flags = Flags(ready=False, level=u32(0))
    items: Array[u32] = array(u32, 4)


class Uart(Device):
    DATA = ReadWrite(u32, 0)
    STATUS = ReadOnly(u32, 4)
    LINES = ReadWriteArray(u32, 8, count=4, stride=4)


rows: Final = array(Row, 4)
row: Final = Row()
table: Final = constants(u32, (1, 2, 3))
window: Final = Memory(0x1000, 64)
uart: Final = Uart(0x9000000)
SYSTEM: Final = SystemRegister("esr_el2")
LIMIT: Final = 10


@struct
class Link:
    next: Ref[Link] | None = None


TAKEN: Final = address_of(row)


def helper(x: u64, flag: bool = False) -> u64:
    return x


def pair() -> tuple[u64, bool]:
    return u64(1), True


def find() -> Ref[Row] | None:
    return None


def nothing() -> None:
    pass


'''


class Mistake(NamedTuple):
    rule: str
    source: str
    help: str

    @property
    def pointed(self) -> str:
        return self.source[self.source.index("«") + 1 : self.source.index("»")]

    @property
    def program(self) -> str:
        return PRELUDE + self.source.replace("«", "").replace("»", "") + "\n"


def in_function(
    rule: str, body: str, help_text: str, head: str = "def wrong(x: u64, y: u32, z: i64) -> None:"
) -> Mistake:
    lines = body.split("\n")
    return Mistake(rule, "\n".join([head, *("    " + line for line in lines)]), help_text)


SUBSET = [
    in_function("try", "«try:\n    nothing()\nexcept ValueError:\n    pass»", "status code"),
    in_function("raise", "«raise ValueError»", "assert"),
    in_function("with", "«with window:\n    pass»", "two functions"),
    in_function("nested-function", "«def inner() -> None:\n    pass»", "module level"),
    in_function("nested-class", "«class Inner:\n    pass»", "module level"),
    in_function("global", "«global rows»", "field of a `@struct`"),
    in_function("del", "«del x»", "locals cost nothing"),
    in_function("nested-import", "«import os»", "top of the module"),
    in_function("match", "«match x:\n    case _:\n        pass»", "if"),
    in_function("lambda", "f = «lambda: x»", "def"),
    in_function("comprehension", "f = «[i for i in upto(3)]»", "array(T, N)"),
    in_function("collection", "f = «[x, x]»", "array(T, N)"),
    in_function("collection", "f = «{}»", "array(T, N)"),
    in_function("yield", "«yield x»", "state in a `@struct`"),
    in_function("f-string", "f = «f'{x}'»", "separately"),
    in_function("walrus", "helper((«y := u64(1)»))", "line of its own"),
    in_function("star", "helper(«*rows»)", "name each value"),
    in_function("slice", "f = row.items[«1:2»]", "offset and a count"),
    in_function("float", "f = «1.5»", "integers"),
    in_function("bytes", "f = «b'x'»", "constants(u8"),
    in_function("true-division", "f = «x / 2»", "//"),
    in_function("power", "f = «x ** 2»", "<<"),
    in_function("matmul", "f = «x @ x»", "function"),
    in_function("membership", "f = «x in rows»", "=="),
    in_function("unary-plus", "f = «+x»", "leave it out"),
    in_function("loop-else", "«while True:\n    break\nelse:\n    pass»", "bool before `break`"),
    in_function("chained-assignment", "«a = b = x»", "one assignment"),
    in_function("long-chain", "f = «u64(1) < x < u64(5) < u64(9)»", "and"),
    Mistake("variadic", "def wrong(*«values: u64») -> None:\n    pass", "name each parameter"),
    Mistake("async", "«async def wrong() -> None:\n    pass»", "plain `def`"),
    Mistake("import", "«import os»", "keelback.lang"),
    Mistake("import", "«from typing import Any»", "Final"),
    Mistake("star-import", "«from keelback.abi.errors import *»", "name what you import"),
    Mistake("relative-import", "«from . import other»", "full name"),
]

TYPES = [
    in_function("annotation", "pass", "write `a: u64`", "def wrong(«a») -> None:"),
    Mistake("annotation", "«def wrong():\n    pass»", "-> None"),
    Mistake("type", "def wrong(a: «int») -> None:\n    pass", "u64"),
    Mistake("type", "def wrong(a: «float») -> None:\n    pass", "u8..u64"),
    Mistake("type", "def wrong(a: «Unknown») -> None:\n    pass", "import it"),
    Mistake("tuple", "def wrong() -> «tuple[Row, u64]»:\n    unreachable()", "index"),
    in_function("undefined", "helper(«missing»)", "correct the name"),
    in_function("unassigned", "if x == 0:\n    a = u64(1)\nhelper(«a»)", "every path"),
    in_function(
        "unassigned", "while True:\n    if x == 0:\n        a = x\n        break\n    break\nhelper(«a»)", "every path"
    ),
    in_function("mixed-types", "a = «x + y»", "`u64(...)`"),
    in_function("mixed-types", "a = «x == y»", "`u64(...)`"),
    in_function("mixed-types", "a = «min(x, y)»", "convert"),
    in_function("operand", "a = «x + True»", "u64(flag)"),
    in_function("operand", "a = «-x»", "wrapping_sub"),
    in_function("operand", "a = «~flag»", "not x", "def wrong(flag: bool) -> None:"),
    in_function("unassigned", "a = «rows»[0].wide\nrows = x", "another name"),
    in_function("signed-operator", "a = «z // 2»", "to_bits"),
    in_function("literal-range", "a = u8(«300»)", "0 to 255"),
    in_function("literal-range", "a = y + «5000000000»", "4294967295"),
    in_function("literal", "a = «5»", "u64(5)"),
    in_function("literal", "a = «1 if x == 0 else 2»", "u64(...)"),
    in_function("type-mismatch", "helper(«y»)", "u64(y)"),
    in_function("type-mismatch", "helper(«3»)", "u64(3)"),
    in_function("type-mismatch", "row.small = «x»", "u8(x)"),
    in_function("type-mismatch", "if «x»:\n    pass", "!= 0"),
    in_function("type-mismatch", "a = «x» and True", "!= 0"),
    Mistake("type-mismatch", "def wrong() -> u64:\n    return «0»", "u64(0)"),
    in_function("constant", "a = x + («1 // 0»)", "correct the numbers"),
    in_function("attribute", "a = «row.wyde»", "wide"),
    in_function("attribute", "a = «row.flags.redy»", "ready"),
    in_function("attribute", "a = «uart.DATE».read()", "DATA"),
    in_function("attribute", "a = «x.rotate»(3)", "language reference"),
    in_function("subscript", "a = «x»[0]", "Array"),
    in_function("index", "a = row.items[«z»]", "unsigned"),
    in_function("index-range", "a = row.items[«4»]", "0 to 3"),
    in_function("is", "a = «x is None»", "=="),
    in_function("tuple", "a = «(x, x)»", "return them"),
    in_function("tuple", "«a» = pair()", "a, b"),
    in_function("unpack", "«a, b, c» = pair()", "`_`"),
    in_function("void", "a = «nothing()»", "line of its own"),
    in_function("build-value", "a = «helper»", "without a local name"),
    in_function("no-effect", "«x + 1»", "leave it out"),
    in_function("attribute", "«LIMIT.x» = u64(1)", "use the value itself"),
    in_function("target", "«uart.DATA» = y", "local"),
    in_function("struct-assignment", "«rows[0]» = row", "rows[0].copy_from(row)"),
    in_function("bitfield-assignment", "«row.flags.ready» = True", "build a new one"),
    in_function("read-only", "«table[0]» = u32(1)", "array"),
    in_function("struct-construction", "a = «Row()»", "module level"),
    in_function("memory", "a = «Memory(0, 8)»", "narrow"),
    in_function("bitfield", "a = «Flags(True)»", "ready="),
    in_function("attribute", "a = Flags(«rady=True»)", "ready"),
    in_function("conversion", "a = «u64(row)»", "integer"),
    in_function("arguments", "«helper()»", "x, flag"),
    in_function("arguments", "«helper(x, True, x)»", "x, flag"),
    in_function("arguments", "helper(x, «flug=True»)", "x, flag"),
    in_function("arguments", "«window.load_u32()»", "offset"),
    in_function("call", "«x»()", "function"),
    in_function("call", "«print»(x)", "compiled functions"),
    in_function("parameter", "a = «parameter('a', 1)»", "module level"),
    in_function("loop", "for i in «row.items»:\n    pass", "upto(n)"),
    in_function("loop", "a = «upto(x)»", "for i in"),
    in_function("loop", "for i in upto(«z»):\n    pass", "unsigned"),
    in_function("register", "«uart.STATUS.write(u32(1))»", "readable"),
    in_function("register", "«SYSTEM.clear()»", ".read()"),
    in_function("len", "a = x + «len('x')»", "byte_count"),
    in_function("address", "a = «address_of(x)»", "struct"),
    in_function("packed", "a = «packed_u64(row.wide, row.small)»", "all the fields"),
    in_function("packed", "a = packed_u32(row.small, «row.wide»)", "in their order"),
    in_function("packed", "a = packed_u32(«y»)", "one struct"),
    in_function("bytes-of", "a = «bytes_of(row.items)»", "name the array"),
    in_function("layout", "a = x + «offset_of(Row, 'none')»", "field"),
    in_function("return", "«return»", "return a u64", "def wrong(x: u64) -> u64:"),
    in_function("return", "return «x, True, x»", "tuple[u64, bool]", "def wrong(x: u64) -> tuple[u64, bool]:"),
    in_function(
        "missing-return", "if x == 0:\n    return x\n«nothing()»", "unreachable()", "def wrong(x: u64) -> u64:"
    ),
    in_function("missing-return", "«nothing()»", "unreachable()", "def wrong() -> NoReturn:"),
    in_function("arguments", "«window.fill(x, value=u8(0), count=x)»", "offset, count, value, in this order"),
    in_function("address", "a = «TAKEN»", "in the function"),
    in_function("attribute", "a = «z.wrapping_add»(z)", "to_bits"),
    in_function("recursion", "return «wrong(x)»", "loop", "def wrong(x: u64) -> u64:"),
    in_function(
        "recursion", "«other(x)»", "loop", "def other(x: u64) -> None:\n    wrong(x)\n\n\ndef wrong(x: u64) -> None:"
    ),
    Mistake("decorator", "@«staticmethod»\ndef wrong() -> None:\n    pass", "asm, naked, entry"),
    Mistake("redefined", "«def wrong() -> None:\n    pass»\n\n\ndef wrong() -> None:\n    pass", "its own name"),
    Mistake("reference", "«wrong»: Final = Link()\nwrong.next = Link()", "a name"),
    Mistake("asm-operand", "@asm(«'mov {there}, {here}'»)\ndef wrong(here: u64) -> None:\n    pass", "it has here"),
    Mistake("asm-operand", "@asm('svc #0')\ndef wrong(«text: str») -> None:\n    pass", "its address"),
    Mistake("asm-operand", "@asm('svc #0')\ndef wrong() -> «Row | None»:\n    return row", "integers, bools"),
    Mistake("asm-operand", "@asm('svc #0', registers={'a': 'x0'})\n«def wrong() -> None:\n    pass»", "none"),
    Mistake(
        "asm-operand", "@asm('svc #0', registers={'a': 'q0'})\n«def wrong(a: u64) -> None:\n    pass»", "x0 .. x30"
    ),
    Mistake(
        "asm-operand", "@entry('go', registers=('x8',))\n«def wrong(a: u64) -> None:\n    pass»", "x0 .. x7, x9 .. x14"
    ),
    Mistake(
        "asm-operand",
        "@naked('b .', registers=('x0', 'x0'))\n«def wrong(a: u64, b: u64) -> None:\n    pass»",
        "for itself",
    ),
    Mistake("asm-operand", "@entry('go', registers=('x0',))\n«def wrong() -> None:\n    pass»", "for each parameter"),
    Mistake(
        "asm-operand", "@asm('svc #0', results=('x0', 'x1'))\n«def wrong() -> u64:\n    return u64(0)»", "each result"
    ),
    Mistake("naked-name", "@naked(«'b {missing}'»)\ndef wrong() -> None:\n    pass", "at module level"),
    Mistake("module-level", "value: Final = «u8(300)»", "build time"),
    Mistake("syntax", "def wrong(«:»", "syntax"),
]

MISTAKES = [*SUBSET, *TYPES]
