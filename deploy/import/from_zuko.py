"""The walk over zuko's flows: zuko_maf and zuko_nsf."""

from __future__ import annotations

import functools
import inspect
import math
from typing import Any

import torch
from embeddings import activation_name
from priors import Refusal
from torch import Tensor, nn
from walk import Document, Walk, Walked, broadcast


class ZukoWalk(Walk):
    def walked(self) -> Walked:
        transforms = list(self.net.transform.transforms)
        shape = getattr(self.estimator, "input_shape", None)
        if not shape:
            raise Refusal("the estimator does not say how many parameters it has")
        self.theta_dim = math.prod(int(extent) for extent in shape)
        self.check_base()
        more: Document = {}
        first = transforms[0] if transforms else None
        form = type(first).__name__
        if form == "UnconditionalTransform" and is_affine(first):
            self.parameters(first.scale, first.loc)
            transforms = transforms[1:]
        elif form in ("UnconditionalTransform", "CallableTransform") or hasattr(first, "f"):
            more["is_unconstrained"] = self.unconstrained()
            transforms = transforms[1:]
        else:
            self.parameters(None, None)
        self.observations(self.estimator._embedding_net)
        documents, kinds = [], set()
        for i, transform in enumerate(transforms):
            if is_affine(transform):
                # sbi 0.23 and 0.24 standardise last, and that is how they trained.
                size = [self.theta_dim]
                self.put(f"transforms.{i}.scale", broadcast(transform.scale, size))
                self.put(f"transforms.{i}.shift", broadcast(transform.loc, size))
                documents.append({"kind": "elementwise_affine"})
                continue
            # One dimension has no order: its numbers depend on the observation alone.
            if type(transform).__name__ not in (
                "MaskedAutoregressiveTransform", "ElementWiseTransform",
            ):  # fmt: skip
                raise Refusal(f"a transform of class {type(transform).__name__} is not known")
            document = self.masked(f"transforms.{i}", transform)
            kinds.add(document["map"]["kind"])
            documents.append(document)
        kind = "zuko_nsf" if "soft_clipped_spline" in kinds else "zuko_maf"
        return self.done(kind, {"architecture": "flow", "transforms": documents}, **more)

    def check_base(self) -> None:
        buffers = dict(self.net.base.named_buffers())
        values = list(buffers.values())
        plain = len(values) == 2 and bool((values[0] == 0).all()) and bool((values[1] == 1).all())
        if not plain:
            raise Refusal("a base distribution that is not the standard normal is not known")

    def masked(self, name: str, transform: nn.Module) -> Document:
        univariate = zuko_map(transform)
        modules = list(transform.hyper)
        layers = [m for m in modules if type(m).__name__ in ("Linear", "MaskedLinear")]
        others = [m for m in modules if type(m).__name__ not in ("Linear", "MaskedLinear")]
        activations = {activation_name(module) for module in others}
        if len(activations) != 1 or len(layers) < 2:
            raise Refusal(f"a hyper-network {modules} is not known")
        order = getattr(transform, "order", None)
        levels = order.tolist() if order is not None and self.theta_dim > 1 else [0] * self.theta_dim
        size = self.theta_dim if order is not None and self.theta_dim > 1 else 0
        first = self.read(layers[0].weight) * mask_of(layers[0])
        initial = torch.zeros(len(first), self.theta_dim)
        initial[:, :size] = first[:, :size]
        self.put(f"{name}.initial.weight", initial)
        self.put(f"{name}.initial.bias", layers[0].bias)
        self.put(f"{name}.context.weight", first[:, size:])
        self.put(f"{name}.context.bias", torch.zeros(len(first)))
        inputs = torch.tensor(levels) + 1
        visible = mask_of(layers[0])[:, :size].bool()
        degrees = [largest(visible, inputs[:size])]
        for j, layer in enumerate(layers[1:-1]):
            self.linear(f"{name}.blocks.{j}", layer, mask_of(layer))
            degrees.append(largest(mask_of(layer).bool(), degrees[-1]))
        self.linear(f"{name}.final", layers[-1], mask_of(layers[-1]))
        count = layers[-1].out_features // self.theta_dim
        allowed = torch.tensor(levels).repeat_interleave(count)[:, None] >= degrees[-1]
        if bool((mask_of(layers[-1]).bool() & ~allowed).any()):
            raise Refusal("a hyper-network that is not autoregressive is not known")
        activation = activations.pop()
        return {
            "kind": "autoregressive",
            "order": levels,
            "map": univariate,
            "conditioner": {
                "hidden_degrees": [layer.tolist() for layer in degrees],
                "activation": activation,
                "context_activation": "identity",
            },
        }


def zuko_map(transform: nn.Module) -> Document:
    univariate = transform.univariate
    given = dict(univariate.keywords) if isinstance(univariate, functools.partial) else {}
    function = univariate.func if isinstance(univariate, functools.partial) else univariate
    defaults = {
        name: parameter.default for name, parameter in inspect.signature(function).parameters.items()
    }
    slope = float(given.get("slope", defaults.get("slope", math.nan)))
    match getattr(function, "__name__", type(function).__name__):
        case "MonotonicAffineTransform":
            return {"kind": "soft_clipped_affine", "slope": slope}
        case "MonotonicRQSTransform":
            return {
                "kind": "soft_clipped_spline",
                "bins": int(transform.shapes[0][0]),
                "bound": float(given.get("bound", defaults["bound"])),
                "slope": slope,
            }
        case other:
            raise Refusal(f"a univariate transform {other} is not known")


def is_affine(transform: Any) -> bool:
    return hasattr(transform, "loc") and hasattr(transform, "scale")


def mask_of(layer: nn.Module) -> Tensor:
    mask = getattr(layer, "mask", None)
    return torch.ones_like(layer.weight) if mask is None else mask.to(layer.weight.dtype)


def largest(visible: Tensor, degrees: Tensor) -> Tensor:
    """For each unit the largest degree it sees; 0 where it sees none."""
    if visible.shape[1] == 0:
        return torch.zeros(len(visible), dtype=torch.int64)
    return (visible * degrees).max(1).values
