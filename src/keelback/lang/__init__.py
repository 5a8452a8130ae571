"""The language of the kernel and the components, as importable Python: what the compiler compiles and CPython can run.

For the tools and tests around a program, on the host, and not for programs: `Layout` with `layout_of`, `pack`,
`unpack`, `to_bytes` and their like, `active_parameters`, and `Trap` with `TrapKind`, `trap_kind` and `expect_trap`.
"""

from keelback.lang.arrays import Array, array, constants
from keelback.lang.assembly import asm, entry, hook, inline, naked, noinline
from keelback.lang.bitfields import Bitfield, bitfield, bits
from keelback.lang.control import between, upto
from keelback.lang.integers import GuestPhysAddr, PhysAddr, VirtAddr, i64, u8, u16, u32, u64
from keelback.lang.layout import FieldLayout, Layout, layout_of, offset_of, size_of
from keelback.lang.memory import Memory, address_of, bytes_of
from keelback.lang.packing import array_from_bytes, default_bytes, from_bytes, pack, to_bytes, unpack
from keelback.lang.parameters import active_parameters, parameter, text_parameter
from keelback.lang.registers import (
    Device,
    ReadOnly,
    ReadOnlyArray,
    ReadOnlySystemRegister,
    ReadWrite,
    ReadWriteArray,
    SystemRegister,
    WriteOnly,
    WriteOnlyArray,
)
from keelback.lang.structs import Ref, Struct, embedded, struct
from keelback.lang.text import byte_at, byte_count
from keelback.lang.traps import Trap, TrapKind, expect_trap, trap_kind, unreachable
from keelback.lang.words import packed_u32, packed_u64

__all__ = [
    "Array",
    "Bitfield",
    "Device",
    "FieldLayout",
    "GuestPhysAddr",
    "Layout",
    "Memory",
    "PhysAddr",
    "ReadOnly",
    "ReadOnlyArray",
    "ReadOnlySystemRegister",
    "ReadWrite",
    "ReadWriteArray",
    "Ref",
    "Struct",
    "SystemRegister",
    "Trap",
    "TrapKind",
    "VirtAddr",
    "WriteOnly",
    "WriteOnlyArray",
    "active_parameters",
    "address_of",
    "array",
    "array_from_bytes",
    "asm",
    "between",
    "bitfield",
    "bits",
    "byte_at",
    "byte_count",
    "bytes_of",
    "constants",
    "default_bytes",
    "embedded",
    "entry",
    "expect_trap",
    "from_bytes",
    "hook",
    "i64",
    "inline",
    "layout_of",
    "naked",
    "noinline",
    "offset_of",
    "pack",
    "packed_u32",
    "packed_u64",
    "parameter",
    "size_of",
    "struct",
    "text_parameter",
    "to_bytes",
    "trap_kind",
    "u8",
    "u16",
    "u32",
    "u64",
    "unpack",
    "unreachable",
    "upto",
]
