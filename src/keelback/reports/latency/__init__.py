"""Longest paths through the compiled kernel, in instructions: of each system call, each interrupt, each exception.

This is the package's public door. Time is not computed: an instruction takes as long as the processor needs for it.
"""

from keelback.reports.latency.bounds import CALL_LIMIT, Bound, Latency, Walk, measure_latency
from keelback.reports.latency.entries import Entry, all_entries
from keelback.reports.latency.errors import UnboundedCode
from keelback.reports.latency.table import render, to_data

__all__ = [
    "CALL_LIMIT",
    "Bound",
    "Entry",
    "Latency",
    "UnboundedCode",
    "Walk",
    "all_entries",
    "measure_latency",
    "render",
    "to_data",
]
