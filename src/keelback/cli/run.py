"""`keel run`: build a system and start it in the emulator, with this terminal as its console."""

from __future__ import annotations

import argparse
import os
import sys

from keelback.cli import common
from keelback.sdk.build import BuiltSystem
from keelback.sdk.runner import Emulation, EmulatorMissing, emulator_command

GDB_PORT = 1234


def add_parser(subparsers: common.Subparsers) -> None:
    """Register the subcommand."""
    parser = subparsers.add_parser("run", help="build a system and run it in the emulator (Ctrl-A x ends it)")
    common.add_system_argument(parser)
    parser.add_argument("--gdb", action="store_true", help=f"wait for a debugger on port {GDB_PORT}")
    parser.add_argument("--ram", type=int, metavar="MIB", help="RAM of the machine (default: what the system needs)")
    parser.add_argument("-q", "--quiet", action="store_true", help="do not say how the build goes")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Build, then become the emulator. Does not return when that succeeds."""
    built = common.build(options.system, quiet=options.quiet)
    emulation = Emulation(
        board=built.board,
        image=built.image,
        ram_end=built.ram_end,
        cores=built.cores,
        ram_mib=options.ram,
        gdb_port=GDB_PORT if options.gdb else None,
    )
    try:
        command = emulator_command(emulation, interactive=True)
    except EmulatorMissing as error:
        raise common.UserError(str(error)) from error
    if options.gdb:
        print(debugger_help(built), file=sys.stderr)
    print("keel: Ctrl-A x ends the machine", file=sys.stderr, flush=True)
    os.execvp(command[0], command)


def debugger_help(built: BuiltSystem) -> str:
    """How to attach a debugger to the waiting machine, with the sources of kernel and components."""
    lines = [f"keel: the machine waits for: gdb-multiarch -ex 'target remote :{GDB_PORT}' {built.elf('kernel')}"]
    lines += [f"keel:   add-symbol-file {built.elf(part['name'])}" for part in built.manifest["components"]]
    return "\n".join(lines)
