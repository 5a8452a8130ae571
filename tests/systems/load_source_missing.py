"""the source of `worker`, which `vault` loads, is not there: worker.py

name a .py, .c, .zig file relative to the description
"""

from keelback.sdk import ProtectionDomain, System

system = System()
system.add(ProtectionDomain("vault", source="component.py", priority=2, loads={"worker": "worker.py"}))  # refused
