"""Prints the accuracies that Tests/RobustnessTests/ClassifierTwoSampleTestTests.swift holds.

sbibm 1.1.0's metric (scikit-learn's MLPClassifier and KFold with its settings) on samples that the
test draws with the same generator; the mean of seeds 1 to 3. Needs numpy and scikit-learn.
"""

import math

import numpy as np
import sklearn
from sklearn.model_selection import KFold, cross_val_score
from sklearn.neural_network import MLPClassifier


class Source:
    def __init__(self, state):
        self.state = state

    def uniform(self):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return ((self.state >> 11) + 0.5) * 2.0**-53

    def normal(self):
        radius = math.sqrt(-2 * math.log(self.uniform()))
        return radius * math.cos(2 * math.pi * self.uniform())

    def normals(self, count, dimension):
        return np.array([[self.normal() for _ in range(dimension)] for _ in range(count)])


def samples(name):
    source = Source(42)
    dimension = 5 if name == "shifted" else 2
    first = source.normals(1500, dimension)
    second = source.normals(1500, dimension)
    if name == "shifted":
        second = second + 0.25
    elif name == "wider":
        second = second * 1.5
    elif name == "correlated":
        second = np.stack([second[:, 0], 0.8 * second[:, 0] + 0.6 * second[:, 1]], axis=1)
    elif name == "ring":
        second = second / np.linalg.norm(second, axis=1, keepdims=True)
    scale = np.arange(1, dimension + 1)
    return (first * scale - 3).astype(np.float32), (second * scale - 3).astype(np.float32)


def c2st(x, y, seed):
    mean, deviation = x.mean(axis=0), x.std(axis=0, ddof=1)
    x, y = (x - mean) / deviation, (y - mean) / deviation
    units = 10 * x.shape[1]
    classifier = MLPClassifier(
        activation="relu",
        hidden_layer_sizes=(units, units),
        max_iter=10000,
        solver="adam",
        random_state=seed,
    )
    folds = KFold(n_splits=5, shuffle=True, random_state=seed)
    data = np.concatenate((x, y))
    target = np.concatenate((np.zeros(len(x)), np.ones(len(y))))
    return cross_val_score(classifier, data, target, cv=folds, scoring="accuracy").mean()


print("scikit-learn", sklearn.__version__)
for name in ["same", "shifted", "wider", "correlated", "ring"]:
    scores = [c2st(*samples(name), seed) for seed in (1, 2, 3)]
    print(name, round(float(np.mean(scores)), 4), np.round(scores, 4))
