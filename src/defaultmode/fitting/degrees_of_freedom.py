"""How many numbers a fit really spends: far fewer than it may move, where a prior holds them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.missing import Missing
from defaultmode.fitting.search import Aim, Forward, Found, search
from defaultmode.fitting.target import observed

Array = NDArray[np.float64]
NUDGE = 0.5  # standard errors, our own: small beside the noise, large beside what search leaves


@dataclass(frozen=True, slots=True, eq=False)
class Freedom:
    """Effective degrees of freedom, as each probe found them.

    probes : (n_probes,)
    """

    probes: Array

    @property
    def degrees(self) -> float:
        """Mean over probes."""
        return float(self.probes.mean())

    @property
    def error(self) -> float | Missing:
        """Standard error of the mean over probes, Missing for a single one."""
        n = len(self.probes)
        if n < 2:
            return Missing("one probe does not tell how much probes differ")
        return float(self.probes.std(ddof=1) / np.sqrt(n))


def freedom(
    fitted: Callable[[Array], Array],
    values: Array,
    rng: np.random.Generator,
    *,
    nudge: float,
    probes: int,
) -> Freedom:
    """How far fitted values follow the data: the trace of their derivative by the data.

    fitted : the whole procedure, data (n,) → fitted values (n,); values : the data, (n,)
    nudge : how far a probe moves every value, in the data's unit, up or down by chance
    Generalised degrees of freedom (Ye 1998, doi 10.1080/01621459.1998.10474094), the trace by
    random signs (Hutchinson 1990, doi 10.1080/03610919008812866); both directions of a probe are
    fitted, so that a fit which does not quite settle cancels.
    """
    found = []
    for _ in range(probes):
        signs = rng.choice((-1.0, 1.0), size=len(values))
        rise = fitted(values + nudge * signs) - fitted(values - nudge * signs)
        found.append(signs @ rise / (2.0 * nudge))
    return Freedom(np.array(found))


def freedom_of_connectivity(
    model: Forward, aim: Aim, found: Found, rng: np.random.Generator, *, probes: int, steps: int
) -> Freedom:
    """Degrees of freedom that a fit spends on the correlations of all pairs, of n (n − 1) / 2.

    Every probe searches twice, for at most `steps`, from where the fit ended. What is spent on
    variances, lags and the global signal is not counted.
    """
    pairs = np.triu_indices(len(aim.target.z), 1)

    def fitted(values: Array) -> Array:
        z = np.zeros_like(aim.target.z)
        z[pairs] = values
        moved = replace(aim, target=replace(aim.target, z=z + z.T))
        again = search(model, moved, steps=steps, start=found.scores)
        return connectivity_z(aim, again)[pairs]

    nudge = NUDGE / float(np.sqrt(aim.target.samples))
    return freedom(fitted, aim.target.z[pairs], rng, nudge=nudge, probes=probes)


def connectivity_z(aim: Aim, found: Found) -> Array:
    """Fisher z of the fitted correlations, (n, n), 0 on the diagonal."""
    now, later = aim.shown(found.crossed)
    return observed(now, later, lag_s=aim.target.lag_s, samples=aim.target.samples).z


def reduced_chi_square(misfit: float, n_values: int, spent: float) -> float | Missing:
    """Squared standard errors missed per degree of freedom left; 1 where only noise is left.

    misfit : half the squared distance in standard errors, as `target.misfit` gives it, of
        `n_values` values; spent : effective degrees of freedom
    """
    if spent >= n_values:
        return Missing(f"{spent:.0f} degrees of freedom are spent on {n_values} values")
    return 2.0 * misfit / (n_values - spent)


def information_criterion(misfit: float, spent: float) -> float:
    """Squared distance in standard errors + 2 × degrees of freedom; the smaller predicts better.

    Akaike's criterion for known standard errors, with the degrees of freedom of Ye 1998.
    """
    return 2.0 * misfit + 2.0 * spent
