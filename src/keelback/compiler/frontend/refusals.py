"""The Python that function bodies may not use, as a table: syntax -> (rule, what is wrong, what to write instead)."""

from __future__ import annotations

import ast
from typing import NamedTuple


class Refusal(NamedTuple):
    rule: str
    message: str
    help: str


_TABLE = "keep values in a module-level `array(T, N)` and index it"

STATEMENTS: dict[type[ast.AST], Refusal] = {
    ast.Try: Refusal("try", "`try` is not available: there are no exceptions on the machine", "return a status code"),
    ast.TryStar: Refusal(
        "try", "`try` is not available: there are no exceptions on the machine", "return a status code"
    ),
    ast.Raise: Refusal("raise", "`raise` is not available", "return a status code, or `assert` what must hold"),
    ast.With: Refusal("with", "`with` is not available", "call the two functions yourself, before and after"),
    ast.AsyncWith: Refusal("async", "`async` is not available", "write a plain `def` that handles one event"),
    ast.AsyncFor: Refusal("async", "`async` is not available", "write a plain `def` that handles one event"),
    ast.AsyncFunctionDef: Refusal("async", "`async` is not available", "write a plain `def` that handles one event"),
    ast.FunctionDef: Refusal("nested-function", "a function inside a function", "move it to module level"),
    ast.ClassDef: Refusal("nested-class", "a class inside a function", "move it to module level"),
    ast.Global: Refusal(
        "global",
        "`global` is not available: module names are never rebound",
        "keep the value in a field of a `@struct`",
    ),
    ast.Nonlocal: Refusal("global", "`nonlocal` is not available", "keep the value in a field of a `@struct`"),
    ast.Delete: Refusal("del", "`del` is not available", "leave the name: locals cost nothing once unused"),
    ast.Import: Refusal("nested-import", "an import inside a function", "move it to the top of the module"),
    ast.ImportFrom: Refusal("nested-import", "an import inside a function", "move it to the top of the module"),
    ast.Match: Refusal("match", "`match` is not available", "write `if` / `elif`"),
}

EXPRESSIONS: dict[type[ast.AST], Refusal] = {
    ast.Lambda: Refusal(
        "lambda", "`lambda` is not available: functions are not values", "write a `def` at module level"
    ),
    ast.ListComp: Refusal("comprehension", "comprehensions need a heap", _TABLE),
    ast.SetComp: Refusal("comprehension", "comprehensions need a heap", _TABLE),
    ast.DictComp: Refusal("comprehension", "comprehensions need a heap", _TABLE),
    ast.GeneratorExp: Refusal("comprehension", "generators need a heap", "write a `for i in upto(n)` loop"),
    ast.List: Refusal("collection", "lists need a heap", _TABLE),
    ast.Set: Refusal("collection", "sets need a heap", _TABLE),
    ast.Dict: Refusal("collection", "dicts need a heap", _TABLE),
    ast.Await: Refusal("async", "`await` is not available", "write a plain `def` that handles one event"),
    ast.Yield: Refusal("yield", "`yield` is not available", "return the value, and keep state in a `@struct`"),
    ast.YieldFrom: Refusal("yield", "`yield` is not available", "return the value, and keep state in a `@struct`"),
    ast.JoinedStr: Refusal("f-string", "f-strings need a heap", "log the text and the number separately"),
    ast.NamedExpr: Refusal("walrus", "`:=` is not available", "assign on a line of its own"),
    ast.Starred: Refusal("star", "`*` unpacking is not available", "name each value"),
    ast.Slice: Refusal("slice", "slices need a heap", "pass the array with an offset and a count"),
}

OPERATORS: dict[type[ast.AST], Refusal] = {
    ast.Div: Refusal("true-division", "`/` gives a float", "write `//`"),
    ast.Pow: Refusal("power", "`**` is not available at run time", "shift with `<<`, or compute it at module level"),
    ast.MatMult: Refusal("matmul", "`@` is not available", "call a function"),
    ast.In: Refusal("membership", "`in` is not available", "compare with `==`, or loop with `upto`"),
    ast.NotIn: Refusal("membership", "`not in` is not available", "compare with `!=`, or loop with `upto`"),
    ast.UAdd: Refusal("unary-plus", "unary `+` does nothing", "leave it out"),
}
