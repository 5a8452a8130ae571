"""One of many: answers whoever calls, and is called by nobody. Its size is that of the runtime."""

from keelback.lang import u64
from keelback.user.runtime import Message


def protected(badge: u64, message: Message) -> None:
    """A client called."""
    message.words[0] = badge
