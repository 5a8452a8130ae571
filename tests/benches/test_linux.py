"""What the guest prints is read, and a guest that failed or stopped half way is an error."""

from __future__ import annotations

import pytest

from benches.linux import WorkloadError, read_figures

WHOLE = """\
linux     | [    0.012345] Linux says something
linux     | START 860000000000
linux     | RESULT getppid 100000 526000 526138 526171
linux     | RESULT nanosleep_1ms 100 1005500000 1005547000 1005577280
linux     | END
"""


def test_figures_are_medians_in_nanoseconds() -> None:
    assert read_figures(WHOLE) == {
        "reset_to_init": 860_000_000.0,
        "getppid": 526.138,
        "nanosleep_excess": pytest.approx(5547.0),
    }


def test_a_failed_workload_is_an_error() -> None:
    with pytest.raises(WorkloadError, match="pipe: Broken pipe"):
        read_figures(WHOLE.replace("linux     | END", "linux     | FAILED pipe: Broken pipe\nlinux     | END"))


@pytest.mark.parametrize("missing", ["START 860000000000", "END"])
def test_half_a_report_is_an_error(missing: str) -> None:
    with pytest.raises(WorkloadError, match="did not run to their end"):
        read_figures(WHOLE.replace(missing, ""))
