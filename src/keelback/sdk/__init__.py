"""The Keelback SDK: describe a system, check it, build its image, run it.

A description imports its words from here; tools import `build_system` and the runner.
"""

from keelback.sdk.boards import BOARDS, Board, Device
from keelback.sdk.isolation import check_system
from keelback.sdk.system.checks import InvalidSystem
from keelback.sdk.system.description import System, load_system
from keelback.sdk.system.errors import DescriptionError, Location
from keelback.sdk.system.model import Channel, MemoryRegion, ProtectionDomain, Schedule, Signal, VirtualMachine
from keelback.sdk.system.resources import ComponentImage, Pool

__all__ = [
    "BOARDS",
    "Board",
    "Channel",
    "ComponentImage",
    "DescriptionError",
    "Device",
    "InvalidSystem",
    "Location",
    "MemoryRegion",
    "Pool",
    "ProtectionDomain",
    "Schedule",
    "Signal",
    "System",
    "VirtualMachine",
    "check_system",
    "load_system",
]
