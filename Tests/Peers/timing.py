"""Timing that all peers share: how a figure is taken, and how it is written down."""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

THETA_DIM = 10
X_DIM = 10
MAF_TRANSFORMS = 5
MAF_BLOCKS = 2
MAF_HIDDEN = 50
# The spline flow has the MAF's shape otherwise.
SPLINE_BINS = 10
SPLINE_BOUND = 3.0
MDN_COMPONENTS = 10
MDN_HIDDEN = 50
LEARNING_RATE = 5e-4
DRAWS = (1, 100, 1000, 10_000)
OBSERVATIONS = 1000
BATCHES = (200, 512)
# Draws of the Fisher information of one observation.
FISHER_INFORMATION_DRAWS = 1000
# The Fisher-regularised step: rows, draws of each, and the strength.
FISHER_BATCH = 512
FISHER_DRAWS = 5
FISHER_BETA = 1e-3

# The diagonal of the linear Gaussian task, x = diag(a)·theta + noise.
LINEAR_GAUSSIAN_DIAGONAL = (
    -0.2633, -1.9402, 1.6822, -0.29684, -0.031292, -1.0250, 0.056811, 0.29649, 1.2073, -1.7704,
)  # fmt: skip
LINEAR_GAUSSIAN_NOISE = 0.1


@dataclass(frozen=True)
class Result:
    """The spread of one measurement; every timing tool writes the same fields."""

    name: str
    median_seconds: float
    p25_seconds: float
    p75_seconds: float
    min_seconds: float
    repetitions: int
    threads: int


@dataclass(frozen=True)
class Budget:
    """How long one measurement may take."""

    seconds: float
    least: int = 5
    most: int = 2000


def measure(name: str, work: Callable[[], object], budget: Budget, threads: int) -> Result:
    """Repeats work for the time allowed, after two runs that do not count."""
    for _ in range(2):
        work()
    times: list[float] = []
    end = time.perf_counter() + budget.seconds
    while len(times) < budget.least or (time.perf_counter() < end and len(times) < budget.most):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    quarters = statistics.quantiles(times, n=4, method="inclusive")
    result = Result(name, quarters[1], quarters[0], quarters[2], min(times), len(times), threads)
    print(f"{name:<32} {result.median_seconds * 1e3:10.3f} ms  threads {threads}", file=sys.stderr)
    return result


def best(results: Iterable[Result]) -> list[Result]:
    """For each name the result with the least median, in order of first appearance."""
    chosen: dict[str, Result] = {}
    for result in results:
        other = chosen.get(result.name)
        if other is None or result.median_seconds < other.median_seconds:
            chosen[result.name] = result
    return list(chosen.values())


def machine() -> dict[str, object]:
    """What the figures were taken on."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "load_average": os.getloadavg()[0],
        "system": platform.system(),
        "python": platform.python_version(),
    }


def report(
    results: list[Result], versions: dict[str, str], every: list[Result] | None = None
) -> str:
    """The JSON document of one tool: the best results, and all that they were chosen from."""
    document: dict[str, object] = {
        "results": [asdict(result) for result in results],
        "machine": machine(),
        "versions": versions,
    }
    if every is not None:
        document["all_thread_counts"] = [asdict(result) for result in every]
    return json.dumps(document, indent=2)


def thread_counts(text: str) -> list[int]:
    """Parses a list of thread counts such as `1,2`."""
    counts = [int(part) for part in text.split(",")]
    if min(counts) < 1:
        raise ValueError("thread counts are positive")
    return counts
