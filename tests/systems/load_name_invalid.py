"""`1st` cannot name a program that `vault` loads

use letters, digits, `-` and `_`, a letter first
"""

from keelback.sdk import ProtectionDomain, System

system = System()
system.add(ProtectionDomain("vault", source="component.py", priority=2, loads={"1st": "component.py"}))  # refused
