"""The private world a program is executed in: module level runs here at build time, with the build's parameters.

Modules of the world never enter `sys.modules`, so one process can compile many programs with different parameters and
run the same modules in CPython beside them. Function bodies are not executed; they are taken from the syntax tree.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from keelback.compiler.frontend.modules import Module, type_checking_imports
from keelback.compiler.frontend.subset import check_subset, is_compiled_package
from keelback.compiler.source import Diagnostics, Reporter, Source, Span
from keelback.lang.parameters import active_parameters

PACKAGE_FOLDER = Path(__file__).resolve().parents[2]


class World:
    """Loads modules by name, each once. `folder` is where a component's siblings are found."""

    def __init__(
        self,
        parameters: Mapping[str, int | str],
        reporter: Reporter,
        folder: Path | None = None,
        replaced: Mapping[Path, str] | None = None,
    ) -> None:
        self.parameters = parameters
        self.replaced = replaced or {}
        self.reporter = reporter
        self.folder = folder
        self.modules: dict[str, Module] = {}
        self.parameters_asked: set[str] = set()
        self._packages: dict[str, ModuleType] = {"keelback": ModuleType("keelback")}
        self._builtins = dict(vars(builtins))
        self._builtins["__import__"] = self._import

    def load_root(self, root: str | Path) -> Module:
        """Load the module `root`: a dotted name of a compiled package, or the path of a component."""
        if isinstance(root, Path):
            self.folder = root.resolve().parent
            return self._load(root.stem, root)
        path = self.find_source(root)
        if path is None:
            raise FileNotFoundError(f"no compiled module is called {root!r}")
        return self._load(root, path)

    def complete(self) -> None:
        """Load what is imported for annotations only, and bind those names. Call once the roots are loaded."""
        pending = True
        while pending:
            pending = False
            for module in list(self.modules.values()):
                for name, (owner, attribute) in module.deferred.items():
                    if name not in module.namespace:
                        pending = True
                        module.namespace[name] = getattr(self._import(owner, fromlist=(attribute,)), attribute)

    def find_source(self, name: str) -> Path | None:
        """The file of the module `name`: in a compiled package of keelback, or next to the component."""
        if is_compiled_package(name):
            base = PACKAGE_FOLDER.joinpath(*name.split(".")[1:])
        elif self.folder is not None and "." not in name:
            base = self.folder / name
        else:
            return None
        for path in (base.with_name(base.name + ".py"), base / "__init__.py"):
            if path.is_file():
                return path
        return None

    def _load(self, name: str, path: Path) -> Module:
        if name in self.modules:
            return self.modules[name]
        source = Source.of_text(path, self.replaced[path]) if path in self.replaced else Source.read(path)
        tree = self._parse(source)
        check_subset(source, tree, self.reporter, lambda wanted: self.find_source(wanted) is not None)
        self.reporter.raise_if_any()
        python = ModuleType(name)
        python.__dict__.update(__builtins__=self._builtins, __file__=str(path))
        module = Module(name, source, tree, python, deferred=type_checking_imports(tree))
        self.modules[name] = module
        self._execute(module)
        return module

    def _parse(self, source: Source) -> ast.Module:
        try:
            return ast.parse(source.text, str(source.path))
        except SyntaxError as error:
            line, column = error.lineno or 1, error.offset or 1
            span = Span(source, line, column, line, max(column + 1, error.end_offset or 0))
            self.reporter.report("syntax", span, f"not Python: {error.msg}", "correct the syntax")
            self.reporter.raise_if_any()
            raise

    def _execute(self, module: Module) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # the passes that follow say it better
            code = compile(module.tree, str(module.source.path), "exec", dont_inherit=True)
        try:
            with active_parameters(self.parameters) as values:
                exec(code, module.namespace)
            self.parameters_asked.update(values.asked)
        except Diagnostics:
            raise
        except Exception as error:  # whatever module level raises is an error of the program: say where
            self._report_exception(module, error)
            self.reporter.raise_if_any()

    def _report_exception(self, module: Module, error: Exception) -> None:
        span = Span(module.source, 1, 1, 1, 1)
        sources = {str(known.source.path): known.source for known in self.modules.values()}
        trace = error.__traceback__
        while trace is not None:
            source = sources.get(trace.tb_frame.f_code.co_filename)
            if source is not None:
                span = _position(source, trace)
            trace = trace.tb_next
        message = f"module level failed: {type(error).__name__}: {error}"
        self.reporter.report("module-level", span, message, "module level runs at build time; correct what it computes")

    def _import(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: tuple[str, ...] | None = (),
        level: int = 0,
    ) -> Any:
        importer = self.modules.get(str((globals or {}).get("__name__", "")))
        if importer is not None:
            importer.imports.append(name)
        if name in ("__future__", "typing") or name == "keelback.lang" or name.startswith("keelback.lang."):
            real = importlib.import_module(name)
            if fromlist or "." not in name:
                return real
            self._bind("keelback.lang", real)
            return self._packages["keelback"]
        module = self._find_module(name)
        for wanted in fromlist or ():
            if not hasattr(module, wanted) and self.find_source(f"{name}.{wanted}") is not None:
                setattr(module, wanted, self._find_module(f"{name}.{wanted}"))
        return module if fromlist else self._top(name)

    def _find_module(self, name: str) -> ModuleType:
        path = self.find_source(name)
        if path is None:
            raise ImportError(f"no compiled module is called {name!r}")
        parent = name.rpartition(".")[0]
        if parent and parent != "keelback" and self.find_source(parent) is not None:
            self._find_module(parent)
        python = self._load(name, path).python
        self._bind(name, python)
        return python

    def _bind(self, name: str, python: ModuleType) -> None:
        parent, _, last = name.rpartition(".")
        if parent:
            setattr(self._package(parent), last, python)

    def _package(self, name: str) -> ModuleType:
        if name in self.modules:
            return self.modules[name].python
        if name not in self._packages:
            self._packages[name] = ModuleType(name)
            self._bind(name, self._packages[name])
        return self._packages[name]

    def _top(self, name: str) -> ModuleType:
        top = name.partition(".")[0]
        return self._packages[top] if top in self._packages else self.modules[top].python


def _position(source: Source, trace: TracebackType) -> Span:
    positions = list(trace.tb_frame.f_code.co_positions())[trace.tb_lasti // 2]
    line, end_line = positions[0] or trace.tb_lineno, positions[1] or trace.tb_lineno
    start, end = positions[2] or 0, positions[3] or 0
    text, last = source.line(line).encode(), source.line(end_line).encode()
    return Span(
        source,
        line,
        len(text[:start].decode(errors="replace")) + 1,
        end_line,
        len(last[:end].decode(errors="replace")) + 1,
    )
