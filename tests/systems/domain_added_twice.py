"""`vault` is added to the system twice

keep one of the two add() calls
"""

from keelback.sdk import ProtectionDomain, System

system = System()
vault = system.add(ProtectionDomain("vault", source="component.py", priority=2))  # refused
system.add(vault)
