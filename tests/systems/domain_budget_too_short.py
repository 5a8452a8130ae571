"""the budget of `vault`, 1 us, is too short

choose at least 16384 ns
"""

from keelback.sdk import ProtectionDomain, System

system = System()
system.add(ProtectionDomain("vault", source="component.py", priority=2, budget="1 us", period="10 ms"))  # refused
