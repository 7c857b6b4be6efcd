"""What the estimated variances cost the standard errors of a random-intercept model."""

import numpy as np
from numpy.typing import NDArray

from defaultmode.statistics.mixed_spectrum import Spectrum, Whitened

Array = NDArray[np.float64]


def adjusted_variances(white: Whitened, spectrum: Spectrum, ratio: Array) -> Array:
    """Variance of each coefficient in residual variances, for few participants, shape (p, k).

    ratio : (k,), participant over residual variance. The variance that takes the estimated
    variance components for known is too small by about what is added here; in balanced designs
    nothing is. Kenward & Roger (1997), eq. 5 and appendix, for variances that enter linearly.
    """
    sizes = white.sizes[:, None]
    shrink = 1 / (1 + sizes * ratio)  # of a participant's mean, squared and cubed below
    inverse = np.linalg.inv(_form(white, 1, (shrink - 1) / sizes))
    by_people = _form(white, 0, shrink**2)
    by_residual = _form(white, 1, (shrink**2 - 1) / sizes)
    twice = {
        (0, 0): _form(white, 0, sizes * shrink**3),
        (0, 1): _form(white, 0, shrink**3),
        (1, 1): _form(white, 1, (shrink**3 - 1) / sizes),
    }
    first = (by_people, by_residual)
    weight = np.linalg.inv(_expected_information(spectrum, ratio))
    middle = np.zeros_like(inverse)
    for (i, j), second in twice.items():
        term = second - first[i] @ inverse @ first[j]
        if i != j:
            term = term + term.transpose(0, 2, 1)
        middle += weight[:, i, j, None, None] * term
    known = np.einsum("ip,kpq,iq->ik", white.back, inverse, white.back, optimize=True)
    added = white.back @ inverse
    cost = 2 * np.einsum("kip,kpq,kiq->ik", added, middle, added, optimize=True)
    return np.asarray(known + np.maximum(cost, 0.0))


def _form(white: Whitened, rows: float, people: Array) -> Array:
    """X′MX where M weighs the rows, and the sums of participants by their size, (k, p, p)."""
    return np.asarray(
        rows * np.eye(len(white.back)) + np.tensordot(people.T, white.products, axes=1)
    )


def _expected_information(spectrum: Spectrum, ratio: Array) -> Array:
    """Of participant and residual variance, at a residual variance of 1, (k, 2, 2)."""
    share = 1 / (1 + spectrum.size[:, None] * ratio)
    within = spectrum.freedom - spectrum.count.sum()
    people = spectrum.count * spectrum.size**2 @ share**2
    mixed = spectrum.count * spectrum.size @ share**2
    residual = spectrum.count @ share**2 + within
    return np.moveaxis(np.array([[people, mixed], [mixed, residual]]), 2, 0) / 2
