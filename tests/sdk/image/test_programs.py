"""Which programs are equal: what they ask for decides, not all that they are told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from keelback.compiler import Program
from keelback.sdk import ComponentImage, ProtectionDomain, System
from keelback.sdk.image.components import Job, component_job, load_job
from keelback.sdk.image.layout import count_tables
from keelback.sdk.image.plan import Extent, Mapping
from keelback.sdk.image.programs import Shelf
from keelback.sdk.image.wiring import plan_system


def job_of(name: str, **parameters: int | str) -> Job:
    program = Program(root=Path("worker.py"), parameters={"component_name": name, **parameters})
    return Job(name, program, "component_start", 0x20_0000, "script", Path(), Path())


def test_programs_that_ask_for_nothing_different_are_equal() -> None:
    shelf = Shelf[str]()
    shelf.put(job_of("one", slot=3, size=8), ("slot",), "built")
    assert shelf.find(job_of("two", slot=3, size=9)) == "built"
    assert shelf.find(job_of("three", slot=4, size=8)) is None


def test_what_is_not_given_differs_from_what_is() -> None:
    shelf = Shelf[str]()
    shelf.put(job_of("one"), ("slot",), "without")
    assert shelf.find(job_of("two", slot=0)) is None
    assert shelf.find(job_of("three", other=1)) == "without"


def test_another_stack_or_source_makes_another_program() -> None:
    shelf, job = Shelf[str](), job_of("one")
    shelf.put(job, (), "built")
    assert shelf.find(replace(job, script="larger stack")) is None
    assert shelf.find(replace(job, program=Program(root=Path("other.py"), parameters={}))) is None


def test_kinds_are_told_apart_by_all_that_was_asked_for() -> None:
    shelf = Shelf[str]()
    one, two = job_of("one", slot=3, size=8), job_of("two", slot=3, size=9)
    assert shelf.kind_of(one) == shelf.kind_of(two)
    shelf.put(job_of("three", slot=5, size=1), ("size", "slot"), "built")
    assert shelf.kind_of(one) != shelf.kind_of(two)


def test_a_domain_and_a_program_to_load_become_jobs() -> None:
    folder = Path(__file__).resolve().parents[2] / "systems"
    system = System()
    image = ComponentImage(folder / "component.py", stack="8 KiB", parameters={"speed": 3})
    system.add(ProtectionDomain("keeper", source=folder / "component.py", priority=5, loads={"worker": image}))
    plan = plan_system(system)
    (keeper,) = plan.components
    loaded = load_job(plan, keeper.loads[0], Path("out"))
    assert (loaded.name, loaded.elf) == ("keeper.worker", Path("out/keeper.worker.elf"))
    assert loaded.parameters == {"component_name": "worker", "speed": 3}
    assert component_job(plan, keeper, Path()).family != loaded.family


def test_programs_that_are_not_linked_count_as_small_ones() -> None:
    system = System()
    system.add(ProtectionDomain("large", source="large.py", priority=5))
    plan = plan_system(system)
    before = count_tables(plan)
    (large,) = plan.components
    for address in (0x20_0000, 0x20_0000 + (3 << 20)):
        extent = plan.add_extent(Extent("text", "large", "segment", 1 << 20))
        large.mappings.append(Mapping("text", extent, address, "rx"))
    assert count_tables(plan) == before + 1
