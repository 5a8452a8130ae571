"""What is computed again only where something changed is what computing everything anew gives."""

from __future__ import annotations

import random

import pytest

from keelback.lang import Array, Struct, array, embedded, layout_of, pack, struct, u8, u32, u64
from keelback.prover.fuzz import CompiledKernel
from keelback.prover.fuzz.boot import make_boot
from keelback.prover.fuzz.choice import choose_step
from keelback.prover.fuzz.run import begin, take_step
from keelback.prover.incremental import Watch, among, each, once
from keelback.prover.tables import Tables, bits_of, changed_pieces, is_zero, named_values, values_of


@struct
class Inner(Struct):
    small: u8 = u8(0)
    flag: bool = False


@struct
class Outer(Struct):
    words: Array[u64] = array(u64, 3)
    number: u32 = u32(0)
    inner: Inner = embedded(Inner)


LAYOUTS = {"rows": layout_of(array(Outer, 4)), "numbers": layout_of(array(u32, 200)), "one": layout_of(Inner)}


class Memory:
    """Tables whose bytes can be written."""

    def __init__(self) -> None:
        self.bytes = {name: bytearray(pack(layout)) for name, layout in LAYOUTS.items()}
        self.tables = Tables(LAYOUTS, {name: memoryview(data) for name, data in self.bytes.items()})

    def write(self, table: str, values: object) -> None:
        self.bytes[table][:] = pack(LAYOUTS[table], values, bytes(self.bytes[table]))


def test_rows_have_their_fields_as_attributes() -> None:
    memory = Memory()
    memory.write("rows", {2: {"words": {1: 1 << 63}, "number": 7, "inner": {"flag": True}}})
    memory.write("one", {"small": 9})
    memory.write("numbers", {199: 5})
    tables = memory.tables
    assert is_zero(tables.rows[2])
    tables.refresh()
    row = tables.rows[2]
    assert (row.words, row.number, row.inner.small, row.inner.flag) == ((0, 1 << 63, 0), 7, 0, True)
    assert values_of(row) == ((0, 1 << 63, 0), 7, 0, True)
    assert [name for name, _ in named_values(row)] == ["words", "number", "inner.small", "inner.flag"]
    assert not is_zero(row) and is_zero(tables.rows[1])
    assert tables.one.small == 9
    assert tables.numbers[199] == 5 and tables.numbers[198:] == [0, 5] and len(tables.numbers) == 200
    with pytest.raises(AttributeError, match="no field is called colour"):
        _ = row.colour


def test_only_what_read_a_changed_field_is_computed_again() -> None:
    memory = Memory()
    computed: list[object] = []

    @each("rows", first=0)
    def flags(tables: Tables, index: int) -> int:
        computed.append(index)
        return int(tables.rows[index].inner.flag)

    @once
    def total(tables: Tables) -> int:
        computed.append("total")
        return sum(tables.numbers[:64])

    watch = Watch(memory.tables)
    values: dict[object, int] = {}
    watch.add(flags, values.__setitem__)
    watch.add(total, values.__setitem__)
    watch.refresh()
    assert values == {(0,): 0, (1,): 0, (2,): 0, (3,): 0, (): 0}

    def recomputed() -> list[object]:
        computed.clear()
        watch.refresh()
        return computed

    assert recomputed() == []
    memory.write("rows", {1: {"number": 3, "words": {0: 1}}})
    memory.write("numbers", {150: 1})
    assert recomputed() == []
    memory.write("rows", {3: {"inner": {"flag": True}}})
    assert recomputed() == [3]
    memory.write("numbers", {63: 4})
    assert recomputed() == ["total"]
    assert values == {(0,): 0, (1,): 0, (2,): 0, (3,): 1, (): 4}


def test_what_is_read_may_change_from_time_to_time() -> None:
    memory = Memory()

    @among(lambda tables: (0,))
    def follow(tables: Tables, index: int) -> int:
        return int(tables.numbers[tables.rows[index].number])

    values: dict[object, int] = {}
    watch = Watch(memory.tables)
    watch.add(follow, values.__setitem__)
    for target in (0, 70, 140):
        memory.write("rows", {0: {"number": target}})
        memory.write("numbers", {target: target + 1})
        watch.refresh()
        assert values == {(0,): target + 1}
    memory.write("numbers", {140: 9})
    watch.refresh()
    assert values == {(0,): 9}


def test_what_fails_is_tried_again() -> None:
    memory = Memory()
    memory.write("rows", {0: {"number": 200}})

    @once
    def follow(tables: Tables) -> int:
        return int(tables.numbers[tables.rows[0].number])

    values: dict[object, int] = {}
    watch = Watch(memory.tables)
    watch.add(follow, values.__setitem__)
    for _ in range(2):
        with pytest.raises(IndexError):
            watch.refresh()
    memory.write("rows", {0: {"number": 199}})
    watch.refresh()
    assert values == {(): 0}


def test_changed_pieces_are_found_in_any_place() -> None:
    chance = random.Random(1)
    for _ in range(200):
        old = chance.randbytes(chance.randint(1, 100))
        new = bytearray(old)
        places = {chance.randrange(len(old)) for _ in range(chance.randrange(4))}
        for place in places:
            new[place] ^= 1
        assert changed_pieces(old, bytes(new), 7) == sorted({place // 7 for place in places})


def test_bits_are_numbered() -> None:
    assert list(bits_of(1 << 63 | 0b1010)) == [1, 3, 63]


@pytest.mark.parametrize("seed", range(3))
def test_of_the_kernel_nothing_is_missed(kernel: CompiledKernel, seed: int) -> None:
    chance = random.Random(seed)
    state = begin(kernel, make_boot(kernel, seed))
    for _ in range(40):
        step = choose_step(state, chance)
        assert take_step(kernel, state, step) == ()
        assert kernel.observer.is_up_to_date()
