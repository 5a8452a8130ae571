"""Module level runs at build time, in a world of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from keelback.compiler import Diagnostics, HostProgram, Program, check
from tests.compiler.support import HEAD, on_host, program

SIZED = """
COUNT: Final = parameter("count", 3)
GREETING: Final = text_parameter("greeting", "hello")
cells: Final = array(u64, COUNT)


def count() -> u64:
    return u64(len(cells))


def initial() -> u8:
    return u8(len(GREETING_BYTES)) if COUNT > 0 else u8(0)


GREETING_BYTES: Final = constants(u8, GREETING.encode())
"""


def test_parameters_choose_what_is_built(tmp_path: Path) -> None:
    small = on_host(tmp_path, SIZED)
    large = on_host(tmp_path, SIZED, parameters={"count": 500, "greeting": "good morning"})
    assert (small.call("program.count"), small.call("program.initial")) == (3, 5)
    assert (large.call("program.count"), large.call("program.initial")) == (500, 12)
    assert small.layouts["program.cells"].size == 24 and large.layouts["program.cells"].size == 4000


def test_compiled_modules_do_not_enter_the_interpreter(tmp_path: Path) -> None:
    before = set(sys.modules)
    (tmp_path / "helper.py").write_text(HEAD + "VALUE: Final = 5\n")
    on_host(tmp_path, "from helper import VALUE\n\n\ndef value() -> u64:\n    return u64(VALUE)\n", name="importing")
    assert {"helper", "importing"} & (set(sys.modules) - before) == set()


def test_kernel_and_user_modules_are_executed_afresh() -> None:
    import keelback.abi.limits as ordinary

    typed = check(Program(root="keelback.abi.limits", parameters={"thread_count": 99}))
    assert typed.root.namespace["THREAD_COUNT"] == 99
    assert ordinary.THREAD_COUNT != 99


FIRST = """
if TYPE_CHECKING:
    from second import Other


@struct
class One(Struct):
    value: u64 = u64(4)


one: Final = One()


def of(other: Other) -> u64:
    return other.value + one.value
"""
SECOND = """
from first import One, of, one


@struct
class Other(Struct):
    value: u64 = u64(3)
    link: Ref[One] | None = None


other: Final = Other()


def total() -> u64:
    other.link = one
    return of(other)
"""


def test_siblings_may_import_each_other_and_be_named_in_annotations_only(tmp_path: Path) -> None:
    (tmp_path / "first.py").write_text(HEAD + FIRST)
    assert on_host(tmp_path, SECOND, name="second").call("second.total") == 7


def test_an_error_in_an_imported_module_is_located_there(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(HEAD + "TABLE: Final = constants(u8, (1, 300))\n")
    with pytest.raises(Diagnostics) as caught:
        check(program(tmp_path, "from broken import TABLE\n"))
    error = caught.value.errors[0]
    assert error.span.source.path == tmp_path / "broken.py" and error.span.text == "constants(u8, (1, 300))"
    assert "CONVERT" in error.message


LIBRARY = """
@hook
def answer(value: u64) -> u64:
    return value


@hook
def other() -> u64:
    return u64(2)


def ask(value: u64) -> u64:
    return answer(value) * 10 + other()
"""
ROOT = """
from library import ask


def answer(value: u64) -> u64:
    return value + 1


def run(value: u64) -> u64:
    return ask(value)
"""


def test_hooks_are_replaced_by_the_root_module_only(tmp_path: Path) -> None:
    (tmp_path / "library.py").write_text(HEAD + LIBRARY)
    compiled = program(tmp_path, ROOT)
    assert HostProgram(compiled).call("program.run", 4) == 52
    plain = Program(root=compiled.root, hooks_from_root=False)
    assert HostProgram(plain).call("program.run", 4) == 42


def test_a_module_level_branch_chooses_a_function(tmp_path: Path) -> None:
    text = 'if parameter("fast", 0):\n    def speed() -> u64:\n        return u64(2)\nelse:\n    def speed() -> u64:\n'
    text += "        return u64(1)\n"
    assert on_host(tmp_path, text).call("program.speed") == 1
    assert on_host(tmp_path, text, parameters={"fast": 1}).call("program.speed") == 2
