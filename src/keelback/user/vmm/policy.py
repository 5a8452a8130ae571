"""What happens when a guest ends: the second half of the report, and whether it starts again.

A guest that turned itself off stays off. One that reset itself starts again; one that crashed starts again if the
system description says so. Both at most `max_restarts` times in all, so a guest that dies at once does not do so for
ever.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import parameter, u64
from keelback.user.runtime.log import end_line, put_number, put_text
from keelback.user.vmm.guest import CRASHED, POWERED_OFF, RESET, guest

RESTARTS_CRASHED: Final = parameter("on_crash", 0) == 1
RESTART_LIMIT: Final = parameter("max_restarts", 3)


def settle_ending() -> bool:
    """Finish the line about the guest's end; True when it is to be started again."""
    if guest.ending == POWERED_OFF:
        put_text("guest powered off")
    elif guest.ending == RESET:
        put_text("guest asked for a reset")
    wanted = guest.ending == RESET or (guest.ending == CRASHED and RESTARTS_CRASHED)
    restarts = wanted and guest.restart_count < RESTART_LIMIT
    if restarts:
        guest.restart_count += 1
        put_text("; restarting it (")
        put_number(guest.restart_count)
        put_text(" of ")
        put_number(u64(RESTART_LIMIT))
        put_text(")")
    elif wanted:
        put_text("; stopped: it was restarted ")
        put_number(u64(RESTART_LIMIT))
        put_text(" times")
    elif guest.ending != POWERED_OFF:
        put_text("; stopped")
    end_line()
    return restarts
