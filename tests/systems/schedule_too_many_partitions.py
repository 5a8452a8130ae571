"""the system has 256 partitions

255 are the most
"""

from keelback.sdk import System

system = System()
system.schedule(0, [(f"part{number}", "1 ms") for number in range(256)])  # refused
