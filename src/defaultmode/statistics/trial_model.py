"""The columns of a trial's model, the effect of interest first."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.statistics.regressors import check_varying
from defaultmode.statistics.trial_rows import Cells, Contrast, Texts, TrialRows

Array = NDArray[np.float64]
Codes = NDArray[np.intp]
Part = tuple[Array, tuple[str, ...]]
FEWEST_SITES = 5  # the variance of fewer cannot be estimated: they are columns of the model


@dataclass(frozen=True, slots=True, eq=False)
class TrialModel:
    """What is fitted to the rows of a trial.

    x : (n, p), NaN in unusable rows; names : of its columns, first the effect of interest
    side : (n,), 1 in the rows of its first side, −1 in those of the second, else 0
    beyond : names of the columns that are no means of cells
    slope, site : (n,), where they are random
    """

    x: Array
    names: tuple[str, ...]
    side: Codes
    beyond: tuple[str, ...]
    slope: Array | None = None
    site: Texts | None = None


def model_of(
    rows: TrialRows, cells: Cells, contrast: Contrast, *, random_slope: bool = False
) -> TrialModel:
    """Cells, period, sequence, sites and covariates; raises E437 for a constant covariate."""
    site = rows.labels("site")
    random = len(set(site[cells.of_row >= 0])) >= FEWEST_SITES
    levels = ("period", "sequence") if random else ("period", "sequence", "site")
    beyond = [*(_levels(rows, cells, name) for name in levels), _covariates(rows, cells)]
    side = np.where(cells.of_row >= 0, cells.side[cells.of_row], 0)
    return TrialModel(
        *_joined([_means(cells, str(contrast)), *beyond], cells),
        side=side,
        beyond=_joined(beyond, cells)[1],
        slope=(side > 0).astype(np.float64) if random_slope else None,
        site=site if random else None,
    )


def with_carry_over(rows: TrialRows, cells: Cells, contrast: Contrast) -> TrialModel:
    """First-order carry-over of each treatment but the contrast's second, in place of sequence.

    Raises E420 where nobody had a period after one of the two treatments.
    """
    first, second = contrast.treatment or ("", "")
    before = _treatment_before(rows) if rows.period is not None else np.full(len(rows), "", object)
    followed = set(before[cells.of_row >= 0]) - {""}
    if not {first, second} <= followed:
        held = ", ".join(sorted(followed)) or "none"
        msg = f"carry-over of {contrast} needs periods after both; there are some after: {held}."
        raise DefaultModeError("E420", msg)
    others = sorted(followed - {first, second})
    carried = np.column_stack([before == level for level in (first, *others)]).astype(np.float64)
    names = (f"carry-over of {first} − {second}", *(f"carry-over of {name}" for name in others))
    beyond = [
        _means(cells, str(contrast)),
        *(_levels(rows, cells, name) for name in ("period", "site")),
        _covariates(rows, cells),
    ]
    side = (before == first).astype(np.intp) - (before == second)
    return TrialModel(
        *_joined([(carried, names), *beyond], cells),
        side=np.where(cells.of_row >= 0, side, 0),
        beyond=(str(contrast), *_joined(beyond[1:], cells)[1]),
    )


def _joined(parts: list[Part], cells: Cells) -> Part:
    x = np.hstack([columns for columns, _ in parts])
    names = tuple(name for _, some in parts for name in some)
    return np.where(cells.of_row[:, None] >= 0, x, np.nan), names


def _means(cells: Cells, name: str) -> Part:
    """A column for each cell's mean, one of them replaced so that its coefficient is the contrast.

    ψ = Σ wₖ μₖ gives μ₀ = (ψ − Σₖ wₖ μₖ) / w₀ for a cell 0 of the contrast.
    """
    base = int(np.argmax(cells.weight))
    others = [c for c in range(len(cells.label)) if c != base]
    inside = (cells.of_row == base).astype(np.float64)[:, None] / cells.weight[base]
    means = (cells.of_row[:, None] == others) - inside * cells.weight[others]
    labels = (" ".join(filter(None, cells.label[c])) for c in others)
    return np.hstack([inside, means]), (name, *labels)


def _levels(rows: TrialRows, cells: Cells, name: str) -> Part:
    labels = rows.labels(name)
    levels = sorted(set(labels[cells.of_row >= 0]))[1:]
    columns = np.column_stack([np.empty((len(rows), 0)), *(labels == level for level in levels)])
    return columns, tuple(f"{name} {level}" for level in levels)


def _covariates(rows: TrialRows, cells: Cells) -> Part:
    names = tuple(rows.covariate_names)
    columns = np.asarray(rows.covariates, dtype=np.float64) if names else np.empty((len(rows), 0))
    check_varying(columns[cells.of_row >= 0], names)
    return columns, names


def _treatment_before(rows: TrialRows) -> Texts:
    """Treatment of the same participant one period earlier, (n,), empty where there is none."""
    period = np.asarray(rows.period, dtype=np.float64)
    keys = list(zip(rows.labels("participant"), period, strict=True))
    given = dict(zip(keys, rows.labels("treatment"), strict=True))
    return np.array([given.get((who, at - 1), "") for who, at in keys], dtype=object)
