"""A guest's port to a native service: frames of bytes in, answers out, each relayed as one call.

A frame is a 4-byte little-endian length and that many bytes. They go into the buffer shared with the service, then the
service is called: words (SIGN, length) -> (status, 32 bytes as four little-endian u64). The answer to the guest is the
length 32 and those bytes, or the length 0: refused, too long for the buffer, or the service is gone. One frame is in
work at a time; the next is not looked at before the guest has room for the answer. The service trusts nothing of this.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import errors
from keelback.lang import Memory, Struct, array, bytes_of, parameter, struct, u8, u64, upto
from keelback.user.runtime import syscalls
from keelback.user.runtime.messages import Message
from keelback.user.virtio.chain import Chain, find_readable, read_bytes, skip_bytes

SERVICE_SLOT: Final = parameter("port_slot", 0)
BUFFER_ADDRESS: Final = parameter("port_buffer_address", 0)
BUFFER_BYTES: Final = parameter("port_buffer_size", 0)
HAS_SERVICE: Final = SERVICE_SLOT != 0

HEADER_BYTES: Final = 4
DIGEST_BYTES: Final = 32
ANSWER_BYTES: Final = HEADER_BYTES + DIGEST_BYTES

SIGN: Final = 1

buffer: Final = Memory(BUFFER_ADDRESS, BUFFER_BYTES)
header: Final = array(u8, HEADER_BYTES)
answer: Final = array(u8, ANSWER_BYTES)
message: Final = Message()


@struct
class ServicePort(Struct):
    """How far the present frame and its answer are."""

    header_count: u64 = u64(0)  # bytes of the length seen
    length: u64 = u64(0)  # of the frame; valid with a whole header
    received_count: u64 = u64(0)  # bytes of the frame seen
    answer_count: u64 = u64(0)  # bytes of `answer` to deliver; 0: none
    chain_open: bool = False  # the guest's present buffer is not used up


port: Final = ServicePort()


def reset_port() -> None:
    """Forget everything: the guest reset the device."""
    port.header_count = u64(0)
    port.received_count = u64(0)
    port.answer_count = u64(0)
    port.chain_open = False


def close_port() -> None:
    """The guest closed the port: a frame begun is forgotten, so the next opener starts afresh."""
    port.header_count = u64(0)
    port.received_count = u64(0)


def feed_port(chain: Chain) -> None:
    """Take bytes from the chain until a frame was answered or the chain is used up."""
    while port.answer_count == 0 and find_readable(chain):
        if port.header_count < HEADER_BYTES:
            feed_header(chain)
        else:
            feed_body(chain)
        if port.header_count == HEADER_BYTES and port.received_count == port.length:
            finish_frame()


def feed_header(chain: Chain) -> None:
    """Take what there is of the length."""
    missing = HEADER_BYTES - port.header_count
    port.header_count += read_bytes(chain, bytes_of(header).narrow(port.header_count, missing), missing)
    if port.header_count == HEADER_BYTES:
        port.length = u64(bytes_of(header).load_u32(u64(0)))
        port.received_count = u64(0)


def feed_body(chain: Chain) -> None:
    """Take what there is of the frame: into the buffer, or nowhere if it does not fit."""
    missing = port.length - port.received_count
    if port.length > BUFFER_BYTES:
        port.received_count += skip_bytes(chain, missing)
    else:
        port.received_count += read_bytes(chain, buffer.narrow(port.received_count, missing), missing)


def finish_frame() -> None:
    """Have the service answer the frame, and start over."""
    served = port.length <= BUFFER_BYTES and call_service()
    bytes_of(answer).fill(u64(0), u64(ANSWER_BYTES), u8(0))
    port.answer_count = u64(HEADER_BYTES)
    if served:
        bytes_of(answer).store_u8(u64(0), u8(DIGEST_BYTES))
        for index in upto(4):
            bytes_of(answer).store_u64(HEADER_BYTES + index * 8, message.words[index + 1])
        port.answer_count = u64(ANSWER_BYTES)
    port.header_count = u64(0)
    port.received_count = u64(0)


def call_service() -> bool:
    """Call the service about the frame in the buffer; True when `message` holds its answer."""
    message.words[0] = u64(SIGN)
    message.words[1] = port.length
    return syscalls.call(u64(SERVICE_SLOT), message) == errors.OK and message.words[0] == 0
