"""RAM ranges from device trees, well formed and not."""

from __future__ import annotations

import contextlib
import struct

import libfdt
import pytest

from keelback.kernel import device_tree
from keelback.kernel.device_tree import Walk, find_ram
from keelback.lang import Memory, Trap, u64
from keelback.lang.memory import write_bytes

BASE = 0x7_0000_0000
SIZE = 1 << 14


def tree(nodes: dict[str, bytes], address_cells: int = 2, size_cells: int = 2) -> bytes:
    made = libfdt.FdtSw()
    made.finish_reservemap()
    with made.add_node(""):
        made.property_u32("#address-cells", address_cells)
        made.property_u32("#size-cells", size_cells)
        with made.add_node("chosen"):
            made.property_string("bootargs", "memory reg")
        for name, reg in nodes.items():
            with made.add_node(name):
                made.property_string("device_type", "memory")
                made.property("reg", reg)
                with made.add_node("inner"):
                    made.property("reg", struct.pack(">QQ", 0, 1 << 60))
    return bytes(made.as_fdt().as_bytearray())


def find(data: bytes, wanted: int = 0x4008_0000, offset: int = 0x1000) -> tuple[int, int]:
    device_tree.walk.copy_from(Walk())
    write_bytes(BASE, bytes(SIZE))
    write_bytes(BASE + offset, data)
    start, end = find_ram(Memory(BASE, SIZE), u64(offset), u64(wanted))
    return int(start), int(end)


def test_the_range_around_the_kernel_is_found() -> None:
    data = tree({"memory@40000000": struct.pack(">QQ", 0x4000_0000, 1 << 30)})
    assert find(data) == (0x4000_0000, 0x8000_0000)


def test_one_of_several_ranges_and_nodes() -> None:
    first = struct.pack(">QQQQ", 0x1000_0000, 4096, 0x2000_0000, 4096)
    second = struct.pack(">QQ", 0x4000_0000, 0x1000_0000)
    assert find(tree({"memory@10000000": first, "memory@40000000": second})) == (0x4000_0000, 0x5000_0000)


def test_cells_of_32_bits() -> None:
    data = tree({"memory": struct.pack(">II", 0x4000_0000, 0x2000_0000)}, 1, 1)
    assert find(data) == (0x4000_0000, 0x6000_0000)


@pytest.mark.parametrize("name", ["memory-controller@0", "memoryx", "mem@0"])
def test_other_nodes_do_not_count(name: str) -> None:
    assert find(tree({name: struct.pack(">QQ", 0x4000_0000, 1 << 30)})) == (0, 0)


def test_ranges_elsewhere_do_not_count() -> None:
    assert find(tree({"memory@0": struct.pack(">QQ", 0x8000_0000, 1 << 30)})) == (0, 0)


def test_what_is_no_device_tree() -> None:
    assert find(b"\x00" * 64) == (0, 0)


def test_a_tree_cut_off_ends_in_zeros_or_a_trap() -> None:
    data = tree({"memory@40000000": struct.pack(">QQ", 0x4000_0000, 1 << 30)})
    for length in range(40, len(data), 12):
        with contextlib.suppress(Trap):
            find(data[:length])


def test_only_so_many_ranges_are_looked_at() -> None:
    far = struct.pack(">QQ", 0x1000, 16) * device_tree.RANGE_LIMIT
    assert find(tree({"memory": far + struct.pack(">QQ", 0x4000_0000, 1 << 30)})) == (0, 0)


def test_ranges_without_cells_are_none() -> None:
    assert find(tree({"memory": struct.pack(">QQ", 0x4000_0000, 1 << 30)}, 0, 0)) == (0, 0)


def test_part_of_a_range_is_none() -> None:
    assert find(tree({"memory": struct.pack(">QI", 0x4000_0000, 1 << 30)})) == (0, 0)


def test_a_walk_ends_even_if_the_tree_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_tree, "TOKEN_LIMIT", 3)
    assert find(tree({"memory": struct.pack(">QQ", 0x4000_0000, 1 << 30)})) == (0, 0)


def test_a_name_without_an_end_is_stepped_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_tree, "NAME_LIMIT", 8)
    with contextlib.suppress(Trap):
        assert find(tree({"memory-controller@0": struct.pack(">QQ", 0x4000_0000, 1 << 30)})) == (0, 0)
