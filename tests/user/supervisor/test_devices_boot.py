"""A pool with a device, on the emulated machine: its holder runs the driver at run time, takes the device away while
the driver uses it, and gives it again."""

from __future__ import annotations

from pathlib import Path

import pytest

from keelback.abi import errors
from keelback.sdk import ComponentImage, Pool, ProtectionDomain, System
from keelback.sdk.build import build_system
from keelback.sdk.runner import Emulation, Machine, emulator_command

pytestmark = pytest.mark.boot

SOURCES = Path(__file__).resolve().parent / "devices"
CHILD_BASE = 0x20_0000
PAGE = 511
PLACE = 4
BIT = 5


def make_system() -> System:
    registers = CHILD_BASE + PAGE * 4096
    told: dict[str, int | str] = {"registers_address": registers, "interrupt_place": PLACE, "interrupt_bit": BIT}
    pool = Pool(
        frames=24,
        threads=1,
        tables=(1, 16),
        spaces=1,
        page_tables=4,
        endpoints=1,
        notifications=1,
        pools=1,
        devices=["pl031"],
    )
    system = System(name="devices")
    system.add_console()
    keeper = ProtectionDomain(
        "keeper",
        source=SOURCES / "keeper.py",
        priority=100,
        pool=pool,
        loads={"clock": ComponentImage(SOURCES / "clock.py", parameters=told)},
        parameters={"registers_page": PAGE, "interrupt_place": PLACE, "interrupt_bit": BIT},
    )
    system.add(keeper)
    return system


def test_a_driver_is_run_and_its_device_taken_back(tmp_path: Path) -> None:
    built = build_system(make_system(), tmp_path / "build")
    (interrupt,) = (given for given in built.manifest["interrupts"] if given["device"] == "pl031")
    assert (interrupt["component"], interrupt["bit"]) == ("keeper", None)
    emulation = Emulation(built.board, built.image, built.ram_end, cores=built.cores)
    heard = (rf"heard 0x0*{1 << BIT:x}$", r"raised +1$")
    expected = (
        "lent$",
        *heard,  # taken away now: the driver cannot acknowledge it
        rf"acknowledged with +{errors.DEAD}$",
        *heard,  # lent again: the alarm that rang in between is heard
        rf"acknowledged with +{errors.OK}$",
        r"driver faulted at 0x0*3ff01c$",  # its registers were taken away; a new driver gets both
        *heard,
        rf"acknowledged with +{errors.OK}$",
        "closing$",
        r"driver faulted at 0x0*3ff01c$",
        "closed$",
    )
    with Machine(emulator_command(emulation, interactive=False), limit_s=120) as machine:
        for line in expected:
            machine.expect(rf"^keeper +\| {line}")
