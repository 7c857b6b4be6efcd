"""Power, sample size and the odds of each verdict before there are data, on plain arrays."""

from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.statistics.comparisons import NEVER, Comparison

Array = NDArray[np.float64]
ALPHA = 0.05
MOST_PEOPLE = 10_000_000  # beyond it no study is planned
LARGEST_EFFECT = 1000.0  # in standard deviations, where the search ends
GRID = 2000  # equally likely effects over which assurance is averaged


@dataclass(frozen=True, slots=True)
class Odds:
    """How likely each verdict is; they add up to 1."""

    supported: float
    contradicted: float
    negligible: float
    inconclusive: float


def power(
    comparison: Comparison, effect: ArrayLike, n: ArrayLike, *, alpha: float = ALPHA
) -> Array:
    """Probability of a two-sided p below alpha, of the broadcast shape.

    effect : in the comparison's statistic; n : people as it counts them. Noncentral t (Cohen 1988),
    normal where its degrees of freedom are infinite.
    """
    below, above = tails(comparison, effect, n, alpha=alpha)
    return below + above


def tails(
    comparison: Comparison, effect: ArrayLike, n: ArrayLike, *, alpha: float = ALPHA
) -> tuple[Array, Array]:
    """Probability of p below alpha with a negative and with a positive estimate."""
    _between("alpha", alpha)
    centre, freedom, widening = comparison.spread(effect, n)
    edge = _quantile(1 - alpha / 2, freedom)
    below = _below(-edge, centre, freedom, widening)
    return below, 1 - _below(edge, centre, freedom, widening)


def needed(
    comparison: Comparison, effect: float, *, target: float = 0.8, alpha: float = ALPHA
) -> int:
    """Smallest n with at least this power; raises E432 where no study is large enough."""
    _between("power", target)
    if abs(effect) >= comparison.limit:
        msg = f"an effect of {effect:g} is not possible; {comparison.statistic} has limits."
        raise DefaultModeError("E432", msg)
    low, high = comparison.least - 1, comparison.least
    while float(power(comparison, effect, high, alpha=alpha)) < target:
        low, high = high, 2 * high
        if high > MOST_PEOPLE:
            msg = f"no n below {MOST_PEOPLE} gives an effect of {effect:g} a power of {target:g}."
            raise DefaultModeError("E432", msg)
    while high - low > 1:
        middle = (low + high) // 2
        enough = float(power(comparison, effect, middle, alpha=alpha)) >= target
        low, high = (low, middle) if enough else (middle, high)
    return high


def detectable(
    comparison: Comparison, n: int, *, target: float = 0.8, alpha: float = ALPHA
) -> float:
    """Smallest positive effect that n people find with this power, in the statistic."""
    from scipy.optimize import brentq

    _between("power", target)

    def lacking(effect: float) -> float:
        return float(power(comparison, effect, n, alpha=alpha)) - target

    top = 1 - NEVER if isfinite(comparison.limit) else 1.0
    while lacking(top) < 0 and comparison.limit > 2 * top <= LARGEST_EFFECT:
        top *= 2
    if lacking(top) < 0:
        raise DefaultModeError("E432", f"n is {n}: no effect would be found with this power.")
    return float(brentq(lacking, comparison.none, top, xtol=1e-10))


def assurance(
    comparison: Comparison, effects: ArrayLike, n: int, *, sign: int = 1, alpha: float = ALPHA
) -> float:
    """Power averaged over equally likely effects, in one direction only.

    effects : (k,), such as `normal_effects` gives; sign : 1 or −1, the direction that counts.
    O'Hagan, Stevens & Campbell (2005).
    """
    below, above = tails(comparison, effects, n, alpha=alpha)
    return float(np.mean(above if sign > 0 else below))


def normal_effects(mean: float, sd: float, comparison: Comparison) -> Array:
    """Equally likely effects of a normal distribution on the comparison's scale, (GRID,).

    mean : in the statistic; sd : on the scale on which the estimate is normal (z for correlations).
    """
    from scipy.special import ndtri

    steps = ndtri((np.arange(GRID) + 0.5) / GRID)
    return comparison.unscale(comparison.scale(np.asarray(mean)) + sd * steps)


def odds(
    comparison: Comparison,
    effect: float,
    n: int,
    *,
    smallest: float,
    sign: int = 1,
    alpha: float = ALPHA,
) -> Odds:
    """Probability of each verdict of the ledger where the true effect is this one.

    smallest : smallest effect of interest, above 0; sign : of the effect that the claim states, 0
    where an effect to either side supports it.
    Negligible is a 90 % interval inside ± smallest and goes before the others; supported and
    contradicted are a two-sided p below alpha on either side.
    """
    edge_inside = _inside(comparison, n, smallest)
    centre, freedom, widening = comparison.spread(effect, n)
    edge = float(_quantile(1 - alpha / 2, freedom))

    def between(low: float, high: float) -> float:
        first, second = (_below(np.array(x), centre, freedom, widening) for x in (low, high))
        return max(float(second - first), 0.0)

    negligible = between(-edge_inside, edge_inside) if edge_inside > 0 else 0.0
    outer = max(edge, edge_inside)
    above = 1 - float(_below(np.array(outer), centre, freedom, widening))
    below = float(_below(np.array(-outer), centre, freedom, widening))
    supported, contradicted = {1: (above, below), -1: (below, above), 0: (above + below, 0.0)}[sign]
    left = max(1 - supported - contradicted - negligible, 0.0)
    return Odds(supported, contradicted, negligible, left)


def equivalence_power(comparison: Comparison, effect: float, n: int, *, smallest: float) -> float:
    """Probability that two one-sided tests at 5 % place the effect inside ± smallest.

    Schuirmann (1987), with the limits in standard deviations, so by the noncentral t.
    """
    return odds(comparison, effect, n, smallest=smallest).negligible


def _inside(comparison: Comparison, n: int, smallest: float) -> float:
    """The |t| below which the 90 % interval lies inside ± smallest; not above 0 where none does."""
    if smallest <= 0:
        raise DefaultModeError("E432", f"smallest effect of interest is {smallest:g}, not above 0.")
    centre, freedom, widening = comparison.spread(comparison.none + smallest, n)
    if np.isinf(freedom):
        return float(centre + _quantile(ALPHA, freedom) * widening)
    from scipy.stats import nct

    return float(nct.ppf(ALPHA, freedom, centre))


def _below(t: Array, centre: Array, freedom: Array, widening: Array) -> Array:
    """Probability of a test statistic below t."""
    from scipy.special import ndtr
    from scipy.stats import nct

    if np.isinf(freedom).all():
        return np.asarray(ndtr((t - centre) / widening))
    # Mirrored onto t ≥ 0: scipy's cdf is NaN far out on the other side.
    mirrored = nct.sf(np.abs(t), freedom, -centre)
    return np.where(np.asarray(t) < 0, mirrored, nct.cdf(np.abs(t), freedom, centre))


def _quantile(p: float, freedom: Array) -> Array:
    from scipy.special import ndtri, stdtrit

    if np.isinf(freedom).all():
        return np.full(np.shape(freedom), ndtri(p))
    return np.asarray(stdtrit(freedom, p))


def _between(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise DefaultModeError("E432", f"{name} is {value:g}; it must be between 0 and 1.")
