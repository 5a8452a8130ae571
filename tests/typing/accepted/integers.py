"""Integers: literals adapt, conversions are explicit."""

from __future__ import annotations

from typing import Final

from keelback.lang import GuestPhysAddr, PhysAddr, i64, u8, u16, u32, u64

LIMIT: Final = 64
MASK: Final = u64(0xFFF)


def literals_adapt(value: u64) -> u64:
    value += 1
    value = 2 * value - 1
    value |= LIMIT
    return (value & ~MASK) >> 12


def shifts(value: u32, amount: u32) -> u32:
    return (value << amount) | (value >> 3) | (1 << amount)


def comparisons(left: u64, right: u64) -> bool:
    return left < right or left == 0 or 0 < right <= LIMIT or left != right


def conversions(narrow: u8, wide: u64, address: PhysAddr, flag: bool) -> u32:
    total = u32(narrow) + u32.truncate(wide) + u32(flag)
    return total + u32(u64(address) % 16) + u32(u16(3))


def methods(value: u32) -> bool:
    mixed = value.rotate_right(7) ^ value.wrapping_add(1).wrapping_mul(value).wrapping_sub(3)
    count = mixed.leading_zeros() + mixed.trailing_zeros() + mixed.count_ones() + mixed.swap_bytes()
    return count.bit(3) and value.rotate_left(count).bit(value)


def signed(value: i64) -> u64:
    return (-value - 1).to_bits() | i64.from_bits(u64(u64.MAX)).to_bits()


def extremes(left: u8, right: u8) -> u8:
    return min(left, max(right, u8(3)))


def widths() -> int:
    return u32.WIDTH + u8.MAX


def guest(address: GuestPhysAddr, offset: u64) -> GuestPhysAddr:
    return address + GuestPhysAddr(offset)
