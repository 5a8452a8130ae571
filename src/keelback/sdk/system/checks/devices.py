"""Rules for the board and its devices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from keelback.sdk.boards import BOARDS, Board, Device
from keelback.sdk.system.description import System
from keelback.sdk.system.errors import DescriptionError, Location
from keelback.sdk.system.model import ProtectionDomain
from keelback.sdk.system.units import PAGE_BYTES

Mistakes = Iterator[DescriptionError]

FIRST_DEVICE_INTERRUPT = 32


def check_board(system: System) -> Mistakes:
    """The board is known."""
    if system.board not in BOARDS:
        message = f"unknown board `{system.board}`"
        yield DescriptionError(system.location, message, f"known boards: {', '.join(sorted(BOARDS))}")


def resolve_device(board: Board, device: str | Device) -> Device | None:
    """The device that is meant: the board's of that name, or the one given."""
    return board.find_device(device) if isinstance(device, str) else device


@dataclass(frozen=True)
class Gift:
    """A device that a domain drives, or that its pool owns."""

    device: str | Device
    domain: ProtectionDomain
    location: Location


def _gifts(system: System) -> Iterator[Gift]:
    for use in system.device_uses:
        yield Gift(use.device, use.domain, use.location)
    for domain in system.domains:
        if domain.pool is not None:
            for device in domain.pool.devices:
                yield Gift(device, domain, domain.pool.location)


def _resolved(system: System) -> Iterator[tuple[Gift, Device]]:
    for gift in _gifts(system):
        device = resolve_device(BOARDS[system.board], gift.device)
        if device is not None:
            yield gift, device


def check_known(system: System) -> Mistakes:
    """A device named is one of the board's, and its driver is in the system."""
    members = set(system.domains)
    board = BOARDS[system.board]
    for gift in _gifts(system):
        if resolve_device(board, gift.device) is None:
            known = ", ".join(device.name for device in board.devices)
            message = f"the board {board.name} has no device `{gift.device}` to give away"
            yield DescriptionError(gift.location, message, f"it has {known}")
        if gift.domain not in members:
            message = f"`{gift.domain.name}` uses a device, but is not in the system"
            yield DescriptionError(gift.location, message, f"system.add({gift.domain.name})")


def check_device_windows(system: System) -> Mistakes:
    """A device's registers are whole pages, outside the RAM and outside what the kernel drives itself."""
    board = BOARDS[system.board]
    for gift, device in _resolved(system):
        if device.base % PAGE_BYTES or device.size_bytes % PAGE_BYTES:
            message = f"device `{device.name}` at {device.base:#x}, {device.size_bytes:#x} bytes, is not whole pages"
            yield DescriptionError(gift.location, message, "a page is 4 KiB; give the whole page to one domain")
        elif device.base + device.size_bytes > board.ram_base:
            message = f"device `{device.name}` at {device.base:#x} lies in the RAM (from {board.ram_base:#x})"
            yield DescriptionError(gift.location, message, "memory is described by MemoryRegion")
        for own in board.kernel_devices:
            if own.exclusive and _overlap(device, own):
                message = f"device `{device.name}` overlaps the kernel's `{own.name}` at {own.base:#x}"
                yield DescriptionError(gift.location, message, "interrupt controllers stay with the kernel")


def _overlap(one: Device, other: Device) -> bool:
    return one.base < other.base + other.size_bytes and other.base < one.base + one.size_bytes


def check_owners(system: System) -> Mistakes:
    """A device, or a page of one, has one owner."""
    seen: list[tuple[Gift, Device]] = []
    for gift, device in _resolved(system):
        for other_gift, other in seen:
            if _overlap(device, other):
                message = f"device `{device.name}` has two owners, `{other_gift.domain.name}` and `{gift.domain.name}`"
                help_text = f"it was given away at line {other_gift.location.line}; talk to its driver by a channel"
                yield DescriptionError(gift.location, message, help_text)
        seen.append((gift, device))


def check_interrupts(system: System) -> Mistakes:
    """An interrupt exists, and goes to one domain."""
    board, seen = BOARDS[system.board], dict[int, Device]()
    for gift, device in _resolved(system):
        number = device.interrupt
        if number is None:
            continue
        if not FIRST_DEVICE_INTERRUPT <= number < board.interrupt_count:
            message = f"device `{device.name}` has interrupt {number}, which the board does not have"
            help_text = f"shared interrupts are {FIRST_DEVICE_INTERRUPT} to {board.interrupt_count - 1}"
            yield DescriptionError(gift.location, message, help_text)
        other = seen.setdefault(number, device)
        if other is not device and not _overlap(device, other):
            message = f"interrupt {number} is used twice, by `{other.name}` and `{device.name}`"
            yield DescriptionError(gift.location, message, "an interrupt goes to one domain")
