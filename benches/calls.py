"""System calls that are in no row of the kernel's operations, counted: builds the system in systems/calls and runs it.

Each call is counted once, in its plain case: what it names is there, it works, and nobody else becomes ready. So every
call of the manual has a measured cost, but for those in UNMEASURED. Prints nothing and judges nothing.
"""

from __future__ import annotations

from pathlib import Path

from benches.counting import BUILD_FOLDER, CountingError
from benches.machine import run_counted
from benches.primitives import CORES, LIMIT_S
from keelback.abi import syscalls
from keelback.sdk import Device, Pool, ProtectionDomain, System

CLERK = Path(__file__).parent / "systems" / "calls" / "clerk.py"
ROUNDS = 32
SPARE_SLOTS = 17

CASES: dict[str, str] = {
    "RECEIVE": "a signal is there",
    "WAIT": "a signal is there",
    "POLL": "nothing is there",
    "WAIT_UNTIL": "a signal is there",
    "RECEIVE_UNTIL": "a signal is there",
    "YIELD": "no equal is ready",
    "ACCEPT": "",
    "REPLY_SAVE": "",
    "REPLY": "to a client of a lower priority",
    "REPLY_PASS": "to a client of a lower priority, which accepts nothing",
    "OBJECT_GIVE": "",
    "OBJECT_TAKE": "",
    "OBJECT_REVOKE": "",
    "DELEGATE": "",
    "CAPABILITY_CLEAR": "16 empty slots",
    "LINK": "",
    "UNLINK_ENTRY": "from a space in use",
    "UNLINK": "from a space in use",
    "FRAME_CLEAR": "4 KiB",
    "FRAME_INFO": "",
    "THREAD_CONFIGURE": "",
    "THREAD_SCHEDULE": "",
    "THREAD_BIND": "",
    "TIME_CONFIGURE": "",
    "THREAD_GIVE_TIME": "",
    "ENDPOINT_BIND": "",
    "INTERRUPT_BIND": "",
    "THREAD_WRITE": "",
    "THREAD_READ": "",
    "THREAD_START": "of a lower priority",
    "THREAD_STOP": "it was ready",
    "THREAD_RESUME": "of a lower priority",
    "VCPU_CONFIGURE": "",
    "VCPU_READ": "not loaded",
    "VCPU_WRITE": "not loaded",
    "VCPU_INJECT": "not loaded",
    "VCPU_RESET": "not loaded",
    "TRACE_CONTROL": "",
    "TRACE_READ": "",
}
"""The calls, and the case if there are others."""
UNMEASURED = ("ENDPOINT_CANCEL", "SYSTEM_OFF")
"""One needs a caller in a queue; one does not return."""


def calls_system() -> System:
    """The clerk and its caller, on the first of several cores."""
    system = System(board="qemu-virt-aarch64", name="calls", cores=CORES)
    pool = Pool(
        pools=1,
        threads=1,
        tables=(1, 17),
        spaces=2,
        page_tables=2,
        endpoints=1,
        notifications=1,
        replies=1,
        grants=1,
        times=1,
        vcpus=1,
        frames=1,
        devices=[Device("line", 0x0903_0000, 0x1000, interrupt=39)],
    )
    told = {"rounds": ROUNDS, "is_caller": 0}
    clerk = ProtectionDomain(
        "clerk", source=CLERK, priority=100, pool=pool, power=True, trace=True, spare_slots=SPARE_SLOTS, parameters=told
    )
    caller = ProtectionDomain("caller", source=CLERK, priority=50, parameters={"rounds": 0, "is_caller": 1})
    system.add(clerk)
    system.add(caller)
    system.connect(caller, clerk, name="service")
    return system


def measure_calls(folder: Path = BUILD_FOLDER / "calls") -> dict[str, int]:
    """Instructions of each call in CASES. Raises CountingError when something else was entered."""
    report, _ = run_counted(calls_system(), folder, limit_s=LIMIT_S, by_proof=True)
    found: dict[str, int] = {}
    for call in CASES:
        sample = report.typical(getattr(syscalls, call))
        if sample.visits != 1:
            raise CountingError(f"{call} entered the kernel {sample.visits} times")
        found[call] = sample.kernel.instructions
    return found
