"""Parameters that a description gives to a program which never asks for them: misspelt, most likely.

Which parameters a program asks for is known once it was compiled. One in C or Zig is given all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from keelback.sdk.image.components import Built
from keelback.sdk.image.plan import Plan
from keelback.sdk.system.checks import InvalidSystem
from keelback.sdk.system.errors import DescriptionError
from keelback.sdk.system.model import ProtectionDomain
from keelback.sdk.system.resources import ComponentImage


def described_programs(plan: Plan) -> Iterator[tuple[str, ProtectionDomain | ComponentImage]]:
    """What the description says of each program, by its name in the build."""
    for component in plan.components:
        yield component.name, component.domain
        for load in component.loads:
            yield load.program, load.image


def find_unknown(
    name: str, described: ProtectionDomain | ComponentImage, asked: tuple[str, ...]
) -> list[DescriptionError]:
    """One error for each parameter that the program does not ask for, naming the nearest one that it does."""
    errors: list[DescriptionError] = []
    for unknown in sorted(set(described.parameters) - set(asked)):
        near = get_close_matches(unknown, asked, 1)
        help_text = f"did you mean `{near[0]}`?" if near else "remove it, or ask for it with `parameter(...)`"
        errors.append(DescriptionError(described.location, f"`{name}` has no parameter `{unknown}`", help_text))
    return errors


def check_parameters(plan: Plan, built: Mapping[str, Built]) -> None:
    """Raise InvalidSystem if a program is told what it does not ask for."""
    errors = [
        error
        for name, described in described_programs(plan)
        for error in find_unknown(name, described, built[name].asked)
    ]
    if errors:
        raise InvalidSystem(sorted(errors, key=lambda error: error.location))
