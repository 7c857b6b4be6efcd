"""A question to a study, and the numbers of each person that answer it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.statistics.linear import Kind
from defaultmode.statistics.occasions import AFTER, BASELINE, Occasions

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
    from_zero : whether outcome and partner are ratings of the drug's own effect, which start at
        zero and need no baseline
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
    from_zero: tuple[bool, bool] = (False, False)


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
    """Means of people over some rows of a study.

    beside : treatments that are compared: their later visit is the first day that all of them have
    """

    occasions: Occasions
    among: Rows
    beside: tuple[str, ...] = ()

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
        """Each person's mean under a treatment in a phase; of several days after, the first."""
        rows = self.occasions.at(treatment, phase)
        day = self.day(values, treatment, phase)
        return self.mean(values, rows if day is None else rows & (self.occasions.days == day))

    def day(self, values: Array, treatment: str, phase: str) -> float | None:
        """The first day after at which the value is known, under all treatments that are compared.

        None where no day is known, or the phase is not a later one.
        """
        if phase != AFTER:
            return None
        names = self.beside if treatment in self.beside else (treatment,)
        sets = [self._days(values, name) for name in names]
        shared = set.intersection(*sets) if all(sets) else sets[names.index(treatment)]
        return min(shared or sets[names.index(treatment)], default=None)

    def _days(self, values: Array, treatment: str) -> set[float]:
        rows = self.occasions.at(treatment, AFTER) & self.among & np.isfinite(values)
        days = self.occasions.days[rows]
        return set(days[np.isfinite(days)].tolist())

    def before(self, values: Array, treatment: str) -> Array:
        """Each person's baseline of a treatment: of the same visit, else before any treatment."""
        own = self.at(values, treatment, BASELINE)
        return np.where(np.isfinite(own), own, self.untreated(values))

    def change(self, values: Array, treatment: str, phase: str) -> tuple[Array, str]:
        """Each person's change from before the treatment, and how it was taken.

        The level itself where no baseline was measured at all.
        """
        level = self.at(values, treatment, phase)
        changed = level - self.before(values, treatment)
        if np.isfinite(changed).any():
            return changed, "change from the baseline"
        return level, "level, as no baseline was measured"
