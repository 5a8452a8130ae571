"""Finds which `@asm` or `@naked` function the assembler refuses, so that the error points into the program."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from keelback.compiler.backend.llvm import assemble, optimise
from keelback.compiler.backend.toolchain import ToolError
from keelback.compiler.frontend.lowering.assembly import call_assembly
from keelback.compiler.frontend.lowering.function import FunctionLowering
from keelback.compiler.frontend.lowering.ir import Value
from keelback.compiler.frontend.lowering.module import ModuleLowering
from keelback.compiler.frontend.lowering.shapes import value_type
from keelback.compiler.frontend.tree import Function
from keelback.compiler.frontend.types.decorators import template_node
from keelback.compiler.program import CheckedProgram
from keelback.compiler.source import Reporter


def report_refused_assembly(checked: CheckedProgram, functions: tuple[Function, ...]) -> None:
    """Assemble each function's template alone; raises Diagnostics naming those that are refused, if any is."""
    reporter = Reporter()
    for function in functions:
        if function.asm is None and function.naked is None:
            continue
        complaint = _complaint(checked, function)
        if complaint is not None:
            node = template_node(function, "asm" if function.asm is not None else "naked")
            help_text = "correct the instruction: Arm DDI 0487, chapter C6, has them all"
            reporter.report_at(function.module.source, node, "assembly", f"the assembler says: {complaint}", help_text)
    reporter.raise_if_any()


def _complaint(checked: CheckedProgram, function: Function) -> str | None:
    """What the assembler says to this function's template alone; None if it takes it."""
    lowering = ModuleLowering(checked.root.source, checked.typed, host=False)
    if function.asm is None:
        text = lowering.lower([], [function]).text
    else:
        text = _calling(lowering, function)
    with tempfile.TemporaryDirectory() as folder:
        try:
            assemble(optimise(text), Path(folder) / "alone.o")
        except ToolError as error:
            found = re.search(r"error: (.*)\n\s*(.*)", str(error))
            return f"{found.group(1)}, in `{found.group(2).strip()}`" if found else str(error)
    return None


def _calling(lowering: ModuleLowering, function: Function) -> str:
    """A module with one function that executes the template once."""
    body = FunctionLowering(lowering, function)
    body.at(function.line, 1)
    kinds = [value_type(parameter.type) for parameter in function.parameters]
    call_assembly(body, function, [Value(kind, f"%p{number}") for number, kind in enumerate(kinds)])
    body.builder.terminate("ret void")
    parameters = ", ".join(f"{kind} %p{number}" for number, kind in enumerate(kinds))
    lines = [f'define void @"alone"({parameters}) !dbg {body.scope} {{', *body.builder.text(), "}"]
    return "\n".join([*lines, *lowering.debug.module_flags(), *lowering.metadata.lines(), ""])
