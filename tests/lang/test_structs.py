"""Structs: typed stores, references, copying, metadata, and what the decorator refuses."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from typing import Any

import pytest

from keelback.lang import (
    Array,
    PhysAddr,
    Ref,
    Struct,
    array,
    constants,
    embedded,
    layout_of,
    struct,
    u8,
    u32,
    u64,
)
from keelback.lang.arrays import is_struct
from keelback.lang.structs import Field, fields_of, reference_target, struct_info


@struct
class Context(Struct):
    registers: Array[u64] = array(u64, 4)
    pc: u64 = u64(0x1000)


@struct
class Queue:
    head: Ref[Thread] | None = None
    length: u32 = u32(0)

    def push(self, thread: Thread) -> None:
        thread.next = self.head
        self.head = thread
        self.length += 1


@struct
class Thread(Struct):
    priority: u8 = u8(3)
    runnable: bool = False
    table: PhysAddr = PhysAddr(0)
    context: Context = embedded(Context)
    next: Ref[Thread] | None = None


def test_defaults_and_keywords() -> None:
    thread = Thread()
    assert (thread.priority, thread.runnable, thread.context.pc, thread.next) == (u8(3), False, u64(0x1000), None)
    thread = Thread(priority=u8(9), runnable=True)
    assert (thread.priority, thread.runnable) == (u8(9), True)


def test_whole_parts_can_be_given_and_are_copied() -> None:
    context = Context(pc=u64(4))
    thread = Thread(context=context)
    context.pc = u64(5)
    assert thread.context.pc == 4
    registers = array(u64, 4)
    registers[1] = u64(8)
    assert Context(registers=registers).registers[1] == 8
    with pytest.raises(TypeError, match=r"expected array\(u64, 4\)"):
        Context(registers=array(u64, 5))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("priority", 3),
        ("priority", u32(3)),
        ("priority", None),
        ("runnable", 1),
        ("runnable", u8(1)),
        ("table", u64(0)),
        ("context", Context()),
        ("next", Context()),
        ("next", u64(0)),
    ],
)
def test_stores_are_typed(name: str, value: object) -> None:
    thread = Thread()
    before = getattr(thread, name)
    with pytest.raises(TypeError, match=f"Thread.{name}"):
        setattr(thread, name, value)
    assert getattr(thread, name) is before


def test_unknown_fields_are_refused() -> None:
    thread: Any = Thread()
    with pytest.raises(AttributeError, match="Thread has no field prioritty"):
        thread.prioritty = u8(1)
    make: Any = Thread
    with pytest.raises(AttributeError, match="Thread has no field prioritty"):
        make(prioritty=u8(1))
    with pytest.raises(AttributeError):
        _ = make.priority  # a field belongs to instances


def test_references_and_methods() -> None:
    queue, first, second = Queue(), Thread(), Thread()
    queue.push(first)
    queue.push(second)
    assert queue.length == 2
    assert queue.head is second
    assert second.next is first
    assert repr(queue) == "Queue(head=<Thread>, length=u32(0x2))"


def test_copy_from_takes_everything_and_shares_nothing() -> None:
    source, target, other = Thread(priority=u8(1)), Thread(), Thread()
    source.context.registers[2] = u64(22)
    source.next = other
    target.copy_from(source)
    assert (target.priority, target.context.registers[2]) == (u8(1), u64(22))
    assert target.next is other
    source.context.registers[2] = u64(23)
    assert target.context.registers[2] == 22
    target.copy_from(target)
    assert target.context.registers[2] == 22


def test_clear_makes_everything_zero() -> None:
    thing, other = Thread(priority=u8(1)), Thread()
    thing.context.registers[2] = u64(22)
    thing.next = other
    thing.clear()
    assert (thing.priority, thing.context.registers[2]) == (u8(0), u64(0))
    assert repr(thing).find("next=None") > 0


def test_copy_from_wants_the_same_struct() -> None:
    target, source = Thread(), Context()
    wrong: Any = source
    with pytest.raises(TypeError, match="a Thread cannot be copied from a Context"):
        target.copy_from(wrong)


def test_structs_compare_by_identity() -> None:
    assert Thread() != Thread()


def test_metadata() -> None:
    fields = fields_of(Thread)
    assert fields[:3] == (
        Field("priority", "integer", u8, 1, u8(3)),
        Field("runnable", "boolean", bool, 1, False),
        Field("table", "integer", PhysAddr, 1, PhysAddr(0)),
    )
    assert fields[3:] == (Field("context", "struct", Context), Field("next", "reference", Thread))
    registers = fields_of(Context)[0]
    assert (registers.kind, registers.type, registers.count) == ("array", u64, 4)
    assert is_struct(Thread)
    assert not is_struct(Thread())
    assert not is_struct(u64)
    with pytest.raises(TypeError, match="u64 is not a @struct"):
        struct_info(u64)


def test_reference_target() -> None:
    assert reference_target(Ref[Thread]) is Thread
    assert reference_target(Ref[Thread] | None) is Thread
    assert reference_target(Thread) is None
    assert reference_target(u64) is None


PRIVATE_MODULE = """
    from __future__ import annotations
    from keelback.lang import Array, Bitfield, Ref, Struct, array, bitfield, bits, embedded, struct, u64

    @bitfield(u64)
    class Entry(Bitfield[u64]):
        valid: bool = bits(0)

    @struct
    class Holder:
        first: Ref[Later] | None = None
        entry: Entry = Entry()

    holder = Holder()

    @struct
    class Later(Struct):
        words: Array[u64] = array(u64, 2)

    laters = array(Later, 3)
    holder.first = laters[1]
"""


def test_modules_outside_sys_modules_work() -> None:
    """Compilers run modules in namespaces of their own: annotations must not be looked up in sys.modules."""
    namespace: dict[str, Any] = {"__name__": "keelback_private_module"}
    exec(compile(textwrap.dedent(PRIVATE_MODULE), "private.py", "exec"), namespace)
    assert "keelback_private_module" not in sys.modules
    assert fields_of(namespace["Holder"])[0].type is namespace["Later"]
    assert layout_of(namespace["holder"]).size == 16
    assert namespace["holder"].first is namespace["laters"][1]


def test_the_same_module_twice_makes_different_structs() -> None:
    worlds: list[dict[str, Any]] = [{"__name__": "twice"}, {"__name__": "twice"}]
    for namespace in worlds:
        exec(compile(textwrap.dedent(PRIVATE_MODULE), "private.py", "exec"), namespace)
    with pytest.raises(TypeError, match=r"Holder\.first does not refer to a Later"):
        worlds[0]["holder"].first = worlds[1]["laters"][0]


def no_default() -> type:
    @struct
    class NoDefault:
        field: u64

    return NoDefault


def bare_literal() -> type:
    @struct
    class BareLiteral:
        field: int = 3

    return BareLiteral


def derived() -> type:
    @struct
    class Derived(Thread):
        more: u64 = u64(0)

    return Derived


def constant_table() -> type:
    @struct
    class ConstantTable:
        table: Array[u32] = constants(u32, (1, 2))

    return ConstantTable


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (no_default, "NoDefault.field: give it a default"),
        (bare_literal, "BareLiteral.field: 3 is not a default"),
        (derived, "Derived: a struct derives from Struct or nothing"),
        (constant_table, "ConstantTable.table: a table of constants cannot be a field"),
    ],
)
def test_refused_classes(make: Callable[[], type], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        make()


def test_embedded_takes_structs() -> None:
    wrong: Any = u64
    with pytest.raises(TypeError, match="embedded takes a @struct"):
        embedded(wrong)


def disagreeing(annotation: object, default: object) -> type:
    """A struct whose one field says one thing in the annotation and another in the default."""
    made: Any = type("Disagreeing", (), {"__annotations__": {"field": annotation}, "field": default})
    return struct(made)


@pytest.mark.parametrize(
    ("annotation", "default", "message"),
    [
        (u64, u32(0), "the default is a u32"),
        (u64, None, "the default is a NoneType"),
        (bool, u8(0), "the default is a u8"),
        (Array[u64], array(u32, 3), r"the default must be array\(u64, length\)"),
        (Array[u64], u64(0), r"the default must be array\(u64, length\)"),
        (Ref[Thread] | None, u64(0), "a Ref starts as None"),
        (Context, embedded(Thread), r"annotation and embedded\(Thread\) disagree"),
        (Context, None, "cannot be a field"),
        (int, u64(0), "cannot be a field"),
        ("str", u64(0), "cannot be a field"),
    ],
)
def test_annotation_and_default_must_agree(annotation: object, default: object, message: str) -> None:
    with pytest.raises(TypeError, match=rf"Disagreeing.field: .*{message}"):
        fields_of(disagreeing(annotation, default))


def test_an_annotation_that_names_nothing_is_a_name_error() -> None:
    with pytest.raises(NameError, match="Nowhere"):
        fields_of(disagreeing("Nowhere", u64(0)))
