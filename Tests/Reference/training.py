"""Golden trajectory of Tests/TrainingTests/AdamTests.swift.

Run: python3 Tests/Reference/training.py
Written by numpy 2.4.6. Adam after Kingma and Ba (2015), algorithm 1, in float64, on the gradient
of f(w) = sum_i a_i (w_i - c_i)^2 / 2 with a running average of the weights.
"""

import numpy as np

index = np.arange(11)
a = 10.0 ** (index / 2 - 3)
c = np.cos(index)
w = np.sin(index)
m, v, average = np.zeros(11), np.zeros(11), w.copy()
for t in range(1, 201):
    g = a * (w - c)
    g = g * min(1, 0.5 / np.linalg.norm(g))
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g * g
    w = w - 0.01 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    average = 0.95 * average + 0.05 * w
    if t in (1, 2, 10, 200):
        print(f"step {t}: weights {w.tolist()}\n  average {average.tolist()}")
