"""Compares posterior-server with FastAPI + sbi and with Hummingbird, under the load of wrk.

Each server is started, warmed up, measured and stopped in turn, and the turns repeat, so that a
noisy minute hits all of them. FastAPI runs with one and with two workers, and the better counts.
The load generator shares the machine with the server.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from collections import defaultdict
from pathlib import Path

import servers
import timing
from servers import Load

OURS = "posterior-server"
SAMPLE_1000 = "sample, 1000 draws, 4 clients"
SAMPLE_1 = "sample, 1 draw, 4 clients"
LIVE = "live, 64 keep-alive clients"
LOADS = {
    SAMPLE_1000: Load("sample.lua", 4, ("1000",)),
    SAMPLE_1: Load("sample.lua", 4, ("1",)),
    LIVE: Load("live.lua", 64),
}
GOALS = {SAMPLE_1000: 60.0, SAMPLE_1: 500.0, LIVE: 1.0}
LIVE_P99_MS = 5.0

Figures = dict[str, float]


def summarise(runs: list[Figures]) -> Figures:
    """Medians over the rounds, and the extremes of the rate."""
    rates = [run["requests_per_second"] for run in runs]
    return {
        "requests_per_second": statistics.median(rates),
        "least_requests_per_second": min(rates),
        "most_requests_per_second": max(rates),
        "p50_ms": statistics.median(run["p50_ms"] for run in runs),
        "p99_ms": statistics.median(run["p99_ms"] for run in runs),
        "rounds": len(runs),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    binary = os.environ.get("POSTERIOR_SERVER", servers.REPOSITORY / ".build/release/posterior-server")
    parser.add_argument(
        "--server", type=Path, default=Path(binary), help="our binary, default POSTERIOR_SERVER"
    )
    parser.add_argument("--models", type=Path, default=servers.REPOSITORY / "models")
    parser.add_argument(
        "--python", default=os.environ.get("PEERS_PYTHON", sys.executable), help="runs FastAPI"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8, help="time of one run of wrk")
    parser.add_argument("--workers", type=timing.thread_counts, default=[1, 2], help="of FastAPI")
    parser.add_argument("--port", type=int, default=18_080, help="the first of the ports used")
    parser.add_argument("--skip-hummingbird", action="store_true")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()

    ours = servers.posterior_server(arguments.server, arguments.models, arguments.port)
    plans = [(ours, [SAMPLE_1000, SAMPLE_1, LIVE])]
    for k, workers in enumerate(arguments.workers):
        peer = servers.fastapi_server(arguments.python, workers, arguments.port + 2 + k)
        plans.append((peer, [SAMPLE_1000, SAMPLE_1]))
    if not arguments.skip_hummingbird:
        plans.append((servers.hummingbird_server(arguments.port + 1), [LIVE]))

    runs: dict[str, dict[str, list[Figures]]] = defaultdict(lambda: defaultdict(list))
    for turn in range(arguments.rounds):
        for server, cases in plans:
            with servers.running(server):
                for case in cases:
                    servers.apply_load(server, LOADS[case], 1)
                    figures = servers.apply_load(server, LOADS[case], arguments.seconds)
                    runs[case][server.name].append(figures)
                    rate = figures["requests_per_second"]
                    print(f"round {turn + 1}: {server.name}: {case}: {rate:.1f}/s", file=sys.stderr)

    document: dict[str, object] = {"machine": timing.machine(), "cases": {}}
    cases_document = document["cases"]
    assert isinstance(cases_document, dict)
    print(f"{'case':<32}{'server':<18}{'requests/s':>12}{'p50 ms':>10}{'p99 ms':>10}{'ratio':>9}  goal")
    for case in LOADS:
        summaries = {name: summarise(each) for name, each in runs[case].items()}
        own = summaries[OURS]
        peers = {name: figures for name, figures in summaries.items() if name != OURS}
        ratio = None
        for name, figures in summaries.items():
            rate = figures["requests_per_second"]
            shown = f"{own['requests_per_second'] / rate:9.2f}" if name in peers else ""
            print(
                f"{case:<32}{name:<18}{rate:12.1f}{figures['p50_ms']:10.2f}"
                f"{figures['p99_ms']:10.2f}{shown:>9}"
            )
        if peers:
            fastest = max(peers.values(), key=lambda figures: figures["requests_per_second"])
            ratio = own["requests_per_second"] / fastest["requests_per_second"]
            verdict = "met" if ratio >= GOALS[case] else "missed"
            print(f"{case:<32}{'against the best':<18}{'':>32}{ratio:9.2f}  ≥ {GOALS[case]:g}: {verdict}")
        if case == LIVE:
            verdict = "met" if own["p99_ms"] < LIVE_P99_MS else "missed"
            print(f"{case:<32}{'p99 of ours':<18}{'':>22}{own['p99_ms']:10.2f}{'':>9}  < 5 ms: {verdict}")
        cases_document[case] = {"servers": summaries, "ratio": ratio, "goal": GOALS[case]}
    if arguments.json:
        arguments.json.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
