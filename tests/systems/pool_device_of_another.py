"""device `pl031` has two owners, `vault` and `clerk`

it was given away at line 10; talk to its driver by a channel
"""

from keelback.sdk import Pool, ProtectionDomain, System

system = System()
vault = system.add(ProtectionDomain("vault", source="component.py", priority=2))
system.use("pl031", vault)
system.add(ProtectionDomain("clerk", source="component.py", priority=1, pool=Pool(devices=["pl031"])))  # refused
