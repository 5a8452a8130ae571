"""The counting plugin counts exactly, and its report and arguments are what they should be."""

from __future__ import annotations

from pathlib import Path

import pytest

from benches.counting import (
    OPERATIONS,
    OWNERS,
    Counters,
    CountingError,
    Report,
    build_plugin,
    plugin_arguments,
    read_report,
)
from benches.machine import link_flat, run_to_end
from keelback.compiler import compile_foreign
from keelback.sdk import BOARDS

LOAD_ADDRESS = 0x4008_0000
KERNEL_OFFSET = 0x1000
NOTHING = Counters(0, 0, 0, 0, 0)


def line(kind: str, *numbers: int) -> str:
    return " ".join([kind, *map(str, numbers)])


def counters(**numbers: int) -> list[int]:
    """All counters of a line, in order; those named `kernel_barriers` and so on are set."""
    return [numbers.get(f"{owner}_{operation}", 0) for owner in OWNERS for operation in OPERATIONS]


def test_a_report_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "counts.txt"
    path.write_text(
        "\n".join(
            [
                "first guest 12",
                line("sample", 3, 2, 10, 20, *counters(kernel_instructions=30, component_instructions=7)),
                line("point", 1, 99),
                line("total", *counters(kernel_instructions=400, guest_tlb_operations=5)),
            ]
        )
    )
    report = read_report(path)
    sample = report.typical(3)
    assert (sample.visits, sample.first, sample.last) == (2, 10, 20)
    assert (sample.kernel.instructions, sample.component.instructions, sample.guest) == (30, 7, NOTHING)
    assert report.points == {1: [99]}
    assert report.first == {"guest": 12}
    assert report.total["kernel"].instructions == 400
    assert report.total["guest"].tlb_operations == 5


def test_a_report_without_its_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "counts.txt"
    path.write_text("first kernel 0\n")
    with pytest.raises(CountingError, match="did not end"):
        read_report(path)


def test_a_line_with_too_few_counters_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "counts.txt"
    path.write_text("total 1 2 3\n")
    with pytest.raises(CountingError, match="3 counters"):
        read_report(path)


def test_a_span_that_was_never_measured_is_an_error() -> None:
    with pytest.raises(CountingError, match="span 9"):
        Report().typical(9)


def test_the_typical_sample_is_the_middle_one(tmp_path: Path) -> None:
    path = tmp_path / "counts.txt"
    samples = [line("sample", 1, 1, 0, 0, *counters(kernel_instructions=count)) for count in (500, 70, 71)]
    path.write_text("\n".join([*samples, line("total", *counters())]))
    assert read_report(path).typical(1).kernel.instructions == 71


def test_arguments_follow_the_manifest(tmp_path: Path) -> None:
    manifest = {
        "image": {"address": 0x4008_0000, "ram_end": 0x6000_0000},
        "kernel": {
            "windows": [
                {"name": "data", "address": 0x4009_0000, "size_bytes": 0x1000},
                {"name": "text", "address": 0x4008_0000, "size_bytes": 0x9000},
            ]
        },
        "memory": [
            {"name": "x", "kind": "segment", "address": 0x400A_0000, "size_bytes": 0x1000},
            {"name": "linux ram", "kind": "guest_ram", "address": 0x4020_0000, "size_bytes": 0x20_0000},
        ],
    }
    option, value = plugin_arguments(manifest, tmp_path / "out")
    assert option == "-plugin"
    assert value.split(",")[1:] == [
        f"out={tmp_path / 'out'}",
        "kernel=0x40080000:0x40089000",
        "guest=0x40200000:0x40400000",
        "component=0x40080000:0x60000000",
    ]


def run(folder: Path, *options: str, cores: int = 1) -> Report:
    """counted.S, run under the plugin; the other cores stay off."""
    source = Path(__file__).with_name("counted.S")
    image = folder / "counted.image"
    compiled = compile_foreign([source], folder / "counted.o")
    image.write_bytes(link_flat([compiled], folder / "counted.elf", LOAD_ADDRESS))
    kernel, end = LOAD_ADDRESS + KERNEL_OFFSET, LOAD_ADDRESS + 2 * KERNEL_OFFSET
    ranges = [f"kernel={kernel:#x}:{end:#x}", f"component={LOAD_ADDRESS:#x}:{end:#x}"]
    command = [*BOARDS["qemu-virt-aarch64"].emulator, "-m", "128", "-icount", "shift=0,sleep=off", "-nic", "none"]
    command += ["-display", "none", "-monitor", "none", "-serial", "stdio", "-kernel", str(image), "-smp", str(cores)]
    plugin = [str(build_plugin(folder)), f"out={folder / 'counts.txt'}", *ranges, *options]
    run_to_end([*command, "-plugin", ",".join(plugin)], folder / "console.txt", 30.0)
    return read_report(folder / "counts.txt")


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return run(tmp_path_factory.mktemp("counted"))


@pytest.mark.boot
def test_one_core_of_several_is_counted_alone(tmp_path: Path, counted: Report) -> None:
    first = run(tmp_path, "core=0", cores=2)
    assert (first.samples, first.total) == (counted.samples, counted.total)
    other = run(tmp_path, "core=1", cores=2)
    assert other.samples == {}
    assert set(other.total.values()) == {NOTHING}


@pytest.mark.boot
def test_the_path_of_a_span_is_what_the_kernel_ran(tmp_path: Path, counted: Report) -> None:
    report = run(tmp_path, "path=4")
    start = LOAD_ADDRESS + KERNEL_OFFSET
    assert report.paths == [list(range(start, start + 16 * 4, 4))] * 3
    assert report.samples == counted.samples


@pytest.mark.boot
def test_instructions_of_a_component_are_counted_exactly(counted: Report) -> None:
    sample = counted.typical(3)
    assert sample.component == Counters(10, 0, 0, 0, 0)
    assert (sample.kernel, sample.visits) == (NOTHING, 0)


@pytest.mark.boot
def test_a_visit_of_the_kernel_is_counted_exactly_and_by_sort(counted: Report) -> None:
    samples = counted.samples[4]
    assert len(samples) == 3
    for sample in samples:
        assert sample.kernel == Counters(16, barriers=4, tlb_operations=2, register_writes=3, register_reads=1)
        assert (sample.visits, sample.first, sample.last) == (1, 16, 16)


@pytest.mark.boot
def test_visits_of_one_span_add_up(counted: Report) -> None:
    sample = counted.typical(5)
    assert (sample.visits, sample.kernel.instructions) == (2, 32)


@pytest.mark.boot
def test_an_end_without_a_beginning_is_no_sample(counted: Report) -> None:
    assert 6 not in counted.samples


@pytest.mark.boot
def test_the_boot_stub_is_nobodys_and_runs_first(counted: Report) -> None:
    assert counted.first["other"] == 0
    assert counted.first["component"] == counted.total["other"].instructions
    assert counted.points[1][0] - counted.first["component"] == 1  # the branch in the header
