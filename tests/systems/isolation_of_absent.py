"""the claim speaks of `linux`, which is not in the system

it has one, two
"""

from keelback.sdk import ProtectionDomain, System

system = System()
system.add(ProtectionDomain("one", source="component.py", priority=2))
system.add(ProtectionDomain("two", source="component.py", priority=2))
assert system.isolates("linux", "two")  # refused
