"""the claim leaves `door` open, which is no channel, signal or region of the system

it has bell
"""

from keelback.sdk import ProtectionDomain, System

system = System()
one = system.add(ProtectionDomain("one", source="component.py", priority=2))
two = system.add(ProtectionDomain("two", source="component.py", priority=2))
system.notify(one, two, name="bell")
assert system.isolates(one, two, through=["bell", "door"])  # refused
