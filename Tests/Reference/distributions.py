"""Golden log densities and moments of Tests/DistributionsTests/GoldenDensities.swift.

Run: python3 Tests/Reference/distributions.py > Tests/DistributionsTests/GoldenDensities.swift
Written by scipy 1.17.1 and numpy 2.4.6; the points come from numpy's default_rng(20240501).
"""

import numpy as np
import scipy
from scipy import stats

rng = np.random.default_rng(20240501)


def swift(values):
    return "[" + ", ".join(repr(float(v)) for v in np.asarray(values).reshape(-1)) + "]"


def case(name, description, points, log_density):
    rows = ",\n".join(
        f"            GoldenDensity(theta: {swift(p)}, logDensity: {float(v)!r})"
        for p, v in zip(points, log_density)
    )
    return (
        f"    GoldenDistribution(\n        name: \"{name}\",\n"
        f"        description: {description},\n        densities: [\n{rows},\n        ]\n    )"
    )


cases = []

mean, sd = np.array([-1.5, 0.25, 1e3]), np.array([0.5, 2.0, 1e-2])
points = mean + sd * rng.normal(size=(4, 3)) * 3
cases.append(
    case(
        "diagonal normal",
        f".diagonalNormal(mean: {swift(mean)}, standardDeviation: {swift(sd)})",
        points,
        stats.norm.logpdf(points, mean, sd).sum(axis=1),
    )
)

factor = rng.normal(size=(4, 4))
covariance = factor @ factor.T + 0.1 * np.eye(4)
covariance = (covariance + covariance.T) / 2
mean = rng.normal(size=4)
points = rng.normal(size=(4, 4)) * 2
cases.append(
    case(
        "multivariate normal",
        f".multivariateNormal(mean: {swift(mean)}, covariance: {swift(covariance)})",
        points,
        stats.multivariate_normal(mean, covariance).logpdf(points),
    )
)

lower, upper = np.array([-1.0, 0.0]), np.array([1.0, 1e-3])
points = lower + (upper - lower) * rng.uniform(size=(3, 2))
cases.append(
    case(
        "box uniform",
        f".boxUniform(lower: {swift(lower)}, upper: {swift(upper)})",
        points,
        stats.uniform.logpdf(points, lower, upper - lower).sum(axis=1),
    )
)

log_mean, log_sd = np.array([np.log(0.4), np.log(0.125)]), np.array([0.5, 0.2])
points = np.exp(log_mean + log_sd * rng.normal(size=(4, 2)) * 3)
cases.append(
    case(
        "log-normal",
        f".logNormal(logMean: {swift(log_mean)}, logStandardDeviation: {swift(log_sd)})",
        points,
        stats.lognorm.logpdf(points, log_sd, scale=np.exp(log_mean)).sum(axis=1),
    )
)

points = np.column_stack([rng.uniform(2, 5, size=4), np.exp(rng.normal(size=4)), rng.normal(size=4)])
cases.append(
    case(
        "product of a box, a log-normal and a normal",
        ".product([\n                .boxUniform(lower: [2.0], upper: [5.0]),\n"
        "                .logNormal(logMean: [0.0], logStandardDeviation: [1.0]),\n"
        "                .diagonalNormal(mean: [0.5], standardDeviation: [3.0]),\n            ])",
        points,
        stats.uniform.logpdf(points[:, 0], 2, 3)
        + stats.lognorm.logpdf(points[:, 1], 1.0)
        + stats.norm.logpdf(points[:, 2], 0.5, 3.0),
    )
)

mean, sd = np.array([0.5, -1.0, 0.0, 2.0]), np.array([1.0, 2.0, 0.1, 0.5])
lower, upper = np.array([-0.5, -np.inf, 2.4, -np.inf]), np.array([1.0, -3.0, np.inf, np.inf])
a, b = (lower - mean) / sd, (upper - mean) / sd
points = stats.truncnorm.rvs(a, b, mean, sd, size=(4, 4), random_state=rng)


def bounds(values):
    return "[" + ", ".join(
        repr(float(v)) if np.isfinite(v) else ("-" if v < 0 else "") + ".infinity" for v in values
    ) + "]"


cases.append(
    case(
        "truncated normal",
        f".truncatedNormal(mean: {swift(mean)}, standardDeviation: {swift(sd)}, "
        f"lower: {bounds(lower)}, upper: {bounds(upper)})",
        points,
        stats.truncnorm.logpdf(points, a, b, mean, sd).sum(axis=1),
    )
)

lower, upper = np.array([1e-3, 5.0]), np.array([10.0, 6.0])
points = stats.loguniform.rvs(lower, upper, size=(4, 2), random_state=rng)
cases.append(
    case(
        "log-uniform",
        f".logUniform(lower: {swift(lower)}, upper: {swift(upper)})",
        points,
        stats.loguniform.logpdf(points, lower, upper).sum(axis=1),
    )
)

shape, rate = np.array([0.4, 1.0, 7.5]), np.array([2.0, 0.01, 30.0])
points = stats.gamma.rvs(shape, scale=1 / rate, size=(4, 3), random_state=rng)
cases.append(
    case(
        "gamma",
        f".gamma(shape: {swift(shape)}, rate: {swift(rate)})",
        points,
        stats.gamma.logpdf(points, shape, scale=1 / rate).sum(axis=1),
    )
)

alpha, beta = np.array([0.5, 2.0, 30.0]), np.array([0.5, 5.0, 4.0])
lower, upper = np.array([0.0, -2.0, 10.0]), np.array([1.0, 2.0, 11.0])
points = stats.beta.rvs(alpha, beta, lower, upper - lower, size=(4, 3), random_state=rng)
cases.append(
    case(
        "beta",
        f".beta(alpha: {swift(alpha)}, beta: {swift(beta)}, "
        f"lower: {swift(lower)}, upper: {swift(upper)})",
        points,
        stats.beta.logpdf(points, alpha, beta, lower, upper - lower).sum(axis=1),
    )
)

rate = np.array([0.2, 40.0])
points = stats.expon.rvs(scale=1 / rate, size=(4, 2), random_state=rng)
cases.append(
    case(
        "exponential",
        f".exponential(rate: {swift(rate)})",
        points,
        stats.expon.logpdf(points, scale=1 / rate).sum(axis=1),
    )
)

print(
    f"""import Distributions

// Written by Tests/Reference/distributions.py with scipy {scipy.__version__} and numpy \
{np.__version__}.

struct GoldenDensity: Sendable {{
    let theta: [Double]
    let logDensity: Double
}}

struct GoldenDistribution: Sendable, CustomTestStringConvertible {{
    let name: String
    let description: DistributionDescription
    let densities: [GoldenDensity]

    var testDescription: String {{ name }}
}}

let goldenDistributions: [GoldenDistribution] = ["""
    .replace("import Distributions\n", "import Distributions\nimport Testing\n")
)
print(",\n".join(cases) + ",\n]")
