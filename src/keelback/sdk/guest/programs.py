"""Build ordinary Linux programs for a guest: C, linked statically against musl, with the C compiler that PyPI supplies.

A program is built once per content of its sources and flags. Does not build components (the image builder does).
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path

from keelback.compiler import GUEST_TARGET, ToolError, compile_foreign
from keelback.sdk.guest.apt import GuestFilesError
from keelback.sdk.guest.cache import guest_cache, write_whole

WARNINGS = ("-Wall", "-Wextra", "-Werror")


def guest_program(*sources: str | Path, name: str | None = None, flags: Sequence[str] = ()) -> Path:
    """A static arm64 Linux executable made from C files, as a file in the cache called `name` (default: the first
    source's name without its suffix). Raises GuestFilesError with the compiler's messages."""
    files = [Path(source).resolve() for source in sources]
    missing = [str(file) for file in files if not file.is_file()]
    if not files or missing:
        raise GuestFilesError(f"no such source for a guest program: {', '.join(missing) or 'none was named'}")
    options = [*WARNINGS, *flags]
    digest = hashlib.sha256("\0".join(options).encode())
    for file in files:
        digest.update(file.read_bytes())
    path = guest_cache() / "programs" / digest.hexdigest()[:16] / (name or files[0].stem)
    if not path.exists():
        write_whole(path, _build(files, options))
        path.chmod(0o755)
    return path


def _build(files: list[Path], options: list[str]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        try:
            built = compile_foreign(files, Path(folder) / "program", target=GUEST_TARGET, flags=options)
        except ToolError as refused:
            raise GuestFilesError(str(refused)) from refused
        return built.read_bytes()
