"""A running emulated machine with its console: send text, wait for text, and always an end.

The process is started through timeout(1), so that it dies even if this program does. Does not interpret what it reads.
"""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

KILL_GRACE_SECONDS = 5
TAIL_LINES = 40
_READ_BYTES = 65536


class ConsoleError(AssertionError):
    """The console did not show what was waited for; the message ends with what it did show."""


class Machine:
    """A process whose standard input and output are a console. Use it in a `with`, which ends it."""

    def __init__(self, command: Sequence[str], *, limit_s: float = 300.0, echo: bool = False) -> None:
        """Start `command`, to be killed after `limit_s` seconds at the latest; `echo` copies the console to stdout."""
        wrapped = ["timeout", "-k", str(KILL_GRACE_SECONDS), str(limit_s), *command]
        self.transcript = ""
        self._echo = echo
        self._seen = 0
        self._ended = False
        self._process = subprocess.Popen(
            wrapped, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
        )
        self._selector = selectors.DefaultSelector()
        assert self._process.stdout is not None
        self._output = self._process.stdout.fileno()
        self._selector.register(self._output, selectors.EVENT_READ)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def running(self) -> bool:
        """Whether the machine still runs."""
        return self._process.poll() is None

    def send(self, text: str) -> None:
        """Type `text`; a line ends with `\\n`."""
        assert self._process.stdin is not None
        self._process.stdin.write(text.encode())
        self._process.stdin.flush()

    def expect(self, pattern: str, *, limit_s: float = 30.0) -> re.Match[str]:
        """Wait until the regular expression `pattern` matches in what came since the last match. One that ends in `$`
        waits for the whole line."""
        compiled, deadline = re.compile(pattern, re.MULTILINE), time.monotonic() + limit_s
        while True:
            match = compiled.search(self.transcript, self._seen)
            may_grow = pattern.endswith("$") and not self._ended
            if match is not None and not (may_grow and match.end() == len(self.transcript)):
                self._seen = match.end()
                return match
            if self._ended:
                raise ConsoleError(f"the machine ended before it showed {pattern!r}\n{self._tail()}")
            if time.monotonic() > deadline:
                raise ConsoleError(f"the console did not show {pattern!r} within {limit_s:g} s\n{self._tail()}")
            self._read(min(1.0, max(0.0, deadline - time.monotonic())))

    def wait_end(self, *, limit_s: float = 30.0) -> str:
        """Wait until the machine switches itself off; returns the whole transcript."""
        deadline = time.monotonic() + limit_s
        while not self._ended:
            if time.monotonic() > deadline:
                raise ConsoleError(f"the machine still runs after {limit_s:g} s\n{self._tail()}")
            self._read(0.5)
        return self.transcript

    def read_for(self, seconds: float) -> str:
        """Read for some seconds, or until the machine ends; returns what came."""
        start, deadline = len(self.transcript), time.monotonic() + seconds
        while not self._ended and time.monotonic() < deadline:
            self._read(max(0.0, deadline - time.monotonic()))
        return self.transcript[start:]

    def save_transcript(self, path: Path) -> None:
        """Write everything the console showed to a file."""
        path.write_text(self.transcript)

    def close(self) -> None:
        """End the machine, politely first."""
        for stop in (signal.SIGTERM, signal.SIGKILL):
            if self._process.poll() is not None:
                break
            os.killpg(self._process.pid, stop)
            try:
                self._process.wait(KILL_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                continue
        self._selector.close()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _read(self, wait_s: float) -> None:
        if not self._selector.select(wait_s):
            return
        data = os.read(self._output, _READ_BYTES)
        if not data:
            self._ended = True
            self._process.wait()
            return
        text = data.decode("utf-8", "replace")
        self.transcript += text.replace("\r\n", "\n").replace("\r", "")
        if self._echo:
            sys.stdout.write(text)
            sys.stdout.flush()

    def _tail(self) -> str:
        lines = self.transcript.splitlines()[-TAIL_LINES:]
        return "the console showed last:\n" + "\n".join(f"  | {line}" for line in lines)
