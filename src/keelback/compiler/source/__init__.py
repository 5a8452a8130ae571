"""Where text is and what is wrong with it: spans and diagnostics. Knows nothing of the language itself."""

from keelback.compiler.source.diagnostics import Diagnostic, Diagnostics, Reporter
from keelback.compiler.source.spans import Source, Span

__all__ = ["Diagnostic", "Diagnostics", "Reporter", "Source", "Span"]
