"""Priors of sbi as posterior-server writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from torch import distributions
from torch.distributions import Distribution

# The classes of sbi are told by name, so that any version of it will do.
WRAPPERS = {"OneDimPriorWrapper": "prior"}


class Refusal(Exception):
    """Something that cannot be exported exactly."""


def numbers(values: Any) -> list[float]:
    return [float(value) for value in values.detach().double().reshape(-1).tolist()]


def describe(prior: Distribution) -> dict[str, Any]:
    """The prior's document; raises `Refusal` naming a class that has none."""
    name = type(prior).__name__
    if name in WRAPPERS:
        return describe(getattr(prior, WRAPPERS[name]))
    if name == "MultipleIndependent":
        return {"type": "product", "factors": [describe(part) for part in prior.dists]}
    if not type(prior).__module__.startswith(("torch.distributions.", "sbi.")):
        # A subclass may have another density.
        raise Refusal(
            f"a prior of class {type(prior).__module__}.{name} is not torch's: give --prior prior.json"
        )
    if isinstance(prior, distributions.Independent):
        return describe(prior.base_dist)
    match prior:
        case distributions.Uniform():
            return {
                "type": "box_uniform", "lower": numbers(prior.low), "upper": numbers(prior.high),
            }  # fmt: skip
        case distributions.MultivariateNormal() if prior.loc.dim() == 1:
            covariance = prior.covariance_matrix.detach().double()
            covariance = (covariance + covariance.T) / 2
            return {
                "type": "multivariate_normal",
                "mean": numbers(prior.loc),
                "covariance": covariance.tolist(),
            }
        case distributions.Normal():
            return {
                "type": "diagonal_normal",
                "mean": numbers(prior.loc),
                "standard_deviation": numbers(prior.scale),
            }
        case distributions.LogNormal():
            return {
                "type": "log_normal",
                "log_mean": numbers(prior.loc),
                "log_standard_deviation": numbers(prior.scale),
            }
        case distributions.Exponential():
            return {"type": "exponential", "rate": numbers(prior.rate)}
        case distributions.Gamma():
            return {
                "type": "gamma",
                "shape": numbers(prior.concentration),
                "rate": numbers(prior.rate),
            }
        case distributions.Beta():
            return {
                "type": "beta",
                "alpha": numbers(prior.concentration1),
                "beta": numbers(prior.concentration0),
            }
    hint = " (nothing was given to sbi)" if name == "ImproperEmpirical" else ""
    raise Refusal(f"a prior of class {name}{hint} cannot be written down: give --prior prior.json")


def read(path: Path) -> dict[str, Any]:
    """The prior's document in a file; the server checks its numbers."""
    try:
        document = json.loads(path.read_text())
        dimension(document)
    except OSError as error:
        raise Refusal(f"--prior {path}: {error.strerror or error}") from error
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise Refusal(f"--prior {path} does not hold a prior: {error!r}") from error
    return document


def dimension(document: dict[str, Any]) -> int:
    """D of a prior's document."""
    if document["type"] == "product":
        return sum(dimension(factor) for factor in document["factors"])
    lists = [value for value in document.values() if isinstance(value, list)]
    return len(lists[0])


def is_unbounded(document: dict[str, Any]) -> bool:
    """Whether the support is the whole space."""
    match document["type"]:
        case "product":
            return all(is_unbounded(factor) for factor in document["factors"])
        case "diagonal_normal" | "multivariate_normal":
            return True
        case "truncated_normal":
            bounds = (document.get("lower") or []) + (document.get("upper") or [])
            return all(bound is None for bound in bounds)
    return False


def is_box(document: dict[str, Any]) -> bool:
    """Whether the prior is uniform on a box."""
    if document["type"] == "product":
        return all(is_box(factor) for factor in document["factors"])
    return document["type"] == "box_uniform"
