"""Makes records of checks that never fail (`checks`), for `keel build`: of one kernel, with tables of given sizes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from keelback.abi import limits
from keelback.compiler import CompiledObject, find_record, keep_record
from keelback.prover.campaign import compile_kernel
from keelback.prover.checks import Found, Parts, look, verdict_of

STAY: Final = ("keelback.kernel.objects.header.any_header_of",)
"""Functions whose checks are never left out: they bound tables of jumps, which reports and proofs have to read."""


@dataclass(frozen=True)
class Record:
    """What came of a search: the file, or None and what it found open; sites that never fail, and all."""

    path: Path | None
    found: Sequence[Found]
    proven: int
    sites: int


def make_record(
    parameters: Mapping[str, int | str], calls: Mapping[str, int], jobs: int, tell: Callable[[Found], None]
) -> Record:
    """Look at the kernel with these parameters, `jobs` functions at a time, and write down what never fails."""
    compiled = _compile(parameters)
    ir = compiled.ir.read_text()
    found: list[Found] = []
    layouts = {name: layout.to_json() for name, layout in compiled.layouts.items()}
    for one in look(Parts(ir, layouts, calls, int(parameters.get("space_count", limits.SPACE_COUNT))), jobs):
        tell(one)
        found.append(one)
    verdict = verdict_of(ir, found, (site.number for site in compiled.sites))
    proven = verdict.proven - {site.number for site in compiled.sites if site.function in STAY}
    path = None if verdict.broken else keep_record(compiled.digest, proven, verdict.assumed)
    return Record(path, found, len(proven & verdict.sites), len(verdict.sites))


def has_record(parameters: Mapping[str, int | str]) -> bool:
    """Whether there is a record of the kernel with these parameters."""
    return bool(find_record(_compile(parameters).digest))


def _compile(parameters: Mapping[str, int | str]) -> CompiledObject:
    """Its IR is kept; nobody wants the object."""
    with tempfile.TemporaryDirectory() as folder:
        return compile_kernel(Path(folder) / "kernel.o", parameters=parameters)
