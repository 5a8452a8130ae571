"""`keel prove --executor`: any executor by name, and what is none."""

from __future__ import annotations

from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor

import pytest

from keelback.cli.common import UserError
from keelback.cli.executors import make_executor


def make_two_threads() -> Executor:
    return ThreadPoolExecutor(2)


def test_processes_of_this_machine_are_the_default() -> None:
    with make_executor("", 1) as executor:
        assert isinstance(executor, ProcessPoolExecutor)
        assert executor.submit(abs, -3).result() == 3


@pytest.mark.parametrize("name", ["concurrent.futures:ThreadPoolExecutor", f"{__name__}:make_two_threads"])
def test_a_named_one_is_made(name: str) -> None:
    with make_executor(name, 1) as executor:
        assert isinstance(executor, ThreadPoolExecutor)
        assert executor.submit(abs, -3).result() == 3


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_such_module:make", "No module named 'no_such_module'"),
        ("concurrent.futures:Nothing", "has no attribute 'Nothing'"),
        ("concurrent.futures", "has no attribute ''"),
        (":make", "Empty module name"),
        ("builtins:dict", "gave dict, which is no"),
    ],
)
def test_what_is_no_executor_is_told(name: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        make_executor(name, 1)
