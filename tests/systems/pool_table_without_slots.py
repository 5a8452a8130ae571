"""the pool of `vault` has 4 capability tables with 1 slots each

write tables=(count, slots of each), from 2 slots on
"""

from keelback.sdk import Pool, ProtectionDomain, System

system = System()
system.add(ProtectionDomain("vault", source="component.py", priority=2, pool=Pool(tables=(4, 1))))  # refused
