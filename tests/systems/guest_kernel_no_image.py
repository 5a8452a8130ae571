"""the kernel of `linux` is not an arm64 Image: {folder}/component.py

a compressed kernel must be unpacked first
"""

from keelback.sdk import System, VirtualMachine

system = System()
system.add(VirtualMachine("linux", kernel="component.py", ram="64 MiB", priority=1))  # refused
