"""Runs something in a process of its own that may loop, or damage its memory, and brings back what came of it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any


class Died(Exception):
    """The process ended without a result, or did not end in time."""


def run_apart(function: Callable[..., Any], *arguments: object, seconds: float) -> Any:
    """The result, which has to go through a pipe; `Died` if there is none after `seconds`. The function must not raise.

    The process is forked, so that it has everything that is here, compiled kernels too.
    """
    here, there = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=_send, args=(there, function, arguments))
    process.start()
    there.close()
    try:
        if not here.poll(seconds):
            raise Died("it does not come back")
        return here.recv()
    except EOFError as ended:
        raise Died("its process dies") from ended
    finally:
        if process.is_alive():
            process.kill()
        process.join()
        here.close()


def _send(there: Connection, function: Callable[..., Any], arguments: tuple[object, ...]) -> None:
    there.send(function(*arguments))
    there.close()
