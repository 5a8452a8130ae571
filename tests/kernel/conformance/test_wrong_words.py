"""Every system call with wrong words beside its slots: whenever it is refused, nothing has changed.

Words at the edges of ranges, addresses that are not aligned, kinds and indices of all objects (of foreign pools, dead,
in use) are tried in every register that names no slot, in a system where others wait and memory is mapped. The compiled
kernel does what the specification says; what it refuses is tried in CPython, which must refuse it alike. All tables are
compared, byte by byte.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from keelback.abi import errors, objects, syscalls
from keelback.abi.signatures import SLOTS
from keelback.prover.fuzz.kernel import CompiledKernel
from keelback.prover.fuzz.run import take_step
from keelback.prover.fuzz.steps import Call
from tests.kernel.conformance.imported import ImportedKernel, differing
from tests.kernel.conformance.test_wrong_arguments import CALLER, registers_of
from tests.kernel.conformance.world import FRAME_2, GRANDCHILD, PAGES_1, ROOT, THREADS, World, copied

WORDS = (1, 7, 31, 63, 96, 256, 512, 1020, 4097, 1 << 31, 1 << 32, 1 << 48 | 8, (1 << 64) - 1)
INDICES = (0, 1, 2, 4, 5, 6, 8, 9, 255, 1 << 32)
KINDS = range(objects.CORE + 2)
REGISTERS = 4
POOL_CALLS = (
    *(syscalls.OBJECT_CREATE, syscalls.OBJECT_DESTROY, syscalls.OBJECT_GIVE),
    *(syscalls.OBJECT_TAKE, syscalls.OBJECT_CLAIM, syscalls.OBJECT_REVOKE),
)
EXPECTED = {
    *(errors.BAD_SLOT, errors.BAD_ARGUMENT, errors.BUSY, errors.STATE, errors.OCCUPIED, errors.NOT_OWNED),
    *(errors.PRIORITY, errors.DIRTY),
}
"""Each of these is met by one call or another."""
NUMBERS = [number for number in range(syscalls.SYSTEM_CALL_COUNT) if number != syscalls.SYSTEM_OFF]
Kernels = tuple[CompiledKernel, ImportedKernel]


def calls_of(number: int) -> Iterator[Call]:
    """A call with one wrong word after the other; those on pools with every object, through two pools."""
    words = registers_of(number) if number in SLOTS else [0] * 9
    for register in range(REGISTERS):
        if register not in SLOTS.get(number, {}):
            for word in WORDS:
                yield Call(number, words[8], (*words[:register], word, *words[register + 1 : 8]))
    for pool in (ROOT, GRANDCHILD) if number in POOL_CALLS else ():
        for kind in KINDS:
            for index in INDICES:
                yield Call(number, pool, (kind, index, *words[2:8]))


def prepare(world: World) -> None:
    """Somebody's call waits for somebody who waits for a notification, and memory is mapped."""
    world.boot(CALLER, "mid", "high")
    world.wait("high")
    world.call("mid", "high")
    assert world.do(CALLER, syscalls.MAP, PAGES_1, 7, FRAME_2, 3) == errors.OK


def refused(both: Kernels, calls: Iterator[Call]) -> Counter[int]:
    """How often which error was met. What is accepted is undone in the compiled kernel, and not tried in CPython."""
    compiled, imported = both
    place = THREADS[CALLER]
    for kernel in both:
        kernel.enter(0, 0)
        kernel.poke("cores", 0, "trace_mask", 0)
    compiled.observer.look()
    first, state = compiled.save(), copied(compiled.observer.state)
    met: Counter[int] = Counter()
    for call in calls:
        expected = copied(state)
        assert take_step(compiled, expected, call) == (), call
        status = expected.threads[place].registers[8]
        if expected.cores[0].current != place or status in (errors.OK, errors.PENDING):
            compiled.restore(first)
            continue
        imported.enter(0, 0)
        call.act(imported, state)
        assert differing(compiled, imported) == [], call
        for kernel in both:
            for number, word in enumerate(state.threads[place].registers[:11]):
                kernel.poke("threads", place, "context.registers", word, number)
        after = compiled.bytes()
        assert [name for name in first if first[name] != after[name]] == [], call
        met[status] += 1
    assert differing(compiled, imported) == []
    return met


def test_what_is_refused_changes_nothing(both_kernels: Kernels) -> None:
    every: dict[int, Counter[int]] = {}
    for number in NUMBERS:
        world = World(*both_kernels)
        prepare(world)
        every[number] = refused(both_kernels, calls_of(number))
    total = sum(every.values(), Counter[int]())
    print(f"{total.total()} calls were refused: {dict(total)}")
    assert set(total) >= EXPECTED and total.total() > 3000
