"""`vault` is placed on core 2, and the system has 2

cores count from 0; System(cores=...) says how many
"""

from keelback.sdk import ProtectionDomain, System

system = System(cores=2)
system.add(ProtectionDomain("vault", source="component.py", priority=2, core=2))  # refused
