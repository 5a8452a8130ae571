"""`keel report`: say something about a built system, from its manifest and sources."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from keelback.cli import common, prove
from keelback.prover.results import find_result, prover_fingerprint
from keelback.prover.solvers import solver_versions
from keelback.reports import capability_graph, memory_map, proof, tcb
from keelback.reports.latency import UnboundedCode, measure_latency
from keelback.reports.latency import render as render_latency
from keelback.reports.latency import to_data as latency_data


def add_parser(subparsers: common.Subparsers) -> None:
    """Register the subcommand and the reports below it."""
    parser = subparsers.add_parser("report", help="report on a built system, or on what is proven of the kernel")
    reports = parser.add_subparsers(dest="report", required=True, metavar="REPORT")
    trusted = reports.add_parser("tcb", help="the code each component has to trust, and why")
    common.add_system_argument(trusted)
    trusted.add_argument("--json", action="store_true", help="print the figures as JSON")
    trusted.set_defaults(run=run_tcb)
    memory = reports.add_parser("memory", help="where everything lies in physical memory, and who sees it")
    common.add_system_argument(memory)
    memory.set_defaults(run=run_memory)
    graph = reports.add_parser("capabilities", help="who can reach whom, as a graph for Graphviz's dot")
    common.add_system_argument(graph)
    graph.add_argument("--rings", action="store_true", help="with the console's rings and signals")
    graph.set_defaults(run=run_capabilities)
    latency = reports.add_parser("latency", help="the longest path of each system call and interrupt, in instructions")
    common.add_system_argument(latency)
    latency.add_argument("--json", action="store_true", help="print the figures as JSON")
    latency.add_argument("--where", action="store_true", help="with the functions that most of each path is in")
    latency.set_defaults(run=run_latency)
    proven = reports.add_parser("proof", help="what is proven of the kernel, from the results of `keel prove`")
    proven.add_argument("--json", action="store_true", help="print everything as JSON")
    proven.add_argument("--html", type=Path, metavar="FILE", help="write a page to FILE")
    proven.set_defaults(run=run_proof)


def run_tcb(options: argparse.Namespace) -> int:
    """Build if need be, and print the trusted code of every component."""
    built = common.build(options.system, quiet=True)
    figures = tcb.measure_trust(built.manifest)
    if options.json:
        print(json.dumps(tcb.to_data(figures), indent=2))
    else:
        print(tcb.render(figures))
    return 0


def run_memory(options: argparse.Namespace) -> int:
    """Build if need be, and print the memory map."""
    print(memory_map.render(common.build(options.system, quiet=True).manifest))
    return 0


def run_capabilities(options: argparse.Namespace) -> int:
    """Build if need be, and print the graph."""
    print(capability_graph.render(common.build(options.system, quiet=True).manifest, rings=options.rings))
    return 0


def run_proof(options: argparse.Namespace) -> int:
    """Look up what is known of every goal of the present kernel, and print it. Proves nothing."""
    cells = []
    for job in prove.all_jobs(0.0):
        known = find_result(job)
        cells.append(proof.read_cell(job.goal.name, None if known is None else known.to_json()))
    if options.html is not None:
        versions = f"{prover_fingerprint()[:12]}, {solver_versions()}"
        about = f"Kernel with tables of default sizes; prover and solvers: {versions}."
        options.html.write_text(proof.render_page(cells, "Keelback: what is proven", about))
    print(json.dumps(proof.to_data(cells), indent=2) if options.json else proof.render(cells))
    return 0


def run_latency(options: argparse.Namespace) -> int:
    """Build if need be, and print the longest paths through the kernel."""
    try:
        found = measure_latency(common.build(options.system, quiet=True).elf("kernel"))
    except UnboundedCode as error:
        raise common.UserError(f"the kernel's latency has no bound: {error}") from error
    print(json.dumps(latency_data(found), indent=2) if options.json else render_latency(found, where=options.where))
    return 0
