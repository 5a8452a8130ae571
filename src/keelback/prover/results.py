"""Results of goals, kept by everything they depend on: a goal is run again only when something of that has changed.

A goal about the IR depends on what its function reaches (`slices`), one about machine code on the whole kernel. What is
not proven tells source lines, so that it depends on the whole IR; what stayed open, also on the time that was allowed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

from keelback.prover.goals import OF_THE_IMAGE, PROVEN, UNKNOWN, Job, Result
from keelback.prover.slices import slices_of
from keelback.prover.solvers import solver_versions

PROVER_FOLDER = Path(__file__).resolve().parent
ABI_FOLDER = PROVER_FOLDER.parent / "abi"
LATENCY_FOLDER = PROVER_FOLDER.parent / "reports" / "latency"
ONLY_TESTING = ("fuzz", "mutation")
"""Folders of the prover that no goal needs."""

MANY_NUMBERS = "unknown_call"
"""A goal of that name is about all numbers that no call has."""


def results_folder() -> Path:
    """$KEELBACK_CACHE, or ~/.cache/keelback, and `proofs` in it."""
    chosen = os.environ.get("KEELBACK_CACHE")
    return (Path(chosen) if chosen else Path.home() / ".cache" / "keelback") / "proofs"


def prover_files() -> Iterator[Path]:
    """What a goal's result may depend on beside the kernel: the prover with its specifications, the ABI, and the
    walk that bounds instructions."""
    folders = (PROVER_FOLDER, ABI_FOLDER, LATENCY_FOLDER)
    for path in sorted(path for folder in folders for path in folder.rglob("*.py")):
        if not (path.is_relative_to(PROVER_FOLDER) and path.relative_to(PROVER_FOLDER).parts[0] in ONLY_TESTING):
            yield path


@cache
def prover_fingerprint() -> str:
    """Changes with the prover's sources and its solvers."""
    digest = hashlib.sha256(solver_versions().encode())
    for path in prover_files():
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


@lru_cache(maxsize=8)
def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def key_of(job: Job) -> str:
    """Equal for jobs with equal results, if they are proven."""
    goal = job.goal
    case = None if goal.case_name == MANY_NUMBERS else goal.case
    read = _digest(job.ir) if goal.kind in OF_THE_IMAGE else slices_of(job.ir).fingerprint(goal.entry, case)
    layouts = json.dumps(job.layouts, sort_keys=True)
    parts = [prover_fingerprint(), goal.name, str(goal.case), read, layouts, _digest(job.image)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def find_result(job: Job) -> Result | None:
    """What is known of a job; what no solver could decide is tried again when more time is allowed."""
    path = results_folder() / f"{key_of(job)}.json"
    if not path.is_file():
        return None
    kept = json.loads(path.read_text())
    found = Result.from_json(kept["result"])
    if found.status == PROVEN:
        return found
    if kept["ir"] != _digest(job.ir) or (found.status == UNKNOWN and kept["seconds"] < job.seconds):
        return None
    return found


def keep_result(job: Job, result: Result) -> None:
    """Keep what came of a job."""
    folder = results_folder()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{key_of(job)}.json"
    temporary = path.with_suffix(f".{os.getpid()}")
    temporary.write_text(json.dumps({"result": result.to_json(), "ir": _digest(job.ir), "seconds": job.seconds}))
    temporary.replace(path)
