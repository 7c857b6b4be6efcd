"""Who is left out together: whole sites where there are three, else participants in folds."""

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.prediction.cohort import Array, Codes, Kind

SITES_TO_LEAVE_OUT = 3  # from so many sites on, a whole site is left out at a time
FEWEST_PER_CLASS = 10
FEWEST_PARTICIPANTS = 20  # for a continuous outcome
FEWEST_TO_TRAIN = 2  # of each class, in everything that a model learns from
N_FOLDS = 5


def check_enough(outcome: Array, kind: Kind) -> None:
    """Raise E429 where there are too few participants, of either class or altogether."""
    if kind == "continuous":
        if len(outcome) < FEWEST_PARTICIPANTS:
            msg = f"{len(outcome)} participants; at least {FEWEST_PARTICIPANTS} are needed."
            raise DefaultModeError("E429", msg)
        return
    counts = np.bincount(outcome.astype(np.intp), minlength=2)
    if counts.min() < FEWEST_PER_CLASS:
        found = f"{counts[1]} participants with the outcome and {counts[0]} without"
        raise DefaultModeError("E429", f"{found}; at least {FEWEST_PER_CLASS} of each are needed.")


def check_comparable(outcome: Array, block: Codes, kind: Kind) -> None:
    """Raise E429 where no site has both classes: site and outcome are then one thing."""
    both = [len(np.unique(outcome[block == site])) > 1 for site in np.unique(block)]
    if kind == "binary" and not any(both):
        msg = "no site has participants of both classes, so that the site alone would tell them."
        raise DefaultModeError("E429", msg)


def leaves_sites_out(outcome: Array, block: Codes, kind: Kind) -> bool:
    """Whether whole sites can be left out: three or more, and both classes at the others."""
    n_sites = int(block.max(initial=-1)) + 1
    if n_sites < SITES_TO_LEAVE_OUT:
        return False
    if kind == "continuous":
        return True
    counts = np.array([np.bincount(block[outcome == c], minlength=n_sites) for c in (0, 1)])
    return bool(((counts.sum(axis=1, keepdims=True) - counts) >= FEWEST_TO_TRAIN).all())


def outer_folds(
    outcome: Array, block: Codes, kind: Kind, *, n_repeats: int, rng: np.random.Generator
) -> Codes:
    """Fold of each participant in each repeat, (n_repeats, n_participants).

    One repeat that leaves each site out once, or repeats of stratified folds. Never one
    participant at a time: its estimates vary too much (Varoquaux 2018).
    """
    if leaves_sites_out(outcome, block, kind):
        return np.unique(block, return_inverse=True)[1].astype(np.intp)[None]
    return np.stack([participant_folds(outcome, kind, rng=rng) for _ in range(n_repeats)])


def inner_folds(outcome: Array, block: Codes, kind: Kind, *, rng: np.random.Generator) -> Codes:
    """Fold of each training participant, (n_participants,), by the same rule as the outer folds.

    More sites than folds are dealt into folds, so that a site still stays together.
    """
    sites, place = np.unique(block, return_inverse=True)
    if not leaves_sites_out(outcome, place.astype(np.intp), kind):
        return participant_folds(outcome, kind, rng=rng)
    dealt = rng.permutation(len(sites)) % N_FOLDS
    if not _every_fold_can_be_left_out(outcome, dealt[place], kind):
        return participant_folds(outcome, kind, rng=rng)
    return dealt[place].astype(np.intp)


def participant_folds(outcome: Array, kind: Kind, *, rng: np.random.Generator) -> Codes:
    """Random folds of participants with the same share of each class, (n_participants,)."""
    order = rng.permutation(len(outcome))
    if kind == "binary":
        order = order[np.argsort(outcome[order], kind="stable")]
    fold = np.empty(len(outcome), dtype=np.intp)
    fold[order] = np.arange(len(outcome)) % N_FOLDS
    return fold


def _every_fold_can_be_left_out(outcome: Array, fold: Codes, kind: Kind) -> bool:
    if kind == "continuous":
        return True
    return all(
        np.bincount(outcome[fold != f].astype(np.intp), minlength=2).min() >= FEWEST_TO_TRAIN
        for f in np.unique(fold)
    )
