"""Write an initial RAM disk: the "newc" cpio format that Linux unpacks (Documentation/driver-api/early-userspace).

Times and inode numbers are fixed, so the same contents always give the same bytes. Does not compress: under emulation
the guest's time to decompress costs more than the bytes.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass, field

_MAGIC = b"070701"
_TRAILER = "TRAILER!!!"
_ALIGNMENT_BYTES = 4
_BLOCK_BYTES = 512


@dataclass
class Archive:
    """The entries of one archive, in the order in which they are unpacked."""

    _chunks: list[bytes] = field(default_factory=list[bytes])
    _folders: set[str] = field(default_factory=set[str])
    _inode: int = 0

    def add_folder(self, path: str, mode: int = 0o755) -> None:
        """Add a folder and those above it; adding it twice is fine."""
        if path and path not in self._folders:
            self.add_folder(path.rpartition("/")[0])
            self._folders.add(path)
            self._add(path, stat.S_IFDIR | mode, b"")

    def add_file(self, path: str, data: bytes, mode: int = 0o644) -> None:
        """Add a file (path without a leading slash) and the folders above it."""
        self.add_folder(path.rpartition("/")[0])
        self._add(path, stat.S_IFREG | mode, data)

    def add_link(self, path: str, target: str) -> None:
        """Add a symbolic link."""
        self.add_folder(path.rpartition("/")[0])
        self._add(path, stat.S_IFLNK | 0o777, target.encode())

    def add_character_device(self, path: str, major: int, minor: int, mode: int = 0o600) -> None:
        """Add a device node; the kernel needs dev/console before anything is mounted."""
        self.add_folder(path.rpartition("/")[0])
        self._add(path, stat.S_IFCHR | mode, b"", device=(major, minor))

    def to_bytes(self) -> bytes:
        """The whole archive, closed by its trailer and filled up to a 512-byte block."""
        data = b"".join([*self._chunks, _entry(_TRAILER, 0, b"", 0, (0, 0))])
        return data + bytes(-len(data) % _BLOCK_BYTES)

    def _add(self, path: str, mode: int, data: bytes, device: tuple[int, int] = (0, 0)) -> None:
        if path.startswith("/"):
            raise ValueError(f"{path}: paths in an archive are relative to its root")
        self._inode += 1
        self._chunks.append(_entry(path, mode, data, self._inode, device))


def _entry(path: str, mode: int, data: bytes, inode: int, device: tuple[int, int]) -> bytes:
    name = path.encode() + b"\0"
    link_count = 2 if stat.S_ISDIR(mode) else 1
    fields = (inode, mode, 0, 0, link_count, 0, len(data), 0, 0, device[0], device[1], len(name), 0)
    header = _MAGIC + b"".join(b"%08X" % value for value in fields)
    return _padded(header + name) + _padded(data)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % _ALIGNMENT_BYTES)
