"""Scores a running server's two moons posterior with sbibm's C2ST.

Posts sbibm's ten observations, draws as many samples as sbibm has reference samples, and trains
sbibm's classifier on the two sets: two hidden layers of 10·D units, both sets z-scored by the
reference, five folds. 0.5 is indistinguishable, 1 is disjoint. Observations and reference samples
are read from the files inside the installed `sbibm` package, whose code is not run.
"""

from __future__ import annotations

import argparse
import bz2
import csv
import importlib.util
import io
import json
from pathlib import Path

import numpy as np
from client import Array, PosteriorClient, add_url_argument
from sklearn.model_selection import KFold, cross_val_score
from sklearn.neural_network import MLPClassifier

MODEL = "two_moons"
LIMIT = 0.65
SEED = 1


def task_files() -> Path:
    """Where the installed package keeps the files of the task."""
    package = importlib.util.find_spec("sbibm")
    if package is None or not package.submodule_search_locations:
        raise SystemExit("sbibm is not installed: pip install --no-deps sbibm==1.1.0")
    return Path(package.submodule_search_locations[0]) / "tasks" / "two_moons" / "files"


def read_table(text: str) -> Array:
    """A CSV file of numbers under one line of names."""
    rows = list(csv.reader(io.StringIO(text)))
    return np.array(rows[1:], dtype=float)


def observation(number: int) -> Array:
    path = task_files() / f"num_observation_{number}" / "observation.csv"
    return read_table(path.read_text())[0]


def reference_samples(number: int) -> Array:
    path = task_files() / f"num_observation_{number}" / "reference_posterior_samples.csv.bz2"
    return read_table(bz2.decompress(path.read_bytes()).decode())


def c2st(reference: Array, samples: Array, workers: int) -> float:
    """Cross-validated accuracy of sbibm's classifier."""
    # sbibm's tensors are float32 and its deviations have n − 1.
    first, second = reference.astype(np.float32), samples.astype(np.float32)
    mean, deviation = first.mean(0), first.std(0, ddof=1)
    data = np.concatenate([(first - mean) / deviation, (second - mean) / deviation])
    target = np.concatenate([np.zeros(len(first)), np.ones(len(second))])
    width = 10 * first.shape[1]
    classifier = MLPClassifier(
        activation="relu",
        hidden_layer_sizes=(width, width),
        max_iter=10_000,
        solver="adam",
        random_state=SEED,
    )
    folds = KFold(n_splits=5, shuffle=True, random_state=SEED)
    scores = cross_val_score(
        classifier, data, target, cv=folds, scoring="accuracy", n_jobs=workers
    )
    return float(np.mean(scores))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_url_argument(parser)
    parser.add_argument("--model", default=MODEL)
    parser.add_argument("--seed", type=int, default=SEED, help="seed of the served draws")
    parser.add_argument("--workers", type=int, default=2, help="folds trained at a time")
    parser.add_argument(
        "--print-observations", action="store_true", help="print the ten observations and leave"
    )
    arguments = parser.parse_args()
    numbers = range(1, 11)
    if arguments.print_observations:
        for number in numbers:
            print(json.dumps(observation(number).tolist()))
        return
    client = PosteriorClient(arguments.url)
    scores = []
    for number in numbers:
        reference = reference_samples(number)
        x = observation(number)
        samples = client.sample(arguments.model, x[None], len(reference), arguments.seed)[0]
        scores.append(c2st(reference, samples, arguments.workers))
        print(f"observation {number:>2}  x = {x[0]:+.4f} {x[1]:+.4f}  C2ST {scores[-1]:.4f}", flush=True)
    mean = float(np.mean(scores))
    passed = mean <= LIMIT
    print(f"mean {mean:.4f}, limit {LIMIT}")
    print(json.dumps({"passed": passed, "mean": mean, "scores": scores}))
    raise SystemExit(0 if passed else 1)


if __name__ == "__main__":
    main()
