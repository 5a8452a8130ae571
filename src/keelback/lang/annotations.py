"""Reading string annotations late, in the scope they were written in.

A compiled module runs in a private namespace that is not in sys.modules, so a class remembers the namespaces of the
frame that decorated it; and a struct may name a struct defined further down, so nothing is evaluated before it is
needed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import FrameType


@dataclass(frozen=True)
class Scope:
    """The namespaces in which a class's annotations mean something."""

    module_globals: dict[str, object] = field(repr=False)
    local_names: dict[str, object] | None = field(repr=False, default=None)  # a class made inside a function (tests)

    def evaluate(self, annotation: object) -> object:
        """The object an annotation names; NameError, as usual, when it does not exist (yet)."""
        if isinstance(annotation, str):
            return eval(annotation, self.module_globals, self.local_names)
        return annotation


def calling_scope(frame: FrameType) -> Scope:
    """The scope of `frame`, kept by reference as far as Python allows: module globals yes, a function's locals no."""
    local_names = frame.f_locals if frame.f_locals is not frame.f_globals else None
    return Scope(frame.f_globals, local_names)
