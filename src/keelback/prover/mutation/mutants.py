"""Every mutant of the kernel: one place of one function made wrong by one operator. Runs nothing."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from keelback.prover.mutation.operators import OPERATORS

KERNEL_FOLDER: Final = Path(__file__).resolve().parents[2] / "kernel"
FILES: Final = (
    "budgets.py",
    "dispatch.py",
    "faults.py",
    "queues.py",
    "scheduler.py",
    "ticks.py",
    "timers.py",
    "trace.py",
    "arch/aarch64/list_registers.py",
    "arch/aarch64/translations.py",
    "objects/*.py",
)
"""What the specification speaks of and the host runs. The rest needs hardware: entries, boot, interrupt controller."""


@dataclass(frozen=True)
class Mutant:
    """`file`, below the kernel's folder, with another `text`. `before` and `after` are the changed piece."""

    file: str
    function: str
    line: int
    operator: str
    before: str
    after: str
    number: int
    text: str

    @property
    def name(self) -> str:
        """Stays the same when other lines change: function, operator, piece, and which of several alike."""
        again = f" #{self.number}" if self.number else ""
        return f"{self.file}:{self.function}: {self.operator}: {self.before} -> {self.after}{again}"

    @property
    def path(self) -> Path:
        """The file that the mutant replaces."""
        return KERNEL_FOLDER / self.file


def find_mutants() -> list[Mutant]:
    """All of them, by file and line. Some do not compile."""
    paths = [path for pattern in FILES for path in sorted(KERNEL_FOLDER.glob(pattern)) if path.name != "__init__.py"]
    return [
        mutant for path in paths for mutant in mutants_of(path.relative_to(KERNEL_FOLDER).as_posix(), path.read_text())
    ]


def mutants_of(file: str, text: str) -> Iterator[Mutant]:
    """All mutants of one file's text."""
    tree = ast.parse(text)
    seen: dict[tuple[str, str, str, str], int] = {}
    lines = text.splitlines()
    for function in tree.body:
        if not isinstance(function, ast.FunctionDef) or _is_bodiless(function):
            continue
        for place in _places(function):
            node = place[3]
            for operator, change in OPERATORS.items():
                for replacement in change(node):
                    before = _shown(node)
                    after = "nothing" if replacement is None else _shown(replacement)
                    key = (function.name, operator, before, after)
                    seen[key] = seen.get(key, 0) + 1
                    changed = _changed(lines, function, place, replacement)
                    line = getattr(node, "lineno", function.lineno)
                    yield Mutant(file, function.name, line, operator, before, after, seen[key] - 1, changed)


def sample(mutants: Iterable[Mutant], count: int) -> list[Mutant]:
    """`count` of them, of all operators; the same ones whatever else changes in the kernel."""
    queues: dict[str, list[Mutant]] = {}
    for mutant in sorted(mutants, key=_chance):
        queues.setdefault(mutant.operator, []).append(mutant)
    chosen: list[Mutant] = []
    while len(chosen) < count and any(queues.values()):
        for queue in queues.values():
            if queue and len(chosen) < count:
                chosen.append(queue.pop(0))
    return chosen


def _chance(mutant: Mutant) -> str:
    return hashlib.sha256(mutant.name.encode()).hexdigest()


def _is_bodiless(function: ast.FunctionDef) -> bool:
    """Whether its body is only a model of assembly."""
    names = [ast.unparse(decorator) for decorator in function.decorator_list]
    return any(name.startswith(("asm", "naked", "entry")) for name in names)


Place = tuple[ast.AST, str, int | None, ast.AST]


def _places(function: ast.FunctionDef) -> Iterator[Place]:
    """All nodes of its body, with where they hang."""
    for statement in function.body:
        if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            yield function, "body", function.body.index(statement), statement
            yield from _below(statement)


def _below(parent: ast.AST) -> Iterator[Place]:
    for field, value in ast.iter_fields(parent):
        if isinstance(value, list):
            for index, node in enumerate(value):
                if isinstance(node, ast.AST):
                    yield parent, field, index, node
                    yield from _below(node)
        elif isinstance(value, ast.AST) and not isinstance(value, ast.expr_context):
            yield parent, field, None, value
            yield from _below(value)


def _shown(node: ast.AST) -> str:
    """The first line of a node's source."""
    return ast.unparse(node).splitlines()[0]


def _changed(lines: list[str], function: ast.FunctionDef, place: Place, replacement: ast.AST | None) -> str:
    """The text of the whole file with one node of a function replaced. Its comments are lost, nothing else."""
    parent, field, index, _ = place
    old = getattr(parent, field)
    if index is None:
        setattr(parent, field, replacement)
    elif replacement is None:
        setattr(parent, field, [*old[:index], ast.Pass(), *old[index + 1 :]])
    else:
        setattr(parent, field, [*old[:index], replacement, *old[index + 1 :]])
    made = ast.unparse(ast.fix_missing_locations(function))
    setattr(parent, field, old)
    first = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
    return "\n".join([*lines[: first - 1], made, *lines[function.end_lineno :]]) + "\n"
