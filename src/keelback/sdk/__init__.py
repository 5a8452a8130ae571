"""The Keelback SDK: describe a system, check it, build its image, run it.

A description imports its words from here; tools import `build_system` and the runner.
"""

from keelback.sdk.boards import BOARDS, Board, Device
from keelback.sdk.system.checks import InvalidSystem, check_system
from keelback.sdk.system.description import System, load_system
from keelback.sdk.system.errors import DescriptionError, Location
from keelback.sdk.system.model import Channel, MemoryRegion, ProtectionDomain, Signal, VirtualMachine

__all__ = [
    "BOARDS",
    "Board",
    "Channel",
    "DescriptionError",
    "Device",
    "InvalidSystem",
    "Location",
    "MemoryRegion",
    "ProtectionDomain",
    "Signal",
    "System",
    "VirtualMachine",
    "check_system",
    "load_system",
]
