"""with `linux`, guests have 256 GiB of RAM

the board has at most 255 GiB
"""

from keelback.sdk import System, VirtualMachine

system = System()
system.add(VirtualMachine("linux", kernel="files/image", ram="256 GiB", priority=1))  # refused
