"""A few words of QEMU's machine protocol: stop the machine and save physical memory."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from types import TracebackType
from typing import Any, Self

TIMEOUT_S = 60.0


class EmulatorMonitor:
    """A connection to `-qmp unix:PATH,server=on,wait=off`; use it in a `with`."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(TIMEOUT_S)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("r", encoding="utf-8")
        self._lines.readline()  # the greeting
        self.execute("qmp_capabilities")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lines.close()
        self._socket.close()

    def execute(self, command: str, **arguments: Any) -> Any:
        """Run a command and return its result; RuntimeError if QEMU refuses it."""
        self._socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        while True:
            answer = json.loads(self._lines.readline())
            if "error" in answer:
                raise RuntimeError(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def save_memory(self, address: int, size_bytes: int, path: Path) -> bytes:
        """The physical memory from `address` on, through a file."""
        self.execute("pmemsave", val=address, size=size_bytes, filename=str(path))
        return path.read_bytes()
