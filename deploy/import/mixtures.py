"""The walk over mixtures: estimators of their own from sbi 0.26 on, distributions of nflows before."""

from __future__ import annotations

import math

from embeddings import activation_name
from priors import Refusal
from torch import nn
from walk import Document, Walk, Walked, broadcast


class MixtureWalk(Walk):
    def walked(self) -> Walked:
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
        return self.done("mdn", mixture_heads(self, self.net), **more)


def mixture_heads(walk: Walk, net: nn.Module) -> Document:
    modules = list(net._hidden_net)
    layers = [module for module in modules if isinstance(module, nn.Linear)]
    between = [m for m in modules if not isinstance(m, (nn.Linear, nn.Dropout, nn.Identity))]
    activations = {activation_name(module) for module in between}
    widths = {layer.out_features for layer in layers}
    if len(activations) != 1 or len(between) != len(layers) or len(widths) != 1:
        raise Refusal("a mixture whose hidden layers are not alike is not known")
    for j, layer in enumerate(layers):
        walk.linear(f"hidden.{j}", layer)
    walk.linear("logits", net._logits_layer)
    walk.linear("means", net._means_layer)
    walk.linear("diagonal", net._unconstrained_diagonal_layer)
    if walk.theta_dim > 1:
        walk.linear("upper", net._upper_layer)
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
