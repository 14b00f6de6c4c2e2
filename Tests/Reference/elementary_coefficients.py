"""Fits the polynomials behind the elementary functions of Kernels, and measures those in use.

Each function is reduced to a polynomial, or a quotient of two, in one variable t:

    exp      e^r = 1 + r + r²·P(r),                 t = r,   |r| ≤ ln 2 / 2,        P(0) = ½
    log      log(1+f) = f − f²/2 + f³·P(f),         t = f,   √½ − 1 ≤ f ≤ √2 − 1
    sin      sin(π/2·x) = x·S(x²),                  t = x²,  |x| ≤ ½
    cos      cos(π/2·x) = C(x²),                    t = x²,  |x| ≤ ½
    tanh     tanh x = x·P(x²)/Q(x²),                t = x²,  |x| ≤ 9.02,            P(0) = Q(0) = 1

The fit minimises the largest relative error of the whole function with the Remez exchange, in 60
digits; for the quotient each step of the exchange is solved with Newton's method. Errors are those
of exact arithmetic: what rounding adds in float32 is measured by the tests of Kernels.
"""

from __future__ import annotations

import argparse
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import mpmath
from mpmath import mp, mpf

mp.dps = 60
GRID = 4000
TANH_LIMIT = mpf("9.02")

Function = Callable[[mpf], mpf]

# The coefficients in Sources/Kernels, lowest power first.
IN_USE: dict[str, list[list[float]]] = {
    "exp": [
        [0.5, 0.16666576989698775, 0.041666554617204574, 0.008363179052722578, 0.0013926183587713494]
    ],
    "log": [
        [
            0.33333331180030046, -0.24999996957950882, 0.200007157488921, -0.16667802319501254,
            0.1424905764569748, -0.12425687331451106, 0.1168541992348674, -0.11479733846637635,
            0.06971611471451178,
        ]
    ],
    "sin": [
        [
            1.5707963267881, -0.6459640961467954, 0.07969258272563062, -0.004681266256726241,
            0.00015820630355646844,
        ]
    ],
    "cos": [
        [
            0.9999999999999444, -1.2337005501201592, 0.25366950715370434, -0.020863468002244645,
            0.0009191617369539572, -2.4850963357813638e-05,
        ]
    ],
    "tanh": [
        [
            1, 0.13382685011445156, 0.0034974549911705594, 2.0635778522277455e-05,
            1.3384231792783012e-08,
        ],
        [
            1, 0.46716006259774623, 0.025884350729499774, 0.0003288512961480645,
            7.790224559189648e-07,
        ],
    ],
}  # fmt: skip


@dataclass(frozen=True)
class Approximation:
    """One fit: the range of t, what is fitted, and the weight of an error of the fit.

    The relative error of the whole function is (fit − target) · weight. `fixed` holds the leading
    coefficients that are given, and `coefficients` counts those that are free: of the polynomial,
    or of numerator and denominator together.
    """

    lower: mpf
    upper: mpf
    target: Function
    weight: Function
    coefficients: int
    fixed: tuple[mpf, ...] = ()
    rational: bool = False


def square_root_ratio(function: Function, slope: mpf) -> Function:
    """t ↦ function(√t)/√t, which tends to `slope` at zero."""
    return lambda t: function(mpmath.sqrt(t)) / mpmath.sqrt(t) if t > 0 else slope


def exp_remainder(r: mpf) -> mpf:
    return (mpmath.expm1(r) - r) / r**2 if r != 0 else mpf(1) / 2


def log_remainder(f: mpf) -> mpf:
    return (mpmath.log1p(f) - f + f**2 / 2) / f**3 if f != 0 else mpf(1) / 3


def log_weight(f: mpf) -> mpf:
    return abs(f**3 / mpmath.log1p(f)) if f != 0 else mpf(0)


half_pi = mpmath.pi / 2
sine = square_root_ratio(lambda x: mpmath.sin(half_pi * x), half_pi)
hyperbolic_tangent = square_root_ratio(mpmath.tanh, mpf(1))


def cosine(t: mpf) -> mpf:
    return mpmath.cos(half_pi * mpmath.sqrt(t))


APPROXIMATIONS: dict[str, Approximation] = {
    "exp": Approximation(
        -mpmath.log(2) / 2,
        mpmath.log(2) / 2,
        exp_remainder,
        lambda r: r**2 * mpmath.exp(-r),
        coefficients=4,
        fixed=(mpf(1) / 2,),
    ),
    "log": Approximation(
        mpmath.sqrt(mpf(1) / 2) - 1, mpmath.sqrt(2) - 1, log_remainder, log_weight, coefficients=9
    ),
    "sin": Approximation(mpf(0), mpf(1) / 4, sine, lambda t: 1 / sine(t), coefficients=5),
    "cos": Approximation(mpf(0), mpf(1) / 4, cosine, lambda t: 1 / cosine(t), coefficients=6),
    "tanh": Approximation(
        mpf(0),
        TANH_LIMIT**2,
        hyperbolic_tangent,
        lambda t: 1 / hyperbolic_tangent(t),
        coefficients=8,
        fixed=(mpf(1),),
        rational=True,
    ),
}


def polynomial(coefficients: Sequence[mpf], t: mpf) -> mpf:
    return mpmath.polyval(list(reversed(coefficients)), t)


def evaluate(parts: Sequence[Sequence[mpf]], t: mpf) -> mpf:
    """A polynomial, or the quotient of two."""
    value = polynomial(parts[0], t)
    return value / polynomial(parts[1], t) if len(parts) == 2 else value


@dataclass(frozen=True)
class Grid:
    """Chebyshev-spaced points, with target and weight at each of them."""

    points: list[mpf]
    targets: list[mpf]
    weights: list[mpf]

    @staticmethod
    def of(approximation: Approximation, size: int) -> Grid:
        # Where t is a square, points are dense in x rather than in t.
        squared = approximation.lower == 0
        upper = mpmath.sqrt(approximation.upper) if squared else approximation.upper
        lower = -upper if squared else approximation.lower
        middle, radius = (lower + upper) / 2, (upper - lower) / 2
        points = [middle - radius * mpmath.cos(mp.pi * k / (size - 1)) for k in range(size)]
        if squared:
            points = sorted({x**2 for x in points if x >= 0})
        return Grid(
            points,
            [approximation.target(t) for t in points],
            [approximation.weight(t) for t in points],
        )

    def errors(self, parts: Sequence[Sequence[mpf]]) -> list[mpf]:
        return [
            weight * (evaluate(parts, t) - target)
            for t, target, weight in zip(self.points, self.targets, self.weights, strict=True)
        ]


def alternating_extrema(errors: Sequence[mpf], count: int) -> list[int]:
    """The positions of `count` extrema of alternating sign, the largest error among them."""
    extrema: list[int] = []
    for k, error in enumerate(errors):
        if extrema and (error > 0) == (errors[extrema[-1]] > 0):
            if abs(error) > abs(errors[extrema[-1]]):
                extrema[-1] = k
        else:
            extrema.append(k)
    while len(extrema) > count:
        ends_differ = abs(errors[extrema[0]]) < abs(errors[extrema[-1]])
        if len(extrema) == count + 1:
            extrema.pop(0 if ends_differ else -1)
            continue
        smallest = min(range(len(extrema)), key=lambda k: abs(errors[extrema[k]]))
        if smallest in (0, len(extrema) - 1):
            extrema.pop(smallest)
        else:
            # Two neighbours of one sign remain; the larger of them stands for both.
            left, right = extrema[smallest - 1], extrema[smallest + 1]
            kept = left if abs(errors[left]) >= abs(errors[right]) else right
            extrema[smallest - 1 : smallest + 2] = [kept]
    return extrema


def levelled_polynomial(
    approximation: Approximation, grid: Grid, extrema: Sequence[int]
) -> list[list[mpf]]:
    """The polynomial whose weighted error is ±E, in turn, at the extrema."""
    size = approximation.coefficients + 1
    offset = len(approximation.fixed)
    matrix, right = mpmath.matrix(size, size), mpmath.matrix(size, 1)
    for row, k in enumerate(extrema):
        t = grid.points[k]
        for column in range(size - 1):
            matrix[row, column] = t ** (column + offset)
        matrix[row, size - 1] = (-1) ** row / grid.weights[k]
        right[row] = grid.targets[k] - polynomial(approximation.fixed or [mpf(0)], t)
    solution = mpmath.lu_solve(matrix, right)
    return [[*approximation.fixed, *(solution[k] for k in range(size - 1))]]


def levelled_quotient(
    approximation: Approximation,
    grid: Grid,
    extrema: Sequence[int],
    start: Sequence[Sequence[mpf]],
) -> list[list[mpf]]:
    """The quotient whose weighted error is ±E, in turn, at the extrema, by Newton's method."""
    size = approximation.coefficients + 1
    half = approximation.coefficients // 2
    parts = [list(part) for part in start]
    level = mpf(0)
    for _ in range(60):
        matrix, right = mpmath.matrix(size, size), mpmath.matrix(size, 1)
        for row, k in enumerate(extrema):
            t, sign = grid.points[k], (-1) ** row
            goal = grid.targets[k] + sign * level / grid.weights[k]
            top, bottom = polynomial(parts[0], t), polynomial(parts[1], t)
            for column in range(half):
                matrix[row, column] = t ** (column + 1)
                matrix[row, half + column] = -goal * t ** (column + 1)
            matrix[row, size - 1] = -sign * bottom / grid.weights[k]
            right[row] = goal * bottom - top
        step = mpmath.lu_solve(matrix, right)
        for column in range(half):
            parts[0][column + 1] += step[column]
            parts[1][column + 1] += step[half + column]
        level += step[size - 1]
        if abs(step[size - 1]) <= mpf(10) ** -40:
            return parts
    raise ArithmeticError("Newton's method did not settle on a quotient")


def interpolating_quotient(approximation: Approximation) -> list[list[mpf]]:
    """The quotient that meets the target at Chebyshev points in x: where the exchange starts."""
    count = approximation.coefficients
    half = count // 2
    radius = mpmath.sqrt(approximation.upper)
    matrix, right = mpmath.matrix(count, count), mpmath.matrix(count, 1)
    for row in range(count):
        t = (radius * mpmath.cos(mp.pi * (2 * row + 1) / (4 * count + 2))) ** 2
        goal = approximation.target(t)
        for column in range(half):
            matrix[row, column] = t ** (column + 1)
            matrix[row, half + column] = -goal * t ** (column + 1)
        right[row] = goal - 1
    solution = mpmath.lu_solve(matrix, right)
    return [
        [mpf(1), *(solution[k] for k in range(half))],
        [mpf(1), *(solution[half + k] for k in range(half))],
    ]


def fit(approximation: Approximation, grid: Grid) -> list[list[mpf]]:
    """The coefficients of least largest weighted error."""
    count = approximation.coefficients + 1
    size = len(grid.points)
    if approximation.rational:
        parts = interpolating_quotient(approximation)
        extrema = alternating_extrema(grid.errors(parts), count)
    else:
        extrema = [round((k + 0.5) * (size - 1) / count) for k in range(count)]
        parts = levelled_polynomial(approximation, grid, extrema)
    for _ in range(100):
        if approximation.rational:
            parts = levelled_quotient(approximation, grid, extrema, parts)
        else:
            parts = levelled_polynomial(approximation, grid, extrema)
        errors = grid.errors(parts)
        found = alternating_extrema(errors, count)
        if len(found) < count:
            raise ArithmeticError(f"only {len(found)} of {count} extrema alternate")
        sizes = [abs(errors[k]) for k in found]
        if max(sizes) <= min(sizes) * (1 + mpf(10) ** -6):
            return parts
        extrema = found
    raise ArithmeticError("the exchange did not settle")


def largest_error(grid: Grid, parts: Sequence[Sequence[mpf]]) -> tuple[mpf, mpf]:
    """The largest relative error of the whole function, and the t where it occurs."""
    errors = grid.errors(parts)
    worst = max(range(len(errors)), key=lambda k: abs(errors[k]))
    return abs(errors[worst]), grid.points[worst]


def as_float32(parts: Sequence[Sequence[float]]) -> list[list[mpf]]:
    return [[mpf(struct.unpack("<f", struct.pack("<f", c))[0]) for c in part] for part in parts]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("functions", nargs="*", metavar="FUNCTION", help=", ".join(APPROXIMATIONS))
    parser.add_argument("--grid", type=int, default=GRID, help=f"points tested, default {GRID}")
    arguments = parser.parse_args()
    for name in arguments.functions:
        if name not in APPROXIMATIONS:
            parser.error(f"unknown function {name}: expected one of {', '.join(APPROXIMATIONS)}")
    for name in arguments.functions or APPROXIMATIONS:
        approximation = APPROXIMATIONS[name]
        grid = Grid.of(approximation, arguments.grid)
        in_use = [[mpf(c) for c in part] for part in IN_USE[name]]
        fitted = fit(approximation, grid)
        rows = [
            ("minimax", fitted),
            ("in use, as doubles", in_use),
            ("in use, as floats", as_float32(IN_USE[name])),
        ]
        print(f"{name}: largest relative error in exact arithmetic")
        for label, parts in rows:
            error, position = largest_error(grid, parts)
            print(f"  {label:<20} {mpmath.nstr(error, 4):>10} at t = {mpmath.nstr(position, 6)}")
        for label, part in zip("PQ", fitted):
            print(f"  {label} = [{', '.join(repr(float(c)) for c in part)}]")
        if approximation.rational:
            positive = all(c > 0 for part in fitted for c in part)
            print(f"  all coefficients positive: {'yes' if positive else 'no'}")


if __name__ == "__main__":
    main()
