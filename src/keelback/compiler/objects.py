"""AArch64 objects of programs, kept by content: compiling again what did not change only reads hashes."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from keelback.compiler.assembling import report_refused_assembly
from keelback.compiler.backend.addresses import near_globals
from keelback.compiler.backend.cache import COMPILER_FOLDER, ContentCache, compiler_fingerprint, content_key
from keelback.compiler.backend.llvm import assemble, optimise
from keelback.compiler.backend.toolchain import ToolError
from keelback.compiler.frontend.lowering.module import STATE_PACKAGE, TRAP_SITES
from keelback.compiler.program import Program, compile_ir, lower_ir
from keelback.compiler.proofs import Site, program_digest
from keelback.lang import Layout

LAST_NEAR = f"{STATE_PACKAGE}.state.slots"
"""Tables behind this one count as far in every kernel, however small it is, so that costs do not depend on sizes."""


@dataclass(frozen=True)
class CompiledObject:
    """An ELF object, the optimised IR it was made from, and what both came from.

    `functions` are the symbols of the program's functions that are reachable; `layouts` are those of its globals;
    `parameters_asked` are the names of the parameters its modules read, given or not. `sites` are all checks that the
    front end knows, `left_out` the numbers of those that it did not emit; `digest` is of its IR with all of them.
    """

    path: Path
    ir: Path
    sources: tuple[Path, ...]
    functions: tuple[str, ...]
    layouts: dict[str, Layout]
    parameters_asked: tuple[str, ...]
    digest: str = ""
    sites: tuple[Site, ...] = ()
    left_out: frozenset[int] = frozenset()


def keep_all(_: str) -> frozenset[int]:
    """Leave no check out, whatever is proven."""
    return frozenset()


def compile_object(
    program: Program, out: Path, *, target: str = "aarch64", unreached: Callable[[str], frozenset[int]] = keep_all
) -> CompiledObject:
    """Compile `program` and write its ELF object to `out`. Raises Diagnostics. `unreached` gives the numbers of the
    checks to leave out, by the digest of the front end's IR with all checks (`proofs.find_record`)."""
    if target != "aarch64":
        raise ValueError(f"target {target!r}: objects are made for aarch64; HostProgram runs programs here")
    cache = ContentCache("objects")
    key = _program_key(program, "release" if unreached is not keep_all else "all checks")
    if not _is_current(cache, key, unreached):
        _compile(program, cache, key, unreached)
    record = json.loads((cache.path(key, ".json")).read_text())
    out.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(cache.path(key, ".o"), out)
    layouts = {name: Layout.from_json(data) for name, data in record["layouts"].items()}
    sources = tuple(Path(path) for path in record["sources"])
    functions, asked = tuple(record["functions"]), tuple(record["parameters"])
    sites, left_out = tuple(Site(**site) for site in record["sites"]), frozenset(record["left_out"])
    return CompiledObject(
        out, cache.path(key, ".ll"), sources, functions, layouts, asked, record["digest"], sites, left_out
    )


def _program_key(program: Program, purpose: str) -> str:
    """Names the program, the tree that its modules come from, and the texts that stand in for files; not what is in its
    sources: that is compared by `_is_current`."""
    root = str(program.root.resolve()) if isinstance(program.root, Path) else program.root
    parameters = [f"{name}={value!r}" for name, value in sorted(program.parameters.items())]
    replaced = [f"{path}={content_key([text])}" for path, text in sorted(program.replaced.items())]
    parts = [
        root,
        purpose,
        str(COMPILER_FOLDER),
        str(program.hooks_from_root),
        "extra",
        *program.extra,
        "parameters",
        *parameters,
        "replaced",
        *replaced,
    ]
    return content_key([*parts, compiler_fingerprint()])


def _is_current(cache: ContentCache, key: str, unreached: Callable[[str], frozenset[int]]) -> bool:
    """Whether all parts are kept and were made from sources, and proofs, equal to today's."""
    found = cache.find(key, ".json")
    if found is None or cache.find(key, ".o") is None or cache.find(key, ".ll") is None:
        return False
    record = json.loads(found.read_text())
    sources: dict[str, str] = record["sources"]
    if unreached(record["digest"]) != frozenset(record["left_out"]):
        return False
    return all(Path(path).is_file() and _digest(Path(path)) == digest for path, digest in sources.items())


def _digest(path: Path) -> str:
    return content_key([path.read_bytes()])


def _near(layouts: dict[str, Layout]) -> frozenset[str]:
    """The kernel's tables that are certain to lie near its code. They are in one section, in the order of `layouts`."""
    tables = [(name, layout.size) for name, layout in layouts.items() if name.startswith(f"{STATE_PACKAGE}.")]
    names = [name for name, _ in tables]
    return near_globals(tables[: names.index(LAST_NEAR) + 1] if LAST_NEAR in names else tables)


def _compile(program: Program, cache: ContentCache, key: str, unreached: Callable[[str], frozenset[int]]) -> None:
    module = compile_ir(program)
    digest = program_digest(module.text)
    left_out = unreached(digest) if len(module.sites) <= TRAP_SITES else frozenset[int]()
    if left_out:
        module = lower_ir(module.checked, left_out)
    sources = {str(path): _digest(path) for path in module.sources}
    text = optimise(module.text)
    cache.keep(key, ".ll", text.encode())
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "program.o"
        try:
            assemble(text, made, _near(module.layouts))
        except ToolError:
            report_refused_assembly(module.checked, module.kept)
            raise
        cache.keep(key, ".o", made.read_bytes())
    layouts = {name: layout.to_json() for name, layout in module.layouts.items()}
    asked = module.checked.parameters_asked
    record: dict[str, Any] = {
        "sources": sources,
        "functions": module.functions,
        "layouts": layouts,
        "parameters": asked,
    }
    record |= {"digest": digest, "left_out": sorted(left_out), "sites": [asdict(site) for site in module.sites]}
    cache.keep(key, ".json", json.dumps(record).encode())
