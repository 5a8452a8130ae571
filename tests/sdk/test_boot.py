"""A system from its description to its console: built for real, booted in the emulator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from keelback.sdk import MemoryRegion, ProtectionDomain, System, VirtualMachine, load_system
from keelback.sdk.build import BuiltSystem, build_system
from keelback.sdk.runner import Emulation, Machine, emulator_command

pytestmark = pytest.mark.boot

SYSTEM = """
from keelback.sdk import ProtectionDomain, System

system = System()
system.add_console()
scribe = system.add(ProtectionDomain("scribe", source="scribe.py", priority=200))
caller = system.add(ProtectionDomain("caller", source="caller.py", priority=100, keyboard=True, power=True))
system.connect(caller, scribe, name="scribe", buffer="4 KiB")
"""

SCRIBE = '''
"""Answers a call with the sum of its first two words and the first byte of the client's buffer."""

from typing import Final

from keelback.lang import Memory, parameter, u64
from keelback.user.runtime import Message

buffers: Final = Memory(parameter("client_buffers_address", 0), parameter("client_buffers_size", 8))


def protected(badge: u64, message: Message) -> None:
    """A client called."""
    byte = u64(buffers.load_u8(u64(0)))
    message.words[0] = message.words[0] + message.words[1] + byte
    message.words[1] = badge
'''

CALLER = '''
"""Calls, then does as it is told: "off" switches the machine off, everything else is a write to where nothing is."""

from typing import Final

from keelback.lang import Memory, parameter, u8, u64
from keelback.user.runtime import Message, call, line_starts_with, log, log_number, power_off, take_line

SCRIBE_SLOT: Final = parameter("scribe_slot", 0)
PLATFORM_SLOT: Final = parameter("platform_slot", 0)
message: Final = Message()
buffer: Final = Memory(parameter("scribe_buffer_address", 0), parameter("scribe_buffer_size", 8))
nowhere: Final = Memory(0x6000_0000, 4096)


def init() -> None:
    """Make one call."""
    buffer.store_u8(u64(0), u8(100))
    message.words[0] = u64(20)
    message.words[1] = u64(3)
    status = call(u64(SCRIBE_SLOT), message)
    log_number("status", status)
    log_number("answer", message.words[0])
    log_number("badge", message.words[1])


def notified(bits: u64) -> None:
    """Somebody typed."""
    while take_line():
        if line_starts_with("off"):
            power_off(u64(PLATFORM_SLOT))
        log("now for the fault")
        nowhere.store_u8(u64(8), u8(1))
'''


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> BuiltSystem:
    folder = tmp_path_factory.mktemp("pair")
    (folder / "system.py").write_text(SYSTEM)
    (folder / "scribe.py").write_text(SCRIBE)
    (folder / "caller.py").write_text(CALLER)
    return build_system(load_system(folder))


def start(built: BuiltSystem, ram_mib: int | None = None) -> Machine:
    emulation = Emulation(built.board, built.image, built.ram_end, cores=built.cores, ram_mib=ram_mib)
    return Machine(emulator_command(emulation, interactive=False), limit_s=120)


@pytest.fixture
def machine(built: BuiltSystem) -> Iterator[Machine]:
    with start(built) as machine:
        yield machine


def test_components_call_each_other_and_share_a_buffer(machine: Machine) -> None:
    machine.expect(r"^caller\s*\| status 0$")
    machine.expect(r"^caller\s*\| answer 123$")
    machine.expect(r"^caller\s*\| badge 1$")


def test_power_off_ends_the_machine(machine: Machine) -> None:
    machine.expect("badge 1")
    machine.send("off\n")
    machine.wait_end()


def test_a_fault_is_reported_with_its_source_line(machine: Machine) -> None:
    line = 1 + CALLER.splitlines().index("        nowhere.store_u8(u64(8), u8(1))")
    machine.expect("badge 1")
    machine.send("go\n")
    machine.expect("now for the fault")
    machine.expect(r"^monitor\s*\| caller stopped: fault: write .* 0x0000000060000008$")
    machine.expect(rf"in caller\.py:{line}\b")


def test_one_image_boots_with_any_ram_that_is_enough(built: BuiltSystem) -> None:
    for ram_mib in (128, 640, 2048):
        with start(built, ram_mib) as machine:
            machine.expect("answer 123")


def test_building_again_builds_nothing(built: BuiltSystem) -> None:
    again = build_system(load_system(built.folder.parent.parent))
    assert not again.fresh
    assert again.manifest == built.manifest


def test_a_changed_source_is_built_again(built: BuiltSystem, tmp_path: Path) -> None:
    source = built.folder.parent.parent
    for name in ("system.py", "scribe.py", "caller.py"):
        (tmp_path / name).write_text((source / name).read_text())
    assert build_system(load_system(tmp_path)).fresh
    (tmp_path / "scribe.py").write_text(SCRIBE.replace("+ byte", "+ byte + 1000"))
    changed = build_system(load_system(tmp_path))
    assert changed.fresh
    with start(changed) as machine:
        machine.expect("answer 1123")


def test_the_manifest_names_every_source(built: BuiltSystem) -> None:
    manifest: dict[str, Any] = json.loads((built.folder / "manifest.json").read_text())
    caller = next(component for component in manifest["components"] if component["name"] == "caller")
    names = {Path(source).name for source in caller["sources"]}
    assert {"caller.py", "component.py", "syscalls.py"} <= names
    assert not any("/kernel/" in source for source in caller["sources"])
    assert {"entry.py", "state.py", "vectors.py"} <= {Path(source).name for source in manifest["kernel"]["sources"]}


def test_too_little_ram_for_a_guest_is_one_clear_line(tmp_path: Path) -> None:
    kernel = Path(__file__).resolve().parents[1] / "systems" / "files" / "image"
    system = System()
    system.add(VirtualMachine("guest", kernel=kernel, ram="512 MiB", priority=1))
    built = build_system(system, tmp_path)
    with start(built, 256) as machine:
        needed = built.ram_end - built.board.ram_base
        machine.expect(rf"^panic: this system needs {needed} bytes of RAM, and the device tree tells of {256 << 20}\b")


def test_memory_that_starts_as_zero_is_not_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "scribe.py").write_text(SCRIBE)
    system = System()
    scribe = system.add(ProtectionDomain("scribe", source=tmp_path / "scribe.py", priority=1))
    system.map(system.add(MemoryRegion("ledger", size="400 MiB")), scribe)
    built = build_system(system, tmp_path / "build")
    assert built.image.stat().st_size < 2 << 20
    with start(built, 256) as machine:
        machine.expect("too large to fit in RAM")
