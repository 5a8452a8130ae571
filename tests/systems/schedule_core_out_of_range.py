"""a schedule for core 1, and the system has 1

cores count from 0; System(cores=...) says how many
"""

from keelback.sdk import System

system = System()
system.schedule(1, [("control", "5 ms")])  # refused
