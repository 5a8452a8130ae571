"""The `System` that a description builds: which elements there are and how they are connected."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeAlias, TypeVar

from keelback.sdk.boards.board import Device
from keelback.sdk.system.errors import DescriptionError, Location, find_caller
from keelback.sdk.system.model import (
    Access,
    Channel,
    Console,
    DeviceUse,
    Isolation,
    MemoryRegion,
    ProtectionDomain,
    RegionMapping,
    Schedule,
    Signal,
)
from keelback.sdk.system.resources import read_duration, read_size

Element = TypeVar("Element", ProtectionDomain, MemoryRegion)

Way: TypeAlias = str | Channel | Signal | MemoryRegion
Member: TypeAlias = str | ProtectionDomain | Console

DRIVER_PRIORITY = 250
MULTIPLEXER_PRIORITY = 245
MONITOR_PRIORITY = 240


class System:
    """A machine's software: domains, memory, devices, who may reach whom. The order of calls fixes all numbering."""

    def __init__(self, board: str = "qemu-virt-aarch64", *, name: str | None = None, cores: int = 1) -> None:
        self.location = find_caller()
        self.cores = cores
        self.board = board
        self.name = name if name is not None else _name_from(self.location.path)
        self.domains: list[ProtectionDomain] = []
        self.regions: list[MemoryRegion] = []
        self.channels: list[Channel] = []
        self.signals: list[Signal] = []
        self.mappings: list[RegionMapping] = []
        self.device_uses: list[DeviceUse] = []
        self.schedules: list[Schedule] = []
        self.claims: list[Isolation] = []
        self.console: Console | None = None

    def add(self, element: Element) -> Element:
        """Make a domain, a virtual machine or a memory region part of the system; returns it."""
        if isinstance(element, ProtectionDomain):
            self.domains.append(element)
        else:
            self.regions.append(element)
        return element

    def add_console(self) -> Console:
        """Add the UART's driver, the multiplexer all logs and guest consoles go through, and the fault monitor."""
        if self.console is not None:
            raise DescriptionError(find_caller(), "the system already has a console", "call add_console() once")
        user = "keelback.user"
        self.console = Console(
            driver=self.add(
                ProtectionDomain("uart", source=f"{user}.drivers.pl011.driver", priority=DRIVER_PRIORITY),
            ),
            multiplexer=self.add(
                ProtectionDomain("console", source=f"{user}.services.console.main", priority=MULTIPLEXER_PRIORITY),
            ),
            monitor=self.add(
                ProtectionDomain("monitor", source=f"{user}.services.monitor.main", priority=MONITOR_PRIORITY),
            ),
        )
        self.use("pl011", self.console.driver)
        return self.console

    def connect(
        self,
        client: ProtectionDomain,
        server: ProtectionDomain,
        *,
        name: str,
        buffer: str | int | None = None,
        port: str | None = None,
    ) -> Channel:
        """Let `client` call `server`; `buffer` bytes are shared between the two; `port` is its name inside a guest."""
        buffer_bytes = 0 if buffer is None else read_size(buffer, "buffer")
        channel = Channel(client, server, name, buffer_bytes, port)
        self.channels.append(channel)
        return channel

    def notify(self, sender: ProtectionDomain, receiver: ProtectionDomain, *, name: str) -> Signal:
        """Let `sender` signal `receiver`."""
        signal = Signal(sender, receiver, name)
        self.signals.append(signal)
        return signal

    def map(
        self,
        region: MemoryRegion,
        domain: ProtectionDomain,
        *,
        access: Access = "rw",
        name: str | None = None,
        address: int | None = None,
    ) -> RegionMapping:
        """Let `domain` see `region`: read, read and write, or read and execute."""
        mapping = RegionMapping(region, domain, access, region.name if name is None else name, address)
        self.mappings.append(mapping)
        return mapping

    def use(self, device: str | Device, domain: ProtectionDomain) -> DeviceUse:
        """Give the board's device of that name to `domain`, which becomes its only owner."""
        device_use = DeviceUse(device, domain)
        self.device_uses.append(device_use)
        return device_use

    def schedule(self, core: int, windows: Sequence[tuple[str, str]]) -> Schedule:
        """Let partitions take turns on a core, each for its time: `[("control", "5 ms"), ("rest", "15 ms")]`."""
        made = Schedule(core, [(name, read_duration(length, f"window `{name}`")) for name, length in windows])
        self.schedules.append(made)
        return made

    def isolates(
        self,
        source: str | ProtectionDomain,
        target: str | ProtectionDomain,
        *,
        through: Way | Iterable[Way] = (),
        trusting: Member | Iterable[Member] = (),
    ) -> Isolation:
        """Claim that `source` can never affect `target`: neither its memory, execution and capabilities, nor by talk,
        itself or through others. Checking and building refuse a system for which that is wrong, and say why.

        `through` are the channels, signals and regions (or their names) by which it may; `trusting` are components, or
        the console's three, that are trusted to hand nothing on.
        """
        ways = (through,) if isinstance(through, str | Channel | Signal | MemoryRegion) else tuple(through)
        members = (trusting,) if isinstance(trusting, str | ProtectionDomain | Console) else tuple(trusting)
        trusted = tuple(name for member in members for name in _names_of(member))
        claim = Isolation(_name_of(source), _name_of(target), ways, trusted)
        self.claims.append(claim)
        return claim


def _names_of(member: Member) -> tuple[str, ...]:
    if isinstance(member, Console):
        return tuple(domain.name for domain in (member.driver, member.multiplexer, member.monitor))
    return (_name_of(member),)


def _name_of(member: str | ProtectionDomain) -> str:
    return member if isinstance(member, str) else member.name


def _name_from(path: Path) -> str:
    return path.resolve().parent.name if path.stem == "system" else path.stem


def load_system(path: Path) -> System:
    """Run the description in `path`; DescriptionError unless it leaves exactly one System in a module-level name."""
    path = path.resolve()
    if path.is_dir():
        path = path / "system.py"
    if not path.is_file():
        raise DescriptionError(Location(path, 1), "there is no such system description", "`keel new NAME` makes one")
    systems = [value for value in _run(path).values() if isinstance(value, System)]
    if len(set(map(id, systems))) != 1:
        message = f"a description makes one System, this one makes {len(set(map(id, systems)))}"
        raise DescriptionError(Location(path, 1), message, "write `system = System(board=...)` once, at module level")
    return systems[0]


def _run(path: Path) -> dict[str, object]:
    spec = importlib.util.spec_from_file_location(f"keelback_description_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(path.parent))
    return vars(module)
