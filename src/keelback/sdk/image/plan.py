"""The plan of a system: its description with every object numbered, every slot, bit and virtual address chosen.

Data only. `wiring` and `guests` fill it in; `layout` gives extents their physical addresses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from keelback.abi import objects, rights
from keelback.sdk.boards import Board, Device
from keelback.sdk.system.description import System
from keelback.sdk.system.errors import DescriptionError
from keelback.sdk.system.model import Access, ProtectionDomain, VirtualMachine
from keelback.sdk.system.resources import ComponentImage, Pool
from keelback.sdk.system.units import BLOCK_BYTES, PAGE_BYTES, align_up, format_size

TEXT_BASE = 0x20_0000
DEVICE_BASE = 0x0800_0000
REGION_BASE = 0x1000_0000
REGION_END = 0x4000_0000
GUEST_RAM_WINDOW = 0x10_0000_0000
LINES_WINDOW_BYTES = 16 << 20
"""Address space set aside in the monitor for the line table, whose size is known only after compiling."""

ENDPOINT_SLOT = 1
NOTIFICATION_SLOT = 2
FIRST_FREE_SLOT = 3
BIT_COUNT = 64

ROOT_POOL = 1
"""The pool that owns every object that no other pool does. No component holds it."""
COMPONENT_KINDS = ("thread", "endpoint", "notification", "table", "space")
"""What each component has one of."""

OWN_RIGHTS = rights.READ | rights.WRITE | rights.GRANT | rights.OWNER

ExtentKind = Literal["segment", "stack", "ring", "buffer", "region", "file", "lines", "program", "device", "guest_ram"]


@dataclass(eq=False)
class Extent:
    """Physical memory with one owner. It starts with `content`, the rest is zero; `physical` is 0 until placed."""

    name: str
    owner: str
    kind: ExtentKind
    size_bytes: int
    content: bytes = b""
    physical: int = 0
    dma: bool = False

    @property
    def alignment(self) -> int:
        """Large extents start on a 2 MiB boundary, so that blocks can map them."""
        return BLOCK_BYTES if self.size_bytes >= BLOCK_BYTES else PAGE_BYTES


@dataclass(frozen=True, eq=False)
class Mapping:
    """`extent` seen at the virtual address `virtual` (for a guest: guest physical)."""

    name: str
    extent: Extent
    virtual: int
    access: Access


@dataclass(frozen=True)
class Capability:
    """A filled slot. `name` says what it is for; `kind` and `rights` are numbers of keelback.abi."""

    slot: int
    kind: int
    index: int
    rights: int
    badge: int
    name: str


@dataclass(frozen=True)
class Interrupt:
    """Interrupt object `index` (from 1): interrupt number `number` sets `bit` of a component's notification.

    One that a component's pool owns has no bit: it does not live yet, and signals what the component binds it to.
    """

    index: int
    number: int
    edge_triggered: bool
    component: int
    bit: int | None
    device: str


@dataclass(eq=False)
class Guest:
    """A virtual machine's vcpu and the guest physical memory it sees."""

    vcpu: int
    machine: VirtualMachine
    mappings: list[Mapping] = field(default_factory=list)


@dataclass(frozen=True)
class PlannedTime:
    """A scheduling context, in ticks of the board's counter."""

    index: int
    budget: int
    period: int
    partition: int
    fault_on_overrun: bool


@dataclass(frozen=True)
class PlannedWindow:
    """A window of a cyclic schedule: how many ticks which partition runs, and the window behind it."""

    index: int
    ticks: int
    partition: int
    following: int


@dataclass(frozen=True)
class Run:
    """Consecutive indices of objects of one kind."""

    first: int
    count: int

    @property
    def indices(self) -> range:
        """All of them."""
        return range(self.first, self.first + self.count)


@dataclass(eq=False)
class PlannedPool:
    """Pool object `index`, the component that holds it, and what it owns by kind."""

    index: int
    component: Component
    pool: Pool
    runs: dict[str, Run] = field(default_factory=dict)
    devices: list[Device] = field(default_factory=list)
    """Whose registers its device frames are, in this order, and whose interrupts it owns."""

    @property
    def device_pages(self) -> list[int]:
        """Physical address of each of its device frames."""
        return [d.base + offset for d in self.devices for offset in range(0, d.size_bytes, PAGE_BYTES)]


@dataclass(frozen=True, eq=False)
class Load:
    """A program that a component loads: its name there, that of its linked file, and the address it is seen at."""

    name: str
    program: str
    image: ComponentImage
    address: int


@dataclass(eq=False)
class Component:
    """A planned domain. Thread, endpoint, notification, capability table, address space have its `index` (from 1)."""

    index: int
    domain: ProtectionDomain
    capabilities: list[Capability] = field(default_factory=list)
    mappings: list[Mapping] = field(default_factory=list)
    parameters: dict[str, int | str] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    """Names of parameters whose values no one else may read."""
    fault_handler: int = 0
    fault_badge: int = 0
    guest: Guest | None = None
    time: PlannedTime | None = None
    pool: PlannedPool | None = None
    loads: list[Load] = field(default_factory=list)
    spare_slots: int = 0
    next_bit: int = 0
    next_device: int = DEVICE_BASE
    next_region: int = REGION_BASE

    @property
    def name(self) -> str:
        """The domain's name."""
        return self.domain.name

    def grant(self, name: str, kind: int, index: int, granted: int, badge: int = 0) -> int:
        """Fill the next free slot; returns its number."""
        slot = FIRST_FREE_SLOT if len(self.capabilities) == 0 else self.capabilities[-1].slot + 1
        self.capabilities.append(Capability(slot, kind, index, granted, badge, name))
        return slot

    @property
    def late_addresses(self) -> list[int]:
        """Where it sees what is made of linked programs: line tables, and what it loads."""
        lines = self.parameters.get("lines_address")
        return [load.address for load in self.loads] + ([lines] if isinstance(lines, int) else [])

    @property
    def slot_count(self) -> int:
        """Slots of its capability table, slot 0 included."""
        return self.capabilities[-1].slot + 1 + self.spare_slots

    def take_bit(self) -> int:
        """A bit of the component's notification; past 63 the last one is shared."""
        bit = min(self.next_bit, BIT_COUNT - 1)
        self.next_bit += 1
        return bit

    def reserve(self, size_bytes: int) -> int:
        """Virtual addresses for a region, with an unmapped page behind it."""
        alignment = BLOCK_BYTES if size_bytes >= BLOCK_BYTES else PAGE_BYTES
        address = align_up(self.next_region, alignment)
        end = align_up(address + size_bytes, PAGE_BYTES)
        if end > REGION_END:
            message = f"`{self.name}` maps more than {format_size(REGION_END - REGION_BASE)} without saying where"
            help_text = f"give its largest region an address from {REGION_END:#x} up: system.map(..., address=...)"
            raise DescriptionError(self.domain.location, message, help_text)
        self.next_region = end + PAGE_BYTES
        return address

    def map(self, name: str, extent: Extent, access: Access, address: int | None = None) -> int:
        """See `extent` at `address`, or where there is room; returns the address."""
        virtual = self.reserve(extent.size_bytes) if address is None else address
        self.mappings.append(Mapping(name, extent, virtual, access))
        return virtual

    def pass_window(self, name: str, address: int, size_bytes: int) -> None:
        """Tell the component where a region is: parameters `<name>_address` and `<name>_size`."""
        self.parameters[f"{name}_address"] = address
        self.parameters[f"{name}_size"] = size_bytes


@dataclass(eq=False)
class Plan:
    """A whole system, planned."""

    system: System
    board: Board
    seed: bytes = b""
    """Secret of this build, from which guests' random numbers start."""
    components: list[Component] = field(default_factory=list)
    extents: list[Extent] = field(default_factory=list)
    interrupts: list[Interrupt] = field(default_factory=list)
    guests: list[Guest] = field(default_factory=list)
    pools: list[PlannedPool] = field(default_factory=list)
    partitions: dict[str, int] = field(default_factory=dict)
    """Numbers of the partitions by name; 0 is for domains in none."""
    windows: list[PlannedWindow] = field(default_factory=list)
    first_windows: dict[int, int] = field(default_factory=dict)
    """By core: the first window of its schedule."""
    next_index: dict[str, int] = field(default_factory=dict)
    """By kind of object: the first index that nothing has yet."""
    small_frames: int = 0
    large_frames: int = 0
    """Physical addresses of the zones of frames, once they are placed."""
    by_domain: dict[int, Component] = field(default_factory=dict)
    ways: dict[int, set[tuple[str, ...]]] = field(default_factory=dict)
    """Of channels, signals and regions, by identity: the capabilities and the memory they became, as
    keelback.authority names them."""

    def take(self, kind: str, count: int) -> int:
        """The first of `count` new indices of this kind; they begin with 1, those of pools behind the root pool's."""
        first = self.next_index.get(kind, ROOT_POOL + 1 if kind == "pool" else 1)
        self.next_index[kind] = first + count
        return first

    def count_of(self, kind: str) -> int:
        """Entries of the kernel's table for this kind, the one that is nobody included."""
        return self.take(kind, 0)

    def guest_space(self, guest: Guest) -> int:
        """The address space of a guest; components' have the components' numbers."""
        return len(self.components) + guest.vcpu

    @property
    def machine_names(self) -> set[str]:
        """Names of the virtual machines."""
        return {domain.name for domain in self.system.domains if isinstance(domain, VirtualMachine)}

    def component_of(self, domain: ProtectionDomain) -> Component:
        """The component planned for a domain of the system."""
        return self.by_domain[id(domain)]

    def add_extent(self, extent: Extent) -> Extent:
        """Register an extent for placement; sizes are rounded up to whole pages."""
        extent.size_bytes = align_up(extent.size_bytes, PAGE_BYTES)
        self.extents.append(extent)
        return extent


def parameter_name(name: str) -> str:
    """A description's name as a parameter prefix: "guest ram" -> "guest_ram"."""
    return re.sub(r"[^a-z0-9]", "_", name.lower())


def start_component(plan: Plan, domain: ProtectionDomain) -> Component:
    """A component with its own endpoint and notification in the slots the runtime expects."""
    index = len(plan.components) + 1
    component = Component(index, domain)
    for slot, kind, name in (
        (ENDPOINT_SLOT, objects.ENDPOINT, "own endpoint"),
        (NOTIFICATION_SLOT, objects.NOTIFICATION, "own notification"),
    ):
        component.capabilities.append(Capability(slot, kind, index, OWN_RIGHTS, 0, name))
    component.parameters["component_name"] = domain.name
    component.parameters["own_priority"] = domain.priority
    plan.components.append(component)
    plan.by_domain[id(domain)] = component
    for table in COMPONENT_KINDS:
        plan.take(table, 1)
    return component
