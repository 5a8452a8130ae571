"""Frames: 4 KiB or 2 MiB of RAM, or 4 KiB of device registers, that can be mapped at run time.

A frame that was mapped writable is dirty, piece by piece of 4 KiB, until it is cleared; it cannot be given away before.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import errors, mappings, objects, rights
from keelback.kernel.arch import interface
from keelback.kernel.objects.capability import find_object
from keelback.kernel.state import FRAME_LARGE, Thread, frames
from keelback.lang import constants, u8, u32, u64

PIECES: Final = constants(u32, (1, mappings.LARGE_BYTES // mappings.SMALL_BYTES, 0))
"""What is to clear after somebody could write, by size of the frame: small, large, device, which cannot be cleared."""


def clear(thread: Thread) -> u64:
    """FRAME_CLEAR: x8 frame."""
    registers = thread.context.registers
    status, index = find_object(thread, registers[8], u8(objects.FRAME), u8(rights.WRITE))
    if status != errors.OK:
        return status
    frame = frames[index]
    if frame.mapped != 0:
        return u64(errors.BUSY)
    if frame.dirty != 0:
        frame.dirty = frame.dirty - 1
        interface.clear_page(u64(frame.address) + u64(frame.dirty) * mappings.SMALL_BYTES)
    registers[0] = u64(frame.dirty)
    return status


def info(thread: Thread) -> u64:
    """FRAME_INFO: x8 frame."""
    registers = thread.context.registers
    status, index = find_object(thread, registers[8], u8(objects.FRAME), u8(rights.READ))
    if status != errors.OK:
        return status
    frame = frames[index]
    registers[0] = u64(frame.address)
    registers[1] = u64(mappings.LARGE_BYTES) if frame.size == FRAME_LARGE else u64(mappings.SMALL_BYTES)
    registers[2] = u64(frame.mapped)
    registers[3] = u64(frame.dirty)
    return status
