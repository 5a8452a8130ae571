"""`vault` is passive, and nobody calls it

system.connect(client, server) lets a client call it
"""

from keelback.sdk import ProtectionDomain, System

system = System()
system.add(ProtectionDomain("vault", source="component.py", priority=2, passive=True))  # refused
