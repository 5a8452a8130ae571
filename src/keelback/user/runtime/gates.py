"""The `svc` instructions: registers in, registers out, one function for each system call.

Registers and meanings are those of keelback.abi.syscalls; every register that a call may change and that carries no
result is listed as clobbered. Components use keelback.user.runtime.syscalls, which gives these numbers names and
messages.

On the host there is no kernel under a component: the model of every gate asks the last entry of `kernels`, which a
test puts there.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import syscalls as numbers
from keelback.lang import asm, u64, unreachable


class Kernel:
    """What stands in for the kernel on the host: a test brings one of its own."""

    def answer(
        self, number: int, slot: u64, words: tuple[u64, ...]
    ) -> tuple[u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64]:
        """(x8, x9, x10, x0, ..., x7) of system call `number` with x8 = `slot` and x0, x1, ... = `words`."""
        unreachable()


kernels: Final[list[Kernel]] = []

UPPER: Final = ("x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "memory")
FROM_X9: Final = ("x9", "x10", *UPPER)
FROM_X7: Final = ("x7", *FROM_X9)
FROM_X5: Final = ("x5", "x6", *FROM_X7)
FROM_X3: Final = ("x3", "x4", *FROM_X5)
FROM_X2: Final = ("x2", *FROM_X3)
FROM_X0: Final = ("x0", "x1", *FROM_X2)

BITS_CLOBBERS: Final = tuple(name for name in FROM_X0 if name != "x9")

SLOT: Final = {"slot": "x8"}
TWO: Final = {"slot": "x8", "first": "x0", "second": "x1"}
THREE: Final = {"slot": "x8", "first": "x0", "second": "x1", "third": "x2"}
MESSAGE: Final = {
    "slot": "x8",
    "m0": "x0",
    "m1": "x1",
    "m2": "x2",
    "m3": "x3",
    "m4": "x4",
    "m5": "x5",
    "m6": "x6",
    "m7": "x7",
}
EVENT: Final = ("x8", "x9", "x10", "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7")


@asm(f"svc #{numbers.CALL}", registers=MESSAGE, results=EVENT, clobbers=UPPER)
def call(
    slot: u64, m0: u64, m1: u64, m2: u64, m3: u64, m4: u64, m5: u64, m6: u64, m7: u64
) -> tuple[u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64]:
    """(status, x9, x10, x0 to x7)."""
    return kernels[-1].answer(numbers.CALL, slot, (m0, m1, m2, m3, m4, m5, m6, m7))


@asm(f"svc #{numbers.RECEIVE}", registers=SLOT, results=EVENT, clobbers=UPPER)
def receive(slot: u64) -> tuple[u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64]:
    """(status, badge or bits, event kind, x0 to x7)."""
    return kernels[-1].answer(numbers.RECEIVE, slot, ())


@asm(f"svc #{numbers.REPLY_RECEIVE}", registers=MESSAGE, results=EVENT, clobbers=UPPER)
def reply_receive(
    slot: u64, m0: u64, m1: u64, m2: u64, m3: u64, m4: u64, m5: u64, m6: u64, m7: u64
) -> tuple[u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64]:
    """(status, badge or bits, event kind, x0 to x7)."""
    return kernels[-1].answer(numbers.REPLY_RECEIVE, slot, (m0, m1, m2, m3, m4, m5, m6, m7))


@asm(f"svc #{numbers.SIGNAL}", registers=SLOT, results=("x8",), clobbers=FROM_X0)
def signal(slot: u64) -> u64:
    """status."""
    return kernels[-1].answer(numbers.SIGNAL, slot, ())[0]


@asm(f"svc #{numbers.WAIT}", registers=SLOT, results=("x8", "x9"), clobbers=BITS_CLOBBERS)
def wait(slot: u64) -> tuple[u64, u64]:
    """(status, bits)."""
    answer = kernels[-1].answer(numbers.WAIT, slot, ())
    return answer[0], answer[1]


@asm(f"svc #{numbers.POLL}", registers=SLOT, results=("x8", "x9"), clobbers=BITS_CLOBBERS)
def poll(slot: u64) -> tuple[u64, u64]:
    """(status, bits)."""
    answer = kernels[-1].answer(numbers.POLL, slot, ())
    return answer[0], answer[1]


@asm(f"svc #{numbers.INTERRUPT_ACKNOWLEDGE}", registers=SLOT, results=("x8",), clobbers=FROM_X0)
def interrupt_acknowledge(slot: u64) -> u64:
    """status."""
    return kernels[-1].answer(numbers.INTERRUPT_ACKNOWLEDGE, slot, ())[0]


@asm(
    f"svc #{numbers.VCPU_RUN}",
    registers=TWO,
    results=("x8", "x0", "x1", "x2", "x3", "x4", "x5", "x6"),
    clobbers=FROM_X7,
)
def vcpu_run(slot: u64, first: u64, second: u64) -> tuple[u64, u64, u64, u64, u64, u64, u64, u64]:
    """(status, exit reason, x1 to x6)."""
    answer = kernels[-1].answer(numbers.VCPU_RUN, slot, (first, second))
    return answer[0], answer[3], answer[4], answer[5], answer[6], answer[7], answer[8], answer[9]


@asm(f"svc #{numbers.VCPU_READ}", registers=TWO, results=("x8", "x0", "x1"), clobbers=FROM_X2)
def vcpu_read(slot: u64, first: u64, second: u64) -> tuple[u64, u64, u64]:
    """(status, x0, x1)."""
    answer = kernels[-1].answer(numbers.VCPU_READ, slot, (first, second))
    return answer[0], answer[3], answer[4]


@asm(f"svc #{numbers.VCPU_WRITE}", registers=TWO, results=("x8", "x0", "x1"), clobbers=FROM_X2)
def vcpu_write(slot: u64, first: u64, second: u64) -> tuple[u64, u64, u64]:
    """(status, x0, x1)."""
    answer = kernels[-1].answer(numbers.VCPU_WRITE, slot, (first, second))
    return answer[0], answer[3], answer[4]


@asm(f"svc #{numbers.VCPU_INJECT}", registers=TWO, results=("x8", "x0", "x1"), clobbers=FROM_X2)
def vcpu_inject(slot: u64, first: u64, second: u64) -> tuple[u64, u64, u64]:
    """(status, x0, x1)."""
    answer = kernels[-1].answer(numbers.VCPU_INJECT, slot, (first, second))
    return answer[0], answer[3], answer[4]


@asm(f"svc #{numbers.VCPU_RESET}", registers=SLOT, results=("x8",), clobbers=FROM_X0)
def vcpu_reset(slot: u64) -> u64:
    """status."""
    return kernels[-1].answer(numbers.VCPU_RESET, slot, ())[0]


@asm(f"svc #{numbers.THREAD_STOP}", registers=SLOT, results=("x8",), clobbers=FROM_X0)
def thread_stop(slot: u64) -> u64:
    """status."""
    return kernels[-1].answer(numbers.THREAD_STOP, slot, ())[0]


@asm(f"svc #{numbers.THREAD_START}", registers=THREE, results=("x8", "x0", "x1", "x2"), clobbers=FROM_X3)
def thread_start(slot: u64, first: u64, second: u64, third: u64) -> tuple[u64, u64, u64, u64]:
    """(status, x0, x1, x2)."""
    answer = kernels[-1].answer(numbers.THREAD_START, slot, (first, second, third))
    return answer[0], answer[3], answer[4], answer[5]


@asm(f"svc #{numbers.THREAD_READ}", registers=TWO, results=("x8", "x0", "x1"), clobbers=FROM_X2)
def thread_read(slot: u64, first: u64, second: u64) -> tuple[u64, u64, u64]:
    """(status, x0, x1)."""
    answer = kernels[-1].answer(numbers.THREAD_READ, slot, (first, second))
    return answer[0], answer[3], answer[4]


@asm(f"svc #{numbers.THREAD_WRITE}", registers=TWO, results=("x8", "x0", "x1"), clobbers=FROM_X2)
def thread_write(slot: u64, first: u64, second: u64) -> tuple[u64, u64, u64]:
    """(status, x0, x1)."""
    answer = kernels[-1].answer(numbers.THREAD_WRITE, slot, (first, second))
    return answer[0], answer[3], answer[4]


@asm(f"svc #{numbers.THREAD_RESUME}", registers=SLOT, results=("x8",), clobbers=FROM_X0)
def thread_resume(slot: u64) -> u64:
    """status."""
    return kernels[-1].answer(numbers.THREAD_RESUME, slot, ())[0]


@asm(f"svc #{numbers.CAPABILITY_COPY}", registers=TWO, results=("x8", "x0", "x1"), clobbers=FROM_X2)
def capability_copy(slot: u64, first: u64, second: u64) -> tuple[u64, u64, u64]:
    """(status, x0, x1)."""
    answer = kernels[-1].answer(numbers.CAPABILITY_COPY, slot, (first, second))
    return answer[0], answer[3], answer[4]


@asm(f"svc #{numbers.CAPABILITY_MINT}", registers=THREE, results=("x8", "x0", "x1", "x2"), clobbers=FROM_X3)
def capability_mint(slot: u64, first: u64, second: u64, third: u64) -> tuple[u64, u64, u64, u64]:
    """(status, x0, x1, x2)."""
    answer = kernels[-1].answer(numbers.CAPABILITY_MINT, slot, (first, second, third))
    return answer[0], answer[3], answer[4], answer[5]


@asm(f"svc #{numbers.CAPABILITY_DELETE}", registers=SLOT, results=("x8",), clobbers=FROM_X0)
def capability_delete(slot: u64) -> u64:
    """status."""
    return kernels[-1].answer(numbers.CAPABILITY_DELETE, slot, ())[0]


@asm(f"svc #{numbers.REVOKE}", registers=SLOT, results=("x8",), clobbers=FROM_X0)
def revoke(slot: u64) -> u64:
    """status."""
    return kernels[-1].answer(numbers.REVOKE, slot, ())[0]


@asm(f"svc #{numbers.TRACE_READ}", registers=TWO, results=("x8", "x0", "x1", "x2", "x3", "x4"), clobbers=FROM_X5)
def trace_read(slot: u64, first: u64, second: u64) -> tuple[u64, u64, u64, u64, u64, u64]:
    """(status, x0 to x4)."""
    answer = kernels[-1].answer(numbers.TRACE_READ, slot, (first, second))
    return answer[0], answer[3], answer[4], answer[5], answer[6], answer[7]


@asm(f"svc #{numbers.TRACE_CONTROL}", registers=TWO, results=("x8", "x0", "x1"), clobbers=FROM_X2)
def trace_control(slot: u64, first: u64, second: u64) -> tuple[u64, u64, u64]:
    """(status, x0, x1)."""
    answer = kernels[-1].answer(numbers.TRACE_CONTROL, slot, (first, second))
    return answer[0], answer[3], answer[4]


@asm(f"svc #{numbers.SYSTEM_OFF}", registers=TWO, results=("x8", "x0", "x1"), clobbers=FROM_X2)
def system_off(slot: u64, first: u64, second: u64) -> tuple[u64, u64, u64]:
    """(status, x0, x1)."""
    answer = kernels[-1].answer(numbers.SYSTEM_OFF, slot, (first, second))
    return answer[0], answer[3], answer[4]
