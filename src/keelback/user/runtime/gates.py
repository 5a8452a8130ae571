"""The `svc` instructions: registers in, registers out, one function for each system call.

Registers and meanings are those of keelback.abi.syscalls; every register that a call may change and that carries no
result is listed as clobbered. Components use keelback.user.runtime.syscalls, which gives these numbers names and
messages.

On the host there is no kernel under a component: the models of the gates use a device instead, `KernelPort`, behind
which a test puts one.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import syscalls as numbers
from keelback.lang import Device, ReadWriteArray, WriteOnly, asm, u64

KERNEL_PORT: Final = 0x7FFF_F000  # an address that no component is given; used on the host only


class KernelPort(Device):
    """The registers around a system call, x0 to x10; writing the call's number makes it."""

    REGISTER = ReadWriteArray(u64, 0x00, count=11, stride=8)
    NUMBER = WriteOnly(u64, 0x58)


kernel_port: Final = KernelPort(KERNEL_PORT)


def enter(number: u64, slot: u64, first: u64, second: u64, third: u64) -> u64:
    """Model of a system call with up to three arguments; returns the status."""
    return enter_with_message(number, slot, first, second, third, u64(0), u64(0), u64(0), u64(0), u64(0))


def enter_with_message(
    number: u64, slot: u64, m0: u64, m1: u64, m2: u64, m3: u64, m4: u64, m5: u64, m6: u64, m7: u64
) -> u64:
    """Model of a system call with x0 to x7; returns the status."""
    kernel_port.REGISTER.write(0, m0)
    kernel_port.REGISTER.write(1, m1)
    kernel_port.REGISTER.write(2, m2)
    kernel_port.REGISTER.write(3, m3)
    kernel_port.REGISTER.write(4, m4)
    kernel_port.REGISTER.write(5, m5)
    kernel_port.REGISTER.write(6, m6)
    kernel_port.REGISTER.write(7, m7)
    kernel_port.REGISTER.write(8, slot)
    kernel_port.NUMBER.write(number)
    return kernel_port.REGISTER.read(8)


def answered(register: u64) -> u64:
    """Model of a result: the register after the call."""
    return kernel_port.REGISTER.read(register)


def whole_answer(status: u64) -> tuple[u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64]:
    """Model of the results of a call that brings a message: status, x9, x10, x0 to x7."""
    return (
        status,
        answered(u64(9)),
        answered(u64(10)),
        answered(u64(0)),
        answered(u64(1)),
        answered(u64(2)),
        answered(u64(3)),
        answered(u64(4)),
        answered(u64(5)),
        answered(u64(6)),
        answered(u64(7)),
    )


UPPER: Final = ("x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "memory", "cc")
FROM_X9: Final = ("x9", "x10", *UPPER)
FROM_X7: Final = ("x7", *FROM_X9)
FROM_X5: Final = ("x5", "x6", *FROM_X7)
FROM_X4: Final = ("x4", *FROM_X5)
FROM_X3: Final = ("x3", *FROM_X4)
FROM_X2: Final = ("x2", *FROM_X3)
FROM_X0: Final = ("x0", "x1", *FROM_X2)

BITS_CLOBBERS: Final = tuple(name for name in FROM_X0 if name != "x9")

SLOT: Final = {"slot": "x8"}
TWO: Final = {"slot": "x8", "first": "x0", "second": "x1"}
THREE: Final = {"slot": "x8", "first": "x0", "second": "x1", "third": "x2"}
WORDS: Final = {"m0": "x0", "m1": "x1", "m2": "x2", "m3": "x3", "m4": "x4", "m5": "x5", "m6": "x6", "m7": "x7"}
MESSAGE: Final = {**SLOT, **WORDS}
EVENT: Final = ("x8", "x9", "x10", "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7")


@asm(f"svc #{numbers.CALL}", registers=MESSAGE, results=EVENT, clobbers=UPPER)
def call(
    slot: u64, m0: u64, m1: u64, m2: u64, m3: u64, m4: u64, m5: u64, m6: u64, m7: u64
) -> tuple[u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64]:
    """(status, x9, x10, x0 to x7)."""
    status = enter_with_message(u64(numbers.CALL), slot, m0, m1, m2, m3, m4, m5, m6, m7)
    return whole_answer(status)


@asm(f"svc #{numbers.RECEIVE}", results=EVENT, clobbers=UPPER)
def receive() -> tuple[u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64]:
    """(status, badge or bits, event kind, x0 to x7)."""
    status = enter(u64(numbers.RECEIVE), u64(0), u64(0), u64(0), u64(0))
    return whole_answer(status)


@asm(f"svc #{numbers.REPLY_RECEIVE}", registers=WORDS, results=EVENT, clobbers=UPPER)
def reply_receive(
    m0: u64, m1: u64, m2: u64, m3: u64, m4: u64, m5: u64, m6: u64, m7: u64
) -> tuple[u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64]:
    """(status, badge or bits, event kind, x0 to x7)."""
    status = enter_with_message(u64(numbers.REPLY_RECEIVE), u64(0), m0, m1, m2, m3, m4, m5, m6, m7)
    return whole_answer(status)


@asm(f"svc #{numbers.SIGNAL}", registers=SLOT, results=("x8",), clobbers=FROM_X0)
def signal(slot: u64) -> u64:
    """status."""
    return enter(u64(numbers.SIGNAL), slot, u64(0), u64(0), u64(0))


@asm(f"svc #{numbers.WAIT}", registers=SLOT, results=("x8", "x9"), clobbers=BITS_CLOBBERS)
def wait(slot: u64) -> tuple[u64, u64]:
    """(status, bits)."""
    status = enter(u64(numbers.WAIT), slot, u64(0), u64(0), u64(0))
    return status, answered(u64(9))


@asm(f"svc #{numbers.POLL}", registers=SLOT, results=("x8", "x9"), clobbers=BITS_CLOBBERS)
def poll(slot: u64) -> tuple[u64, u64]:
    """(status, bits)."""
    status = enter(u64(numbers.POLL), slot, u64(0), u64(0), u64(0))
    return status, answered(u64(9))


@asm(f"svc #{numbers.INTERRUPT_ACKNOWLEDGE}", registers=SLOT, results=("x8",), clobbers=FROM_X0)
def interrupt_acknowledge(slot: u64) -> u64:
    """status."""
    return enter(u64(numbers.INTERRUPT_ACKNOWLEDGE), slot, u64(0), u64(0), u64(0))


@asm(
    f"svc #{numbers.VCPU_RUN}",
    registers=TWO,
    results=("x8", "x0", "x1", "x2", "x3", "x4", "x5", "x6"),
    clobbers=FROM_X7,
)
def vcpu_run(slot: u64, first: u64, second: u64) -> tuple[u64, u64, u64, u64, u64, u64, u64, u64]:
    """(status, exit reason, x1 to x6)."""
    status = enter(u64(numbers.VCPU_RUN), slot, first, second, u64(0))
    return (
        status,
        answered(u64(0)),
        answered(u64(1)),
        answered(u64(2)),
        answered(u64(3)),
        answered(u64(4)),
        answered(u64(5)),
        answered(u64(6)),
    )


@asm(f"svc #{numbers.VCPU_READ}", registers=TWO, results=("x8", "x0", "x1"), clobbers=FROM_X2)
def vcpu_read(slot: u64, first: u64, second: u64) -> tuple[u64, u64, u64]:
    """(status, x0, x1)."""
    status = enter(u64(numbers.VCPU_READ), slot, first, second, u64(0))
    return status, answered(u64(0)), answered(u64(1))


@asm(f"svc #{numbers.VCPU_WRITE}", registers=TWO, results=("x8", "x0", "x1"), clobbers=FROM_X2)
def vcpu_write(slot: u64, first: u64, second: u64) -> tuple[u64, u64, u64]:
    """(status, x0, x1)."""
    status = enter(u64(numbers.VCPU_WRITE), slot, first, second, u64(0))
    return status, answered(u64(0)), answered(u64(1))


@asm(f"svc #{numbers.VCPU_INJECT}", registers=TWO, results=("x8", "x0", "x1"), clobbers=FROM_X2)
def vcpu_inject(slot: u64, first: u64, second: u64) -> tuple[u64, u64, u64]:
    """(status, x0, x1)."""
    status = enter(u64(numbers.VCPU_INJECT), slot, first, second, u64(0))
    return status, answered(u64(0)), answered(u64(1))


@asm(f"svc #{numbers.VCPU_RESET}", registers=SLOT, results=("x8",), clobbers=FROM_X0)
def vcpu_reset(slot: u64) -> u64:
    """status."""
    return enter(u64(numbers.VCPU_RESET), slot, u64(0), u64(0), u64(0))


@asm(f"svc #{numbers.THREAD_STOP}", registers=SLOT, results=("x8",), clobbers=FROM_X0)
def thread_stop(slot: u64) -> u64:
    """status."""
    return enter(u64(numbers.THREAD_STOP), slot, u64(0), u64(0), u64(0))


@asm(f"svc #{numbers.THREAD_START}", registers=THREE, results=("x8", "x0", "x1", "x2"), clobbers=FROM_X3)
def thread_start(slot: u64, first: u64, second: u64, third: u64) -> tuple[u64, u64, u64, u64]:
    """(status, x0, x1, x2)."""
    status = enter(u64(numbers.THREAD_START), slot, first, second, third)
    return status, answered(u64(0)), answered(u64(1)), answered(u64(2))


@asm(f"svc #{numbers.THREAD_READ}", registers=TWO, results=("x8", "x0", "x1"), clobbers=FROM_X2)
def thread_read(slot: u64, first: u64, second: u64) -> tuple[u64, u64, u64]:
    """(status, x0, x1)."""
    status = enter(u64(numbers.THREAD_READ), slot, first, second, u64(0))
    return status, answered(u64(0)), answered(u64(1))


@asm(f"svc #{numbers.THREAD_WRITE}", registers=TWO, results=("x8", "x0", "x1"), clobbers=FROM_X2)
def thread_write(slot: u64, first: u64, second: u64) -> tuple[u64, u64, u64]:
    """(status, x0, x1)."""
    status = enter(u64(numbers.THREAD_WRITE), slot, first, second, u64(0))
    return status, answered(u64(0)), answered(u64(1))


@asm(f"svc #{numbers.THREAD_RESUME}", registers=SLOT, results=("x8",), clobbers=FROM_X0)
def thread_resume(slot: u64) -> u64:
    """status."""
    return enter(u64(numbers.THREAD_RESUME), slot, u64(0), u64(0), u64(0))


@asm(f"svc #{numbers.REVOKE}", registers=SLOT, results=("x8",), clobbers=FROM_X0)
def revoke(slot: u64) -> u64:
    """status."""
    return enter(u64(numbers.REVOKE), slot, u64(0), u64(0), u64(0))


@asm(f"svc #{numbers.TRACE_READ}", registers=TWO, results=("x8", "x0", "x1", "x2", "x3", "x4"), clobbers=FROM_X5)
def trace_read(slot: u64, first: u64, second: u64) -> tuple[u64, u64, u64, u64, u64, u64]:
    """(status, x0 to x4)."""
    status = enter(u64(numbers.TRACE_READ), slot, first, second, u64(0))
    return status, answered(u64(0)), answered(u64(1)), answered(u64(2)), answered(u64(3)), answered(u64(4))


@asm(f"svc #{numbers.TRACE_CONTROL}", registers=TWO, results=("x8", "x0", "x1"), clobbers=FROM_X2)
def trace_control(slot: u64, first: u64, second: u64) -> tuple[u64, u64, u64]:
    """(status, x0, x1)."""
    status = enter(u64(numbers.TRACE_CONTROL), slot, first, second, u64(0))
    return status, answered(u64(0)), answered(u64(1))


@asm(f"svc #{numbers.SYSTEM_OFF}", registers=TWO, results=("x8", "x0", "x1"), clobbers=FROM_X2)
def system_off(slot: u64, first: u64, second: u64) -> tuple[u64, u64, u64]:
    """(status, x0, x1)."""
    status = enter(u64(numbers.SYSTEM_OFF), slot, first, second, u64(0))
    return status, answered(u64(0)), answered(u64(1))


@asm(f"svc #{numbers.REPLY}", registers=MESSAGE, results=EVENT, clobbers=UPPER)
def reply(
    slot: u64, m0: u64, m1: u64, m2: u64, m3: u64, m4: u64, m5: u64, m6: u64, m7: u64
) -> tuple[u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64]:
    """(status, x9, x10, x0 to x7)."""
    status = enter_with_message(u64(numbers.REPLY), slot, m0, m1, m2, m3, m4, m5, m6, m7)
    return whole_answer(status)


@asm(f"svc #{numbers.CALL_PASS}", registers=MESSAGE, results=EVENT, clobbers=UPPER)
def call_pass(
    slot: u64, m0: u64, m1: u64, m2: u64, m3: u64, m4: u64, m5: u64, m6: u64, m7: u64
) -> tuple[u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64]:
    """(status, x9, x10, x0 to x7)."""
    status = enter_with_message(u64(numbers.CALL_PASS), slot, m0, m1, m2, m3, m4, m5, m6, m7)
    return whole_answer(status)


@asm(f"svc #{numbers.REPLY_PASS}", registers=MESSAGE, results=EVENT, clobbers=UPPER)
def reply_pass(
    slot: u64, m0: u64, m1: u64, m2: u64, m3: u64, m4: u64, m5: u64, m6: u64, m7: u64
) -> tuple[u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64]:
    """(status, x9, x10, x0 to x7)."""
    status = enter_with_message(u64(numbers.REPLY_PASS), slot, m0, m1, m2, m3, m4, m5, m6, m7)
    return whole_answer(status)


@asm(f"svc #{numbers.RECEIVE_UNTIL}", registers={"deadline": "x0"}, results=EVENT, clobbers=UPPER)
def receive_until(deadline: u64) -> tuple[u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64]:
    """(status, badge or bits, event kind, x0 to x7)."""
    status = enter(u64(numbers.RECEIVE_UNTIL), u64(0), deadline, u64(0), u64(0))
    return whole_answer(status)


@asm(
    f"svc #{numbers.WAIT_UNTIL}",
    registers={"slot": "x8", "deadline": "x0"},
    results=("x8", "x9", "x0"),
    clobbers=("x1", *FROM_X2[: -len(FROM_X9)], "x10", *UPPER),
)
def wait_until(slot: u64, deadline: u64) -> tuple[u64, u64, u64]:
    """(status, bits, x0)."""
    status = enter(u64(numbers.WAIT_UNTIL), slot, deadline, u64(0), u64(0))
    return status, answered(u64(9)), answered(u64(0))
