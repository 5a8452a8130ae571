"""The example that makes components at run time: after 10,000 lives and a crash, the kernel's tables are what
they were before the first.
"""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest
from elftools.elf.elffile import ELFFile

from keelback.kernel import state
from keelback.lang import layout_of, u32, u64
from keelback.sdk.build import BuiltSystem, build_system
from keelback.sdk.runner import Emulation, Machine, emulator_command
from tests.boot.qmp import EmulatorMonitor

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "supervisor" / "system.py"
LIMIT_S = 300
CRASH = 1 + (EXAMPLE.parent / "adder.py").read_text().splitlines().index(
    "    assert message.words[0] != 0 or message.words[1] != 0"
)
"""The line at which the server crashes."""
TABLES: dict[str, type] = {
    "pools": state.Pool,
    "threads": state.Thread,
    "times": state.Time,
    "windows": state.Window,
    "endpoints": state.Endpoint,
    "replies": state.Reply,
    "notifications": state.Notification,
    "interrupts": state.Interrupt,
    "grants": state.Grant,
    "vcpus": state.Vcpu,
    "fp_states": state.FloatingPoint,
    "tables": state.CapabilityTable,
    "slots": state.Slot,
    "translations": state.Translation,
    "frames": state.Frame,
    "queues": state.Queue,
    "cores": state.Core,
    "core_objects": state.Singleton,
    "entries": u64,
    "targets": u32,
}
MOVING: dict[type, tuple[str, ...]] = {
    state.Core: (
        *("context", "turned", "timers_passed", "trace_next", "deadline", "slice_end", "charge_start", "charged"),
        *("component", "shared_space", "slice_wanted", "online"),
    ),
}
"""Fields that tell what is in the processor, or how late it is: they mean nothing for what is left behind."""
STATIC_COMPONENTS = 4  # driver, console, monitor, supervisor: their threads run
SUPERVISOR = 4


def symbols(built: BuiltSystem) -> dict[str, tuple[int, int]]:
    """Physical address and size of each of the kernel's tables."""
    with (built.folder / "kernel.elf").open("rb") as file:
        section: Any = ELFFile(file).get_section_by_name(".symtab")
        return {symbol.name: (symbol["st_value"], symbol["st_size"]) for symbol in section.iter_symbols()}


def rows(data: bytes, kind: type) -> list[bytes]:
    """The rows of a table, their generations, and what is MOVING, as if they were 0."""
    layout = layout_of(kind)
    moving = [(layout.fields[name][0], layout.fields[name][1].size) for name in MOVING.get(kind, ())]
    found: list[bytes] = []
    for start in range(0, len(data), layout.size):
        row = bytearray(data[start : start + layout.size])
        if "header" in layout.fields:
            offset = layout.fields["header"][0]
            row[offset : offset + 4] = bytes(4)
        for offset, size in moving:
            row[offset : offset + size] = bytes(size)
        found.append(bytes(row))
    return found


@pytest.mark.boot
def test_what_children_leave_behind_is_nothing(tmp_path: Path) -> None:
    description = runpy.run_path(str(EXAMPLE))
    built = build_system(description["system"], tmp_path / "build")
    control = tmp_path / "qmp"
    extra = ("-qmp", f"unix:{control},server=on,wait=off")
    emulation = Emulation(built.board, built.image, built.ram_end, cores=built.cores, extra=extra)
    with Machine(emulator_command(emulation, interactive=False), limit_s=LIMIT_S) as machine:
        machine.expect(rf"supervisor \| cycles:  {description['CYCLES']}\b", limit_s=LIMIT_S)
        machine.expect(r"child 0 stopped: trap: assertion failed", limit_s=60)
        machine.expect(rf"  in adder\.py:{CRASH}, pc 0x", limit_s=60)
        machine.expect(r"crashed, and is restarted: child  1\b", limit_s=60)
        machine.expect(r"first sum:  42\b", limit_s=60)
        machine.expect(r"status while the server crashed:  10\b", limit_s=60)  # errors.RESTARTED
        machine.expect(r"second sum:  42\b", limit_s=60)
        machine.expect(r"dumps kept:  10001\b", limit_s=60)
        machine.expect("closed", limit_s=60)
        places = symbols(built)
        image = built.image.read_bytes()
        changed: set[tuple[str, int]] = set()
        with EmulatorMonitor(control) as monitor:
            monitor.execute("stop")
            for table, kind in TABLES.items():
                address, size = places[f"keelback.kernel.state.{table}"]
                offset = address - built.board.image_base
                before = rows(image[offset : offset + size].ljust(size, b"\0"), kind)  # the image ends before zeros
                after = rows(monitor.save_memory(address, size, tmp_path / table), kind)
                changed |= {(table, i) for i, row in enumerate(after) if row != before[i]}
    window = changed - {("threads", i) for i in range(1, STATIC_COMPONENTS + 1)}
    assert ("tables", SUPERVISOR) in window  # the supervisor's window: two page tables, each with a slot and a link
    expected = ["entries"] * 2 + ["slots"] * 2 + ["tables"] + ["targets"] * 2 + ["translations"] * 3
    assert sorted(table for table, _ in window) == expected
