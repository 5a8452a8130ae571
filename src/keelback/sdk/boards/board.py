"""What the builder needs to know of a board. Holds no board."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Device:
    """A device a domain can drive: its registers (whole pages) and its interrupt, if it has one.

    `interrupt` is a GIC interrupt number (IHI 0069, 2.2): 32 and up for shared peripherals.
    """

    name: str
    base: int
    size_bytes: int
    interrupt: int | None = None
    edge_triggered: bool = False
    exclusive: bool = True
    """Of the kernel's devices: whether no domain can have it. The kernel uses the UART for a panic only."""
    dma: bool = True
    """Whether it moves data to and from RAM by itself; then who drives it can write all of it. Unless one knows."""


@dataclass(frozen=True)
class Board:
    """Addresses are physical, sizes in bytes. `kernel_devices` are mapped for the kernel; `devices` can be given away.

    `ram_size_max_bytes` bounds what tables may refer to; how much RAM there is, the kernel reads from the device tree
    at boot. `kernel_parameters` tell the kernel where its devices are. `counter_hz` is how fast the
    counter counts (CNTFRQ_EL0). `emulator` is the command that emulates the
    board, without memory size and image.
    """

    name: str
    ram_base: int
    ram_size_max_bytes: int
    image_offset: int
    device_tree_max_bytes: int
    kernel_devices: tuple[Device, ...]
    devices: tuple[Device, ...]
    interrupt_count: int
    core_count_max: int
    counter_hz: int
    kernel_parameters: dict[str, int]
    emulator: tuple[str, ...]

    @property
    def image_base(self) -> int:
        """Where the boot loader puts the flat image and jumps to."""
        return self.ram_base + self.image_offset

    def find_device(self, name: str) -> Device | None:
        """The device of that name a domain can be given."""
        return next((device for device in self.devices if device.name == name), None)
