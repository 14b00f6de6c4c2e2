"""Writes the golden model files of Tests/ModelStoreTests/Fixtures.

An independent writer of format versions 1 and 2: struct, json and numpy, nothing of ours. The
Swift tests read the files, compare every tensor with the formula below, and write those of the
newest version again byte for byte. Files of a format version are never changed: later releases
must go on reading them.
"""

import argparse
import json
import pathlib
import struct

import numpy as np

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "ModelStoreTests" / "Fixtures"


def weights(name, shape):
    """((37 i + 11 len(name)) mod 101 − 50) / 64: exact in float32."""
    i = np.arange(int(np.prod(shape)))
    return (((37 * i + 11 * len(name)) % 101 - 50) / 64).astype("<f4").reshape(shape)


def scales(shape):
    """1 + (i mod 4) / 4: positive and exact in float32."""
    i = np.arange(int(np.prod(shape)))
    return (1 + (i % 4) / 4).astype("<f4").reshape(shape)


def standardization(theta_dim, x_dim, centred=False):
    if centred:
        theta = {
            "standardization.theta_mean": weights("standardization.theta_mean", [theta_dim]),
            "standardization.theta_standard_deviation": scales([theta_dim]),
        }
    else:
        theta = {
            "standardization.theta_scale": scales([theta_dim]),
            "standardization.theta_shift": weights("standardization.theta_shift", [theta_dim]),
        }
    return theta | {
        "standardization.x_mean": weights("standardization.x_mean", [x_dim]),
        "standardization.x_standard_deviation": scales([x_dim]),
    }


def layer(tensors, name, rows, columns):
    for part, shape in (("weight", [rows, columns]), ("bias", [rows])):
        tensors[f"{name}.{part}"] = weights(f"{name}.{part}", shape)


def mask(tensors, name, allowed):
    tensors[name] = np.where(allowed, tensors[name], np.float32(0))


def flow(theta_dim, x_dim, hidden, blocks, transforms):
    """Weights of a flow whose units all have degree 1; what the masks cut is zero."""
    tensors = standardization(theta_dim, x_dim)
    inputs = np.arange(1, theta_dim + 1)
    outputs = np.repeat(inputs, 2)[:, None]
    for i in range(transforms):
        layer(tensors, f"transforms.{i}.initial", hidden, theta_dim)
        layer(tensors, f"transforms.{i}.context", hidden, x_dim)
        for j in range(blocks):
            layer(tensors, f"transforms.{i}.blocks.{j}", hidden, hidden)
        layer(tensors, f"transforms.{i}.final", 2 * theta_dim, hidden)
        mask(tensors, f"transforms.{i}.initial.weight", inputs <= 1)
        mask(tensors, f"transforms.{i}.final.weight", outputs > 1)
    return tensors


def mixture(theta_dim, x_dim, components, hidden, layers, centred=False):
    tensors = standardization(theta_dim, x_dim, centred)
    for j in range(layers):
        layer(tensors, f"hidden.{j}", hidden, x_dim if j == 0 else hidden)
    layer(tensors, "logits", components, hidden)
    layer(tensors, "means", components * theta_dim, hidden)
    layer(tensors, "diagonal", components * theta_dim, hidden)
    layer(tensors, "upper", components * theta_dim * (theta_dim - 1) // 2, hidden)
    return tensors


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def encode(metadata, tensors):
    header = {"__metadata__": {"posterior": compact(metadata)}}
    data = b""
    for name in sorted(tensors):
        values = tensors[name].tobytes()
        header[name] = {
            "dtype": "F32",
            "shape": list(tensors[name].shape),
            "data_offsets": [len(data), len(data) + len(values)],
        }
        data += values
    text = compact(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def maf():
    metadata = {
        "format_version": 1,
        "summary": "Golden flow “maf”",
        "estimator": {
            "architecture": "maf",
            "hidden_features": 6,
            "blocks": 2,
            "scale_floor": 0.001,
            "transforms": [
                {"degrees": [1, 1, 1, 1, 1, 1], "permutation": [1, 0]},
                {"degrees": [1, 1, 1, 1, 1, 1], "permutation": [0, 1]},
            ],
        },
        "theta": {"shape": [2], "names": ["θ₁", "mass"], "units": ["", "kg"]},
        "x": {"shape": [3, 1], "names": ["a", "b", "c"]},
        "prior": {"type": "box_uniform", "lower": [-1.0, -2.5], "upper": [1.0, 2.5]},
        "data_scale": 1.25,
        "training": {
            "task": "golden",
            "simulations": 1000,
            "defense": "fim",
            "beta": 0.01,
            "seed": 18446744073709551615,
            "software_version": "posterior-server 0.1.0",
            "batch_size": 200,
            "learning_rate": 0.0005,
            "validation_fraction": 0.1,
            "epochs": 2,
            "best_epoch": 2,
            "training_losses": [1.5, -0.25],
            "validation_losses": [1.625, -0.125],
            "duration_seconds": 12.75,
        },
        "calibration": {"observations": 100, "levels": [0.5, 0.9], "coverage": [0.52, 0.88]},
    }
    return encode(metadata, flow(theta_dim=2, x_dim=3, hidden=6, blocks=2, transforms=2))


def mdn():
    metadata = {
        "format_version": 1,
        "estimator": {
            "architecture": "mdn",
            "components": 3,
            "hidden_features": 5,
            "hidden_layers": 2,
            "diagonal_floor": 0.0001,
        },
        "theta": {"shape": [2], "names": ["a", "b"]},
        "x": {"shape": [4]},
        "prior": {
            "type": "product",
            "factors": [
                {
                    "type": "diagonal_normal",
                    "mean": [0.5],
                    "standard_deviation": [2.0],
                },
                {
                    "type": "log_normal",
                    "log_mean": [-1.0],
                    "log_standard_deviation": [0.75],
                },
            ],
        },
        "data_scale": 1.0,
        "training": {
            "data_digest": "sha256:00ff",
            "simulations": 50,
            "defense": "none",
            "seed": 7,
            "software_version": "posterior-server 0.1.0",
            "training_losses": [],
            "validation_losses": [],
        },
    }
    return encode(metadata, mixture(theta_dim=2, x_dim=4, components=3, hidden=5, layers=2))


def imported():
    """A model as an importer writes it: truncated, centred, with a source and no training."""
    metadata = {
        "format_version": 2,
        "summary": "Golden import",
        "estimator": {
            "architecture": "mdn",
            "components": 3,
            "hidden_features": 5,
            "hidden_layers": 2,
            "diagonal_floor": 0.0001,
        },
        "theta": {"shape": [2], "names": ["a", "b"]},
        "x": {"shape": [2, 2]},
        "prior": {"type": "box_uniform", "lower": [-1.0, -2.5], "upper": [1.0, 2.5]},
        "support": "truncated",
        "standardization": {"theta": "centred"},
        "source": {
            "software": "sbi 0.27.0",
            "estimator": "mdn",
            "versions": {"nflows": "0.14", "torch": "2.13.0"},
            "amortized": None,
            "notes": ["first “note”", "second"],
        },
    }
    return encode(metadata, mixture(2, 4, components=3, hidden=5, layers=2, centred=True))


def trained():
    """A model of our own whose training record leaves out what is optional."""
    metadata = {
        "format_version": 2,
        "estimator": {
            "architecture": "mdn",
            "components": 1,
            "hidden_features": 4,
            "hidden_layers": 1,
            "diagonal_floor": 0.0001,
        },
        "theta": {"shape": [2], "names": ["a", "b"], "units": ["m", ""]},
        "x": {"shape": [3]},
        "prior": {"type": "diagonal_normal", "mean": [0.5, 0.0], "standard_deviation": [2.0, 1.0]},
        "data_scale": 0.75,
        "training": {
            "data_digest": "sha256:00ff",
            "defense": "none",
            "software_version": "posterior-server 0.2.0",
            "training_losses": [1.5],
            "validation_losses": [1.625],
        },
        "source": {
            "software": "sbi 0.26.1",
            "versions": {},
            "amortized": True,
            "notes": [],
        },
        "calibration": {"observations": 100, "levels": [0.5, 0.9], "coverage": [0.52, 0.88]},
    }
    return encode(metadata, mixture(2, 3, components=1, hidden=4, layers=1))


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    FIXTURES.mkdir(exist_ok=True)
    for name, content in (
        ("maf-v1", maf()),
        ("mdn-v1", mdn()),
        ("imported-v2", imported()),
        ("trained-v2", trained()),
    ):
        (FIXTURES / f"{name}.safetensors").write_bytes(content)
