"""A question to a study, and the numbers of each person that answer it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.statistics.linear import Kind
from defaultmode.statistics.occasions import Occasions

Array = NDArray[np.float64]
Codes = NDArray[np.intp]
Rows = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """One contrast of one column, in the words of a claim's test.

    outcome, partner : (n_rows,), NaN where missing, in the order of the occasions
    contrast, treatment, reference, phase, group : as in `claims.claim.Test`
    partner_phase : phase at which the partner is taken, the outcome's where empty
    covariates : name → (n_rows,); they are averaged, or differenced, as the outcome is
    null : the value against which a mean is tested
    responders : (n_people,), 1, 0 or NaN, for the contrasts that ask who responded
    """

    contrast: str
    outcome: Array
    treatment: str = ""
    reference: str = ""
    phase: str = ""
    group: str = ""
    null: float = 0.0
    partner: Array | None = None
    partner_phase: str = ""
    covariates: Mapping[str, Array] = field(default_factory=dict)
    responders: Array | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Setup:
    """What is fitted: one row per person.

    y, x : (n,); covariates : (n, q), called `names`
    kind : how the coefficient is named, None for a correlation
    blocks : (n,), people are exchanged within a site only; people : (n,), positions
    how : the comparison in words
    """

    y: Array
    x: Array
    covariates: Array
    kind: Kind | None
    blocks: Codes
    people: Codes
    how: str
    names: tuple[str, ...] = ()

    def without(self, name: str) -> "Setup":
        """The same people without one of the covariates."""
        kept = [i for i, other in enumerate(self.names) if other != name]
        names = tuple(self.names[i] for i in kept)
        return replace(self, covariates=self.covariates[:, kept], names=names)


def untestable(reason: str, code: str = "E438") -> DefaultModeError:
    """The error that says why a study cannot answer a question; `answer` makes it a reason."""
    return DefaultModeError(code, reason)


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Means of people over some rows of a study."""

    occasions: Occasions
    among: Rows

    def mean(self, values: Array, where: Rows) -> Array:
        """Mean of each person's known values in these rows, (n_people,)."""
        rows = where & self.among & np.isfinite(values)
        who, n = self.occasions.participant[rows], self.occasions.n_people
        count = np.bincount(who, minlength=n)
        total = np.bincount(who, weights=values[rows], minlength=n)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)

    def untreated(self, values: Array) -> Array:
        """Each person's mean before any treatment."""
        return self.mean(values, self.occasions.untreated)

    def at(self, values: Array, treatment: str, phase: str) -> Array:
        """Each person's mean under a treatment in a phase."""
        return self.mean(values, self.occasions.at(treatment, phase))

    def change(self, values: Array, treatment: str, phase: str) -> tuple[Array, str]:
        """Each person's change from before, and how it was taken.

        From the same treatment's own baseline where anybody has one, else from the study's
        baseline; the level itself where no baseline was measured.
        """
        level = self.at(values, treatment, phase)
        own = level - self.at(values, treatment, "baseline")
        if np.isfinite(own).any():
            return own, "change from the baseline of the same visit"
        common = level - self.untreated(values)
        if np.isfinite(common).any():
            return common, "change from the baseline"
        return level, "level, as no baseline was measured"
