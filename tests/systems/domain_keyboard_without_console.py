"""`vault` wants the keyboard, but the system has no console

system.add_console()
"""

from keelback.sdk import ProtectionDomain, System

system = System()
system.add(ProtectionDomain("vault", source="component.py", priority=2, keyboard=True))  # refused
