"""QEMU's `virt` machine for AArch64 with a GICv3 and EL2 (QEMU, hw/arm/virt.c: `base_memmap`, `a15irqmap`)."""

from __future__ import annotations

from keelback.sdk.boards.board import Board, Device

QEMU_VIRT_AARCH64 = Board(
    name="qemu-virt-aarch64",
    ram_base=0x4000_0000,
    ram_size_max_bytes=255 << 30,
    image_offset=0x8_0000,
    device_tree_max_bytes=1 << 20,
    kernel_devices=(
        Device("gic_distributor", 0x0800_0000, 0x1_0000),
        Device("gic_redistributors", 0x080A_0000, 0xF6_0000),
        Device("pl011", 0x0900_0000, 0x1000, interrupt=33, exclusive=False),
    ),
    devices=(
        Device("pl011", 0x0900_0000, 0x1000, interrupt=33, dma=False),  # its DMA interface is connected to nothing
        Device("pl031", 0x0901_0000, 0x1000, interrupt=34, dma=False),
        Device("pl061", 0x0903_0000, 0x1000, interrupt=39, dma=False),
    ),
    interrupt_count=288,
    core_count_max=8,
    counter_hz=62_500_000,
    kernel_parameters={"gicd_base": 0x0800_0000, "gicr_base": 0x080A_0000, "uart_base": 0x0900_0000},
    emulator=(
        "qemu-system-aarch64",
        "-M",
        "virt,gic-version=3,virtualization=on",
        "-cpu",
        "cortex-a72",
    ),
)
