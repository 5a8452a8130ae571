"""Random bytes for one guest: SHA-256 over a secret key and a count, the key replaced with every block.

What was given out cannot be computed from the key left behind. The key starts as the build's seed, mixed with the
board's counter at the start of the monitor, so it is as secret as the image is: the boards supported so far have no
hardware source.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import Array, Struct, array, bytes_of, constants, embedded, parameter, struct, u8, u64, upto
from keelback.user.crypto.sha256 import DIGEST_BYTES, Sha256, add_byte, add_memory, digest_byte, finish, start
from keelback.user.runtime.clock import counter

BLOCK_BYTES: Final = DIGEST_BYTES

SEED: Final = constants(u64, [parameter(f"rng_seed_{index}", 0) for index in range(4)])
"""Secret of this build, 256 bits."""

# What a digest is for: its last input byte.
OUTPUT: Final = 0
NEXT_KEY: Final = 1

key: Final = array(u8, DIGEST_BYTES)
block: Final = array(u8, BLOCK_BYTES)
"""What `make_block` made last."""


@struct
class Generator(Struct):
    """State besides the key."""

    count: u64 = u64(0)  # blocks made; goes into every digest, so two never have the same input
    hash: Sha256 = embedded(Sha256)


generator: Final = Generator()


def start_entropy() -> None:
    """Set the key; once, before the first block."""
    for index in upto(DIGEST_BYTES):
        key[index] = u8.truncate(SEED[index // 8] >> (index % 8 * 8))
    generator.count = counter()
    digest_into(key, u64(NEXT_KEY))
    generator.count = u64(0)


def make_block() -> None:
    """Fill `block` with fresh random bytes."""
    digest_into(block, u64(OUTPUT))
    digest_into(key, u64(NEXT_KEY))
    generator.count = generator.count.wrapping_add(1)


def digest_into(target: Array[u8], purpose: u64) -> None:
    """`target` = SHA-256(key, count, purpose)."""
    hash = generator.hash
    start(hash)
    add_memory(hash, bytes_of(key), u64(0), u64(DIGEST_BYTES))
    for index in upto(8):
        add_byte(hash, u8.truncate(generator.count >> (index * 8)))
    add_byte(hash, u8.truncate(purpose))
    finish(hash)
    for index in upto(DIGEST_BYTES):
        target[index] = digest_byte(hash, index)
