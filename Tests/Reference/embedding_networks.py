"""Writes golden model files and log densities of sbi's made and of its embedding networks.

Embedding networks stand before a mixture density network; the trial counts of missing trials are
those of one observation at a time, since sbi mixes them up in batches. The networks come from sbi's
own builders. Each weight is moved away from its initial value and rounded to a float32 of five
decimals; everything is then evaluated in float64 by sbi itself. NaN is written as null.
"""

from __future__ import annotations

import json
import math
import warnings
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Callable

import torch
from sbi.neural_nets.embedding_nets import (
    CNNEmbedding,
    FCEmbedding,
    PermutationInvariantEmbedding,
)
from sbi.neural_nets.net_builders import build_made, build_mdn
from torch import Tensor, nn

from model_file import FIXTURES, encode
from sbi_estimators import perturb, rounded

POINTS = 24
HIDDEN = 8
Tensors = dict[str, Tensor]


@dataclass(frozen=True)
class Case:
    """One model: its estimator, the shape of x, the embedding and the seed."""

    name: str
    theta_dim: int
    x_shape: tuple[int, ...]
    seed: int
    embedding: Callable[[], nn.Module] | None = None
    estimator: str = "mdn"


def trial_net() -> nn.Module:
    return FCEmbedding(3, output_dim=5, num_layers=2, num_hiddens=6)


CASES = [
    Case("embedding-fc", 2, (6,), 301, lambda: FCEmbedding(6, 5, 2, 7)),
    Case(
        "embedding-fc-norm",
        2,
        (6,),
        302,
        lambda: FCEmbedding(6, 4, 4, 9, enable_layer_norm=True, activation=nn.ELU),
    ),
    Case(
        "embedding-cnn-1d",
        2,
        (15,),
        303,
        lambda: CNNEmbedding((15,), 1, [3, 4], 2, 2, 7, 5, kernel_size=3),
    ),
    Case(
        "embedding-cnn-2d",
        2,
        (2, 11, 9),
        304,
        lambda: CNNEmbedding((11, 9), 2, [3, 4], 2, 2, 7, 5, kernel_size=3),
    ),
    Case(
        "embedding-trials-sum",
        2,
        (4, 3),
        305,
        lambda: PermutationInvariantEmbedding(trial_net(), 5, "sum", 7, 2, 4),
    ),
    Case(
        "embedding-trials-mean",
        2,
        (4, 3),
        306,
        lambda: PermutationInvariantEmbedding(trial_net(), 5, "mean", 7, 2, 4),
    ),
    Case("made-theta1", 1, (3,), 311, estimator="made"),
    Case("made-theta3", 3, (3,), 312, estimator="made"),
]

ACTIVATIONS = {nn.ReLU: "relu", nn.ELU: "elu"}


def add_linear(tensors: Tensors, name: str, layer: nn.Module) -> None:
    mask = getattr(layer, "mask", None)
    tensors[f"{name}.weight"] = layer.weight if mask is None else layer.weight * mask
    tensors[f"{name}.bias"] = layer.bias


def sequence(modules: list[nn.Module], name: str, start: int, tensors: Tensors) -> list[Any]:
    """The layers of a sequential network, their tensors from `<name>.<start>` on."""
    layers: list[Any] = []
    for module in modules:
        own = f"{name}.{start + len(layers)}"
        match module:
            case nn.Identity():
                continue
            case nn.Linear():
                add_linear(tensors, own, module)
                layers.append({"kind": "linear", "features": module.out_features})
            case nn.LayerNorm():
                tensors[f"{own}.scale"], tensors[f"{own}.shift"] = module.weight, module.bias
                layers.append({"kind": "layer_norm", "epsilon": module.eps})
            case nn.Conv1d() | nn.Conv2d():
                add_linear(tensors, own, module)
                layers.append({
                    "kind": "convolution",
                    "channels": module.out_channels,
                    "kernel": list(module.kernel_size),
                    "padding": module.padding[0],
                    "stride": module.stride[0],
                })
            case nn.MaxPool1d() | nn.MaxPool2d():
                layers.append({"kind": "max_pool", "size": module.kernel_size})
            case _:
                layers.append({"kind": "activation", "function": ACTIVATIONS[type(module)]})
    return layers


def embedding_layers(net: nn.Module, tensors: Tensors) -> list[Any]:
    match net:
        case FCEmbedding():
            return sequence(list(net.net), "embedding", 0, tensors)
        case CNNEmbedding():
            layers = [{"kind": "reshape", "shape": list(net.input_shape)}]
            layers += sequence(list(net.cnn_subnet), "embedding", 1, tensors)
            layers.append({"kind": "flatten"})
            rest = list(net.linear_subnet.net)
            return layers + sequence(rest, "embedding", len(layers), tensors)
        case PermutationInvariantEmbedding():
            trials = {
                "kind": "trials",
                "layers": sequence(list(net.trial_net.net), "embedding.0", 0, tensors),
                "aggregation": net.aggregation_fn,
            }
            rest = list(net.fc_subnet.net)
            return [trials] + sequence(rest, "embedding", 1, tensors)
        case _:
            raise TypeError(type(net))


def mixture(estimator: Any, tensors: Tensors) -> dict[str, Any]:
    net = estimator.net
    hidden = [layer for layer in net._hidden_net if isinstance(layer, nn.Linear)]
    for j, layer in enumerate(hidden):
        add_linear(tensors, f"hidden.{j}", layer)
    add_linear(tensors, "logits", net._logits_layer)
    add_linear(tensors, "means", net._means_layer)
    add_linear(tensors, "diagonal", net._unconstrained_diagonal_layer)
    if net._upper_layer is not None:
        add_linear(tensors, "upper", net._upper_layer)
    # sbi keeps mean and deviation; here are scale and shift, exact this way around.
    scale = rounded(1 / estimator._transform_scale)
    shift = rounded(-estimator._transform_shift * scale)
    estimator._transform_scale.copy_(1 / scale)
    estimator._transform_shift.copy_(-shift / scale)
    tensors["standardization.theta_scale"] = scale
    tensors["standardization.theta_shift"] = shift
    return {
        "architecture": "mdn",
        "components": net._num_components,
        "hidden_features": HIDDEN,
        "hidden_layers": len(hidden),
        "diagonal_floor": 0.0,
        "quadratic_floor": net._epsilon,
    }


def made(estimator: Any, tensors: Tensors) -> dict[str, Any]:
    flow = estimator.net
    standardize = flow._transform._transforms[0]
    standardize._scale.copy_(rounded(standardize._scale))
    standardize._shift.copy_(rounded(standardize._shift))
    tensors["standardization.theta_scale"] = standardize._scale
    tensors["standardization.theta_shift"] = standardize._shift
    net = flow._distribution._made
    add_linear(tensors, "initial", net.initial_layer)
    add_linear(tensors, "context", net.context_layer)
    for j, block in enumerate(net.blocks):
        add_linear(tensors, f"blocks.{j}.context", block.context_layer)
        for k, layer in enumerate(block.linear_layers):
            add_linear(tensors, f"blocks.{j}.linears.{k}", layer)
    add_linear(tensors, "final", net.final_layer)
    return {
        "architecture": "made",
        "components": net.num_mixture_components,
        "deviation_floor": net.epsilon,
        "degrees": net.initial_layer.degrees.tolist(),
        "blocks": len(net.blocks),
        "activation": "relu",
    }


def golden(case: Case) -> tuple[dict[str, Any], Tensors, dict[str, Any]]:
    torch.manual_seed(case.seed)
    theta_rows = torch.randn(400, case.theta_dim) * torch.linspace(0.5, 2, case.theta_dim) + 0.3
    x_rows = torch.randn(400, *case.x_shape) * 1.5 - 0.5
    settings: dict[str, Any] = {"embedding_net": case.embedding()} if case.embedding else {}
    if case.estimator == "made":
        build, settings = build_made, settings | {"num_mixture_components": 3}
    else:
        build, settings = build_mdn, settings | {"num_components": 2}
    estimator = build(
        theta_rows,
        x_rows,
        z_score_x="independent",
        z_score_y="independent",
        hidden_features=HIDDEN,
        **settings,
    )
    estimator.eval()
    perturb(estimator, 0.15)
    tensors: Tensors = {}
    structure = (made if case.estimator == "made" else mixture)(estimator, tensors)
    owner = estimator.net if case.estimator == "made" else estimator
    standardize, *rest = owner._embedding_net
    standardize._mean.copy_(rounded(standardize._mean))
    standardize._std.copy_(rounded(standardize._std))
    tensors["standardization.x_mean"] = standardize._mean.reshape(-1)
    tensors["standardization.x_standard_deviation"] = standardize._std.reshape(-1)

    metadata: dict[str, Any] = {"format_version": 2, "estimator": structure}
    if case.embedding:
        metadata["embedding"] = {"layers": embedding_layers(rest[0], tensors)}
    metadata |= {
        "theta": {
            "shape": [case.theta_dim],
            "names": [f"theta_{i + 1}" for i in range(case.theta_dim)],
        },
        "x": {"shape": list(case.x_shape)},
        "prior": {
            "type": "diagonal_normal",
            "mean": [0.0] * case.theta_dim,
            "standard_deviation": [1.0] * case.theta_dim,
        },
        "data_scale": 1.0,
        "training": {
            "simulations": 400,
            "defense": "none",
            "seed": case.seed,
            "software_version": f"sbi {version('sbi')}",
        },
    }
    x = rounded(torch.randn(POINTS, *case.x_shape, dtype=torch.float64) * 2 - 0.5)
    if case.name.startswith("embedding-trials"):
        for row in range(1, POINTS):
            x[row, case.x_shape[0] - row % case.x_shape[0] :] = math.nan
    theta = rounded(torch.randn(POINTS, case.theta_dim, dtype=torch.float64) * 2)
    with torch.no_grad():
        log_prob = torch.cat(
            [estimator.log_prob(theta[i].reshape(1, 1, -1), x[i : i + 1])[0] for i in range(POINTS)]
        )
    values = {
        "provenance": {
            "script": "Tests/Reference/embedding_networks.py",
            "seed": case.seed,
            "versions": {package: version(package) for package in ["sbi", "nflows", "torch"]},
        },
        "theta": theta.reshape(-1).tolist(),
        "x": [None if math.isnan(value) else value for value in x.reshape(-1).tolist()],
        "log_prob": log_prob.tolist(),
    }
    return metadata, tensors, values


def main() -> None:
    warnings.filterwarnings("ignore", category=UserWarning)
    for case in CASES:
        metadata, tensors, values = golden(case)
        arrays = {name: tensor.detach().numpy().astype("<f4") for name, tensor in tensors.items()}
        (FIXTURES / f"{case.name}.safetensors").write_bytes(encode(metadata, arrays))
        text = json.dumps(values, separators=(",", ":"), allow_nan=False)
        (FIXTURES / f"{case.name}.json").write_text(text + "\n")
        log_prob = values["log_prob"]
        print(f"{case.name}: log density {min(log_prob):.3f} to {max(log_prob):.3f}")


if __name__ == "__main__":
    main()
