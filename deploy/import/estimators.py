"""The walk over a trained density estimator of sbi, nflows or zuko.

`walk` returns the estimator's document, its tensors and notes. Whatever is not known by name is
refused: a guess would give other densities. Names and formulas are those of the file format;
nothing here evaluates a density.
"""

from __future__ import annotations

import functools
import inspect
import math
from dataclasses import dataclass, field
from typing import Any

import torch
from embeddings import EmbeddingWalk, activation_name, split
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


def walk(estimator: nn.Module, prior: Document, x_shape: list[int] | None) -> Walked:
    """The parts of a trained estimator; raises `Refusal` naming what cannot be exported."""
    net = getattr(estimator, "net", estimator)
    name = type(net).__name__
    if type(estimator).__name__ == "MixtureDensityEstimator":
        return Walk(estimator, net, prior, x_shape).mixture()
    if name == "Flow" and hasattr(net, "_distribution"):
        return Walk(estimator, net, prior, x_shape).nflows()
    if hasattr(net, "transform") and hasattr(net, "base"):
        return Walk(estimator, net, prior, x_shape).zuko()
    raise Refusal(f"an estimator of class {type(estimator).__name__} around {name} is not known")


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

    # nflows: maf, nsf, maf_rqs, made, and mixtures up to sbi 0.25

    def nflows(self) -> Walked:
        transforms = list(composed(self.net._transform))
        distribution = self.net._distribution
        self.theta_dim = self.nflows_dimension(transforms)
        scale = shift = None
        if transforms and type(transforms[0]).__name__ in (
            "PointwiseAffineTransform", "AffineTransform", "AffineScalarTransform",
        ):  # fmt: skip
            scale, shift = transforms[0]._scale, transforms[0]._shift
            transforms = transforms[1:]
        self.parameters(scale, shift)
        self.observations(self.net._embedding_net)
        name = type(distribution).__name__
        if name == "StandardNormal":
            kinds = {type(transform).__name__ for transform in transforms}
            documents = [self.nflows_transform(i, t) for i, t in enumerate(transforms)]
            kind = (
                "maf" if "MaskedAffineAutoregressiveTransform" in kinds
                else "nsf" if "PiecewiseRationalQuadraticCouplingTransform" in kinds
                else "maf_rqs"
            )  # fmt: skip
            return self.done(kind, {"architecture": "flow", "transforms": documents})
        if transforms:
            raise Refusal(f"{type(transforms[0]).__name__} in front of {name} is not known")
        if name in ("MADEMoGWrapper", "MADEMoG"):
            return self.done("made", self.made(distribution._made))
        if name == "MultivariateGaussianMDN":
            return self.done("mdn", self.mixture_heads(distribution))
        raise Refusal(f"a base distribution of class {name} is not known")

    def nflows_dimension(self, transforms: list[nn.Module]) -> int:
        shape = getattr(self.estimator, "input_shape", None)
        if shape:
            return math.prod(int(extent) for extent in shape)
        distribution = self.net._distribution
        shape = getattr(distribution, "_shape", None)
        if shape:
            return math.prod(shape)
        for name in ("_features", "features"):
            if isinstance(getattr(distribution, name, None), int):
                return int(getattr(distribution, name))
        raise Refusal("the estimator does not say how many parameters it has")

    def nflows_transform(self, index: int, transform: nn.Module) -> Document:
        name = f"transforms.{index}"
        match type(transform).__name__:
            case "RandomPermutation" | "Permutation" | "ReversePermutation":
                if getattr(transform, "_dim", 1) != 1:
                    raise Refusal(f"{transform} permutes another axis")
                return {"kind": "permutation", "permutation": transform._permutation.tolist()}
            case "LULinear":
                if self.theta_dim > 1:
                    self.put(f"{name}.lower", transform.lower_entries)
                    self.put(f"{name}.upper", transform.upper_entries)
                self.put(f"{name}.diagonal", transform.unconstrained_upper_diag)
                self.put(f"{name}.bias", transform.bias)
                return {"kind": "lu_linear", "diagonal_floor": float(transform.eps)}
            case "MaskedAffineAutoregressiveTransform":
                univariate = {"kind": "softplus_affine", "floor": float(transform._epsilon)}
                return self.masked(name, transform.autoregressive_net, univariate)
            case "MaskedPiecewiseRationalQuadraticAutoregressiveTransform":
                net = transform.autoregressive_net
                if hasattr(net, "hidden_features"):
                    raise Refusal("a MADE that divides the numbers of its splines is not known")
                return self.masked(name, net, nflows_spline(transform, 1.0))
            case "PiecewiseRationalQuadraticCouplingTransform":
                return self.coupling(name, transform)
            case other:
                raise Refusal(f"a transform of class {other} is not known")

    def masked(self, name: str, net: nn.Module, univariate: Document) -> Document:
        kinds = {type(block).__name__ for block in net.blocks}
        if kinds - {"MaskedFeedforwardBlock"}:
            raise Refusal(f"blocks of class {kinds} in a masked network are not known")
        layers = [net.initial_layer, *(block.linear for block in net.blocks)]
        self.linear(f"{name}.initial", net.initial_layer, net.initial_layer.mask)
        self.linear(f"{name}.context", net.context_layer)
        for j, block in enumerate(net.blocks):
            layer = block.linear
            weight, bias = self.read(layer.weight) * layer.mask, self.read(layer.bias)
            if getattr(block, "batch_norm", None) is not None:
                # The normalisation in front of a linear layer is part of it.
                scale, shift = self.batch_norm(block.batch_norm)
                weight = weight.double()
                weight, bias = weight * scale, bias.double() + weight @ shift
            self.put(f"{name}.blocks.{j}.weight", weight)
            self.put(f"{name}.blocks.{j}.bias", bias)
        self.linear(f"{name}.final", net.final_layer, net.final_layer.mask)
        activations = {activation_name(block.activation) for block in net.blocks}
        if len(activations) != 1:
            raise Refusal("a masked network with none or several activations is not known")
        activation = getattr(net, "activation", None)
        first = activations.pop()
        if activation is not None and activation_name(activation) != first:
            raise Refusal("a masked network with several activations is not known")
        return {
            "kind": "autoregressive",
            "order": list(range(self.theta_dim)),
            "map": univariate,
            "conditioner": {
                "hidden_degrees": [layer.degrees.tolist() for layer in layers],
                "activation": first,
                "context_activation": first,
            },
        }

    def coupling(self, name: str, transform: nn.Module) -> Document:
        if getattr(transform, "unconditional_transform", None) is not None:
            raise Refusal("a coupling with an unconditional transform is not known")
        net = transform.transform_net
        kind = type(net).__name__
        if kind == "ResidualNet":
            conditioner = self.residual(name, net)
        elif hasattr(net, "spline_predictor"):
            conditioner = self.perceptron(name, list(net.spline_predictor))
        else:
            raise Refusal(f"a coupling conditioned by a {kind} is not known")
        hidden = getattr(net, "hidden_features", None)
        divisor = math.sqrt(hidden) if hidden is not None else 1.0
        return {
            "kind": "coupling",
            "identity": transform.identity_features.tolist(),
            "transformed": transform.transform_features.tolist(),
            "map": nflows_spline(transform, divisor),
            "conditioner": conditioner,
        }

    def residual(self, name: str, net: nn.Module) -> Document:
        self.linear(f"{name}.initial", net.initial_layer)
        normalized = any(block.use_batch_norm for block in net.blocks)
        for j, block in enumerate(net.blocks):
            part = f"{name}.blocks.{j}"
            first, second = block.linear_layers
            weight, bias = self.read(first.weight), self.read(first.bias)
            if normalized:
                scale, shift = self.batch_norm(block.batch_norm_layers[0])
                self.put(f"{part}.norm.scale", scale)
                self.put(f"{part}.norm.shift", shift)
                # The second normalisation follows a linear layer and can be folded into it.
                scale, shift = self.batch_norm(block.batch_norm_layers[1])
                weight, bias = weight * scale[:, None], bias * scale + shift
            self.put(f"{part}.linears.0.weight", weight)
            self.put(f"{part}.linears.0.bias", bias)
            self.linear(f"{part}.linears.1", second)
            self.linear(f"{part}.context", block.context_layer)
        self.linear(f"{name}.final", net.final_layer)
        activations = {activation_name(block.activation) for block in net.blocks} or {"relu"}
        return {
            "kind": "residual",
            "hidden_features": net.initial_layer.out_features,
            "blocks": len(net.blocks),
            "activation": activations.pop(),
            "normalized": normalized,
        }

    def perceptron(self, name: str, modules: list[nn.Module]) -> Document:
        """Linear layers with one activation between them."""
        layers = [module for module in modules if isinstance(module, nn.Linear)]
        between = [module for module in modules if not isinstance(module, nn.Linear)]
        activations = {activation_name(module) for module in between}
        if len(activations) != 1 or len(between) != len(layers) - 1:
            raise Refusal(f"{modules} is not a plain network")
        for k, layer in enumerate(layers[:-1]):
            self.linear(f"{name}.layers.{k}", layer)
        self.linear(f"{name}.final", layers[-1])
        return {
            "kind": "mlp",
            "hidden_features": [layer.out_features for layer in layers[:-1]],
            "activation": activations.pop(),
        }

    def made(self, net: nn.Module) -> Document:
        kinds = {type(block).__name__ for block in net.blocks}
        if kinds - {"MaskedResidualBlock"}:
            raise Refusal(f"blocks of class {kinds} in made are not known")
        if any(block.use_batch_norm for block in net.blocks):
            raise Refusal("made with batch norm is not known")
        self.linear("initial", net.initial_layer, net.initial_layer.mask)
        self.linear("context", net.context_layer)
        for j, block in enumerate(net.blocks):
            self.linear(f"blocks.{j}.context", block.context_layer)
            for k, layer in enumerate(block.linear_layers):
                self.linear(f"blocks.{j}.linears.{k}", layer, layer.mask)
        self.linear("final", net.final_layer, net.final_layer.mask)
        self.notes.append(
            "sbi draws made's samples with a random dummy feature that training never touched; here "
            "it is 0, so that draws follow the density"
        )
        activations = {activation_name(block.activation) for block in net.blocks} or {"relu"}
        return {
            "architecture": "made",
            "components": int(net.num_mixture_components),
            "deviation_floor": float(net.epsilon),
            "degrees": net.initial_layer.degrees.tolist(),
            "blocks": len(net.blocks),
            "activation": activations.pop(),
        }

    # Mixtures

    def mixture(self) -> Walked:
        self.theta_dim = math.prod(int(extent) for extent in self.estimator.input_shape)
        shift = getattr(self.estimator, "_transform_shift", None)
        scale = getattr(self.estimator, "_transform_scale", None)
        prior_transform = getattr(self.estimator, "_prior_transform", None)
        more: Document = {}
        if prior_transform is not None:
            if scale is not None:
                raise Refusal("a mixture with a prior transform and a z-score is not known")
            more["is_unconstrained"] = self.unconstrained()
        elif scale is not None:
            size = [self.theta_dim]
            self.put("standardization.theta_mean", broadcast(shift, size))
            self.put("standardization.theta_standard_deviation", broadcast(scale, size))
            more["theta_form"] = "centred"
            if scale.dim() == 0 and self.theta_dim > 1:
                self.notes.append(
                    "sbi counts the log-determinant of a structured z-score once instead of D times; "
                    f"densities here are lower by {self.theta_dim - 1}·log({float(scale):g})"
                )
        else:
            self.parameters(None, None)
        self.observations(self.estimator._embedding_net)
        return self.done("mdn", self.mixture_heads(self.net), **more)

    def mixture_heads(self, net: nn.Module) -> Document:
        modules = list(net._hidden_net)
        layers = [module for module in modules if isinstance(module, nn.Linear)]
        between = [m for m in modules if not isinstance(m, (nn.Linear, nn.Dropout, nn.Identity))]
        activations = {activation_name(module) for module in between}
        widths = {layer.out_features for layer in layers}
        if len(activations) != 1 or len(between) != len(layers) or len(widths) != 1:
            raise Refusal("a mixture whose hidden layers are not alike is not known")
        for j, layer in enumerate(layers):
            self.linear(f"hidden.{j}", layer)
        self.linear("logits", net._logits_layer)
        self.linear("means", net._means_layer)
        self.linear("diagonal", net._unconstrained_diagonal_layer)
        if self.theta_dim > 1:
            self.linear("upper", net._upper_layer)
        # pyknos up to 0.15.0 added 1e-2 to the diagonal; later ones add 1e-4 to the quadratic form.
        epsilon = float(net._epsilon)
        in_diagonal = epsilon >= 1e-2
        return {
            "architecture": "mdn",
            "components": int(net._num_components),
            "hidden_features": widths.pop(),
            "hidden_layers": len(layers),
            "diagonal_floor": epsilon if in_diagonal else 0.0,
            "quadratic_floor": 0.0 if in_diagonal else epsilon,
            "activation": activations.pop(),
        }

    # zuko

    def zuko(self) -> Walked:
        transforms = list(self.net.transform.transforms)
        shape = getattr(self.estimator, "input_shape", None)
        if not shape:
            raise Refusal("the estimator does not say how many parameters it has")
        self.theta_dim = math.prod(int(extent) for extent in shape)
        self.zuko_base()
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
            document = self.zuko_masked(f"transforms.{i}", transform)
            kinds.add(document["map"]["kind"])
            documents.append(document)
        kind = "zuko_nsf" if "soft_clipped_spline" in kinds else "zuko_maf"
        return self.done(kind, {"architecture": "flow", "transforms": documents}, **more)

    def zuko_base(self) -> None:
        buffers = dict(self.net.base.named_buffers())
        values = list(buffers.values())
        plain = len(values) == 2 and bool((values[0] == 0).all()) and bool((values[1] == 1).all())
        if not plain:
            raise Refusal("a base distribution that is not the standard normal is not known")

    def zuko_masked(self, name: str, transform: nn.Module) -> Document:
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


def composed(transform: nn.Module) -> list[nn.Module]:
    """The members of nested composites, in order."""
    match type(transform).__name__:
        case "CompositeTransform":
            return [member for part in transform._transforms for member in composed(part)]
        case "IdentityTransform":
            return []
    return [transform]


def nflows_spline(transform: nn.Module, divisor: float) -> Document:
    if transform.tails != "linear":
        raise Refusal(f"splines with tails {transform.tails!r} are not known")
    if getattr(transform, "enable_identity_init", False):
        raise Refusal("splines with enable_identity_init are not known")
    return {
        "kind": "rational_quadratic_spline",
        "bins": int(transform.num_bins),
        "tail_bound": float(transform.tail_bound),
        "min_bin_width": float(transform.min_bin_width),
        "min_bin_height": float(transform.min_bin_height),
        "min_derivative": float(transform.min_derivative),
        "divisor": divisor,
    }


def zuko_map(transform: nn.Module) -> Document:
    univariate = transform.univariate
    given = dict(univariate.keywords) if isinstance(univariate, functools.partial) else {}
    function = univariate.func if isinstance(univariate, functools.partial) else univariate
    defaults = {
        name: parameter.default for name, parameter in inspect.signature(function).parameters.items()
    }
    slope = float(given.get("slope", defaults.get("slope", math.nan)))
    match function.__name__:
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
