"""the budget of `vault`, 20 ms, is longer than its period

choose at most 10 ms
"""

from keelback.sdk import ProtectionDomain, System

system = System()
system.add(ProtectionDomain("vault", source="component.py", priority=2, budget="20 ms", period="10 ms"))  # refused
