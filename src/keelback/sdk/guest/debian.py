"""Debian's kernel and busybox for an arm64 guest: fetched once per release, unpacked, kept in the cache.

The files are exactly Debian's; only the container around them (package, compression) is taken off. To get newer
packages, delete the release's folder in the cache. Does not build the initial RAM disk (see `initrd`).
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from keelback.sdk.guest.apt import GuestFilesError, PrivateApt
from keelback.sdk.guest.cache import guest_cache, locked, write_whole
from keelback.sdk.guest.kernel_image import unpack_kernel

RELEASES = ("bookworm", "trixie")
KERNEL_PACKAGE = "linux-image-cloud-arm64"
BUSYBOX_PACKAGE = "busybox-static"


@dataclass(frozen=True)
class DebianFiles:
    """What a guest takes from one Debian release."""

    release: str
    kernel_version: str
    kernel: Path
    module_folder: Path
    busybox: Path


def debian_files(release: str = "bookworm") -> DebianFiles:
    """The guest files of a release, fetched if they are not in the cache. Raises GuestFilesError."""
    if release not in RELEASES:
        raise GuestFilesError(f"no Debian release {release!r} is known here; known: {', '.join(RELEASES)}")
    folder = guest_cache() / release
    with locked(folder):
        record = folder / "record.json"
        if not record.exists():
            write_whole(record, json.dumps(_fetch(folder, release), indent=2).encode())
        found = json.loads(record.read_text())
    return DebianFiles(
        release=release,
        kernel_version=found["kernel_version"],
        kernel=folder / found["kernel"],
        module_folder=folder / found["module_folder"],
        busybox=folder / found["busybox"],
    )


def debian_kernel(release: str = "bookworm") -> Path:
    """Debian's unmodified arm64 cloud kernel as a plain Image file. Raises GuestFilesError."""
    return debian_files(release).kernel


def _fetch(folder: Path, release: str) -> dict[str, str]:
    _report(f"fetching Debian {release}'s package lists for arm64")
    apt = PrivateApt(root=folder / "apt", release=release, architecture="arm64")
    apt.update()
    kernel_package = kernel_package_name(apt.fields(KERNEL_PACKAGE).get("Depends", ""))
    unpacked = folder / "unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)
    for package in (kernel_package, BUSYBOX_PACKAGE):
        _report(f"fetching {package} ({release}, arm64)")
        _unpack(apt.download(package, folder / "packages"), unpacked)
    version = kernel_package.removeprefix("linux-image-")
    kernel = folder / f"Image-{version}"
    write_whole(kernel, unpack_kernel((unpacked / "boot" / f"vmlinuz-{version}").read_bytes()))
    return {
        "kernel_version": version,
        "kernel": kernel.name,
        "module_folder": str(_only(unpacked, f"**/lib/modules/{version}").relative_to(folder)),
        "busybox": str(_only(unpacked, "**/bin/busybox").relative_to(folder)),
    }


def kernel_package_name(depends: str) -> str:
    """The versioned kernel package in the metapackage's Depends field. Raises GuestFilesError."""
    found = re.search(r"linux-image-[0-9]\S*", depends)
    if found is None:
        raise GuestFilesError(f"{KERNEL_PACKAGE} names no kernel package to depend on: {depends!r}")
    return found.group()


def _unpack(package: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["dpkg-deb", "-x", package, folder], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise GuestFilesError(f"cannot unpack {package}:\n{done.stderr.strip()}")


def _only(folder: Path, pattern: str) -> Path:
    matches = [path for path in folder.glob(pattern) if not path.is_symlink()]
    if len(matches) != 1:
        raise GuestFilesError(f"{len(matches)} files match {pattern} below {folder}, where one was expected")
    return matches[0]


def _report(text: str) -> None:
    print(f"keel: {text}", file=sys.stderr, flush=True)
