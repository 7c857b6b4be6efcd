"""Recovery and calibration where both have closed forms, and where overconfidence is planted."""

from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np
import pytest
from scipy.stats import chi2

from defaultmode.core.connectome import Connectome
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.fitting.calibration import (
    Ranked,
    flat_by_band,
    flat_by_chi_squared,
    histogram,
    rank,
)
from defaultmode.fitting.recovery import over_people, people, recover, within_people
from defaultmode.fitting.search import Aim, search
from defaultmode.fitting.target import Band, Weights, band, observed
from defaultmode.fitting.uncertainty import draws
from defaultmode.simulation.controlled import control_at
from defaultmode.simulation.twin_model import TwinModel
from defaultmode.simulation.twin_space import OperatingPoint, Space, first_guess

N = 4
PAIRS = np.triu_indices(N, 1)
SIZE = 0.1  # of one score, in Fisher z
ONE = Band(np.array([0.05]), np.array([1.0]), np.array([1.0]))
ALONE = Weights(variance=0.0, lagged=0.0, global_signal=0.0)
LIMIT_PER_S = 0.5
SAMPLES = 100.0


@dataclass(frozen=True)
class Pairs:
    """One score for every pair of regions: its Fisher z. Linear, and near 0 errors are apart."""

    always_growing: bool = False

    def __len__(self):
        return len(PAIRS[0])

    def crossed(self, scores, frequencies_hz):
        matrix = np.eye(N)
        matrix[PAIRS] = np.tanh(SIZE * scores)
        matrix.T[PAIRS] = matrix[PAIRS]

        def back(by):
            return 2.0 * SIZE * by[0].real[PAIRS] * (1.0 - matrix[PAIRS] ** 2)

        return np.repeat(matrix[None], len(frequencies_hz), axis=0).astype(complex), back

    def growth(self, scores):
        if self.always_growing:
            return 1.0, np.zeros(len(scores))
        return -1000.0, np.zeros(len(scores))


class Tilted(Pairs):
    """The same; the first score makes it less stable."""

    def growth(self, scores):
        return scores[0] - LIMIT_PER_S, np.eye(len(scores))[0]


def recorded(scores, rng, *, samples, model=None, seen=ONE, weights=ALONE, slowest_per_s=0.0):
    crossed, _ = (model or Pairs()).crossed(scores, seen.frequencies_hz)
    exact = observed(*seen.covariances(crossed, 2.0), lag_s=2.0, samples=samples)
    aim = Aim(target=exact, band=seen, weights=weights, slowest_per_s=slowest_per_s)
    return replace(aim, target=aim.sampled(crossed, rng))


@cache
def made_and_plausible():
    """80 people, and what is plausible of a recording of each."""
    rng = np.random.default_rng(5)
    made = rng.standard_normal((80, len(Pairs())))
    plausible = []
    for scores in made:
        aim = recorded(scores, rng, samples=SAMPLES)
        found = search(Pairs(), aim, steps=30)
        plausible.append(draws(Pairs(), aim, found, rng, count=19, steps=30))
    return made, plausible


def ranked(*, spread=1.0, shift=0.0):
    """The truth among draws that are spread or shifted wrongly."""
    made, plausible = made_and_plausible()
    following = iter(plausible)

    def believe(aim, rng):
        drawn = next(following)
        return drawn.mean(axis=0) + shift + spread * (drawn - drawn.mean(axis=0))

    record = partial(recorded, samples=SAMPLES)
    rng = np.random.default_rng(11)
    return rank(believe, record, made, quantities=lambda scores: scores, rng=rng)


@pytest.mark.parametrize("samples", [100.0, 300.0])
def test_recovery_is_the_root_of_the_share_of_variance_that_is_not_noise(samples):
    rng = np.random.default_rng(1)
    made = people(Pairs(), count=200, slowest_per_s=1.0, rng=rng)
    found = recover(Pairs(), partial(recorded, samples=samples), made.scores, steps=30, rng=rng)
    told = over_people(found.true, found.fitted, rng=rng)
    expected = np.sqrt(SIZE**2 / (SIZE**2 + 1.0 / samples))
    assert told.r == pytest.approx(expected, abs=0.03)  # its standard error is at most 0.015
    assert told.low < expected < told.high
    assert (told.n_people, told.n_values) == (200, 6)
    assert told.recovered == (samples == 300.0)
    assert found.settled.all()


def test_agreement_is_pearsons_r_over_people_and_within_them():
    rng = np.random.default_rng(2)
    true = rng.standard_normal((40, 7))
    fitted = true + rng.standard_normal((40, 7)) * np.linspace(0.01, 2.0, 7)
    columns = [np.corrcoef(a, b)[0, 1] for a, b in zip(true.T, fitted.T, strict=True)]
    rows = [np.corrcoef(a, b)[0, 1] for a, b in zip(true, fitted, strict=True)]
    over = over_people(true, fitted, rng=rng)
    assert over.r == pytest.approx(np.mean(columns), abs=1e-12)
    assert over.share_recovered == np.mean(np.array(columns) >= 0.8)
    within = within_people(true, fitted, rng=rng)
    assert within.r == pytest.approx(np.mean(rows), abs=1e-12)
    assert within.low < within.r < within.high


def test_the_interval_over_people_is_fishers_where_that_is_exact():
    rng = np.random.default_rng(3)
    true = rng.standard_normal((400, 1))
    told = over_people(true, true + rng.standard_normal((400, 1)), rng=rng, resamples=4000)
    by_fisher = np.tanh(np.arctanh(told.r) + np.array([-1.96, 1.96]) / np.sqrt(397))
    np.testing.assert_allclose((told.low, told.high), by_fisher, atol=0.012)


def test_what_cannot_be_correlated_is_missing():
    rng = np.random.default_rng(4)
    x = rng.standard_normal((4, 6))
    assert over_people(x, x, rng=rng).code == "E515"
    assert within_people(x, x, rng=rng).code == "E515"
    x = rng.standard_normal((9, 6))
    assert isinstance(over_people(x, np.ones((9, 6)), rng=rng), Missing)
    assert isinstance(within_people(x, np.ones((9, 6)), rng=rng), Missing)


def test_people_are_as_stable_as_asked_and_the_refused_are_counted():
    made = people(Tilted(), count=400, slowest_per_s=LIMIT_PER_S, rng=np.random.default_rng(6))
    assert made.scores[:, 0].max() <= 0.0
    assert made.scores[:, 1].max() > 1.0
    assert made.refused == pytest.approx(400, abs=85)  # half are refused: 3 standard errors
    with pytest.raises(DefaultModeError) as caught:
        people(Pairs(always_growing=True), count=1, slowest_per_s=1.0, rng=np.random.default_rng(7))
    assert caught.value.code == "E504"


def test_draws_of_a_linear_model_are_calibrated_and_contract_as_they_should():
    found = ranked()
    assert flat_by_band(found.ranks, found.n_draws).min() > 0.05 / 6
    for level in (0.5, 0.8, 0.95):
        sd = np.sqrt(level * (1.0 - level) / found.ranks.size)
        assert found.coverage(level).mean() == pytest.approx(level, abs=3.0 * sd)
    signal = SIZE**2 * SAMPLES
    assert found.contraction(np.ones(6)).mean() == pytest.approx(signal / (1.0 + signal), abs=0.07)
    error = found.middle - found.true
    assert error.std() == pytest.approx(
        1.0 / np.sqrt(1.0 + signal) * np.sqrt(20.0 / 19.0), abs=0.07
    )


@pytest.mark.parametrize("wrong", [{"spread": 0.4}, {"spread": 2.5}, {"shift": 1.0}])
def test_draws_too_narrow_too_wide_or_beside_are_found_out(wrong):
    found = ranked(**wrong)
    assert flat_by_band(found.ranks, found.n_draws).max() < 0.01
    assert all(flat_by_chi_squared(r, found.n_draws) < 0.05 for r in found.ranks.T)
    covered = found.coverage(0.8).mean()
    assert covered > 0.9 if wrong == {"spread": 2.5} else covered < 0.65


def test_what_the_data_leave_free_has_the_priors_spread_after_a_single_step():
    rng = np.random.default_rng(8)
    aim = recorded(np.zeros(6), rng, samples=2.0)
    found = search(Pairs(), aim, steps=30)
    drawn = draws(Pairs(), aim, found, rng, count=200, steps=1)
    np.testing.assert_allclose(drawn.std(axis=0, ddof=1), 1.0, atol=0.16)


def test_intervals_count_the_part_of_a_rank_that_they_hold():
    ranks = np.arange(20)[:, None]
    found = Ranked(ranks, np.zeros((20, 1)), np.ones((20, 1)), np.arange(20.0)[:, None], 19)
    for level in (0.5, 0.8, 0.95):
        assert found.coverage(level).mean() == pytest.approx(level, abs=1e-12)
    assert found.coverage(0.95)[0] == pytest.approx(0.5)
    assert found.contraction(np.array([2.0])) == pytest.approx(0.75)
    np.testing.assert_array_equal(histogram(ranks, 19), np.ones((20, 1)))


def test_flatness_is_exact_where_ranks_are_coin_tosses_and_by_chi_squared():
    ranks = np.ones((10, 2), dtype=np.int64)
    ranks[:2, 1] = 0
    expected = 2.0 * np.array([1.0, 56.0]) / 1024.0  # two-sided binomial
    np.testing.assert_allclose(flat_by_band(ranks, 1), expected, atol=0.015)
    counts = np.repeat([0, 1, 2, 3], [5, 5, 5, 25])
    assert flat_by_chi_squared(counts, 3) == pytest.approx(chi2.sf(30.0, 3))
    assert flat_by_chi_squared(counts[:9], 3).code == "E515"


def test_the_bands_refuse_one_calibrated_value_in_twenty():
    ranks = np.random.default_rng(9).integers(20, size=(50, 2000))
    assert (flat_by_band(ranks, 19) < 0.05).mean() == pytest.approx(0.05, abs=0.015)


def test_the_noise_of_a_small_real_brain_comes_back_from_a_long_recording_and_less_from_a_short():
    rng = np.random.default_rng(10)
    weights = rng.random((8, 8)) * (rng.random((8, 8)) < 0.6)
    weights = np.triu(weights, 1) + np.triu(weights, 1).T
    names = tuple(f"region {k}" for k in range(8))
    point = OperatingPoint()
    control = control_at(point.rate_hz, noise_inhibitory=point.noise)
    start = first_guess(Connectome("made", names, weights), point, control)
    sd = {"coupling": 0.1, "noise": 0.3, "routing": 0.5}
    space = Space(start, weights > 0, ("one",), np.ones((8, 1)), sd)
    model = TwinModel(space, control)
    made = people(model, count=16, slowest_per_s=1.0, rng=rng)
    seen = band(0.01, 0.1, lambda f: np.ones(len(f), complex), nodes=2)
    told = {}
    for samples in (30.0, 3000.0):
        record = partial(
            recorded, samples=samples, model=model, seen=seen, weights=Weights(), slowest_per_s=1.0
        )
        found = recover(model, record, made.scores, steps=40, rng=rng)
        part = space.slices["noise"]
        told[samples] = over_people(found.true[:, part], found.fitted[:, part], rng=rng).r
    assert told[3000.0] > 0.9
    assert told[30.0] < told[3000.0] - 0.1
