"""max_restarts=-1 of `linux` is negative

0 means never
"""

from keelback.sdk import System, VirtualMachine

system = System()
system.add(VirtualMachine("linux", kernel="files/image", ram="64 MiB", priority=1, max_restarts=-1))  # refused
