"""Embedding networks of sbi as posterior-server writes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from priors import Refusal
from torch import Tensor, nn

Layer = dict[str, Any]
Tensors = dict[str, Tensor]

ACTIVATIONS = {
    nn.ReLU: "relu",
    nn.Tanh: "tanh",
    nn.Sigmoid: "sigmoid",
    nn.ELU: "elu",
    nn.LeakyReLU: "leaky_relu",
    nn.SiLU: "silu",
    nn.Softplus: "softplus",
}


def activation_name(module: Any) -> str:
    """The name of an activation module or function; raises `Refusal` for any other."""
    for function, name in (
        (torch.relu, "relu"), (nn.functional.relu, "relu"),
        (torch.tanh, "tanh"), (nn.functional.tanh, "tanh"),
        (torch.sigmoid, "sigmoid"), (nn.functional.elu, "elu"), (nn.functional.silu, "silu"),
    ):  # fmt: skip
        if module is function:
            return name
    name = ACTIVATIONS.get(type(module))
    usual = {
        nn.ELU: ("alpha", 1.0), nn.LeakyReLU: ("negative_slope", 0.01), nn.Softplus: ("beta", 1.0),
    }  # fmt: skip
    if name is not None and type(module) in usual:
        attribute, value = usual[type(module)]
        if getattr(module, attribute) != value:
            raise Refusal(f"{module}: only {attribute} = {value} is known")
    if name is None:
        raise Refusal(f"an activation {module!r} is not known")
    return name


def split(embedding: nn.Module) -> tuple[nn.Module | None, list[nn.Module]]:
    """The standardisation in front, if there is one, and the modules behind it."""
    modules = list(flattened(embedding))
    if modules and type(modules[0]).__name__ == "Standardize":
        return modules[0], modules[1:]
    return None, modules


def flattened(module: nn.Module) -> Iterator[nn.Module]:
    """The members of nested `Sequential`s, in order, without those that do nothing."""
    if type(module) is nn.Sequential:
        for child in module:
            yield from flattened(child)
    elif not isinstance(module, (nn.Identity, nn.Dropout)):
        yield module


class EmbeddingWalk:
    """Collects the layers of an embedding and their tensors."""

    def __init__(self, x_shape: list[int]):
        self.x_shape = x_shape
        self.tensors: Tensors = {}

    def layers(self, modules: list[nn.Module], prefix: str) -> list[Layer]:
        layers: list[Layer] = []
        for module in modules:
            self.add(module, layers, prefix)
        return layers

    def add(self, module: nn.Module, layers: list[Layer], prefix: str) -> None:
        name = f"{prefix}{len(layers)}"
        match type(module).__name__:
            case "Linear":
                layers.append({"kind": "linear", "features": module.out_features})
                self.tensors[f"{name}.weight"] = module.weight
                self.tensors[f"{name}.bias"] = bias_of(module, module.out_features)
            case "LayerNorm":
                if len(module.normalized_shape) != 1 or module.weight is None:
                    raise Refusal(f"an embedding holds {module}: only one axis, with weights")
                layers.append({"kind": "layer_norm", "epsilon": module.eps})
                self.tensors[f"{name}.scale"] = module.weight
                self.tensors[f"{name}.shift"] = bias_of(module, module.normalized_shape[0])
            case "Flatten":
                layers.append({"kind": "flatten"})
            case "Conv1d" | "Conv2d":
                layers.append(convolution(module))
                self.tensors[f"{name}.weight"] = module.weight
                self.tensors[f"{name}.bias"] = bias_of(module, module.out_channels)
            case "MaxPool1d" | "MaxPool2d":
                layers.append(max_pool(module))
            case "FCEmbedding":
                for child in flattened(module.net):
                    self.add(child, layers, prefix)
            case "CNNEmbedding":
                layers.append({"kind": "reshape", "shape": list(module.input_shape)})
                for child in flattened(module.cnn_subnet):
                    self.add(child, layers, prefix)
                layers.append({"kind": "flatten"})
                self.add(module.linear_subnet, layers, prefix)
            case "PermutationInvariantEmbedding":
                self.add_trials(module, layers, prefix)
            case _:
                if type(module) not in ACTIVATIONS:
                    raise Refusal(f"an embedding of class {type(module).__name__} is not known")
                layers.append({"kind": "activation", "function": activation_name(module)})

    def add_trials(self, module: nn.Module, layers: list[Layer], prefix: str) -> None:
        if layers or len(self.x_shape) != 2 or getattr(module, "aggregation_dim", 1) != 1:
            raise Refusal(
                "a PermutationInvariantEmbedding must come first, over x of shape [trials, features]"
            )
        aggregation = getattr(module, "aggregation_fn", None)
        if aggregation not in ("sum", "mean"):
            raise Refusal(f"PermutationInvariantEmbedding aggregates by {aggregation!r}")
        name = f"{prefix}{len(layers)}."
        inner = self.layers(list(flattened(module.trial_net)), name)
        layers.append({"kind": "trials", "layers": inner, "aggregation": aggregation})
        self.add(module.fc_subnet, layers, prefix)


def bias_of(module: nn.Module, count: int) -> Tensor:
    return module.bias if module.bias is not None else torch.zeros(count)


def both(value: Any) -> list[int]:
    return list(value) if isinstance(value, (tuple, list)) else [value]


def convolution(module: nn.Module) -> Layer:
    same = [set(both(getattr(module, name))) for name in ("stride", "padding")]
    plain = (
        module.groups == 1
        and set(both(module.dilation)) == {1}
        and module.padding_mode == "zeros"
        and not isinstance(module.padding, str)
    )
    if not plain or any(len(values) != 1 for values in same):
        raise Refusal(f"an embedding holds {module}: not a plain convolution")
    return {
        "kind": "convolution",
        "channels": module.out_channels,
        "kernel": both(module.kernel_size),
        "padding": same[1].pop(),
        "stride": same[0].pop(),
    }


def max_pool(module: nn.Module) -> Layer:
    sizes, strides = set(both(module.kernel_size)), set(both(module.stride))
    plain = set(both(module.padding)) == {0} and set(both(module.dilation)) == {1}
    if not plain or module.ceil_mode or len(sizes) != 1 or sizes != strides:
        raise Refusal(f"an embedding holds {module}: not a plain pooling")
    return {"kind": "max_pool", "size": sizes.pop()}
