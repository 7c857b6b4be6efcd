"""What a fit aims at: connectivity, its lags, variances and the global signal in a band."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]
NEAREST_TO_ONE = 0.999  # of a correlation before Fisher's z, which has no value at 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How much each target counts beside connectivity, which counts 1; 0 leaves it out."""

    variance: float = 1.0
    lagged: float = 1.0
    global_signal: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """What was measured, in numbers that do not depend on the signal's unit.

    z : (n, n) Fisher z of the correlations, 0 on the diagonal
    log_variance : (n,) less its mean over regions
    lagged : (n, n) antisymmetric half of the correlation at lag_s, above 0 where the row is later
    global_share : log of the mean signal's variance, of the mean variance
    samples : independent samples that the band and the duration allow
    """

    z: Array
    log_variance: Array
    lagged: Array
    global_share: float
    lag_s: float
    samples: float

    @property
    def connectivity(self) -> Array:
        """Correlations, (n, n), 1 on the diagonal."""
        r = np.tanh(self.z)
        np.fill_diagonal(r, 1.0)
        return np.asarray(r)

    def of(self, regions: NDArray[np.intp]) -> "Target":
        """The same of some regions, (k,) indices."""
        pairs = np.ix_(regions, regions)
        logs = self.log_variance[regions]
        return replace(
            self, z=self.z[pairs], lagged=self.lagged[pairs], log_variance=logs - logs.mean()
        )

    def moved(self, to: "Target", away: "Target") -> "Target":
        """The same, further by as much as `to` lies from `away`."""
        return replace(
            self,
            z=self.z + to.z - away.z,
            log_variance=self.log_variance + to.log_variance - away.log_variance,
            lagged=self.lagged + to.lagged - away.lagged,
            global_share=self.global_share + to.global_share - away.global_share,
        )


def observed(now: Array, later: Array, *, lag_s: float, samples: float) -> Target:
    """The target in covariances (n, n) and covariances at a lag (the row later than the column)."""
    variance = np.diagonal(now)
    pair = np.sqrt(np.outer(variance, variance))
    correlation = np.clip(now / pair, -NEAREST_TO_ONE, NEAREST_TO_ONE)
    np.fill_diagonal(correlation, 0.0)
    delayed = later / pair
    logs = np.log(variance)
    return Target(
        z=np.arctanh(correlation),
        log_variance=logs - logs.mean(),
        lagged=(delayed - delayed.T) / 2.0,
        global_share=float(np.log(now.mean() / variance.mean())),
        lag_s=lag_s,
        samples=samples,
    )


def measured(
    signal: Array, usable: NDArray[np.bool_], tr_s: float, *, lag_s: float, samples: float
) -> Target:
    """The target in the usable frames of a signal (n_time, n); the lag is rounded to volumes."""
    volumes = max(1, round(lag_s / tr_s))
    kept = np.where(usable[:, None], signal - signal[usable].mean(axis=0), 0.0)
    pairs = max(1, int((usable[volumes:] & usable[:-volumes]).sum()))
    now = kept.T @ kept / usable.sum()
    later = kept[volumes:].T @ kept[:-volumes] / pairs
    return observed(now, later, lag_s=volumes * tr_s, samples=samples)


def average(targets: list[Target]) -> Target:
    """The mean of several people's targets, quantity by quantity; samples add up."""
    return replace(
        targets[0],
        z=np.mean([t.z for t in targets], axis=0),
        log_variance=np.mean([t.log_variance for t in targets], axis=0),
        lagged=np.mean([t.lagged for t in targets], axis=0),
        global_share=float(np.mean([t.global_share for t in targets])),
        samples=float(sum(t.samples for t in targets)),
    )


def misfit(
    target: Target, now: Array, later: Array, weights: Weights
) -> tuple[float, Array, Array]:
    """Half the squared distance in standard errors, and its derivative by both covariances.

    The standard error is that of Gaussian samples: 1/√samples for a Fisher z and a lagged
    correlation, √(2/samples) for a log variance. Pairs of regions are taken as independent, which
    they are not: what that does to intervals is mended in `uncertainty`.
    """
    seen = observed(now, later, lag_s=target.lag_s, samples=target.samples)
    above = np.triu(np.ones_like(now), 1)
    z = (seen.z - target.z) * above
    lag = weights.lagged * (seen.lagged - target.lagged) * above
    logs = weights.variance * (seen.log_variance - target.log_variance) / 2.0
    share = weights.global_signal * (seen.global_share - target.global_share) / 2.0
    value = (
        (z * (seen.z - target.z)).sum()
        + (lag * (seen.lagged - target.lagged)).sum()
        + (logs * (seen.log_variance - target.log_variance)).sum()
        + share * (seen.global_share - target.global_share)
    )
    variance = np.diagonal(now)
    pair = np.sqrt(np.outer(variance, variance))
    by_r = z / (1.0 - np.tanh(seen.z) ** 2)
    by_delayed = (lag - lag.T) / 2.0
    scaled = by_r * now / pair + by_delayed * later / pair
    by_variance = (logs - logs.mean() - (scaled.sum(axis=0) + scaled.sum(axis=1)) / 2.0) / variance
    by_now = by_r / pair + np.diag(by_variance - share / variance.sum()) + share / now.sum()
    half = target.samples
    return float(half * value / 2.0), half * by_now, half * by_delayed / pair


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """Where cross-spectra are known in a band, and how they become covariances.

    frequencies_hz : (n_frequencies,); share : of the band that each stands for, sums to 1
    weights : share × |response|²
    """

    frequencies_hz: Array
    share: Array
    weights: Array

    def covariances(self, crossed: Complex, lag_s: float) -> tuple[Array, Array]:
        """Covariance, and covariance at a lag, (n, n) each; crossed : (n_frequencies, n, n)."""
        turned = self.weights * np.exp(2j * np.pi * self.frequencies_hz * lag_s)
        now = np.einsum("f,fij->ij", self.weights, crossed).real
        later = np.einsum("f,fij->ij", turned, crossed).real
        return np.asarray(now), np.asarray(later)

    def by_crossed(self, by_now: Array, by_later: Array, lag_s: float) -> Complex:
        """Derivative by the cross-spectra, Hermitian, from those by both covariances."""
        turned = np.exp(2j * np.pi * self.frequencies_hz * lag_s)[:, None, None] * by_later.T
        lagged = (turned + turned.conj().transpose(0, 2, 1)) / 2.0
        return np.asarray(self.weights[:, None, None] * ((by_now + by_now.T) / 2.0 + lagged))

    def sampled(self, crossed: Complex, target: Target, rng: np.random.Generator) -> Target:
        """The target that one recording with these cross-spectra would give, of as many samples."""
        n = crossed.shape[1]
        counts = rng.multinomial(max(1, round(target.samples / 2.0)), self.share)
        estimated = np.zeros_like(crossed)
        for k, count in enumerate(counts):
            root = np.linalg.cholesky(crossed[k])
            white = rng.standard_normal((2, n, count)) / np.sqrt(2.0)
            drawn = root @ (white[0] + 1j * white[1])
            estimated[k] = drawn @ drawn.conj().T / (self.share[k] * counts.sum())
        now, later = self.covariances(estimated, target.lag_s)
        return observed(now, later, lag_s=target.lag_s, samples=target.samples)


def band(
    low_hz: float, high_hz: float, response: Callable[[Array], Complex], *, nodes: int
) -> Band:
    """Gauss–Legendre between two frequencies; response : frequencies (n,) in Hz → (n,)."""
    where, weights = np.polynomial.legendre.leggauss(nodes)
    frequencies = low_hz + (high_hz - low_hz) / 2.0 * (where + 1.0)
    share = weights / 2.0
    return Band(frequencies, share, share * np.abs(response(frequencies)) ** 2)
