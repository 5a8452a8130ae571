"""A child of more than 2 MiB, on the emulated machine: its memory is whole, and cleared for its second life."""

from __future__ import annotations

from pathlib import Path

import pytest

from keelback.sdk import Pool, ProtectionDomain, System
from keelback.sdk.build import build_system
from keelback.sdk.runner import Emulation, Machine, emulator_command

pytestmark = pytest.mark.boot

SOURCES = Path(__file__).resolve().parent / "large"


def test_a_child_may_have_more_than_one_page_table_maps(tmp_path: Path) -> None:
    system = System(name="large")
    system.add_console()
    pool = Pool(frames=1200, threads=1, tables=(1, 16), spaces=1, page_tables=6, endpoints=1, notifications=1)
    loads = {"hoarder": str(SOURCES / "hoarder.py")}
    system.add(ProtectionDomain("owner", source=SOURCES / "owner.py", priority=100, pool=pool, loads=loads))
    built = build_system(system, tmp_path / "build")
    emulation = Emulation(built.board, built.image, built.ram_end, cores=built.cores)
    life = (r"before +0$", r"after +321$", r"used words of the stack +1$")
    with Machine(emulator_command(emulation, interactive=False), limit_s=120) as machine:
        for line in (*life, *life, "closed$"):
            machine.expect(rf"^owner +\| {line}")
