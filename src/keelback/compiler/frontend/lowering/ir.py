"""Writes LLVM IR as text: values, blocks and metadata. LLVM's own parser and verifier check what comes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Value(NamedTuple):
    """An operand: its LLVM type and how it is written, `i64` `%7`."""

    type: str
    text: str

    def __str__(self) -> str:
        return f"{self.type} {self.text}"


VOID_VALUE = Value("void", "")


def integer(width: int, value: int) -> Value:
    """A constant of `width` bits; negative values keep their sign."""
    return Value(f"i{width}", str(value))


def boolean(value: bool) -> Value:
    return Value("i1", "true" if value else "false")


def quoted(symbol: str) -> str:
    """A symbol as LLVM writes it after `@` or `%`."""
    return f'"{symbol}"'


def string_literal(data: bytes) -> str:
    """Bytes as an LLVM c"..." literal, quotes and the final zero not added."""
    return (
        'c"'
        + "".join(chr(byte) if 32 <= byte < 127 and byte not in (34, 92) else f"\\{byte:02X}" for byte in data)
        + '"'
    )


class Metadata:
    """Numbered metadata nodes; equal nodes are written once."""

    def __init__(self) -> None:
        self.nodes: list[str] = []
        self._known: dict[str, str] = {}

    def add(self, text: str, *, distinct: bool = False) -> str:
        if not distinct and text in self._known:
            return self._known[text]
        name = self.reserve()
        self.fill(name, ("distinct " if distinct else "") + text)
        if not distinct:
            self._known[text] = name
        return name

    def reserve(self) -> str:
        """A number for a node that is written later: types that refer to themselves."""
        self.nodes.append("!{}")
        return f"!{len(self.nodes) - 1}"

    def fill(self, name: str, text: str) -> None:
        self.nodes[int(name[1:])] = text

    def lines(self) -> list[str]:
        return [f"!{number} = {text}" for number, text in enumerate(self.nodes)]


@dataclass
class Block:
    label: str
    lines: list[str]
    terminated: bool = False


class FunctionBuilder:
    """Emits the blocks of one function. `location` is the `!dbg` attachment that new instructions get."""

    def __init__(self, metadata: Metadata) -> None:
        self.metadata = metadata
        self.location = ""
        self.entry_lines: list[str] = []
        self._count = 0
        self.blocks: list[Block] = [Block("body", [])]
        self.late_blocks: list[Block] = []

    @property
    def block(self) -> Block:
        return self.blocks[-1]

    @property
    def terminated(self) -> bool:
        return self.block.terminated

    def fresh(self) -> str:
        self._count += 1
        return f"%v{self._count}"

    def label(self, hint: str) -> str:
        self._count += 1
        return f"{hint}.{self._count}"

    def start(self, label: str) -> None:
        """Begin a block; falls through from the one before."""
        if not self.terminated:
            self.jump(label)
        self.blocks.append(Block(label, []))

    def write(self, text: str) -> None:
        """An instruction without a result. After a terminator it is unreachable and left out."""
        if not self.block.terminated:
            self.block.lines.append(f"  {text}{self.location}")

    def record(self, text: str) -> None:
        """A debug record, which takes no attachment."""
        if not self.block.terminated:
            self.block.lines.append(f"    {text}")

    def emit(self, kind: str, text: str) -> Value:
        """An instruction with a result of LLVM type `kind`."""
        name = self.fresh()
        self.write(f"{name} = {text}")
        return Value(kind, name)

    def terminate(self, text: str) -> None:
        self.write(text)
        self.block.terminated = True

    def jump(self, label: str) -> None:
        self.terminate(f"br label %{label}")

    def branch(self, test: Value, yes: str, no: str, weights: str = "") -> None:
        self.terminate(f"br i1 {test.text}, label %{yes}, label %{no}{weights}")

    def alloca(self, kind: str) -> str:
        name = self.fresh()
        self.entry_lines.append(f"  {name} = alloca {kind}")
        return name

    def load(self, kind: str, pointer: str, suffix: str = "", *, volatile: bool = False) -> Value:
        return self.emit(kind, f"load {'volatile ' if volatile else ''}{kind}, ptr {pointer}{suffix}")

    def store(self, value: Value, pointer: str, suffix: str = "", *, volatile: bool = False) -> None:
        self.write(f"store {'volatile ' if volatile else ''}{value}, ptr {pointer}{suffix}")

    def extract(self, kind: str, pair: Value, index: int) -> Value:
        return self.emit(kind, f"extractvalue {pair}, {index}")

    def pair(self, first: Value, second: Value) -> Value:
        """A literal struct of two values."""
        return self.aggregate([first, second])

    def aggregate(self, values: list[Value]) -> Value:
        kind = "{ " + ", ".join(value.type for value in values) + " }"
        made = Value(kind, "poison")
        for index, value in enumerate(values):
            made = self.emit(kind, f"insertvalue {made}, {value}, {index}")
        return made

    def compare(self, predicate: str, left: Value, right: Value) -> Value:
        return self.emit("i1", f"icmp {predicate} {left}, {right.text}")

    def text(self) -> list[str]:
        """The blocks in order, with the allocas in front and out-of-line blocks at the end."""
        lines = ["entry:", *self.entry_lines, f"  br label %{self.blocks[0].label}"]
        for block in [*self.blocks, *self.late_blocks]:
            lines.append(f"{block.label}:")
            lines += block.lines
            if not block.terminated:
                lines.append("  unreachable")
        return lines
