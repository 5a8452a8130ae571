"""What a component receives: eight message words and the event they came with. Does not call the kernel."""

from __future__ import annotations

from keelback.abi.messages import WORD_COUNT
from keelback.lang import Array, Struct, array, embedded, struct, u64


@struct
class Message(Struct):
    """The eight words that travel in x0-x7, on the way in and, rewritten in place, on the way out."""

    words: Array[u64] = array(u64, WORD_COUNT)


@struct
class Event(Struct):
    """What ended a receive."""

    status: u64 = u64(0)  # keelback.abi.errors; the rest is valid only when it is OK
    kind: u64 = u64(0)  # keelback.abi.messages: MESSAGE, SIGNAL or FAULT
    badge: u64 = u64(0)  # of the caller's capability; pending bits for a signal
    message: Message = embedded(Message)
