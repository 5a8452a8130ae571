"""`one` is claimed to be isolated from `two`, but can affect it:
    one -> between: signals it (`bell -> between`)
    between -> two: calls it (`service -> two`)

take one of these away, or say that it is meant: through= a channel, signal or region, trusting= a component
"""

from keelback.sdk import ProtectionDomain, System

system = System()
one = system.add(ProtectionDomain("one", source="component.py", priority=2))
between = system.add(ProtectionDomain("between", source="component.py", priority=2))
two = system.add(ProtectionDomain("two", source="component.py", priority=3))
assert system.isolates(one, two)  # refused
system.notify(one, between, name="bell")
system.connect(between, two, name="service")
