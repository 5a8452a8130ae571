"""Interrupts: lines of the interrupt controller that signal notifications.

A delivered interrupt stays active in the controller, so it cannot fire again, until its driver acknowledges it.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import errors, limits, objects, rights
from keelback.kernel.arch import interface
from keelback.kernel.objects.capability import find_object_later, holds, slot_of
from keelback.kernel.objects.notification import commit_notify
from keelback.kernel.state import Interrupt, Thread, interrupts, notifications, threads
from keelback.lang import array, inline, noinline, u8, u16, u32, u64, upto

FIRST_LINE: Final = 32
LINE_COUNT: Final = 1020
"""Shared peripheral interrupts, those of devices, have the ids in between (GIC IHI 0069, 2.2.1)."""

line_owners: Final = array(u16, LINE_COUNT)
"""Index of the interrupt object of each line, 0 for none. Filled at boot."""


@noinline
def acknowledge(thread: Thread) -> u64:
    """INTERRUPT_ACKNOWLEDGE: x8 interrupt."""
    number = thread.context.registers[8]
    if holds(thread, number, u8(objects.INTERRUPT), u8(rights.CONTROL)):
        return acknowledge_one(interrupts[slot_of(thread, number).object])
    return acknowledge_later(thread, number)


@noinline
def acknowledge_later(thread: Thread, number: u64) -> u64:
    """INTERRUPT_ACKNOWLEDGE, for all that `holds` leaves open."""
    status, index = find_object_later(thread, number, u8(objects.INTERRUPT), u8(rights.CONTROL))
    return status if status != errors.OK else acknowledge_one(interrupts[index])


@inline
def acknowledge_one(interrupt: Interrupt) -> u64:
    """INTERRUPT_ACKNOWLEDGE, when the capability is as it should be."""
    if not interrupt.fired:
        return u64(errors.STATE)
    interrupt.fired = False
    interface.deactivate_interrupt(u64(interrupt.line))
    return u64(errors.OK)


def commit_fire(line: u64) -> bool:
    """Signal the owner of a line below LINE_COUNT. False if nobody owns it."""
    index = line_owners[line]
    if index == 0:
        return False
    interrupt = interrupts[index]
    interrupt.fired = True
    notification = notifications[interrupt.notification]
    if interrupt.notification != 0 and interrupt.notification_generation == notification.header.generation:
        commit_notify(interrupt.notification, interrupt.bits)
    return True


def commit_bind(index: u32, notification: u32, bits: u64, is_edge: bool) -> None:
    """Let an interrupt signal a notification from now on, or turn it off (0). If it fired, that is as acknowledged."""
    interrupt = interrupts[index]
    line = u64(interrupt.line)
    generation = notifications[notification].header.generation
    interface.disable_interrupt(line)
    if interrupt.fired:
        interface.deactivate_interrupt(line)
    interrupt.fired = False
    interrupt.notification = notification
    interrupt.notification_generation = generation
    interrupt.bits = bits
    interrupt.edge = is_edge
    if notification != 0:
        commit_enable(interrupt)


def commit_enable(interrupt: Interrupt) -> None:
    """Let an interrupt fire, on the core of the thread that it is for."""
    bound = threads[notifications[interrupt.notification].thread]
    interface.enable_interrupt(u64(interrupt.line), interrupt.edge, u64(bound.rank >> 8))


def commit_destroy(index: u32) -> None:
    """Turn it off."""
    commit_bind(index, u32(0), u64(0), False)


def commit_connect_all() -> None:
    """At boot: note who owns which line, and let the lines fire that signal somebody."""
    for index in upto(u16(limits.INTERRUPT_COUNT)):
        interrupt = interrupts[index]
        if FIRST_LINE <= interrupt.line < LINE_COUNT:
            line_owners[interrupt.line] = index
            if interrupt.notification != 0:
                commit_enable(interrupt)
