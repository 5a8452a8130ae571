"""`vault` hands out core 1, and the system has 1

cores count from 0; System(cores=...) says how many
"""

from keelback.sdk import Pool, ProtectionDomain, System

system = System()
system.add(ProtectionDomain("vault", source="component.py", priority=2, pool=Pool(cores=[0, 1])))  # refused
