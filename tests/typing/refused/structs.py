"""Every line marked `# refused` must be refused by both checkers, and no other line."""

from __future__ import annotations

from typing import Final

from keelback.lang import (
    Array,
    Bitfield,
    Ref,
    Struct,
    array,
    bitfield,
    bits,
    constants,
    embedded,
    i64,
    struct,
    u8,
    u32,
    u64,
    upto,
)


@bitfield(u64)
class Entry(Bitfield[u64]):
    valid: bool = bits(0)
    output: u64 = bits(47, 12)


@struct
class Context(Struct):
    registers: Array[u64] = array(u64, 31)


@struct
class Plain:
    word: u64 = u64(0)


@struct
class Thread(Struct):
    priority: u8 = u8(0)
    context: Context = embedded(Context)
    next: Ref[Thread] | None = None


@struct
class Mistakes:
    bare: u64 = 0  # refused
    narrow: u64 = u32(0)  # refused
    elements: Array[u64] = array(u32, 3)  # refused
    inner: Context = embedded(Thread)  # refused
    absent: Ref[Thread] = None  # refused


threads: Final = array(Thread, 4)
words: Final = array(u64, 4)


def fields(thread: Thread, plain: Plain, other: Context) -> None:
    thread.prioritty = u8(1)  # refused
    thread.priority = 1  # refused
    thread.priority = u64(1)  # refused
    thread.next = other  # refused
    thread.context = thread  # refused
    thread.copy_from(other)  # refused
    plain.copy_from(plain)  # refused
    _ = Thread(prioritty=u8(1))  # refused
    _ = Thread(priority=1)  # refused
    _ = Thread(u8(1))  # refused


def none_is_not_excluded(thread: Thread) -> u8:
    return thread.next.priority  # refused


def missing_thread() -> Thread:
    return None  # refused


def elements(signed: i64, index: u64) -> None:
    words[index] = 3  # refused
    words[index] = u32(3)  # refused
    _ = words[signed]  # refused
    _ = words["0"]  # refused
    threads[0] = words  # refused
    _ = threads[index].missing  # refused
    _ = array(u64, u64(3))  # refused
    _ = constants(u32, ("a",))  # refused
    for _word in words:  # refused
        pass
    for counter in upto(index):
        words[counter] = counter
    for _negative in upto(signed):  # refused
        pass


def bitfields(entry: Entry, word: u32) -> u64:
    entry.valid = True  # refused
    entry.word = u64(3)  # refused
    _ = Entry(valid=u64(1))  # refused
    _ = Entry(output=3)  # refused
    _ = Entry(outptu=u64(3))  # refused
    _ = Entry.from_word(word)  # refused
    return entry.valid  # refused
