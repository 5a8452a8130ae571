"""Plans the console: rings from every component to the multiplexer, to and from guests, and to the driver.

The rings' format is the runtime's (docs/reference/runtime.md); here they are pages of zeros.
"""

from __future__ import annotations

from dataclasses import dataclass

from keelback.abi import objects, rights
from keelback.sdk.image.plan import Component, Extent, Plan
from keelback.sdk.system.model import VirtualMachine
from keelback.sdk.system.units import PAGE_BYTES

RING_BYTES = PAGE_BYTES
LOG_SOURCE = 0
GUEST_SOURCE = 1


@dataclass(frozen=True)
class Source:
    """A stream the multiplexer shows: a component's log or a guest's console."""

    component: Component
    name: str
    kind: int
    has_input: bool


def plan_console(plan: Plan) -> None:
    """Connect driver, multiplexer and all sources, when the system has a console."""
    console = plan.system.console
    if console is None:
        return
    driver, multiplexer = plan.component_of(console.driver), plan.component_of(console.multiplexer)
    _connect_driver(plan, driver, multiplexer)
    sources = [source for component in plan.components for source in _sources_of(component, (driver, multiplexer))]
    sources_base = multiplexer.reserve(RING_BYTES * len(sources))
    multiplexer.parameters["source_count"] = len(sources)
    multiplexer.pass_window("sources", sources_base, RING_BYTES * len(sources))
    for index, source in enumerate(sources):
        _connect_source(plan, multiplexer, source, index, sources_base + index * RING_BYTES)
    _connect_inputs(plan, multiplexer, sources)


def _sources_of(component: Component, silent: tuple[Component, ...]) -> list[Source]:
    if component in silent:
        return []
    domain = component.domain
    if isinstance(domain, VirtualMachine):
        monitor = Source(component, f"{component.name}-vmm", LOG_SOURCE, False)
        return [monitor, Source(component, component.name, GUEST_SOURCE, True)]
    return [Source(component, component.name, LOG_SOURCE, domain.keyboard)]


def _signal(sender: Component, receiver: Component, bit: int, name: str) -> int:
    return sender.grant(f"{name} -> {receiver.name}", objects.NOTIFICATION, receiver.index, rights.WRITE, 1 << bit)


def _connect_driver(plan: Plan, driver: Component, multiplexer: Component) -> None:
    output_bit, input_bit = driver.take_bit(), multiplexer.take_bit()
    for name, owner in (("output", multiplexer), ("input", driver)):
        ring = plan.add_extent(Extent(f"uart {name} ring", owner.name, "ring", RING_BYTES))
        for component in (driver, multiplexer):
            component.pass_window(name, component.map(f"{name} ring", ring, "rw"), RING_BYTES)
    driver.parameters["output_bit"] = output_bit
    driver.parameters["input_slot"] = _signal(driver, multiplexer, input_bit, "input")
    multiplexer.parameters["input_bit"] = input_bit
    multiplexer.parameters["output_slot"] = _signal(multiplexer, driver, output_bit, "output")


def _connect_source(plan: Plan, multiplexer: Component, source: Source, index: int, address: int) -> None:
    component = source.component
    prefix = "log" if source.kind == LOG_SOURCE else "console_out"
    ring = plan.add_extent(Extent(f"{source.name} {prefix} ring", component.name, "ring", RING_BYTES))
    bit = multiplexer.take_bit()
    component.pass_window(prefix, component.map(f"{prefix} ring", ring, "rw"), RING_BYTES)
    component.parameters[f"{prefix}_slot"] = _signal(component, multiplexer, bit, prefix)
    multiplexer.map(f"source {source.name}", ring, "rw", address)
    multiplexer.parameters[f"source_{index}_name"] = source.name
    multiplexer.parameters[f"source_{index}_kind"] = source.kind
    multiplexer.parameters[f"source_{index}_bit"] = bit
    multiplexer.parameters[f"source_{index}_address"] = address


def _connect_inputs(plan: Plan, multiplexer: Component, sources: list[Source]) -> None:
    inputs = [(index, source) for index, source in enumerate(sources) if source.has_input]
    if not inputs:
        return
    base = multiplexer.reserve(RING_BYTES * len(inputs))
    multiplexer.pass_window("inputs", base, RING_BYTES * len(inputs))
    for position, (index, source) in enumerate(inputs):
        component, address = source.component, base + position * RING_BYTES
        ring = plan.add_extent(Extent(f"{source.name} console_in ring", multiplexer.name, "ring", RING_BYTES))
        bit = component.take_bit()
        component.pass_window("console_in", component.map("console_in ring", ring, "rw"), RING_BYTES)
        component.parameters["console_in_bit"] = bit
        multiplexer.map(f"input of {source.name}", ring, "rw", address)
        multiplexer.parameters[f"source_{index}_input_address"] = address
        multiplexer.parameters[f"source_{index}_input_slot"] = _signal(multiplexer, component, bit, "console_in")
