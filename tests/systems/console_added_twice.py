"""the system already has a console

call add_console() once
"""

from keelback.sdk import System

system = System()
system.add_console()
system.add_console()  # refused
