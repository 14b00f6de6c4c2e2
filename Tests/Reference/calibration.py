"""Areas of expected coverage and chi-squared tests of rank histograms, by numpy and scipy.

Writes Tests/RobustnessTests/GoldenCalibration.swift. numpy 2.4.6, scipy 1.17.1; nothing is drawn.
"""

import argparse
from pathlib import Path

import numpy as np
from scipy import stats

HISTOGRAMS = [
    [50] * 4 + [51, 49],
    [10, 20, 15, 5],
    [100, 80, 60, 40, 20],
    [300, 10, 10, 10, 10, 10, 10, 10, 10, 300],
    [57, 43, 52, 48, 61, 39, 50, 50, 44, 56, 49, 51, 47, 53, 60, 40, 45, 55, 58, 42],
]


def areas(ranks):
    levels = np.linspace(0, 1, 100)
    coverage = np.array([np.mean(ranks < level) for level in levels])
    coverage[0], coverage[-1] = 0, 1
    difference = coverage - levels
    return np.trapezoid(difference, levels), np.trapezoid(np.abs(difference), levels)


def main():
    argparse.ArgumentParser(description=__doc__).parse_args()
    places = (np.arange(257) * 97 + 13) % 257 / 257
    # Crosses the diagonal, so that both areas differ.
    ranks = places**2 * (3 - 2 * places)
    signed, absolute = areas(ranks)
    lines = [
        "// Written by Tests/Reference/calibration.py.",
        "",
        "/// Areas and tests by numpy and scipy.",
        "enum GoldenCalibration {",
        "    struct Histogram: Sendable {",
        "        let counts: [Int]",
        "        let statistic: Double",
        "        let pValue: Double",
        "    }",
        "",
        f"    static let signedArea = {float(signed)!r}",
        f"    static let absoluteArea = {float(absolute)!r}",
        "    static let histograms = [",
    ]
    for counts in HISTOGRAMS:
        test = stats.chisquare(counts)
        lines += [
            "        Histogram(",
            f"            counts: {counts},",
            f"            statistic: {float(test.statistic)!r},",
            f"            pValue: {float(test.pvalue)!r}",
            "        ),",
        ]
    lines += ["    ]", "}"]
    root = Path(__file__).resolve().parents[2]
    path = root / "Tests/RobustnessTests/GoldenCalibration.swift"
    path.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
