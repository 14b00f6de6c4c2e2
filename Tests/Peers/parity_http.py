"""Log densities of models imported from sbi, asked over HTTP, against sbi itself.

For every combination of estimator, number of parameters, z-score and embedding it builds an estimator
with sbi and adds noise to its weights (freshly built ones sit near the identity and hide mistakes), or
trains it with NPE (`--trained EPOCHS`). The posterior is pickled, read again and exported with
`deploy/import/export_sbi.py`; posterior-server serves all of them and is asked for pairs of theta and x:
draws of the simulator, theta up to ten times and x up to three times as far out. The rule is
|Δ| ≤ 1e-4 + 1e-5·|log q| for each, and a median relative error below 2e-6, or 5e-6 for splines, for each
estimator.

Other seeds and sizes are other models: `--seed`, `--hidden`, `--dimensions`. It runs with any sbi from
0.22 on, for the estimators that version has.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import io
import itertools
import json
import math
import pickle
import sys
import tempfile
import urllib.request
import warnings
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import servers
import torch
from sbi.inference.posteriors import DirectPosterior
from sbi.neural_nets.embedding_nets import CNNEmbedding, FCEmbedding, PermutationInvariantEmbedding
from torch import Tensor, nn
from torch.distributions import MultivariateNormal

try:
    from sbi.inference import NPE
    from sbi.neural_nets import posterior_nn
except ImportError:  # sbi 0.22
    from sbi.inference import SNPE as NPE
    from sbi.utils import posterior_nn

REPOSITORY = Path(__file__).resolve().parent.parent.parent
EXPORTER = REPOSITORY / "deploy" / "import" / "export_sbi.py"
sys.path.insert(0, str(EXPORTER.parent))
import export_sbi  # noqa: E402

ESTIMATORS = ("maf", "nsf", "mdn", "maf_rqs", "made", "zuko_maf", "zuko_nsf")
SPLINES = ("nsf", "maf_rqs", "zuko_nsf")
EMBEDDINGS = ("none", "fc", "cnn", "trials")
PORT = 18096


@dataclass
class Case:
    """One model, and what sbi says of it."""

    name: str
    estimator: str
    theta: Tensor
    x: Tensor
    log_prob: np.ndarray
    # sbi's network in double precision, for telling whose rounding a difference is.
    in_double: np.ndarray | None = None


def embedding(kind: str) -> tuple[list[int], nn.Module | None]:
    """The shape of x and a small embedding for it."""
    match kind:
        case "fc":
            return [4], FCEmbedding(4, output_dim=3, num_hiddens=8)
        case "cnn":
            return [16], CNNEmbedding((16,), out_channels_per_layer=[2, 3], output_dim=3, num_linear_units=8)
        case "trials":
            trial = FCEmbedding(2, output_dim=3, num_hiddens=8)
            return [5, 2], PermutationInvariantEmbedding(trial, 3, num_hiddens=8, output_dim=3)
    return [4], None


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
    """x of a linear simulator: mean -1 and deviation 0.5 for theta of mean 3 and deviation 2."""
    generator = torch.Generator().manual_seed(seed)
    size = [math.prod(shape), theta.shape[1]]
    weights = torch.randn(size, generator=generator) / math.sqrt(theta.shape[1])
    x = 0.7 * (theta - 3) / 2 @ weights.T + 0.7 * torch.randn(len(theta), size[0])
    return (0.5 * x - 1).reshape(-1, *shape)


def build(
    kind: str, dimension: int, scores: tuple[str, str], embedded: str, seed: int,
    arguments: argparse.Namespace,
) -> tuple[Any, list[int]]:  # fmt: skip
    """A posterior, and the shape of its x."""
    torch.manual_seed(seed)
    shape, net = embedding(embedded)
    theta = 3 + 2 * torch.randn(400, dimension)
    x = simulate(theta, shape, seed)
    prior = MultivariateNormal(3 * torch.ones(dimension), 4 * torch.eye(dimension))
    settings = {} if net is None else {"embedding_net": net}
    builder = posterior_nn(
        kind, z_score_theta=scores[0], z_score_x=scores[1], hidden_features=arguments.hidden,
        num_transforms=3, num_components=4, **settings,
    )  # fmt: skip
    if arguments.trained:
        inference = NPE(prior, density_estimator=builder, show_progress_bars=False)
        with quiet():
            inference.append_simulations(theta, x).train(
                training_batch_size=50, max_num_epochs=arguments.trained
            )
        return inference.build_posterior(), shape
    estimator = builder(theta, x)
    estimator.eval()
    with torch.no_grad():
        for parameter in estimator.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return DirectPosterior(estimator, prior), shape


def log_prob(estimator: nn.Module, theta: Tensor, x: Tensor) -> Tensor:
    """sbi's log density, but for the log-determinant that it counts once."""
    with torch.no_grad():
        if not hasattr(estimator, "condition_shape"):
            return estimator.log_prob(theta, context=x).double()
        values = estimator.log_prob(theta.unsqueeze(0), condition=x).squeeze(0).double()
    scale = getattr(estimator, "_transform_scale", None)
    if scale is not None and scale.dim() == 0:
        values = values - (theta.shape[1] - 1) * math.log(float(scale))
    return values


def in_double(estimator: nn.Module, dimension: int) -> nn.Module:
    """The same network in double precision, its constants included."""
    double = copy.deepcopy(estimator).double()
    distribution = getattr(getattr(double, "net", double), "_distribution", None)
    if hasattr(distribution, "_log_z"):
        distribution._log_z.fill_(0.5 * dimension * math.log(2 * math.pi))
    return double


def cases(arguments: argparse.Namespace, folder: Path) -> Iterator[Case]:
    """Builds, exports and evaluates every model."""
    scores = ("none", "independent", "structured")
    everything = itertools.product(
        arguments.estimators, arguments.dimensions, scores, scores, arguments.embeddings
    )
    for index, (kind, dimension, theta_score, x_score, embedded) in enumerate(everything):
        if theta_score == "structured" and dimension == 1:
            continue
        seed = arguments.seed + index
        posterior, shape = build(
            kind, dimension, (theta_score, x_score), embedded, seed, arguments
        )
        name = f"{kind}-{dimension}-{theta_score}-{x_score}-{embedded}"
        export_sbi.export(
            pickle.loads(pickle.dumps(posterior)), options(folder / name / "1")
        )
        theta = 3 + 2 * torch.randn(arguments.pairs, dimension)
        x = simulate(theta, shape, seed)
        distance = torch.tensor([0.0, 3.0, 10.0])[torch.randint(3, (arguments.pairs, 1))]
        theta = theta + 2 * distance * torch.randn_like(theta)
        stretch = torch.tensor([1.0, 1.0, 3.0])[torch.randint(3, (arguments.pairs, 1))]
        x = (stretch * (x.reshape(arguments.pairs, -1) + 1) - 1).reshape(-1, *shape)
        estimator = export_sbi.parts(posterior)[0]
        values = log_prob(estimator, theta, x).numpy()
        exact = log_prob(in_double(estimator, dimension), theta.double(), x.double()).numpy()
        yield Case(name, kind, theta, x, values, exact)


def options(folder: Path) -> SimpleNamespace:
    return SimpleNamespace(
        output=folder / "model.safetensors", prior=None, x_shape=None, theta_names=None,
        theta_units=None, x_names=None, x_units=None, summary=None, data_scale=None,
        amortized="yes",
    )  # fmt: skip


def ask(url: str, case: Case) -> np.ndarray:
    """The server's log densities of the pairs of a case."""
    body = {
        "observations": case.x.tolist(),
        "theta": [[theta] for theta in case.theta.tolist()],
        # As trained, where the posterior is truncated to the prior.
        "normalized": False,
    }
    request = urllib.request.Request(
        f"{url}/v1/models/{case.name}/log_prob", data=json.dumps(body).encode()
    )
    with urllib.request.urlopen(request) as response:
        results = json.load(response)["results"]
    return np.array([result["log_prob"][0] for result in results], dtype=float)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words = lambda text: text.split(",")  # noqa: E731
    parser.add_argument("--estimators", type=words, default=list(ESTIMATORS))
    parser.add_argument("--embeddings", type=words, default=list(EMBEDDINGS))
    parser.add_argument(
        "--dimensions", type=lambda text: [int(d) for d in text.split(",")], default=[1, 2, 5, 12]
    )
    parser.add_argument("--pairs", type=int, default=1000, help="pairs of theta and x for each model")
    parser.add_argument("--hidden", type=int, default=11, help="hidden features")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--trained", type=int, default=0, metavar="EPOCHS", help="train instead of adding noise"
    )
    parser.add_argument(
        "--server", type=Path, default=REPOSITORY / ".build" / "release" / "posterior-server"
    )
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    worst: dict[str, list[float]] = defaultdict(list)
    rounding: dict[str, list[float]] = defaultdict(list)
    own: dict[str, list[float]] = defaultdict(list)
    relative: dict[str, list[np.ndarray]] = defaultdict(list)
    failures: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        models = Path(folder)
        every = list(cases(arguments, models))
        server = servers.posterior_server(arguments.server, models, PORT)
        with servers.running(server):
            for case in every:
                try:
                    ours = ask(server.url, case)
                except OSError as error:
                    failures.append(f"{case.name}: {error}")
                    continue
                difference = np.abs(ours - case.log_prob)
                tolerance = 1e-4 + 1e-5 * np.abs(case.log_prob)
                share = float(np.max(difference / tolerance))
                exact = np.abs(ours - case.in_double) / tolerance
                rounding[case.estimator].append(float(np.max(exact)))
                own[case.estimator].append(float(np.max(np.abs(case.log_prob - case.in_double) / tolerance)))
                worst[case.estimator].append(share)
                relative[case.estimator].append(difference / np.maximum(1, np.abs(case.log_prob)))
                if not share <= 1:
                    row = int(np.argmax(difference / tolerance))
                    failures.append(
                        f"{case.name}: {share:.2f} of the tolerance at log q = "
                        f"{case.in_double[row]:.3f} in double precision, {case.log_prob[row]:.3f} of sbi, "
                        f"{ours[row]:.3f} of ours"
                    )
    print("worst share of the tolerance: ours from sbi, and both from sbi in double precision")
    print(f"{'estimator':<12}{'models':>8}{'ours - sbi':>12}{'ours':>8}{'sbi':>8}{'median relative error':>24}")
    for kind, shares in worst.items():
        median = float(np.median(np.concatenate(relative[kind])))
        bound = 5e-6 if kind in SPLINES else 2e-6
        if not median < bound:
            failures.append(f"{kind}: median relative error {median:.1e}, bound {bound:.0e}")
        print(
            f"{kind:<12}{len(shares):>8}{max(shares):>12.3f}"
            f"{max(rounding[kind]):>8.3f}{max(own[kind]):>8.3f}{median:>24.1e}"
        )
    for failure in failures:
        print(failure)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
