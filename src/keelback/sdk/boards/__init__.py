"""The boards a system can be built for, one file each. A board is data: addresses, devices, and how to emulate it."""

from __future__ import annotations

from keelback.sdk.boards.board import Board, Device
from keelback.sdk.boards.qemu_virt_aarch64 import QEMU_VIRT_AARCH64

BOARDS: dict[str, Board] = {board.name: board for board in (QEMU_VIRT_AARCH64,)}

__all__ = ["BOARDS", "Board", "Device"]
