"""Times zuko on the work of `posterior-benchmark`.

`maf` and `nsf` are zuko's flows of these names in the shape of ours: 5 transforms, each with 3 hidden
layers of 50 units. Both are autoregressive: a density takes one pass, a draw D passes. The weights are
zuko's initial ones: the work does not depend on them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from importlib.metadata import version

import timing
import torch
import zuko
from torch import Tensor

Work = Callable[[], object]


def simulate(count: int) -> tuple[Tensor, Tensor]:
    """Pairs of the linear Gaussian task."""
    theta = torch.randn(count, timing.THETA_DIM)
    noise = timing.LINEAR_GAUSSIAN_NOISE * torch.randn(count, timing.X_DIM)
    return theta, theta * torch.tensor(timing.LINEAR_GAUSSIAN_DIAGONAL) + noise


def build(kind: str) -> zuko.flows.Flow:
    """A flow of the shared shape."""
    shape = {
        "features": timing.THETA_DIM,
        "context": timing.X_DIM,
        "transforms": timing.MAF_TRANSFORMS,
        "hidden_features": (timing.MAF_HIDDEN,) * (timing.MAF_BLOCKS + 1),
    }
    if kind == "maf":
        return zuko.flows.MAF(**shape, activation=torch.nn.Tanh)
    return zuko.flows.NSF(**shape, activation=torch.nn.Tanh, bins=timing.SPLINE_BINS)


def inference_work(kind: str) -> Iterator[tuple[str, Work]]:
    """Sampling and densities."""
    flow = build(kind).eval()
    one = simulate(1)[1][0]
    _, many = simulate(timing.OBSERVATIONS)
    for draws in timing.DRAWS:
        theta, _ = simulate(draws)
        yield f"{kind}/sample/1x{draws}", lambda n=draws: flow(one).sample((n,))
        yield f"{kind}/log_prob/1x{draws}", lambda t=theta: flow(one).log_prob(t)
    theta, _ = simulate(timing.OBSERVATIONS)
    name = f"{timing.OBSERVATIONS}x1"
    yield f"{kind}/sample/{name}", lambda: flow(many).sample(())
    yield f"{kind}/log_prob/{name}", lambda: flow(many).log_prob(theta)


def training_work(kind: str) -> Iterator[tuple[str, Work]]:
    """Loss, gradient and one step of Adam."""
    flow = build(kind).train()
    optimizer = torch.optim.Adam(flow.parameters(), lr=timing.LEARNING_RATE)
    for batch in timing.BATCHES:
        theta, x = simulate(batch)

        def step(theta: Tensor = theta, x: Tensor = x) -> None:
            optimizer.zero_grad()
            (-flow(x).log_prob(theta)).mean().backward()
            optimizer.step()

        yield f"{kind}/train_step/batch{batch}", step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3, help="time of one measurement")
    parser.add_argument(
        "--threads", type=timing.thread_counts, default=[1, 2], help="thread counts, as in 1,2"
    )
    parser.add_argument("--estimators", default="maf,nsf", help="as in maf,nsf")
    parser.add_argument("--filter", default="", help="time only names that contain this")
    arguments = parser.parse_args()
    torch.manual_seed(1)
    budget = timing.Budget(arguments.seconds)
    every: list[timing.Result] = []
    for kind in arguments.estimators.split(","):
        for threads in arguments.threads:
            torch.set_num_threads(threads)
            with torch.no_grad():
                for name, work in inference_work(kind):
                    if arguments.filter in name:
                        every.append(timing.measure(name, work, budget, threads))
            for name, work in training_work(kind):
                if arguments.filter in name:
                    every.append(timing.measure(name, work, budget, threads))
    versions = {package: version(package) for package in ("zuko", "torch")}
    print(timing.report(timing.best(every), versions, every))


if __name__ == "__main__":
    main()
