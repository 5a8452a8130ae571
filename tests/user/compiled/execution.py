"""Components compiled for the host and in CPython, with the same kernel and rings around both."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from keelback.compiler import HostProgram, Program
from keelback.lang.memory import read_bytes, write_bytes
from keelback.user.runtime.gates import KERNEL_PORT
from tests.user.host import NUMBER_OFFSET, PAGE_BYTES, Kernel, load

ENTRY = "keelback.user.runtime.component"


class DeviceModel(Protocol):
    """A device: `read` gives None for a register that just keeps what is written."""

    def read(self, offset: int) -> int | None: ...
    def write(self, offset: int, value: int) -> None: ...


class InterpretedComponent:
    """The same component in CPython, its hooks put where the compiler puts them."""

    def __init__(self, root: str | Path, parameters: Mapping[str, int | str]) -> None:
        folder = root.parent if isinstance(root, Path) else None
        name = root.stem if isinstance(root, Path) else root
        component = load(name, parameters, extra=(ENTRY,), folder=folder)
        self.kernel = component.kernel
        self.root: Any = component.root
        self._loop: Any = component.module(ENTRY)
        for hook in ("init", "notified", "protected", "fault"):
            if hasattr(self.root, hook):
                setattr(self._loop, hook, getattr(self.root, hook))

    def start(self) -> None:
        """What happens once."""
        self._loop.start()

    def step(self, answer_due: bool) -> bool:
        """Answer, receive, handle."""
        return bool(self._loop.step(answer_due))


class CompiledComponent:
    """Functions by qualified name; `restart` makes every global what it was at first."""

    def __init__(self, root: str | Path, parameters: Mapping[str, int | str]) -> None:
        self.program = HostProgram(Program(root, extra=(ENTRY,), parameters=parameters))
        self.program.connect(self._read, self._write)
        self._globals = {name: self.program.global_memory(name) for name in self.program.layouts}
        self._start = {name: bytes(memory) for name, memory in self._globals.items()}
        self.devices: dict[int, DeviceModel] = {}
        self.restart()

    def restart(self) -> None:
        """As after a load: no system call made, globals as the image has them."""
        self.kernel = Kernel()
        self._registers: dict[int, int] = {}
        self._kept: dict[int, int] = {}
        for name, start in self._start.items():
            if bytes(self._globals[name]) != start:
                self._globals[name][:] = start

    def call(self, function: str, *arguments: int) -> object:
        """Call a function by its qualified name."""
        return self.program.call(function, *arguments)

    def start(self) -> None:
        """What happens once."""
        self.call(f"{ENTRY}.start")

    def step(self, answer_due: bool) -> bool:
        """Answer, receive, handle."""
        return bool(self.call(f"{ENTRY}.step", int(answer_due)))

    def _read(self, address: int, size_bytes: int) -> int:
        page, offset = divmod(address, PAGE_BYTES)
        if page * PAGE_BYTES == KERNEL_PORT:
            return self._registers.get(offset, 0)
        device = self.devices.get(page * PAGE_BYTES)
        if device is not None:
            value = device.read(offset)
            return self._kept.get(address, 0) if value is None else value
        return int.from_bytes(read_bytes(address, size_bytes), "little")

    def _write(self, address: int, size_bytes: int, value: int) -> None:
        page, offset = divmod(address, PAGE_BYTES)
        device = self.devices.get(page * PAGE_BYTES)
        if page * PAGE_BYTES == KERNEL_PORT:
            if offset == NUMBER_OFFSET:
                self.kernel.enter(self._registers, value)
            else:
                self._registers[offset] = value
        elif device is not None:
            self._kept[address] = value
            device.write(offset, value)
        else:
            write_bytes(address, value.to_bytes(size_bytes, "little"))
