"""Walking one descriptor chain of a split virtqueue (virtio 1.2, 2.7.5), its indirect table included.

A chain is a cursor: it stands in one buffer, `read_bytes` and `write_bytes` move it on. Each descriptor is fetched once
and checked when the cursor enters it; at most `DESCRIPTOR_LIMIT` are visited, so every walk ends. Does not know the
rings.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import Memory, Struct, struct, u64
from keelback.user.virtio import failures
from keelback.user.virtio.guest_memory import is_ram, ram, ram_offset

DESCRIPTOR_BYTES: Final = 16
DESCRIPTOR_LIMIT: Final = 1024

NEXT: Final = 1
WRITABLE: Final = 2
INDIRECT: Final = 4


@struct
class Chain(Struct):
    """Cursor in a chain. `offset` and `length` are what is left of the present buffer, which was checked to be in
    RAM.
    """

    table: u64 = u64(0)  # offset in RAM of the descriptor table, checked
    table_count: u64 = u64(0)  # its descriptors
    next_index: u64 = u64(0)  # descriptor to enter next, unchecked; valid while `more`
    more: bool = False
    in_indirect: bool = False
    visited_count: u64 = u64(0)
    offset: u64 = u64(0)
    length: u64 = u64(0)
    writable: bool = False  # of the present buffer
    failure: u64 = u64(0)  # keelback.user.virtio.failures; once set the chain ends


def open_chain(chain: Chain, table: u64, table_count: u64, head: u64) -> None:
    """Start at descriptor `head` of the table at RAM offset `table`, which the caller checked to be in RAM."""
    chain.table = table
    chain.table_count = table_count
    chain.next_index = head
    chain.more = True
    chain.in_indirect = False
    chain.visited_count = u64(0)
    chain.length = u64(0)
    chain.writable = False
    chain.failure = u64(failures.NONE)


def fail_chain(chain: Chain, failure: u64) -> bool:
    """End the chain for good; False, for `return`."""
    chain.failure = failure
    chain.more = False
    chain.length = u64(0)
    return False


def enter_next(chain: Chain) -> bool:
    """Move into the next buffer; False at the end of the chain, or when it is nonsense (`failure` says so)."""
    if not chain.more:
        return False
    if chain.visited_count >= DESCRIPTOR_LIMIT:
        return fail_chain(chain, u64(failures.CHAIN_LENGTH))
    chain.visited_count += 1
    if chain.next_index >= chain.table_count:
        return fail_chain(chain, u64(failures.DESCRIPTOR_INDEX))
    place = chain.table + chain.next_index * DESCRIPTOR_BYTES
    address = ram.load_u64(place)
    rest = ram.load_u64(place + 8)
    length = rest & 0xFFFF_FFFF
    flags = (rest >> 32) & 0xFFFF
    if flags & INDIRECT != 0:
        return enter_indirect(chain, address, length, flags)
    chain.next_index = rest >> 48
    chain.more = flags & NEXT != 0
    return enter_buffer(chain, address, length, flags & WRITABLE != 0)


def enter_buffer(chain: Chain, address: u64, length: u64, writable: bool) -> bool:
    """Take up one buffer after checking it."""
    if not is_ram(address, length):
        return fail_chain(chain, u64(failures.BUFFER_PLACE))
    if chain.writable and not writable:
        return fail_chain(chain, u64(failures.BUFFER_ORDER))
    chain.offset = ram_offset(address)
    chain.length = length
    chain.writable = writable
    return True


def enter_indirect(chain: Chain, address: u64, length: u64, flags: u64) -> bool:
    """Continue in an indirect table (2.7.5.3), with an empty buffer as the present one: it counts as a visit."""
    is_table = length != 0 and length % DESCRIPTOR_BYTES == 0 and is_ram(address, length)
    if chain.in_indirect or flags & NEXT != 0 or not is_table:
        return fail_chain(chain, u64(failures.INDIRECT_TABLE))
    chain.in_indirect = True
    chain.table = ram_offset(address)
    chain.table_count = length // DESCRIPTOR_BYTES
    chain.next_index = u64(0)
    chain.length = u64(0)
    return True


def find_readable(chain: Chain) -> bool:
    """Stand in a buffer with bytes to read; False when there are none left."""
    while chain.length == 0:
        if not enter_next(chain):
            return False
    return not chain.writable


def find_writable(chain: Chain) -> bool:
    """Stand in a buffer with room to write, past what was not read; False when there is none left."""
    while chain.length == 0 or not chain.writable:
        if not enter_next(chain):
            return False
    return True


def consume(chain: Chain, count: u64) -> None:
    """Move on by `count` bytes, at most `length`."""
    chain.offset += count
    chain.length -= count


def read_bytes(chain: Chain, target: Memory, count: u64) -> u64:
    """Copy up to `count` bytes that the driver gave to the start of `target`; how many there were. Fewer: the end."""
    done = u64(0)
    while done < count and find_readable(chain):
        step = min(count - done, chain.length)
        target.copy(done, ram, chain.offset, step)
        consume(chain, step)
        done += step
    return done


def skip_bytes(chain: Chain, count: u64) -> u64:
    """Pass over up to `count` bytes that the driver gave; how many there were."""
    done = u64(0)
    while done < count and find_readable(chain):
        step = min(count - done, chain.length)
        consume(chain, step)
        done += step
    return done


def write_bytes(chain: Chain, source: Memory, source_offset: u64, count: u64) -> u64:
    """Copy `count` bytes of `source` into the driver's buffers; how many found room."""
    done = u64(0)
    while done < count and find_writable(chain):
        step = min(count - done, chain.length)
        ram.copy(chain.offset, source, source_offset + done, step)
        consume(chain, step)
        done += step
    return done
