"""period: `0 ms` is not a positive time

write for example "2 ms" or "500 us"
"""

from keelback.sdk import ProtectionDomain, System

system = System()
system.add(ProtectionDomain("vault", source="component.py", priority=2, budget="2 ms", period="0 ms"))  # refused
