"""unknown board `pdp-11`

known boards: qemu-virt-aarch64
"""

from keelback.sdk import System

system = System(board="pdp-11")  # refused
