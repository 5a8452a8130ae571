"""Generates the device tree of a guest with libfdt: what the virtual-machine monitor emulates, and nothing else.

Addresses are the guest physical map of docs/reference/system-description.md. Bindings: Linux
Documentation/devicetree/bindings (arm,gic-v3; arm,pl011; virtio,mmio; psci; arm,armv8-timer).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import libfdt

from keelback.sdk.system.guest_layout import GUEST_RAM_BASE

GIC_DISTRIBUTOR = (0x0800_0000, 0x1_0000)
GIC_REDISTRIBUTORS = (0x080A_0000, 0x2_0000)
UART = (0x0900_0000, 0x1000)
UART_SPI = 1
VIRTIO_BASE = 0x0A00_0000
VIRTIO_BYTES = 0x200
VIRTIO_FIRST_SPI = 16
TIMER_PPIS = (13, 14, 11, 10)

SEED_BYTES = 32
SEED_MARK = hashlib.sha256(b"keelback rng-seed").digest()

_GIC_PHANDLE = 1
_CLOCK_PHANDLE = 2
_SPI, _PPI = 0, 1
_EDGE_RISING, _LEVEL_HIGH = 1, 4
_CLOCK_HZ = 24_000_000
_ROOM_BYTES = 16 << 10


@dataclass(frozen=True)
class GuestTree:
    """What differs between guests. `initrd` is (first byte, one past the last), guest physical."""

    ram_bytes: int
    bootargs: str
    initrd: tuple[int, int] | None
    virtio_device_count: int


@dataclass(frozen=True)
class GuestTreeBlob:
    """A flattened device tree, and where its 32 bytes of `rng-seed` are, which the monitor fills at each start."""

    blob: bytes
    seed_offset: int


def build_guest_tree(guest: GuestTree) -> GuestTreeBlob:
    """The flattened device tree for a guest with one processor."""
    tree = libfdt.FdtSw()
    tree.finish_reservemap()
    with tree.add_node(""):
        tree.property_string("compatible", "linux,dummy-virt")
        tree.property_string("model", "Keelback virtual machine")
        _cells(tree, "#address-cells", 2)
        _cells(tree, "#size-cells", 2)
        _cells(tree, "interrupt-parent", _GIC_PHANDLE)
        _add_chosen(tree, guest)
        _add_memory(tree, guest.ram_bytes)
        _add_processors(tree)
        _add_timer(tree)
        _add_interrupt_controller(tree)
        _add_uart(tree)
        for index in range(guest.virtio_device_count):
            _add_virtio(tree, index)
    blob = bytes(tree.as_fdt().as_bytearray())
    return GuestTreeBlob(blob, blob.index(SEED_MARK))


def _cells(tree: libfdt.FdtSw, name: str, *values: int) -> None:
    tree.property(name, b"".join(value.to_bytes(4, "big") for value in values))


def _registers(tree: libfdt.FdtSw, *windows: tuple[int, int]) -> None:
    tree.property("reg", b"".join(part.to_bytes(8, "big") for window in windows for part in window))


def _strings(tree: libfdt.FdtSw, name: str, *values: str) -> None:
    tree.property(name, b"".join(value.encode() + b"\0" for value in values))


def _flag(tree: libfdt.FdtSw, name: str) -> None:
    tree.property(name, b"")


def _add_chosen(tree: libfdt.FdtSw, guest: GuestTree) -> None:
    with tree.add_node("chosen"):
        tree.property_string("bootargs", guest.bootargs)
        tree.property_string("stdout-path", f"/pl011@{UART[0]:x}")
        if guest.initrd is not None:
            tree.property("linux,initrd-start", guest.initrd[0].to_bytes(8, "big"))
            tree.property("linux,initrd-end", guest.initrd[1].to_bytes(8, "big"))
        tree.property("rng-seed", SEED_MARK)


def _add_memory(tree: libfdt.FdtSw, ram_bytes: int) -> None:
    with tree.add_node(f"memory@{GUEST_RAM_BASE:x}"):
        tree.property_string("device_type", "memory")
        _registers(tree, (GUEST_RAM_BASE, ram_bytes))


def _add_processors(tree: libfdt.FdtSw) -> None:
    with tree.add_node("cpus"):
        _cells(tree, "#address-cells", 1)
        _cells(tree, "#size-cells", 0)
        with tree.add_node("cpu@0"):
            tree.property_string("device_type", "cpu")
            tree.property_string("compatible", "arm,armv8")
            _cells(tree, "reg", 0)
            tree.property_string("enable-method", "psci")
    with tree.add_node("psci"):
        _strings(tree, "compatible", "arm,psci-1.0", "arm,psci-0.2")
        tree.property_string("method", "hvc")


def _add_timer(tree: libfdt.FdtSw) -> None:
    with tree.add_node("timer"):
        tree.property_string("compatible", "arm,armv8-timer")
        _flag(tree, "always-on")
        _cells(tree, "interrupts", *(cell for ppi in TIMER_PPIS for cell in (_PPI, ppi, _LEVEL_HIGH)))


def _add_interrupt_controller(tree: libfdt.FdtSw) -> None:
    with tree.add_node(f"intc@{GIC_DISTRIBUTOR[0]:x}"):
        tree.property_string("compatible", "arm,gic-v3")
        _flag(tree, "interrupt-controller")
        _cells(tree, "#interrupt-cells", 3)
        _cells(tree, "#address-cells", 2)
        _cells(tree, "#size-cells", 2)
        _cells(tree, "phandle", _GIC_PHANDLE)
        _cells(tree, "#redistributor-regions", 1)
        _registers(tree, GIC_DISTRIBUTOR, GIC_REDISTRIBUTORS)


def _add_uart(tree: libfdt.FdtSw) -> None:
    with tree.add_node("apb-pclk"):
        tree.property_string("compatible", "fixed-clock")
        _cells(tree, "#clock-cells", 0)
        _cells(tree, "clock-frequency", _CLOCK_HZ)
        tree.property_string("clock-output-names", "clk24mhz")
        _cells(tree, "phandle", _CLOCK_PHANDLE)
    with tree.add_node(f"pl011@{UART[0]:x}"):
        _strings(tree, "compatible", "arm,pl011", "arm,primecell")
        _registers(tree, UART)
        _cells(tree, "interrupts", _SPI, UART_SPI, _LEVEL_HIGH)
        _cells(tree, "clocks", _CLOCK_PHANDLE, _CLOCK_PHANDLE)
        _strings(tree, "clock-names", "uartclk", "apb_pclk")


def _add_virtio(tree: libfdt.FdtSw, index: int) -> None:
    address = VIRTIO_BASE + index * VIRTIO_BYTES
    with tree.add_node(f"virtio_mmio@{address:x}"):
        tree.property_string("compatible", "virtio,mmio")
        _registers(tree, (address, VIRTIO_BYTES))
        _cells(tree, "interrupts", _SPI, VIRTIO_FIRST_SPI + index, _EDGE_RISING)
        _flag(tree, "dma-coherent")
