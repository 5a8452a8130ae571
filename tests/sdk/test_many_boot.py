"""Two hundred components on four cores: equal programs are compiled once, all of them run, the image stays small."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from keelback.sdk import System, load_system
from keelback.sdk.build import BuiltSystem, build_system
from keelback.sdk.runner import Emulation, Machine, emulator_command

pytestmark = pytest.mark.boot

COUNT = 200

SYSTEM = f"""
from keelback.sdk import ProtectionDomain, System

system = System(cores=4)
system.add_console()
counter = system.add(ProtectionDomain("counter", source="counter.py", priority=200, power=True))
for number in range({COUNT}):
    placed = {{"priority": 1 + number % 150, "core": number % 4}}
    part = system.add(ProtectionDomain(f"part{{number}}", source="part.py", stack="4 KiB", **placed))
    system.connect(part, counter, name="counter")
"""

COUNTER = '''
"""Counts calls, and switches off when everybody has called."""

from typing import Final

from keelback.lang import parameter, u64
from keelback.user.runtime import Message, log_number, power_off

CLIENTS: Final = parameter("client_count", 0)
PLATFORM_SLOT: Final = parameter("platform_slot", 0)
seen: Final = Message()


def protected(badge: u64, message: Message) -> None:
    """A client called."""
    seen.words[0] = seen.words[0] + 1
    seen.words[1] = seen.words[1] + badge
    if seen.words[0] == CLIENTS:
        log_number("calls", seen.words[0])
        log_number("badges", seen.words[1])
'''

PART = '''
"""Calls once."""

from typing import Final

from keelback.lang import parameter, u64
from keelback.user.runtime import Message, call

COUNTER_SLOT: Final = parameter("counter_slot", 0)
message: Final = Message()


def init() -> None:
    """Make one call."""
    call(u64(COUNTER_SLOT), message)
'''


@pytest.fixture(scope="module")
def description(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("many")
    for name, text in (("system", SYSTEM), ("counter", COUNTER), ("part", PART)):
        (folder / f"{name}.py").write_text(text)
    return folder


@pytest.fixture(scope="module")
def progress() -> list[str]:
    return []


@pytest.fixture(scope="module")
def built(description: Path, progress: list[str]) -> BuiltSystem:
    system: System = load_system(description)
    return build_system(system, progress=progress.append)


def test_equal_programs_are_compiled_once(built: BuiltSystem, progress: list[str]) -> None:
    compiled = sorted(line.split()[-1] for line in progress if line.startswith("compiled"))
    assert compiled == ["console", "counter", "kernel", "monitor", "part0", "uart"]
    programs = Counter(built.elf(f"part{number}").read_bytes() for number in range(COUNT))
    assert len(programs) == 1


def test_each_has_its_own_memory(built: BuiltSystem) -> None:
    data = [extent for extent in built.manifest["memory"] if extent["kind"] in ("segment", "stack")]
    parts = {extent["owner"] for extent in data if extent["owner"].startswith("part")}
    assert len(parts) == COUNT
    assert len({extent["address"] for extent in data}) == len(data)


def test_a_component_costs_little(built: BuiltSystem) -> None:
    image, kernel = built.manifest["image"]["size_bytes"], built.manifest["kernel"]["memory_bytes"]
    assert image < (COUNT + 100) * (40 << 10)
    assert kernel < (COUNT + 100) * (32 << 10)


def test_all_of_them_run(built: BuiltSystem) -> None:
    emulation = Emulation(built.board, built.image, built.ram_end, cores=built.cores)
    with Machine(emulator_command(emulation, interactive=False), limit_s=120) as machine:
        machine.expect(rf"^counter +\| calls {COUNT}$", limit_s=60)
        machine.expect(rf"^counter +\| badges {COUNT * (COUNT + 1) // 2}$")
