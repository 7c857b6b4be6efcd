"""Not a simulator: one large product of matrices in single precision, for the machine's peak."""

from collections.abc import Callable

import numpy as np
from work import Work

BATCHES = THREADS = True
SIZE = 2048
OPERATIONS = 2 * SIZE**3


def prepare(work: Work) -> tuple[int, Callable[[], np.ndarray]]:  # noqa: ARG001
    """No seconds, and the product."""
    rng = np.random.default_rng(0)
    a, b = rng.random((2, SIZE, SIZE), dtype=np.float32)
    out = np.dot(a, b)
    return 0, lambda: np.dot(a, b, out=out)
