"""Whether treatment moves patients towards controls by more than regression to the mean does."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.result import Estimate
from defaultmode.statistics.effects import SMALLEST_N, hedges_g, noncentrality_interval
from defaultmode.statistics.linear import GROUPS, coefficient
from defaultmode.statistics.regression import FLAT, complete_rows

Array = NDArray[np.float64]
UNTESTABLE = "E427"
_NO_COVARIATES = np.empty((0, 0))


@dataclass(frozen=True, slots=True)
class Normalisation:
    """Two answers, both positive where treatment moves patients towards controls.

    ancova : later value of treated and of untreated patients, given the earlier one, as Hedges g in
        residual standard deviations, signed towards the controls
    distance : how much more the distance from the controls' mean shrank than without treatment, as
        Hedges g against untreated patients, or as d_z against what regression to the mean predicts
    reliability : of one measurement among the patients, NaN where it was not used
    notes : what a reader must know before believing either
    """

    ancova: Estimate
    distance: Estimate
    reliability: float
    notes: tuple[str, ...]


def normalisation(
    pre: ArrayLike,
    post: ArrayLike,
    controls: ArrayLike,
    *,
    untreated: tuple[ArrayLike, ArrayLike] | None = None,
    retest: ArrayLike | None = None,
    members: ArrayLike | None = None,
) -> Normalisation:
    """Movement of patients towards controls beyond what happens without treatment.

    pre, post : (n,), treated patients before and after; controls : (m,); one unit throughout
    untreated : the same of patients without treatment, or under placebo
    retest : (k, 2), two scans of controls or of untreated patients, for the error of measurement
    members : (n,), the subgroup that is asked about, such as responders; all patients give the mean
        towards which it regresses
    An extreme value is followed by a less extreme one without any treatment, so that a smaller
    distance alone says nothing: with neither an untreated arm nor a retest both answers are a
    reason (E427). Groups too small, or values that do not vary, are reasons too (E439, E437).
    The ratio of distances is not offered: it has no mean and its spread is unusable.
    """
    whole = np.ones(len(np.asarray(pre)))
    before, after, member = complete_rows(pre, post, whole if members is None else members)
    healthy = complete_rows(controls)[0]
    if min(len(before), len(healthy)) < SMALLEST_N:
        return _too_few(len(before), len(healthy))
    treated = np.column_stack([before, after])
    arm = None if untreated is None else np.column_stack(complete_rows(*untreated))
    patients = before if arm is None else np.concatenate([before, arm[:, 0]])
    sign = math.copysign(1.0, healthy.mean() - patients.mean())
    pairs = np.empty((0, 2)) if retest is None else complete_rows(retest)[0]
    ancova, notes = _ancova(treated, arm, sign), _about_gap(patients, healthy)
    if arm is not None and members is None:
        shrunk = _against_arm(treated, arm, float(healthy.mean()))
        return Normalisation(ancova, shrunk, math.nan, notes)
    reliability = patients_reliability(before, pairs)
    if math.isfinite(reliability):
        distance = _against_retest(np.column_stack([treated, member]), pairs, healthy)
    else:
        distance = _reason("d_z", _why_untestable(subgroup=members is not None), UNTESTABLE)
    return Normalisation(ancova, distance, reliability, notes)


def patients_reliability(patients: ArrayLike, retest: ArrayLike) -> float:
    """Reliability of one measurement among patients, 0 to 1, from a retest of anybody.

    patients : (n,), untreated values; retest : (k, 2). The error of measurement is taken from the
    retest and the variance from the patients: controls who differ less among themselves have a
    smaller reliability for the same error. NaN below 3 pairs, or where nobody varies.
    """
    pairs = complete_rows(retest)[0]
    values = np.asarray(patients, dtype=np.float64)
    if len(pairs) < SMALLEST_N or np.ptp(values) == 0:
        return math.nan
    return _share(values, float(((pairs[:, 0] - pairs[:, 1]) ** 2).mean()) / 2)


def regression_to_mean(pre: ArrayLike, *, mean: float, reliability: float) -> Array:
    """Shift of each patient that is expected without treatment, (n,): (1 − ICC)(mean − pre).

    mean : of the patients that `pre` was drawn from, never of the controls. It averages zero over
    all of them, and not over a subgroup with extreme values. Barnett, van der Pols &
    Dobson (2005).
    """
    return (1 - reliability) * (mean - np.asarray(pre, dtype=np.float64))


def expected_distance(
    pre: ArrayLike, *, mean: float, sd: float, reliability: float, target: float
) -> Array:
    """Distance from the target that each patient is expected to have later, untreated, (n,).

    mean, sd : of the patients; the later value is normal around the regressed one, with variance
    sd²(1 − ICC²), and its distance follows a folded normal. Leone, Nelson & Nottingham (1961).
    """
    from scipy.special import ndtr

    earlier = np.asarray(pre, dtype=np.float64)
    centre = earlier + regression_to_mean(earlier, mean=mean, reliability=reliability) - target
    spread = sd * math.sqrt(1 - reliability**2)
    if spread == 0:
        return np.abs(centre)
    z = centre / spread
    folded = spread * math.sqrt(2 / math.pi) * np.exp(-(z**2) / 2) + centre * (1 - 2 * ndtr(-z))
    return np.asarray(folded, dtype=np.float64)


def _too_few(n: int, n_controls: int) -> Normalisation:
    found = f"{n} treated patients with both values and {n_controls} controls"
    few = _reason("Hedges g", f"{found}; {SMALLEST_N} of each are needed", "E439")
    return Normalisation(few, few, math.nan, ())


def _against_arm(treated: Array, untreated: Array, target: float) -> Estimate:
    distances = np.abs(np.concatenate([treated, untreated]) - target)
    found = _between(distances[:, 0] - distances[:, 1], _arms(treated, untreated), _NO_COVARIATES)
    return replace(found, how="distance from controls, before − after: treated − untreated")


def _ancova(treated: Array, untreated: Array | None, sign: float) -> Estimate:
    if untreated is None:
        return _reason("Hedges g", "no untreated patients to compare with", UNTESTABLE)
    scans = np.concatenate([treated, untreated])
    found = _between(sign * scans[:, 1], _arms(treated, untreated), scans[:, :1])
    return replace(found, how="after given before: treated − untreated, towards controls")


def _against_retest(patients: Array, retest: Array, controls: Array) -> Estimate:
    """Expected − found distance of the members, patients (n, 3) of before, after, member.

    The jackknife over patients, retested people and controls carries the error of the reliability,
    of both means and of the patients' deviation. Miller (1974); Arvesen (1969).
    """
    from scipy.special import stdtr

    target, squares = float(controls.mean()), (retest[:, 0] - retest[:, 1]) ** 2 / 2
    error = float(squares.mean())
    beyond = _beyond(patients, error, target)
    n = len(beyond)
    if n < SMALLEST_N:
        return _reason("d_z", f"{n} members with both values; {SMALLEST_N} are needed", "E439")
    raw, deviation = float(beyond.mean()), float(beyond.std(ddof=1))
    if deviation <= FLAT * float(np.abs(patients[:, :2]).max()):
        return _reason("d_z", "the distances do not vary between the members", "E437")
    left = [
        [_beyond(np.delete(patients, i, 0), error, target) for i in range(len(patients))],
        [_beyond(patients, float(e), target) for e in _means_without_each(squares)],
        [_beyond(patients, error, float(t)) for t in _means_without_each(controls)],
    ]
    variances = np.array([(len(s) - 1) * np.var([b.mean() for b in s]) for s in left])
    freedom = np.array([n, len(retest), len(controls)]) - 1
    df = float(variances.sum() ** 2 / (variances**2 / freedom).sum())
    unit, value = math.sqrt(variances.sum()) / deviation, raw / deviation
    low, high = noncentrality_interval(value / unit, df)
    return Estimate(
        "d_z",
        value=value,
        ci_low=float(low) * unit,
        ci_high=float(high) * unit,
        se=math.hypot(unit, value / math.sqrt(2 * df)),
        p=2 * float(stdtr(df, -abs(value) / unit)),
        df=df,
        n=n,
        n_reference=n,
        raw=raw,
        how="distance expected from regression to the patients' mean − found; jackknife",
    )


def _beyond(patients: Array, error: float, target: float) -> Array:
    before, after, member = patients.T
    chosen = member > 0
    expected = expected_distance(
        before[chosen], mean=float(before.mean()), sd=float(before.std(ddof=1)),
        reliability=_share(before, error), target=target,
    )  # fmt: skip
    return np.asarray(expected - np.abs(after[chosen] - target))


def _share(values: Array, error: float) -> float:
    return min(1.0, max(0.0, 1 - error / float(values.var(ddof=1))))


def _means_without_each(values: Array) -> Array:
    return np.asarray((values.sum() - values) / (len(values) - 1))


def _between(y: Array, arm: Array, covariates: Array) -> Estimate:
    n, n_reference = int(arm.sum()), int((1 - arm).sum())
    if min(n, n_reference) < SMALLEST_N:
        text = f"{n} treated and {n_reference} untreated patients with both values"
        return _reason("Hedges g", f"{text}; {SMALLEST_N} of each are needed", "E439")
    found = coefficient(y, arm, covariates, kind=GROUPS)
    return replace(found, n=n, n_reference=n_reference)


def _arms(treated: Array, untreated: Array) -> Array:
    return np.repeat([1.0, 0.0], [len(treated), len(untreated)])


def _about_gap(patients: Array, controls: Array) -> tuple[str, ...]:
    gap = hedges_g(patients, controls)
    g, low, high = float(gap.value[0]), float(gap.ci_low[0]), float(gap.ci_high[0])
    if low > 0 or high < 0:
        return ()
    found = f"Hedges g {g:.2f}, 95 % interval {low:.2f} to {high:.2f}"
    unclear = "patients before treatment did not differ clearly from controls"
    return (f"{unclear} ({found}): it is not clear what there is to normalise",)


def _why_untestable(*, subgroup: bool) -> str:
    if subgroup:
        return (
            "a subgroup chosen among the treated regresses to the patients' mean by itself; a "
            "retest of controls or untreated patients is needed to say by how much"
        )
    return (
        "neither untreated patients nor a retest: the distance shrinks by regression to the mean "
        "alone, and nothing here says by how much"
    )


def _reason(statistic: str, reason: str, code: str) -> Estimate:
    return Estimate(statistic, reason=reason, code=code)
