"""A small, slow, plain evaluator of posterior-server's model files.

It reads a `model.safetensors` of format version 2 and computes log q(theta | x) in double
precision, straight from the definitions of the file format. `export_sbi.py` checks with it what it
has written; it shares no code with the walk over sbi's modules or with the server.
"""

from __future__ import annotations

import json
import math

import torch
from safetensors.torch import load
from torch import Tensor
from torch.nn import functional

ACTIVATIONS = {
    "identity": lambda u: u,
    "relu": torch.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "elu": functional.elu,
    "leaky_relu": functional.leaky_relu,
    "gelu": functional.gelu,
    "silu": functional.silu,
    "softplus": functional.softplus,
}


class CanonicalModel:
    """The bytes of one model file, in double precision."""

    def __init__(self, content: bytes):
        # Eight bytes of length, a header of that length in JSON, and then the numbers.
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        self.document = json.loads(header["__metadata__"]["posterior"])
        self.tensors = {name: value.double() for name, value in load(content).items()}
        self.unread = set(self.tensors)
        self.theta_dim = self.document["theta"]["shape"][0]
        self.x_shape = self.document["x"]["shape"]

    def tensor(self, name: str) -> Tensor:
        self.unread.discard(name)
        return self.tensors[name]

    def linear(self, name: str, u: Tensor) -> Tensor:
        return u @ self.tensor(f"{name}.weight").T + self.tensor(f"{name}.bias")

    def log_prob(self, theta: Tensor, x: Tensor) -> Tensor:
        """log q(theta | x) of `[N, D]` given `[N, *x.shape]`, before any truncation, `[N]`."""
        theta, x = theta.double(), x.double().reshape(len(x), -1)
        u, log_det = self.unconstrained(theta)
        return log_det + self.member(self.document, "", u, x)

    def unconstrained(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        log_det = torch.zeros(len(theta), dtype=torch.float64)
        if self.document.get("support", "unconstrained") == "truncated":
            return theta, log_det
        columns = []
        for d, (kind, lower, upper) in enumerate(bijections(self.document["prior"])):
            t = theta[:, d]
            if kind == "identity":
                columns.append(t)
            elif kind == "positive":
                columns.append(torch.log(t))
                log_det = log_det - torch.log(t)
            else:
                columns.append(torch.log(t - lower) - torch.log(upper - t))
                log_det = log_det + math.log(upper - lower)
                log_det = log_det - torch.log(t - lower) - torch.log(upper - t)
        return torch.stack(columns, 1), log_det

    def constrained(self, u: Tensor) -> Tensor:
        """Theta of unconstrained `[N, D]`, the inverse of `unconstrained`."""
        if self.document.get("support", "unconstrained") == "truncated":
            return u
        columns = []
        for d, (kind, lower, upper) in enumerate(bijections(self.document["prior"])):
            v = u[:, d]
            if kind == "identity":
                columns.append(v)
            elif kind == "positive":
                columns.append(torch.exp(v))
            else:
                columns.append(lower + (upper - lower) * torch.sigmoid(v))
        return torch.stack(columns, 1)

    def member(self, document: dict, prefix: str, u: Tensor, x: Tensor) -> Tensor:
        """One density with the standardisation and embedding in front of it."""
        estimator = document["estimator"]
        if estimator["architecture"] == "ensemble":
            members = [
                self.member(member, f"{prefix}members.{i}.", u, x)
                for i, member in enumerate(estimator["members"])
            ]
            return torch.logsumexp(torch.stack(members), 0) - math.log(len(members))
        standard = f"{prefix}standardization."
        if document.get("standardization", {}).get("theta", "affine") == "affine":
            scale = self.tensor(standard + "theta_scale")
            z = scale * u + self.tensor(standard + "theta_shift")
            log_det = torch.log(scale).sum()
        else:
            deviation = self.tensor(standard + "theta_standard_deviation")
            z = (u - self.tensor(standard + "theta_mean")) / deviation
            log_det = -torch.log(deviation).sum()
        e = (x - self.tensor(standard + "x_mean")) / self.tensor(
            standard + "x_standard_deviation"
        )
        if "embedding" in document:
            e = self.layers(
                document["embedding"]["layers"],
                f"{prefix}embedding.",
                e.reshape(len(e), *self.x_shape),
            ).reshape(len(e), -1)
        density = getattr(self, estimator["architecture"])
        return log_det + density(estimator, prefix, z, e)

    # Estimators

    def flow(self, estimator: dict, prefix: str, u: Tensor, e: Tensor) -> Tensor:
        log_det = torch.zeros(len(u), dtype=torch.float64)
        for i, transform in enumerate(estimator["transforms"]):
            apply = getattr(self, transform["kind"])
            u, term = apply(transform, f"{prefix}transforms.{i}", u, e)
            log_det = log_det + term
        return log_det - 0.5 * (u**2).sum(1) - 0.5 * u.shape[1] * math.log(2 * math.pi)

    def elementwise_affine(self, transform, name, u, e):
        scale = self.tensor(f"{name}.scale")
        return scale * u + self.tensor(f"{name}.shift"), torch.log(scale).sum()

    def permutation(self, transform, name, u, e):
        return u[:, transform["permutation"]], 0.0

    def lu_linear(self, transform, name, u, e):
        size = u.shape[1]
        lower = torch.eye(size, dtype=torch.float64)
        diagonal = functional.softplus(self.tensor(f"{name}.diagonal"))
        upper = torch.diag(diagonal + transform["diagonal_floor"])
        if size > 1:
            row, column = torch.tril_indices(size, size, -1)
            lower[row, column] = self.tensor(f"{name}.lower")
            row, column = torch.triu_indices(size, size, 1)
            upper[row, column] = self.tensor(f"{name}.upper")
        return (u @ upper.T) @ lower.T + self.tensor(f"{name}.bias"), torch.log(
            torch.diagonal(upper)
        ).sum()

    def autoregressive(self, transform, name, u, e):
        order = torch.tensor(transform["order"])
        conditioner = transform["conditioner"]
        activation = ACTIVATIONS[conditioner["activation"]]
        context_activation = ACTIVATIONS[conditioner["context_activation"]]
        degrees = [torch.tensor(layer) for layer in conditioner["hidden_degrees"]]

        def masked(layer: str, mask: Tensor, v: Tensor) -> Tensor:
            weight = self.tensor(f"{name}.{layer}.weight")
            return v @ (weight * mask).T + self.tensor(f"{name}.{layer}.bias")

        h = masked("initial", degrees[0][:, None] >= order + 1, u)
        h = activation(h + context_activation(self.linear(f"{name}.context", e)))
        for j, (below, above) in enumerate(zip(degrees, degrees[1:])):
            h = activation(masked(f"blocks.{j}", above[:, None] >= below, h))
        count = len(self.tensor(f"{name}.final.bias")) // u.shape[1]
        visible = order.repeat_interleave(count)[:, None] >= degrees[-1]
        raw = masked("final", visible, h).reshape(len(u), u.shape[1], count)
        y, log_det = univariate(transform["map"], u, raw)
        return y, log_det.sum(1)

    def coupling(self, transform, name, u, e):
        conditioner, chosen = transform["conditioner"], transform["transformed"]
        activation = ACTIVATIONS[conditioner["activation"]]
        h = torch.cat([u[:, transform["identity"]], e], 1)
        if conditioner["kind"] == "residual":
            h = self.linear(f"{name}.initial", h)
            for j in range(conditioner["blocks"]):
                block = f"{name}.blocks.{j}"
                t = h
                if conditioner["normalized"]:
                    t = self.tensor(f"{block}.norm.scale") * t + self.tensor(f"{block}.norm.shift")
                t = activation(self.linear(f"{block}.linears.0", activation(t)))
                t = self.linear(f"{block}.linears.1", t)
                h = h + t * torch.sigmoid(self.linear(f"{block}.context", e))
        else:
            for k in range(len(conditioner["hidden_features"])):
                h = activation(self.linear(f"{name}.layers.{k}", h))
        raw = self.linear(f"{name}.final", h).reshape(len(u), len(chosen), -1)
        y = u.clone()
        y[:, chosen], log_det = univariate(transform["map"], u[:, chosen], raw)
        return y, log_det.sum(1)

    def mdn(self, estimator: dict, prefix: str, z: Tensor, e: Tensor) -> Tensor:
        components, size = estimator["components"], z.shape[1]
        activation = ACTIVATIONS[estimator.get("activation", "relu")]
        h = e
        for j in range(estimator["hidden_layers"]):
            h = activation(self.linear(f"{prefix}hidden.{j}", h))
        weights = torch.log_softmax(self.linear(f"{prefix}logits", h), 1)
        means = self.linear(f"{prefix}means", h).reshape(-1, components, size)
        raw = self.linear(f"{prefix}diagonal", h).reshape(-1, components, size)
        diagonal = functional.softplus(raw) + estimator["diagonal_floor"]
        factor = torch.diag_embed(diagonal)
        if size > 1 and estimator.get("covariance", "full") == "full":
            row, column = torch.triu_indices(size, size, 1)
            upper = self.linear(f"{prefix}upper", h).reshape(-1, components, len(row))
            factor[:, :, row, column] = upper
        difference = z[:, None] - means
        scaled = torch.einsum("nkij,nkj->nki", factor, difference)
        quadratic = (scaled**2).sum(2)
        quadratic = quadratic + estimator.get("quadratic_floor", 0.0) * (difference**2).sum(2)
        log_normal = torch.log(diagonal).sum(2) - 0.5 * size * math.log(2 * math.pi)
        return torch.logsumexp(weights + log_normal - 0.5 * quadratic, 1)

    def made(self, estimator: dict, prefix: str, z: Tensor, e: Tensor) -> Tensor:
        components, size = estimator["components"], z.shape[1]
        activation = ACTIVATIONS[estimator["activation"]]
        hidden = torch.tensor(estimator["degrees"])
        # The first feature is a dummy, always 0.
        inputs = torch.arange(1, size + 2)
        outputs = inputs.repeat_interleave(3 * components)

        def masked(layer: str, mask: Tensor, v: Tensor) -> Tensor:
            weight = self.tensor(f"{prefix}{layer}.weight")
            return v @ (weight * mask).T + self.tensor(f"{prefix}{layer}.bias")

        h = masked(
            "initial",
            hidden[:, None] >= inputs,
            torch.cat([torch.zeros(len(z), 1, dtype=torch.float64), z], 1),
        )
        h = h + self.linear(f"{prefix}context", e)
        among = hidden[:, None] >= hidden
        for j in range(estimator["blocks"]):
            block = f"blocks.{j}"
            t = masked(f"{block}.linears.0", among, activation(h))
            t = t + self.linear(f"{prefix}{block}.context", e)
            h = h + masked(f"{block}.linears.1", among, activation(t))
        raw = masked("final", outputs[:, None] > hidden, h)
        logits, mean, raw = raw.reshape(len(z), size + 1, components, 3)[:, 1:].unbind(3)
        deviation = functional.softplus(raw) + estimator["deviation_floor"]
        residual = (z[:, :, None] - mean) / deviation
        log_normal = -0.5 * residual**2 - torch.log(deviation) - 0.5 * math.log(2 * math.pi)
        return torch.logsumexp(torch.log_softmax(logits, 2) + log_normal, 2).sum(1)

    # Embeddings

    def layers(self, layers: list, prefix: str, h: Tensor) -> Tensor:
        for k, layer in enumerate(layers):
            name = f"{prefix}{k}"
            match layer["kind"]:
                case "linear":
                    h = self.linear(name, h.reshape(len(h), -1))
                case "activation":
                    h = ACTIVATIONS[layer["function"]](h)
                case "layer_norm":
                    scale, shift = self.tensor(f"{name}.scale"), self.tensor(f"{name}.shift")
                    h = functional.layer_norm(h, [h.shape[1]], scale, shift, layer["epsilon"])
                case "residual":
                    h = h + self.layers(layer["layers"], f"{name}.", h)
                case "reshape":
                    h = h.reshape(len(h), *layer["shape"])
                case "flatten":
                    h = h.reshape(len(h), -1)
                case "convolution":
                    weight, bias = self.tensor(f"{name}.weight"), self.tensor(f"{name}.bias")
                    convolve = [functional.conv1d, functional.conv2d][len(layer["kernel"]) - 1]
                    h = convolve(h, weight, bias, padding=layer["padding"], stride=layer["stride"])
                case "max_pool":
                    pool = [functional.max_pool1d, functional.max_pool2d][h.dim() - 3]
                    h = pool(h, layer["size"])
                case "trials":
                    h = self.trials(layer, f"{name}.", h)
                case kind:
                    raise ValueError(f"an embedding layer of kind {kind}")
        return h

    def trials(self, layer: dict, prefix: str, x: Tensor) -> Tensor:
        count = x.shape[1]
        present = ~torch.isnan(x).reshape(len(x), count, -1).all(2)
        filled = torch.nan_to_num(x, nan=0.0, posinf=math.inf, neginf=-math.inf)
        h = self.layers(layer["layers"], prefix, filled.reshape(-1, *x.shape[2:]))
        h = (h.reshape(len(x), count, -1) * present[:, :, None]).sum(1)
        number = present.sum(1, keepdim=True)
        if layer["aggregation"] == "mean":
            h = h / number
        return torch.cat([h, number], 1)


def bijections(prior: dict) -> list[tuple[str, float, float]]:
    """Kind and bounds of each dimension's way to the whole line."""
    match prior["type"]:
        case "product":
            return [entry for factor in prior["factors"] for entry in bijections(factor)]
        case "box_uniform" | "log_uniform":
            return [("interval", *bounds) for bounds in zip(prior["lower"], prior["upper"])]
        case "beta":
            lower = prior.get("lower") or [0.0] * len(prior["alpha"])
            upper = prior.get("upper") or [1.0] * len(prior["alpha"])
            return [("interval", *bounds) for bounds in zip(lower, upper)]
        case "diagonal_normal" | "multivariate_normal":
            return [("identity", 0.0, 0.0)] * len(prior["mean"])
        case "log_normal":
            return [("positive", 0.0, 0.0)] * len(prior["log_mean"])
        case "gamma" | "exponential":
            return [("positive", 0.0, 0.0)] * len(prior["rate"])
    raise ValueError(f"a prior of type {prior['type']} in unconstrained space")


# Univariate maps: u `[N, F]` and raw numbers `[N, F, m]` to y and log dy/du, each `[N, F]`.


def univariate(kind: dict, u: Tensor, raw: Tensor) -> tuple[Tensor, Tensor]:
    match kind["kind"]:
        case "softplus_affine":
            scale = functional.softplus(raw[..., 0]) + kind["floor"]
            return scale * u + raw[..., 1], torch.log(scale)
        case "soft_clipped_affine":
            log_scale = soft_clip(raw[..., 1], kind["slope"])
            return u * torch.exp(log_scale) + raw[..., 0], log_scale
        case "rational_quadratic_spline":
            return nflows_spline(kind, u, raw)
        case "soft_clipped_spline":
            return zuko_spline(kind, u, raw)
    raise ValueError(f"a map of kind {kind['kind']}")


def soft_clip(a: Tensor, slope: float, factor: float = 1.0) -> Tensor:
    return a / (1 + torch.abs(factor * a / math.log(slope)))


def nflows_spline(kind: dict, u: Tensor, raw: Tensor) -> tuple[Tensor, Tensor]:
    bins, bound = kind["bins"], kind["tail_bound"]
    widths, heights, slopes = raw.split([bins, bins, bins - 1], -1)
    end = math.log(math.exp(1 - kind["min_derivative"]) - 1)
    ends = torch.full_like(raw[..., :1], end)
    slopes = kind["min_derivative"] + functional.softplus(torch.cat([ends, slopes, ends], -1))

    def knots(values: Tensor, least: float) -> Tensor:
        share = least + (1 - bins * least) * torch.softmax(values / kind["divisor"], -1)
        places = functional.pad(torch.cumsum(share, -1), (1, 0)) * 2 * bound - bound
        places[..., 0], places[..., -1] = -bound, bound
        return places

    x, y = knots(widths, kind["min_bin_width"]), knots(heights, kind["min_bin_height"])
    inside = (u >= -bound) & (u <= bound)
    # The upper end belongs to the last bin.
    bin_index = (u[..., None] >= x).sum(-1).clamp(1, bins) - 1
    return rational_quadratic(u, inside, bin_index, x, y, slopes)


def zuko_spline(kind: dict, u: Tensor, raw: Tensor) -> tuple[Tensor, Tensor]:
    bins, bound = kind["bins"], kind["bound"]
    widths, heights, slopes = raw.split([bins, bins, bins - 1], -1)

    def knots(values: Tensor) -> Tensor:
        share = torch.softmax(soft_clip(values, kind["slope"], 2.0), -1)
        return bound * (2 * functional.pad(torch.cumsum(share, -1), (1, 0)) - 1)

    x, y = knots(widths), knots(heights)
    slopes = functional.pad(torch.exp(soft_clip(slopes, kind["slope"])), (1, 1), value=1.0)
    place = (u[..., None] > x).sum(-1) - 1
    inside = (place >= 0) & (place < bins)
    return rational_quadratic(u, inside, place.clamp(0, bins - 1), x, y, slopes)


def rational_quadratic(u, inside, bin_index, x, y, slopes) -> tuple[Tensor, Tensor]:
    def at(values: Tensor, offset: int = 0) -> Tensor:
        return values.gather(-1, bin_index[..., None] + offset)[..., 0]

    width, height = at(x, 1) - at(x), at(y, 1) - at(y)
    slope, first, second = height / width, at(slopes), at(slopes, 1)
    xi = torch.where(inside, (u - at(x)) / width, 0.5)
    q = xi * (1 - xi)
    denominator = slope + (first + second - 2 * slope) * q
    value = at(y) + height * (slope * xi**2 + first * q) / denominator
    numerator = slope**2 * (second * xi**2 + 2 * slope * q + first * (1 - xi) ** 2)
    log_det = torch.log(numerator) - 2 * torch.log(denominator)
    return torch.where(inside, value, u), torch.where(inside, log_det, 0.0)
