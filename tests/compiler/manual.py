"""Writes docs/reference/diagnostics.md from the mistakes the tests make: `python -m tests.compiler.manual`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from keelback.compiler import Diagnostics, Program, check
from tests.compiler.mistakes import MISTAKES, Mistake

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "reference" / "diagnostics.md"

HEAD = """# Diagnostics

Every error of the compiler: `path:line:col: what is wrong [rule]`, the line with the text underlined, and `help:`, what
to write instead. By rule, each with an example; the names of values differ from program to program.

| rule | what is wrong | help |
| --- | --- | --- |
"""

# Mistakes that take more than one module, or a tool: they have tests of their own.
FURTHER = [
    ("assembly", "the assembler says: unrecognized instruction mnemonic, in `mvo x0, x0`", "correct the instruction"),
    (
        "hook",
        "`start` is called by library, with other parameters or another result",
        "write `def start(a: u64) -> None:`",
    ),
]


def entry_of(mistake: Mistake) -> tuple[str, str, str]:
    """The rule, message and help that a mistake gets."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "wrong.py"
        path.write_text(mistake.program)
        try:
            check(Program(root=path))
        except Diagnostics as caught:
            error = caught.errors[0]
            return error.rule, error.message, error.help
    raise AssertionError(f"{mistake.rule}: nothing was reported for {mistake.source}")


def manual() -> str:
    """The whole page."""
    rows = sorted({entry_of(mistake) for mistake in MISTAKES} | set(FURTHER))
    lines = [
        "| " + " | ".join([f"`{rule}`", *(text.replace("|", "\\|") for text in row)]) + " |" for rule, *row in rows
    ]
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    MANUAL.write_text(manual())
