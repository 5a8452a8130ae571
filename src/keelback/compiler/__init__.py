"""The compiler: the typed subset of Python to AArch64 objects and to functions on the host. This is its public door."""

from keelback.compiler.backend.foreign import GUEST_TARGET, compile_foreign
from keelback.compiler.backend.host import EndlessError
from keelback.compiler.backend.lines import LineEntry, line_table
from keelback.compiler.backend.link import LinkedImage, Segment, link, read_image
from keelback.compiler.backend.toolchain import ToolError
from keelback.compiler.frontend.lowering.points import Point, PointKind
from keelback.compiler.hosted import HostProgram
from keelback.compiler.objects import CompiledObject, compile_object, keep_all
from keelback.compiler.program import CheckedProgram, IRModule, Program, check, compile_ir
from keelback.compiler.proofs import Site, find_record, keep_record, records_digest
from keelback.compiler.source import Diagnostic, Diagnostics

__all__ = [
    "GUEST_TARGET",
    "CheckedProgram",
    "CompiledObject",
    "Diagnostic",
    "Diagnostics",
    "EndlessError",
    "HostProgram",
    "IRModule",
    "LineEntry",
    "LinkedImage",
    "Point",
    "PointKind",
    "Program",
    "Segment",
    "Site",
    "ToolError",
    "check",
    "compile_foreign",
    "compile_ir",
    "compile_object",
    "find_record",
    "keep_all",
    "keep_record",
    "line_table",
    "link",
    "read_image",
    "records_digest",
]
