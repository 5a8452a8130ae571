"""The board's interrupt controller, GICv3 (GIC IHI 0069): one distributor, and for each core a redistributor and a CPU
interface. All interrupts are in group 1. Redistributors lie in the order of the cores, whose affinity is their number.

EOImode is 1: reading drops nothing, `drop_priority` lets other interrupts in, `deactivate` lets this one fire again.
"""

from __future__ import annotations

from typing import Final

from keelback.abi.limits import CORE_COUNT, LIST_REGISTER_COUNT
from keelback.kernel.arch.aarch64 import registers as system
from keelback.kernel.state import Core
from keelback.lang import (
    Device,
    ReadOnly,
    ReadOnlyArray,
    ReadWrite,
    ReadWriteArray,
    WriteOnlyArray,
    asm,
    parameter,
    u8,
    u32,
    u64,
    upto,
)

GICD_BASE: Final = parameter("gicd_base", 0x0800_0000)
GICR_BASE: Final = parameter("gicr_base", 0x080A_0000)

ASK_LINE: Final = 0
"""Software generated interrupt: another core wants something (Core.asked)."""
MAINTENANCE_LINE: Final = 25
TICK_LINE: Final = 26
VIRTUAL_TIMER_LINE: Final = 27
"""Private peripheral interrupts of the virtual CPU interface, CNTHP and CNTV (Arm BSA)."""
PRIVATE_LINES: Final = 1 << ASK_LINE | 1 << MAINTENANCE_LINE | 1 << TICK_LINE | 1 << VIRTUAL_TIMER_LINE
PRIORITY: Final = 0xA0
FOUR_PRIORITIES: Final = PRIORITY * 0x0101_0101
WAIT_LIMIT: Final = 1_000_000
REDISTRIBUTOR_BYTES: Final = 0x2_0000


class Distributor(Device):
    """GICD."""

    CTLR = ReadWrite(u32, 0x0000)
    TYPER = ReadOnly(u32, 0x0004)
    IGROUPR = ReadWriteArray(u32, 0x0080, count=32, stride=4)
    ISENABLER = ReadWriteArray(u32, 0x0100, count=32, stride=4)
    ICENABLER = ReadWriteArray(u32, 0x0180, count=32, stride=4)
    ICPENDR = ReadWriteArray(u32, 0x0280, count=32, stride=4)
    ICACTIVER = ReadWriteArray(u32, 0x0380, count=32, stride=4)
    IPRIORITYR = ReadWriteArray(u8, 0x0400, count=1020, stride=1)
    ICFGR = ReadWriteArray(u32, 0x0C00, count=64, stride=4)
    IROUTER = WriteOnlyArray(u64, 0x6000, count=1020, stride=8)


class Redistributors(Device):
    """GICR of each core: its control frame, and 64 KiB later its frame of private interrupts."""

    TYPER = ReadOnlyArray(u64, 0x0008, count=CORE_COUNT, stride=REDISTRIBUTOR_BYTES)
    WAKER = ReadWriteArray(u32, 0x0014, count=CORE_COUNT, stride=REDISTRIBUTOR_BYTES)
    IGROUPR0 = ReadWriteArray(u32, 0x1_0080, count=CORE_COUNT, stride=REDISTRIBUTOR_BYTES)
    ISENABLER0 = ReadWriteArray(u32, 0x1_0100, count=CORE_COUNT, stride=REDISTRIBUTOR_BYTES)
    ICENABLER0 = ReadWriteArray(u32, 0x1_0180, count=CORE_COUNT, stride=REDISTRIBUTOR_BYTES)
    ICACTIVER0 = ReadWriteArray(u32, 0x1_0380, count=CORE_COUNT, stride=REDISTRIBUTOR_BYTES)
    IPRIORITYR = ReadWriteArray(u32, 0x1_0400, count=CORE_COUNT * REDISTRIBUTOR_BYTES // 4, stride=4)


gicd: Final = Distributor(GICD_BASE)
gicr: Final = Redistributors(GICR_BASE)

CTLR_ENABLE: Final = 0x12
"""ARE and EnableGrp1 (with one security state)."""
CTLR_PENDING_WRITE: Final = 31
WAKER_SLEEP: Final = 1
WAKER_ASLEEP: Final = 2


@asm("isb", clobbers=("memory",))
def synchronize() -> None:
    """Let writes of system registers take effect."""


@asm("dsb ishst", clobbers=("memory",))
def complete_stores() -> None:
    """Let other cores see what was stored before."""


def start() -> bool:
    """Once: bring up the distributor with every line off, in group 1, at one priority. False if it does not answer."""
    gicd.CTLR.write(u32(0))
    lines = (gicd.TYPER.read() & 31) + 1
    for number in upto(lines):
        if number != 0:
            gicd.ICENABLER.write(number, u32(u32.MAX))
            gicd.ICPENDR.write(number, u32(u32.MAX))
            gicd.ICACTIVER.write(number, u32(u32.MAX))
            gicd.IGROUPR.write(number, u32(u32.MAX))
    gicd.CTLR.write(u32(CTLR_ENABLE))
    for _ in upto(WAIT_LIMIT):
        if not gicd.CTLR.read().bit(CTLR_PENDING_WRITE):
            return True
    return False


def start_core(number: u32) -> bool:
    """On each core: bring up its redistributor and its CPU interfaces; of its private lines only those that the kernel
    handles are on. False if the hardware does not answer, or is not as this kernel expects it."""
    if gicr.TYPER.read(number) >> 32 != u64(number) or not wake_redistributor(number):
        return False
    gicr.ICENABLER0.write(number, u32(u32.MAX))
    gicr.ICACTIVER0.write(number, u32(u32.MAX))
    gicr.IGROUPR0.write(number, u32(u32.MAX))
    for word in upto(u32(8)):
        gicr.IPRIORITYR.write(number * (REDISTRIBUTOR_BYTES // 4) + word, u32(FOUR_PRIORITIES))
    gicr.ISENABLER0.write(number, u32(PRIVATE_LINES))
    start_interfaces()
    return has_expected_interface()


def wake_redistributor(number: u32) -> bool:
    """Connect a core to the distributor. False if its redistributor does not answer."""
    gicr.WAKER.write(number, gicr.WAKER.read(number) & ~(u32(1) << WAKER_SLEEP))
    for _ in upto(WAIT_LIMIT):
        if not gicr.WAKER.read(number).bit(WAKER_ASLEEP):
            return True
    return False


def start_interfaces() -> None:
    """The physical CPU interface; the virtual one stays off until a guest is loaded."""
    system.ICC_SRE_EL2.write(u64(0xF))
    synchronize()
    system.ICC_SRE_EL1.write(u64(7))
    system.ICC_PMR_EL1.write(u64(0xFF))
    system.ICC_BPR1_EL1.write(u64(0))
    system.ICC_CTLR_EL1.write(u64(2))
    system.ICC_IGRPEN1_EL1.write(u64(1))
    system.ICH_HCR_EL2.write(u64(0))
    synchronize()


def has_expected_interface() -> bool:
    """4 list registers, and at most 5 bits of preemption priority, so one active-priority register per group."""
    features = system.ICH_VTR_EL2.read()
    return features & 31 == LIST_REGISTER_COUNT - 1 and (features >> 26) & 7 <= 4


def enable_interrupt(line: u64, is_edge: bool, core_number: u64) -> None:
    """Let a shared line (32..1019) fire, on one core."""
    gicd.IPRIORITYR.write(line, u8(PRIORITY))
    shift = u32(line % 16) * 2 + 1
    mode = gicd.ICFGR.read(line // 16) & ~(u32(1) << shift)
    gicd.ICFGR.write(line // 16, mode | (u32(is_edge) << shift))
    gicd.IROUTER.write(line, core_number)
    gicd.ISENABLER.write(line // 32, u32(1) << u32(line % 32))


def disable_interrupt(line: u64) -> None:
    """Keep a shared line (32..1019) from firing."""
    gicd.ICENABLER.write(line // 32, u32(1) << u32(line % 32))


def acknowledge() -> u64:
    """Take the most urgent interrupt: its line, or a number from 1020 on when there is none."""
    return system.ICC_IAR1_EL1.read() & 0xFF_FFFF


def drop_priority(line: u64) -> None:
    """Let other interrupts in."""
    system.ICC_EOIR1_EL1.write(line)


def deactivate(line: u64) -> None:
    """Let a line fire again."""
    system.ICC_DIR_EL1.write(line)


def ask(core: Core, what: u32) -> None:
    """Ask another core for something (ASKED_)."""
    core.asked = core.asked | what
    send_interrupt(core.number)


def send_interrupt(core_number: u32) -> None:
    """Interrupt another core with ASK_LINE (GIC IHI 0069, ICC_SGI1R_EL1: affinity level 0 as a mask)."""
    complete_stores()
    system.ICC_SGI1R_EL1.write(u64(1) << u64(core_number))
    synchronize()
