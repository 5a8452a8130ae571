"""What a system is made of: the elements a description builds and connects.

Elements hold what was said and where it was said. Nothing here judges it (see `checks`) or places it (see `image`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from keelback.sdk.boards.board import Device
from keelback.sdk.system.errors import Location, find_caller
from keelback.sdk.system.resources import DEFAULT_STACK, ComponentImage, Pool, read_duration, read_size

Access = Literal["r", "rw", "rx", "rwx"]
"""`rwx` is for a guest's RAM, where the guest itself decides; a description may not ask for it."""

OverrunPolicy = Literal["wait", "fault"]


class ProtectionDomain:
    """A unit of isolation: one component with its thread, address space, capability table and priority.

    `source` is a Python file of the typed subset, a C or Zig file (beside the description), or a dotted module of
    `keelback.user`. `parameters` reach the component through `parameter(name, default)`. A fault of the component goes
    to `fault_handler`, or to the monitor, which sees its registers unless it is `private`. `power` lets it switch the
    machine off, `trace` lets it read the trace rings, `keyboard` gives it what is typed to it on the console.

    It runs on `core`, for at most `budget` in any `period` if it has one; `on_overrun` says whether a thread that wants
    more waits, or faults. `partition` is the part of its core's cyclic schedule it runs in. A `passive` domain runs
    on its callers' time only. `ceiling` is the highest priority it may give to threads it makes (default: its own).

    `pool` gives it kernel objects to make components of, `loads` programs to run in them, `spare_slots` empty slots in
    its capability table (default: none, or enough to name every object of its pool).
    """

    def __init__(
        self,
        name: str,
        *,
        source: str | Path,
        priority: int,
        stack: str | int = DEFAULT_STACK,
        fault_handler: ProtectionDomain | None = None,
        parameters: Mapping[str, int | str] | None = None,
        power: bool = False,
        trace: bool = False,
        keyboard: bool = False,
        private: bool = False,
        core: int = 0,
        budget: str | None = None,
        period: str | None = None,
        on_overrun: OverrunPolicy = "wait",
        partition: str | None = None,
        passive: bool = False,
        ceiling: int | None = None,
        pool: Pool | None = None,
        loads: Mapping[str, str | ComponentImage] | None = None,
        spare_slots: int | None = None,
    ) -> None:
        self.location = find_caller()
        self.name = name
        self.source = str(source)
        self.priority = priority
        self.stack_bytes = read_size(stack, "stack")
        self.fault_handler = fault_handler
        self.parameters: dict[str, int | str] = dict(parameters or {})
        self.power = power
        self.trace = trace
        self.keyboard = keyboard
        self.private = private
        self.core = core
        self.budget_ns = None if budget is None else read_duration(budget, "budget")
        self.period_ns = None if period is None else read_duration(period, "period")
        self.on_overrun: str = on_overrun
        self.partition = partition
        self.passive = passive
        self.ceiling = priority if ceiling is None else ceiling
        self.pool = pool
        self.loads = {name: _as_image(image) for name, image in (loads or {}).items()}
        self.spare_slots = spare_slots


def _as_image(image: str | ComponentImage) -> ComponentImage:
    return image if isinstance(image, ComponentImage) else ComponentImage(image)


class VirtualMachine(ProtectionDomain):
    """A guest with its virtual-machine monitor, which is an ordinary protection domain of its own.

    `kernel` is an arm64 Linux Image, `initrd` an initial RAM disk. `on_crash` says what its monitor does when the guest
    dies: stay stopped, or restart it (`max_restarts` times).
    """

    MONITOR_SOURCE = "keelback.user.vmm.main"

    def __init__(
        self,
        name: str,
        *,
        kernel: str | Path,
        ram: str | int,
        priority: int,
        initrd: str | Path | None = None,
        bootargs: str = "console=ttyAMA0",
        on_crash: Literal["stop", "restart"] = "stop",
        max_restarts: int = 3,
        source: str | Path = MONITOR_SOURCE,
        stack: str | int = DEFAULT_STACK,
        fault_handler: ProtectionDomain | None = None,
        parameters: Mapping[str, int | str] | None = None,
        power: bool = False,
        core: int = 0,
        budget: str | None = None,
        period: str | None = None,
        partition: str | None = None,
    ) -> None:
        super().__init__(
            name,
            source=source,
            priority=priority,
            stack=stack,
            fault_handler=fault_handler,
            parameters=parameters,
            power=power,
            keyboard=True,
            core=core,
            budget=budget,
            period=period,
            partition=partition,
        )
        self.kernel = self.location.path.parent / kernel
        self.initrd = None if initrd is None else self.location.path.parent / initrd
        self.ram_bytes = read_size(ram, "ram")
        self.bootargs = bootargs
        self.on_crash: str = on_crash
        self.max_restarts = max_restarts


class MemoryRegion:
    """Memory that domains share: of a given size, or with the contents (and at least the size) of a file.

    Without `file` it starts as zeros. `physical` pins it to a physical address outside the RAM (a device's memory);
    `dma=False` says that no device behind it moves data to and from RAM by itself.
    """

    def __init__(
        self,
        name: str,
        *,
        size: str | int | None = None,
        file: str | Path | None = None,
        physical: int | None = None,
        dma: bool = True,
    ) -> None:
        self.location = find_caller()
        self.name = name
        self.dma = physical is not None and dma
        self.size_bytes = None if size is None else read_size(size, "size")
        self.file = None if file is None else self.location.path.parent / file
        self.physical = physical


@dataclass(eq=False)
class Channel:
    """Calls from `client` to `server`, with an optional buffer both map. `port` names it inside a guest client."""

    client: ProtectionDomain
    server: ProtectionDomain
    name: str
    buffer_bytes: int
    port: str | None
    location: Location = field(default_factory=find_caller)


@dataclass(eq=False)
class Signal:
    """`sender` may set one bit of `receiver`'s notification."""

    sender: ProtectionDomain
    receiver: ProtectionDomain
    name: str
    location: Location = field(default_factory=find_caller)


@dataclass(eq=False)
class RegionMapping:
    """`domain` sees `region` with the given access, at `address` or where there is room."""

    region: MemoryRegion
    domain: ProtectionDomain
    access: Access
    name: str
    address: int | None
    location: Location = field(default_factory=find_caller)


@dataclass(eq=False)
class Schedule:
    """The cyclic schedule of a core: partitions and how long each runs (nanoseconds), over and over."""

    core: int
    windows: list[tuple[str, int]]
    location: Location = field(default_factory=find_caller)


@dataclass(eq=False)
class DeviceUse:
    """`domain` drives the board's device of that name (or one described): its registers and its interrupt."""

    device: str | Device
    domain: ProtectionDomain
    location: Location = field(default_factory=find_caller)


@dataclass(frozen=True, eq=False)
class Isolation:
    """The claim that `source` can never affect `target` but by the ways in `through`, if those in `trusting` hand
    nothing on. True where it is made: it is judged with the whole system, when that is checked or built."""

    source: str
    target: str
    through: tuple[str | Channel | Signal | MemoryRegion, ...]
    trusting: tuple[str, ...]
    location: Location = field(default_factory=find_caller)

    def __bool__(self) -> bool:
        """So that `assert` can stand before it."""
        return True


@dataclass(frozen=True, eq=False)
class Console:
    """The three domains behind the machine's console: driver, multiplexer, and the monitor that reports faults."""

    driver: ProtectionDomain
    multiplexer: ProtectionDomain
    monitor: ProtectionDomain
