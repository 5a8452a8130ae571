"""The `svc` instructions of the calls on objects: pools, threads, memory, time.

As in `gates`, where the models are explained.

All have one shape: a slot and four arguments in, the status and x0 to x3 out.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import syscalls as numbers
from keelback.lang import asm, u64
from keelback.user.runtime.gates import FROM_X4, answered, enter_with_message

FOUR: Final = {"slot": "x8", "first": "x0", "second": "x1", "third": "x2", "fourth": "x3"}
ANSWER: Final = ("x8", "x0", "x1", "x2", "x3")


def enter_object_call(
    number: u64, slot: u64, first: u64, second: u64, third: u64, fourth: u64
) -> tuple[u64, u64, u64, u64, u64]:
    """Model of all calls of this shape."""
    status = enter_with_message(number, slot, first, second, third, fourth, u64(0), u64(0), u64(0), u64(0))
    return status, answered(u64(0)), answered(u64(1)), answered(u64(2)), answered(u64(3))


@asm(f"svc #{numbers.CAPABILITY_COPY}", registers=FOUR, results=ANSWER, clobbers=FROM_X4)
def capability_copy(slot: u64, first: u64, second: u64, third: u64, fourth: u64) -> tuple[u64, u64, u64, u64, u64]:
    """(status, x0 to x3)."""
    return enter_object_call(u64(numbers.CAPABILITY_COPY), slot, first, second, third, fourth)


@asm(f"svc #{numbers.CAPABILITY_MINT}", registers=FOUR, results=ANSWER, clobbers=FROM_X4)
def capability_mint(slot: u64, first: u64, second: u64, third: u64, fourth: u64) -> tuple[u64, u64, u64, u64, u64]:
    """(status, x0 to x3)."""
    return enter_object_call(u64(numbers.CAPABILITY_MINT), slot, first, second, third, fourth)


@asm(f"svc #{numbers.CAPABILITY_DELETE}", registers=FOUR, results=ANSWER, clobbers=FROM_X4)
def capability_delete(slot: u64, first: u64, second: u64, third: u64, fourth: u64) -> tuple[u64, u64, u64, u64, u64]:
    """(status, x0 to x3)."""
    return enter_object_call(u64(numbers.CAPABILITY_DELETE), slot, first, second, third, fourth)


@asm(f"svc #{numbers.CAPABILITY_MOVE}", registers=FOUR, results=ANSWER, clobbers=FROM_X4)
def capability_move(slot: u64, first: u64, second: u64, third: u64, fourth: u64) -> tuple[u64, u64, u64, u64, u64]:
    """(status, x0 to x3)."""
    return enter_object_call(u64(numbers.CAPABILITY_MOVE), slot, first, second, third, fourth)


@asm(f"svc #{numbers.CAPABILITY_CLEAR}", registers=FOUR, results=ANSWER, clobbers=FROM_X4)
def capability_clear(slot: u64, first: u64, second: u64, third: u64, fourth: u64) -> tuple[u64, u64, u64, u64, u64]:
    """(status, x0 to x3)."""
    return enter_object_call(u64(numbers.CAPABILITY_CLEAR), slot, first, second, third, fourth)


@asm(f"svc #{numbers.DELEGATE}", registers=FOUR, results=ANSWER, clobbers=FROM_X4)
def delegate(slot: u64, first: u64, second: u64, third: u64, fourth: u64) -> tuple[u64, u64, u64, u64, u64]:
    """(status, x0 to x3)."""
    return enter_object_call(u64(numbers.DELEGATE), slot, first, second, third, fourth)


@asm(f"svc #{numbers.REPLY_SAVE}", registers=FOUR, results=ANSWER, clobbers=FROM_X4)
def reply_save(slot: u64, first: u64, second: u64, third: u64, fourth: u64) -> tuple[u64, u64, u64, u64, u64]:
    """(status, x0 to x3)."""
    return enter_object_call(u64(numbers.REPLY_SAVE), slot, first, second, third, fourth)


@asm(f"svc #{numbers.ACCEPT}", registers=FOUR, results=ANSWER, clobbers=FROM_X4)
def accept(slot: u64, first: u64, second: u64, third: u64, fourth: u64) -> tuple[u64, u64, u64, u64, u64]:
    """(status, x0 to x3)."""
    return enter_object_call(u64(numbers.ACCEPT), slot, first, second, third, fourth)


@asm(f"svc #{numbers.YIELD}", registers=FOUR, results=ANSWER, clobbers=FROM_X4)
def yield_(slot: u64, first: u64, second: u64, third: u64, fourth: u64) -> tuple[u64, u64, u64, u64, u64]:
    """(status, x0 to x3)."""
    return enter_object_call(u64(numbers.YIELD), slot, first, second, third, fourth)


@asm(f"svc #{numbers.OBJECT_CREATE}", registers=FOUR, results=ANSWER, clobbers=FROM_X4)
def object_create(slot: u64, first: u64, second: u64, third: u64, fourth: u64) -> tuple[u64, u64, u64, u64, u64]:
    """(status, x0 to x3)."""
    return enter_object_call(u64(numbers.OBJECT_CREATE), slot, first, second, third, fourth)


@asm(f"svc #{numbers.OBJECT_DESTROY}", registers=FOUR, results=ANSWER, clobbers=FROM_X4)
def object_destroy(slot: u64, first: u64, second: u64, third: u64, fourth: u64) -> tuple[u64, u64, u64, u64, u64]:
    """(status, x0 to x3)."""
    return enter_object_call(u64(numbers.OBJECT_DESTROY), slot, first, second, third, fourth)


@asm(f"svc #{numbers.OBJECT_GIVE}", registers=FOUR, results=ANSWER, clobbers=FROM_X4)
def object_give(slot: u64, first: u64, second: u64, third: u64, fourth: u64) -> tuple[u64, u64, u64, u64, u64]:
    """(status, x0 to x3)."""
    return enter_object_call(u64(numbers.OBJECT_GIVE), slot, first, second, third, fourth)


@asm(f"svc #{numbers.OBJECT_TAKE}", registers=FOUR, results=ANSWER, clobbers=FROM_X4)
def object_take(slot: u64, first: u64, second: u64, third: u64, fourth: u64) -> tuple[u64, u64, u64, u64, u64]:
    """(status, x0 to x3)."""
    return enter_object_call(u64(numbers.OBJECT_TAKE), slot, first, second, third, fourth)


@asm(f"svc #{numbers.OBJECT_CLAIM}", registers=FOUR, results=ANSWER, clobbers=FROM_X4)
def object_claim(slot: u64, first: u64, second: u64, third: u64, fourth: u64) -> tuple[u64, u64, u64, u64, u64]:
    """(status, x0 to x3)."""
    return enter_object_call(u64(numbers.OBJECT_CLAIM), slot, first, second, third, fourth)


@asm(f"svc #{numbers.OBJECT_REVOKE}", registers=FOUR, results=ANSWER, clobbers=FROM_X4)
def object_revoke(slot: u64, first: u64, second: u64, third: u64, fourth: u64) -> tuple[u64, u64, u64, u64, u64]:
    """(status, x0 to x3)."""
    return enter_object_call(u64(numbers.OBJECT_REVOKE), slot, first, second, third, fourth)


@asm(f"svc #{numbers.THREAD_CONFIGURE}", registers=FOUR, results=ANSWER, clobbers=FROM_X4)
def thread_configure(slot: u64, first: u64, second: u64, third: u64, fourth: u64) -> tuple[u64, u64, u64, u64, u64]:
    """(status, x0 to x3)."""
    return enter_object_call(u64(numbers.THREAD_CONFIGURE), slot, first, second, third, fourth)


@asm(f"svc #{numbers.THREAD_SCHEDULE}", registers=FOUR, results=ANSWER, clobbers=FROM_X4)
def thread_schedule(slot: u64, first: u64, second: u64, third: u64, fourth: u64) -> tuple[u64, u64, u64, u64, u64]:
    """(status, x0 to x3)."""
    return enter_object_call(u64(numbers.THREAD_SCHEDULE), slot, first, second, third, fourth)


@asm(f"svc #{numbers.THREAD_BIND}", registers=FOUR, results=ANSWER, clobbers=FROM_X4)
def thread_bind(slot: u64, first: u64, second: u64, third: u64, fourth: u64) -> tuple[u64, u64, u64, u64, u64]:
    """(status, x0 to x3)."""
    return enter_object_call(u64(numbers.THREAD_BIND), slot, first, second, third, fourth)


@asm(f"svc #{numbers.THREAD_GIVE_TIME}", registers=FOUR, results=ANSWER, clobbers=FROM_X4)
def thread_give_time(slot: u64, first: u64, second: u64, third: u64, fourth: u64) -> tuple[u64, u64, u64, u64, u64]:
    """(status, x0 to x3)."""
    return enter_object_call(u64(numbers.THREAD_GIVE_TIME), slot, first, second, third, fourth)


@asm(f"svc #{numbers.TIME_CONFIGURE}", registers=FOUR, results=ANSWER, clobbers=FROM_X4)
def time_configure(slot: u64, first: u64, second: u64, third: u64, fourth: u64) -> tuple[u64, u64, u64, u64, u64]:
    """(status, x0 to x3)."""
    return enter_object_call(u64(numbers.TIME_CONFIGURE), slot, first, second, third, fourth)


@asm(f"svc #{numbers.ENDPOINT_BIND}", registers=FOUR, results=ANSWER, clobbers=FROM_X4)
def endpoint_bind(slot: u64, first: u64, second: u64, third: u64, fourth: u64) -> tuple[u64, u64, u64, u64, u64]:
    """(status, x0 to x3)."""
    return enter_object_call(u64(numbers.ENDPOINT_BIND), slot, first, second, third, fourth)


@asm(f"svc #{numbers.ENDPOINT_CANCEL}", registers=FOUR, results=ANSWER, clobbers=FROM_X4)
def endpoint_cancel(slot: u64, first: u64, second: u64, third: u64, fourth: u64) -> tuple[u64, u64, u64, u64, u64]:
    """(status, x0 to x3)."""
    return enter_object_call(u64(numbers.ENDPOINT_CANCEL), slot, first, second, third, fourth)


@asm(f"svc #{numbers.INTERRUPT_BIND}", registers=FOUR, results=ANSWER, clobbers=FROM_X4)
def interrupt_bind(slot: u64, first: u64, second: u64, third: u64, fourth: u64) -> tuple[u64, u64, u64, u64, u64]:
    """(status, x0 to x3)."""
    return enter_object_call(u64(numbers.INTERRUPT_BIND), slot, first, second, third, fourth)


@asm(f"svc #{numbers.VCPU_CONFIGURE}", registers=FOUR, results=ANSWER, clobbers=FROM_X4)
def vcpu_configure(slot: u64, first: u64, second: u64, third: u64, fourth: u64) -> tuple[u64, u64, u64, u64, u64]:
    """(status, x0 to x3)."""
    return enter_object_call(u64(numbers.VCPU_CONFIGURE), slot, first, second, third, fourth)


@asm(f"svc #{numbers.FRAME_CLEAR}", registers=FOUR, results=ANSWER, clobbers=FROM_X4)
def frame_clear(slot: u64, first: u64, second: u64, third: u64, fourth: u64) -> tuple[u64, u64, u64, u64, u64]:
    """(status, x0 to x3)."""
    return enter_object_call(u64(numbers.FRAME_CLEAR), slot, first, second, third, fourth)


@asm(f"svc #{numbers.FRAME_INFO}", registers=FOUR, results=ANSWER, clobbers=FROM_X4)
def frame_info(slot: u64, first: u64, second: u64, third: u64, fourth: u64) -> tuple[u64, u64, u64, u64, u64]:
    """(status, x0 to x3)."""
    return enter_object_call(u64(numbers.FRAME_INFO), slot, first, second, third, fourth)


@asm(f"svc #{numbers.MAP}", registers=FOUR, results=ANSWER, clobbers=FROM_X4)
def map(slot: u64, first: u64, second: u64, third: u64, fourth: u64) -> tuple[u64, u64, u64, u64, u64]:
    """(status, x0 to x3)."""
    return enter_object_call(u64(numbers.MAP), slot, first, second, third, fourth)


@asm(f"svc #{numbers.UNMAP}", registers=FOUR, results=ANSWER, clobbers=FROM_X4)
def unmap(slot: u64, first: u64, second: u64, third: u64, fourth: u64) -> tuple[u64, u64, u64, u64, u64]:
    """(status, x0 to x3)."""
    return enter_object_call(u64(numbers.UNMAP), slot, first, second, third, fourth)


@asm(f"svc #{numbers.LINK}", registers=FOUR, results=ANSWER, clobbers=FROM_X4)
def link(slot: u64, first: u64, second: u64, third: u64, fourth: u64) -> tuple[u64, u64, u64, u64, u64]:
    """(status, x0 to x3)."""
    return enter_object_call(u64(numbers.LINK), slot, first, second, third, fourth)


@asm(f"svc #{numbers.UNLINK}", registers=FOUR, results=ANSWER, clobbers=FROM_X4)
def unlink(slot: u64, first: u64, second: u64, third: u64, fourth: u64) -> tuple[u64, u64, u64, u64, u64]:
    """(status, x0 to x3)."""
    return enter_object_call(u64(numbers.UNLINK), slot, first, second, third, fourth)


@asm(f"svc #{numbers.UNLINK_ENTRY}", registers=FOUR, results=ANSWER, clobbers=FROM_X4)
def unlink_entry(slot: u64, first: u64, second: u64, third: u64, fourth: u64) -> tuple[u64, u64, u64, u64, u64]:
    """(status, x0 to x3)."""
    return enter_object_call(u64(numbers.UNLINK_ENTRY), slot, first, second, third, fourth)
