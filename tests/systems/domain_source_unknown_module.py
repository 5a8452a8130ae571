"""`keelback.user.nothing` is no source for `vault`

name a .py, .c or .zig file, or a module such as keelback.user.vmm.main
"""

from keelback.sdk import ProtectionDomain, System

system = System()
system.add(ProtectionDomain("vault", source="keelback.user.nothing", priority=2))  # refused
