"""Every line marked `# refused` must be refused by both checkers, and no other line."""

from __future__ import annotations

from keelback.lang import GuestPhysAddr, PhysAddr, i64, u8, u32, u64


def takes(value: u64) -> None: ...


def mixing(wide: u64, narrow: u32, address: PhysAddr, signed: i64, text: str) -> None:
    _ = wide + narrow  # refused
    _ = narrow * wide  # refused
    _ = wide - address  # refused
    _ = wide & signed  # refused
    _ = wide << narrow  # refused
    _ = wide < narrow  # refused
    _ = wide == narrow  # refused
    _ = address != wide  # refused
    _ = wide + 1.0  # refused
    _ = wide + text  # refused
    _ = wide / 2  # refused
    _ = wide**2  # refused
    _ = signed // 2  # refused
    _ = signed % signed  # refused
    _ = wide.wrapping_add(narrow)  # refused
    _ = wide.rotate_left(narrow)  # refused
    _ = wide.bit(narrow)  # refused
    _ = signed.leading_zeros()  # refused
    _ = -wide  # refused


def bare_literal() -> u64:
    return 0  # refused


def wrong_width(value: u32) -> u64:
    return value  # refused


def wrong_address(value: PhysAddr) -> GuestPhysAddr:
    return value  # refused


def assignments(value: u64, narrow: u8) -> None:
    value = 3  # refused
    value = narrow  # refused
    value += narrow  # refused
    takes(3)  # refused
    takes(narrow)  # refused
    takes(PhysAddr(3))  # refused
    takes(True)  # refused


def conversions(text: str, bits: u32, value: i64) -> None:
    _ = u64(text)  # refused
    _ = u64(1.5)  # refused
    _ = i64.from_bits(bits)  # refused
    _ = bits.to_bits()  # refused
    takes(value.to_bits() + bits)  # refused


def truth(value: u64) -> u64:
    if value:  # refused
        value += 1
    value += u64(1 if value else 2)  # refused
    assert value  # refused
    return value


def truth_of_words(value: u64, flag: bool) -> bool:
    return flag and value  # refused
