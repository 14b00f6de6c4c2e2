"""What `deploy/import/export_sbi.py` exports exactly and what it refuses, through its command line.

Every case saves something with `pickle` or `torch.save`, runs the exporter on it as a user would, and
expects either a file or a sentence that names what cannot be exported, an exit status other than 0, and
nothing written. Exported models are then served together, and the server's log densities compared with
sbi's on pairs of theta and x. Needs sbi 0.27 and a built posterior-server.
"""

from __future__ import annotations

import argparse
import os
import pickle
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import servers
import torch
from parity_http import EXPORTER, NPE, Case, ask, log_prob, posterior_nn, quiet
from sbi.inference import NPE_A
from sbi.inference.posteriors import DirectPosterior, EnsemblePosterior
from sbi.neural_nets import posterior_flow_nn
from sbi.neural_nets.embedding_nets import FCEmbedding, ResNetEmbedding1D
from sbi.utils import BoxUniform, MultipleIndependent
from torch import Tensor, nn
from torch.distributions import (
    Beta, Distribution, Exponential, Gamma, HalfNormal, Independent, LogNormal, MultivariateNormal,
    Normal, Uniform,
)  # fmt: skip

PORT = 18097
ONE = torch.ones(1)
BOX = BoxUniform(-2 * torch.ones(2), 3 * torch.ones(2))
GAUSSIAN = MultivariateNormal(torch.tensor([1.0, -1.0]), torch.tensor([[2.0, 0.5], [0.5, 1.0]]))
UNCONSTRAINED = "transform_to_unconstrained"


class UserNormal(Normal):
    """A user's distribution, which may have any density."""


class Fold(nn.Module):
    """A user's embedding network."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(4))

    def forward(self, x: Tensor) -> Tensor:
        return (self.scale * x).abs()


# Pickles name the module of a class, and the exporter has another main one.
UserNormal.__module__ = Fold.__module__ = Path(__file__).stem
sys.modules.setdefault(Path(__file__).stem, sys.modules[__name__])


@dataclass
class Import:
    """Something to export: expected is a part of the refusal, or None for an exact file."""

    name: str
    make: Callable[[], Any]
    expected: str | None = None
    options: list[str] = field(default_factory=list)
    save: Callable[[Any, Path], None] = lambda thing, path: path.write_bytes(pickle.dumps(thing))


def trained(kind: str, prior: Distribution | None, x_dim: int = 4, **settings: Any) -> DirectPosterior:
    """A posterior of two parameters unless the prior has others, trained for two epochs."""
    torch.manual_seed(len(kind) + len(settings))
    proposal = GAUSSIAN if prior is None else prior
    theta = proposal.sample((300,))
    x = theta[:, :1] + torch.randn(300, x_dim)
    inference = NPE(
        prior, density_estimator=posterior_nn(kind, hidden_features=10, num_transforms=2, **settings),
        show_progress_bars=False,
    )  # fmt: skip
    with quiet():
        inference.append_simulations(theta, x).train(training_batch_size=50, max_num_epochs=2)
        return inference.build_posterior()


def multiple_independent(*factors: Distribution) -> MultipleIndependent:
    return MultipleIndependent(list(factors))


def first_round_of_npe_a() -> Any:
    inference = NPE_A(GAUSSIAN, show_progress_bars=False)
    theta = GAUSSIAN.sample((300,))
    with quiet():
        inference.append_simulations(theta, theta + torch.randn(300, 2)).train(max_num_epochs=2)
        return inference.build_posterior()


def untrained(builder: Callable[[Tensor, Tensor], nn.Module]) -> nn.Module:
    return builder(torch.randn(100, 2), torch.randn(100, 2))


def save_with_torch(thing: Any, path: Path) -> None:
    torch.save(thing, path)


def save_with_torch_of_old(thing: Any, path: Path) -> None:
    torch.save(thing, path, _use_new_zipfile_serialization=False)


def imports(folder: Path) -> list[Import]:
    prior_file = folder / "prior.json"
    prior_file.write_text('{"type": "box_uniform", "lower": [-9, -9], "upper": [9, 9]}')
    prior = ["--prior", str(prior_file)]
    broken = folder / "broken.json"
    broken.write_text('{"lower": [0, 0]}')
    layer_norm = {"enable_layer_norm": True, "num_layers": 3}
    fc = lambda **more: FCEmbedding(4, output_dim=3, num_hiddens=8, **more)  # noqa: E731
    exact = [
        Import("batch-norm-maf", lambda: trained("maf", BOX, use_batch_norm=True)),
        Import("batch-norm-maf-rqs", lambda: trained("maf_rqs", BOX, use_batch_norm=True)),
        Import("batch-norm-nsf", lambda: trained("nsf", BOX, use_batch_norm=True)),
        Import("dropout-maf", lambda: trained("maf", BOX, dropout_probability=0.3)),
        Import("dropout-nsf", lambda: trained("nsf", BOX, dropout_probability=0.3)),
        Import("spline-settings", lambda: trained("nsf", BOX, num_bins=6, tail_bound=5.0)),
        Import("blocks", lambda: trained("maf", BOX, num_blocks=4)),
        Import("zuko-bins", lambda: trained("zuko_nsf", BOX, num_bins=6)),
        Import("randperm", lambda: trained("zuko_maf", BOX, randperm=True)),
        Import("zuko-coupling", lambda: trained("zuko_maf", BOX, passes=2)),
        Import("zuko-elu", lambda: trained("zuko_maf", BOX, activation=nn.ELU)),
        Import("zuko-tanh", lambda: trained("zuko_nsf", BOX, activation=nn.Tanh)),
        Import("layer-norm", lambda: trained("maf", BOX, embedding_net=fc(**layer_norm))),
    ]
    exact += [
        Import(
            f"fc-{activation.__name__.lower()}",
            lambda activation=activation: trained("mdn", BOX, embedding_net=fc(activation=activation)),
        )
        for activation in (nn.Tanh, nn.ELU, nn.LeakyReLU, nn.SiLU, nn.Softplus, nn.Sigmoid)
    ]
    product = multiple_independent(
        Uniform(0 * ONE, 4 * ONE), Normal(ONE, 2 * ONE), LogNormal(0 * ONE, ONE),
        Gamma(2 * ONE, ONE), Beta(2 * ONE, 3 * ONE), Exponential(ONE), BoxUniform(-ONE, ONE), GAUSSIAN,
    )  # fmt: skip
    boxes = multiple_independent(BoxUniform(-ONE, 2 * ONE), BoxUniform(3 * ONE, 7 * ONE))
    normals = Independent(Normal(torch.tensor([1.0, -1.0]), torch.tensor([2.0, 0.5])), 1)
    exact += [
        Import("prior-gaussian", lambda: trained("maf", GAUSSIAN)),
        Import("prior-independent", lambda: trained("maf", normals)),
        Import("prior-independent-uniform", lambda: trained(
            "maf", Independent(Uniform(torch.zeros(2), torch.ones(2)), 1))),
        Import("prior-independent-gamma", lambda: trained(
            "maf", Independent(Gamma(2 * torch.ones(3), torch.ones(3)), 1))),
        Import("prior-multiple-independent", lambda: trained("maf", product)),
        Import("prior-one-dimension", lambda: trained("nsf", Uniform(0 * ONE, ONE))),
        Import("unconstrained-box", lambda: trained("mdn", BOX, z_score_theta=UNCONSTRAINED, x_dist=BOX)),
        Import("unconstrained-boxes", lambda: trained(
            "zuko_nsf", boxes, z_score_theta=UNCONSTRAINED, x_dist=boxes)),
        Import("unconstrained-gaussian", lambda: trained(
            "zuko_maf", GAUSSIAN, z_score_theta=UNCONSTRAINED, x_dist=GAUSSIAN)),
        Import("unconstrained-normals", lambda: trained(
            "mdn", normals, z_score_theta=UNCONSTRAINED, x_dist=normals)),
        Import("torch-save", lambda: trained("maf", BOX), save=save_with_torch),
        Import("torch-save-of-old", lambda: trained("maf", BOX), save=save_with_torch_of_old),
        Import("bare-estimator", lambda: trained("maf", BOX).posterior_estimator, options=prior),
        Import("no-prior-but-given", lambda: trained("maf", None), options=prior),
        Import("sequential", lambda: trained("maf", BOX, embedding_net=nn.Sequential(
            nn.Linear(4, 6), nn.Tanh(), nn.Dropout(0.1), nn.Linear(6, 3)))),
    ]  # fmt: skip
    positive = Independent(Gamma(2 * torch.ones(2), torch.ones(2)), 1)
    refused = [
        Import("no-prior", lambda: trained("maf", None), "ImproperEmpirical (nothing was given to sbi)"),
        Import("bare-without-prior", lambda: trained("maf", BOX).posterior_estimator, "give --prior"),
        Import("prior-user", lambda: trained(
            "maf", Independent(UserNormal(torch.zeros(2), torch.ones(2)), 1)), "UserNormal"),
        Import("prior-half-normal", lambda: trained(
            "maf", Independent(HalfNormal(torch.ones(2)), 1)), "HalfNormal"),
        Import("prior-of-other-size", lambda: trained("maf", Uniform(0 * ONE, ONE)),
               "the prior has 2 dimensions, the estimator 1", prior),
        Import("prior-file-missing", lambda: trained("maf", BOX), "No such file", ["--prior", "nowhere"]),
        Import("prior-file-broken", lambda: trained("maf", BOX), "does not hold a prior",
               ["--prior", str(broken)]),
        Import("unconstrained-gamma", lambda: trained(
            "mdn", positive, z_score_theta=UNCONSTRAINED, x_dist=positive), UNCONSTRAINED),
        Import("unconstrained-other-prior", lambda: trained(
            "mdn", BOX, z_score_theta=UNCONSTRAINED, x_dist=BOX),
            "does not reproduce sbi's log density", prior),
        Import("fc-gelu", lambda: trained("maf", BOX, embedding_net=fc(activation=nn.GELU)), "GELU"),
        Import("elu-alpha", lambda: trained("maf", BOX, embedding_net=nn.Sequential(
            nn.Linear(4, 3), nn.ELU(alpha=0.5))), "ELU(alpha=0.5)"),
        Import("user-module", lambda: trained("maf", BOX, embedding_net=Fold()), "Fold"),
        Import("resnet", lambda: trained(
            "maf", BOX, embedding_net=ResNetEmbedding1D(c_in=4, c_out=3, n_blocks=1)), "ResNet"),
        Import("softmax-embedding", lambda: trained("maf", BOX, embedding_net=nn.Sequential(
            nn.Linear(4, 3), nn.Softmax(1))), "Softmax"),
        Import("zuko-nice", lambda: trained("zuko_nice", BOX), "not known"),
        Import("zuko-naf", lambda: trained("zuko_naf", BOX), "MNN is not known"),
        Import("zuko-bpf", lambda: trained("zuko_bpf", BOX), "not known"),
        Import("zuko-gf", lambda: trained("zuko_gf", BOX), "not known"),
        Import("zuko-ncsf", lambda: trained("zuko_ncsf", BOX), "not known"),
        Import("zuko-activation", lambda: trained("zuko_maf", BOX, activation=nn.GELU), "GELU"),
        Import("npe-a", first_round_of_npe_a, "NPE_A_Posterior"),
        Import("ensemble", lambda: EnsemblePosterior([trained("maf", BOX), trained("maf", BOX)]),
               "EnsemblePosterior"),
        Import("flow-matching", lambda: untrained(posterior_flow_nn("mlp")), "FlowMatchingEstimator", prior),
        Import("trainer", lambda: NPE(BOX, show_progress_bars=False), "NPE_C"),
        Import("dictionary", lambda: trained("maf", BOX).posterior_estimator.state_dict(), "OrderedDict"),
        Import("text", lambda: None, "cannot be unpickled",
               save=lambda _, path: path.write_text("not a pickle\n")),
        Import("empty", lambda: None, "cannot be unpickled", save=lambda _, path: path.write_bytes(b"")),
        Import("archive", lambda: None, "cannot be unpickled",
               save=lambda _, path: path.write_bytes(b"PK\5\6" + bytes(18))),
        Import("module-missing", lambda: None, "No module named 'nowhere'",
               save=lambda _, path: path.write_bytes(b"cnowhere\nThing\n.")),
        Import("missing", lambda: None, "No such file", save=lambda *_: None),
        Import("folder", lambda: None, "directory", save=lambda _, path: path.mkdir()),
    ]  # fmt: skip
    return exact + refused


def run(*arguments: Any) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(EXPORTER), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def attempt(case: Import, folder: Path, models: Path) -> tuple[str | None, Case | None]:
    """What is wrong with the outcome of a case, and what to ask the server."""
    thing = case.make()
    path, version = folder / f"{case.name}.pkl", models / case.name / "1"
    case.save(thing, path)
    result = run(path, version / "model.safetensors", *case.options)
    last = result.stderr.strip().splitlines()[-1:] or [""]
    if case.expected is not None:
        if result.returncode == 0 or "Traceback" in result.stderr:
            return f"not refused in a sentence: {last[0]}", None
        if case.expected not in result.stderr:
            return f"refused otherwise: {last[0]}", None
        return (f"{version} was left behind" if version.parent.exists() else None), None
    if result.returncode != 0:
        return last[0], None
    if [entry.name for entry in version.iterdir()] != ["model.safetensors"]:
        return f"{version} holds more than the model", None
    estimator = thing if isinstance(thing, nn.Module) else thing.posterior_estimator
    dimension = estimator.input_shape[0]
    prior = BoxUniform(-9 * torch.ones(2), 9 * torch.ones(2)) if case.options else thing.prior
    theta = prior.sample((300,)).reshape(300, dimension).float()
    x = theta[:, :1] + 2 * torch.randn(300, *estimator.condition_shape)
    return None, Case(case.name, "", theta, x, log_prob(estimator.eval(), theta, x).numpy())


def command_line(folder: Path) -> list[str]:
    """What is wrong with the treatment of files that are there, or cannot be."""
    good, bad = folder / "good.pkl", folder / "bad.pkl"
    good.write_bytes(pickle.dumps(trained("maf", BOX)))
    bad.write_bytes(pickle.dumps(trained("maf", BOX, embedding_net=Fold())))
    output = folder / "some" / "where" / "model.safetensors"
    wrong = []

    def expect(what: str, is_right: bool) -> None:
        if not is_right:
            wrong.append(f"command line: {what}")

    expect("--help", run("--help").returncode == 0)
    expect("no arguments", run().returncode == 2)
    expect("a missing folder is made", run(good, output).returncode == 0 and output.exists())
    before = output.read_bytes()
    result = run(good, output)
    expect("a file is not replaced", result.returncode != 0 and "--overwrite" in result.stderr)
    result = run(bad, output, "--overwrite")
    expect("a refusal keeps the file", result.returncode != 0 and output.read_bytes() == before)
    result = run(good, output, "--overwrite", "--summary", "again")
    expect("--overwrite", result.returncode == 0 and output.read_bytes() != before)
    result = run(good, good / "model.safetensors")
    expect("a file as a folder", result.returncode != 0 and "Traceback" not in result.stderr)
    result = run(good, folder, "--overwrite")
    expect("a folder as the file", result.returncode != 0 and "Traceback" not in result.stderr)
    expect("nothing is left", not list(folder.rglob("*.partial")))
    result = run(good, folder / "names", "--theta-names", "a,b,c")
    expect("names of another number", "3 names" in result.stderr and not (folder / "names").exists())
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", help="a part of the names of the cases to try")
    default = EXPORTER.parent.parent.parent / ".build" / "release" / "posterior-server"
    parser.add_argument("--server", type=Path, default=default)
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    failures: list[str] = []
    served: list[Case] = []
    worst, refusals = 0.0, 0
    with tempfile.TemporaryDirectory() as scratch:
        folder, models = Path(scratch), Path(scratch) / "models"
        models.mkdir()
        for case in imports(folder):
            if arguments.only not in case.name:
                continue
            try:
                wrong, exported = attempt(case, folder, models)
            except Exception as error:
                wrong, exported = f"not made by this sbi: {error!r}", None
            if wrong:
                failures.append(f"{case.name}: {wrong}")
            if exported:
                served.append(exported)
            refusals += case.expected is not None
            print(f"{case.name}: {wrong or 'right'}", flush=True)
        if not arguments.only:
            failures += command_line(folder)
        server = servers.posterior_server(arguments.server.resolve(), models, PORT)
        with servers.running(server):
            for case in served:
                try:
                    difference = np.abs(ask(server.url, case) - case.log_prob)
                except OSError as error:
                    failures.append(f"{case.name}: {error}")
                    continue
                share = float(np.max(difference / (1e-4 + 1e-5 * np.abs(case.log_prob))))
                worst = max(worst, share)
                if not share <= 1:
                    failures.append(f"{case.name}: {share:.2f} of the tolerance")
    print(f"{len(served)} exports at most {worst:.3f} of the tolerance off, {refusals} refusals tried")
    for failure in failures:
        print(failure)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
