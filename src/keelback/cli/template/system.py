"""One component with a console: it greets, and answers what is typed to it."""

from keelback.sdk import ProtectionDomain, System

system = System(board="qemu-virt-aarch64")
system.add_console()
system.add(ProtectionDomain("greeter", source="greeter.py", priority=100, keyboard=True))
