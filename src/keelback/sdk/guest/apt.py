"""Fetch Debian packages for another architecture and release through a private apt configuration.

The machine's own apt state is only read: its mirror and its proxy settings are used, its package lists are not touched
and nothing is installed. apt checks the signatures and hashes as it always does. Does not unpack (see `packages`).
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

DEFAULT_MIRROR = "http://deb.debian.org/debian"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

_CONFIGURATION = """\
// Hooks of the machine's own package manager have no business here.
#clear APT::Update;
#clear DPkg;
Dir::Etc::sourcelist "{root}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "{root}/state";
Dir::State::status "{root}/state/status";
Dir::Cache "{root}/cache";
// A list that cannot be fetched is an error here, not a warning.
APT::Update::Error-Mode "any";
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
{sandbox}
"""


class GuestFilesError(Exception):
    """Guest files cannot be had; the message says what was tried and what to do."""


@dataclass(frozen=True)
class PrivateApt:
    """An apt of our own under `root`, for one Debian release and architecture."""

    root: Path
    release: str
    architecture: str

    def update(self) -> None:
        """Write the configuration and fetch the package lists. Raises GuestFilesError."""
        for folder in ("state/lists/partial", "cache/archives/partial"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        (self.root / "state/status").touch()
        # Root would otherwise hand the download to the user _apt, who cannot write below root's home.
        sandbox = 'APT::Sandbox::User "root";' if os.geteuid() == 0 else ""
        text = _CONFIGURATION.format(root=self.root, architecture=self.architecture, sandbox=sandbox)
        self._configuration.write_text(text)
        signed_by = f" [signed-by={KEYRING}]" if KEYRING.exists() else ""
        (self.root / "sources.list").write_text(f"deb{signed_by} {find_mirror()} {self.release} main\n")
        self._run("apt-get", "update")

    def fields(self, package: str) -> dict[str, str]:
        """The control fields of the newest version of a package. Raises GuestFilesError when there is none."""
        shown = self._run("apt-cache", "show", "--no-all-versions", package)
        lines = [line for line in shown.splitlines() if re.match(r"\S+:", line)]
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}

    def download(self, package: str, folder: Path) -> Path:
        """Fetch the newest version of a package into `folder`; returns the .deb file."""
        folder.mkdir(parents=True, exist_ok=True)
        before = set(folder.glob("*.deb"))
        self._run("apt-get", "download", package, cwd=folder)
        found = set(folder.glob(f"{package}_*.deb"))
        newest = sorted(found - before) or sorted(found)
        if not newest:
            raise GuestFilesError(f"apt-get download {package} left no file in {folder}")
        return newest[-1]

    @property
    def _configuration(self) -> Path:
        return self.root / "apt.conf"

    def _run(self, program: str, *arguments: str, cwd: Path | None = None) -> str:
        command = [program, "-q", "-c", str(self._configuration), *arguments]
        return _run(command, f"Debian {self.release}", cwd)


def find_mirror() -> str:
    """The Debian mirror that this machine's apt is set up for, else the public one."""
    try:
        printed = _run(["apt-get", "update", "--print-uris"], "this machine's mirrors", None)
    except GuestFilesError:
        return DEFAULT_MIRROR
    return mirror_from_uris(printed) or DEFAULT_MIRROR


def mirror_from_uris(printed: str) -> str | None:
    """Pick the Debian archive out of what `apt-get update --print-uris` prints (`'URI' file size`)."""
    for uri in re.findall(r"^'([^']+)/dists/[a-z]+/InRelease'", printed, re.MULTILINE):
        if str(uri).rstrip("/").endswith("/debian"):
            return str(uri)
    return None


def _run(command: list[str], purpose: str, cwd: Path | None) -> str:
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    except FileNotFoundError as missing:
        raise GuestFilesError(
            f"{command[0]} is not installed: guest kernels come from Debian's packages, so {purpose} cannot be asked"
        ) from missing
    if done.returncode != 0:
        raise GuestFilesError(f"{' '.join(command)} failed for {purpose}:\n{(done.stderr or done.stdout).strip()}")
    return done.stdout
