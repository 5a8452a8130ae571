"""Virtual machines of a description, booted: two Debian guests at a time, each with its own monitor."""

from __future__ import annotations

from pathlib import Path

import pytest

from keelback.sdk import System, VirtualMachine
from keelback.sdk.build import build_system
from keelback.sdk.guest import debian_initrd, debian_kernel
from keelback.sdk.runner import Emulation, Machine, emulator_command


@pytest.mark.boot
@pytest.mark.slow
def test_two_guests_reach_their_shells(tmp_path: Path) -> None:
    system = System()
    system.add_console()
    for name in ("one", "two"):
        system.add(VirtualMachine(name, kernel=debian_kernel(), initrd=debian_initrd(), ram="256 MiB", priority=50))
    built = build_system(system, tmp_path)
    assert built.image.stat().st_size < 2 * debian_kernel().stat().st_size
    command = emulator_command(Emulation(built.board, built.image, built.ram_end, cores=built.cores), interactive=False)
    with Machine(command, limit_s=240) as machine:
        first = machine.expect(r"(one|two)\s*\| BusyBox", limit_s=200).group(1)
        machine.expect(rf"{'two' if first == 'one' else 'one'}\s*\| BusyBox", limit_s=200)
