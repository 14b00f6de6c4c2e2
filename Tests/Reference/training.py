"""Golden values of Tests/TrainingTests and of Tests/EstimatorsTests/StandardizationTests.swift.

Run: python3 Tests/Reference/training.py
Written by numpy 2.4.6, torch 2.13.0+cpu and sbi 0.27.0, in float64.
"""

import numpy as np
import torch
from sbi.utils.sbiutils import z_standardization

# AdamTests.swift, `goldenSteps`: Adam after Kingma and Ba (2015), algorithm 1, on the gradient of
# f(w) = sum_i a_i (w_i - c_i)^2 / 2 with a running average of the weights.
index = np.arange(11)
a = 10.0 ** (index / 2 - 3)
c = np.cos(index)
w = np.sin(index)
m, v, average = np.zeros(11), np.zeros(11), w.copy()
print("Adam, numpy")
for t in range(1, 201):
    g = a * (w - c)
    g = g * min(1, 0.5 / np.linalg.norm(g))
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g * g
    w = w - 0.01 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    average = 0.95 * average + 0.05 * w
    if t in (1, 2, 10, 200):
        print(f"step {t}: weights {w.tolist()}\n  average {average.tolist()}")

# AdamTests.swift, `torchSteps`: the same problem with torch's optimisers and a rate that falls.
for name, decay in (("Adam", 0.0), ("AdamW", 0.5)):
    print(f"{name}, torch")
    weights = torch.nn.Parameter(torch.tensor(np.sin(index)))
    optimizer = torch.optim.AdamW([weights], lr=0.01, weight_decay=decay)
    rates = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / 200)
    for t in range(1, 201):
        optimizer.zero_grad()
        loss = (torch.tensor(a) * (weights - torch.tensor(c)) ** 2).sum() / 2
        loss.backward()
        torch.nn.utils.clip_grad_norm_([weights], 0.5)
        optimizer.step()
        rates.step()
        if t in (1, 10, 200):
            print(f"step {t}: {weights.tolist()}")

# LearningRateScheduleTests.swift, `plateaus`: our patience is torch's plus one.
losses = [3, 2, 2.5, 2.25, 2.125, 2, 1.9, 2, 2, 1.8, 1.8, 1.8, 1.8, 1.8, 1.8, 1.8, -1, -2, -1.5]
print("plateaus, torch")
for patience in (1, 3):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=0.5, patience=patience - 1, threshold=0, threshold_mode="abs"
    )
    counts = []
    for loss in losses:
        plateau.step(loss)
        counts.append(round(-np.log2(optimizer.param_groups[0]["lr"])))
    print(f"patience {patience}: {counts}")

# StandardizationTests.swift: rows 0, 2, 3 and 5 of sin(1.5 i) (j + 1) + i j / 4 + 2.
i, j = np.arange(6)[:, None], np.arange(3)[None, :]
table = np.sin(1.5 * i) * (j + 1) + i * j / 4 + 2
rows = torch.tensor(table[[0, 2, 3, 5]])
for structured in (False, True):
    mean, deviation = z_standardization(rows, structured)
    print(f"structured {structured}: mean {mean.tolist()}, deviation {deviation.tolist()}")
