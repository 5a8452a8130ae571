"""the claim trusts `two`, which it is about

trust domains that stand between the two
"""

from keelback.sdk import ProtectionDomain, System

system = System()
one = system.add(ProtectionDomain("one", source="component.py", priority=2))
two = system.add(ProtectionDomain("two", source="component.py", priority=2))
assert system.isolates(one, two, trusting=two)  # refused
