"""the source of `vault` is not there: {folder}/nothing.py

name a file relative to the description
"""

from keelback.sdk import ProtectionDomain, System

system = System()
system.add(ProtectionDomain("vault", source="nothing.py", priority=2))  # refused
