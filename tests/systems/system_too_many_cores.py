"""cores=9: Keelback runs on 1 to 8 cores of the board qemu-virt-aarch64

choose 1 to 8
"""

from keelback.sdk import System

system = System(cores=9)  # refused
