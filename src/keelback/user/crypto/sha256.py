"""SHA-256 (FIPS 180-4, 6.2) over bytes that arrive in pieces. Keeps no keys; `hmac` does.

Its time depends on the number of bytes only, not on their values.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import Array, Memory, Struct, array, between, constants, struct, u8, u32, u64, upto

BLOCK_BYTES: Final = 64
DIGEST_BYTES: Final = 32
ROUND_COUNT: Final = 64
LENGTH_PLACE: Final = 56  # the last eight bytes of the last block are the length in bits
PADDING_START: Final = 0x80

ROUND_CONSTANTS: Final = constants(
    u32,
    (  # first 32 bits of the fractional parts of the cube roots of the first 64 primes (4.2.2)
        0x428A2F98,
        0x71374491,
        0xB5C0FBCF,
        0xE9B5DBA5,
        0x3956C25B,
        0x59F111F1,
        0x923F82A4,
        0xAB1C5ED5,
        0xD807AA98,
        0x12835B01,
        0x243185BE,
        0x550C7DC3,
        0x72BE5D74,
        0x80DEB1FE,
        0x9BDC06A7,
        0xC19BF174,
        0xE49B69C1,
        0xEFBE4786,
        0x0FC19DC6,
        0x240CA1CC,
        0x2DE92C6F,
        0x4A7484AA,
        0x5CB0A9DC,
        0x76F988DA,
        0x983E5152,
        0xA831C66D,
        0xB00327C8,
        0xBF597FC7,
        0xC6E00BF3,
        0xD5A79147,
        0x06CA6351,
        0x14292967,
        0x27B70A85,
        0x2E1B2138,
        0x4D2C6DFC,
        0x53380D13,
        0x650A7354,
        0x766A0ABB,
        0x81C2C92E,
        0x92722C85,
        0xA2BFE8A1,
        0xA81A664B,
        0xC24B8B70,
        0xC76C51A3,
        0xD192E819,
        0xD6990624,
        0xF40E3585,
        0x106AA070,
        0x19A4C116,
        0x1E376C08,
        0x2748774C,
        0x34B0BCB5,
        0x391C0CB3,
        0x4ED8AA4A,
        0x5B9CCA4F,
        0x682E6FF3,
        0x748F82EE,
        0x78A5636F,
        0x84C87814,
        0x8CC70208,
        0x90BEFFFA,
        0xA4506CEB,
        0xBEF9A3F7,
        0xC67178F2,
    ),
)
START: Final = constants(
    u32,
    (  # and of the square roots of the first 8 (5.3.3)
        0x6A09E667,
        0xBB67AE85,
        0x3C6EF372,
        0xA54FF53A,
        0x510E527F,
        0x9B05688C,
        0x1F83D9AB,
        0x5BE0CD19,
    ),
)


@struct
class Sha256(Struct):
    """One hash being computed; after `finish` the digest."""

    state: Array[u32] = array(u32, 8)
    schedule: Array[u32] = array(u32, ROUND_COUNT)  # its first 16 words are the block being filled
    count: u64 = u64(0)  # bytes added so far


def start(hash: Sha256) -> None:
    """Begin a new hash, whatever was in there before."""
    for index in upto(8):
        hash.state[index] = START[index]
    hash.count = u64(0)


def add_byte(hash: Sha256, value: u8) -> None:
    """Add one byte."""
    word = hash.count % BLOCK_BYTES // 4
    hash.schedule[word] = (hash.schedule[word] << 8) | u32(value)
    hash.count += 1
    if hash.count % BLOCK_BYTES == 0:
        add_block(hash)


def add_memory(hash: Sha256, source: Memory, offset: u64, count: u64) -> None:
    """Add `count` bytes from `offset` of shared memory, each loaded exactly once."""
    for index in upto(count):
        add_byte(hash, source.load_u8(offset + index))


def finish(hash: Sha256) -> None:
    """Pad and close; then `digest_byte`."""
    bit_count = hash.count * 8
    add_byte(hash, u8(PADDING_START))
    while hash.count % BLOCK_BYTES != LENGTH_PLACE:
        add_byte(hash, u8(0))
    for index in upto(8):
        add_byte(hash, u8.truncate(bit_count >> ((7 - index) * 8)))


def digest_byte(hash: Sha256, index: u64) -> u8:
    """Byte `index` (0 to 31) of the digest of a finished hash."""
    return u8.truncate(hash.state[index // 4] >> u32((3 - index % 4) * 8))


def add_block(hash: Sha256) -> None:
    """Work the full block in `schedule` into the state (6.2.2)."""
    words = hash.schedule
    for index in between(16, ROUND_COUNT):
        words[index] = (
            small_sigma_1(words[index - 2])
            .wrapping_add(words[index - 7])
            .wrapping_add(small_sigma_0(words[index - 15]))
            .wrapping_add(words[index - 16])
        )
    work_rounds(hash)


def work_rounds(hash: Sha256) -> None:
    """The 64 rounds; a to h are FIPS 180-4's working variables."""
    state = hash.state
    a = state[0]
    b = state[1]
    c = state[2]
    d = state[3]
    e = state[4]
    f = state[5]
    g = state[6]
    h = state[7]
    for index in upto(ROUND_COUNT):
        first = (
            h.wrapping_add(big_sigma_1(e))
            .wrapping_add((e & f) ^ (~e & g))
            .wrapping_add(ROUND_CONSTANTS[index])
            .wrapping_add(hash.schedule[index])
        )
        second = big_sigma_0(a).wrapping_add((a & b) ^ (a & c) ^ (b & c))
        h = g
        g = f
        f = e
        e = d.wrapping_add(first)
        d = c
        c = b
        b = a
        a = first.wrapping_add(second)
    state[0] = state[0].wrapping_add(a)
    state[1] = state[1].wrapping_add(b)
    state[2] = state[2].wrapping_add(c)
    state[3] = state[3].wrapping_add(d)
    state[4] = state[4].wrapping_add(e)
    state[5] = state[5].wrapping_add(f)
    state[6] = state[6].wrapping_add(g)
    state[7] = state[7].wrapping_add(h)


def big_sigma_0(x: u32) -> u32:
    return x.rotate_right(2) ^ x.rotate_right(13) ^ x.rotate_right(22)


def big_sigma_1(x: u32) -> u32:
    return x.rotate_right(6) ^ x.rotate_right(11) ^ x.rotate_right(25)


def small_sigma_0(x: u32) -> u32:
    return x.rotate_right(7) ^ x.rotate_right(18) ^ (x >> 3)


def small_sigma_1(x: u32) -> u32:
    return x.rotate_right(17) ^ x.rotate_right(19) ^ (x >> 10)
