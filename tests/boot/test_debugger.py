"""gdb on the bare machine stops on Python source lines, and knows functions, tables and fields by their names."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest

from keelback.sdk import ProtectionDomain, System
from keelback.sdk.build import build_system
from keelback.sdk.runner import Emulation, Machine, emulator_command

GREETER = Path(__file__).resolve().parents[2] / "src" / "keelback" / "cli" / "template" / "greeter.py"
GDB_SECONDS = 120

COMMANDS = """
set pagination off
set confirm off
target remote :{port}
hbreak scheduler.py:{scheduler_line}
continue
backtrace
print cores[0].ready
delete
add-symbol-file {component}
hbreak greeter.py:{component_line}
continue
backtrace
"""


def line_of(path: Path, text: str) -> int:
    """The number of the first line that holds `text`."""
    return next(number for number, line in enumerate(path.read_text().split("\n"), 1) if text in line)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.boot
def test_gdb_stops_on_python_lines_in_kernel_and_component(tmp_path: Path) -> None:
    system = System(board="qemu-virt-aarch64", name="debugged")
    system.add_console()
    system.add(ProtectionDomain("greeter", source=GREETER, priority=100, keyboard=True))
    built = build_system(system, tmp_path)
    scheduler = GREETER.parents[2] / "kernel" / "scheduler.py"
    port = free_port()
    script = tmp_path / "commands.gdb"
    script.write_text(
        COMMANDS.format(
            port=port,
            component=built.folder / "greeter.elf",
            scheduler_line=line_of(scheduler, "u64(rank & 63)"),
            component_line=line_of(GREETER, "while take_line"),
        )
    )
    emulation = Emulation(built.board, built.image, built.ram_end, cores=built.cores, gdb_port=port)
    command = ["timeout", "-k", "5", str(GDB_SECONDS), "gdb-multiarch", "-batch", "-x", str(script)]
    command.append(str(built.folder / "kernel.elf"))
    with (
        Machine(emulator_command(emulation, interactive=False), limit_s=300) as machine,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as debugger,
    ):
        machine.expect("hello from greeter", limit_s=GDB_SECONDS)
        machine.send("a line\r")  # nobody runs the line before that
        output, _ = debugger.communicate()
    assert "mark_ready" in output and "u64(rank & 63)" in output, output
    assert " start (device_tree=" in output and "kernel/boot.py" in output, output
    assert "$1 = {0, 0, 0, 0}" in output, output  # no queue is marked yet
    assert "#0  notified (" in output and "while take_line():" in output, output
