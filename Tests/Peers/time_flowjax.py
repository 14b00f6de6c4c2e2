"""Times a jitted flowjax flow on the work of `posterior-benchmark`.

The flow is flowjax's masked autoregressive flow in sbi's shape: 5 affine layers with permutations,
each with 3 hidden layers of 50 tanh units, conditioned on x; `nsf` has rational-quadratic splines
in place of the affine maps. Compilation is excluded.

One network can be a flow in two orientations. `invert=True` has its density in one pass and is
sampled in D passes: the same model as ours and sbi's. `invert=False` samples in one pass and needs
D passes for a density: another family, which is fast at one thing by being slow at the other, and
slow to train by likelihood. Names without a suffix take the first. Names that end in
`@other_orientation` take the second, so that the better of the two can be read off for each task.
flowjax has no mixture density network.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from importlib.metadata import version

import timing

Work = Callable[[], object]
OTHER = "@other_orientation"


def flow_work(kind: str, invert: bool, suffix: str) -> Iterator[tuple[str, Work]]:
    """Sampling, densities and training steps of a flow in one orientation."""
    import equinox as eqx
    import jax
    import jax.numpy as jnp
    import jax.random as jr
    import optax
    import paramax
    from flowjax.bijections import RationalQuadraticSpline
    from flowjax.distributions import Normal
    from flowjax.flows import masked_autoregressive_flow
    from flowjax.train.losses import MaximumLikelihoodLoss
    from flowjax.train.train_utils import step

    key = jr.key(1)
    spline = RationalQuadraticSpline(knots=timing.SPLINE_BINS, interval=timing.SPLINE_BOUND)
    trainable = masked_autoregressive_flow(
        key,
        base_dist=Normal(jnp.zeros(timing.THETA_DIM)),
        cond_dim=timing.X_DIM,
        flow_layers=timing.MAF_TRANSFORMS,
        nn_width=timing.MAF_HIDDEN,
        nn_depth=timing.MAF_BLOCKS + 1,
        nn_activation=jnp.tanh,
        transformer=spline if kind == "nsf" else None,
        invert=invert,
    )
    # Masks and scales are worked out once here rather than in every call.
    flow = paramax.unwrap(trainable)

    def simulate(key: jax.Array, count: int) -> tuple[jax.Array, jax.Array]:
        theta_key, noise_key = jr.split(key)
        theta = jr.normal(theta_key, (count, timing.THETA_DIM))
        noise = timing.LINEAR_GAUSSIAN_NOISE * jr.normal(noise_key, (count, timing.X_DIM))
        return theta, theta * jnp.array(timing.LINEAR_GAUSSIAN_DIAGONAL) + noise

    @eqx.filter_jit
    def sample(flow, key, x, count):
        return flow.sample(key, (count,), condition=x)

    @eqx.filter_jit
    def sample_each(flow, key, x):
        return flow.sample(key, condition=x)

    @eqx.filter_jit
    def log_prob(flow, theta, x):
        return flow.log_prob(theta, condition=x)

    @eqx.filter_jit
    def fisher_trace(flow, key, x):
        def squared_slope(draw):
            return jnp.sum(jax.grad(lambda condition: flow.log_prob(draw, condition=condition))(x) ** 2)

        draws = flow.sample(key, (timing.FISHER_INFORMATION_DRAWS,), condition=x)
        return jnp.mean(jax.vmap(squared_slope)(draws))

    one = simulate(key, 1)[1][0]
    _, many = simulate(key, timing.OBSERVATIONS)
    for draws in timing.DRAWS:
        theta, _ = simulate(key, draws)
        yield (
            f"{kind}/sample/1x{draws}{suffix}",
            lambda n=draws: sample(flow, key, one, n).block_until_ready(),
        )
        yield (
            f"{kind}/log_prob/1x{draws}{suffix}",
            lambda t=theta: log_prob(flow, t, one).block_until_ready(),
        )
    yield (
        f"{kind}/fisher/1x{timing.FISHER_INFORMATION_DRAWS}{suffix}",
        lambda: fisher_trace(flow, key, one).block_until_ready(),
    )
    theta, _ = simulate(key, timing.OBSERVATIONS)
    name = f"{timing.OBSERVATIONS}x1"
    yield (
        f"{kind}/sample/{name}{suffix}",
        lambda: sample_each(flow, key, many).block_until_ready(),
    )
    yield (
        f"{kind}/log_prob/{name}{suffix}",
        lambda: log_prob(flow, theta, many).block_until_ready(),
    )
    optimizer = optax.adam(timing.LEARNING_RATE)
    parameters, static = eqx.partition(
        trainable,
        eqx.is_inexact_array,
        is_leaf=lambda leaf: isinstance(leaf, paramax.NonTrainable),
    )
    loss = MaximumLikelihoodLoss()
    for batch in timing.BATCHES:
        theta, x = simulate(key, batch)
        state = [parameters, optimizer.init(parameters)]

        def train(theta=theta, x=x, state=state) -> None:
            state[0], state[1], value = step(
                state[0],
                static,
                theta,
                x,
                optimizer=optimizer,
                opt_state=state[1],
                loss_fn=loss,
                key=key,
            )
            jax.block_until_ready((state[0], value))

        yield f"{kind}/train_step/batch{batch}{suffix}", train
    if kind != "maf":
        return

    def defended_loss(parameters, static, theta, x, key):
        """The loss with a penalty on the Fisher information of the posterior in x.

        The inner derivative holds the draw; the outer one, by the weights, goes through it.
        """
        flow = paramax.unwrap(eqx.combine(parameters, static))

        def squared_slope(key, x):
            draw = flow.sample(key, condition=x)
            slope = jax.grad(lambda condition: flow.log_prob(draw, condition=condition))(x)
            return jnp.sum(slope**2)

        keys = jr.split(key, timing.FISHER_BATCH * timing.FISHER_DRAWS)
        traces = jax.vmap(squared_slope)(keys, jnp.repeat(x, timing.FISHER_DRAWS, axis=0))
        return -flow.log_prob(theta, condition=x).mean() + timing.FISHER_BETA * traces.mean()

    @eqx.filter_jit
    def defended_step(parameters, state, theta, x, key):
        value, slopes = eqx.filter_value_and_grad(defended_loss)(parameters, static, theta, x, key)
        updates, state = optimizer.update(slopes, state, parameters)
        return eqx.apply_updates(parameters, updates), state, value

    theta, x = simulate(key, timing.FISHER_BATCH)
    state = [parameters, optimizer.init(parameters), key]

    def train_defended() -> None:
        state[2], draw_key = jr.split(state[2])
        state[0], state[1], value = defended_step(state[0], state[1], theta, x, draw_key)
        jax.block_until_ready((state[0], value))

    yield f"{kind}/fim_step/batch{timing.FISHER_BATCH}{suffix}", train_defended


def time_here(seconds: float, threads: int, only: str, orientations: list[str]) -> None:
    """Measures in this process, confined to as many processors as there may be threads."""
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, allowed[:threads])
    budget = timing.Budget(seconds)
    results = []
    for orientation in orientations:
        invert = orientation == "density"
        for kind in ("maf", "nsf"):
            for name, work in flow_work(kind, invert, "" if invert else OTHER):
                if only in name:
                    results.append(timing.measure(name, work, budget, threads))
    print(json.dumps([asdict(result) for result in results]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3, help="time of one measurement")
    parser.add_argument(
        "--threads", type=timing.thread_counts, default=[1, 2], help="thread counts, as in 1,2"
    )
    parser.add_argument(
        "--orientations",
        default="density,sampling",
        help="which pass is the single one: density, sampling, or both, as in density,sampling",
    )
    parser.add_argument("--filter", default="", help="time only names that contain this")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.here:
        orientations = arguments.orientations.split(",")
        time_here(arguments.seconds, arguments.threads[0], arguments.filter, orientations)
        return
    # XLA reads the number of processors once, when it starts: each thread count has its process.
    every: list[timing.Result] = []
    for threads in arguments.threads:
        command = [
            sys.executable, __file__, "--here", "--threads", str(threads),
            "--seconds", str(arguments.seconds), "--filter", arguments.filter,
            "--orientations", arguments.orientations,
        ]  # fmt: skip
        output = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
        every += [timing.Result(**entry) for entry in json.loads(output)]
    versions = {package: version(package) for package in ("flowjax", "jax", "jaxlib", "equinox")}
    print(timing.report(timing.best(every), versions, every))


if __name__ == "__main__":
    main()
