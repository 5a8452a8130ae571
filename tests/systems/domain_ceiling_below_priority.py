"""ceiling 1 of `vault` is out of range

choose 2, its priority, to 255
"""

from keelback.sdk import ProtectionDomain, System

system = System()
system.add(ProtectionDomain("vault", source="component.py", priority=2, ceiling=1))  # refused
