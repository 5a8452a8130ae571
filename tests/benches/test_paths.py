"""An operation's way through the kernel is shown by function, with totals."""

from __future__ import annotations

import pytest

from benches.counting import CountingError
from benches.paths import Step, path_text, typical_path


def step(address: int, function: str, line: int = 0) -> Step:
    return Step(address, "nop", function, __file__ if line else "", line)


def test_the_path_in_the_middle_is_taken() -> None:
    assert typical_path([[1, 2, 3], [1], [4, 5]]) == [4, 5]
    with pytest.raises(CountingError, match="never run"):
        typical_path([])


def test_functions_are_headings_and_totals() -> None:
    text = path_text([step(16, "first", 3), step(20, "first", 3), step(24, "second"), step(28, "first", 1)])
    first = f"  10  {'nop':42}    3  from __future__ import annotations"
    assert text.splitlines()[:2] == ["first  test_paths.py", first]
    assert text.splitlines()[2:] == [
        "  14  nop",
        "second",
        "  18  nop",
        "first  test_paths.py",
        f'  1c  {"nop":42}    1  """An operation\'s way through the kernel is shown by function, with totals."""',
        "",
        "    4  instructions",
        "    3  first",
        "    1  second",
    ]
