"""The walk over nflows' estimators: maf, nsf, maf_rqs, made, and mixtures up to sbi 0.25."""

from __future__ import annotations

import math

from embeddings import activation_name
from mixtures import mixture_heads
from priors import Refusal
from torch import nn
from torch.nn import functional
from walk import Document, Walk, Walked


class NflowsWalk(Walk):
    def walked(self) -> Walked:
        transforms = list(composed(self.net._transform))
        distribution = self.net._distribution
        self.theta_dim = self.dimension(transforms)
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
            documents = [self.transform(i, t) for i, t in enumerate(transforms)]
            kind = (
                "maf" if "MaskedAffineAutoregressiveTransform" in kinds
                else "nsf" if "PiecewiseRationalQuadraticCouplingTransform" in kinds
                else "maf_rqs"
            )  # fmt: skip
            return self.done(kind, {"architecture": "flow", "transforms": documents})
        if transforms:
            raise Refusal(f"{type(transforms[0]).__name__} in front of {name} is not known")
        if name in ("MADEMoGWrapper", "MADEMoG"):
            return self.done("made", self.made(distribution._made, name == "MADEMoGWrapper"))
        if name == "MultivariateGaussianMDN":
            return self.done("mdn", mixture_heads(self, distribution))
        raise Refusal(f"a base distribution of class {name} is not known")

    def dimension(self, transforms: list[nn.Module]) -> int:
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
        if hasattr(distribution, "_made"):
            dummies = type(distribution).__name__ == "MADEMoGWrapper"
            return int(distribution._made.initial_layer.in_features) - dummies
        raise Refusal("the estimator does not say how many parameters it has")

    def transform(self, index: int, transform: nn.Module) -> Document:
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

    def made(self, net: nn.Module, has_dummy: bool) -> Document:
        """From sbi 0.24 on there is a dummy feature in front, as in the file."""
        kinds = {type(block).__name__ for block in net.blocks}
        if kinds - {"MaskedResidualBlock"}:
            raise Refusal(f"blocks of class {kinds} in made are not known")
        if any(block.use_batch_norm for block in net.blocks):
            raise Refusal("made with batch norm is not known")
        self.linear("initial", net.initial_layer, net.initial_layer.mask)
        self.linear("context", net.context_layer)
        degrees = net.initial_layer.degrees
        for j, block in enumerate(net.blocks):
            self.linear(f"blocks.{j}.context", block.context_layer)
            for k, layer in enumerate(block.linear_layers):
                self.linear(f"blocks.{j}.linears.{k}", layer, layer.mask)
        self.linear("final", net.final_layer, net.final_layer.mask)
        if has_dummy:
            self.notes.append(
                "sbi draws made's samples with a random dummy feature that training never touched; "
                "here it is 0, so that draws follow the density"
            )
        else:
            degrees = degrees + 1
            numbers = len(self.tensors["final.bias"]) // self.theta_dim
            for name, padding in (
                ("initial.weight", (1, 0)), ("final.weight", (0, 0, numbers, 0)),
                ("final.bias", (numbers, 0)),
            ):  # fmt: skip
                self.tensors[name] = functional.pad(self.tensors[name], padding)
        activations = {activation_name(block.activation) for block in net.blocks} or {"relu"}
        return {
            "architecture": "made",
            "components": int(net.num_mixture_components),
            "deviation_floor": float(net.epsilon),
            "degrees": degrees.tolist(),
            "blocks": len(net.blocks),
            "activation": activations.pop(),
        }


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
