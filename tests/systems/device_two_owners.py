"""device `pl031` has two owners, `vault` and `clerk`

it was given away at line 11; talk to its driver by a channel
"""

from keelback.sdk import ProtectionDomain, System

system = System()
vault = system.add(ProtectionDomain("vault", source="component.py", priority=2))
clerk = system.add(ProtectionDomain("clerk", source="component.py", priority=1))
system.use("pl031", vault)
system.use("pl031", clerk)  # refused
