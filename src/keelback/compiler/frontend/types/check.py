"""The typed pass over a whole program: bodies, hooks and the call graph."""

from __future__ import annotations

from keelback.compiler.frontend.modules import Module
from keelback.compiler.frontend.tree import Function
from keelback.compiler.frontend.types.collect import Program
from keelback.compiler.frontend.types.decorators import check_assembly
from keelback.compiler.frontend.types.statements import StatementTyping


def type_program(program: Program, *, root: Module | None, host: bool) -> None:
    """Type every function. `root`: the module whose functions take the place of hooks. Errors go to the reporter.

    Models of machine code (`@asm` and `@naked` bodies) are the program only on the host.
    """
    if root is not None:
        _bind_hooks(program, root)
    for function in program.functions:
        check_assembly(program, function)
        if host or (function.naked is None and function.asm is None):
            StatementTyping(program, function).run()
    refuse_recursion(program)


def _bind_hooks(program: Program, root: Module) -> None:
    own = {function.name: function for function in program.functions if function.module is root and not function.owner}
    for hook in program.functions:
        replacement = own.get(hook.name)
        if not hook.hook or replacement is None or replacement is hook:
            continue
        wanted = [parameter.type for parameter in hook.parameters]
        if [parameter.type for parameter in replacement.parameters] != wanted or replacement.result != hook.result:
            shape = ", ".join(f"{parameter.name}: {parameter.type}" for parameter in hook.parameters)
            message = f"`{hook.name}` is called by {hook.module.name}, with other parameters or another result"
            help_text = f"write `def {hook.name}({shape}) -> {hook.result}:`"
            program.error(root, replacement.node, "hook", message, help_text)
        hook.replacement = replacement


def refuse_recursion(program: Program) -> None:
    """Report calls that lead back to their own function: the stack has a fixed size."""
    done: set[int] = set()
    path: list[Function] = []

    def visit(function: Function) -> None:
        if id(function) in done:
            return
        path.append(function)
        for called, node in function.calls:
            target = called.replacement or called
            if target in path:
                names = " -> ".join(f.name for f in [*path[path.index(target) :], target])
                message = f"recursion: {names}"
                program.error(function.module, node, "recursion", message, "write a loop with a fixed bound")
            else:
                visit(target)
        path.pop()
        done.add(id(function))

    for function in program.functions:
        visit(function)
