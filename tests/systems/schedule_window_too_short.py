"""the window of `control`, 1 us, is too short

choose at least 100 us
"""

from keelback.sdk import System

system = System()
system.schedule(0, [("control", "1 us")])  # refused
