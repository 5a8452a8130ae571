"""Plans virtual machines: guest RAM, the files the monitor copies into it, the generated device tree, the vcpu."""

from __future__ import annotations

import hashlib

from keelback.abi import objects, rights
from keelback.sdk.image.guest_tree import GuestTree, build_guest_tree
from keelback.sdk.image.plan import GUEST_RAM_WINDOW, Component, Extent, Guest, Mapping, Plan
from keelback.sdk.system.guest_layout import GUEST_RAM_BASE, IMAGE_HEADER_BYTES, lay_out_guest
from keelback.sdk.system.model import VirtualMachine

VIRTIO_DEVICE_COUNT = 4


def plan_guests(plan: Plan) -> None:
    """Plan every virtual machine of the system."""
    for component in plan.components:
        if isinstance(component.domain, VirtualMachine):
            _plan_guest(plan, component, component.domain)


def _plan_guest(plan: Plan, component: Component, machine: VirtualMachine) -> None:
    kernel = machine.kernel.read_bytes()
    initrd = b"" if machine.initrd is None else machine.initrd.read_bytes()
    layout = lay_out_guest(kernel[:IMAGE_HEADER_BYTES], len(kernel), len(initrd))
    tree = build_guest_tree(
        GuestTree(
            ram_bytes=machine.ram_bytes,
            bootargs=machine.bootargs,
            initrd=(layout.initrd, layout.initrd + len(initrd)) if initrd else None,
            virtio_device_count=VIRTIO_DEVICE_COUNT,
        )
    )
    _map_guest_ram(plan, component, machine)
    for name, content in (("kernel", kernel), ("initrd", initrd), ("dtb", tree.blob)):
        if content:
            extent = _file_extent(plan, f"{machine.name} {name}", machine.name, content)
            component.pass_window(name, component.map(name, extent, "r"), len(content))
    vcpu_rights = rights.READ | rights.WRITE | rights.CONTROL
    assert component.guest is not None
    _pass_seed(plan, component)
    component.parameters |= {
        "vcpu_slot": component.grant("vcpu", objects.VCPU, component.guest.vcpu, vcpu_rights),
        "rng_seed_offset": tree.seed_offset,
        "dtb_load_address": layout.tree,
        "kernel_load_address": layout.kernel,
        "initrd_load_address": layout.initrd,
        "bootargs": machine.bootargs,
        "on_crash": int(machine.on_crash == "restart"),
        "max_restarts": machine.max_restarts,
    }


def _file_extent(plan: Plan, name: str, owner: str, content: bytes) -> Extent:
    """A file that monitors only read: machines with the same file share it."""
    for extent in plan.extents:
        if extent.kind == "file" and extent.content == content and extent.owner in plan.machine_names:
            return extent
    return plan.add_extent(Extent(name, owner, "file", len(content), content))


def _pass_seed(plan: Plan, component: Component) -> None:
    """A secret of the build and this guest, from which its random numbers start."""
    seed = hashlib.sha256(plan.seed + component.name.encode()).digest()
    for index in range(4):
        component.parameters[f"rng_seed_{index}"] = int.from_bytes(seed[8 * index : 8 * index + 8], "little")
        component.secrets.add(f"rng_seed_{index}")


def _map_guest_ram(plan: Plan, component: Component, machine: VirtualMachine) -> None:
    ram = plan.add_extent(Extent(f"{machine.name} ram", machine.name, "guest_ram", machine.ram_bytes))
    component.map("guest_ram", ram, "rw", GUEST_RAM_WINDOW)
    component.pass_window("guest_ram", GUEST_RAM_WINDOW, machine.ram_bytes)
    component.parameters["guest_ram_base"] = GUEST_RAM_BASE
    plan.take("space", 1)
    component.guest = Guest(plan.take("vcpu", 1), machine, [Mapping("ram", ram, GUEST_RAM_BASE, "rwx")])
    plan.guests.append(component.guest)
