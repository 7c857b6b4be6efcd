"""States beside what the libraries of the field compute of the same frames."""

import numpy as np
import pytest
from hmmlearn.hmm import GaussianHMM
from scipy.sparse.linalg import eigsh
from scipy.stats import multivariate_normal
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from defaultmode.core.reference import States
from defaultmode.measures._phases import leading_eigenvectors, leading_patterns, phases_of
from defaultmode.measures._state_frames import activation_patterns, decode
from defaultmode.measures._state_models import hidden_markov, k_means
from defaultmode.measures._viterbi import gaussian_log_density, viterbi
from switching_recordings import activation, chain, gaussian

SIGNAL = activation(chain(300, (0.93, 0.9), seed=1), 0.8, seed=2)
COLUMNS = np.arange(SIGNAL.shape[1])
USABLE = np.arange(300) % 50 != 7


def patterns(method):
    if method == "cap":
        return activation_patterns(SIGNAL, COLUMNS, USABLE)
    return leading_patterns(phases_of(SIGNAL))[0][USABLE]


@pytest.mark.parametrize("method", ["cap", "leida"])
def test_clusters_are_those_of_scikit_learn(method):
    frames = patterns(method)
    centres, more = k_means([frames[:100], frames[100:]], 3, seed=0)
    with threadpool_limits(limits=1):
        theirs = KMeans(3, n_init=10, random_state=1).fit(frames)
    labels = decode(States(method, (), centres, 0, (), more), [frames])
    inertia = ((frames - centres[labels]) ** 2).sum()
    assert inertia == pytest.approx(theirs.inertia_, rel=1e-3)  # starts find minima of their own
    own = KMeans(3, init=centres, n_init=1, max_iter=1).fit(frames)
    np.testing.assert_array_equal(labels, own.predict(frames))


def test_co_activation_patterns_are_as_far_apart_as_they_correlate():
    frames = activation_patterns(SIGNAL, COLUMNS, USABLE)
    z = (SIGNAL[USABLE] - SIGNAL[USABLE].mean(axis=0)) / SIGNAL[USABLE].std(axis=0)
    apart = ((frames[:20, None] - frames[None, :20]) ** 2).sum(axis=-1)
    np.testing.assert_allclose(apart, 2 - 2 * np.corrcoef(z[:20]), atol=1e-12)


def test_leading_eigenvectors_are_those_of_a_sparse_solver():
    phase = np.random.default_rng(3).uniform(-np.pi, np.pi, (20, 60))
    vectors, values = leading_eigenvectors(phase)
    for angles, vector, value in zip(phase, vectors, values, strict=True):
        (theirs,), expected = eigsh(np.cos(angles[:, None] - angles), k=1)
        assert value == pytest.approx(theirs, rel=1e-10)
        assert abs(vector @ expected[:, 0]) == pytest.approx(1, abs=1e-10)


@pytest.fixture(scope="module")
def model():
    """A model with a transition that is impossible and states that overlap, and frames of it."""
    made = GaussianHMM(3, "full")
    made.startprob_ = np.array([0.5, 0.5, 0.0])
    made.transmat_ = np.array([[0.9, 0.1, 0.0], [0.1, 0.8, 0.1], [0.0, 0.2, 0.8]])
    made.means_ = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 1.0], [0.0, 2.0, 0.0]])
    made.covars_ = np.eye(3) + np.array([0.1, 0.3, 0.5])[:, None, None]
    return made, made.sample(100, random_state=1)[0]


def test_density_is_that_of_scipy(model):
    made, frames = model
    found = gaussian_log_density(frames, made.means_, made.covars_)
    for state in range(3):
        theirs = multivariate_normal(made.means_[state], made.covars_[state]).logpdf(frames)
        np.testing.assert_allclose(found[:, state], theirs, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("lengths", [[100], [30, 1, 69]])
def test_hidden_states_are_those_of_hmmlearn(model, lengths):
    made, frames = model
    more = {
        "covariances": made.covars_,
        "start": made.startprob_,
        "transitions": made.transmat_,
    }
    states = States("hmm", (), made.means_, 0, (), more)
    ours = decode(states, np.split(frames, np.cumsum(lengths)[:-1]))
    np.testing.assert_array_equal(ours, made.predict(frames, lengths))
    assert len(set(ours.tolist())) == 3


def test_the_path_is_the_likeliest_of_all():
    """Of all 3⁶ paths of six frames."""
    rng = np.random.default_rng(6)
    density, start = rng.standard_normal((6, 3)), rng.dirichlet(np.ones(3))
    steps = rng.dirichlet(np.ones(3), size=3)
    paths = np.stack(np.meshgrid(*[range(3)] * 6, indexing="ij"), axis=-1).reshape(-1, 6)
    score = np.log(start[paths[:, 0]]) + np.log(steps[paths[:, :-1], paths[:, 1:]]).sum(axis=1)
    score += density[np.arange(6), paths].sum(axis=1)
    np.testing.assert_array_equal(viterbi(density, start, steps), paths[score.argmax()])


def test_the_fit_is_a_maximum_that_hmmlearn_cannot_leave():
    frames = gaussian(400, 9)[:, [0, 7, 12]]
    centres, more = hidden_markov([frames[:150], frames[150:]], 2, seed=0)
    theirs = GaussianHMM(2, "full", init_params="", n_iter=30, tol=0.04)
    theirs.startprob_, theirs.transmat_ = more["start"], more["transitions"]
    theirs.means_, theirs.covars_ = centres, more["covariances"]
    before = theirs.score(frames, [150, 250])
    assert theirs.fit(frames, [150, 250]).score(frames, [150, 250]) - before < 0.01 * len(frames)
