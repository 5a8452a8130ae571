"""the period of `vault`, 1000 s, is too long

choose at most 274 s
"""

from keelback.sdk import ProtectionDomain, System

system = System()
system.add(ProtectionDomain("vault", source="component.py", priority=2, budget="1 s", period="1000 s"))  # refused
