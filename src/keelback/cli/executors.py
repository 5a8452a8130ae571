"""Where goals run: processes of this machine, or whatever executor `--executor` names."""

from __future__ import annotations

import importlib
import sys
from concurrent.futures import Executor, ProcessPoolExecutor

from keelback.cli.common import UserError


def make_executor(named: str, jobs: int) -> Executor:
    """`named` is MODULE:CALLABLE, which returns a `concurrent.futures.Executor` when called without arguments; empty:
    processes of this machine. UserError if there is none of that name."""
    if not named:
        return ProcessPoolExecutor(max_workers=max(1, jobs))
    module, _, attribute = named.partition(":")
    if "" not in sys.path:
        sys.path.insert(0, "")  # a file beside the user may say how to reach a cluster
    try:
        maker = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as problem:
        raise UserError(f"--executor: no {named!r}: {problem}") from problem
    made = maker()
    if not isinstance(made, Executor):
        raise UserError(f"--executor: {named} gave {type(made).__name__}, which is no concurrent.futures.Executor")
    return made
