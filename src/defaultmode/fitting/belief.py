"""How far a twin can be believed: what it shows of data that it was not fitted to."""

from dataclasses import dataclass, fields
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.missing import Missing
from defaultmode.fitting.target import Target

Array = NDArray[np.float64]
MARGIN = 0.05  # of a correlation: our own, above what two halves of the embedded runs differ by
NOT_ASKED = Missing("nobody asked", "E515")
FEWEST_VALUES = 3  # any two lie on a line
ROUNDING = 1e-12  # spread below this share of the values is arithmetic, not variation


@dataclass(frozen=True, slots=True)
class Agreement:
    """How alike two recordings are, or a model and a recording.

    r, mean_absolute_error : of connectivity, pairs of regions each once
    lagged_r : of lagged correlations; log_variance_r : over regions
    global_share_difference : of log shares of the global signal, above 0 where the first has more
    """

    r: float | Missing
    mean_absolute_error: float
    lagged_r: float | Missing
    log_variance_r: float | Missing
    global_share_difference: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """What a twin of the first half of a run shows, and what else would have shown it.

    fitted, held_out : the twin against the first half and against the second
    ceiling : the first half itself against the second
    other_run : against the same person's other run; group_average : mean of other people's first
        halves against the second; structure_only : a brain routed by the connectome alone
    """

    fitted: Agreement
    held_out: Agreement
    ceiling: Agreement
    other_run: Agreement | Missing
    group_average: Agreement | Missing
    structure_only: Agreement | Missing

    @property
    def noiseless_ceiling_r(self) -> float | Missing:
        """Correlation that a model of everything lasting would have with the noisy second half.

        The root of the half-to-half correlation (Spearman 1904), where both halves are equally
        noisy. A twin may pass the ceiling, because the group's brain quiets noise, but not this.
        """
        r = _above_zero(self.ceiling.r)
        return r if isinstance(r, Missing) else sqrt(r)

    @property
    def whole_run_reliability(self) -> float | Missing:
        """Correlation to expect between two runs as long as both halves (Spearman–Brown)."""
        r = _above_zero(self.ceiling.r)
        return r if isinstance(r, Missing) else 2.0 * r / (1.0 + r)

    def columns(self) -> dict[str, float | Missing]:
        """Every number by name: `held_out_r`, `ceiling_lagged_r`, and so on."""
        found: dict[str, float | Missing] = {}
        for comparison in fields(self):
            seen = getattr(self, comparison.name)
            for number in fields(Agreement):
                value = seen if isinstance(seen, Missing) else getattr(seen, number.name)
                found[f"{comparison.name}_{number.name}"] = value
        return found | {
            "noiseless_ceiling_r": self.noiseless_ceiling_r,
            "whole_run_reliability": self.whole_run_reliability,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a twin may be used.

    failed : why it may not, None where it may
    personal : whether it says more of its person than the others' average does; or why that is open
    """

    failed: Missing | None
    personal: bool | Missing


def agreement(shown: Target, measured: Target) -> Agreement:
    """How well one target shows another of the same n regions."""
    above = np.triu_indices(len(measured.z), 1)
    one, other = shown.connectivity[above], measured.connectivity[above]
    return Agreement(
        r=correlation(one, other),
        mean_absolute_error=float(np.abs(one - other).mean()),
        lagged_r=correlation(shown.lagged[above], measured.lagged[above]),
        log_variance_r=correlation(shown.log_variance, measured.log_variance),
        global_share_difference=shown.global_share - measured.global_share,
    )


def correlation(a: Array, b: Array) -> float | Missing:
    """Pearson's r of two vectors, Missing (E515) where one does not vary."""
    if len(a) < FEWEST_VALUES:
        return Missing(f"{len(a)} values to correlate; {FEWEST_VALUES} are needed", "E515")
    x, y = a - a.mean(), b - b.mean()
    for whole, varying in ((a, x), (b, y)):
        if np.linalg.norm(varying) <= ROUNDING * np.linalg.norm(whole):
            return Missing("one of two maps does not vary, so that nothing can be said", "E515")
    return float(x @ y / (np.linalg.norm(x) * np.linalg.norm(y)))


def believable(
    belief: Belief,
    growth_per_s: float | Missing,
    *,
    group_brain_r: float | Missing = NOT_ASKED,
) -> Verdict:
    """The rules by which a twin fails, or is called no more personal than the average.

    growth_per_s : of the slowest disturbance of the whole run's twin; below 0 where rest is stable.
    group_brain_r : how the group's brain, which the twin starts from, shows the second half
    A twin fails (E515) without a stable rest, where it shows the second half no better than
    structure alone, and where it shows it worse than the group's brain by `MARGIN`, so that fitting
    led away from the person. It is personal where it shows it better than the other people's
    average. These are plain comparisons of what was found: pairs of regions share regions, so that
    a test over them would find a difference in anybody, and one recording has no other replicate.
    Whether twins are personal at all is tested over people, by `identification`.
    """
    if isinstance(growth_per_s, Missing):
        return Verdict(growth_per_s, personal=False)
    if not growth_per_s < 0.0:
        said = f"a disturbance grows by {growth_per_s:.2g} /s, so that there is no stable rest"
        return Verdict(Missing(said, "E515"), personal=False)
    held_out = belief.held_out.r
    if isinstance(held_out, Missing):
        return Verdict(held_out, personal=False)
    structure, average = _r(belief.structure_only), _r(belief.group_average)
    if isinstance(structure, float) and held_out <= structure:
        said = f"it shows the second half at r = {held_out:.3f}, structure alone at {structure:.3f}"
        return Verdict(Missing(said, "E515"), personal=False)
    if isinstance(group_brain_r, float) and held_out < group_brain_r - MARGIN:
        said = f"it shows the second half at r = {held_out:.3f}, the group at {group_brain_r:.3f}"
        return Verdict(Missing(said, "E515"), personal=False)
    return Verdict(None, average if isinstance(average, Missing) else held_out > average)


def _r(seen: Agreement | Missing) -> float | Missing:
    return seen if isinstance(seen, Missing) else seen.r


def _above_zero(r: float | Missing) -> float | Missing:
    """The correlation of two halves as a reliability."""
    if isinstance(r, Missing) or r > 0.0:
        return r
    return Missing(f"the halves correlate at {r:.3f}, so that they share nothing lasting", "E515")
