"""Golden values of Tests/SimulatorsTests/GoldenSimulations.swift.

Run: python3 Tests/Reference/sbibm_simulators.py > Tests/SimulatorsTests/GoldenSimulations.swift
Needs numpy, scipy, torch and the data files of sbibm 1.1.0 (pip install --no-deps sbibm==1.1.0).
The ODEs by scipy's DOP853 at tolerances of 1e-12; distractors and stimulus as sbibm's files have
them; moments of sbibm's reference posteriors.
"""

import bz2
import importlib.util
import pathlib
import pickle
import types

import numpy as np
import scipy
import torch
from scipy.integrate import solve_ivp

TASKS = pathlib.Path(importlib.util.find_spec("sbibm").submodule_search_locations[0]) / "tasks"


def swift(values):
    return "[" + ", ".join(repr(float(v)) for v in np.asarray(values).reshape(-1)) + "]"


def table(text):
    return np.array([row.split(",") for row in text.split()[1:]], dtype=float)


class Stub:
    """Stands for pyro's distributions, whose tensors are all that is wanted."""

    def __new__(cls, *args, **kwargs):
        return object.__new__(cls)

    def __init__(self, *args, **kwargs):
        pass


class Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        if module.startswith("pyro"):
            return type(name, (Stub,), {})
        return super().find_class(module, name)


module = types.ModuleType("stubbed_pickle")
module.__dict__.update({k: v for k, v in vars(pickle).items() if not k.startswith("__")})
module.Unpickler = Unpickler

print(f"// Written by Tests/Reference/sbibm_simulators.py with sbibm 1.1.0, scipy {scipy.__version__}.\n")

print("""/// A parameter and the solution of an equation, time by time.
struct GoldenSolution: Sendable {
    let theta: [Double]
    let values: [Double]
}
""")


def solve(f, start, times):
    solution = solve_ivp(f, (0, times[-1]), start, "DOP853", times, rtol=1e-12, atol=1e-13)
    assert solution.success
    return solution.y


print("/// log(I / N) of `sir`, days 0, 17 … 153.")
print("let sirSolutions = [")
for theta in [(0.4, 0.125), (0.9, 0.1), (0.2, 0.15), (2.5, 0.08), (0.1, 0.2)]:
    b, g = theta
    y = solve(
        lambda t, y: [-b * np.exp(y[1]), b * np.exp(y[0]) - g],
        [np.log(1 - 1e-6), np.log(1e-6)],
        17.0 * np.arange(10),
    )
    print(f"    GoldenSolution(theta: {swift(theta)}, values: {swift(y[1])}),")
print("]\n")

print("/// log u of `lotka_volterra` at 0, 2.1 … 18.9, then log v.")
print("let lotkaVolterraSolutions = [")
for theta in [
    (0.8825, 0.0498, 0.8825, 0.0498),
    (0.5, 0.02, 1.0, 0.02),
    (2.0, 0.1, 0.5, 0.1),
    (0.3, 0.15, 2.5, 0.01),
    (4.0, 0.02, 0.4, 0.2),
]:
    a, b, g, d = theta
    y = solve(
        lambda t, y: [a - b * np.exp(y[1]), -g + d * np.exp(y[0])],
        [np.log(30), 0],
        2.1 * np.arange(10),
    )
    print(f"    GoldenSolution(theta: {swift(theta)}, values: {swift(y)}),")
print("]\n")

gmm = torch.load(TASKS / "slcp/files/gmm.torch", weights_only=False, pickle_module=module)
t = gmm._component_distribution.base_dist
loc, tril = t.loc.numpy(), t._unbroadcasted_scale_tril.numpy()
permutation = torch.load(TASKS / "slcp/files/permutation_idx.torch", weights_only=False)
print("/// The distractors of `slcp_distractors`: some numbers of each component, and their sums.")
print(f"let distractorLocations = {swift(loc[:, 91])}")
print(f"let distractorFactors = {swift(tril[:, 91, 91])}")
print(f"let distractorSums = {swift([loc.sum(), np.abs(tril).sum()])}")
print(f"let distractorPermutation = {permutation.tolist()}")
stimulus = torch.load(TASKS / "bernoulli_glm/files/stimulus_I.pt", weights_only=False)
print("/// The stimulus of `bernoulli_glm`.")
print(f"let bernoulliStimulus = {swift(stimulus.numpy())}\n")

D = np.eye(9) - np.eye(9, k=-1)
F = D @ D + np.diag(np.sqrt(np.arange(9) / 9))
precision = np.zeros((10, 10))
precision[0, 0] = 0.5
precision[1:, 1:] = F.T @ F
print("/// The covariance of its prior, row by row.")
print(f"let bernoulliPriorCovariance = {swift(np.linalg.inv(precision))}\n")

print("/// Moments of sbibm's 10,000 reference samples of each observation of `gaussian_linear`.")
print("let gaussianLinearMoments = [")
for index in range(1, 11):
    folder = TASKS / f"gaussian_linear/files/num_observation_{index}"
    x = table((folder / "observation.csv").read_text())[0]
    samples = table(
        bz2.decompress((folder / "reference_posterior_samples.csv.bz2").read_bytes()).decode()
    )
    print(
        f"    GoldenMoments(observation: {swift(x)}, mean: {swift(samples.mean(axis=0))},"
        f" standardDeviation: {swift(samples.std(axis=0, ddof=1))}),"
    )
print("]")
