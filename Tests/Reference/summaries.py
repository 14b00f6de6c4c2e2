"""Golden summaries of Tests/PosteriorAPITests/GoldenSummaries.swift.

Run: python3 Tests/Reference/summaries.py > Tests/PosteriorAPITests/GoldenSummaries.swift
Written by numpy 2.4.6; the draws come from numpy's default_rng(20261124). The shortest intervals
follow `hdi` of ArviZ 0.22 (arviz/stats/stats.py, _hdi), written out here.
"""

import numpy as np

rng = np.random.default_rng(20261124)
QUANTILES = [0.0, 0.025, 0.1, 0.5, 0.75, 0.975, 1.0]
LEVELS = [0.05, 0.5, 0.9, 0.99]


def shortest(column, level):
    ordered = np.sort(column)
    steps = int(np.floor(level * len(ordered)))
    widths = ordered[steps:] - ordered[: len(ordered) - steps]
    start = int(np.argmin(widths))
    return [ordered[start], ordered[start + steps]]


def swift(values):
    return "[" + ", ".join(repr(float(v)) for v in np.asarray(values).reshape(-1)) + "]"


def case(name, draws):
    draws = np.asarray(draws, dtype=np.float32)
    wide = draws.astype(np.float64)
    texts = ", ".join(
        np.format_float_positional(v, unique=True, trim="0") for v in draws.reshape(-1)
    )
    return f"""    GoldenSummary(
        name: "{name}",
        thetaDim: {draws.shape[1]},
        draws: [{texts}],
        mean: {swift(wide.mean(axis=0))},
        standardDeviation: {swift(wide.std(axis=0, ddof=1))},
        correlation: {swift(np.corrcoef(wide, rowvar=False))},
        quantiles: [{", ".join(swift(np.quantile(wide, q, axis=0)) for q in QUANTILES)}],
        credibleIntervals: [{", ".join(swift([shortest(c, l) for c in wide.T]) for l in LEVELS)}]
    )"""


normals = rng.normal(size=(43, 3))
cases = [
    case("correlated normals", normals @ np.array([[1, 0.9, -0.2], [0, 0.3, 0.5], [0, 0, 2]])),
    case("far from zero, with little spread", 1e6 + np.round(rng.normal(size=(24, 2)) * 16) / 16),
    case("skewed, with ties", np.round(rng.exponential(size=(60, 2)) * 8) / 8),
    case("two draws", [[0.25, -1.5], [0.75, 4.0]]),
]

ALL = ",\n".join(cases)
print(f"""// Written by Tests/Reference/summaries.py.
// swift-format-ignore-file

/// Draws `[S, D]` and what numpy says of them.
struct GoldenSummary {{
    var name: String
    var thetaDim: Int
    var draws: [Float]
    var mean: [Double]
    var standardDeviation: [Double]
    var correlation: [Double]
    /// For each of `probabilities`, `[D]`.
    var quantiles: [[Double]]
    /// For each of `levels`, `[D, 2]`.
    var credibleIntervals: [[Double]]

    static let probabilities: [Double] = {swift(QUANTILES)}
    static let levels: [Double] = {swift(LEVELS)}

    static let all = [
{ALL},
    ]
}}""")
