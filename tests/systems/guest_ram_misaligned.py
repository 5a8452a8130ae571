"""63 MiB of RAM for `linux` is not a multiple of 2 MiB

guest RAM is made of 2 MiB frames
"""

from keelback.sdk import System, VirtualMachine

system = System()
system.add(VirtualMachine("linux", kernel="files/image", ram="63 MiB", priority=1))  # refused
