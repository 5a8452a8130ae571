"""a description makes one System, this one makes 2

write `system = System(board=...)` once, at module level
"""

from keelback.sdk import System

first = System()
second = System()
