"""Pools, programs to load and large programs on the emulated machine: what the description promises is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from keelback.sdk import Pool, ProtectionDomain, System
from keelback.sdk.build import BuiltSystem, build_system
from keelback.sdk.runner import Emulation, Machine, emulator_command

pytestmark = pytest.mark.boot

KEEPER = '''
"""Clears its frames, sees two of them, and reads the header of the program it could load."""

from typing import Final

from keelback.abi import errors, mappings, objects
from keelback.lang import Memory, parameter, u64
from keelback.user.runtime import (
    frame_clear,
    frame_info,
    link_table,
    log,
    log_hex,
    log_number,
    map_frame,
    object_claim,
    object_create,
)

POOL: Final = parameter("pool_slot", 0)
SPACE: Final = parameter("space_slot", 0)
FIRST_FRAME: Final = parameter("pool_first_frame", 0)
FRAME_COUNT: Final = parameter("pool_frame_count", 0)
FIRST_LARGE: Final = parameter("pool_first_large_frame", 0)
LARGE_COUNT: Final = parameter("pool_large_frame_count", 0)
FIRST_TABLE: Final = parameter("pool_first_page_table", 0)
FIRST_SLOT: Final = parameter("first_spare_slot", 0)
WINDOW: Final = parameter("pool_window_address", 0)
ENTRY: Final = parameter("pool_window_entry", 0)

SMALL_SLOT: Final = FIRST_SLOT
LARGE_SLOT: Final = FIRST_SLOT + 1
LEVEL_2_SLOT: Final = FIRST_SLOT + 2
LEVEL_3_SLOT: Final = FIRST_SLOT + 3

program: Final = Memory(parameter("worker_image_address", 0), 64)
small: Final = Memory(WINDOW, 4096)
large: Final = Memory(WINDOW + (2 << 20), 2 << 20)
SEEN: Final = mappings.READ | mappings.WRITE


def init() -> None:
    """Try everything once."""
    log_hex("program", program.load_u64(u64(0)))
    log_number("segments", program.load_u64(u64(40)))
    clear_last(u64(FIRST_FRAME + FRAME_COUNT - 1), u64(SMALL_SLOT))
    clear_last(u64(FIRST_LARGE + LARGE_COUNT - 1), u64(LARGE_SLOT))
    see_both()
    small.store_u64(u64(4088), u64(7))
    large.store_u64(u64((2 << 20) - 8), u64(35))
    log_number("sum", small.load_u64(u64(4088)) + large.load_u64(u64((2 << 20) - 8)))
    log_number("zero", small.load_u64(u64(0)) + large.load_u64(u64(0)))
    log("done")


def clear_last(index: u64, slot: u64) -> None:
    """Get a frame, and clear it piece by piece."""
    assert object_claim(u64(POOL), u64(objects.FRAME), index, slot) == errors.OK
    status, left = frame_clear(slot)
    pieces = u64(1)
    while left != 0:
        status, left = frame_clear(slot)
        pieces = pieces + 1
    assert status == errors.OK
    _, address, _, _, _ = frame_info(slot)
    log_number("pieces", pieces)
    log_hex("frame", address)


def see_both() -> None:
    """A large frame in a level 2 table, a small one in a level 3 table below it."""
    pool = u64(POOL)
    kind = u64(objects.PAGE_TABLE)
    assert object_create(pool, kind, u64(FIRST_TABLE), u64(LEVEL_2_SLOT), u64(2)) == errors.OK
    assert object_create(pool, kind, u64(FIRST_TABLE + 1), u64(LEVEL_3_SLOT), u64(3)) == errors.OK
    assert map_frame(u64(LEVEL_3_SLOT), u64(0), u64(SMALL_SLOT), u64(SEEN)) == errors.OK
    assert map_frame(u64(LEVEL_2_SLOT), u64(1), u64(LARGE_SLOT), u64(SEEN)) == errors.OK
    assert link_table(u64(LEVEL_2_SLOT), u64(0), u64(LEVEL_3_SLOT)) == errors.OK
    assert link_table(u64(SPACE), u64(ENTRY), u64(LEVEL_2_SLOT)) == errors.OK
'''

WORKER = '''
"""Does nothing."""
'''

LARGE = '''
"""Has more data than fits into 2 MiB."""

from typing import Final

from keelback.lang import array, u64
from keelback.user.runtime import log_number

words: Final = array(u64, 600_000)


def init() -> None:
    """Write the first and the last word."""
    words[0] = u64(1)
    words[599_999] = u64(2)
    log_number("words", words[0] + words[599_999])
'''


def start(built: BuiltSystem) -> Machine:
    emulation = Emulation(built.board, built.image, built.ram_end, cores=built.cores)
    return Machine(emulator_command(emulation, interactive=False), limit_s=120)


def test_the_holder_of_a_pool_can_use_its_frames(tmp_path: Path) -> None:
    (tmp_path / "keeper.py").write_text(KEEPER)
    (tmp_path / "worker.py").write_text(WORKER)
    system = System(cores=2, name="keep")
    system.add_console()
    pool = Pool(frames=700, large_frames=3, page_tables=2)
    loads = {"worker": str(tmp_path / "worker.py")}
    system.add(ProtectionDomain("keeper", source=tmp_path / "keeper.py", priority=90, core=1, pool=pool, loads=loads))
    built = build_system(system, tmp_path / "build")
    ends = {window["name"]: window["address"] + window["size_bytes"] for window in built.manifest["kernel"]["windows"]}
    with start(built) as machine:
        magic = int.from_bytes(b"KEELPROG", "little")
        machine.expect(rf"^keeper +\| program (0x)?0*{magic:x}$")
        machine.expect(r"^keeper +\| segments 3$")
        machine.expect(r"^keeper +\| pieces 1$")
        machine.expect(r"^keeper +\| pieces 512$")
        frame = machine.expect(r"^keeper +\| frame (?:0x)?([0-9a-f]+)$")
        assert int(frame[1], 16) + (2 << 20) == ends["frames"] == built.ram_end
        machine.expect(r"^keeper +\| sum 42$")
        machine.expect(r"^keeper +\| zero 0$")
        machine.expect(r"^keeper +\| done$")


def test_the_kernel_has_tables_for_a_large_program(tmp_path: Path) -> None:
    (tmp_path / "large.py").write_text(LARGE)
    system = System(name="large")
    system.add_console()
    system.add(ProtectionDomain("large", source=tmp_path / "large.py", priority=90))
    with start(build_system(system, tmp_path / "build")) as machine:
        machine.expect(r"^large +\| words 3$")
