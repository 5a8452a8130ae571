"""A figure that got worse is found; one that got better, or is within its tolerance, is not."""

from __future__ import annotations

from pathlib import Path

from benches.record import LIMITS, RECORD, TOLERANCES, find_worse, load_record, save_record


def test_one_instruction_more_is_worse() -> None:
    worse = find_worse({"kernel.call.instructions": 168}, {"kernel.call.instructions": 167})
    assert [str(figure) for figure in worse] == [
        "kernel.call.instructions: 168 is more than 167, which is recorded",
    ]


def test_equal_less_and_new_are_not_worse() -> None:
    recorded = {"kernel.call.instructions": 167, "kernel.fault.instructions": 300}
    measured = {"kernel.call.instructions": 167, "kernel.fault.instructions": 299, "kernel.new.instructions": 9}
    assert find_worse(measured, recorded) == []


def test_a_tolerance_counts_from_the_recorded_figure() -> None:
    name = "linux.console_byte.ratio"
    allowed = 20.0 * (1 + TOLERANCES[name])
    assert find_worse({name: allowed - 0.01}, {name: 20.0}) == []
    assert [figure.name for figure in find_worse({name: allowed + 0.01}, {name: 20.0})] == [name]


def test_what_is_promised_holds_even_where_worse_was_recorded() -> None:
    name = "linux.reset_to_init.ratio"
    worse = find_worse({name: 1.4}, {name: 1.5})
    assert [(figure.allowed, figure.because) for figure in worse] == [(LIMITS[name], "which is promised")]


def test_saving_keeps_what_was_not_measured(tmp_path: Path) -> None:
    path = tmp_path / "recorded.json"
    save_record({"b": 2.0, "a": 1.123456789}, path)
    save_record({"b": 3.0}, path)
    assert load_record(path) == {"a": 1.12346, "b": 3.0}
    assert path.read_text().index('"a"') < path.read_text().index('"b"')


def test_nothing_recorded_is_no_error(tmp_path: Path) -> None:
    assert load_record(tmp_path / "nothing.json") == {}


def test_what_is_recorded_keeps_what_is_promised() -> None:
    recorded = load_record(RECORD)
    assert set(LIMITS) <= set(recorded)
    assert [name for name, limit in LIMITS.items() if recorded[name] > limit] == []
    assert set(TOLERANCES) <= set(recorded)
