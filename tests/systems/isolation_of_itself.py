"""`one` is claimed to be isolated from itself

name two domains
"""

from keelback.sdk import ProtectionDomain, System

system = System()
one = system.add(ProtectionDomain("one", source="component.py", priority=2))
assert system.isolates(one, "one")  # refused
