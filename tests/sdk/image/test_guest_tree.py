"""The generated device tree, read back with libfdt."""

from __future__ import annotations

import libfdt

from keelback.sdk.image.guest_tree import SEED_BYTES, SEED_MARK, GuestTree, GuestTreeBlob, build_guest_tree


def build(initrd: tuple[int, int] | None = None, devices: int = 2) -> tuple[GuestTreeBlob, libfdt.FdtRo]:
    tree = build_guest_tree(GuestTree(512 << 20, "console=ttyAMA0 quiet", initrd, devices))
    return tree, libfdt.FdtRo(tree.blob)


def prop(tree: libfdt.FdtRo, path: str, name: str) -> libfdt.Property:
    found = tree.getprop(tree.path_offset(path), name)
    assert isinstance(found, libfdt.Property)
    return found


def test_chosen_has_bootargs_console_and_initrd() -> None:
    _, tree = build(initrd=(0x4800_0000, 0x4801_2345))
    assert prop(tree, "/chosen", "bootargs").as_str() == "console=ttyAMA0 quiet"
    assert prop(tree, "/chosen", "stdout-path").as_str() == "/pl011@9000000"
    assert prop(tree, "/chosen", "linux,initrd-start").as_uint64() == 0x4800_0000
    assert prop(tree, "/chosen", "linux,initrd-end").as_uint64() == 0x4801_2345


def test_without_initrd_there_is_no_initrd_property() -> None:
    _, tree = build()
    chosen = tree.path_offset("/chosen")
    assert tree.getprop(chosen, "linux,initrd-start", libfdt.QUIET_NOTFOUND) == -libfdt.NOTFOUND


def test_seed_offset_points_at_the_seed() -> None:
    built, tree = build()
    offset = built.seed_offset
    assert built.blob[offset : offset + SEED_BYTES] == SEED_MARK
    assert bytes(prop(tree, "/chosen", "rng-seed")) == SEED_MARK
    patched = built.blob[:offset] + bytes(SEED_BYTES) + built.blob[offset + SEED_BYTES :]
    assert bytes(prop(libfdt.FdtRo(patched), "/chosen", "rng-seed")) == bytes(SEED_BYTES)


def test_memory_is_what_was_asked_for() -> None:
    _, tree = build()
    assert prop(tree, "/memory@40000000", "reg").as_uint64_list() == [0x4000_0000, 512 << 20]


def test_uart_has_both_clocks_of_a_primecell() -> None:
    _, tree = build()
    assert prop(tree, "/pl011@9000000", "clock-names").as_stringlist() == ["uartclk", "apb_pclk"]
    clock = prop(tree, "/apb-pclk", "phandle").as_uint32()
    assert prop(tree, "/pl011@9000000", "clocks").as_uint32_list() == [clock, clock]


def test_each_virtio_device_has_a_window_and_an_interrupt_of_its_own() -> None:
    _, tree = build(devices=3)
    for index in range(3):
        path = f"/virtio_mmio@{0xA00_0000 + 0x200 * index:x}"
        assert prop(tree, path, "reg").as_uint64_list() == [0xA00_0000 + 0x200 * index, 0x200]
        assert prop(tree, path, "interrupts").as_uint32_list()[:2] == [0, 16 + index]
    assert tree.path_offset("/virtio_mmio@a000600", libfdt.QUIET_NOTFOUND) == -libfdt.NOTFOUND


def test_processor_is_started_by_hypercall() -> None:
    _, tree = build()
    assert prop(tree, "/psci", "method").as_str() == "hvc"
    assert prop(tree, "/cpus/cpu@0", "enable-method").as_str() == "psci"
