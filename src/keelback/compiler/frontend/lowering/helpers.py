"""The two loops that bulk operations need, written in IR once: copying (as memmove does) and filling."""

from __future__ import annotations

from collections.abc import Mapping

COPY_CHUNK_WORDS = 8


def helper_text(host: bool) -> str:
    """Definitions of keel_copy(target, source, count) and keel_fill(target, count, byte)."""
    return _HOST_HELPERS if host else _copy_text() + _FILL


def place_text(arrays: Mapping[str, tuple[int, int]]) -> str:
    """On the host: keel.place(address), where the byte at a stand-in address is, or null for any other address.

    `arrays` are (first address, size in bytes) by symbol.
    """
    lines = ["define internal ptr @keel.place(i64 %address) {", "  br label %test0"]
    for number, (symbol, (start, size)) in enumerate(arrays.items()):
        lines += [f"test{number}:", f"  %offset{number} = sub i64 %address, {start}"]
        lines += [f"  %inside{number} = icmp ult i64 %offset{number}, {size}"]
        lines += [f"  br i1 %inside{number}, label %found{number}, label %test{number + 1}", f"found{number}:"]
        lines += [f'  %place{number} = getelementptr i8, ptr @"{symbol}", i64 %offset{number}']
        lines += [f"  ret ptr %place{number}"]
    return "\n".join([*lines, f"test{len(arrays)}:", "  ret ptr null", "}", ""])


def _copy_text() -> str:
    """Forwards in chunks of 64 bytes, then single bytes; backwards bytewise where the target overlaps from above."""
    chunk: list[str] = []
    for number in range(COPY_CHUNK_WORDS):
        chunk += [f"  %s{number} = getelementptr i8, ptr %from, i64 {number * 8}"]
        chunk += [f"  %v{number} = load i64, ptr %s{number}, align 1"]
    for number in range(COPY_CHUNK_WORDS):
        chunk += [f"  %d{number} = getelementptr i8, ptr %to, i64 {number * 8}"]
        chunk += [f"  store i64 %v{number}, ptr %d{number}, align 1"]
    return _COPY.replace("CHUNK", "\n".join(chunk))


_COPY = """
define internal void @keel_copy(i64 %target, i64 %source, i64 %count) #2 {
entry:
  %end = add i64 %source, %count
  %above = icmp ugt i64 %target, %source
  %inside = icmp ult i64 %target, %end
  %overlap = and i1 %above, %inside
  %t = inttoptr i64 %target to ptr
  %s = inttoptr i64 %source to ptr
  br i1 %overlap, label %backward, label %chunks
chunks:
  %to = phi ptr [ %t, %entry ], [ %to.next, %chunk ]
  %from = phi ptr [ %s, %entry ], [ %from.next, %chunk ]
  %left = phi i64 [ %count, %entry ], [ %left.next, %chunk ]
  %whole = icmp uge i64 %left, 64
  br i1 %whole, label %chunk, label %bytes
chunk:
CHUNK
  %to.next = getelementptr i8, ptr %to, i64 64
  %from.next = getelementptr i8, ptr %from, i64 64
  %left.next = sub i64 %left, 64
  br label %chunks
bytes:
  %index = phi i64 [ 0, %chunks ], [ %index.next, %byte ]
  %more = icmp ult i64 %index, %left
  br i1 %more, label %byte, label %done
byte:
  %bs = getelementptr i8, ptr %from, i64 %index
  %bv = load volatile i8, ptr %bs
  %bd = getelementptr i8, ptr %to, i64 %index
  store volatile i8 %bv, ptr %bd
  %index.next = add i64 %index, 1
  br label %bytes
backward:
  %rest = phi i64 [ %count, %entry ], [ %rest.next, %back ]
  %none = icmp eq i64 %rest, 0
  br i1 %none, label %done, label %back
back:
  %rest.next = sub i64 %rest, 1
  %rs = getelementptr i8, ptr %s, i64 %rest.next
  %rv = load volatile i8, ptr %rs
  %rd = getelementptr i8, ptr %t, i64 %rest.next
  store volatile i8 %rv, ptr %rd
  br label %backward
done:
  ret void
}
"""

_FILL = """
define internal void @keel_fill(i64 %target, i64 %count, i8 %byte) #2 {
entry:
  %t = inttoptr i64 %target to ptr
  %wide = zext i8 %byte to i64
  %word = mul i64 %wide, 72340172838076673
  br label %words
words:
  %done.bytes = phi i64 [ 0, %entry ], [ %next, %word.store ]
  %left = sub i64 %count, %done.bytes
  %whole = icmp uge i64 %left, 16
  br i1 %whole, label %word.store, label %bytes
word.store:
  %wd = getelementptr i8, ptr %t, i64 %done.bytes
  %wd2 = getelementptr i8, ptr %wd, i64 8
  store volatile i64 %word, ptr %wd, align 1
  store volatile i64 %word, ptr %wd2, align 1
  %next = add i64 %done.bytes, 16
  br label %words
bytes:
  %index = phi i64 [ %done.bytes, %words ], [ %index.next, %byte.store ]
  %more = icmp ult i64 %index, %count
  br i1 %more, label %byte.store, label %done
byte.store:
  %bd = getelementptr i8, ptr %t, i64 %index
  store volatile i8 %byte, ptr %bd
  %index.next = add i64 %index, 1
  br label %bytes
done:
  ret void
}
"""

_HOST_HELPERS = """
define internal void @keel_copy(i64 %target, i64 %source, i64 %count) #2 {
entry:
  %up = icmp ugt i64 %target, %source
  br label %loop
loop:
  %done.bytes = phi i64 [ 0, %entry ], [ %next, %step ]
  %more = icmp ult i64 %done.bytes, %count
  br i1 %more, label %step, label %done
step:
  %next = add i64 %done.bytes, 1
  %mirrored = sub i64 %count, %next
  %index = select i1 %up, i64 %mirrored, i64 %done.bytes
  %s = add i64 %source, %index
  %d = add i64 %target, %index
  %value = call i64 @keel.read(i64 %s, i32 1)
  call void @keel.write(i64 %d, i32 1, i64 %value)
  br label %loop
done:
  ret void
}
define internal void @keel_fill(i64 %target, i64 %count, i8 %byte) #2 {
entry:
  %wide = zext i8 %byte to i64
  br label %loop
loop:
  %done.bytes = phi i64 [ 0, %entry ], [ %next, %step ]
  %more = icmp ult i64 %done.bytes, %count
  br i1 %more, label %step, label %done
step:
  %next = add i64 %done.bytes, 1
  %d = add i64 %target, %done.bytes
  call void @keel.write(i64 %d, i32 1, i64 %wide)
  br label %loop
done:
  ret void
}
"""
