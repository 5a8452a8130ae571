"""Programs made wrong at random: parts of a right program in each other's places."""

from __future__ import annotations

import ast
import random


def mutate(text: str, seed: int) -> str:
    """`text` with a few changes in one function: expressions, targets, annotations, statements, decorators."""
    choose = random.Random(seed)
    tree = ast.parse(text)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    expressions = [ast.unparse(node) for f in functions for node in ast.walk(f) if isinstance(node, ast.expr)]
    function = choose.choice(functions)
    for _ in range(choose.randint(1, 3)):
        choose.choice([_expression, _expression, _expression, _target, _annotation, _statements])(
            choose, function, expressions, functions
        )
    return ast.unparse(ast.fix_missing_locations(tree))


def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _expression(
    choose: random.Random, function: ast.FunctionDef, expressions: list[str], functions: list[ast.FunctionDef]
) -> None:
    """Another expression in the place of one."""
    places: list[tuple[ast.AST, str, int | None]] = []
    for statement in function.body:
        for parent in ast.walk(statement):
            for name, value in ast.iter_fields(parent):
                if isinstance(value, ast.expr) and isinstance(getattr(value, "ctx", ast.Load()), ast.Load):
                    places.append((parent, name, None))
                elif isinstance(value, list):
                    places += [(parent, name, i) for i, item in enumerate(value) if isinstance(item, ast.expr)]
    if not places:
        return
    parent, name, index = choose.choice(places)
    new = _parsed(choose.choice(expressions))
    if index is None:
        setattr(parent, name, new)
    else:
        getattr(parent, name)[index] = new


def _target(
    choose: random.Random, function: ast.FunctionDef, expressions: list[str], functions: list[ast.FunctionDef]
) -> None:
    """Another target of an assignment; `ast.unparse` does not mind that it is no place."""
    assignments = [node for node in ast.walk(function) if isinstance(node, ast.Assign | ast.AugAssign)]
    if assignments:
        node = choose.choice(assignments)
        places = [text for text in expressions if isinstance(_parsed(text), ast.Name | ast.Attribute | ast.Subscript)]
        new = _parsed(choose.choice(places))
        if isinstance(node, ast.Assign):
            node.targets[0] = new
        else:
            node.target = new  # type: ignore[assignment]


def _annotation(
    choose: random.Random, function: ast.FunctionDef, expressions: list[str], functions: list[ast.FunctionDef]
) -> None:
    """The annotation of another function's parameter or result."""
    other = choose.choice(functions)
    known = [argument.annotation for argument in other.args.args if argument.annotation] + [
        other.returns or _parsed("None")
    ]
    new = _parsed(ast.unparse(choose.choice(known)))
    if function.args.args and choose.random() < 0.6:
        choose.choice(function.args.args).annotation = new
    else:
        function.returns = new


def _statements(
    choose: random.Random, function: ast.FunctionDef, expressions: list[str], functions: list[ast.FunctionDef]
) -> None:
    """A statement lost, doubled, or taken from elsewhere."""
    other = ast.parse(ast.unparse(choose.choice(functions))).body[0]
    assert isinstance(other, ast.FunctionDef)
    position = choose.randrange(len(function.body) + 1)
    if choose.random() < 0.4 and len(function.body) > 1:
        del function.body[position - 1]
    elif choose.random() < 0.5:
        function.body.insert(position, choose.choice(other.body))
    else:
        function.decorator_list = other.decorator_list
