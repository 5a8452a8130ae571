"""The board's interrupt controller, GICv3 (GIC IHI 0069): one core, all interrupts in group 1.

EOImode is 1: reading drops nothing, `drop_priority` lets other interrupts in, `deactivate` lets this one fire again.
"""

from __future__ import annotations

from typing import Final

from keelback.abi.limits import LIST_REGISTER_COUNT
from keelback.kernel.arch.aarch64.registers import (
    ICC_BPR1_EL1,
    ICC_CTLR_EL1,
    ICC_DIR_EL1,
    ICC_EOIR1_EL1,
    ICC_IAR1_EL1,
    ICC_IGRPEN1_EL1,
    ICC_PMR_EL1,
    ICC_SRE_EL1,
    ICC_SRE_EL2,
    ICH_HCR_EL2,
    ICH_VTR_EL2,
)
from keelback.lang import (
    Device,
    ReadOnly,
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

MAINTENANCE_LINE: Final = 25
TICK_LINE: Final = 26
VIRTUAL_TIMER_LINE: Final = 27
"""Private peripheral interrupts of the virtual CPU interface, CNTHP and CNTV (Arm BSA)."""
PRIVATE_LINES: Final = 1 << MAINTENANCE_LINE | 1 << TICK_LINE | 1 << VIRTUAL_TIMER_LINE
PRIORITY: Final = 0xA0
WAIT_LIMIT: Final = 1_000_000


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


class Redistributor(Device):
    """GICR of one core: its control frame, and 64 KiB later its frame of private interrupts."""

    WAKER = ReadWrite(u32, 0x0014)
    IGROUPR0 = ReadWrite(u32, 0x1_0080)
    ISENABLER0 = ReadWrite(u32, 0x1_0100)
    ICENABLER0 = ReadWrite(u32, 0x1_0180)
    ICACTIVER0 = ReadWrite(u32, 0x1_0380)
    IPRIORITYR = ReadWriteArray(u8, 0x1_0400, count=32, stride=1)


gicd: Final = Distributor(GICD_BASE)
gicr: Final = Redistributor(GICR_BASE)

CTLR_ENABLE: Final = 0x12
"""ARE and EnableGrp1 (with one security state)."""
CTLR_PENDING_WRITE: Final = 31
WAKER_SLEEP: Final = 2
WAKER_ASLEEP: Final = 2


@asm("isb", clobbers=("memory",))
def synchronize() -> None:
    """Let writes of system registers take effect."""


def start() -> bool:
    """Bring up distributor, redistributor and CPU interfaces with every line off. False if the hardware does not
    answer, or has other list registers or priority bits than this kernel saves."""
    if not start_distributor() or not wake_redistributor():
        return False
    start_interfaces()
    return has_expected_interface()


def start_distributor() -> bool:
    """All shared lines off, in group 1, at one priority."""
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


def wake_redistributor() -> bool:
    """This core's private lines: only those that the kernel handles are on."""
    gicr.WAKER.write(gicr.WAKER.read() & ~(u32(1) << 1))
    is_awake = False
    for _ in upto(WAIT_LIMIT):
        if not gicr.WAKER.read().bit(WAKER_ASLEEP):
            is_awake = True
            break
    gicr.ICENABLER0.write(u32(u32.MAX))
    gicr.ICACTIVER0.write(u32(u32.MAX))
    gicr.IGROUPR0.write(u32(u32.MAX))
    for line in upto(32):
        gicr.IPRIORITYR.write(line, u8(PRIORITY))
    gicr.ISENABLER0.write(u32(PRIVATE_LINES))
    return is_awake


def start_interfaces() -> None:
    """The physical CPU interface; the virtual one stays off until a guest is loaded."""
    ICC_SRE_EL2.write(u64(0xF))
    synchronize()
    ICC_SRE_EL1.write(u64(7))
    ICC_PMR_EL1.write(u64(0xFF))
    ICC_BPR1_EL1.write(u64(0))
    ICC_CTLR_EL1.write(u64(2))
    ICC_IGRPEN1_EL1.write(u64(1))
    ICH_HCR_EL2.write(u64(0))
    synchronize()


def has_expected_interface() -> bool:
    """4 list registers, and at most 5 bits of preemption priority, so one active-priority register per group."""
    features = ICH_VTR_EL2.read()
    return features & 31 == LIST_REGISTER_COUNT - 1 and (features >> 26) & 7 <= 4


def enable_interrupt(line: u64, is_edge: bool) -> None:
    """Let a shared line (32..1019) fire, on this core."""
    gicd.IPRIORITYR.write(line, u8(PRIORITY))
    shift = u32(line % 16) * 2 + 1
    mode = gicd.ICFGR.read(line // 16) & ~(u32(1) << shift)
    gicd.ICFGR.write(line // 16, mode | (u32(is_edge) << shift))
    gicd.IROUTER.write(line, u64(0))
    gicd.ISENABLER.write(line // 32, u32(1) << u32(line % 32))


def acknowledge() -> u64:
    """Take the most urgent interrupt: its line, or a number from 1020 on when there is none."""
    return ICC_IAR1_EL1.read() & 0xFF_FFFF


def drop_priority(line: u64) -> None:
    """Let other interrupts in."""
    ICC_EOIR1_EL1.write(line)


def deactivate(line: u64) -> None:
    """Let a line fire again."""
    ICC_DIR_EL1.write(line)
