"""Writes golden values of exp, log, tanh, sigmoid and softplus at float32 inputs.

The inputs are given by their bits: every exponent of either sign, denormals, zeros, infinities, NaN,
the neighbours of each threshold where an implementation changes its mind, and a seeded scatter over
the interval that networks use. The values are computed with 60 digits and rounded once to float64.
"""

from __future__ import annotations

import argparse
import math
import struct
from collections.abc import Callable
from pathlib import Path

import mpmath
import numpy as np

SEED = 20_260_101
MANTISSAS_PER_EXPONENT = 2
SCATTERED = 400
NEIGHBOURS = 3
DEFAULT_OUTPUT = (
    Path(__file__).resolve().parent.parent / "KernelsTests" / "Fixtures" / "elementary_functions.csv"
)

# Where results overflow, vanish, saturate or become the identity, and where logarithms split.
THRESHOLDS = [
    0.34657359, 0.41421356, 0.5, 0.625, 0.70710678, 1.0, 1.41421356, 2.0, math.e, math.pi, 9.0, 9.01,
    9.02, 10.0, 15.9424, 16.635, 17.33, 20.0, 87.33654, 88.0, 88.37626, 88.72284, 89.0, 103.27893,
    103.97208, 104.0, 127.0, 128.0,
]  # fmt: skip


def bits_of(value: float) -> int:
    """The bits of the float32 nearest to a number."""
    return struct.unpack("<I", struct.pack("<f", value))[0]


def value_of(bits: int) -> float:
    return struct.unpack("<f", struct.pack("<I", bits))[0]


def input_bits() -> list[int]:
    """All inputs, without repetition, in the order of their bits."""
    generator = np.random.default_rng(SEED)
    bits: set[int] = set()
    for sign in (0, 1 << 31):
        bits |= {sign, sign | 1, sign | 2, sign | 0x7FFFFF, sign | 0x800000, sign | 0x7F7FFFFF}
        bits |= {sign | 0x7F800000, sign | 0x7FC00000}
        for exponent in range(255):
            for mantissa in generator.integers(0, 1 << 23, MANTISSAS_PER_EXPONENT):
                bits.add(sign | exponent << 23 | int(mantissa))
        for threshold in THRESHOLDS:
            centre = bits_of(threshold)
            bits |= {sign | centre + step for step in range(-NEIGHBOURS, NEIGHBOURS + 1)}
    bits |= {bits_of(value) for value in generator.uniform(-20, 20, SCATTERED)}
    bits |= {bits_of(value) for value in generator.normal(0, 1, SCATTERED)}
    return sorted(bits)


def exponential(x: float) -> float:
    if x > 1000 or x < -1000:
        return math.inf if x > 0 else 0.0
    return float(mpmath.exp(mpmath.mpf(x)))


def logarithm(x: float) -> float:
    if x <= 0:
        return -math.inf if x == 0 else math.nan
    return x if math.isinf(x) else float(mpmath.log(mpmath.mpf(x)))


def hyperbolic_tangent(x: float) -> float:
    if x == 0 or abs(x) > 100:
        return math.copysign(min(abs(x), 1.0), x)
    return float(mpmath.tanh(mpmath.mpf(x)))


def sigmoid(x: float) -> float:
    if abs(x) > 1000:
        return 1.0 if x > 0 else 0.0
    return float(1 / (1 + mpmath.exp(-mpmath.mpf(x))))


def softplus(x: float) -> float:
    if abs(x) > 1000:
        return max(x, 0.0)
    return float(mpmath.log1p(mpmath.exp(mpmath.mpf(x))))


FUNCTIONS: dict[str, Callable[[float], float]] = {
    "exp": exponential,
    "log": logarithm,
    "tanh": hyperbolic_tangent,
    "sigmoid": sigmoid,
    "softplus": softplus,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=DEFAULT_OUTPUT, help="file to write")
    arguments = parser.parse_args()
    mpmath.mp.dps = 60
    lines = [",".join(["bits", *FUNCTIONS])]
    for bits in input_bits():
        x = value_of(bits)
        values = [math.nan if math.isnan(x) else function(x) for function in FUNCTIONS.values()]
        lines.append(",".join([f"{bits:08x}", *map(repr, values)]))
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text("\n".join(lines) + "\n")
    print(f"{arguments.output.name}: {len(lines) - 1} inputs, {arguments.output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
