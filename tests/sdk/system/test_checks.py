"""Every rule of a description: one tiny invalid system each (tests/systems), refused at one line with an exact message.

A system file's docstring is the message, a blank line and the help; the line that is refused carries `# refused`.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from keelback.sdk import DescriptionError, InvalidSystem, check_system, load_system
from keelback.sdk.system.checks import RULES

FOLDER = Path(__file__).resolve().parents[2] / "systems"
SYSTEMS = sorted(path for path in FOLDER.glob("*.py") if path.stem != "component")


def mistakes_of(path: Path) -> list[DescriptionError]:
    try:
        check_system(load_system(path))
    except InvalidSystem as invalid:
        return invalid.errors
    except DescriptionError as error:
        return [error]
    return []


@pytest.mark.parametrize("path", SYSTEMS, ids=lambda path: path.stem)
def test_invalid_system_is_refused_at_its_line(path: Path) -> None:
    source = path.read_text()
    expected = (ast.get_docstring(ast.parse(source)) or "").replace("{folder}", str(FOLDER))
    marked = [number for number, line in enumerate(source.splitlines(), 1) if line.endswith("# refused")]
    found = mistakes_of(path)
    assert [f"{error.message}\n\n{error.help_text}" for error in found] == [expected]
    assert (found[0].location.path, [found[0].location.line]) == (path, marked or [1])


def test_every_rule_refuses_some_system() -> None:
    refusing: set[str] = set()
    for path in SYSTEMS:
        try:
            system = load_system(path)
        except DescriptionError:
            continue
        for rule in RULES:
            try:
                if list(rule(system)):
                    refusing.add(rule.__name__)
            except KeyError:  # an unknown board: the later rules need a known one
                assert path.stem == "board_unknown"
    assert refusing == {rule.__name__ for rule in RULES}


def test_error_text_names_file_line_and_help() -> None:
    (error,) = mistakes_of(FOLDER / "domain_priority_zero.py")
    expected = f"{FOLDER / 'domain_priority_zero.py'}:9: priority 0 of `vault` is out of range\n"
    assert str(error) == expected + "    help: choose 1 (lowest) to 255"
