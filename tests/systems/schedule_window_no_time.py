"""window `control`: `5` is not a time

write for example "2 ms" or "500 us"
"""

from keelback.sdk import System

system = System()
system.schedule(0, [("control", "5")])  # refused
