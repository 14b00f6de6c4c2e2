"""Runs `posterior-benchmark`, sbi, flowjax and zuko one after the other, and prints the ratios.

They take turns for several rounds in one run, so that a noisy minute hits all of them. A figure
is the median over the rounds; the range beside a ratio is the least and the greatest of its rounds.
The peers run with one and with two threads, and the better counts. Their time grows with whatever
else the machine does, as ours does: compare ratios, and only from a quiet machine.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import timing

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
SUFFIXES = {"@estimator": "sbi, bare estimator", "@other_orientation": "flowjax, other orientation"}
GOALS = {
    ("maf/sample/1x1000", "sbi"): 80.0,
    ("maf/sample/1x1000", "flowjax"): 12.0,
    ("maf/log_prob/1x1000", "sbi"): 10.0,
    ("maf/log_prob/1x1000", "flowjax"): 3.0,
    ("maf/fisher/1x1000", "sbi"): 40.0,
    ("maf/fisher/1x1000", "flowjax"): 10.0,
    ("maf/train_step/batch512", "sbi"): 15.0,
    ("maf/train_step/batch512", "flowjax"): 3.0,
    ("maf/fim_step/batch512", "sbi"): 30.0,
    ("maf/fim_step/batch512", "flowjax"): 6.0,
    ("nsf/sample/1x1000", "flowjax"): 50.0,
    ("nsf/sample/1x1000", "zuko"): 50.0,
}

Medians = dict[str, list[float]]


def run(label: str, command: list[str]) -> list[dict[str, object]]:
    """What one tool timed; results of another kind are left out."""
    print(f"{label}: {' '.join(command)}", file=sys.stderr)
    output = subprocess.run(
        command, check=True, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ).stdout
    results = json.loads(output)["results"]
    return [result for result in results if "median_seconds" in result]


def ratio_text(ours: list[float], peer: list[float], goal: float | None) -> str:
    """The ratio of the medians, its range over the rounds, and whether a goal is met."""
    ratio = statistics.median(peer) / statistics.median(ours)
    each = [p / o for p, o in zip(peer, ours, strict=True)]
    text = f"{ratio:.1f}× ({min(each):.1f}–{max(each):.1f})"
    if goal is None:
        return text
    return f"{text} ≥ {goal:g}: {'met' if ratio >= goal else 'missed'}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    binary = os.environ.get(
        "POSTERIOR_BENCHMARK", REPOSITORY / ".build" / "release" / "posterior-benchmark"
    )
    parser.add_argument(
        "--benchmark", type=Path, default=Path(binary), help="ours, default POSTERIOR_BENCHMARK"
    )
    parser.add_argument(
        "--python", default=os.environ.get("PEERS_PYTHON", sys.executable), help="runs the peers"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.5, help="time of one peer measurement")
    parser.add_argument("--filter", default="", help="time only what has this text in its name")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()

    peer = ["--seconds", str(arguments.seconds), "--filter", arguments.filter]
    only = ["--only", arguments.filter] if arguments.filter else []
    commands = {
        "ours": [str(arguments.benchmark), "--json", *only],
        "sbi": [arguments.python, str(HERE / "time_sbi.py"), *peer],
        "flowjax": [arguments.python, str(HERE / "time_flowjax.py"), *peer],
        "zuko": [arguments.python, str(HERE / "time_zuko.py"), *peer],
    }
    medians: dict[str, Medians] = {tool: defaultdict(list) for tool in commands}
    for turn in range(arguments.rounds):
        for tool, command in commands.items():
            for result in run(f"round {turn + 1} of {arguments.rounds}, {tool}", command):
                name, seconds = str(result["name"]), float(str(result["median_seconds"]))
                medians[tool][name].append(seconds)

    rows = []
    print(f"{'work':<28}{'peer':<30}{'ours ms':>10}{'peer ms':>10}  ratio")
    for name, ours in medians["ours"].items():
        peers = [(tool, "", medians[tool].get(name)) for tool in ("sbi", "flowjax", "zuko")]
        peers.append(("sbi", "@estimator", medians["sbi"].get(name + "@estimator")))
        other = name + "@other_orientation"
        peers.append(("flowjax", "@other_orientation", medians["flowjax"].get(other)))
        own = statistics.median(ours)
        if not any(times for _, _, times in peers):
            print(f"{name:<28}{'':<30}{own * 1e3:10.4f}")
            continue
        for tool, suffix, times in peers:
            if not times:
                continue
            goal = GOALS.get((name, tool)) if not suffix else None
            label = SUFFIXES.get(suffix, tool)
            text = ratio_text(ours, times, goal)
            theirs = statistics.median(times)
            print(f"{name:<28}{label:<30}{own * 1e3:10.4f}{theirs * 1e3:10.3f}  {text}")
            rows.append(
                {
                    "name": name,
                    "peer": label,
                    "ours_seconds": ours,
                    "peer_seconds": times,
                    "ratio": theirs / own,
                    "goal": goal,
                }
            )
    if arguments.json:
        document = {"comparison": rows, "machine": timing.machine()}
        arguments.json.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
