"""QEMU's debugger's door (the remote serial protocol of gdb): run one core until it meets a breakpoint, see and set its
registers. Everything stands still in between, the board's counter too."""

from __future__ import annotations

import socket
import struct
import time
from pathlib import Path
from types import TracebackType
from typing import Self

TIMEOUT_S = 30.0
GENERAL = 33
"""x0..x30, sp, pc: 64 bits each in the order of registers; pstate follows in 32."""
PC = 32
_LAYOUT = struct.Struct(f"<{GENERAL}QI")


class Debugger:
    """A connection to `-gdb unix:PATH,server=on,wait=off`; use it in a `with`. Cores count from 0."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(TIMEOUT_S)
        end = time.monotonic() + TIMEOUT_S
        while True:
            try:
                self._socket.connect(str(path))
                break
            except (FileNotFoundError, ConnectionRefusedError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.01)
        self._rest = b""
        self.ask("QStartNoAckMode")
        self.ask("?")
        self.ask("vCont?")
        self.ask("qXfer:features:read:target.xml:0,ffb")  # single registers are for who knows them

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def ask(self, text: str) -> str:
        """Send a packet and return the answer's."""
        data = text.encode()
        self._socket.sendall(b"$" + data + b"#" + f"{sum(data) & 255:02x}".encode())
        while True:
            start, end = self._rest.find(b"$"), self._rest.find(b"#")
            if 0 <= start < end and len(self._rest) >= end + 3:
                answer, self._rest = self._rest[start + 1 : end], self._rest[end + 3 :]
                return answer.decode()
            more = self._socket.recv(65536)
            if not more:
                raise ConnectionError("the emulator has gone")
            self._rest += more

    def order(self, text: str) -> None:
        """Send a packet that is answered by OK."""
        answer = self.ask(text)
        assert answer == "OK", f"{text}: {answer}"

    def stop_at(self, address: int) -> None:
        """A breakpoint for all cores, wherever they are; nothing need be mapped there."""
        self.order(f"Z0,{address:x},4")

    def pass_by(self, address: int) -> None:
        """No breakpoint there any more."""
        self.order(f"z0,{address:x},4")

    def registers(self, core: int) -> list[int]:
        """x0..x30, sp, pc and pstate."""
        self.order(f"Hg{core + 1:x}")
        return list(_LAYOUT.unpack(bytes.fromhex(self.ask("g"))[: _LAYOUT.size]))

    def set_registers(self, core: int, changed: dict[int, int]) -> None:
        """Registers by number, as `registers` orders them."""
        self.order(f"Hg{core + 1:x}")
        for number, value in changed.items():
            self.order(f"P{number:x}={value.to_bytes(8, 'little').hex()}")

    def go_on(self, core: int) -> None:
        """Let one core run until it meets a breakpoint."""
        answer = self.ask(f"vCont;c:{core + 1:x}")
        assert answer.startswith("T05"), answer

    def write_physical(self, address: int, value: int) -> None:
        """A 32-bit word of memory, or a device's register."""
        self.order("Qqemu.PhyMemMode:1")
        self.order(f"M{address:x},4:{value.to_bytes(4, 'little').hex()}")
        self.order("Qqemu.PhyMemMode:0")
