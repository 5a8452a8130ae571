"""Who can affect whom in a system: direct effects from the capabilities and mappings of a manifest, and their closure.

This is its public door. It reads plain data and nothing else, so that the builder and the reports see the same.
"""

from keelback.authority.closure import Claim, find_path, find_reached, judge
from keelback.authority.effects import (
    AFFECTING,
    ANSWER,
    AUTHORITY,
    KINDS,
    POWER,
    SEES,
    Effect,
    find_effects,
    guest_name,
    subjects_of,
)

__all__ = [
    "AFFECTING",
    "ANSWER",
    "AUTHORITY",
    "KINDS",
    "POWER",
    "SEES",
    "Claim",
    "Effect",
    "find_effects",
    "find_path",
    "find_reached",
    "guest_name",
    "judge",
    "subjects_of",
]
