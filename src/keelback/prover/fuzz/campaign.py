"""Much fuzzing, in pieces that several processes share: the same seed makes the same programs, however many share."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from typing import NamedTuple

from keelback.prover.fuzz.bulk import run_in_bulk
from keelback.prover.fuzz.kernel import CompiledKernel
from keelback.prover.fuzz.run import Failure, Statistics, fuzz
from keelback.prover.fuzz.shrink import shrink

PIECE_CALLS = 20_000
BULK_PIECE_CALLS = 500_000


class Piece(NamedTuple):
    """Random programs of one seed. `compared`: beside the specification."""

    seed: int
    calls: int
    compared: bool


class Outcome(NamedTuple):
    """What a piece came to; a failure is shrunk already. `seconds` are the processor's, without compiling."""

    piece: Piece
    statistics: Statistics
    failure: Failure | None
    seconds: float


@cache
def own_kernel() -> CompiledKernel:
    """This process's kernel."""
    return CompiledKernel()


def run_piece(piece: Piece) -> Outcome:
    """Do one piece."""
    kernel, statistics = own_kernel(), Statistics()
    started = time.process_time()
    run = fuzz if piece.compared else run_in_bulk
    failure = run(kernel, piece.seed, piece.calls, statistics)
    seconds = time.process_time() - started
    return Outcome(piece, statistics, None if failure is None else shrink(kernel, failure), seconds)


def make_pieces(seed: int, calls: int, *, compared: bool) -> list[Piece]:
    """Pieces that make `calls` calls in all."""
    size = PIECE_CALLS if compared else BULK_PIECE_CALLS
    counts = [min(size, calls - made) for made in range(0, calls, size)]
    return [Piece(seed * 1_000_003 + number, count, compared) for number, count in enumerate(counts)]


def run_pieces(pieces: list[Piece], job_count: int) -> Iterator[Outcome]:
    """Do pieces in several processes; their outcomes in order. Ends behind the first failure."""
    if job_count == 1 or len(pieces) == 1:
        for piece in pieces:
            outcome = run_piece(piece)
            yield outcome
            if outcome.failure is not None:
                return
        return
    with ProcessPoolExecutor(job_count, multiprocessing.get_context("spawn")) as executor:
        for outcome in executor.map(run_piece, pieces):
            yield outcome
            if outcome.failure is not None:
                executor.shutdown(cancel_futures=True)
                return
