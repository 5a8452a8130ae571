"""Components that do what they may not, and components that share the processor, on the emulated machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from keelback.abi import errors, faults
from keelback.sdk import ProtectionDomain, System
from keelback.sdk.build import build_system
from keelback.sdk.runner import Emulation, Machine, emulator_command

COMPONENTS = Path(__file__).parent / "components"

UNDEFINED = faults.UNDEFINED
CRIMES = {
    "hvc": UNDEFINED,
    "smc": UNDEFINED,
    "eret": UNDEFINED,
    "udf": UNDEFINED,
    "read of an EL1 register": UNDEFINED,
    "write of an EL2 register": UNDEFINED,
    "read of the interrupt controller": UNDEFINED,
    "write of tpidrro": UNDEFINED,
    "cycle counter": UNDEFINED,
    "virtual timer": UNDEFINED,
    "physical counter": UNDEFINED,
    "interrupt mask": UNDEFINED,
    "wfi": UNDEFINED,
    "tlbi": UNDEFINED,
    "cache by set": UNDEFINED,
    "brk": faults.TRAP,
    "load from nowhere": faults.MEMORY_READ,
    "load from the kernel": faults.MEMORY_READ,
    "load from the far end": faults.MEMORY_READ,
    "load from a wild pointer": faults.MEMORY_READ,
    "store to code": faults.MEMORY_WRITE,
}


def machine_of(system: System, folder: Path) -> Machine:
    """The system, built and started."""
    built = build_system(system, folder)
    emulation = Emulation(built.board, built.image, built.ram_end, cores=built.cores)
    return Machine(emulator_command(emulation, interactive=False), limit_s=120)


@pytest.mark.boot
def test_no_instruction_of_a_component_does_more_than_fault(tmp_path: Path) -> None:
    system = System(board="qemu-virt-aarch64", name="crimes")
    system.add_console()
    judge = system.add(ProtectionDomain("judge", source=COMPONENTS / "judge.c", priority=90))
    system.add(ProtectionDomain("criminal", source=COMPONENTS / "criminal.c", priority=50, fault_handler=judge))
    with machine_of(system, tmp_path) as machine:
        for crime, kind in CRIMES.items():
            machine.expect(rf"criminal +\| try {crime}\n", limit_s=30)
            machine.expect(rf"judge +\| fault {kind}\n", limit_s=30)
        machine.expect(rf"criminal +\| unknown call {errors.UNKNOWN_CALL}\n")
        machine.expect(r"criminal +\| wrong copies that worked 0\n")
        machine.expect(r"criminal +\| wrong runs that worked 0\n")
        machine.expect(r"criminal +\| scratch registers after a call 0\n")
        machine.expect(r"criminal +\| behind all that\n")
        assert "disagrees" not in machine.transcript
        assert "panic" not in machine.transcript


@pytest.mark.boot
def test_equal_priorities_share_the_processor_and_keep_their_floating_point(tmp_path: Path) -> None:
    system = System(board="qemu-virt-aarch64", name="counters")
    system.add_console()
    for number in (1, 2, 3):
        system.add(
            ProtectionDomain(
                f"counter{number}", source=COMPONENTS / "counter.c", priority=50, parameters={"seed": number << 40}
            )
        )
    with machine_of(system, tmp_path) as machine:
        for _ in range(3):
            for number in (1, 2, 3):
                machine.expect(rf"counter{number} +\| wrong 0\n", limit_s=60)
        assert not re.search(r"wrong [1-9]", machine.transcript)
