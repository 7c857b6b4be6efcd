"""What is done to features before a model sees them, each step learnt on training rows alone."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from defaultmode.prediction.cohort import Array, Codes, Cohort
from defaultmode.prediction.combat import fit_combat

Apply = Callable[[Cohort], Cohort]
Step = Callable[[Cohort], Apply]


def fit_steps(steps: Sequence[Step], train: Cohort) -> tuple[Cohort, Apply]:
    """The training rows after every step, and what does the same to rows not seen."""
    learnt: list[Apply] = []
    for step in steps:
        learnt.append(step(train))
        train = learnt[-1](train)

    def apply(rows: Cohort) -> Cohort:
        for done in learnt:
            rows = done(rows)
        return rows

    return train, apply


def only(train: Cohort, *, step: Step, columns: Codes) -> Apply:
    """A step on these columns alone; the others follow them as they are."""
    others = np.setdiff1d(np.arange(train.features.shape[1]), columns)
    learnt = step(train.columns(columns))

    def apply(rows: Cohort) -> Cohort:
        changed = learnt(rows.columns(columns)).features
        return _with(rows, np.hstack([changed, rows.features[:, others]]))

    return apply


def impute_median(train: Cohort) -> Apply:
    """Gaps become the training median of their feature, 0 where training rows have no value."""
    counts, place = np.isfinite(train.features).sum(axis=0), np.arange(train.features.shape[1])
    ordered = np.sort(train.features, axis=0)  # gaps come last
    middle = (ordered[(counts - 1) // 2, place] + ordered[counts // 2, place]) / 2
    median = np.where(counts > 0, middle, 0.0)
    return lambda rows: _with(rows, np.where(np.isfinite(rows.features), rows.features, median))


def standardise(train: Cohort) -> Apply:
    """Features in training standard deviations about the training mean; a constant becomes 0."""
    mean, deviation = train.features.mean(axis=0), train.features.std(axis=0)
    varies = deviation > np.finfo(float).eps * np.abs(mean)
    unit = np.where(varies, deviation, 1.0)
    return lambda rows: _with(rows, np.where(varies, (rows.features - mean) / unit, 0.0))


def harmonise(train: Cohort) -> Apply:
    """Features without the shift and scale of their site (ComBat); see `fit_combat`."""
    learnt = fit_combat(train.features, train.site)
    return lambda rows: _with(rows, learnt.apply(rows.features, rows.site))


def regress_confounds(train: Cohort) -> Apply:
    """Features less what the confounds explain of them in the training rows.

    Gaps of a confound become its training median. Snoek et al. (2019), within folds.
    """
    fill = impute_median(_with(train, train.confounds))

    def design(rows: Cohort) -> Array:
        filled = fill(_with(rows, rows.confounds)).features
        return np.column_stack([np.ones(len(filled)), filled])

    slopes = np.linalg.lstsq(design(train), train.features, rcond=None)[0]
    slopes[0] = 0.0  # the mean stays: only what goes with the confounds is taken out
    return lambda rows: _with(rows, rows.features - design(rows) @ slopes)


def select_best(train: Cohort, *, count: int) -> Apply:
    """The features that go best with the outcome in the training rows, `count` of them.

    By the F test of scikit-learn, on one row for each participant.
    """
    from sklearn.feature_selection import f_classif, f_regression

    test = f_classif if train.kind == "binary" else f_regression
    means = participant_means(train.features, train.participant, train.n)
    varying = np.flatnonzero(np.ptp(means, axis=0) > 0)
    strength = np.nan_to_num(test(means[:, varying], train.outcome)[0])
    best = varying[np.sort(np.argsort(-strength, kind="stable")[:count])]
    return lambda rows: rows.columns(best)


def participant_means(values: Array, participant: Codes, n: int) -> Array:
    """Mean over each participant's rows, (n_rows, …) → (n_participants, …)."""
    total = np.zeros((n, *values.shape[1:]))
    np.add.at(total, participant, values)
    counts = np.bincount(participant, minlength=n)
    return np.asarray(total / counts.reshape(-1, *[1] * (values.ndim - 1)))


def _with(rows: Cohort, features: Array) -> Cohort:
    return replace(rows, features=features)
