"""Who can affect whom in a system: direct effects from the capabilities and mappings of a manifest, and their closure.

This is its public door. It reads plain data and nothing else, so that the builder and the reports see the same.
"""

from keelback.authority.closure import Claim, find_path, find_reached, judge
from keelback.authority.effects import AFFECTING, AUTHORITY, KINDS, Effect, find_effects, subjects_of

__all__ = [
    "AFFECTING",
    "AUTHORITY",
    "KINDS",
    "Claim",
    "Effect",
    "find_effects",
    "find_path",
    "find_reached",
    "judge",
    "subjects_of",
]
