"""The fast kernel against plain NumPy in double precision, for the same noise and every term."""

import numpy as np
import pytest

from defaultmode.simulation.brain import Brain
from defaultmode.simulation.fused import FusedRun
from defaultmode.simulation.models import find_model
from defaultmode.simulation.random_streams import NormalStreams
from defaultmode.simulation.reference import integrate
from defaultmode.simulation.sampling import Sampling

N_REGIONS, N_PEOPLE, N_MS = 13, 3, 1000  # 13 fills neither a block of rows nor a row of lanes
SEEDS = [5, 2**63 + 9, 0]
EVERY_MS = Sampling(dt_ms=0.1, coupling_steps=1, tr_ms=1, activity_ms=1)
RANGES = {
    "local_excitation": (0.8, 1.4),
    "coupling": (0.3, 0.6),
    "feed_forward": (0.5, 1.5),
    "inhibition": (1.0, 1.3),
    "nmda_local": (0.9, 1.0),
    "nmda_long_range": (0.9, 1.0),
    "nmda_on_inhibitory": (0.9, 1.0),
    "gain": (0.9, 1.1),
    "current_na": (0.0, 0.01),
    "glutamate_decay_ms": (90.0, 110.0),
    "adaptation_na": (0.0, 0.1),
    "adaptation_decay_ms": (500.0, 5000.0),
    "noise": (0.005, 0.01),
    "noise_inhibitory": (0.005, 0.01),
    "shared_noise": (0.0, 0.005),
    "shared_weight": (0.0, 2.0),
}
# One rounding moves S_E by up to 2⁻²⁵ (S_E < .5) and the rate by 1e-6 of 1/d. A leak of a
# thousandth per step sums a thousand of them, in the worst case 3e-5, less S_I's tenth of that
# memory; blood flow averages S_E over seconds, and 1 % of S_E is .01 % of signal.
BOUNDS = {"S_E": 3e-5, "S_I": 5e-6, "A": 2e-6}
BOLD_BOUND = 1e-5


@pytest.fixture(scope="module")
def brain() -> Brain:
    """Everything on, and different in every region of every person."""
    rng = np.random.default_rng(3)
    shape = (N_REGIONS, N_PEOPLE)
    values = {name: rng.uniform(low, high, shape) for name, (low, high) in RANGES.items()}
    assert set(values) == {p.name for p in find_model("mean_field").parameters}
    routes = {
        name: rng.random((N_REGIONS, N_REGIONS)) / N_REGIONS
        for name in ("long_range", "feed_forward")
    }
    return Brain("mean_field", tuple(map(str, range(N_REGIONS))), values, routes)


@pytest.fixture(scope="module")
def truth(brain):
    noise = NormalStreams(SEEDS, N_REGIONS)
    return integrate(brain, noise, duration_ms=N_MS, once_per_ms=("A",))


def followed(brain: Brain, seeds: list[int], *, alone: bool) -> tuple[np.ndarray, np.ndarray]:
    """States (n_ms, 3, n_regions, n_people) and BOLD of every millisecond."""
    run = FusedRun(brain, seeds, EVERY_MS, alone=alone)
    windows, states = [], []
    for start_ms in range(N_MS):
        windows.append(run.advance(brain, 1, start_ms=start_ms))
        states.append(run.state)
    bold = np.concatenate([w.bold for w in windows])
    activity = np.concatenate([w.activity for w in windows])
    assert np.array_equal(activity, np.array(states)[:, 0])
    return np.array(states), bold


def test_batch_follows_the_reference(brain, truth) -> None:
    states, bold = followed(brain, SEEDS, alone=False)
    assert truth.states[:, 0].std(axis=0).min() > 100 * BOUNDS["S_E"], "nothing moves"
    for k, (name, bound) in enumerate(BOUNDS.items()):
        assert np.abs(states[:, k] - truth.states[:, k]).max() < bound, name
    assert np.abs(bold - truth.bold).max() < BOLD_BOUND


def test_one_alone_follows_the_reference(brain, truth) -> None:
    states, bold = followed(brain.person(1), SEEDS[1:2], alone=True)
    for k, (name, bound) in enumerate(BOUNDS.items()):
        assert np.abs(states[:, k] - truth.states[:, k, :, 1:2]).max() < bound, name
    assert np.abs(bold - truth.bold[..., 1:2]).max() < BOLD_BOUND


@pytest.mark.parametrize("term", sorted(set(RANGES) - {"adaptation_decay_ms"}))
def test_every_term_counts(brain, truth, term) -> None:
    """Were a term missing from both, the two would still agree; so each must change the run."""
    value = 2.0 * brain.value(term) if term != "gain" else 1.01 * brain.value(term)
    sampling = Sampling(dt_ms=0.1, coupling_steps=1, tr_ms=100)
    changed = brain.changed(**{term: value})
    runs = [FusedRun(b, SEEDS, sampling) for b in (brain, changed)]
    for run, b in zip(runs, (brain, changed), strict=True):
        run.advance(b, 50, start_ms=None)
    apart = np.abs(runs[0].state[0] - runs[1].state[0]).max()
    assert apart > 2e-5


def test_coupling_once_per_millisecond_follows_the_reference(brain) -> None:
    rare = Sampling(dt_ms=0.2, coupling_steps=5, tr_ms=100)
    run = FusedRun(brain, SEEDS, rare)
    run.advance(brain, 100, start_ms=None)
    noise = NormalStreams(SEEDS, N_REGIONS)
    truth = integrate(
        brain, noise, duration_ms=100, dt_ms=0.2, coupling_steps=5, once_per_ms=("A",)
    )
    assert np.abs(run.state[0] - truth.states[-1, 0]).max() < 5e-6
    every = integrate(brain, NormalStreams(SEEDS, N_REGIONS), duration_ms=100, dt_ms=0.2)
    assert np.abs(truth.states[-1, 0] - every.states[-1, 0]).max() > 1e-5
