"""Golden values of Tests/SimulatorsTests/GoldenPosteriors.swift.

Run: python3 Tests/Reference/simulators.py WHEEL > Tests/SimulatorsTests/GoldenPosteriors.swift
WHEEL is sbibm-1.1.0-py2.py3-none-any.whl (pip download --no-deps sbibm==1.1.0). Moments of its
10,000 reference samples of each two_moons observation, and the linear Gaussian posterior by
numpy's dense linear algebra instead of the closed form.
"""

import bz2
import sys
import zipfile

import numpy as np

wheel = zipfile.ZipFile(sys.argv[1])


def table(path):
    data = wheel.read(path)
    if path.endswith(".bz2"):
        data = bz2.decompress(data)
    return np.array([row.split(",") for row in data.decode().split()[1:]], dtype=float)


def swift(values):
    return "[" + ", ".join(repr(float(v)) for v in np.asarray(values).reshape(-1)) + "]"


print(f"""// Written by Tests/Reference/simulators.py with sbibm 1.1.0 and numpy {np.__version__}.

struct GoldenMoments: Sendable {{
    let observation: [Double]
    let mean: [Double]
    let standardDeviation: [Double]
}}

/// Moments of sbibm's 10,000 reference samples of each observation.
let twoMoonsMoments = [""")
for index in range(1, 11):
    folder = f"sbibm/tasks/two_moons/files/num_observation_{index}/"
    observation = table(folder + "observation.csv")[0]
    samples = table(folder + "reference_posterior_samples.csv.bz2")
    print(
        f"    GoldenMoments(observation: {swift(observation)}, mean: {swift(samples.mean(axis=0))},"
        f" standardDeviation: {swift(samples.std(axis=0, ddof=1))}),"
    )
print("]\n")

gains = np.array(
    [-0.2633, -1.9402, 1.6822, -0.29684, -0.031292, -1.0250, 0.056811, 0.29649, 1.2073, -1.7704]
)
rng = np.random.default_rng(20240502)
theta = rng.normal(size=10)
x = gains * theta + 0.1 * rng.normal(size=10)
A = np.diag(gains)
precision = np.eye(10) + A.T @ np.linalg.inv(0.01 * np.eye(10)) @ A
covariance = np.linalg.inv(precision)
mean = covariance @ A.T @ x / 0.01
delta = theta - mean
log_density = -0.5 * (
    delta @ precision @ delta + 10 * np.log(2 * np.pi) + np.linalg.slogdet(covariance)[1]
)
optimum = 0.5 * (10 * np.log(2 * np.pi * np.e) + np.linalg.slogdet(covariance)[1])
print(f"""/// The linear Gaussian posterior by dense linear algebra.
let linearGaussianMoments = GoldenMoments(
    observation: {swift(x)},
    mean: {swift(mean)},
    standardDeviation: {swift(np.sqrt(np.diag(covariance)))}
)
let linearGaussianTheta = {swift(theta)}
let linearGaussianLogDensity = {float(log_density)!r}
let linearGaussianOptimalLoss = {float(optimum)!r}""")
