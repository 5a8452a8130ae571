"""A system made by hand for tests of the kernel on the emulated machine: any contents of its tables, one program in C
that all threads run, and a look at the tables while the machine stands still. Uses no system description.

Physical memory from the board's image base on: kernel, its translation tables, the program, then `room` for frames.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keelback.compiler import LinkedImage, Program, compile_foreign, compile_object, link
from keelback.lang.layout import Layout
from keelback.lang.packing import pack
from keelback.prover.tables import Tables, table_symbols
from keelback.sdk.boards import BOARDS
from keelback.sdk.image.linker_scripts import kernel_script
from keelback.sdk.image.memory_image import MemoryImage, write_boot_header
from keelback.sdk.image.page_tables import TableZone, el2_attributes, stage2_attributes
from keelback.sdk.runner import Emulation, emulator_command
from tests.boot.qmp import EmulatorMonitor

BOARD = BOARDS["qemu-virt-aarch64"]
STATE = "keelback.kernel.state."
PAGE = 4096
ZONE_PAGES = 64
PROGRAM_BASE = 0x20_0000
"""Virtual address of the program in every address space."""
UART = 0x0900_0000
UART_VIRTUAL = 0x3F00_0000
VMID_SHIFT = 48

Values = dict[str, Any]


def page_up(number: int) -> int:
    """The next multiple of a page."""
    return -(-number // PAGE) * PAGE


@dataclass
class BareSystem:
    """Sizes of the kernel's tables, the program, how much memory for frames, and what the tables hold: `values` is
    given the places of everything and returns fields by table and index."""

    parameters: Mapping[str, int]
    program: Path
    values: Callable[[Places], Values]
    room_bytes: int = 0
    flags: tuple[str, ...] = ()


@dataclass
class Places:
    """Where things lie in physical memory, and the translation tables that the kernel never changes."""

    kernel: LinkedImage
    zone: TableZone
    program: LinkedImage
    program_physical: int
    program_bytes: int
    room: int
    entries: dict[int, int] = field(default_factory=dict[int, int])

    def symbol(self, name: str) -> int:
        """Physical address of a kernel table."""
        return self.kernel.symbols[STATE + name]

    def space(self, index: int, data: int | None = None) -> int:
        """VTTBR_EL2 of address space `index`, whose first entry is made to map program and UART. Its data are those of
        all, or lie at the physical address `data`, zeros at first."""
        table = self.zone.add_table()
        physical, text = self.program_physical, self.program.symbols["__text_end"] - PROGRAM_BASE
        self.zone.map(table, PROGRAM_BASE, physical, text, stage2_attributes("rx"))
        rest = self.program_bytes - text
        here = physical + text if data is None else data
        self.zone.map(table, PROGRAM_BASE + text, here, rest, stage2_attributes("rw"))
        self.zone.map(table, UART_VIRTUAL, UART, PAGE, stage2_attributes("rw", device=True))
        self.entries[512 * index] = self.zone.table_at(table)[0]
        return self.stage2(index)

    def stage2(self, index: int) -> int:
        """VTTBR_EL2 of address space `index`."""
        return (self.symbol("entries") + PAGE * index) | index << VMID_SHIFT


SCRIPT = f"""\
ENTRY(program_start)
SECTIONS
{{
  . = {PROGRAM_BASE:#x};
  .text : {{ KEEP(*(.text.start)) *(.text .text.* .rodata .rodata.*) }}
  . = ALIGN(4096);
  __text_end = .;
  .data : {{ *(.data .data.*) *(.bss .bss.* COMMON) }}
  . = ALIGN(4096);
  __data_end = .;
  /DISCARD/ : {{ *(.comment) *(.note*) *(.eh_frame*) *(.ARM*) }}
}}
"""


@dataclass(frozen=True)
class BareImage:
    """A bootable file, and where its kernel's tables are."""

    path: Path
    end: int
    kernel: LinkedImage
    layouts: Mapping[str, Layout]
    parameters: Mapping[str, int]
    program: LinkedImage
    program_physical: int


def build(system: BareSystem, folder: Path) -> BareImage:
    """Compile, place and write everything."""
    folder.mkdir(parents=True, exist_ok=True)
    parameters = {**BOARD.kernel_parameters, **system.parameters}
    compiled = compile_object(Program(root="keelback.kernel.main", parameters=parameters), folder / "kernel.o")
    base = BOARD.image_base
    kernel = link([compiled.path], folder / "kernel.elf", base=base, script=kernel_script(base), entry="_start")
    compile_foreign([system.program], folder / "program.o", flags=("-Wall", "-Wextra", "-Werror", *system.flags))
    program = link(
        [folder / "program.o"], folder / "program.elf", base=PROGRAM_BASE, script=SCRIPT, entry="program_start"
    )
    zone = TableZone(page_up(kernel.symbols["__data_end"]))
    program_physical = zone.base + ZONE_PAGES * PAGE
    program_bytes = program.symbols["__data_end"] - PROGRAM_BASE
    room = -(-(program_physical + program_bytes) // (1 << 21)) << 21
    places = Places(kernel, zone, program, program_physical, program_bytes, room)
    end = room + system.room_bytes
    values = system.values(places)
    values["boot"] = kernel_tables(places, end)
    values["entries"] = {**places.entries, **values.get("entries", {})}
    image = MemoryImage(base, room - base)
    image.load(kernel)
    for segment in program.segments:
        image.write(program_physical + segment.address - PROGRAM_BASE, segment.data)
    assert len(zone.tables) <= ZONE_PAGES
    image.write(zone.base, zone.to_bytes())
    for table, given in values.items():
        symbol = table_symbols(compiled.layouts)[table]
        image.write(kernel.symbols[symbol], pack(compiled.layouts[symbol], given))
    write_boot_header(image, BOARD.image_offset, end - base)
    path = folder / "image.bin"
    path.write_bytes(image.content)
    return BareImage(path, end, kernel, compiled.layouts, parameters, program, program_physical)


def kernel_tables(places: Places, end: int) -> Values:
    """The kernel's own translation, and what it needs to know of the image."""
    zone, at = places.zone, places.kernel.symbols
    root = zone.add_table()
    window = zone.add_subtable(root, 511)
    pieces = (
        ("__text_start", "__text_end", "rx"),
        ("__rodata_start", "__rodata_end", "r"),
        ("__data_start", "__data_end", "rw"),
    )
    for start, stop, access in pieces:
        size = page_up(at[stop]) - at[start]
        zone.map(root, at[start], at[start], size, el2_attributes(access))  # type: ignore[arg-type]
    zone.map(root, zone.base, zone.base, ZONE_PAGES * PAGE, el2_attributes("rw"))
    if end > places.room:
        zone.map(root, places.room, places.room, end - places.room, el2_attributes("rw"))
    for device in BOARD.kernel_devices:
        zone.map(root, device.base, device.base, device.size_bytes, el2_attributes("rw", device=True))
    return {"el2_table": root, "window_table": window, "needed_ram_end": end}


def command(image: BareImage, cores: int, control: Path | None = None) -> list[str]:
    """QEMU's command line. `control` is where QEMU listens for an EmulatorMonitor."""
    extra: tuple[str, ...] = ("-smp", str(cores))
    if control is not None:
        extra += ("-qmp", f"unix:{control},server=on,wait=off")
    return emulator_command(Emulation(BOARD, image.path, image.end, extra=extra), interactive=False)


def read_tables(image: BareImage, read: Callable[[int, int], bytes]) -> Tables:
    """The kernel's tables; `read` gets memory by physical address and size."""
    names = {name: symbol for name, symbol in table_symbols(image.layouts).items() if symbol in image.kernel.symbols}
    layouts = {name: image.layouts[symbol] for name, symbol in names.items()}
    memories = {name: read(image.kernel.symbols[names[name]], layouts[name].size) for name in names}
    return Tables(layouts, memories, image.parameters)


def stop_outside_the_kernel(monitor: EmulatorMonitor, image: BareImage, scratch: Path) -> None:
    """Stop all cores at a moment when none is in the kernel, so that its tables are whole."""
    lock = image.kernel.symbols["keelback.kernel.arch.aarch64.processor.kernel_lock"]
    while True:
        monitor.execute("stop")
        if not any(monitor.save_memory(lock, 4, scratch)):
            return
        monitor.execute("cont")


def read_memory(image: BareImage, monitor: EmulatorMonitor, name: str, count: int, scratch: Path) -> tuple[int, ...]:
    """The words of an array of the program's, in the memory that all share."""
    address = image.program_physical + image.program.symbols[name] - PROGRAM_BASE
    return struct.unpack(f"<{count}Q", monitor.save_memory(address, 8 * count, scratch))
