"""The guest's interrupts: which are enabled, which wait for a list register, and handing them to the kernel.

One processor, interrupt ids 0 to 63 (16 software-generated, 16 private, 32 shared), all of Group 1. An interrupt
becomes pending here by an event (a device has something new), is injected as soon as it is enabled and a list register
is free, and from then on is the hardware's. An injected interrupt cannot be taken back; drivers find an idle device
then, as they do with real level-triggered lines. The virtual timer (27) is injected by the kernel, which is told when
that is enabled.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import errors, vcpu
from keelback.lang import Array, Struct, array, struct, u8, u32, u64, upto
from keelback.user.runtime import syscalls
from keelback.user.vmm.guest import VCPU_SLOT

WORD_BITS: Final = 32
WORD_COUNT: Final = 2
INTERRUPT_COUNT: Final = WORD_COUNT * WORD_BITS
UART_INTERRUPT: Final = 33
LOWEST_PRIORITY: Final = 0xFF


@struct
class Interrupts(Struct):
    """Interrupt n is bit n % 32 of word n // 32."""

    forwarding: bool = False  # GICD_CTLR.EnableGrp1
    enabled: Array[u32] = array(u32, WORD_COUNT)
    pending: Array[u32] = array(u32, WORD_COUNT)  # raised, not injected yet
    priority: Array[u8] = array(u8, INTERRUPT_COUNT)
    full: bool = False  # no list register was free; a MAINTENANCE exit will say when one is


interrupts: Final = Interrupts()


def reset_interrupts() -> None:
    """Everything disabled, nothing pending."""
    interrupts.forwarding = False
    interrupts.full = False
    for word in upto(WORD_COUNT):
        interrupts.enabled[word] = u32(0)
        interrupts.pending[word] = u32(0)
    for number in upto(INTERRUPT_COUNT):
        interrupts.priority[number] = u8(0)


def raise_interrupt(number: u64) -> None:
    """Make an interrupt (below `INTERRUPT_COUNT`) pending."""
    set_pending(number >> 5, u32(1) << u32.truncate(number & 31))


def set_pending(word: u64, mask: u32) -> None:
    """Make the interrupts of a mask pending and inject what can be injected."""
    interrupts.pending[word] = interrupts.pending[word] | mask
    inject_pending()


def clear_pending(word: u64, mask: u32) -> None:
    """Forget interrupts that are not injected yet."""
    interrupts.pending[word] = interrupts.pending[word] & ~mask


def enable_interrupts(word: u64, mask: u32) -> None:
    """Let the interrupts of a mask through."""
    interrupts.enabled[word] = interrupts.enabled[word] | mask
    if word == 0:
        tell_timer()
    inject_pending()


def disable_interrupts(word: u64, mask: u32) -> None:
    """Hold the interrupts of a mask back, those injected already excepted."""
    interrupts.enabled[word] = interrupts.enabled[word] & ~mask
    if word == 0:
        tell_timer()


def set_priority(number: u64, priority: u8) -> None:
    """Set an interrupt's priority: the board's list registers keep 5 bits."""
    interrupts.priority[number] = priority & 0xF8
    if number == vcpu.TIMER_INTID:
        tell_timer()


def set_forwarding(forwarding: bool) -> None:
    """Turn the whole distributor on or off."""
    interrupts.forwarding = forwarding
    tell_timer()
    inject_pending()


def tell_timer() -> None:
    """Tell the kernel whether, and with which priority, it may inject the timer's interrupt."""
    setting = u64(interrupts.priority[vcpu.TIMER_INTID])
    if interrupts.forwarding and interrupts.enabled[0].bit(vcpu.TIMER_INTID):
        setting = setting | vcpu.TIMER_ENABLED
    syscalls.vcpu_write(u64(VCPU_SLOT), u64(vcpu.TIMER_INTERRUPT), setting)


def refill_list_registers() -> None:
    """A list register is free again."""
    interrupts.full = False
    inject_pending()


def inject_pending() -> None:
    """Inject the enabled pending interrupts, the most urgent first, until the list registers are full."""
    for _ in upto(INTERRUPT_COUNT):
        if interrupts.full or not interrupts.forwarding:
            return
        number = find_most_urgent()
        if number == INTERRUPT_COUNT:
            return
        inject(number)


def find_most_urgent() -> u64:
    """The enabled pending interrupt of the lowest priority value, then number; INTERRUPT_COUNT if there is none."""
    best = u64(INTERRUPT_COUNT)
    best_priority = u8(LOWEST_PRIORITY)
    for word in upto(WORD_COUNT):
        ready = interrupts.pending[word] & interrupts.enabled[word]
        while ready != 0:
            number = word * WORD_BITS + u64(ready.trailing_zeros())
            ready = ready & ready.wrapping_sub(1)
            if interrupts.priority[number] < best_priority:
                best = number
                best_priority = interrupts.priority[number]
    return best


def inject(number: u64) -> None:
    """Hand one interrupt to the kernel, or note that there is no room."""
    priority = u64(interrupts.priority[number])
    if syscalls.vcpu_inject(u64(VCPU_SLOT), number, priority) == errors.BUSY:
        interrupts.full = True
    else:
        clear_pending(number >> 5, u32(1) << u32.truncate(number & 31))
