"""Trains posteriors with sbi, exports them with deploy/import/export_sbi.py and writes what sbi says.

Every estimator is trained for a few epochs with NPE on a linear simulator: in 1, 2, 5 and 12
dimensions, with every embedding and every z-score (`cases` is a covering design), and a few with
settings of their own. Beside each model file stands a JSON document with log densities of sbi as
shipped, in single precision, and of the same network in double precision, and with draws that sbi
makes of recorded noise, in double precision. Where sbi counts the log-determinant of a structured
z-score once instead of D times, the missing part is added. NaN is written as null.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import io
import json
import math
import pickle
import sys
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import torch
from sbi.inference import NPE
from sbi.neural_nets import posterior_nn
from sbi.neural_nets.embedding_nets import CNNEmbedding, FCEmbedding, PermutationInvariantEmbedding
from sbi.utils import BoxUniform, MultipleIndependent
from torch import Tensor, nn
from torch.distributions import (
    Distribution, Exponential, Gamma, Independent, LogNormal, MultivariateNormal, Normal, Uniform,
)  # fmt: skip

REPOSITORY = Path(__file__).resolve().parent.parent.parent
FIXTURES = REPOSITORY / "Tests" / "ModelStoreTests" / "Fixtures" / "imports"
sys.path.insert(0, str(REPOSITORY / "deploy" / "import"))
import export_sbi  # noqa: E402

ESTIMATORS = ("maf", "nsf", "mdn", "maf_rqs", "made", "zuko_maf", "zuko_nsf")
DIMENSIONS = (1, 2, 5, 12)
SCORES = ("none", "independent", "structured")
EMBEDDINGS = ("none", "fc", "cnn", "trials")
PRIORS = ("box", "multivariate_normal", "independent", "multiple_independent")
POINTS = 20
MEAN, DEVIATION = 3.0, 1.5


@dataclass(frozen=True)
class Case:
    """One posterior."""

    estimator: str
    dimension: int
    theta_score: str
    x_score: str
    embedding: str
    prior: str
    seed: int
    settings: dict[str, Any] = field(default_factory=dict)
    suffix: str = ""

    @property
    def name(self) -> str:
        return f"{self.estimator.replace('_', '-')}-theta{self.dimension}{self.suffix}"


def cases() -> list[Case]:
    """Each estimator meets each dimension, z-score, embedding and prior."""
    found = []
    for e, estimator in enumerate(ESTIMATORS):
        for d, dimension in enumerate(DIMENSIONS):
            score = SCORES[(d + e) % 3]
            if dimension == 1 and score == "structured":
                score = "independent"
            found.append(
                Case(
                    estimator, dimension, score, SCORES[(2 * d + e) % 3], EMBEDDINGS[(d + e) % 4],
                    PRIORS[(d + 2 * e) % 4], 7000 + 10 * e + d,
                )
            )  # fmt: skip
        own = found[-4:]
        for attribute, every in (("theta_score", SCORES), ("x_score", SCORES),
                                 ("embedding", EMBEDDINGS), ("prior", PRIORS)):  # fmt: skip
            seen = {getattr(case, attribute) for case in own}
            assert seen == set(every) or attribute == "prior", f"{estimator} lacks a {attribute}"
    unconstrained = "transform_to_unconstrained"
    more = [
        Case("maf", 2, "independent", "independent", "none", "box", 7101,
             {"use_batch_norm": True}, "-batch-norm"),
        Case("nsf", 2, "independent", "independent", "none", "box", 7102,
             {"use_batch_norm": True}, "-batch-norm"),
        Case("zuko_maf", 5, "independent", "independent", "fc_norm", "box", 7103,
             {"randperm": True}, "-randperm"),
        Case("mdn", 2, unconstrained, "independent", "fc_norm", "box", 7104, {}, "-unconstrained"),
        Case("zuko_nsf", 2, unconstrained, "independent", "trials_mean", "box", 7105, {},
             "-unconstrained"),
        Case("zuko_maf", 2, unconstrained, "independent", "none", "multivariate_normal", 7106, {},
             "-unconstrained"),
    ]  # fmt: skip
    return found + more


def embedding(kind: str) -> tuple[list[int], nn.Module | None]:
    """The shape of x and a small embedding for it."""
    match kind:
        case "fc":
            return [4], FCEmbedding(4, output_dim=3, num_hiddens=6)
        case "fc_norm":
            net = FCEmbedding(
                4, output_dim=3, num_layers=3, num_hiddens=6, enable_layer_norm=True, activation=nn.ELU
            )
            return [4], net
        case "cnn":
            net = CNNEmbedding(
                (12,), out_channels_per_layer=[2, 3], output_dim=3, num_linear_units=6, kernel_size=3
            )
            return [12], net
        case "trials" | "trials_mean":
            aggregation = "mean" if kind == "trials_mean" else "sum"
            trial = FCEmbedding(2, output_dim=3, num_hiddens=6)
            net = PermutationInvariantEmbedding(trial, 3, aggregation, num_hiddens=6, output_dim=3)
            return [4, 2], net
    return [4], None


def prior(kind: str, dimension: int) -> Distribution:
    mean = MEAN * torch.ones(dimension)
    match kind:
        case "box":
            reach = math.sqrt(3) * DEVIATION
            return BoxUniform(mean - reach, mean + reach)
        case "multivariate_normal":
            covariance = DEVIATION**2 * (0.7 * torch.eye(dimension) + 0.3)
            return MultivariateNormal(mean, covariance)
        case "multiple_independent" if dimension > 1:
            one = torch.ones(1)
            factors = [
                Uniform(0.5 * one, 6 * one), Gamma(4 * one, 1.3 * one), LogNormal(one, 0.5 * one),
                Normal(MEAN * one, DEVIATION * one), Exponential(0.4 * one),
            ]  # fmt: skip
            return MultipleIndependent([factors[d % 5] for d in range(dimension)])
    return Independent(Normal(mean, DEVIATION * torch.ones(dimension)), 1)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without what sbi prints, and the logs that it writes into the working folder."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        tempfile.TemporaryDirectory() as folder,
        contextlib.chdir(folder),
    ):
        yield


def simulate(theta: Tensor, shape: list[int], seed: int) -> Tensor:
    """x of a linear simulator."""
    generator = torch.Generator().manual_seed(seed)
    size = [math.prod(shape), theta.shape[1]]
    weights = torch.randn(size, generator=generator) / math.sqrt(theta.shape[1])
    x = (theta - MEAN) / DEVIATION @ weights.T + torch.randn(len(theta), size[0])
    return (0.5 * x - 1).reshape(-1, *shape)


def rounded(values: Tensor) -> Tensor:
    """Float32 values of few digits."""
    return (values.double() * 2**14).round().div(2**14).float()


def train(case: Case) -> tuple[Any, list[int]]:
    """The posterior, after pickling, and the shape of x."""
    torch.manual_seed(case.seed)
    shape, net = embedding(case.embedding)
    distribution = prior(case.prior, case.dimension)
    theta = distribution.sample((500,))
    settings = dict(case.settings) | ({} if net is None else {"embedding_net": net})
    if case.theta_score == "transform_to_unconstrained":
        settings["x_dist"] = distribution
    if case.estimator in ("nsf", "maf_rqs", "zuko_nsf"):
        settings["num_bins"] = 4
    builder = posterior_nn(
        case.estimator, z_score_theta=case.theta_score, z_score_x=case.x_score,
        hidden_features=[6, 6] if case.estimator.startswith("zuko") else 6, num_transforms=2,
        num_components=2, **settings,
    )  # fmt: skip
    inference = NPE(distribution, density_estimator=builder, show_progress_bars=False)
    with quiet():
        inference.append_simulations(theta, simulate(theta, shape, case.seed)).train(
            training_batch_size=50, max_num_epochs=15
        )
    return pickle.loads(pickle.dumps(inference.build_posterior())), shape


def pairs(case: Case, shape: list[int]) -> tuple[Tensor, Tensor]:
    """Draws of the simulator, some of them in the tails and far outside."""
    distribution = prior(case.prior, case.dimension)
    theta = distribution.sample((POINTS,))
    x = simulate(theta, shape, case.seed)
    if not (case.theta_score == "transform_to_unconstrained" and case.prior == "box"):
        far = torch.tensor([0.0, 0.0, 3.0, 10.0]).repeat(POINTS)[:POINTS, None]
        theta = theta + DEVIATION * far * torch.randn_like(theta)
    stretch = torch.tensor([1.0, 1.0, 1.0, 3.0, 1.0]).repeat(POINTS)[:POINTS, None]
    x = rounded((stretch * (x.reshape(POINTS, -1) + 1) - 1).reshape(-1, *shape))
    if case.embedding.startswith("trials"):
        for row in range(1, POINTS):
            x[row, shape[0] - row % shape[0] :] = math.nan
    return rounded(theta), x


def log_prob(estimator: nn.Module, theta: Tensor, x: Tensor) -> Tensor:
    """One observation at a time, since sbi mixes up the counts of missing trials in a batch."""
    with torch.no_grad():
        rows = [
            estimator.log_prob(theta[i].reshape(1, 1, -1), condition=x[i : i + 1]).reshape(())
            for i in range(len(theta))
        ]
    values = torch.stack(rows).double()
    scale = getattr(estimator, "_transform_scale", None)
    if scale is not None and scale.dim() == 0:
        values = values - (theta.shape[1] - 1) * torch.log(scale.double())
    return values


def draw(estimator: nn.Module, noise: Tensor, uniforms: Tensor, x: Tensor) -> Tensor | None:
    """sbi's own draw of noise `[D]`, given one observation; none of made, which sbi draws wrongly."""
    net = estimator.net
    with torch.no_grad():
        if type(estimator).__name__ == "MixtureDensityEstimator":
            weights = estimator.get_uncorrected_mog(x).weights[0]
            choice = int((torch.cumsum(weights, 0)[:-1] <= uniforms).sum())
            with (
                mock.patch("torch.multinomial", lambda *_, **__: torch.tensor([[choice]])),
                mock.patch("torch.randn", lambda *_, **__: noise.reshape(1, 1, -1, 1)),
            ):
                return estimator.sample(torch.Size([1]), condition=x).reshape(-1)
        if type(estimator).__name__ == "ZukoFlow":
            return net(estimator._embedding_net(x)).transform.inv(noise[None]).reshape(-1)
        if hasattr(net._distribution, "_made"):
            return None
        context = net._embedding_net(x)
        return net._transform.inverse(noise[None], context=context)[0].reshape(-1)


def in_double(estimator: nn.Module) -> nn.Module:
    """The same network in double precision, its constants included."""
    double = copy.deepcopy(estimator).double()
    distribution = getattr(double.net, "_distribution", None)
    if hasattr(distribution, "_log_z"):
        size = math.prod(double.input_shape)
        distribution._log_z.fill_(0.5 * size * math.log(2 * math.pi))
    return double


def written(values: Tensor) -> list[float | None]:
    """Nine digits, more than single precision holds."""
    flat = values.double().reshape(-1).tolist()
    return [None if math.isnan(value) else float(f"{value:.9g}") for value in flat]


def fixture(case: Case, folder: Path) -> dict[str, Any]:
    posterior, shape = train(case)
    estimator = posterior.posterior_estimator.eval()
    options = SimpleNamespace(
        output=folder / f"{case.name}.safetensors", prior=None, x_shape=None, theta_names=None,
        theta_units=None, x_names=None, x_units=None, summary=None, data_scale=None,
        amortized="yes",
    )  # fmt: skip
    theta, x = pairs(case, shape)
    single = log_prob(estimator, theta, x)
    export_sbi.export(posterior, options)
    double = in_double(estimator)
    noise = rounded(torch.randn(POINTS, case.dimension)).double()
    uniforms = rounded(torch.rand(POINTS)).double()
    draws = [draw(double, noise[i], uniforms[i], x[i : i + 1].double()) for i in range(POINTS)]
    packages = ("sbi", "nflows", "zuko", "torch")
    content = {
        "provenance": {
            "script": "Tests/Reference/sbi_imports.py",
            "seed": case.seed,
            "settings": [case.theta_score, case.x_score, case.embedding, case.prior],
            "versions": {package: version(package) for package in packages},
        },
        "theta": written(theta),
        "x": written(x),
        "log_prob": written(single),
        "log_prob_in_double": written(log_prob(double, theta.double(), x.double())),
    }
    if draws[0] is not None:
        content |= {
            "base_noise": written(noise),
            "uniforms": written(uniforms),
            "draws": written(torch.stack(draws)),
        }
    return content


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, default=FIXTURES, help="folder to write to")
    parser.add_argument("--only", help="a part of the names of the cases to write")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    for case in cases():
        if arguments.only and arguments.only not in case.name:
            continue
        content = fixture(case, arguments.output)
        path = arguments.output / f"{case.name}.json"
        path.write_text(json.dumps(content, separators=(",", ":"), allow_nan=False) + "\n")
        values = torch.tensor(content["log_prob_in_double"])
        error = (torch.tensor(content["log_prob"]).double() - values).abs()
        print(
            f"{case.name}: {path.stat().st_size} and "
            f"{path.with_suffix('.safetensors').stat().st_size} bytes, log density "
            f"{values.min():.4g} to {values.max():.4g}, single precision off by {error.max():.1e}"
        )


if __name__ == "__main__":
    main()
