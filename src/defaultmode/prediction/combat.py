"""ComBat: sites brought to a common location and scale, learnt on training rows alone."""

from dataclasses import dataclass

import numpy as np

from defaultmode.prediction.cohort import Array, Codes

_TOLERANCE = 1e-4  # of the largest relative change, as in the authors' code
_MOST_ITERATIONS = 500
FEWEST_AT_A_SITE = 3  # rows; a variance over fewer is no estimate


@dataclass(frozen=True, slots=True, eq=False)
class Harmonisation:
    """What was learnt of p features at k sites.

    sites : (k,) codes; location, scale : (k, p), in pooled standard deviations
    grand_mean, pooled_sd : (p,); slopes : (n_covariates, p) of what is kept
    """

    sites: Codes
    location: Array
    scale: Array
    grand_mean: Array
    pooled_sd: Array
    slopes: Array

    def apply(self, values: Array, site: Codes, covariates: Array | None = None) -> Array:
        """Values (n_rows, p) without their site's shift and scale; new rows of known sites too.

        A site that was not learnt from keeps its values: to estimate its shift from the very rows
        that are to be predicted would use the test set.
        """
        kept = self.grand_mean + _kept(values, covariates) @ self.slopes
        standard = (values - kept) / self.pooled_sd
        for i, code in enumerate(self.sites):
            rows = site == code
            standard[rows] = (standard[rows] - self.location[i]) / self.scale[i]
        return np.asarray(standard * self.pooled_sd + kept)


def fit_combat(values: Array, site: Codes, covariates: Array | None = None) -> Harmonisation:
    """Shift and scale of each site by parametric empirical Bayes.

    values : (n_rows, p) without gaps; site : (n_rows,); covariates : (n_rows, c) whose linear
    effects are kept. A site of fewer than three rows is left as it is, as one not seen.
    Johnson, Li & Rabinovic (2007), section 3; Fortin et al. (2018).
    """
    codes, counts = np.unique(site, return_counts=True)
    codes = codes[counts >= FEWEST_AT_A_SITE]
    rows = np.isin(site, codes)
    kept = _kept(values, covariates)
    if len(codes) < 2:
        return _unchanged(values, kept)
    member = (site[rows, None] == codes).astype(np.float64)
    design = np.hstack([member, kept[rows]])
    effects = np.linalg.lstsq(design, values[rows], rcond=None)[0]
    grand_mean = member.mean(axis=0) @ effects[: len(codes)]
    pooled_sd = np.sqrt(((values[rows] - design @ effects) ** 2).mean(axis=0))
    pooled_sd[pooled_sd == 0] = 1.0
    slopes = effects[len(codes) :]
    standard = (values[rows] - grand_mean - kept[rows] @ slopes) / pooled_sd
    shrunk = [_shrunk(standard[member[:, i] == 1]) for i in range(len(codes))]
    return Harmonisation(
        codes.astype(np.intp),
        np.stack([location for location, _ in shrunk]),
        np.stack([scale for _, scale in shrunk]),
        grand_mean,
        pooled_sd,
        slopes,
    )


def _kept(values: Array, covariates: Array | None) -> Array:
    return np.zeros((len(values), 0)) if covariates is None else covariates


def _unchanged(values: Array, kept: Array) -> Harmonisation:
    p, no_site = values.shape[1], np.zeros(0, dtype=np.intp)
    none, slopes = np.zeros((0, p)), np.zeros((kept.shape[1], p))
    return Harmonisation(no_site, none, none, np.zeros(p), np.ones(p), slopes)


def _shrunk(standard: Array) -> tuple[Array, Array]:
    """One site's location and scale (p,) each, shrunk to what its features have in common.

    Johnson, Li & Rabinovic (2007), section 3.2: normal prior of the shift, inverse gamma of the
    variance, their moments from the features of this site.
    """
    n = len(standard)
    shift, variance = standard.mean(axis=0), standard.var(axis=0, ddof=1)
    if standard.shape[1] < 2 or not variance.var() > 0 or not shift.var() > 0:
        return shift, np.sqrt(np.where(variance > 0, variance, 1.0))  # nothing to borrow from
    prior_mean, prior_variance = shift.mean(), shift.var(ddof=1)
    spread = variance.var(ddof=1)
    shape = (2 * spread + variance.mean() ** 2) / spread
    rate = (variance.mean() * spread + variance.mean() ** 3) / spread
    location, square = shift, variance
    for _ in range(_MOST_ITERATIONS):
        weight = n * prior_variance
        new = (weight * shift + square * prior_mean) / (weight + square)
        sums = ((standard - new) ** 2).sum(axis=0)
        new_square = (0.5 * sums + rate) / (n / 2 + shape - 1)
        change = max(_change(new, location), _change(new_square, square))
        location, square = new, new_square
        if change <= _TOLERANCE:
            break
    return location, np.sqrt(square)


def _change(new: Array, old: Array) -> float:
    return float(np.max(np.abs(new - old) / np.maximum(np.abs(old), np.finfo(float).tiny)))
