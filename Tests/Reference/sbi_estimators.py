"""Writes golden log densities and draws of sbi's MAF and MDN, with every weight.

The networks come from sbi's own builders, with independent z-scoring of theta and x. They are not
trained: each weight is moved away from its initial value, so that no layer is near the identity,
and rounded to a float32 of five decimals. Everything is then evaluated in float64 by sbi itself.

Masks are multiplied into the weights. Draws replay given base noise through sbi's inverse map.
"""

from __future__ import annotations

import argparse
import json
import math
import warnings
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from nflows.transforms import MaskedAffineAutoregressiveTransform, RandomPermutation
from sbi.neural_nets.net_builders import build_maf, build_mdn
from torch import Tensor, nn
from torch.nn import functional

POINTS = 64
X_DIM = 3
DEFAULT_OUTPUT = Path(__file__).resolve().parent.parent / "EstimatorsTests" / "Fixtures"


@dataclass(frozen=True)
class MAFCase:
    """Structure and seed of one masked autoregressive flow."""

    name: str
    theta_dim: int
    hidden_features: int
    transforms: int
    blocks: int
    seed: int


@dataclass(frozen=True)
class MDNCase:
    """Structure and seed of one mixture density network."""

    name: str
    theta_dim: int
    hidden_features: int
    components: int
    diagonal_floor: float
    seed: int


MAF_CASES = [
    MAFCase("maf-theta1", 1, 12, 2, 2, 101),
    MAFCase("maf-theta2", 2, 12, 2, 2, 102),
    MAFCase("maf-theta3-blocks3", 3, 17, 3, 3, 103),
    MAFCase("maf-theta5", 5, 12, 5, 2, 104),
    MAFCase("maf-theta5-hidden50", 5, 50, 2, 2, 105),
]
MDN_CASES = [
    MDNCase("mdn-theta1", 1, 16, 4, 0.0, 201),
    MDNCase("mdn-theta2", 2, 16, 4, 0.0, 202),
    MDNCase("mdn-theta2-floor", 2, 16, 4, 1e-3, 203),
    MDNCase("mdn-theta3", 3, 16, 4, 0.0, 204),
]


def rounded(values: Tensor) -> Tensor:
    """The nearest float32 with five decimals, as float64."""
    return torch.from_numpy(np.round(values.numpy(), 5).astype(np.float32)).double()


def training_rows(theta_dim: int) -> tuple[Tensor, Tensor]:
    """Rows with unequal locations and scales, from which sbi takes its z-scores."""
    theta = torch.randn(500, theta_dim) * torch.linspace(0.4, 2.5, theta_dim)
    theta = theta + torch.linspace(-1.5, 2.0, theta_dim)
    x = torch.randn(500, X_DIM) * torch.tensor([0.3, 1.0, 4.0]) + torch.tensor([1.0, -2.0, 5.0])
    return theta, x


def perturb(net: nn.Module, spread: float) -> None:
    """Adds N(0, spread²) to every parameter, rounds, and turns the whole net to float64."""
    net.double()
    with torch.no_grad():
        for parameter in net.parameters():
            noise = torch.randn(parameter.shape, dtype=torch.float64)
            parameter.copy_(rounded(parameter + spread * noise))


def observations(mean: Tensor, deviation: Tensor) -> Tensor:
    """Observations like the training rows, every eighth of them far outside."""
    z = torch.randn(POINTS, X_DIM, dtype=torch.float64)
    z[7::8] *= 3
    return rounded(mean + deviation * z)


def tail_factors() -> Tensor:
    """How far out the base noise of each point lies: mostly 1, a quarter of them 4."""
    factors = torch.ones(POINTS, 1, dtype=torch.float64)
    factors[3::4] = 4
    return factors


def shortest(values: Tensor) -> list[float] | list[list[float]]:
    """Float32 numbers as the shortest decimals that give the same float32 back."""
    single = values.numpy().astype(np.float32)
    assert np.array_equal(single.astype(np.float64), values.numpy()), "a number is not a float32"
    short = np.array([float(str(value)) for value in single.reshape(-1)])
    return short.reshape(single.shape).tolist()


def tensor_entry(values: Tensor) -> dict[str, object]:
    """One tensor of the fixture; its values must be float32 numbers."""
    return {"shape": list(values.shape), "values": shortest(values.detach().reshape(-1))}


def linear_entries(prefix: str, layer: nn.Linear) -> dict[str, dict[str, object]]:
    """Weight, with its mask applied, and bias."""
    weight = layer.weight * layer.mask if hasattr(layer, "mask") else layer.weight
    return {f"{prefix}.weight": tensor_entry(weight), f"{prefix}.bias": tensor_entry(layer.bias)}


def standardization_entries(
    scale: Tensor, shift: Tensor, mean: Tensor, deviation: Tensor
) -> dict[str, dict[str, object]]:
    return {
        "standardization.theta_scale": tensor_entry(scale),
        "standardization.theta_shift": tensor_entry(shift),
        "standardization.x_mean": tensor_entry(mean),
        "standardization.x_standard_deviation": tensor_entry(deviation),
    }


def maf_fixture(case: MAFCase) -> dict[str, object]:
    """Log densities and replayed draws of one flow."""
    torch.manual_seed(case.seed)
    np.random.seed(case.seed)
    theta_rows, x_rows = training_rows(case.theta_dim)
    estimator = build_maf(
        theta_rows,
        x_rows,
        z_score_x="independent",
        z_score_y="independent",
        hidden_features=case.hidden_features,
        num_transforms=case.transforms,
        num_blocks=case.blocks,
    )
    estimator.eval()
    perturb(estimator, 0.15)
    flow = estimator.net
    # The normaliser of the base normal keeps its float32 rounding through `double()`.
    flow._distribution._log_z.fill_(0.5 * case.theta_dim * math.log(2 * math.pi))

    standardize, *layers = list(flow._transform._transforms)
    standardize._scale.copy_(rounded(standardize._scale))
    standardize._shift.copy_(rounded(standardize._shift))
    x_standardize = flow._embedding_net[0]
    x_standardize._mean.copy_(rounded(x_standardize._mean))
    x_standardize._std.copy_(rounded(x_standardize._std))

    tensors = standardization_entries(
        standardize._scale, standardize._shift, x_standardize._mean, x_standardize._std
    )
    structure: list[dict[str, list[int]]] = []
    scale_floor = None
    for i, (affine, permutation) in enumerate(zip(layers[::2], layers[1::2], strict=True)):
        assert isinstance(affine, MaskedAffineAutoregressiveTransform)
        assert isinstance(permutation, RandomPermutation)
        made = affine.autoregressive_net
        degrees = made.initial_layer.degrees
        for block in made.blocks:
            assert torch.equal(block.linear.degrees, degrees)
        prefix = f"transforms.{i}"
        tensors |= linear_entries(f"{prefix}.initial", made.initial_layer)
        tensors |= linear_entries(f"{prefix}.context", made.context_layer)
        for j, block in enumerate(made.blocks):
            tensors |= linear_entries(f"{prefix}.blocks.{j}", block.linear)
        tensors |= linear_entries(f"{prefix}.final", made.final_layer)
        structure.append(
            {"degrees": degrees.tolist(), "permutation": permutation._permutation.tolist()}
        )
        scale_floor = affine._epsilon

    with torch.no_grad():
        x = observations(x_standardize._mean, x_standardize._std)
        context = flow._embedding_net(x)
        noise = torch.randn(POINTS, case.theta_dim, dtype=torch.float64) * tail_factors()
        noise = rounded(noise)
        samples, _ = flow._transform.inverse(noise, context=context)
        theta = samples.clone()
        # Every fifth point ignores the observation: far outside what the flow would draw.
        wide = torch.randn(POINTS, case.theta_dim, dtype=torch.float64)
        theta[4::5] = ((4 * wide - standardize._shift) / standardize._scale)[4::5]
        theta = rounded(theta)
        log_prob = estimator.log_prob(theta.unsqueeze(0), x).squeeze(0)
        back, _ = flow._transform(samples, context=context)
        assert torch.allclose(back, noise, atol=1e-9), "sbi's inverse does not invert its map"

    return {
        "architecture": {
            "kind": "maf",
            "theta_dim": case.theta_dim,
            "x_dim": X_DIM,
            "hidden_features": case.hidden_features,
            "blocks": case.blocks,
            "scale_floor": scale_floor,
            "transforms": structure,
        },
        "tensors": tensors,
        "theta": shortest(theta),
        "x": shortest(x),
        "log_prob": log_prob.tolist(),
        "base_noise": shortest(noise),
        "samples": samples.tolist(),
    }


class FlooredDiagonal(nn.Module):
    """A raw diagonal whose softplus is that of another raw diagonal plus a floor."""

    def __init__(self, layer: nn.Linear, floor: float) -> None:
        super().__init__()
        self.layer = layer
        self.floor = floor

    def forward(self, hidden: Tensor) -> Tensor:
        return torch.log(torch.expm1(functional.softplus(self.layer(hidden)) + self.floor))


def mdn_fixture(case: MDNCase) -> dict[str, object]:
    """Log densities and replayed draws of one mixture density network."""
    torch.manual_seed(case.seed)
    theta_rows, x_rows = training_rows(case.theta_dim)
    estimator = build_mdn(
        theta_rows,
        x_rows,
        z_score_x="independent",
        z_score_y="independent",
        hidden_features=case.hidden_features,
        num_components=case.components,
    )
    estimator.eval()
    perturb(estimator, 0.15)
    net = estimator.net

    # sbi keeps mean and deviation; ours keep scale and shift. Both are exact this way around.
    scale = rounded(1 / estimator._transform_scale)
    shift = rounded(-estimator._transform_shift * scale)
    estimator._transform_scale.copy_(1 / scale)
    estimator._transform_shift.copy_(-shift / scale)
    x_standardize = estimator._embedding_net[0]
    x_standardize._mean.copy_(rounded(x_standardize._mean))
    x_standardize._std.copy_(rounded(x_standardize._std))

    tensors = standardization_entries(scale, shift, x_standardize._mean, x_standardize._std)
    hidden = [layer for layer in net._hidden_net if isinstance(layer, nn.Linear)]
    for j, layer in enumerate(hidden):
        tensors |= linear_entries(f"hidden.{j}", layer)
    tensors |= linear_entries("logits", net._logits_layer)
    tensors |= linear_entries("means", net._means_layer)
    tensors |= linear_entries("diagonal", net._unconstrained_diagonal_layer)
    if net._upper_layer is not None:
        tensors |= linear_entries("upper", net._upper_layer)

    if case.diagonal_floor > 0:
        net._unconstrained_diagonal_layer = FlooredDiagonal(
            net._unconstrained_diagonal_layer, case.diagonal_floor
        )

    with torch.no_grad():
        x = observations(x_standardize._mean, x_standardize._std)
        mixture = net(estimator._embedding_net(x))
        component = torch.multinomial(torch.softmax(mixture.logits, -1), 1).squeeze(-1)
        rows = torch.arange(POINTS)
        noise = rounded(torch.randn(POINTS, case.theta_dim, dtype=torch.float64) * tail_factors())
        z = mixture.means[rows, component] + torch.linalg.solve_triangular(
            mixture.precision_factors[rows, component], noise.unsqueeze(-1), upper=True
        ).squeeze(-1)
        samples = (z - shift) / scale
        theta = samples.clone()
        wide = torch.randn(POINTS, case.theta_dim, dtype=torch.float64)
        theta[4::5] = ((4 * wide - shift) / scale)[4::5]
        theta = rounded(theta)

        def log_prob(precision_epsilon: float) -> Tensor:
            net._epsilon = precision_epsilon
            return estimator.log_prob(theta.unsqueeze(0), x).squeeze(0)

        shipped_epsilon = net._epsilon
        shipped = log_prob(shipped_epsilon)
        consistent = log_prob(0.0)

    return {
        "architecture": {
            "kind": "mdn",
            "theta_dim": case.theta_dim,
            "x_dim": X_DIM,
            "hidden_features": case.hidden_features,
            "hidden_layers": len(hidden),
            "components": case.components,
            "diagonal_floor": case.diagonal_floor,
        },
        "tensors": tensors,
        "theta": shortest(theta),
        "x": shortest(x),
        "log_prob": consistent.tolist(),
        "precision_epsilon_as_shipped": shipped_epsilon,
        "log_prob_as_shipped": shipped.tolist(),
        "component": component.tolist(),
        "base_noise": shortest(noise),
        "samples": samples.tolist(),
    }


def provenance(case: MAFCase | MDNCase) -> dict[str, object]:
    packages = ["sbi", "nflows", "torch", "numpy"]
    return {
        "script": "Tests/Reference/sbi_estimators.py",
        "seed": case.seed,
        "versions": {package: version(package) for package in packages},
    }


def encode(fixture: dict[str, object]) -> str:
    """JSON with one tensor, or one list, a line: small, and readable in a diff."""
    compact = {"separators": (",", ":"), "allow_nan": False}
    lines = []
    for key, value in fixture.items():
        if key == "tensors":
            assert isinstance(value, dict)
            entries = [f'  "{name}": {json.dumps(entry, **compact)}' for name, entry in value.items()]
            lines.append('"tensors": {\n' + ",\n".join(entries) + "\n}")
        else:
            lines.append(f'"{key}": {json.dumps(value, **compact)}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=DEFAULT_OUTPUT, help="folder to write to")
    arguments = parser.parse_args()
    # sbi warns that a flow over one parameter is a Gaussian; that is what the fixture wants.
    warnings.filterwarnings("ignore", category=UserWarning)
    arguments.output.mkdir(parents=True, exist_ok=True)
    for case in [*MAF_CASES, *MDN_CASES]:
        fixture = maf_fixture(case) if isinstance(case, MAFCase) else mdn_fixture(case)
        path = arguments.output / f"{case.name}.json"
        path.write_text(encode({"provenance": provenance(case)} | fixture))
        density = np.array(fixture["log_prob"])
        print(
            f"{path.name}: {path.stat().st_size} bytes, log density "
            f"min {density.min():.4g}, median {np.median(density):.4g}, max {density.max():.4g}"
        )


if __name__ == "__main__":
    main()
