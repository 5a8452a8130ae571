"""core 0 has two schedules

name all windows of a core in one call
"""

from keelback.sdk import System

system = System()
system.schedule(0, [("control", "5 ms")])
system.schedule(0, [("rest", "5 ms")])  # refused
