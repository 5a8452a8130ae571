"""The emulator's command line for an image. Starts nothing."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from keelback.sdk.boards import Board
from keelback.sdk.system.units import align_up

MIB = 1 << 20
RAM_STEP_MIB = 64
RAM_LEAST_MIB = 256
DEVICE_TREE_ROOM_BYTES = 4 * MIB


class EmulatorMissing(Exception):
    """The emulator is not installed."""


@dataclass(frozen=True)
class Emulation:
    """How to emulate: `ram_end` is the physical address the image needs RAM up to; `extra` goes to QEMU as it is."""

    board: Board
    image: Path
    ram_end: int
    ram_mib: int | None = None
    cores: int = 1
    gdb_port: int | None = None
    counted: bool = False
    extra: tuple[str, ...] = ()


def ram_mib(board: Board, ram_end: int) -> int:
    """A comfortable RAM size for an image: what it needs, room for the boot loader's device tree, a round number."""
    needed = -(-(ram_end - board.ram_base + DEVICE_TREE_ROOM_BYTES) // MIB)
    return max(RAM_LEAST_MIB, align_up(needed, RAM_STEP_MIB))


def emulator_command(emulation: Emulation, *, interactive: bool) -> list[str]:
    """QEMU's arguments. `interactive`: QEMU's own terminal (Ctrl-A x quits), else the console on plain pipes."""
    board = emulation.board
    path = shutil.which(board.emulator[0])
    if path is None:
        raise EmulatorMissing(f"{board.emulator[0]} is not installed; `keel doctor` says how to get it")
    command = [path, *board.emulator[1:], "-m", str(emulation.ram_mib or ram_mib(board, emulation.ram_end))]
    command += ["-smp", str(emulation.cores), "-kernel", str(emulation.image), "-nic", "none", "-no-reboot"]
    command += ["-nographic"] if interactive else ["-display", "none", "-monitor", "none", "-serial", "stdio"]
    if emulation.counted:
        command += ["-icount", "shift=0,sleep=off"]
    if emulation.gdb_port is not None:
        command += ["-gdb", f"tcp::{emulation.gdb_port}", "-S"]
    return [*command, *emulation.extra]
