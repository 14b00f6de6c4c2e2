#!/usr/bin/env python3
"""Writes a posterior trained with sbi as a model file of posterior-server.

    python export_sbi.py posterior.pkl models/mine/1/model.safetensors

It needs torch, sbi and safetensors, of the versions that the posterior was trained with or others
that load it. The file holds the same density, number for number; what cannot be exported exactly is
refused, naming the part. Before it writes the file it reads its bytes back, evaluates them in double
precision by the definitions of the file format, and compares the result with sbi.

Unpickling runs code: only load files that you trust.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import pickle
import sys
import warnings
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
from canonical import CanonicalModel
from estimators import Walked, walk
from priors import Refusal, describe, dimension, is_unbounded, read
from safetensors.torch import save
from torch import Tensor, nn

FORMAT_VERSION = 2
EXPORTER = "1"
# The agreement that is asked of the file: absolute, and relative to the log density.
TOLERANCE = (1e-4, 1e-5)


def load(path: Path) -> Any:
    """An object saved by `pickle` or `torch.save`."""
    try:
        if not zipfile.is_zipfile(path):
            with path.open("rb") as file:
                thing = pickle.load(file)
            # What `torch.save` wrote before it wrote archives starts with a number.
            if not isinstance(thing, int):
                return thing
        return torch.load(path, map_location="cpu", weights_only=False)
    except OSError as error:
        raise Refusal(f"cannot be read: {error.strerror or error}") from error
    except Exception as error:
        # Unpickling runs other people's code, which may raise anything.
        raise Refusal(f"cannot be unpickled: {type(error).__name__}: {error}") from error


def parts(thing: Any) -> tuple[nn.Module, Any]:
    """The density estimator of a posterior, and its prior; or a bare estimator and None."""
    if isinstance(thing, nn.Module):
        return thing, None
    # Other posteriors, also those derived from it, have another density than their estimator.
    if type(thing).__name__ != "DirectPosterior":
        raise Refusal(
            f"an object of class {type(thing).__name__} is neither a DirectPosterior nor a density "
            "estimator"
        )
    return thing.posterior_estimator, thing.prior


def observation_shape(thing: Any) -> list[int] | None:
    """The shape of x that a posterior of sbi 0.22 holds, behind its axis of one observation."""
    shape = getattr(thing, "_x_shape", None)
    return [int(extent) for extent in shape[1:]] if shape else None


def versions() -> dict[str, str]:
    found = {"exporter": EXPORTER}
    for package in ("sbi", "nflows", "zuko", "pyknos", "torch"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def document(walked: Walked, prior: dict[str, Any], arguments: argparse.Namespace) -> dict[str, Any]:
    """The JSON document of the file."""
    names = arguments.theta_names or [f"theta_{d + 1}" for d in range(walked.theta_dim)]
    if len(names) != walked.theta_dim:
        raise Refusal(f"--theta-names has {len(names)} names, the model {walked.theta_dim} parameters")
    theta: dict[str, Any] = {"shape": [walked.theta_dim], "names": names}
    if arguments.theta_units:
        theta["units"] = arguments.theta_units
    x: dict[str, Any] = {"shape": walked.x_shape}
    count = math.prod(walked.x_shape)
    for key, values in (("names", arguments.x_names), ("units", arguments.x_units)):
        if values:
            if len(values) != count:
                raise Refusal(f"--x-{key} has {len(values)} entries, x has {count}")
            x[key] = values
    found = versions()
    result: dict[str, Any] = {"format_version": FORMAT_VERSION}
    if arguments.summary:
        result["summary"] = arguments.summary
    result["estimator"] = walked.estimator
    if walked.embedding:
        result["embedding"] = {"layers": walked.embedding}
    result |= {"theta": theta, "x": x, "prior": prior}
    if not walked.is_unconstrained and not is_unbounded(prior):
        result["support"] = "truncated"
    if walked.theta_form != "affine":
        result["standardization"] = {"theta": walked.theta_form}
    if arguments.data_scale is not None:
        result["data_scale"] = arguments.data_scale
    result["source"] = {
        "software": f"sbi {found.get('sbi', 'unknown')}",
        "estimator": walked.kind,
        "versions": found,
        "amortized": True if arguments.amortized == "yes" else None,
        "notes": walked.notes,
    }
    return result


def refuse_leftovers(estimator: nn.Module, walked: Walked) -> None:
    """Raises `Refusal` for a parameter that the walk over the modules did not meet."""
    for name, value in estimator.named_parameters():
        if value.numel() > 0 and value.data_ptr() not in walked.read:
            raise Refusal(f"the estimator holds {name}, which has no place in the file")


def encode(tensors: dict[str, Tensor], text: dict[str, Any]) -> bytes:
    """The bytes of the file."""
    arrays = {}
    for name, value in tensors.items():
        array = value.detach().to("cpu", torch.float32).contiguous().clone()
        if not torch.isfinite(array).all():
            raise Refusal(f"{name} is not finite in single precision")
        arrays[name] = array
    return save(arrays, metadata={"posterior": json.dumps(text, ensure_ascii=False)})


def write(path: Path, content: bytes) -> None:
    """Writes the file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def points(model: CanonicalModel, count: int) -> tuple[Tensor, Tensor]:
    """Parameters and observations about where the standardisation says data lie."""
    generator = torch.Generator().manual_seed(1)
    shape = [count, math.prod(model.x_shape)]
    noise = torch.randn(shape, generator=generator, dtype=torch.float64)
    x = model.tensor("standardization.x_mean") + noise * model.tensor(
        "standardization.x_standard_deviation"
    )
    z = torch.randn([count, model.theta_dim], generator=generator, dtype=torch.float64)
    if "standardization.theta_scale" in model.tensors:
        u = (z - model.tensor("standardization.theta_shift")) / model.tensor(
            "standardization.theta_scale"
        )
    else:
        u = model.tensor("standardization.theta_mean") + z * model.tensor(
            "standardization.theta_standard_deviation"
        )
    return model.constrained(u).float(), x.reshape(count, *model.x_shape).float()


def check(content: bytes, estimator: nn.Module, walked: Walked, count: int = 100) -> float:
    """The largest share of the tolerance by which the file differs from sbi."""
    model = CanonicalModel(content)
    theta, x = points(model, count)
    ours = model.log_prob(theta, x)
    if model.unread:
        raise Refusal(f"the file holds tensors that its document does not name: {model.unread}")
    with torch.no_grad():
        if hasattr(estimator, "condition_shape"):
            # One observation at a time: sbi mixes up trial counts in a batch.
            rows = [
                estimator.log_prob(theta[i].reshape(1, 1, -1), condition=x[i : i + 1]).reshape(())
                for i in range(count)
            ]
            theirs = torch.stack(rows).double()
        else:
            theirs = estimator.log_prob(theta, context=x).double()
    scale = getattr(estimator, "_transform_scale", None)
    if walked.theta_form == "centred" and scale is not None and scale.dim() == 0:
        theirs = theirs - (walked.theta_dim - 1) * torch.log(scale.double())
    difference = (ours - theirs).abs() / (TOLERANCE[0] + TOLERANCE[1] * theirs.abs())
    if not bool((difference <= 1).all()):
        worst = int(difference.nan_to_num(math.inf).argmax())
        raise Refusal(
            "the file does not reproduce sbi's log density: "
            f"{float(ours[worst])} instead of {float(theirs[worst])}"
        )
    return float(difference.max())


def numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def names(text: str) -> list[str]:
    return text.split(",")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("posterior", type=Path, help="a pickled posterior or density estimator")
    parser.add_argument("output", type=Path, help="the file to write, …/model.safetensors")
    parser.add_argument("--prior", type=Path, help="the prior as JSON, instead of the posterior's")
    parser.add_argument("--theta-names", type=names, help="names of the parameters, as in a,b,c")
    parser.add_argument("--theta-units", type=names, help="units of the parameters")
    parser.add_argument("--x-names", type=names, help="names of the entries of x")
    parser.add_argument("--x-units", type=names, help="units of the entries of x")
    parser.add_argument("--x-shape", type=numbers, help="shape of one observation, as in 10,28")
    parser.add_argument("--data-scale", type=float, help="the unit of perturbations of x")
    parser.add_argument("--summary", help="a sentence for people who choose among models")
    parser.add_argument(
        "--amortized",
        choices=("yes", "unknown"),
        default="unknown",
        help="yes: trained on draws from the prior alone, in one round",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace a file that is there")
    return parser.parse_args()


def export(thing: Any, arguments: argparse.Namespace) -> tuple[Walked, float]:
    """Checks the file's bytes and then writes them; raises `Refusal` and writes nothing."""
    estimator, own_prior = parts(thing)
    estimator.eval()
    if arguments.prior:
        prior = read(arguments.prior)
    elif own_prior is None:
        raise Refusal("an estimator without a posterior has no prior: give --prior prior.json")
    else:
        prior = describe(own_prior)
    try:
        walked = walk(estimator, prior, arguments.x_shape or observation_shape(thing))
    except (AttributeError, TypeError, ValueError, KeyError, IndexError) as error:
        raise Refusal(f"the estimator is not built as any that is known: {error}") from error
    if dimension(prior) != walked.theta_dim:
        raise Refusal(
            f"the prior has {dimension(prior)} dimensions, the estimator {walked.theta_dim}"
        )
    refuse_leftovers(estimator, walked)
    content = encode(walked.tensors, document(walked, prior, arguments))
    share = check(content, estimator, walked)
    write(arguments.output, content)
    return walked, share


def main() -> None:
    arguments = parse()
    warnings.filterwarnings("ignore")
    if arguments.output.exists() and not arguments.overwrite:
        sys.exit(f"{arguments.output} is there already; --overwrite replaces it")
    try:
        walked, share = export(load(arguments.posterior), arguments)
    except Refusal as refusal:
        sys.exit(f"{arguments.posterior}: {refusal}")
    except OSError as error:
        sys.exit(f"{arguments.output}: {error.strerror or error}")
    print(f"{arguments.output}: {walked.kind}, {walked.theta_dim} parameters, x {walked.x_shape}")
    print(f"log densities agree with sbi to {share:.1%} of 1e-4 + 1e-5·|log q|")
    for note in walked.notes:
        print(f"note: {note}")
    if arguments.amortized == "unknown":
        print(
            "note: whether the posterior is amortized is not known; a posterior of several rounds "
            "holds for one observation only (--amortized yes says that there was one round)"
        )


if __name__ == "__main__":
    main()
