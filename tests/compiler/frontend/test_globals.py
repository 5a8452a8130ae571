"""Globals begin with what module level left in them, laid out as the language says."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from keelback.compiler import Diagnostics, check
from keelback.lang import to_bytes
from tests.compiler.support import on_host, program

TABLES = """
@bitfield(u16)
class Mark(Bitfield[u16]):
    set: bool = bits(15)
    number: u16 = bits(6, 2)


@struct
class Inner(Struct):
    byte: u8 = u8(9)
    wide: u64 = u64(0x0102030405060708)


@struct
class Outer(Struct):
    flag: bool = True
    inner: Inner = embedded(Inner)
    half: u16 = u16(0xBEEF)
    signed: i64 = i64(-2)
    mark: Mark = Mark(set=True, number=u16(21))
    bytes: Array[u8] = array(u8, 3)
    inners: Array[Inner] = array(Inner, 2)
    place: PhysAddr = PhysAddr(0x4000_0000)


outers: Final = array(Outer, 3)
outers[1].inner.byte = u8(1)
outers[2].bytes[1] = u8(0x55)
single: Final = Outer(half=u16(3))
squares: Final = constants(u32, tuple(n * n for n in range(5)))
text: Final = array(u8, 4)
text[2] = u8(65)


def touch() -> u64:
    return outers[0].inner.wide + u64(single.half) + u64(squares[0]) + u64(text[0])
"""


@pytest.mark.parametrize("name", ["outers", "single", "squares", "text"])
def test_first_contents_are_those_of_cpython(name: str, tmp_path: Path) -> None:
    compiled = on_host(tmp_path, TABLES)
    found = importlib.util.spec_from_file_location("tables_in_cpython", tmp_path / "program.py")
    assert found is not None and found.loader is not None
    module: Any = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    assert bytes(compiled.global_memory(f"program.{name}")) == to_bytes(getattr(module, name))


LINKED = """
@struct
class Node(Struct):
    value: u64 = u64(0)
    next: Ref[Node] | None = None


nodes: Final = array(Node, 3)
head: Final = nodes[2]
head.value = u64(8)
alone: Final = Node()
head.next = alone
alone.next = nodes[1]
nodes[1].value = u64(5)


def walk() -> u64:
    total = u64(0)
    node: Node | None = head
    for _ in upto(9):
        if node is None:
            return total
        total = total * 10 + node.value
        node = node.next
    return total


def write(value: u64) -> u64:
    head.value = value
    return nodes[2].value
"""


def test_a_name_for_an_element_is_that_element(tmp_path: Path) -> None:
    compiled = on_host(tmp_path, LINKED)
    assert compiled.call("program.walk") == 805
    assert compiled.call("program.write", 77) == 77
    assert set(compiled.layouts) == {"program.nodes", "program.alone"}


def test_a_reference_needs_something_that_has_a_name(tmp_path: Path) -> None:
    text = LINKED.replace("head.next = alone", "head.next = Node()")
    with pytest.raises(Diagnostics, match="`next` in `nodes` refers to a Node that has no name"):
        check(program(tmp_path, text))
