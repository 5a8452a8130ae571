"""`one` and `two` hold the same pool

make a Pool(...) for each
"""

from keelback.sdk import Pool, ProtectionDomain, System

system = System()
pool = Pool(threads=1)  # refused
system.add(ProtectionDomain("one", source="component.py", priority=2, pool=pool))
system.add(ProtectionDomain("two", source="component.py", priority=2, pool=pool))
