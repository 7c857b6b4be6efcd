"""The people whose outcome is predicted: rows of features, whose each is, where it was made."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError

Array = NDArray[np.float64]
Codes = NDArray[np.intp]
Kind = Literal["binary", "continuous"]


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """What is known of every row; several rows may be one participant, at one site or several.

    features : (n_rows, n_features), NaN where missing
    outcome : (n_participants,), 0 or 1, or any number where `kind` is continuous
    participant : (n_rows,), position among the participants; site : (n_rows,), 0 for one site
    confounds : (n_rows, n_confounds), regressed from the features where that is asked for
    """

    features: Array
    outcome: Array
    participant: Codes
    site: Codes
    confounds: Array
    kind: Kind = "binary"

    def __post_init__(self) -> None:
        n_rows = len(self.features)
        if any(len(a) != n_rows for a in (self.participant, self.site, self.confounds)):
            msg = f"features have {n_rows} rows; participant, site and confounds need as many."
            raise DefaultModeError("E411", msg)
        rows = np.bincount(self.participant, minlength=self.n)
        if len(rows) != self.n or (rows == 0).any():
            msg = f"the rows do not name each of the {self.n} participants of the outcome."
            raise DefaultModeError("E411", msg)

    @property
    def n(self) -> int:
        """How many participants there are."""
        return len(self.outcome)

    @property
    def block(self) -> Codes:
        """Each participant's site, (n_participants,); sites that share somebody are one.

        Nobody may stand on both sides of a split, nor any site that is left out.
        """
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        size = self.n + int(self.site.max(initial=0)) + 1
        links = (np.ones(len(self.site)), (self.participant, self.n + self.site))
        joined = connected_components(coo_array(links, shape=(size, size)), directed=False)[1]
        return np.unique(joined[: self.n], return_inverse=True)[1].astype(np.intp)

    def of(self, people: NDArray[np.bool_]) -> "Cohort":
        """These participants only, (n_participants,) true or false, numbered anew."""
        rows = people[self.participant]
        place = np.cumsum(people) - 1
        return Cohort(
            self.features[rows],
            self.outcome[people],
            place[self.participant[rows]].astype(np.intp),
            self.site[rows],
            self.confounds[rows],
            self.kind,
        )

    def columns(self, which: NDArray[np.intp]) -> "Cohort":
        """These features only, in this order."""
        return replace(self, features=self.features[:, which])

    @property
    def row_outcome(self) -> Array:
        """The outcome of each row's participant, (n_rows,)."""
        return self.outcome[self.participant]


def cohort(
    features: Array,
    outcome: Array,
    *,
    site: Codes | None = None,
    kind: Kind = "binary",
) -> Cohort:
    """A cohort of one row per participant without confounds; `site` None for one site."""
    n = len(features)
    where = np.zeros(n, dtype=np.intp) if site is None else site
    return Cohort(features, outcome, np.arange(n), where, np.zeros((n, 0)), kind)
