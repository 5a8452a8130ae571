"""on_crash="pray" of `linux` is unknown

write "stop" or "restart"
"""

from keelback.sdk import System, VirtualMachine

system = System()
system.add(VirtualMachine("linux", kernel="files/image", ram="64 MiB", priority=1, on_crash="pray"))  # refused
