"""Log densities of models imported from sbi, asked over HTTP, against sbi itself.

For every combination of estimator, number of parameters, z-score and embedding it builds an estimator
with sbi, adds noise to its weights (freshly built ones sit near the identity and hide mistakes), exports
it with `deploy/import/export_sbi.py`, starts posterior-server on the exported models, and posts pairs of
theta and x, in range, in the tails and far outside. The rule is |Δ| ≤ 1e-4 + 1e-5·|log q| for each, and a
median relative error below 2e-6, or 5e-6 for splines, for each estimator.

Other seeds and sizes are other models: `--seed`, `--hidden`, `--dimensions`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import sys
import tempfile
import urllib.request
import warnings
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import servers
import torch
from sbi.inference.posteriors import DirectPosterior
from sbi.neural_nets import posterior_nn
from sbi.neural_nets.embedding_nets import CNNEmbedding, FCEmbedding, PermutationInvariantEmbedding
from torch import Tensor, nn
from torch.distributions import MultivariateNormal

REPOSITORY = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(REPOSITORY / "deploy" / "import"))
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


def cases(arguments: argparse.Namespace, folder: Path) -> Iterator[Case]:
    """Builds, exports and evaluates every model."""
    scores = ("none", "independent", "structured")
    everything = itertools.product(
        arguments.estimators, arguments.dimensions, scores, scores, arguments.embeddings
    )
    for index, (kind, dimension, theta_score, x_score, embedded) in enumerate(everything):
        if theta_score == "structured" and dimension == 1:
            continue
        torch.manual_seed(arguments.seed + index)
        shape, net = embedding(embedded)
        theta = 3 + 2 * torch.randn(200, dimension)
        x = -1 + 0.5 * torch.randn(200, *shape)
        settings = {} if net is None else {"embedding_net": net}
        builder = posterior_nn(
            kind, z_score_theta=theta_score, z_score_x=x_score, hidden_features=arguments.hidden,
            num_transforms=3, num_components=4, **settings,
        )  # fmt: skip
        estimator = builder(theta, x)
        with torch.no_grad():
            for parameter in estimator.parameters():
                parameter += 0.1 * torch.randn_like(parameter)
        prior = MultivariateNormal(torch.zeros(dimension), torch.eye(dimension))
        name = f"{kind}-{dimension}-{theta_score}-{x_score}-{embedded}"
        export_sbi.export(DirectPosterior(estimator, prior), options(folder / name / "1"))
        spread = torch.tensor([1.0, 3.0, 10.0])[torch.randint(3, (arguments.pairs, 1))]
        points = 3 + 2 * spread * torch.randn(arguments.pairs, dimension)
        data = -1 + 0.5 * torch.randn(arguments.pairs, *shape)
        with torch.no_grad():
            log_prob = estimator.log_prob(points.unsqueeze(0), condition=data).squeeze(0).double()
            scale = getattr(estimator, "_transform_scale", None)
            if scale is not None and scale.dim() == 0:
                # The log-determinant that sbi counts once.
                log_prob = log_prob - (dimension - 1) * math.log(float(scale))
        yield Case(name, kind, points, data, log_prob.numpy())


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
        "--server", type=Path, default=REPOSITORY / ".build" / "release" / "posterior-server"
    )
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    worst: dict[str, list[float]] = defaultdict(list)
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
                share = float(np.max(difference / (1e-4 + 1e-5 * np.abs(case.log_prob))))
                worst[case.estimator].append(share)
                relative[case.estimator].append(difference / np.maximum(1, np.abs(case.log_prob)))
                if not share <= 1:
                    failures.append(f"{case.name}: {share:.2f} of the tolerance")
    print(f"{'estimator':<12}{'models':>8}{'worst share of tolerance':>28}{'median relative error':>24}")
    for kind, shares in worst.items():
        median = float(np.median(np.concatenate(relative[kind])))
        bound = 5e-6 if kind in SPLINES else 2e-6
        if not median < bound:
            failures.append(f"{kind}: median relative error {median:.1e}, bound {bound:.0e}")
        print(f"{kind:<12}{len(shares):>8}{max(shares):>28.3f}{median:>24.1e}")
    for failure in failures:
        print(failure)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
