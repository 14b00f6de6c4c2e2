"""What the walks over density estimators of sbi, nflows and zuko share.

Whatever is not known by name is refused: a guess would give other densities. Names and formulas are
those of the file format; nothing here evaluates a density.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import torch
from embeddings import EmbeddingWalk, split
from priors import Refusal, is_box, is_unbounded
from torch import Tensor, nn

Document = dict[str, Any]


@dataclass
class Walked:
    """What an estimator is in the file's terms."""

    kind: str
    estimator: Document
    tensors: dict[str, Tensor]
    theta_dim: int
    x_shape: list[int]
    embedding: list[Document] = field(default_factory=list)
    theta_form: str = "affine"
    is_unconstrained: bool = False
    notes: list[str] = field(default_factory=list)
    # Where the parameters that were read stand in memory.
    read: set[int] = field(default_factory=set)


class Walk:
    def __init__(
        self, estimator: nn.Module, net: nn.Module, prior: Document, x_shape: list[int] | None
    ):
        self.estimator, self.net, self.prior = estimator, net, prior
        self.tensors: dict[str, Tensor] = {}
        self.notes: list[str] = []
        self.places: set[int] = set()
        self.theta_dim = 0
        shape = getattr(estimator, "condition_shape", None)
        self.x_shape = x_shape or ([int(extent) for extent in shape] if shape else None)

    def read(self, value: Tensor) -> Tensor:
        """A parameter's numbers; it counts as exported from now on."""
        self.places.add(value.data_ptr())
        return value.detach()

    def put(self, name: str, value: Tensor) -> None:
        self.tensors[name] = self.read(value)

    def linear(self, name: str, module: nn.Module, mask: Tensor | None = None) -> None:
        weight = self.read(module.weight)
        self.put(f"{name}.weight", weight if mask is None else weight * mask)
        bias = module.bias
        self.put(f"{name}.bias", torch.zeros(len(weight)) if bias is None else bias)

    def batch_norm(self, module: nn.Module) -> tuple[Tensor, Tensor]:
        """What batch norm multiplies by and adds outside of training."""
        scale = self.read(module.weight).double()
        scale = scale * (module.running_var.double() + module.eps).rsqrt()
        return scale, self.read(module.bias).double() - module.running_mean.double() * scale

    def done(self, kind: str, document: Document, **more: Any) -> Walked:
        return Walked(
            kind, document, self.tensors, self.theta_dim, self.x_shape or [],
            embedding=self.layers, notes=self.notes, read=self.places, **more,
        )  # fmt: skip

    # What stands in front

    def observations(self, embedding: nn.Module) -> None:
        """The standardisation of x and the embedding."""
        standardize, modules = split(embedding)
        if self.x_shape is None:
            mean = getattr(standardize, "_mean", None)
            if mean is None or mean.dim() == 0:
                raise Refusal("the estimator does not say the shape of x: give --x-shape")
            self.x_shape = list(mean.shape if mean.dim() < 2 else mean.shape[1:])
        count = math.prod(self.x_shape)
        mean, deviation = torch.zeros(count), torch.ones(count)
        if standardize is not None:
            mean = broadcast(standardize._mean, self.x_shape)
            deviation = broadcast(standardize._std, self.x_shape)
        self.put("standardization.x_mean", mean)
        self.put("standardization.x_standard_deviation", deviation)
        embeddings = EmbeddingWalk(self.x_shape)
        self.layers = embeddings.layers(modules, "embedding.")
        for name, value in embeddings.tensors.items():
            self.put(name, value)

    def parameters(self, scale: Tensor | None, shift: Tensor | None) -> None:
        """z = scale · theta + shift; a number without axes counts for every dimension."""
        size = [self.theta_dim]
        one, zero = torch.ones(size), torch.zeros(size)
        self.put("standardization.theta_scale", one if scale is None else broadcast(scale, size))
        self.put("standardization.theta_shift", zero if shift is None else broadcast(shift, size))

    def unconstrained(self) -> bool:
        """The way to unconstrained space that sbi takes for this prior; whether it is ours."""
        if is_box(self.prior):
            self.parameters(None, None)
            return True
        if is_unbounded(self.prior) and self.prior["type"] != "product":
            mean = torch.tensor(self.prior["mean"], dtype=torch.float64)
            if self.prior["type"] == "diagonal_normal":
                deviation = torch.tensor(self.prior["standard_deviation"], dtype=torch.float64)
            else:
                covariance = torch.tensor(self.prior["covariance"], dtype=torch.float64)
                deviation = torch.diagonal(covariance).sqrt()
            self.parameters(1 / deviation, -mean / deviation)
            return False
        raise Refusal(
            f"z_score_theta=\"transform_to_unconstrained\" with a {self.prior['type']} prior is not known"
        )


def broadcast(value: Tensor, shape: list[int]) -> Tensor:
    """A number for each entry; a value without axes is the same for all."""
    value = value.detach()
    if value.numel() == 1:
        return value.reshape(1).expand(math.prod(shape)).clone()
    if value.numel() != math.prod(shape):
        raise Refusal(f"a standardisation of shape {list(value.shape)} for shape {shape}")
    return value.reshape(-1)
