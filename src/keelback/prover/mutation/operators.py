"""How source is made wrong: each operator looks at one node of a function and yields what could stand in its place.

The mistakes are those that people make in kernels: a check forgotten or half forgotten, a bound off by one, the wrong
one of two links, a count not kept, the wrong right, a generation not compared. What does not compile is left out later.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Final

Operator = Callable[[ast.AST], Iterator[ast.AST | None]]
"""None: the statement is left out."""

OFF_BY_ONE: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}
PAIRS: Final = (
    ("next", "previous"),
    ("head", "tail"),
    ("client", "server"),
    ("first", "count"),
    ("budget", "remaining"),
    ("owner", "generation"),
    ("priority", "ceiling"),
)
"""Fields that may be taken for each other."""
OTHER_RIGHTS: Final = {"READ": "WRITE", "WRITE": "READ", "CONTROL": "READ", "GRANT": "READ", "OWNER": "READ"}


def dropped_check(node: ast.AST) -> Iterator[ast.AST | None]:
    """`if ...: return ...` is left out."""
    if isinstance(node, ast.If) and len(node.body) == 1 and isinstance(node.body[0], ast.Return) and not node.orelse:
        yield None


def dropped_condition(node: ast.AST) -> Iterator[ast.AST | None]:
    """One part of `a and b` or `a or b` is left out."""
    if isinstance(node, ast.BoolOp):
        for number in range(len(node.values)):
            kept = node.values[:number] + node.values[number + 1 :]
            yield kept[0] if len(kept) == 1 else ast.BoolOp(node.op, kept)


def bound_off_by_one(node: ast.AST) -> Iterator[ast.AST | None]:
    """`<` for `<=`, and the like."""
    if isinstance(node, ast.Compare):
        for number, kind in enumerate(node.ops):
            if type(kind) in OFF_BY_ONE:
                ops = [*node.ops[:number], OFF_BY_ONE[type(kind)](), *node.ops[number + 1 :]]
                yield ast.Compare(node.left, ops, node.comparators)


def swapped_link(node: ast.AST) -> Iterator[ast.AST | None]:
    """The other one of two fields of the same kind."""
    if isinstance(node, ast.Attribute):
        for one, other in PAIRS:
            if node.attr in (one, other):
                yield ast.Attribute(node.value, other if node.attr == one else one, node.ctx)


def forgotten_count(node: ast.AST) -> Iterator[ast.AST | None]:
    """`x.n = x.n + 1`, or `- 1`, is left out."""
    if _is_step(node):
        yield None


def dropped_write(node: ast.AST) -> Iterator[ast.AST | None]:
    """A write to a field, or a step of a commit, is left out."""
    is_write = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute | ast.Subscript)
    is_call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    if is_call or (is_write and not _is_step(node)):
        yield None


def _is_step(node: ast.AST) -> bool:
    """Whether a field becomes something made from itself."""
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Attribute | ast.Subscript):
        return False
    return isinstance(node.value, ast.BinOp) and ast.unparse(node.value.left) == ast.unparse(node.targets[0])


def wrong_right(node: ast.AST) -> Iterator[ast.AST | None]:
    """Another right, or rights that do not become fewer."""
    if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "rights" and node.attr in OTHER_RIGHTS:
        yield ast.Attribute(node.value, OTHER_RIGHTS[node.attr], node.ctx)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd) and ast.unparse(node.left).endswith(".rights"):
        yield node.left


def missing_generation(node: ast.AST) -> Iterator[ast.AST | None]:
    """A comparison of generations always comes out well."""
    if isinstance(node, ast.Compare) and "generation" in ast.unparse(node):
        for kind in node.ops[:1]:
            if isinstance(kind, ast.Eq | ast.NotEq):
                yield ast.Constant(isinstance(kind, ast.Eq))


OPERATORS: Final[dict[str, Operator]] = {
    "dropped check": dropped_check,
    "dropped condition": dropped_condition,
    "bound off by one": bound_off_by_one,
    "swapped link": swapped_link,
    "forgotten count": forgotten_count,
    "dropped write": dropped_write,
    "wrong right": wrong_right,
    "missing generation": missing_generation,
}
