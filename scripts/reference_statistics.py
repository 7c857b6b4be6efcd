"""Statistics of Deco 2014's model by plain NumPy, which the fast kernel is tested against.

    python scripts/reference_statistics.py [--people 16] [--minutes 10] [--out FILE]

Written from the paper's equations, apart from the package: double precision, NumPy's own normals,
dt 0.1 ms, coupling at every step, Balloon–Windkessel at 1 ms (Friston 2003) driven by S_E. Of the
package it takes the connectome and the inhibition that balances it at G = 0.5. About ten minutes.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from defaultmode.simulation.parameter_sets import parameter_set
from defaultmode.sources.connectomes import embedded_connectome

Array = NDArray[np.float64]
OUT = Path(__file__).resolve().parents[1] / "tests" / "reference" / "deco2014_statistics.npz"
DT_MS, SIGMA, SEED = 0.1, 0.01, 20140604
SETTLE_S = 20


def normals(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Noise of one step, with its standard deviation."""
    return SIGMA * np.sqrt(DT_MS) * rng.standard_normal(shape)


def rate(u: Array, d: float) -> Array:
    """Deco 2014, eq. 7, Hz."""
    return u / (1.0 - np.exp(-d * u))


def flow_step(x: Array, f: Array, v: Array, q: Array, drive: Array) -> tuple[Array, ...]:
    """One millisecond of blood flow; f, v and q are 1 at rest."""
    h = 1e-3
    dx = drive - 0.65 * x - 0.41 * (f - 1.0)
    dv = (f - v ** (1 / 0.32)) / 0.98
    dq = (f * (1.0 - (1.0 - 0.34) ** (1.0 / f)) / 0.34 - q * v ** (1 / 0.32 - 1.0)) / 0.98
    return x + h * dx, f + h * x, v + h * dv, q + h * dq


def bold_of(v: Array, q: Array) -> Array:
    """Percent signal change."""
    return 2.0 * (7 * 0.34 * (1 - q) + 2.0 * (1 - q / v) + (2 * 0.34 - 0.2) * (1 - v))


def run(people: int, seconds: int) -> tuple[Array, Array]:
    """Mean rates (regions, people) and BOLD once per second (seconds, regions, people)."""
    brain = parameter_set("deco2014", embedded_connectome())
    weights = 0.15 * float(brain.value("coupling")[0, 0]) * brain.routes["long_range"]
    j = brain.full("inhibition")
    rng = np.random.default_rng(SEED)
    shape = (len(weights), people)
    s_e, s_i = np.full(shape, 0.001), np.full(shape, 0.001)
    x, f, v, q = np.zeros(shape), np.ones(shape), np.ones(shape), np.ones(shape)
    total, bold = np.zeros(shape), []
    for ms in range(1000 * (SETTLE_S + seconds)):
        for _ in range(10):
            current_e = 0.382 + 0.21 * s_e + weights @ s_e - j * s_i
            current_i = 0.7 * 0.382 + 0.15 * s_e - s_i
            r_e = rate(310.0 * current_e - 125.0, 0.16)
            r_i = rate(615.0 * current_i - 177.0, 0.087)
            s_e = s_e + DT_MS * (-s_e / 100 + (1 - s_e) * 0.641e-3 * r_e) + normals(rng, shape)
            s_i = s_i + DT_MS * (-s_i / 10 + 1e-3 * r_i) + normals(rng, shape)
            np.clip(s_e, 0.0, 1.0, out=s_e)
            np.maximum(s_i, 0.0, out=s_i)
        x, f, v, q = flow_step(x, f, v, q, s_e)
        if ms >= 1000 * SETTLE_S:
            total += r_e
            if (ms + 1) % 1000 == 0:
                bold.append(bold_of(v, q))
    return total / (1000 * seconds), np.array(bold)


def main() -> None:
    """Simulate, print, write."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--people", type=int, default=16)
    given.add_argument("--minutes", type=int, default=10)
    given.add_argument("--out", type=Path, default=OUT)
    options = given.parse_args()
    rates, bold = run(options.people, 60 * options.minutes)
    each = np.array(
        [
            np.arctanh(np.corrcoef(bold[..., k].T) - np.eye(len(rates)))
            for k in range(options.people)
        ]
    )
    above = np.triu_indices(len(rates), 1)
    halves = [each[k::2].mean(axis=0)[above] for k in (0, 1)]
    print(
        f"mean rate {rates.mean():.4f} Hz, standard error over people "
        f"{rates.mean(axis=0).std(ddof=1) / np.sqrt(options.people):.4f}; "
        f"halves of the connectivity correlate {np.corrcoef(*halves)[0, 1]:.4f}"
    )
    np.savez_compressed(
        options.out,
        rate_hz=rates.astype(np.float32),
        fisher_z=np.array(halves).astype(np.float32),
        people=options.people,
        seconds=60 * options.minutes,
    )


if __name__ == "__main__":
    main()
