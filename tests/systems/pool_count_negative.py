"""the pool of `vault` has -1 page tables

choose 0 or more
"""

from keelback.sdk import Pool, ProtectionDomain, System

system = System()
system.add(ProtectionDomain("vault", source="component.py", priority=2, pool=Pool(page_tables=-1)))  # refused
