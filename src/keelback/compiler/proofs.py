"""Records of trap checks that are proven to be never failed: which program they are of, and which of its sites.

A record is found by a digest of the front end's IR of the program, all checks in, of LLVM's version, and of the part
of the prover that made it; where one of these has changed, there is none, and every check stays. Nothing is proven
here: that is `keelback.prover.checks`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from keelback.compiler.backend.cache import COMPILER_FOLDER, ContentCache, content_key

PACKAGE_FOLDER = COMPILER_FOLDER.parent
PROVER_FILES = (
    *("checks.py", "pieces.py", "goals.py", "ranges.py", "rows.py", "counts.py", "solvers.py"),
    *("encode/*.py", "hypotheses/*.py"),
)
"""What of the prover a record rests on."""
KIND = "checks"


@dataclass(frozen=True)
class Site:
    """A check that the front end emits: where in the source, and what it traps with. Sites are numbered from 1 on in
    the order of lowering, which `number` tells; LLVM may make many copies of one, or show that it never fails."""

    number: int
    function: str
    line: int
    column: int
    kind: str


@cache
def prover_digest() -> str:
    """Changes with what a record rests on."""
    folder = PACKAGE_FOLDER / "prover"
    paths = [path for pattern in PROVER_FILES for path in sorted(folder.glob(pattern))]
    return content_key(part for path in paths for part in (path.name, path.read_bytes()))


def program_digest(ir: str) -> str:
    """Of IR as the front end wrote it, wherever its sources lie."""
    return content_key([ir.replace(str(PACKAGE_FOLDER), "keelback"), version("llvmlite")])


def record_key(digest: str) -> str:
    """The name of the record about a program of this digest."""
    return content_key([digest, prover_digest()])


def find_record(digest: str) -> frozenset[int]:
    """The sites that are proven to be never failed in the program of this digest; none without a record."""
    path = ContentCache(KIND).find(record_key(digest), ".json")
    return frozenset(json.loads(path.read_text())["sites"]) if path is not None else frozenset()


def keep_record(digest: str, sites: frozenset[int], assumed: tuple[str, ...]) -> Path:
    """Write a record; `assumed` is for those who read it."""
    data = {"program": digest, "sites": sorted(sites), "assumed": assumed}
    return ContentCache(KIND).keep(record_key(digest), ".json", json.dumps(data, indent=1).encode())


def records_digest() -> str:
    """Changes with the records that there are, and with what they rest on; "" if there are none."""
    names = sorted(path.name for path in ContentCache(KIND).folder.rglob("*.json"))
    return content_key([prover_digest(), *names]) if names else ""
