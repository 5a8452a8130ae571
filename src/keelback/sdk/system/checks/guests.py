"""Rules for virtual machines."""

from __future__ import annotations

from collections.abc import Iterator

from keelback.sdk.boards import BOARDS
from keelback.sdk.system.description import System
from keelback.sdk.system.errors import DescriptionError
from keelback.sdk.system.guest_layout import GUEST_RAM_BASE, IMAGE_HEADER_BYTES, is_arm64_image, lay_out_guest
from keelback.sdk.system.model import VirtualMachine
from keelback.sdk.system.units import BLOCK_BYTES, format_size

Mistakes = Iterator[DescriptionError]


def _machines(system: System) -> list[VirtualMachine]:
    return [domain for domain in system.domains if isinstance(domain, VirtualMachine)]


def _has_kernel(machine: VirtualMachine) -> bool:
    return machine.kernel.is_file() and is_arm64_image(_header(machine))


def _header(machine: VirtualMachine) -> bytes:
    with machine.kernel.open("rb") as file:
        return file.read(IMAGE_HEADER_BYTES)


def check_kernels(system: System) -> Mistakes:
    """The guest's kernel is there, and is an arm64 Image."""
    for machine in _machines(system):
        if not machine.kernel.is_file():
            message = f"the kernel of `{machine.name}` is not there: {machine.kernel}"
            yield DescriptionError(machine.location, message, "kernel=debian_kernel() fetches one")
        elif not _has_kernel(machine):
            message = f"the kernel of `{machine.name}` is not an arm64 Image: {machine.kernel}"
            yield DescriptionError(machine.location, message, "a compressed kernel must be unpacked first")


def check_initrds(system: System) -> Mistakes:
    """The initial RAM disk is there."""
    for machine in _machines(system):
        if machine.initrd is not None and not machine.initrd.is_file():
            message = f"the initrd of `{machine.name}` is not there: {machine.initrd}"
            yield DescriptionError(machine.location, message, "initrd=debian_initrd() makes one")


def check_ram_alignment(system: System) -> Mistakes:
    """Guest RAM is whole 2 MiB frames."""
    for machine in _machines(system):
        if machine.ram_bytes % BLOCK_BYTES:
            message = f"{format_size(machine.ram_bytes)} of RAM for `{machine.name}` is not a multiple of 2 MiB"
            yield DescriptionError(machine.location, message, "guest RAM is made of 2 MiB frames")


def check_ram_fit(system: System) -> Mistakes:
    """Kernel and initial RAM disk fit into the guest's RAM."""
    for machine in _machines(system):
        if not _has_kernel(machine) or (machine.initrd is not None and not machine.initrd.is_file()):
            continue
        initrd_bytes = machine.initrd.stat().st_size if machine.initrd is not None else 0
        layout = lay_out_guest(_header(machine), machine.kernel.stat().st_size, initrd_bytes)
        if layout.end > GUEST_RAM_BASE + machine.ram_bytes:
            needed = format_size(-(-(layout.end - GUEST_RAM_BASE) // BLOCK_BYTES) * BLOCK_BYTES)
            what = "kernel" if machine.initrd is None else "kernel and initrd"
            verb = "does" if machine.initrd is None else "do"
            message = f"the {what} of `{machine.name}` {verb} not fit into its {format_size(machine.ram_bytes)} of RAM"
            need = "it needs" if machine.initrd is None else "they need"
            yield DescriptionError(machine.location, message, f"{need} {needed}")


def check_crash_policies(system: System) -> Mistakes:
    """`on_crash` is one of the two policies, and restarts are counted from 0."""
    for machine in _machines(system):
        if machine.on_crash not in ("stop", "restart"):
            message = f'on_crash="{machine.on_crash}" of `{machine.name}` is unknown'
            yield DescriptionError(machine.location, message, 'write "stop" or "restart"')
        if machine.max_restarts < 0:
            message = f"max_restarts={machine.max_restarts} of `{machine.name}` is negative"
            yield DescriptionError(machine.location, message, "0 means never")


def check_board_ram(system: System) -> Mistakes:
    """All guests together fit into the most RAM the board can have."""
    limit, total = BOARDS[system.board].ram_size_max_bytes, 0
    for machine in _machines(system):
        total += machine.ram_bytes
        if total > limit:
            message = f"with `{machine.name}`, guests have {format_size(total)} of RAM"
            yield DescriptionError(machine.location, message, f"the board has at most {format_size(limit)}")
