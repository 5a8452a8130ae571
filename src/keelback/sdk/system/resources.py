"""What a domain can be given to build components of its own at run time: a pool of kernel objects, and programs.

Elements of a description, like those of `model`: they hold what was said, and judge nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from keelback.sdk.boards.board import Device
from keelback.sdk.system.errors import DescriptionError, Location, find_caller
from keelback.sdk.system.units import parse_duration, parse_size

DEFAULT_STACK = "32 KiB"


def read_size(text: str | int, what: str) -> int:
    """Bytes, or an error that points at the description."""
    try:
        return parse_size(text)
    except ValueError as error:
        raise DescriptionError(find_caller(), f"{what}: {error}", 'write for example "4 KiB" or "512 MiB"') from None


def read_duration(text: str, what: str) -> int:
    """Nanoseconds, or an error that points at the description."""
    try:
        return parse_duration(text)
    except ValueError as error:
        raise DescriptionError(find_caller(), f"{what}: {error}", 'write for example "2 ms" or "500 us"') from None


@dataclass(frozen=True, eq=False)
class Pool:
    """How many objects of each kind the pool owns. None of them lives yet, except frames, which always do.

    `devices` are the board's of these names, or described ones: the pool owns frames of their registers and their
    interrupts, so that the domain can run their drivers.

    `frames` are of 4 KiB, `large_frames` of 2 MiB. `tables` are capability tables: how many, with how many slots each.
    `pools` are for children. `cores` are those whose time the domain may hand out (default: its own core, if the pool
    has threads or times).
    """

    frames: int = 0
    large_frames: int = 0
    threads: int = 0
    tables: tuple[int, int] = (0, 0)
    spaces: int = 0
    page_tables: int = 0
    endpoints: int = 0
    notifications: int = 0
    replies: int = 0
    grants: int = 0
    pools: int = 0
    times: int = 0
    vcpus: int = 0
    cores: Sequence[int] | None = None
    devices: Sequence[str | Device] = ()
    location: Location = field(default_factory=find_caller)


class ComponentImage:
    """A program that a domain loads into components it makes: compiled with the system, started by the domain.

    `source` and `parameters` are as those of a ProtectionDomain, except that the description, not the builder, has to
    say which slots, bits and addresses the component will find.
    """

    def __init__(
        self,
        source: str | Path,
        *,
        stack: str | int = DEFAULT_STACK,
        parameters: Mapping[str, int | str] | None = None,
    ) -> None:
        self.location = find_caller()
        self.source = str(source)
        self.stack_bytes = read_size(stack, "stack")
        self.parameters: dict[str, int | str] = dict(parameters or {})
