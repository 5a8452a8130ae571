"""the schedule of core 0 has no windows

write for example [("control", "5 ms"), ("rest", "15 ms")]
"""

from keelback.sdk import System

system = System()
system.schedule(0, [])  # refused
