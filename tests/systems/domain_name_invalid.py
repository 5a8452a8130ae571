"""`key vault` cannot name a domain

use letters, digits, `-` and `_`, a letter first
"""

from keelback.sdk import ProtectionDomain, System

system = System()
system.add(ProtectionDomain("key vault", source="component.py", priority=2))  # refused
