"""Every construct of the language by hand, with the calls at which it changes its mind. Complements the generator."""

from __future__ import annotations

from tests.compiler.differential.generator import GeneratedProgram, Signature

TEXT = '''"""Every construct."""

from __future__ import annotations

from typing import Final, NoReturn

from keelback.lang import (
    Array, Bitfield, Device, GuestPhysAddr, Memory, PhysAddr, ReadOnly, ReadWrite, ReadWriteArray, Ref, Struct,
    VirtAddr, array, asm, between, bitfield, bits, byte_at, byte_count, bytes_of, constants, embedded, entry, i64,
    inline, noinline, offset_of, packed_u32, packed_u64, parameter, size_of, struct, u8, u16, u32, u64, unreachable,
    upto,
)

SIZE: Final = parameter("size", 40)
BIAS: Final = u32(7)
GREETING: Final = "Grüße"
SQUARES: Final = constants(u64, tuple(n * n for n in range(8)))
BYTES: Final = constants(u8, (1, 2, 250))


@bitfield(u64)
class Entry(Bitfield[u64]):
    valid: bool = bits(0)
    kind: u64 = bits(3, 1)
    frame: u64 = bits(47, 12)
    top: bool = bits(63)


@bitfield(u8)
class Small(Bitfield[u8]):
    low: u8 = bits(3, 0)
    whole: bool = bits(7)


@struct
class Leaf(Struct):
    value: u64 = u64(5)
    bytes: Array[u8] = array(u8, SIZE)
    small: Small = Small(low=u8(9), whole=True)


@struct
class Node(Struct):
    flag: bool = True
    count: u16 = u16(2)
    leaf: Leaf = embedded(Leaf)
    leaves: Array[Leaf] = array(Leaf, 3)
    flags: Array[bool] = array(bool, 4)
    entries: Array[Entry] = array(Entry, 2)
    next: Ref[Node] | None = None
    address: PhysAddr = PhysAddr(0x1000)
    signed: i64 = i64(-9)

    def total(self) -> u64:
        return self.leaf.value + u64(self.count)

    def add(self, amount: u16, twice: bool = False) -> u16:
        self.count += amount
        if twice:
            self.count += amount
        return self.count


@struct
class Word(Struct):
    wide: u64 = u64(1)
    low: u8 = u8(2)
    high: u8 = u8(3)
    half: u16 = u16(0x405)
    single: u32 = u32(0x6070809)
    last: u16 = u16(0xabc)


words: Final = array(Word, 3)
the_word: Final = words[1]
nodes: Final = array(Node, 4)
first: Final = nodes[0]
inner: Final = nodes[2].leaves[1]
inner.value = u64(77)
first.next = nodes[1]
nodes[1].next = nodes[3]
numbers: Final = array(u32, 6)
raw: Final = array(u8, 16)
raw_bytes: Final = bytes_of(raw)
raw_tail: Final = raw_bytes.narrow(u64(12), u64(4))
window: Final = Memory(0x4900_2000, 32)


class Port(Device):
    CONTROL = ReadWrite(u32, 0x0)
    STATUS = ReadOnly(u32, 0x0)
    BYTE = ReadWrite(u8, 0x5)
    ENTRY = ReadWrite(Entry, 0x8)
    LINES = ReadWriteArray(u16, 0x10, count=3, stride=8)


port: Final = Port(0x4900_1000)


@struct
class Log(Struct):
    count: u64 = u64(0)


log: Final = Log()


@noinline
def note(value: u64) -> u64:
    log.count = (log.count << 4) | (value & 15)
    return value


@noinline
def noted(answer: bool, value: u64) -> bool:
    note(value)
    return answer


def find(index: u64) -> Node | None:
    return nodes[index] if index < 4 else None


def give_up() -> NoReturn:
    unreachable()


@inline
def sum_of(values: Array[u32], start: u64) -> u32:
    total = u32(0)
    for index in between(start, u64(len(values))):
        total += values[index]
    return total


@noinline
def at(values: Array[u8], index: u64) -> u8:
    return values[index]


@noinline
def load(memory: Memory, offset: u64) -> u16:
    return memory.load_u16(offset)


@noinline
def three(first: u64, second: u64, third: u64 = u64(3)) -> u64:
    return first * 100 + second * 10 + third


@noinline
def halves(value: u64) -> tuple[u32, u32, bool]:
    return u32.truncate(value), u32(value >> 32), value == 0


@asm("add {result}, {left}, {right}\\nmvn {result}, {result}")
def add_and_invert(left: u64, right: u64) -> u64:
    return ~left.wrapping_add(right)


@asm("add {result}, {left}, #1\\nand {result}, {result}, #0xff", registers={"left": "x5"}, results=("x5",))
def next_byte(left: u8) -> u8:
    return left.wrapping_add(1)


@asm("mov {result1}, {value}\\nrev {result0}, {value}")
def both(value: u64) -> tuple[u64, u64]:
    return value.swap_bytes(), value
'''

EDGE64 = (0, 1, 2, 63, 64, 65, 2**32, 2**63 - 1, 2**63, 2**64 - 1)
EDGE_SIGNED = (0, 1, -1, 5, -5, 63, 64, 2**63 - 1, -(2**63))
SMALL = tuple(range(9))


class Table:
    """Collects entry functions and their calls."""

    def __init__(self) -> None:
        self.parts = [TEXT]
        self.signatures: dict[str, Signature] = {}
        self.calls: list[tuple[str, tuple[int, ...]]] = []

    def add(
        self, name: str, parameters: str, result: str, body: str, *columns: tuple[int, ...], twice: bool = False
    ) -> None:
        """An entry `name`; its arguments are every combination of one from each column."""
        kinds = tuple(part.split(": ")[1] for part in parameters.split(", ") if part)
        results = tuple(result.removeprefix("tuple[").removesuffix("]").split(", "))
        self.signatures[name] = Signature(name, kinds, results)
        lines = "\n".join("    " + line for line in body.split("\n"))
        self.parts.append(f'@entry("{name}")\ndef {name}({parameters}) -> {result}:\n{lines}\n')
        rows: list[tuple[int, ...]] = [()]
        for column in columns:
            rows = [(*row, value) for row in rows for value in column]
        self.calls += [(name, row) for row in rows] * (2 if twice else 1)

    def program(self) -> GeneratedProgram:
        return GeneratedProgram("\n\n".join(self.parts), self.signatures, self.calls)


def construct_program() -> GeneratedProgram:
    """All constructs, one entry function or more for each."""
    table = Table()
    for add in (_integers, _evaluation, _control, _structs, _references, _arrays, _values, _memory, _hardware):
        add(table)
    return table.program()


def _integers(table: Table) -> None:
    for name, operator in (("and", "&"), ("or", "|"), ("xor", "^"), ("left", "<<"), ("right", ">>")):
        table.add(f"signed_{name}", "a: i64, b: i64", "i64", f"return a {operator} b", EDGE_SIGNED, EDGE_SIGNED)
    table.add("signed_invert", "a: i64", "i64", "return ~a", EDGE_SIGNED)
    table.add("signed_right_by", "a: i64", "i64", "return a >> 3", EDGE_SIGNED)
    for kind in ("PhysAddr", "VirtAddr", "GuestPhysAddr"):
        body = f"return (a + {kind}(b)) & ~{kind}(0xfff)"
        table.add(f"address_{kind}", f"a: {kind}, b: u64", kind, body, EDGE64, EDGE64)
    table.add("address_of_page", "a: u64", "u64", "return u64(PhysAddr(a) >> 12)", EDGE64)
    for side, text in (
        ("sub", "100 - a"),
        ("div", "100 // a"),
        ("mod", "100 % a"),
        ("shift", "1 << a"),
        ("and", "9 & a"),
    ):
        table.add(f"left_{side}", "a: u8", "u8", f"return {text}", (0, 1, 3, 7, 8, 99, 100, 101, 255))
    columns: list[tuple[str, tuple[int, ...]]] = [("u8", (0, 1, 7, 8, 9, 255))]
    columns += [("u16", (0, 15, 16, 17, 65535)), ("u64", EDGE64)]
    for kind, values in columns:
        for direction in ("left", "right"):
            body = f"return a.rotate_{direction}(b)"
            table.add(f"rotate_{direction}_{kind}", f"a: {kind}, b: {kind}", kind, body, values, values)
        table.add(f"bit_{kind}", f"a: {kind}, b: {kind}", "bool", "return a.bit(b)", values, values)
    for kind, values in [*columns, ("i64", EDGE_SIGNED)]:
        for name in ("min", "max"):
            table.add(f"{name}_{kind}", f"a: {kind}, b: {kind}", kind, f"return {name}(a, b)", values, values)
    table.add("bools", "a: bool, b: bool", "u8", "return u8(a == b) + u8(a != b) * 2 + u8(not a)", (0, 1), (0, 1))
    table.add("literals", "a: u8", "u32", "return u32(a) + BIAS + u8.MAX + u32(u8.truncate(-3)) + SIZE", (0, 255))
    table.add("layout", "a: u64", "u64", 'return a + size_of(Node) + offset_of(Node, "leaf.small")', (0, 5))


def _evaluation(table: Table) -> None:
    """What is evaluated, how often and in which order."""
    logged = "log.count = u64(0)\n"
    body = logged + "answer = noted(a, u64(1)) and noted(b, u64(2)) or noted(c, u64(3))\nreturn answer, log.count"
    table.add("logic", "a: bool, b: bool, c: bool", "tuple[bool, u64]", body, (0, 1), (0, 1), (0, 1))
    body = logged + "x = three(third=note(a), first=note(u64(7)), second=note(u64(8)))\nreturn x, log.count"
    table.add("keywords", "a: u64", "tuple[u64, u64]", body, (0, 5))
    body = logged + "x = three(note(u64(9)), second=note(a))\nreturn x, log.count"
    table.add("defaults", "a: u64", "tuple[u64, u64]", body, (0, 5))
    body = logged + "numbers[note(a)] += u32(note(u64(3)))\nreturn numbers[a], log.count"
    table.add("augmented_element", "a: u64", "tuple[u32, u64]", body, SMALL, twice=True)
    body = logged + "numbers[note(a)] = u32(note(u64(4)))\nreturn numbers[a], log.count"
    table.add("assigned_element", "a: u64", "tuple[u32, u64]", body, SMALL)
    body = logged + "answer = note(a) <= note(b) < note(u64(5))\nreturn answer, log.count"
    table.add("chain", "a: u64, b: u64", "tuple[bool, u64]", body, (0, 4, 5), (0, 4, 5))
    body = logged + "x = note(u64(1)) if a > 3 else note(u64(2))\nreturn x, log.count"
    table.add("choice", "a: u64", "tuple[u64, u64]", body, (3, 4))
    table.add("overflow_first", "a: u8", "u64", logged + "return u64(a + 1) + note(u64(6))", (254, 255))
    table.add("logged", "a: u64", "u64", "return log.count", (0,))


def _control(table: Table) -> None:
    body = "total = u64(0)\nfor i in between(a, b):\n    if i == 5:\n        continue\n    if i == 9:\n        break\n"
    body += "    total = total * 10 + u64(i)\n    i = b\nreturn total"
    table.add("between_bytes", "a: u8, b: u8", "u64", body, (0, 3, 5, 250, 255), (0, 7, 12, 255))
    body = "total = u64(0)\nfor i in upto(3):\n    for j in upto(a):\n        if j > i:\n            break\n"
    body += "        total += i * 7 + j\nreturn total"
    table.add("nested_loops", "a: u64", "u64", body, (0, 1, 2, 9))
    body = "n = a\nwhile True:\n    steps = n\n    if n < 10:\n        break\n    n //= 2\nreturn steps"
    table.add("endless", "a: u64", "u64", body, EDGE64)
    body = "n = a\nwhile n > 0 and n % 7 != 0:\n    n -= 1\nelse_ = n\nreturn else_"
    table.add("while_loop", "a: u64", "u64", body, (0, 6, 7, 20))
    table.add("assertion", "a: u64", "u64", "assert a != 3\nreturn a", (2, 3))
    table.add("never", "a: u64", "u64", "if a == 0:\n    give_up()\nreturn a", (0, 1))
    body = "if a < 10:\n    return u64(1)\nelif a < 20:\n    return u64(2)\nelse:\n    unreachable()"
    table.add("branches", "a: u64", "u64", body, (9, 10, 19, 20))
    body = "low, high, zero = halves(a)\nlow, _, _ = halves(u64(low) + 1)\n"
    table.add("unpacked", "a: u64", "tuple[u32, u32, bool]", body + "return low, high, zero", EDGE64)
    body = "numbers[a], first.leaf.value, _ = both_parts(a)\nreturn numbers[a]"
    table.parts.append("def both_parts(a: u64) -> tuple[u32, u64, bool]:\n    return u32.truncate(a * 3), a, a == 1\n")
    table.add("unpacked_places", "a: u64", "u32", body, SMALL)


def _structs(table: Table) -> None:
    body = "node = nodes[a]\nnode.add(u16(3), twice=node.flag)\nreturn node.total() + u64(node.add(amount=u16(1)))"
    table.add("methods", "a: u64", "u64", body, SMALL, twice=True)
    body = "node = nodes[a]\nnode.leaf.bytes[b] = u8(b) + 200\nnode.leaves[b % 3].copy_from(node.leaf)\n"
    body += "nodes[(a + 1) % 4].copy_from(node)\nother = nodes[(a + 1) % 4]\n"
    body += "return u64(other.leaf.bytes[b]) + u64(other.leaves[b % 3].bytes[b]) * 1000 + other.leaf.value"
    table.add("copies", "a: u64, b: u64", "u64", body, (0, 3), (0, 1, 39, 40, 55, 56))
    body = "node = nodes[a]\nnode.leaves[1].value = b\nnode.leaf.bytes[b % 3] = u8(7)\nnode.flag = True\n"
    body += "node.leaf.clear()\n"
    body += "nodes[(a + 1) % 4].clear()\nreturn node.leaves[1].value + u64(node.leaf.bytes[b % 3]) + u64(node.flag)"
    table.add("clears", "a: u64, b: u64", "u64", body, (0, 3), (0, 1, 55), twice=True)
    body = "nodes[a].copy_from(nodes[a])\nnodes[a].flags[a] = not nodes[a].flags[a]\nreturn nodes[a].flags[a]"
    table.add("flags", "a: u64", "bool", body, SMALL, twice=True)
    body = "word = words[a]\nword.low = u8(a) + 250\nword.half = u16(a)\n"
    body += "whole = packed_u64(word.low, word.high, word.half, word.single)\n"
    body += "return whole ^ u64(packed_u32(word.low, word.high, word.half))"
    table.add("packed", "a: u64", "u64", body, (0, 1, 2, 3, 5, 6))
    body = "the_word.single = u32(a)\nwords[a].copy_from(the_word)\nwords[a].high = u8(9)\nthe_word.last = u16(a)\n"
    body += "word = words[a]\nreturn packed_u64(word.low, word.high, word.half, word.single) + u64(word.last)"
    table.add("copied_words", "a: u64", "u64", body, (0, 1, 2, 3), twice=True)
    table.add("part", "a: u64", "u64", "inner.value += a\nreturn nodes[2].leaves[1].value", (0, 5), twice=True)
    body = (
        "nodes[a].count += 1\nnodes[a].count -= 2\nnodes[a].count *= 3\nnodes[a].count //= 2\nnodes[a].count %= 300\n"
    )
    body += (
        "nodes[a].count |= 1\nnodes[a].count ^= 6\nnodes[a].count &= 0xff\nnodes[a].count <<= 1\nnodes[a].count >>= 1\n"
    )
    table.add("augmented_field", "a: u64", "u16", body + "return nodes[a].count", SMALL, twice=True)
    body = (
        "nodes[a].address += PhysAddr(0x10)\nnodes[a].signed -= 1\nnodes[a].signed *= 2\nreturn u64(nodes[a].address)"
    )
    table.add("addresses", "a: u64", "u64", body, SMALL, twice=True)


def _references(table: Table) -> None:
    body = "node = first.next\nif node is not None and node.next is not None:\n"
    body += "    return node.next.leaf.value + a\nreturn a"
    table.add("started", "a: u64", "u64", body, (0, 1))
    body = "node = find(a)\nreturn node.leaf.value  # type: ignore"
    table.add("absent", "a: u64", "u64", body, (0, 3, 4))
    body = (
        "target = find(b)\nnodes[a].next = target\nfound = nodes[a].next\nnodes[a].next = None if a == 1 else found\n"
    )
    body += "last = nodes[a].next\nif last is None:\n    return u64(99)\nlast.leaf.value += 1\nreturn last.leaf.value"
    table.add("linked", "a: u64, b: u64", "u64", body, (0, 1, 3, 4), (0, 2, 4))
    body = "count = u64(0)\nnode = find(a)\nwhile node is not None and count < 9:\n"
    body += "    count += 1\n    node = node.next\nreturn count"
    table.add("walk", "a: u64", "u64", body, SMALL)


def _arrays(table: Table) -> None:
    table.add("table", "a: u8", "u64", "return SQUARES[a] + u64(BYTES[a % 4])", SMALL)
    table.add("viewed", "a: u64", "u32", "numbers[0] = u32(5)\nreturn sum_of(numbers, a)", SMALL)
    body = "if a < 4:\n    return at(BYTES, a)\nreturn at(nodes[1].leaf.bytes, a)"
    table.add("views", "a: u64", "u8", body, (2, 3, 39, 40))
    table.add("indexed_by_byte", "a: u8", "bool", "return first.flags[a]", (0, 3, 4, 255))
    table.add("length", "a: u64", "u64", "return a + len(numbers) + len(nodes[0].leaf.bytes) + len(SQUARES)", (0,))
    body = "words = nodes[a].entries\nwords[b] = Entry.from_word(a << 12)\nreturn words[b].frame"
    table.add("array_alias", "a: u64, b: u64", "u64", body, SMALL, (0, 1, 2))


def _values(table: Table) -> None:
    body = "made = Entry(frame=b, valid=a == 1, kind=a)\nnodes[0].entries[1] = made\nkept = nodes[0].entries[1]\n"
    body += "return kept.word, kept.frame, kept.kind, kept.valid, kept.top"
    results = "tuple[u64, u64, u64, bool, bool]"
    table.add("bitfield", "a: u64, b: u64", results, body, (0, 1, 7, 8), (0, 1, 2**36 - 1, 2**36))
    table.add("unnamed_bits", "a: u64", "u64", "return Entry.from_word(a).word", EDGE64)
    body = "made = Small(low=a, whole=True)\nfirst.leaf.small = made\nreturn first.leaf.small.word"
    table.add("small_bitfield", "a: u8", "u8", body, (0, 15, 16, 255))
    body = "return Small.from_word(a) == Small(low=b), Small.from_word(a) != Small(low=b)"
    table.add("equal_bitfields", "a: u8, b: u8", "tuple[bool, bool]", body, (0, 3, 128), (0, 3, 16))
    table.add("text", "a: u64", "u8", "return byte_at(GREETING, a)", SMALL)
    table.add("text_count", "a: u64", "u64", 'return byte_count(GREETING) + byte_count("") + a', (0,))


def _memory(table: Table) -> None:
    for width in (8, 16, 32, 64):
        body = f"window.store_u{width}(a, u{width}.truncate(b))\nreturn window.load_u{width}(a)"
        offsets = (0, 1, 24, 25, 28, 29, 30, 31, 32, 2**64 - 1)
        table.add(f"window_u{width}", "a: u64, b: u64", f"u{width}", body, offsets, (0x0123456789ABCDEF, 2**64 - 2))
    body = "part = window.narrow(a, b)\npart.store_u8(u64(2), u8(7))\nreturn u64(load(part, u64(1))) + part.size_bytes"
    table.add("narrowed", "a: u64, b: u64", "u64", body, (0, 28, 29, 32, 33), (0, 2, 3, 4, 32, 2**64 - 1))
    body = "window.copy(a, window, b, c)\nreturn window.load_u64(u64(0)) ^ window.load_u64(u64(24))"
    table.add("copied", "a: u64, b: u64, c: u64", "u64", body, (0, 5, 20, 32), (0, 4, 20), (0, 1, 12, 13, 2**64 - 1))
    body = "window.fill(a, b, u8(a + 1))\nreturn window.load_u64(u64(8))"
    table.add("filled", "a: u64, b: u64", "u64", body, (0, 7, 9, 32, 255), (0, 1, 17, 32, 33, 2**64 - 1))
    table.add("window_address", "a: u64", "u64", "return window.address_of(a)", (0, 31, 32))
    body = "raw[a] = u8(a) + 1\nraw_tail.store_u8(u64(1), u8(42))\nraw_bytes.fill(u64(8), u64(2), u8(3))\n"
    body += "return raw_bytes.load_u64(a) + u64(raw[13])"
    table.add("bytes_view", "a: u64", "u64", body, (0, 7, 8, 9, 15, 16))


def _hardware(table: Table) -> None:
    body = "port.CONTROL.write(a)\nport.BYTE.write(u8(17))\nreturn port.STATUS.read() + u32(port.BYTE.read())"
    table.add("registers", "a: u32", "u32", body, (0, 5, 2**32 - 1))
    body = "port.LINES.write(a, u16(9))\nreturn port.LINES.read(a % 3) + port.LINES.read(a)"
    table.add("register_array", "a: u64", "u16", body, (0, 2, 3, 2**63))
    body = "port.ENTRY.write(Entry(frame=a, top=True))\nreturn port.ENTRY.read().frame, port.ENTRY.read().top"
    table.add("register_bitfield", "a: u64", "tuple[u64, bool]", body, (0, 5, 2**36))
    table.add("assembly", "a: u64, b: u64", "u64", "return add_and_invert(a, b)", EDGE64, EDGE64)
    table.add("assembly_pinned", "a: u8", "u8", "return next_byte(a)", (0, 7, 255))
    table.add("assembly_several", "a: u64", "tuple[u64, u64]", "x, y = both(a)\nreturn x, y", EDGE64)
