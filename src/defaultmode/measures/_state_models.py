"""How states are fitted to frames: k-means, and a Gaussian hidden Markov model."""

from collections.abc import Mapping, Sequence

import numpy as np

from defaultmode.core.recording import Array

Fitted = tuple[Array, Mapping[str, Array]]  # centres (n_states, n_features), and `States.more`
K_MEANS_STARTS = 5  # the fit with the smallest sum of squares is kept
MARKOV_STARTS = 3  # after their first rounds, the likeliest is fitted to its end
FIRST_ROUNDS, MOST_ROUNDS = 10, 60
LEAST_GAIN = 1e-4  # nats a frame: a round that gains less ends the fit
FLAT = 1e-6  # least variance in any direction, of signals of variance 1; published digits keep it
STAY = 0.9  # probability with which a start stays in its state; our own, and it is then fitted


def k_means(stretches: Sequence[Array], n_states: int, seed: int) -> Fitted:
    """Centres with the smallest sum of squared distances that five starts find (scikit-learn)."""
    return _clusters(np.concatenate(stretches), n_states, seed, starts=K_MEANS_STARTS), {}


def _clusters(frames: Array, n_states: int, seed: int, *, starts: int) -> Array:
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    word = int(np.random.SeedSequence(seed).generate_state(1)[0])  # scikit-learn takes 32 bits
    model = KMeans(n_states, n_init=starts, random_state=word)
    with threadpool_limits(limits=1):  # several threads sum in several orders, and share cores
        return np.asarray(model.fit(frames).cluster_centers_)


def hidden_markov(stretches: Sequence[Array], n_states: int, seed: int) -> Fitted | None:
    """The likeliest of three fits of a Gaussian hidden Markov model, full covariance (hmmlearn).

    They start from k-means of different seeds. None where no fit succeeded.
    """
    starts = [_start(np.concatenate(stretches), n_states, seed + n) for n in range(MARKOV_STARTS)]
    fits = [f for s in starts if (f := _maximise(stretches, s, FIRST_ROUNDS)) is not None]
    if not fits:
        return None
    _, best = max(fits, key=lambda f: f[0])
    fitted = _maximise(stretches, best, MOST_ROUNDS)
    _, found = fitted or (0.0, best)
    centres = found.pop("means")
    return centres, found


def _start(frames: Array, n_states: int, seed: int) -> dict[str, Array]:
    steps = np.full((n_states, n_states), (1 - STAY) / (n_states - 1))
    np.fill_diagonal(steps, STAY)
    return {
        "means": _clusters(frames, n_states, seed, starts=1),
        "covariances": np.repeat(np.atleast_2d(np.cov(frames.T))[None], n_states, axis=0),
        "start": np.full(n_states, 1 / n_states),
        "transitions": steps,
    }


def _maximise(
    stretches: Sequence[Array], start: Mapping[str, Array], rounds: int
) -> tuple[float, dict[str, Array]] | None:
    """Log-likelihood and parameters after some rounds of expectation maximisation.

    None where a state lost its frames, or some networks are the same, and its covariance is flat.
    """
    import logging

    from hmmlearn.hmm import GaussianHMM

    # It warns of every fit whose likelihood falls by rounding; the likeliest of the fits is kept.
    logging.getLogger("hmmlearn").setLevel(logging.ERROR)
    frames, lengths = np.concatenate(stretches), [len(s) for s in stretches]
    model = GaussianHMM(
        len(start["means"]),
        covariance_type="full",
        init_params="",
        n_iter=rounds,
        tol=LEAST_GAIN * len(frames),
    )
    model.startprob_, model.transmat_ = start["start"], start["transitions"]
    try:
        model.means_, model.covars_ = start["means"], start["covariances"]
        score = model.fit(frames, lengths).score(frames, lengths)
    except ValueError:  # what hmmlearn says of a covariance that is not positive definite
        return None
    if np.linalg.eigvalsh(model.covars_).min() < FLAT:
        return None
    return score, {
        "means": model.means_,
        "covariances": model.covars_,
        "start": model.startprob_,
        "transitions": model.transmat_,
    }
