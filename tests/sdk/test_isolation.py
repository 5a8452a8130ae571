"""Claims of isolation in descriptions: those that hold are built, those that do not are refused with the path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from keelback.authority import Claim, Effect, find_effects
from keelback.sdk import (
    Device,
    InvalidSystem,
    MemoryRegion,
    Pool,
    ProtectionDomain,
    System,
    VirtualMachine,
    check_system,
)
from keelback.sdk.build import build_system
from keelback.sdk.image.manifest import describe_authority
from keelback.sdk.image.wiring import plan_system
from tests.boot.support import bare_guest

SOURCE = Path(__file__).resolve().parents[1] / "systems" / "component.py"


class Three:
    """Three domains, and a system to connect them in."""

    def __init__(self) -> None:
        self.system = System(name="three")
        self.one = self.add("one", 10)
        self.two = self.add("two", 20)
        self.three = self.add("three", 30)

    def add(self, name: str, priority: int, **given: object) -> ProtectionDomain:
        domain = ProtectionDomain(name, source=SOURCE, priority=priority)
        for key, value in given.items():
            setattr(domain, key, value)
        return self.system.add(domain)

    def path(self) -> list[str]:
        """The steps by which the first claim is broken; none if it holds."""
        try:
            check_system(self.system)
        except InvalidSystem as invalid:
            return invalid.errors[0].message.splitlines()[1:]
        return []


@pytest.fixture
def made() -> Three:
    return Three()


def test_domains_without_a_connection_are_isolated(made: Three) -> None:
    assert made.system.isolates("one", "two")
    assert made.system.isolates(made.three, made.one)
    assert made.path() == []


def shared_frame(made: Three) -> str:
    frame = made.system.add(MemoryRegion("frame", size="4 KiB"))
    made.system.map(frame, made.one, access="rw")
    made.system.map(frame, made.two, access="r")
    return "    one -> two: writes memory that it reads (`frame`)"


def thread_capability(made: Three) -> str:
    made.two.fault_handler = made.one
    return "    one -> two: can stop and start its thread (`two thread`)"


def endpoint(made: Three) -> str:
    made.system.connect(made.one, made.two, name="service")
    return "    one -> two: calls it (`service -> two`)"


def signal(made: Three) -> str:
    made.system.notify(made.one, made.two, name="bell")
    return "    one -> two: signals it (`bell -> two`)"


def power(made: Three) -> str:
    made.one.power = True
    return "    one -> two: can switch the machine off (`platform`)"


def device_with_dma(made: Three) -> str:
    made.system.use(Device("disk", 0x0A00_0000, 0x1000), made.one)
    return "    one -> two: drives `disk`, which can write all memory: no translation is between it and the RAM"


def registers_as_memory(made: Three) -> str:
    made.system.map(made.system.add(MemoryRegion("nic", size="4 KiB", physical=0x0A00_0000)), made.one)
    return "    one -> two: drives `nic`, which can write all memory: no translation is between it and the RAM"


@pytest.mark.parametrize(
    "connect", [shared_frame, thread_capability, endpoint, signal, power, device_with_dma, registers_as_memory]
)
def test_what_breaks_a_claim_is_named(made: Three, connect: Callable[[Three], str]) -> None:
    made.system.isolates("one", "two")
    step = connect(made)
    assert made.path() == [step]


def test_a_claim_is_about_the_whole_system_wherever_it_stands(made: Three) -> None:
    assert made.system.isolates("one", "three")
    made.system.notify(made.one, made.two, name="bell")
    assert made.path() == []
    made.system.connect(made.two, made.three, name="service")
    assert made.path() == [
        "    one -> two: signals it (`bell -> two`)",
        "    two -> three: calls it (`service -> three`)",
    ]


def test_devices_without_dma_isolate(made: Three) -> None:
    made.system.use("pl031", made.one)
    made.system.use(Device("timer", 0x0A00_0000, 0x1000, dma=False), made.two)
    made.system.map(made.system.add(MemoryRegion("leds", size="4 KiB", physical=0x0A00_1000, dma=False)), made.two)
    made.system.isolates("one", "two")
    made.system.isolates("two", "one")
    assert made.path() == []


def test_ways_left_open_and_trust(made: Three) -> None:
    service = made.system.connect(made.one, made.two, name="service", buffer="4 KiB")
    bell = made.system.notify(made.two, made.three, name="bell")
    made.system.isolates("one", "two", through="service")
    made.system.isolates("one", "two", through=service)
    made.system.isolates("two", "one", through=[service])
    made.system.isolates("one", "three", trusting=made.two)
    made.system.isolates("one", "three", through=["service", bell])
    made.system.isolates("one", "three", through=bell)
    assert made.path() == []
    made.system.map(made.system.add(MemoryRegion("frame", size="4 KiB")), made.one)
    made.system.map(made.system.regions[0], made.two)
    assert made.path() == ["    one -> two: writes memory that it reads (`frame`)"]


def test_a_pool_is_isolated_until_it_can_be_handed_on(made: Three) -> None:
    made.one.pool = Pool(threads=1, endpoints=1, cores=[0])
    made.system.isolates("two", "one")
    assert made.path() == []
    made.system.connect(made.one, made.two, name="service")
    found = find_effects(describe_authority(plan_system(made.system)))
    whole = "has authority over every object of its pool (`pool`, which one can pass on)"
    assert Effect("two", "one", "capabilities", whole, passed=True) in found


def test_everybody_meets_at_the_console() -> None:
    made = Three()
    console = made.system.add_console()
    made.system.isolates("one", "two", trusting=console)
    assert made.path() == []
    made.system.isolates("one", "two", trusting=["uart", "monitor"])
    assert made.path() == [
        "    one -> console: signals it (`log -> console`)",
        "    console -> two: writes memory that it reads (`two log ring`)",
    ]


def test_a_guest_is_part_of_its_machine(made: Three, tmp_path: Path) -> None:
    kernel = bare_guest("clock", "0", tmp_path / "guest")
    linux = made.system.add(VirtualMachine("linux", kernel=kernel, ram="8 MiB", priority=5))
    channel = made.system.connect(linux, made.three, name="vault", buffer="4 KiB", port="vault")
    made.system.isolates(linux, "three", through=channel)
    made.system.isolates(linux, "two")
    assert made.path() == []
    made.system.connect(linux, made.two, name="second")
    assert made.path() == ["    linux -> two: calls it (`second -> two`)"]


def test_building_refuses_and_the_manifest_keeps(made: Three, tmp_path: Path) -> None:
    service = made.system.connect(made.one, made.two, name="service", buffer="4 KiB")
    made.system.isolates("one", "two", through=service)
    (claim,) = build_system(made.system, tmp_path / "good").manifest["isolation"]
    assert (claim["source"], claim["target"], claim["through"], claim["trusting"]) == ("one", "two", ["service"], [])
    assert Claim.from_manifest(claim).waived == {("capability", "one", "3"), ("memory", "one-service buffer")}
    made.system.isolates("two", "one")
    with pytest.raises(InvalidSystem, match="two -> one: answers one's calls") as refused:
        build_system(made.system, tmp_path / "bad")
    assert Path(__file__) == refused.value.errors[0].location.path
    assert not (tmp_path / "bad" / "image.bin").exists()
