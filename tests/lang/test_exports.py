"""The package has one public door."""

from __future__ import annotations

from types import ModuleType

import keelback
from keelback import lang


def test_the_door_lists_exactly_what_it_imports() -> None:
    public = {name for name, value in vars(lang).items() if name[0] != "_" and not isinstance(value, ModuleType)}
    assert public - {"annotations"} == set(lang.__all__)
    assert len(lang.__all__) == len(set(lang.__all__))


def test_the_version() -> None:
    assert keelback.__version__ == "0.1.0"
