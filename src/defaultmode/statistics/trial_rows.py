"""The rows of a trial: who, under which treatment, when; and what is contrasted."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.errors import DefaultModeError

Array = NDArray[np.float64]
Codes = NDArray[np.intp]
Flags = NDArray[np.bool_]
Texts = NDArray[np.object_]


def _no_covariates() -> Array:
    return np.empty((0, 0))


@dataclass(frozen=True, slots=True, eq=False)
class TrialRows:
    """One row for each occasion on which somebody was measured.

    participant : (n,), whose occasion it is
    treatment, phase : (n,), labels, empty where unknown; a treatment may be the arm of a parallel
        trial or the group of a cohort; None where the study has none
    period : (n,), 1, 2, 3 …, place of the treatment in a crossover; sequence : (n,), label of that
        order, such as "AB"; site : (n,), label; None where there is none
    covariates : (n, q), NaN where missing; covariate_names : of these columns
    """

    participant: ArrayLike
    treatment: ArrayLike | None = None
    phase: ArrayLike | None = None
    period: ArrayLike | None = None
    sequence: ArrayLike | None = None
    site: ArrayLike | None = None
    covariates: Array = field(default_factory=_no_covariates)
    covariate_names: Sequence[str] = ()

    def __len__(self) -> int:
        return len(np.asarray(self.participant))

    def labels(self, name: str) -> Texts:
        """One of the columns of labels as text, (n,); empty texts where the study has none."""
        column = getattr(self, name)
        if column is None:
            return np.full(len(self), "", dtype=object)
        return np.array([str(value) for value in np.asarray(column)], dtype=object)

    def known(self) -> Flags:
        """Rows whose covariates and labels are all known, (n,)."""
        usable = np.ones(len(self), dtype=bool)
        for name in ("treatment", "phase", "period", "sequence", "site"):
            if getattr(self, name) is not None:
                usable &= self.labels(name) != ""
        if len(self.covariate_names):
            usable &= np.isfinite(self.covariates).all(axis=1)
        return usable


@dataclass(frozen=True, slots=True)
class Contrast:
    """First minus second: of treatments, of phases, or of treatments in the change of phase.

    treatment : such as ("ketamine", "midazolam"); phase : such as ("after", "baseline")
    With treatments alone, the phases in which both were measured are averaged; with phases alone,
    the treatments. Raises E420 where neither is named.
    """

    treatment: tuple[str, str] | None = None
    phase: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        if self.treatment is None and self.phase is None:
            raise DefaultModeError("E420", "the contrast names neither treatments nor phases.")

    def __str__(self) -> str:
        pairs = [pair for pair in (self.treatment, self.phase) if pair]
        return ", change ".join(f"{first} − {second}" for first, second in pairs)


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Treatment × phase cells that hold rows, and the weight of each in the contrast.

    label : c pairs of treatment and phase; of_row : (n,), cell of each row, −1 where unknown
    weight : (c,); side : (c,), 1 for the first of what is contrasted, −1 for the second, else 0
    """

    label: tuple[tuple[str, str], ...]
    of_row: Codes
    weight: Array
    side: Codes


def cells_of(rows: TrialRows, contrast: Contrast) -> Cells:
    """The cells of a trial; raises E420 where a cell of the contrast is empty."""
    pairs = list(zip(rows.labels("treatment"), rows.labels("phase"), strict=True))
    known = rows.known()
    label = tuple(sorted({pair for pair, use in zip(pairs, known, strict=True) if use}))
    place = {pair: i for i, pair in enumerate(label)}
    of_row = [place[pair] if use else -1 for pair, use in zip(pairs, known, strict=True)]
    signs = np.array(
        [(_sign(t, contrast.treatment), _sign(p, contrast.phase)) for t, p in label], np.intp
    ).reshape(-1, 2)
    product = signs[:, 0] * signs[:, 1]
    strata = [_averaged(pair, contrast) for pair in label]
    counts = Counter(s for s, inside in zip(strata, product, strict=True) if inside)
    whole = [s for s, count in counts.items() if count == (4 if _doubled(contrast) else 2)]
    if not whole:
        held = ", ".join(" ".join(filter(None, pair)) for pair in label) or "none"
        msg = f"the contrast {contrast} has a cell without rows; there are rows in: {held}."
        raise DefaultModeError("E420", msg)
    weight = np.where([s in whole for s in strata], product, 0) / len(whole)
    side = np.where(weight != 0, signs[:, 0 if contrast.treatment else 1], 0)
    return Cells(label, np.array(of_row, dtype=np.intp), weight, side)


def _sign(level: str, pair: tuple[str, str] | None) -> int:
    return 1 if pair is None else (level == pair[0]) - (level == pair[1])


def _doubled(contrast: Contrast) -> bool:
    return contrast.treatment is not None and contrast.phase is not None


def _averaged(pair: tuple[str, str], contrast: Contrast) -> str:
    """The level of what is not contrasted."""
    if _doubled(contrast):
        return ""
    return pair[1] if contrast.treatment else pair[0]
