"""Times sbi on the work of `posterior-benchmark`, through the calls that its users make.

Names without a suffix are `posterior.sample`, `sample_batched`, `log_prob` and `log_prob_batched`
of a `DirectPosterior` under a normal prior, without progress bars. `log_prob` leaves out sbi's
leakage correction (`norm_posterior=False`), which would draw 10,000 samples first and make it some
hundred times slower. Names that end in `@estimator` are the bare density estimator's own calls.
`nsf` is sbi's `maf_rqs`, the autoregressive spline flow, and `nsf-coupling` what sbi calls `nsf`. The
weights are sbi's initial ones: the work does not depend on them.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterator
from importlib.metadata import version
from itertools import chain

import timing
import torch
from sbi.inference.posteriors import DirectPosterior
from sbi.neural_nets.estimators import ConditionalDensityEstimator
from sbi.neural_nets.net_builders import build_maf, build_maf_rqs, build_mdn, build_nsf
from torch import Tensor
from torch.distributions import MultivariateNormal

Work = Callable[[], object]


def simulate(count: int) -> tuple[Tensor, Tensor]:
    """Pairs of the linear Gaussian task."""
    theta = torch.randn(count, timing.THETA_DIM)
    noise = timing.LINEAR_GAUSSIAN_NOISE * torch.randn(count, timing.X_DIM)
    return theta, theta * torch.tensor(timing.LINEAR_GAUSSIAN_DIAGONAL) + noise


def prior() -> MultivariateNormal:
    return MultivariateNormal(torch.zeros(timing.THETA_DIM), torch.eye(timing.THETA_DIM))


def build(kind: str) -> ConditionalDensityEstimator:
    """An estimator in sbi's default architecture, z-scored on the task."""
    theta, x = simulate(1000)
    flow = {
        "hidden_features": timing.MAF_HIDDEN,
        "num_transforms": timing.MAF_TRANSFORMS,
        "num_blocks": timing.MAF_BLOCKS,
    }
    spline = {"num_bins": timing.SPLINE_BINS, "tail_bound": timing.SPLINE_BOUND}
    if kind == "maf":
        estimator = build_maf(theta, x, **flow)
    elif kind == "nsf":
        estimator = build_maf_rqs(theta, x, **flow, **spline)
    elif kind == "nsf-coupling":
        estimator = build_nsf(theta, x, **flow, **spline)
    else:
        estimator = build_mdn(
            theta, x, hidden_features=timing.MDN_HIDDEN, num_components=timing.MDN_COMPONENTS
        )
    return estimator.eval()


def inference_work(kind: str) -> Iterator[tuple[str, Work]]:
    """Sampling and densities, of the posterior and of the bare estimator."""
    estimator = build(kind)
    posterior = DirectPosterior(posterior_estimator=estimator, prior=prior())
    _, one = simulate(1)
    _, many = simulate(timing.OBSERVATIONS)
    quiet = {"show_progress_bars": False}
    for draws in timing.DRAWS:
        theta, _ = simulate(draws)
        shape = torch.Size([draws])
        yield f"{kind}/sample/1x{draws}", lambda s=shape: posterior.sample(s, x=one, **quiet)
        yield (
            f"{kind}/log_prob/1x{draws}",
            lambda t=theta: posterior.log_prob(t, x=one, norm_posterior=False),
        )
        yield f"{kind}/sample/1x{draws}@estimator", lambda s=shape: estimator.sample(s, one)
        yield (
            f"{kind}/log_prob/1x{draws}@estimator",
            lambda t=theta: estimator.log_prob(t.unsqueeze(1), one),
        )
    theta = simulate(timing.OBSERVATIONS)[0].unsqueeze(0)
    single = torch.Size([1])
    name = f"{timing.OBSERVATIONS}x1"
    yield f"{kind}/sample/{name}", lambda: posterior.sample_batched(single, x=many, **quiet)
    yield (
        f"{kind}/log_prob/{name}",
        lambda: posterior.log_prob_batched(theta, x=many, norm_posterior=False),
    )
    yield f"{kind}/sample/{name}@estimator", lambda: estimator.sample(single, many)
    yield f"{kind}/log_prob/{name}@estimator", lambda: estimator.log_prob(theta, many)


def training_work(kind: str) -> Iterator[tuple[str, Work]]:
    """Loss, gradient and one step of Adam."""
    estimator = build(kind).train()
    optimizer = torch.optim.Adam(estimator.parameters(), lr=timing.LEARNING_RATE)
    for batch in timing.BATCHES:
        theta, x = simulate(batch)

        def step(theta: Tensor = theta, x: Tensor = x) -> None:
            optimizer.zero_grad()
            estimator.loss(theta, x).mean().backward()
            optimizer.step()

        yield f"{kind}/train_step/batch{batch}", step


def fisher_information_work(kind: str) -> Iterator[tuple[str, Work]]:
    """The trace of the Fisher information of an observation's posterior.

    One row of x a draw gives the derivative of each draw in one call.
    """
    estimator = build(kind)
    posterior = DirectPosterior(posterior_estimator=estimator, prior=prior())
    _, one = simulate(1)
    count = timing.FISHER_INFORMATION_DRAWS
    shape = torch.Size([count])

    def trace(sample: Callable[[], Tensor]) -> Tensor:
        draws = sample().reshape(1, count, timing.THETA_DIM)
        with torch.enable_grad():
            repeated = one.repeat(count, 1).requires_grad_()
            density = estimator.log_prob(draws, repeated).sum()
            (slopes,) = torch.autograd.grad(density, repeated)
        return slopes.square().sum(1).mean()

    name = f"{kind}/fisher/1x{count}"
    yield name, lambda: trace(lambda: posterior.sample(shape, x=one, show_progress_bars=False))
    yield f"{name}@estimator", lambda: trace(lambda: estimator.sample(shape, one))


def fisher_work(kind: str) -> Iterator[tuple[str, Work]]:
    """Loss with a penalty on the Fisher information of the posterior in x, and one step of Adam.

    Draws keep their dependence on the weights; x enters the draws and the density as two tensors, so
    that the inner derivative, by the second, holds the draws. One row of x a draw gives the
    derivative of each draw in one call.
    """
    estimator = build(kind).train()
    optimizer = torch.optim.Adam(estimator.parameters(), lr=timing.LEARNING_RATE)
    theta, x = simulate(timing.FISHER_BATCH)

    def step() -> None:
        optimizer.zero_grad()
        repeated = x.repeat_interleave(timing.FISHER_DRAWS, 0).requires_grad_()
        draws = estimator.sample(torch.Size([timing.FISHER_DRAWS]), x)
        flat = draws.transpose(0, 1).reshape(1, -1, timing.THETA_DIM)
        density = estimator.log_prob(flat, repeated).sum()
        (slopes,) = torch.autograd.grad(density, repeated, create_graph=True)
        trace = slopes.square().sum(1).mean()
        loss = estimator.loss(theta, x).mean() + timing.FISHER_BETA * trace
        loss.backward()
        optimizer.step()

    yield f"{kind}/fim_step/batch{timing.FISHER_BATCH}", step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3, help="time of one measurement")
    parser.add_argument(
        "--threads", type=timing.thread_counts, default=[1, 2], help="thread counts, as in 1,2"
    )
    parser.add_argument("--estimators", default="maf,nsf,nsf-coupling,mdn", help="as in maf,mdn")
    parser.add_argument("--filter", default="", help="time only names that contain this")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.manual_seed(1)
    budget = timing.Budget(arguments.seconds)
    every: list[timing.Result] = []
    for kind in arguments.estimators.split(","):
        for threads in arguments.threads:
            torch.set_num_threads(threads)
            with torch.no_grad():
                for name, work in chain(inference_work(kind), fisher_information_work(kind)):
                    if arguments.filter in name:
                        every.append(timing.measure(name, work, budget, threads))
            defended = fisher_work(kind) if kind == "maf" else iter(())
            for name, work in chain(training_work(kind), defended):
                if arguments.filter in name:
                    every.append(timing.measure(name, work, budget, threads))
    versions = {package: version(package) for package in ("sbi", "torch", "nflows")}
    print(timing.report(timing.best(every), versions, every))


if __name__ == "__main__":
    main()
