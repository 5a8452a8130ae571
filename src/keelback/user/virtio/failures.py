"""What a driver can do wrong: why a device was marked broken (DEVICE_NEEDS_RESET)."""

from __future__ import annotations

from typing import Final

NONE: Final = 0
QUEUE_SIZE: Final = 1
"""A queue size of zero, above the maximum, or no power of two (virtio 1.2, 2.7)."""
QUEUE_PLACE: Final = 2
"""A part of the queue is not aligned or not in RAM."""
RING_INDEX: Final = 3
"""The available index ran ahead by more than the queue's size."""
DESCRIPTOR_INDEX: Final = 4
"""A head or next index outside the descriptor table."""
CHAIN_LENGTH: Final = 5
"""A chain longer than any table: it has a loop."""
BUFFER_PLACE: Final = 6
"""A buffer that is not in RAM."""
INDIRECT_TABLE: Final = 7
"""An indirect table that is empty, odd-sized, outside RAM, nested, or has a successor (2.7.5.3)."""
BUFFER_ORDER: Final = 8
"""A device-readable buffer after a device-writable one (2.7.4.2)."""
