"""Golden values of Tests/SimulatorsTests/GoldenRobustnessTasks.swift.

Run: python3 Tests/Reference/robustness_simulators.py > Tests/SimulatorsTests/GoldenRobustnessTasks.swift
     swift format -i Tests/SimulatorsTests/GoldenRobustnessTasks.swift
Needs numpy 2.4.6, scipy 1.17.1 and, since digits_decoder.py is read, torch and scikit-learn. The
ODEs by scipy's DOP853 at tolerances of 1e-11 and below, the grid by plain numpy, the decoder in
double precision from Sources/CDigitsDecoder/decoder.bin; scales from 20,000 draws of
seed 0.
"""

import numpy as np
import scipy
from scipy.integrate import solve_ivp
from scipy.stats import beta as beta_distribution

from digits_decoder import decode, load


def swift(values, digits=17):
    return "[" + ", ".join(f"{float(v):.{digits}g}" for v in np.asarray(values).reshape(-1)) + "]"


def sigmoid(z):
    return 1 / (1 + np.exp(-np.asarray(z, float)))


def solve(f, start, times, rtol=1e-12, atol=1e-13):
    solution = solve_ivp(f, (times[0], times[-1]), start, "DOP853", times, rtol=rtol, atol=atol)
    assert solution.success
    return solution.y


print(f"// Written by Tests/Reference/robustness_simulators.py with scipy {scipy.__version__}.\n")

print("/// u of `lotka_volterra_series` at all times, then v.")
print("let lotkaVolterraSeriesSolutions = [")
for z in [(0, 0, 0, 0), (0.5, -0.3, 0.2, -0.7), (1.9, -1.9, -1.9, 1.9), (-2, 2, 2, -2), (2, 2, 2, 2)]:
    a, b, c, d = np.exp(sigmoid(z))
    y = solve(
        lambda t, y: [a * y[0] - b * y[0] * y[1], d * y[0] * y[1] - c * y[1]],
        [1, 1],
        np.linspace(0, 20, 50),
    )
    print(f"    GoldenSolution(theta: {swift(z)}, values: {swift(y, 12)}),")
print("]\n")

print("/// I of `sir_series`.")
print("let sirSeriesSolutions = [")
for z in [(0, 0), (2, -2), (-3, 3), (6, -6), (8, -1), (1, 0.5)]:
    b, c = sigmoid(z)
    y = solve(
        lambda t, y: [-b * y[0] * y[1] / 5, b * y[0] * y[1] / 5 - c * y[1]],
        [5, 0.25],
        np.linspace(0, 50, 50),
    )
    print(f"    GoldenSolution(theta: {swift(z)}, values: {swift(y[1], 12)}),")
print("]\n")


def e(z):
    return z / np.expm1(z) if z != 0 else 1.0


def rates(v):
    w = v + 60
    return [
        (0.32 * e(-0.25 * (w - 13)) / 0.25, 0.28 * e(0.2 * (w - 40)) / 0.2),
        (0.128 * np.exp(-(w - 17) / 18), 4 / (1 + np.exp(-0.2 * (w - 40)))),
        (0.032 * e(-0.2 * (w - 15)) / 0.2, 0.5 * np.exp(-(w - 10) / 40)),
    ]


def slow(v):
    return (
        1 / (1 + np.exp(-0.1 * (v + 35))),
        600 / (3.3 * np.exp(0.05 * (v + 35)) + np.exp(-0.05 * (v + 35))),
    )


def membrane(theta):
    g_na, g_k, g_m, c, e_leak, e_na, e_k = theta

    def f(current):
        def slope(t, y):
            v, m, h, n, p = y
            total = g_na * m**3 * h * (e_na - v) + g_k * n**4 * (e_k - v) + g_m * p * (e_k - v)
            total += 0.1 * (e_leak - v) + current
            gates = [a * (1 - y) - b * y for (a, b), y in zip(rates(v), (m, h, n))]
            limit, time = slow(v)
            return [c * total, *gates, (limit - p) / time]

        return slope

    return f


print("/// V of `hodgkin_huxley`, mV.")
print("let hodgkinHuxleySolutions = [")
times = np.linspace(0, 60, 200)
for theta in [
    (50, 2.5, 0.25, 1.05, -65, 45, -105),
    (50, 5, 0.07, 1, -70, 50, -90),
    (99, 4.9, 0.001, 1.19, -51, 79, -91),
    (99, 0.01, 0.49, 1.19, -51, 79, -119),
    (2, 0.5, 0.3, 0.91, -79, 12, -95),
    (20, 1e-3, 1e-3, 0.9, -60, 20, -100),
]:
    f = membrane(theta)
    current = 5e-4 / (np.pi * 70e-4**2)
    start = [-70, *(a / (a + b) for a, b in rates(-70)), slow(-70)[0]]
    v = []
    for low, high, drive in [(0, 10, 0), (10, 50, current), (50, 60, 0)]:
        inside = times[(times >= low) & (times < high) | (times == 60) & (high == 60)]
        y = solve(f(drive), start, np.unique([low, *inside, high]), 1e-11, 1e-11)
        at = np.unique([low, *inside, high])
        v += [y[0, np.searchsorted(at, t)] for t in inside]
        start = y[:, -1]
    assert len(v) == 200
    print(f"    GoldenSolution(theta: {swift(theta)}, values: {swift(v, 9)}),")
print("]\n")


def threshold(kind, step, row, column):
    """The same in the test: a number in (0, 1) that looks random."""
    key = kind * 1_000_003 + step * 40_009 + row * 211 + column * 7 + 12345
    key = (key ^ key >> 16) * 0x7FEB352D % 2**32
    key = (key ^ key >> 15) * 0x846CA68B % 2**32
    return ((key ^ key >> 16) + 0.5) / 2**32


def grid(kind, step):
    return np.array([[threshold(kind, step, r, c) for c in range(30)] for r in range(30)])


print("""/// Rates and what they make of a grid after ten steps: a word a row, bit c its column c.
struct GoldenGrid: Sendable {
    let theta: [Double]
    let infected: [UInt32]
}

/// `spatial_sir` with the thresholds of the test.
let spatialSIRGrids = [""")
for b, c in [(0.9, 0.3), (1.0, 0.2), (3.0, 1.4), (0.8, 0.05), (2.0, 0.9)]:
    infected, recovered = grid(0, 0) < 4 / 900, np.zeros((30, 30), bool)
    for step in range(1, 11):
        padded = np.pad(infected.astype(int), 1)
        window = sum(padded[i : i + 30, j : j + 30] for i in range(3) for j in range(3))
        new = ~infected & ~recovered & (b * window / 8 > grid(1, step))
        cured = c * infected > grid(2, step)
        infected, recovered = (infected | new) & ~recovered, recovered | cured
    assert 5 < infected.sum() < 895, infected.sum()
    words = [sum(1 << c for c in range(30) if row[c]) for row in infected]
    print(f"    GoldenGrid(theta: {swift((b, c))}, infected: {words}),")
print("]\n")

print("/// P(x < q) of the noise on a cell that is not infected, at q = 1e-9, 1e-3, 0.1, 0.5, 0.9.")
print(f"let uninfectedNoise = {swift(beta_distribution.cdf([1e-9, 1e-3, 0.1, 0.5, 0.9], 0.05, 1.05))}\n")

print("/// P(x > 0.999) on a cell that is not infected and on one that is.")
tails = [beta_distribution.sf(0.999, 0.05, 1.05), beta_distribution.cdf(0.001, 0.05, 1.05)]
print(f"let noiseTails = {swift(tails)}\n")

print("/// Every seventh pixel of the images of `digits_vae`.")
print("let digitsImages = [")
for theta in [(0, 0, 0), (1, -0.5, 0.3), (-1.5, 2, 0.7), (3, 3, -3)]:
    pixels = decode(load(), np.array(theta, float))
    print(f"    GoldenSolution(theta: {swift(theta)}, values: {swift(pixels[::7], 9)}),")
print("]\n")

rng = np.random.default_rng(0)
x = decode(load(), rng.normal(size=(20_000, 3)))
x += 0.05 * rng.normal(size=x.shape)
print("/// The data scale of `digits_vae` and the mean standard deviation of a pixel.")
print(f"let digitsScale = {swift([x.std(1, ddof=1).mean(), x.std(0, ddof=1).mean()], 5)}")

count = 20_000
rate = np.exp(0.5 * rng.normal(size=(2, count, 1, 1)))
infected = rng.random((count, 30, 30)) < 4 / 900
recovered = np.zeros_like(infected)
for _ in range(10):
    padded = np.pad(infected.astype(np.int8), ((0, 0), (1, 1), (1, 1)))
    window = sum(padded[:, i : i + 30, j : j + 30] for i in range(3) for j in range(3))
    new = ~infected & ~recovered & (rate[0] * window / 8 > rng.random(infected.shape))
    cured = infected & (rate[1] > rng.random(infected.shape))
    infected, recovered = (infected | new) & ~recovered, recovered | cured
x = rng.beta(infected + 0.05, 1.05 - infected).reshape(count, 900)
print("/// The same of `spatial_sir` with thresholds of its own for each simulation.")
print(f"let spatialSIRScale = {swift([x.std(1, ddof=1).mean(), x.std(0, ddof=1).mean()], 5)}")
