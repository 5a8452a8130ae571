"""Calls that come about seldom do the same in CPython and compiled: they read, write and return the same.

Run by `make coverage` and by the test of coverage, which count what of the compiled kernel this reaches; by hand with
`pytest tests/kernel/twins/comparison.py`.
"""

from __future__ import annotations

from typing import NamedTuple

import libfdt
import pytest

from keelback.abi import syscalls
from keelback.kernel.arch.aarch64.gic import GICD_BASE, GICR_BASE
from keelback.kernel.arch.aarch64.start import WINDOW_BASE
from keelback.kernel.arch.aarch64.uart import UART_BASE
from keelback.kernel.state import ASKED_INJECT, ASKED_UNLOAD
from keelback.prover.fuzz.bulk import run_in_bulk
from keelback.prover.fuzz.kernel import PARAMETERS, CompiledKernel
from keelback.prover.fuzz.run import Statistics
from tests.kernel.twins.search import Change, Search
from tests.kernel.twins.twins import Compiled, Imported, Row, differences

BULK_CALLS = 1_000_000

Twins = tuple[Search, Compiled, Imported]


@pytest.fixture(scope="module")
def twins() -> Twins:
    kernel, compiled = CompiledKernel(), Compiled(PARAMETERS)
    return Search(kernel, compiled), compiled, Imported(kernel, compiled)


Answers = tuple[tuple[str | int, int], ...]


class Rare(NamedTuple):
    """What chance does not find: a call, the fields that lead to it, and registers of the processor, by name, and
    of devices, by address."""

    function: str
    arguments: tuple[int | Row, ...] = ()
    changes: tuple[Change, ...] = ()
    registers: Answers = ()


CORE: Row = ("keelback.kernel.state.cores", 0)
THREAD: Row = ("keelback.kernel.state.threads", 2)
VCPU = 1
FEATURES = "s3_4_c12_c11_1"
ELSEWHERE = Change("vcpus", VCPU, "loaded_on", 2)
NOT_HERE = Change("cores", 0, "loaded", 0)
PRESENT = tuple(
    Change("cores", 0, name, value)
    for name, value in {
        **{"current": 2, "component": 2, "charged": 0, "turned": 1},
        **{"in_guest": 0, "slice_wanted": 0, "trace_mask": 0},
    }.items()
)
"""A component runs, and nothing else is up."""
LIST_REGISTERS: Answers = tuple((f"s3_4_c12_c12_{number}", 1 << 62 | 1000 + number) for number in range(4))
FREE_LIST_REGISTERS: Answers = tuple((f"s3_4_c12_c12_{number}", 0) for number in range(4))
ARRIVING = Change("vcpus", VCPU, "arriving", 1 << 62 | 40)

RARE = {
    "arrives": Rare("arch.aarch64.list_registers.take_arriving", (VCPU,), (ARRIVING,), FREE_LIST_REGISTERS),
    "no room to arrive": Rare("arch.aarch64.list_registers.take_arriving", (VCPU,), (ARRIVING,), LIST_REGISTERS),
    "arrived before it is loaded": Rare("arch.aarch64.vcpu_state.load", (CORE, VCPU), (ARRIVING,)),
    "another core has it": Rare("arch.aarch64.vcpu_state.let_go", (2, 0, 5), (Change("cores", 1, "component", 2),)),
    "unload a guest that runs": Rare(
        "arch.aarch64.vcpu_state.release",
        (CORE, ASKED_UNLOAD),
        (Change("cores", 0, "in_guest", 1), Change("cores", 0, "loaded", VCPU)),
    ),
    "inject for a guest that runs": Rare(
        "arch.aarch64.vcpu_state.release",
        (CORE, ASKED_INJECT),
        (Change("cores", 0, "loaded", VCPU), Change("vcpus", VCPU, "wants_room", 0)),
    ),
    "a guest's registers are open": Rare(
        "arch.aarch64.floating_point.close_for_guest", (CORE, VCPU), (Change("cores", 0, "fp_owner", 7 + VCPU),)
    ),
    "a processor of its own kind": Rare(
        "arch.aarch64.vcpu_state.load", (CORE, VCPU), (Change("vcpus", VCPU, "midr", 0x410F_D034),)
    ),
    "save another's registers": Rare(
        "arch.aarch64.vcpu_state.save_held", (CORE, 0, VCPU), (Change("cores", 0, "fp_owner", 7 + VCPU),)
    ),
    "a refused call": Rare(
        "entry.finish_call",
        (),
        (*PRESENT, Change("cores", 0, "turned", 0), Change("threads", 2, "slots_count", 0)),
        (("esr_el2", 0x15 << 26 | syscalls.CALL),),
    ),
    "a guest goes on": Rare("entry.resume_soon", (CORE, THREAD), (*PRESENT, Change("threads", 2, "guest", VCPU))),
    "another's time": Rare("entry.resume_soon", (CORE, THREAD), (*PRESENT, Change("threads", 2, "charged", 1))),
    "a shared number": Rare("entry.resume_soon", (CORE, THREAD), (*PRESENT, Change("threads", 2, "stage2", 1 << 63))),
    "its partition's turn": Rare("scheduler.commit_find_best", (CORE,), (Change("cores", 0, "partition", 1),)),
    "the distributor does not answer": Rare("arch.aarch64.gic.start", (), (), ((GICD_BASE, 1 << 31),)),
    "a redistributor that sleeps on": Rare("arch.aarch64.gic.wake_redistributor", (0,), (), ((GICR_BASE + 0x14, 4),)),
    "another's redistributor": Rare("arch.aarch64.gic.start_core", (1,), (), ((GICR_BASE + 0x8, 0),)),
    "a UART that stays full": Rare("arch.aarch64.uart.put", (65,), (), ((UART_BASE + 0x18, 0x20),)),
    "inject elsewhere": Rare("arch.aarch64.list_registers.inject", (VCPU, 40, 8), (ELSEWHERE, NOT_HERE)),
    "reach for it elsewhere": Rare("arch.aarch64.vcpu_state.is_within_reach", (VCPU,), (ELSEWHERE,)),
    "list registers as expected": Rare("arch.aarch64.gic.has_expected_interface", (), (), ((FEATURES, 3 | 4 << 26),)),
    "too few priorities": Rare("arch.aarch64.gic.has_expected_interface", (), (), ((FEATURES, 3 | 5 << 26),)),
    "too few list registers": Rare("arch.aarch64.gic.has_expected_interface", (), (), ((FEATURES, 1 | 4 << 26),)),
    "start a core": Rare("arch.aarch64.power.start_core", (1,)),
    "where cores start": Rare("arch.aarch64.vectors.secondary_address"),
    "a debug register": Rare("arch.aarch64.guest_registers.answer", (2 << 20,)),
    "an identification": Rare("arch.aarch64.guest_registers.answer", (3 << 20 | 1,)),
    "one that is written": Rare("arch.aarch64.guest_registers.answer", (3 << 20,)),
    "another level's": Rare("arch.aarch64.guest_registers.answer", (3 << 20 | 4 << 14,)),
    "ACTLR_EL1": Rare("arch.aarch64.guest_registers.answer", (3 << 20 | 1 << 10 | 1 << 17,)),
    "SCTLR_EL1": Rare("arch.aarch64.guest_registers.answer", (3 << 20 | 1 << 10,)),
    "CCSIDR_EL1": Rare("arch.aarch64.guest_registers.answer", (3 << 20 | 1 << 14,)),
    "no counter's": Rare("arch.aarch64.guest_registers.answer", (3 << 20 | 1 << 14 | 5 << 10,)),
}


@pytest.mark.parametrize("name", RARE)
def test_rare_ways(name: str, twins: Twins) -> None:
    search, compiled, imported = twins
    rare = RARE[name]
    what = search.make(rare.function, rare.arguments, rare.changes, dict(rare.registers))
    assert differences(compiled, imported, what) == []


def test_random_programs_in_bulk() -> None:
    kernel = CompiledKernel()
    assert run_in_bulk(kernel, 11, BULK_CALLS, Statistics()) is None


@pytest.mark.parametrize("cells", [(2, 2), (0, 0), (1, 1), (1, 0)])
@pytest.mark.parametrize("name", ["memory@40000000", "memory", "memories", "other"])
def test_device_trees(cells: tuple[int, int], name: str, twins: Twins) -> None:
    search, compiled, imported = twins
    tree = libfdt.FdtSw()
    tree.finish_reservemap()
    with tree.add_node(""):
        tree.property_u32("#address-cells", cells[0])
        tree.property_u32("#size-cells", cells[1])
        with tree.add_node(name), tree.add_node("x" * 30):
            tree.property("reg", b"")
        with tree.add_node(name):
            tree.property("reg", b"")
            tree.property("reg", (0x4000_0000).to_bytes(8, "big") + (0x1000_0000).to_bytes(8, "big"))
            tree.property("regs", bytes(4))
            tree.property("reg-names", b"")
    changes = (Change("boot", 0, "el2_table", 0x4008_0000), Change("boot", 0, "needed_ram_end", 0))
    what = search.make("boot.check_ram", (0x4820_0000,), changes, {})
    given = what._replace(given={WINDOW_BASE: bytes(tree.as_fdt().as_bytearray())})
    assert differences(compiled, imported, given) == []
