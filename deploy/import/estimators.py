"""The walk over a trained density estimator of sbi, a family a file."""

from __future__ import annotations

from from_nflows import NflowsWalk
from from_zuko import ZukoWalk
from mixtures import MixtureWalk
from priors import Refusal
from torch import nn
from walk import Document, Walked


def walk(estimator: nn.Module, prior: Document, x_shape: list[int] | None) -> Walked:
    """The parts of a trained estimator; raises `Refusal` naming what cannot be exported."""
    net = getattr(estimator, "net", estimator)
    name = type(net).__name__
    if type(estimator).__name__ == "MixtureDensityEstimator":
        return MixtureWalk(estimator, net, prior, x_shape).walked()
    if name == "Flow" and hasattr(net, "_distribution"):
        return NflowsWalk(estimator, net, prior, x_shape).walked()
    if hasattr(net, "transform") and hasattr(net, "base"):
        return ZukoWalk(estimator, net, prior, x_shape).walked()
    raise Refusal(f"an estimator of class {type(estimator).__name__} around {name} is not known")
