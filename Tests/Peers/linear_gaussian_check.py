"""Compares a running server's linear Gaussian posterior with the analytic one.

Fresh observations come from the task itself. For each the server draws samples, whose means and
standard deviations are compared with the exact ones; and it evaluates log densities of exact draws.
Leaves with status 1 when a limit is exceeded.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
import timing
from client import Array, PosteriorClient, add_url_argument

MODEL = "linear_gaussian"
LIMITS = {
    "mean_error_rms_in_posterior_sd": 0.12,
    "standard_deviation_relative_error_median": 0.05,
    "log_prob_absolute_error_mean": 0.3,
}

DIAGONAL = np.array(timing.LINEAR_GAUSSIAN_DIAGONAL)
PRECISION = 1 + (DIAGONAL / timing.LINEAR_GAUSSIAN_NOISE) ** 2
DEVIATION = 1 / np.sqrt(PRECISION)


def posterior_mean(x: Array) -> Array:
    return DIAGONAL * x / (timing.LINEAR_GAUSSIAN_NOISE**2 * PRECISION)


def log_density(theta: Array, x: Array) -> Array:
    """log p(theta | x) for theta [..., D] and x [..., D]."""
    z = (theta - posterior_mean(x)) / DEVIATION
    constant = np.log(DEVIATION).sum() + 0.5 * len(DIAGONAL) * np.log(2 * np.pi)
    return -0.5 * (z**2).sum(-1) - constant


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_url_argument(parser)
    parser.add_argument("--observations", type=int, default=100)
    parser.add_argument("--samples", type=int, default=10_000, help="draws of each observation")
    parser.add_argument("--densities", type=int, default=200, help="log densities of each")
    parser.add_argument("--batch", type=int, default=10, help="observations of one request")
    parser.add_argument("--seed", type=int, default=20_260_101)
    arguments = parser.parse_args()
    generator = np.random.default_rng(arguments.seed)
    client = PosteriorClient(arguments.url)

    shape = (arguments.observations, len(DIAGONAL))
    theta_true = generator.normal(size=shape)
    x = DIAGONAL * theta_true + timing.LINEAR_GAUSSIAN_NOISE * generator.normal(size=shape)
    # The server reads float32; the exact posterior must see the same numbers.
    x = x.astype(np.float32).astype(float)
    exact_mean = posterior_mean(x)

    draws = [
        client.sample(MODEL, x[k : k + arguments.batch], arguments.samples, arguments.seed)
        for k in range(0, len(x), arguments.batch)
    ]
    samples = np.concatenate(draws)
    assert samples.shape == (arguments.observations, arguments.samples, len(DIAGONAL))
    mean_error = (samples.mean(1) - exact_mean) / DEVIATION
    deviation_error = samples.std(1, ddof=1) / DEVIATION - 1

    noise = generator.normal(size=(arguments.observations, arguments.densities, len(DIAGONAL)))
    theta = exact_mean[:, None] + DEVIATION * noise
    theta = theta.astype(np.float32).astype(float)
    served = np.concatenate(
        [
            client.log_prob(MODEL, x[k : k + arguments.batch], theta[k : k + arguments.batch])
            for k in range(0, len(x), arguments.batch)
        ]
    )
    exact = log_density(theta, x[:, None])
    figures = {
        "mean_error_rms_in_posterior_sd": float(np.sqrt((mean_error**2).mean())),
        "standard_deviation_relative_error_median": float(np.median(np.abs(deviation_error))),
        "log_prob_absolute_error_mean": float(np.abs(served - exact).mean()),
        "kl_exact_served_nats": float((exact - served).mean()),
    }
    print(f"{'figure':<44} {'value':>9} {'limit':>9}")
    for name, value in figures.items():
        limit = f"{LIMITS[name]:9.3f}" if name in LIMITS else ""
        print(f"{name:<44} {value:9.4f} {limit:>9}")
    for name, errors in (("mean", mean_error), ("standard deviation", deviation_error)):
        by_dimension = np.sqrt((errors**2).mean(0))
        print(f"{name} error by dimension: " + " ".join(f"{e:.3f}" for e in by_dimension))
    passed = all(figures[name] <= limit for name, limit in LIMITS.items())
    print(json.dumps({"passed": passed, **figures}))
    raise SystemExit(0 if passed else 1)


if __name__ == "__main__":
    main()
