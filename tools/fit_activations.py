"""Fits the constants of skrnn/kernels/activations.h and prints them as C initialisers.

Function: c(h) = h coth(h), even and close to 1, by a polynomial 1 + c1 q + c2 q² + ... in q = h².
Interval: |h| ≤ ln2/4, what is left of x after subtracting a multiple of ln2/2; slightly widened, as
that multiple is itself found in rounded arithmetic.
Measure: the maximal relative error, which is that of h / c(h) for tanh(h). The relative error of
(c + h) / (c - h) for e^2h is about a third of it.

The minimax coefficients come from the Remez exchange in high precision, with as few terms as leave
an error far below the unit roundoff u of float and of double. The constant is kept at exactly 1, so
that tanh(x) = x for tiny x. Rounding the coefficients to the target precision costs nothing that a
search among their neighbours could win back, as the printed errors show: their terms are small
against the constant.

Run ``python tools/fit_activations.py``; it needs mpmath and numpy, and takes seconds.
"""

import mpmath as mp
import numpy as np

mp.mp.dps = 50
HALF_LN2 = mp.log(2) / 2
LARGEST_H = HALF_LN2 / 2 * (1 + mp.mpf(2) ** -10)
# The error at q = 0 is 0, so the grid starts after it.
GRID = mp.linspace(0, LARGEST_H**2, 2001)[1:]
VALUES = [mp.sqrt(q) * mp.coth(mp.sqrt(q)) for q in GRID]


def relative_errors(coefficients):
    """Of 1 + c1 q + c2 q² + ... at each point of the grid."""
    return [
        mp.polyval([*coefficients[::-1], 1], q) / value - 1
        for q, value in zip(GRID, VALUES, strict=True)
    ]


def remez(terms):
    """Minimax coefficients c1, c2, ...

    The best polynomial's error is largest, with alternating sign, at terms + 1 points. Each step
    finds the polynomial whose errors at the current points alternate and are of equal size, which
    is a linear system for the coefficients and that size, then moves every point to the extremum
    of the error next to it.
    """
    # First the extrema of a Chebyshev polynomial.
    spaced = (1 - np.cos(np.pi * np.arange(1, terms + 2) / (terms + 1))) / 2
    points = [round(x * (len(GRID) - 1)) for x in spaced]
    while True:
        system = mp.matrix(
            [
                [GRID[i] ** k / VALUES[i] for k in range(1, terms + 1)] + [(-1) ** row]
                for row, i in enumerate(points)
            ]
        )
        *coefficients, _ = mp.lu_solve(system, mp.matrix([1 - 1 / VALUES[i] for i in points]))
        errors = relative_errors(coefficients)
        # One extremum lies between every two changes of sign.
        changes = [i for i in range(1, len(GRID)) if errors[i] * errors[i - 1] < 0]
        extrema = [
            max(range(start, end), key=lambda i: abs(errors[i]))
            for start, end in zip([0, *changes], [*changes, len(GRID)], strict=True)
        ]
        if extrema == points:
            return coefficients
        points = extrema


def split(value, bits):
    """value = high + low, where high has only that many bits."""
    unit = mp.mpf(2) ** (mp.frexp(value)[1] - bits)
    high = mp.nint(value / unit) * unit
    return high, value - high


def main():
    # The bits of HALF_LN2_HIGH leave room for those of any exponent: n times it is exact.
    for name, real, suffix, terms, bits in [
        ("float", np.float32, "f", 2, 24 - 8),
        ("double", np.float64, "", 5, 53 - 11),
    ]:
        fitted = remez(terms)
        unit = float(np.finfo(real).epsneg)
        for kind, coefficients in [
            ("fitted", fitted),
            ("rounded", [float(real(c)) for c in fitted]),
        ]:
            error = max(map(abs, relative_errors(coefficients))) / unit
            print(f"/* {name}, {kind}: relative error {mp.nstr(error, 2)} u */")
        high, low = split(HALF_LN2, bits)
        for constant, values in [
            ("COTH", fitted[::-1]),
            ("TWO_LOG2E", [1 / HALF_LN2]),
            ("HALF_LN2_HIGH", [high]),
            ("HALF_LN2_LOW", [low]),
        ]:
            print(f"#define {constant}_{name}", ", ".join(f"{real(v)!s}{suffix}" for v in values))


if __name__ == "__main__":
    main()
