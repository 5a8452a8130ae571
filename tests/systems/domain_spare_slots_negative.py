"""spare_slots=-1 of `vault` is negative

choose 0 or more
"""

from keelback.sdk import ProtectionDomain, System

system = System()
system.add(ProtectionDomain("vault", source="component.py", priority=2, spare_slots=-1))  # refused
