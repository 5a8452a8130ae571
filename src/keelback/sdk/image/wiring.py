"""Plans the connections of a system: who gets which capability, buffer, device and bit, under which names.

The parameter names are those of docs/reference/system-description.md. Guests are planned in `guests`, the console in
`console_wiring`.
"""

from __future__ import annotations

from keelback.abi import objects, rights
from keelback.sdk.boards import BOARDS
from keelback.sdk.image.console_wiring import plan_console
from keelback.sdk.image.guests import plan_guests
from keelback.sdk.image.plan import (
    LINES_WINDOW_BYTES,
    Component,
    Extent,
    Interrupt,
    Plan,
    parameter_name,
    start_component,
)
from keelback.sdk.image.pools import plan_loads, plan_pools, plan_spare_slots
from keelback.sdk.image.times import plan_times, plan_windows
from keelback.sdk.system.checks.devices import resolve_device
from keelback.sdk.system.description import System
from keelback.sdk.system.model import Channel
from keelback.sdk.system.units import align_up


def plan_system(system: System, seed: bytes = b"") -> Plan:
    """Number and connect everything in a checked system. `seed` is the build's secret; see Plan."""
    plan = Plan(system, BOARDS[system.board], seed)
    for domain in system.domains:
        start_component(plan, domain)
    plan_devices(plan)
    plan_console(plan)
    plan_channels(plan)
    plan_signals(plan)
    plan_regions(plan)
    plan_guests(plan)
    plan_faults(plan)
    plan_powers(plan)
    plan_times(plan)
    plan_windows(plan)
    plan_pools(plan)
    plan_spare_slots(plan)
    plan_loads(plan)
    for component in plan.components:
        component.parameters.update(component.domain.parameters)
        component.secrets |= component.domain.parameters.keys()
    return plan


def plan_devices(plan: Plan) -> None:
    """Map each used device into its domain, and route its interrupt there."""
    for use in plan.system.device_uses:
        component = plan.component_of(use.domain)
        device = resolve_device(plan.board, use.device)
        assert device is not None
        extent = Extent(device.name, component.name, "device", device.size_bytes, physical=device.base, dma=device.dma)
        plan.add_extent(extent)
        address = component.next_device
        component.next_device += align_up(extent.size_bytes, 0x1_0000)
        name = parameter_name(device.name)
        component.map(name, extent, "rw", address)
        component.pass_window(name, address, device.size_bytes)
        if device.interrupt is not None:
            bit = component.take_bit()
            index = len(plan.interrupts) + 1
            plan.interrupts.append(
                Interrupt(index, device.interrupt, device.edge_triggered, component.index, bit, device.name)
            )
            slot = component.grant(f"{name} interrupt", objects.INTERRUPT, index, rights.CONTROL)
            component.parameters[f"{name}_interrupt_slot"] = slot
            component.parameters[f"{name}_bit"] = bit


def plan_channels(plan: Plan) -> None:
    """Give clients their server's endpoint, and both sides the buffer between them."""
    channels: dict[int, list[Channel]] = {}
    first_ports: dict[int, Channel] = {}
    for channel in plan.system.channels:
        channels.setdefault(id(channel.server), []).append(channel)
        if channel.port is not None:
            first_ports.setdefault(id(channel.client), channel)
    for server in plan.components:
        if id(server.domain) in channels:
            _plan_server(plan, server, channels[id(server.domain)], first_ports)


def _plan_server(plan: Plan, server: Component, channels: list[Channel], first_ports: dict[int, Channel]) -> None:
    stride = align_up(max(channel.buffer_bytes for channel in channels), 4096)
    base = server.reserve(stride * len(channels)) if stride else 0
    server.parameters["client_count"] = len(channels)
    if stride:
        server.pass_window("client_buffers", base, stride * len(channels))
        server.parameters["client_buffer_stride"] = stride
    for position, channel in enumerate(channels):
        client = plan.component_of(channel.client)
        badge = position + 1
        slot = client.grant(f"{channel.name} -> {server.name}", objects.ENDPOINT, server.index, rights.WRITE, badge)
        ways = plan.ways.setdefault(id(channel), {("capability", client.name, str(slot))})
        is_port = first_ports.get(id(channel.client)) is channel
        prefixes = [parameter_name(channel.name)] + (["port"] if is_port else [])
        for prefix in prefixes:
            client.parameters[f"{prefix}_slot"] = slot
        if is_port:
            client.parameters["port_name"] = channel.port or ""
        client_prefix = parameter_name(client.name)
        server.parameters[f"{client_prefix}_badge"] = badge
        server.parameters[f"client_{position}_name"] = client.name
        if stride:
            extent = plan.add_extent(Extent(f"{client.name}-{channel.name} buffer", server.name, "buffer", stride))
            ways.add(("memory", extent.name))
            address = client.map(f"{channel.name} buffer", extent, "rw")
            for prefix in prefixes:
                client.pass_window(f"{prefix}_buffer", address, stride)
            server_address = server.map(f"{client.name} buffer", extent, "rw", base + position * stride)
            server.pass_window(f"{client_prefix}_buffer", server_address, stride)


def plan_signals(plan: Plan) -> None:
    """Give senders a notification capability that sets one bit of the receiver."""
    for signal in plan.system.signals:
        sender, receiver = plan.component_of(signal.sender), plan.component_of(signal.receiver)
        bit = receiver.take_bit()
        name = parameter_name(signal.name)
        receiver.parameters[f"{name}_bit"] = bit
        label = f"{signal.name} -> {receiver.name}"
        slot = sender.grant(label, objects.NOTIFICATION, receiver.index, rights.WRITE, 1 << bit)
        sender.parameters[f"{name}_slot"] = slot
        plan.ways[id(signal)] = {("capability", sender.name, str(slot))}


def plan_regions(plan: Plan) -> None:
    """Map the described memory regions. A region belongs to the first domain it is mapped into."""
    extents: dict[int, Extent] = {}
    for mapping in plan.system.mappings:
        component, region = plan.component_of(mapping.domain), mapping.region
        extent = extents.get(id(region))
        if extent is None:
            content = b"" if region.file is None else region.file.read_bytes()
            size_bytes = region.size_bytes or len(content)
            kind = "device" if region.physical is not None else "file" if region.file is not None else "region"
            physical = region.physical or 0
            extent = Extent(region.name, component.name, kind, size_bytes, content, physical)  # type: ignore[arg-type]
            extent.dma = region.dma
            extents[id(region)] = plan.add_extent(extent)
            plan.ways[id(region)] = {("memory", extent.name)}
        address = component.map(mapping.name, extent, mapping.access, mapping.address)
        component.pass_window(parameter_name(mapping.name), address, extent.size_bytes)


def plan_faults(plan: Plan) -> None:
    """Route each component's faults: to the handler it names, else to the monitor, which handles all but its own."""
    monitor = plan.system.console.monitor if plan.system.console is not None else None
    if monitor is not None:
        keeper = plan.component_of(monitor)
        keeper.pass_window("lines", keeper.reserve(LINES_WINDOW_BYTES), LINES_WINDOW_BYTES)
    handled: dict[int, int] = {}
    for component in plan.components:
        domain = component.domain.fault_handler or monitor
        if domain is None or domain is component.domain:
            continue
        handler = plan.component_of(domain)
        badge = handled[handler.index] = handled.get(handler.index, 0) + 1
        component.fault_handler, component.fault_badge = handler.index, badge
        label = f"{component.name} thread"
        if domain is monitor:
            handler.parameters[f"component_{badge}_name"] = component.name
            handler.parameters["component_count"] = badge
            if not component.domain.private:
                slot = handler.grant(label, objects.THREAD, component.index, rights.READ)
                handler.parameters[f"component_{badge}_thread_slot"] = slot
        else:
            name = parameter_name(component.name)
            granted = rights.READ | rights.WRITE | rights.CONTROL
            handler.parameters[f"{name}_thread_slot"] = handler.grant(label, objects.THREAD, component.index, granted)
            handler.parameters[f"{name}_fault_badge"] = badge


def plan_powers(plan: Plan) -> None:
    """Hand out the two authorities over the whole machine: its power, and its trace."""
    for component in plan.components:
        if component.domain.power:
            slot = component.grant("platform", objects.PLATFORM, 1, rights.CONTROL)
            component.parameters["platform_slot"] = slot
        if component.domain.trace:
            slot = component.grant("trace", objects.TRACE, 1, rights.READ | rights.CONTROL)
            component.parameters["trace_slot"] = slot
