"""Writes golden log densities and draws of sbi's spline flows and zuko's flows, with every weight.

The networks come from sbi's own builders, with independent z-scoring of theta and x. They are not
trained: each weight is moved away from its initial value, so that no layer is near the identity,
and rounded to a float32 of five decimals. Everything is then evaluated in float64 by sbi itself.

Structure and tensors are written as a model file of format version 2 has them. Masks are multiplied
into the weights; the degrees of zuko's units follow from its masks. Draws replay given base noise
through the flow's inverse.
"""

from __future__ import annotations

import argparse
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from nflows.transforms import (
    LULinear,
    MaskedPiecewiseRationalQuadraticAutoregressiveTransform,
    PiecewiseRationalQuadraticCouplingTransform,
    RandomPermutation,
)
from sbi.neural_nets.net_builders import build_maf_rqs, build_nsf, build_zuko_maf, build_zuko_nsf
from sbi_estimators import (
    DEFAULT_OUTPUT,
    POINTS,
    X_DIM,
    encode,
    linear_entries,
    observations,
    perturb,
    rounded,
    shortest,
    standardization_entries,
    tail_factors,
    tensor_entry,
    training_rows,
)
from torch import Tensor, nn
from zuko.lazy import UnconditionalTransform

Document = dict[str, object]


@dataclass(frozen=True)
class FlowCase:
    """Builder, size and seed of one flow."""

    name: str
    build: Callable[..., nn.Module]
    theta_dim: int
    seed: int
    spread: float = 0.3
    options: Document = field(default_factory=dict)


CASES = [
    FlowCase(
        "maf-rqs-theta3",
        build_maf_rqs,
        3,
        301,
        options={"hidden_features": 11, "num_transforms": 2, "num_bins": 5},
    ),
    FlowCase("nsf-theta1", build_nsf, 1, 302, options={"hidden_features": 10, "num_transforms": 2}),
    FlowCase(
        "nsf-theta2",
        build_nsf,
        2,
        303,
        options={"hidden_features": 10, "num_transforms": 3, "num_bins": 6, "tail_bound": 4.0},
    ),
    FlowCase(
        "nsf-theta5",
        build_nsf,
        5,
        304,
        0.2,
        options={"hidden_features": 12, "num_transforms": 3, "num_bins": 4},
    ),
    FlowCase(
        "zuko-maf-theta3",
        build_zuko_maf,
        3,
        305,
        options={"hidden_features": [9, 7], "num_transforms": 3},
    ),
    FlowCase(
        "zuko-nsf-theta1",
        build_zuko_nsf,
        1,
        306,
        0.2,
        options={"hidden_features": [8, 8], "num_transforms": 2, "bins": 6},
    ),
    FlowCase(
        "zuko-nsf-theta4",
        build_zuko_nsf,
        4,
        307,
        options={"hidden_features": [8, 12], "num_transforms": 2, "bins": 5},
    ),
]


def zeros(*shape: int) -> dict[str, object]:
    return tensor_entry(torch.zeros(*shape)) | {"shape": list(shape)}


def spline_map(transform: nn.Module, divisor: float) -> Document:
    """nflows' spline."""
    assert transform.tails == "linear"
    return {
        "kind": "rational_quadratic_spline",
        "bins": transform.num_bins,
        "tail_bound": float(transform.tail_bound),
        "min_bin_width": transform.min_bin_width,
        "min_bin_height": transform.min_bin_height,
        "min_derivative": transform.min_derivative,
        "divisor": divisor,
    }


def autoregressive(transform: nn.Module, prefix: str) -> tuple[Document, Document]:
    """nflows' masked network and spline."""
    made = transform.autoregressive_net
    assert not hasattr(made, "hidden_features")
    tensors = linear_entries(f"{prefix}.initial", made.initial_layer)
    tensors |= linear_entries(f"{prefix}.context", made.context_layer)
    degrees = [made.initial_layer.degrees.tolist()]
    for j, block in enumerate(made.blocks):
        tensors |= linear_entries(f"{prefix}.blocks.{j}", block.linear)
        degrees.append(block.linear.degrees.tolist())
    tensors |= linear_entries(f"{prefix}.final", made.final_layer)
    return {
        "kind": "autoregressive",
        "order": list(range(made.initial_layer.in_features)),
        "map": spline_map(transform, 1.0),
        "conditioner": {
            "hidden_degrees": degrees,
            "activation": "tanh",
            "context_activation": "tanh",
        },
    }, tensors


def coupling(transform: nn.Module, prefix: str) -> tuple[Document, Document]:
    """nflows' coupling: a residual network, or a plain one for one parameter."""
    net = transform.transform_net
    document: Document = {
        "kind": "coupling",
        "identity": transform.identity_features.tolist(),
        "transformed": transform.transform_features.tolist(),
        "map": spline_map(transform, math.sqrt(net.hidden_features)),
    }
    tensors: Document = {}
    if hasattr(net, "spline_predictor"):
        linears = [layer for layer in net.spline_predictor if isinstance(layer, nn.Linear)]
        for k, layer in enumerate(linears[:-1]):
            tensors |= linear_entries(f"{prefix}.layers.{k}", layer)
        tensors |= linear_entries(f"{prefix}.final", linears[-1])
        document["conditioner"] = {
            "kind": "mlp",
            "hidden_features": [layer.out_features for layer in linears[:-1]],
            "activation": "relu",
        }
        return document, tensors
    tensors |= linear_entries(f"{prefix}.initial", net.initial_layer)
    for j, block in enumerate(net.blocks):
        assert not block.use_batch_norm
        tensors |= linear_entries(f"{prefix}.blocks.{j}.context", block.context_layer)
        for k, layer in enumerate(block.linear_layers):
            tensors |= linear_entries(f"{prefix}.blocks.{j}.linears.{k}", layer)
    tensors |= linear_entries(f"{prefix}.final", net.final_layer)
    document["conditioner"] = {
        "kind": "residual",
        "hidden_features": net.hidden_features,
        "blocks": len(net.blocks),
        "activation": "relu",
        "normalized": False,
    }
    return document, tensors


def lower_upper(transform: LULinear, prefix: str) -> tuple[Document, Document]:
    """nflows' linear map."""
    return {"kind": "lu_linear", "diagonal_floor": transform.eps}, {
        f"{prefix}.lower": tensor_entry(transform.lower_entries),
        f"{prefix}.upper": tensor_entry(transform.upper_entries),
        f"{prefix}.diagonal": tensor_entry(transform.unconstrained_upper_diag),
        f"{prefix}.bias": tensor_entry(transform.bias),
    }


def zuko_map(transform: nn.Module) -> Document:
    """zuko's affine map or spline, with its defaults written out."""
    univariate = transform.univariate
    if len(transform.shapes) == 2:
        return {"kind": "soft_clipped_affine", "slope": 1e-3}
    return {
        "kind": "soft_clipped_spline",
        "bins": transform.shapes[0][0],
        "bound": 5.0,
        "slope": univariate.keywords["slope"],
    }


def zuko_degrees(layers: list[nn.Module], order: Tensor) -> list[list[int]]:
    """The degree of each hidden unit: one more than the highest level it sees, 0 for none."""
    dim = len(order)
    visible = torch.eye(dim, dtype=torch.bool)
    degrees: list[list[int]] = []
    for layer in layers:
        mask = layer.mask[:, :dim] if not degrees else layer.mask
        visible = (mask.double() @ visible.double()) > 0
        row = [int((order[seen] + 1).max()) if seen.any() else 0 for seen in visible]
        if degrees:
            below = torch.tensor(degrees[-1])
            rule = below.unsqueeze(0) <= torch.tensor(row).unsqueeze(1)
            assert torch.equal(rule, mask), "a mask that degrees do not say"
        degrees.append(row)
    return degrees


def zuko_transform(transform: nn.Module, prefix: str) -> tuple[Document, Document]:
    """zuko's masked network on [u; e]; for one parameter a plain one on e."""
    # zuko has a linear layer of its own class.
    layers = [layer for layer in transform.hyper if hasattr(layer, "weight")]
    first, *inner, last = layers
    dim = first.weight.shape[1] - X_DIM
    weight = first.weight * first.mask if dim else first.weight
    hidden = first.weight.shape[0]
    tensors = {
        f"{prefix}.initial.weight": tensor_entry(weight[:, :dim]) if dim else zeros(hidden, 1),
        f"{prefix}.initial.bias": tensor_entry(first.bias),
        f"{prefix}.context.weight": tensor_entry(weight[:, dim:]),
        f"{prefix}.context.bias": zeros(hidden),
    }
    for j, layer in enumerate(inner):
        tensors |= linear_entries(f"{prefix}.blocks.{j}", layer)
    tensors |= linear_entries(f"{prefix}.final", last)
    if dim:
        order = transform.order
        degrees = zuko_degrees(layers[:-1], order)
    else:
        order = torch.zeros(1, dtype=torch.int64)
        degrees = [[0] * layer.weight.shape[0] for layer in layers[:-1]]
    return {
        "kind": "autoregressive",
        "order": order.tolist(),
        "map": zuko_map(transform),
        "conditioner": {
            "hidden_degrees": degrees,
            "activation": "relu",
            "context_activation": "identity",
        },
    }, tensors


def permutation(transform: RandomPermutation) -> Document:
    return {"kind": "permutation", "permutation": transform._permutation.tolist()}


def fixture(case: FlowCase) -> Document:
    """Log densities and replayed draws of one flow."""
    torch.manual_seed(case.seed)
    np.random.seed(case.seed)
    theta_rows, x_rows = training_rows(case.theta_dim)
    estimator = case.build(
        theta_rows, x_rows, z_score_x="independent", z_score_y="independent", **case.options
    )
    estimator.eval()
    perturb(estimator, case.spread)
    is_zuko = case.name.startswith("zuko")
    flow = estimator.net
    embedding = estimator._embedding_net if is_zuko else flow._embedding_net
    transforms = flow.transform.transforms if is_zuko else flow._transform._transforms
    standardize, *layers = list(transforms)
    if is_zuko:
        assert isinstance(standardize, UnconditionalTransform)
        buffers = dict(standardize.named_buffers())
        scale, shift = buffers["scale"], buffers["loc"]
    else:
        flow._distribution._log_z.fill_(0.5 * case.theta_dim * math.log(2 * math.pi))
        scale, shift = standardize._scale, standardize._shift
    x_standardize = embedding[0]
    for buffer in [scale, shift, x_standardize._mean, x_standardize._std]:
        buffer.copy_(rounded(buffer))

    tensors = standardization_entries(scale, shift, x_standardize._mean, x_standardize._std)
    structure: list[Document] = []
    for i, layer in enumerate(layers):
        prefix = f"transforms.{i}"
        match layer:
            case RandomPermutation():
                structure.append(permutation(layer))
                continue
            case MaskedPiecewiseRationalQuadraticAutoregressiveTransform():
                document, entries = autoregressive(layer, prefix)
            case PiecewiseRationalQuadraticCouplingTransform():
                document, entries = coupling(layer, prefix)
            case LULinear():
                document, entries = lower_upper(layer, prefix)
            case _:
                assert is_zuko, f"a transform of class {type(layer).__name__}"
                document, entries = zuko_transform(layer, prefix)
        structure.append(document)
        tensors |= entries

    def inverse(noise: Tensor, context: Tensor) -> Tensor:
        if is_zuko:
            return flow(context).transform.inv(noise)
        return flow._transform.inverse(noise, context=context)[0]

    def forward(theta: Tensor, context: Tensor) -> Tensor:
        if is_zuko:
            return flow(context).transform(theta)
        return flow._transform(theta, context=context)[0]

    with torch.no_grad():
        x = observations(x_standardize._mean, x_standardize._std)
        context = embedding(x)
        noise = torch.randn(POINTS, case.theta_dim, dtype=torch.float64) * tail_factors()
        noise = rounded(noise)
        samples = inverse(noise, context)
        theta = samples.clone()
        # Every fifth point ignores the observation: far outside what the flow would draw.
        wide = torch.randn(POINTS, case.theta_dim, dtype=torch.float64)
        theta[4::5] = ((4 * wide - shift) / scale)[4::5]
        theta = rounded(theta)
        log_prob = estimator.log_prob(theta.unsqueeze(0), x).squeeze(0)
        back = forward(samples, context)
        assert torch.allclose(back, noise, atol=1e-7), "the inverse does not invert the map"

    return {
        "estimator": {"architecture": "flow", "transforms": structure},
        "theta_dim": case.theta_dim,
        "x_dim": X_DIM,
        "tensors": tensors,
        "theta": shortest(theta),
        "x": shortest(x),
        "log_prob": log_prob.tolist(),
        "base_noise": shortest(noise),
        "samples": samples.tolist(),
    }


def provenance(case: FlowCase) -> Document:
    packages = ["sbi", "nflows", "zuko", "torch", "numpy"]
    return {
        "script": "Tests/Reference/flows.py",
        "seed": case.seed,
        "versions": {package: version(package) for package in packages},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=DEFAULT_OUTPUT, help="folder to write to")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore", category=UserWarning)
    arguments.output.mkdir(parents=True, exist_ok=True)
    for case in CASES:
        content = {"provenance": provenance(case)} | fixture(case)
        path = arguments.output / f"{case.name}.json"
        path.write_text(encode(content))
        density = np.array(content["log_prob"])
        print(
            f"{path.name}: {path.stat().st_size} bytes, log density "
            f"min {density.min():.4g}, median {np.median(density):.4g}, max {density.max():.4g}"
        )


if __name__ == "__main__":
    main()
