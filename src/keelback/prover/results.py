"""Results of goals, kept by everything they depend on: a goal is run again only when something of that has changed."""

from __future__ import annotations

import hashlib
import json
import os
from functools import cache
from pathlib import Path

from keelback.prover.goals import UNKNOWN, Job, Result
from keelback.prover.solvers import solver_versions

PROVER_FOLDER = Path(__file__).resolve().parent


def results_folder() -> Path:
    """$KEELBACK_CACHE, or ~/.cache/keelback, and `proofs` in it."""
    chosen = os.environ.get("KEELBACK_CACHE")
    return (Path(chosen) if chosen else Path.home() / ".cache" / "keelback") / "proofs"


@cache
def prover_fingerprint() -> str:
    """Changes with the prover's sources and its solvers."""
    paths = sorted(
        [*PROVER_FOLDER.glob("*.py"), *PROVER_FOLDER.glob("encode/*.py"), *PROVER_FOLDER.glob("machine/*.py")]
    )
    digest = hashlib.sha256(solver_versions().encode())
    for path in paths:
        digest.update(path.name.encode() + b"\\0" + path.read_bytes())
    return digest.hexdigest()


def key_of(job: Job) -> str:
    """Equal for jobs with equal results. How long a solver may think is part of it only for what stayed open."""
    parts = [
        prover_fingerprint(),
        job.goal.name,
        str(job.goal.case),
        job.ir,
        json.dumps(job.layouts, sort_keys=True),
        job.image,
    ]
    return hashlib.sha256("\\0".join(parts).encode()).hexdigest()


def find_result(job: Job) -> Result | None:
    """What is known of a job; what no solver could decide is tried again."""
    path = results_folder() / f"{key_of(job)}.json"
    if not path.is_file():
        return None
    found = Result.from_json(json.loads(path.read_text()))
    return None if found.status == UNKNOWN else found


def keep_result(job: Job, result: Result) -> None:
    folder = results_folder()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{key_of(job)}.json"
    temporary = path.with_suffix(f".{os.getpid()}")
    temporary.write_text(json.dumps(result.to_json()))
    temporary.replace(path)
