"""Planning: who gets which slot, bit, badge, address and parameter. Nothing is compiled here."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from keelback.abi import objects, rights
from keelback.sdk import DescriptionError, MemoryRegion, ProtectionDomain, System, VirtualMachine
from keelback.sdk.image.plan import Capability, Component, Mapping, Plan, parameter_name
from keelback.sdk.image.wiring import plan_system

KERNEL = Path(__file__).resolve().parents[2] / "systems" / "files" / "image"


def domain(name: str, priority: int, keyboard: bool = False) -> ProtectionDomain:
    return ProtectionDomain(name, source="component.py", priority=priority, keyboard=keyboard)


def vault_system(console: bool = True) -> System:
    system = System()
    if console:
        system.add_console()
    vault = system.add(domain("vault", 200))
    clerk = system.add(domain("clerk", 100, keyboard=console))
    linux = system.add(VirtualMachine("linux", kernel=KERNEL, ram="64 MiB", priority=50, on_crash="restart"))
    system.connect(linux, vault, name="vault", buffer="4 KiB", port="seal")
    system.connect(clerk, vault, name="vault", buffer="4 KiB")
    return system


def by_name(plan: Plan, name: str) -> Component:
    return next(component for component in plan.components if component.name == name)


def held(component: Component, slot: int | str) -> Capability:
    return next(capability for capability in component.capabilities if capability.slot == slot)


def mapped(component: Component, address: int | str) -> Mapping:
    return next(mapping for mapping in component.mappings if mapping.virtual == address)


def test_every_component_has_its_endpoint_and_notification_first() -> None:
    for component in plan_system(vault_system()).components:
        own = [(c.slot, c.kind, c.index) for c in component.capabilities[:2]]
        assert own == [(1, objects.ENDPOINT, component.index), (2, objects.NOTIFICATION, component.index)]
        slots = [capability.slot for capability in component.capabilities]
        assert slots == list(range(1, len(slots) + 1))


def test_clients_are_told_apart_by_badge_and_have_buffers_of_their_own() -> None:
    plan = plan_system(vault_system())
    vault, clerk, linux = (by_name(plan, name) for name in ("vault", "clerk", "linux"))
    assert vault.parameters["client_count"] == 2
    for position, client in enumerate((linux, clerk)):
        capability = held(client, client.parameters["vault_slot"])
        assert capability == Capability(
            capability.slot, objects.ENDPOINT, vault.index, rights.WRITE, position + 1, "vault -> vault"
        )
        base, stride = vault.parameters["client_buffers_address"], vault.parameters["client_buffer_stride"]
        assert isinstance(base, int) and isinstance(stride, int)
        there = mapped(vault, base + position * stride)
        here = mapped(client, client.parameters["vault_buffer_address"])
        assert here.extent is there.extent
        assert (here.access, there.access, here.extent.owner) == ("rw", "rw", "vault")
        assert vault.parameters[f"client_{position}_name"] == client.name
    assert vault.parameters["client_buffers_size"] == 2 * 4096


def test_a_port_reaches_the_monitor_under_its_own_names() -> None:
    linux = by_name(plan_system(vault_system()), "linux")
    assert linux.parameters["port_name"] == "seal"
    assert linux.parameters["port_slot"] == linux.parameters["vault_slot"]
    assert linux.parameters["port_buffer_address"] == linux.parameters["vault_buffer_address"]


def test_a_guest_sees_its_ram_and_nothing_else() -> None:
    plan = plan_system(vault_system())
    (guest,) = plan.guests
    linux = by_name(plan, "linux")
    assert [(m.virtual, m.extent.size_bytes, m.access) for m in guest.mappings] == [(0x4000_0000, 64 << 20, "rwx")]
    window = mapped(linux, linux.parameters["guest_ram_address"])
    assert (window.extent, window.access) == (guest.mappings[0].extent, "rw")
    assert held(linux, linux.parameters["vcpu_slot"]).kind == objects.VCPU
    assert mapped(linux, linux.parameters["kernel_address"]).access == "r"
    tree = mapped(linux, linux.parameters["dtb_address"]).extent.content
    assert tree[:4] == b"\xd0\x0d\xfe\xed"


def test_the_seed_is_secret_and_differs_between_guests() -> None:
    system = vault_system()
    system.add(VirtualMachine("other", kernel=KERNEL, ram="64 MiB", priority=40))
    plan = plan_system(system, b"seed")
    seeds = [tuple(by_name(plan, name).parameters[f"rng_seed_{i}"] for i in range(4)) for name in ("linux", "other")]
    assert seeds[0] != seeds[1]
    assert {f"rng_seed_{i}" for i in range(4)} <= by_name(plan, "linux").secrets


def test_logs_and_guest_consoles_reach_the_multiplexer() -> None:
    plan = plan_system(vault_system())
    console, linux = by_name(plan, "console"), by_name(plan, "linux")
    names = [console.parameters[f"source_{index}_name"] for index in range(int(console.parameters["source_count"]))]
    assert names == ["monitor", "vault", "clerk", "linux-vmm", "linux"]
    index = names.index("linux")
    ring = mapped(console, console.parameters[f"source_{index}_address"]).extent
    assert ring is mapped(linux, linux.parameters["console_out_address"]).extent
    signal = held(linux, linux.parameters["console_out_slot"])
    assert (signal.kind, signal.index, signal.rights) == (objects.NOTIFICATION, console.index, rights.WRITE)
    assert signal.badge == 1 << int(console.parameters[f"source_{index}_bit"])
    back = held(console, console.parameters[f"source_{index}_input_slot"])
    assert (back.index, back.badge) == (linux.index, 1 << int(linux.parameters["console_in_bit"]))


def test_notification_bits_are_not_shared_while_there_are_enough() -> None:
    console = by_name(plan_system(vault_system()), "console")
    bits = [value for name, value in console.parameters.items() if name.endswith("_bit")]
    assert len(set(bits)) == len(bits) == 6


def test_more_sources_than_bits_share_the_last_one() -> None:
    system = System()
    system.add_console()
    for number in range(80):
        system.add(domain(f"worker{number}", 10))
    console = by_name(plan_system(system), "console")
    assert [console.parameters[f"source_{index}_bit"] for index in (61, 62, 63, 80)] == [62, 63, 63, 63]


def test_faults_go_to_the_monitor_which_may_only_look() -> None:
    plan = plan_system(vault_system())
    monitor, vault = by_name(plan, "monitor"), by_name(plan, "vault")
    assert (vault.fault_handler, monitor.fault_handler) == (monitor.index, 0)
    assert monitor.parameters[f"component_{vault.fault_badge}_name"] == "vault"
    slot = monitor.parameters[f"component_{vault.fault_badge}_thread_slot"]
    assert held(monitor, slot) == Capability(int(slot), objects.THREAD, vault.index, rights.READ, 0, "vault thread")
    assert monitor.parameters["component_count"] == len(plan.components) - 1


def test_the_monitor_cannot_look_at_a_private_component() -> None:
    system = System()
    system.add_console()
    keeper = system.add(domain("keeper", 9))
    keeper.private = True
    plan = plan_system(system)
    monitor, private = by_name(plan, "monitor"), by_name(plan, "keeper")
    assert private.fault_handler == monitor.index
    assert monitor.parameters[f"component_{private.fault_badge}_name"] == "keeper"
    assert f"component_{private.fault_badge}_thread_slot" not in monitor.parameters
    held_threads = [c.index for c in monitor.capabilities if c.kind == objects.THREAD]
    assert private.index not in held_threads


def test_a_named_fault_handler_controls_the_thread() -> None:
    system = System()
    keeper = system.add(domain("keeper", 9))
    worker = system.add(domain("worker", 3))
    worker.fault_handler = keeper
    plan = plan_system(system)
    handler, child = by_name(plan, "keeper"), by_name(plan, "worker")
    assert (child.fault_handler, child.fault_badge) == (handler.index, handler.parameters["worker_fault_badge"])
    granted = held(handler, handler.parameters["worker_thread_slot"]).rights
    assert granted == rights.READ | rights.WRITE | rights.CONTROL


def test_a_device_comes_with_its_interrupt() -> None:
    plan = plan_system(vault_system())
    driver = by_name(plan, "uart")
    assert mapped(driver, driver.parameters["pl011_address"]).extent.physical == 0x900_0000
    (interrupt,) = plan.interrupts
    assert (interrupt.number, interrupt.component, interrupt.bit) == (33, driver.index, driver.parameters["pl011_bit"])
    assert held(driver, driver.parameters["pl011_interrupt_slot"]).kind == objects.INTERRUPT


def test_a_signal_sets_the_bit_the_receiver_is_told() -> None:
    system = System()
    sender, receiver = system.add(domain("sender", 1)), system.add(domain("receiver", 1))
    system.notify(sender, receiver, name="data ready")
    plan = plan_system(system)
    slot = by_name(plan, "sender").parameters["data_ready_slot"]
    bit = by_name(plan, "receiver").parameters["data_ready_bit"]
    assert held(by_name(plan, "sender"), slot).badge == 1 << int(bit)


def test_a_region_is_one_extent_however_often_it_is_mapped(tmp_path: Path) -> None:
    (tmp_path / "ledger").write_bytes(b"x" * 5000)
    system = System()
    first, second = system.add(domain("first", 1)), system.add(domain("second", 1))
    ledger = system.add(MemoryRegion("ledger", file=tmp_path / "ledger"))
    system.map(ledger, first, access="r")
    system.map(ledger, second, access="r", address=0x5000_0000, name="book")
    plan = plan_system(system)
    one = mapped(by_name(plan, "first"), by_name(plan, "first").parameters["ledger_address"])
    other = mapped(by_name(plan, "second"), 0x5000_0000)
    assert one.extent is other.extent
    assert (one.extent.size_bytes, by_name(plan, "second").parameters["book_size"]) == (8192, 8192)


def test_machines_with_the_same_kernel_share_its_file() -> None:
    system = System()
    for name in ("one", "two"):
        system.add(VirtualMachine(name, kernel=KERNEL, ram="64 MiB", priority=1))
    plan = plan_system(system)
    one, two = (
        mapped(by_name(plan, name), by_name(plan, name).parameters["kernel_address"]) for name in ("one", "two")
    )
    assert one.extent is two.extent
    assert (one.access, two.access) == ("r", "r")


def test_more_memory_than_there_is_room_for_needs_an_address() -> None:
    system = System()
    first = system.add(domain("first", 1))
    system.map(system.add(MemoryRegion("ledger", size="700 MiB")), first)
    system.map(system.add(MemoryRegion("journal", size="100 MiB")), first)
    with pytest.raises(DescriptionError) as refused:
        plan_system(system)
    assert refused.value.message == "`first` maps more than 768 MiB without saying where"
    system.mappings[0].address = 0x4000_0000
    plan_system(system)


def test_power_and_trace_are_given_only_when_asked_for() -> None:
    system = System()
    system.add(ProtectionDomain("keeper", source="component.py", priority=1, power=True, trace=True))
    system.add(domain("other", 1))
    plan = plan_system(system)
    keeper = by_name(plan, "keeper")
    assert held(keeper, keeper.parameters["platform_slot"]).kind == objects.PLATFORM
    assert held(keeper, keeper.parameters["trace_slot"]).kind == objects.TRACE
    kinds = {capability.kind for capability in by_name(plan, "other").capabilities}
    assert kinds == {objects.ENDPOINT, objects.NOTIFICATION}


def test_planning_twice_gives_the_same_plan() -> None:
    first, second = plan_system(vault_system()), plan_system(vault_system())
    for one, other in zip(first.components, second.components, strict=True):
        assert (one.capabilities, one.parameters) == (other.capabilities, other.parameters)


@pytest.mark.parametrize("console", [True, False])
def test_mappings_of_a_component_do_not_overlap(console: bool) -> None:
    for component in plan_system(vault_system(console)).components:
        windows = sorted((m.virtual, m.virtual + m.extent.size_bytes) for m in component.mappings)
        assert all(end <= start for (_, end), (start, _) in pairwise(windows))


def test_parameter_names() -> None:
    assert parameter_name("Guest RAM-2") == "guest_ram_2"
