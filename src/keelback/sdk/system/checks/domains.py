"""Rules for protection domains, each taken alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from keelback.sdk.system.description import System
from keelback.sdk.system.errors import PACKAGE_FOLDER, DescriptionError
from keelback.sdk.system.model import ProtectionDomain, VirtualMachine
from keelback.sdk.system.resources import ComponentImage
from keelback.sdk.system.units import PAGE_BYTES

PRIORITY_MAX = 255
SOURCE_SUFFIXES = (".py", ".c", ".zig")
KERNEL_NAME = "kernel"
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")

Mistakes = Iterator[DescriptionError]


def check_names(system: System) -> Mistakes:
    """A name is a word, and names one domain only."""
    seen: dict[str, ProtectionDomain] = {}
    for domain in system.domains:
        if not NAME.fullmatch(domain.name):
            message = f"`{domain.name}` cannot name a domain"
            yield DescriptionError(domain.location, message, "use letters, digits, `-` and `_`, a letter first")
        if domain.name.lower() == KERNEL_NAME:
            message = f"`{domain.name}` is the kernel's name"
            yield DescriptionError(domain.location, message, "give the domain another name")
        other = seen.setdefault(domain.name.lower().replace("-", "_"), domain)
        if other is not domain:
            message = f"two domains are named `{domain.name}`; the other is at line {other.location.line}"
            yield DescriptionError(domain.location, message, "give one of them another name")


def check_added_once(system: System) -> Mistakes:
    """A domain is added once."""
    seen: set[int] = set()
    for domain in system.domains:
        if id(domain) in seen:
            message = f"`{domain.name}` is added to the system twice"
            yield DescriptionError(domain.location, message, "keep one of the two add() calls")
        seen.add(id(domain))


def check_priorities(system: System) -> Mistakes:
    """Priorities are 1 to 255."""
    for domain in system.domains:
        if not 1 <= domain.priority <= PRIORITY_MAX:
            message = f"priority {domain.priority} of `{domain.name}` is out of range"
            yield DescriptionError(domain.location, message, f"choose 1 (lowest) to {PRIORITY_MAX}")


def find_source(domain: ProtectionDomain | ComponentImage) -> Path | None:
    """The source file of a domain or a program: beside the description, or a module of the package."""
    if domain.source.endswith(SOURCE_SUFFIXES):
        path = domain.location.path.parent / domain.source
    elif domain.source.startswith("keelback."):
        relative = Path(*domain.source.split(".")[1:])
        path = PACKAGE_FOLDER / relative.with_suffix(".py")
    else:
        return None
    return path if path.is_file() else None


def check_sources(system: System) -> Mistakes:
    """A domain's source is there, and in a language that can be built."""
    for domain in system.domains:
        if find_source(domain) is not None:
            continue
        if domain.source.endswith(SOURCE_SUFFIXES):
            path = domain.location.path.parent / domain.source
            yield DescriptionError(
                domain.location,
                f"the source of `{domain.name}` is not there: {path}",
                "name a file relative to the description",
            )
        else:
            message = f"`{domain.source}` is no source for `{domain.name}`"
            help_text = "name a .py, .c or .zig file, or a module such as keelback.user.vmm.main"
            yield DescriptionError(domain.location, message, help_text)


def check_fault_handlers(system: System) -> Mistakes:
    """A fault handler is another domain of the system."""
    members = set(system.domains)
    for domain in system.domains:
        handler = domain.fault_handler
        if handler is domain:
            yield DescriptionError(domain.location, f"`{domain.name}` handles its own faults", "name another domain")
        elif handler is not None and handler not in members:
            message = f"the fault handler of `{domain.name}`, `{handler.name}`, is not in the system"
            yield DescriptionError(domain.location, message, f"system.add({handler.name})")


def check_stacks(system: System) -> Mistakes:
    """Stacks are whole pages."""
    for domain in system.domains:
        if domain.stack_bytes % PAGE_BYTES:
            message = f"a stack of {domain.stack_bytes} bytes is not a number of whole pages"
            yield DescriptionError(domain.location, message, "a page is 4 KiB")


def check_keyboards(system: System) -> Mistakes:
    """Who listens to the keyboard needs a console."""
    for domain in system.domains:
        if domain.keyboard and system.console is None and not isinstance(domain, VirtualMachine):
            message = f"`{domain.name}` wants the keyboard, but the system has no console"
            yield DescriptionError(domain.location, message, "system.add_console()")
