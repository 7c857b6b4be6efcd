"""Targets, their distance and the search for the most plausible point, against closed forms."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from defaultmode.fitting.search import Aim, objective, search
from defaultmode.fitting.target import Band, Weights, average, band, measured, misfit, observed
from defaultmode.fitting.uncertainty import draws

N = 4
FLAT = Band(np.array([0.02, 0.08]), np.array([0.5, 0.5]), np.array([0.5, 0.5]))


def covariances(seed):
    rng = np.random.default_rng(seed)
    mixed = rng.standard_normal((N, 60))
    return mixed @ mixed.T / 60, 0.2 * rng.standard_normal((N, N))


@dataclass(frozen=True)
class Loadings:
    """A signal that one hidden source with these loadings and private noise make."""

    def __len__(self):
        return N

    def crossed(self, scores, frequencies_hz):
        matrix = np.outer(scores, scores) + np.eye(N)
        crossed = np.repeat(matrix[None], len(frequencies_hz), axis=0).astype(complex)

        def back(by):
            return 2.0 * (by.real.sum(axis=0) @ scores)

        return crossed, back

    def growth(self, scores):
        return -10.0 + scores @ scores, 2.0 * scores


def aim(loadings, samples=1e6, slowest_per_s=0.1, **more):
    crossed, _ = Loadings().crossed(loadings, FLAT.frequencies_hz)
    now, later = FLAT.covariances(crossed, 2.0)
    target = observed(now, later, lag_s=2.0, samples=samples)
    return Aim(target=target, band=FLAT, weights=Weights(), slowest_per_s=slowest_per_s, **more)


def test_the_distance_of_a_target_from_itself_is_zero_and_its_derivative_exact():
    now, later = covariances(0)
    target = observed(*covariances(1), lag_s=2.0, samples=80.0)
    weights = Weights(variance=0.7, lagged=0.3, global_signal=0.2)
    own = observed(now, later, lag_s=2.0, samples=80.0)
    assert misfit(own, now, later, weights)[0] == pytest.approx(0.0, abs=1e-20)
    _, by_now, by_later = misfit(target, now, later, weights)
    rng, step = np.random.default_rng(2), 1e-6
    for which, by in enumerate((by_now, by_later)):
        direction = rng.standard_normal((N, N))
        direction = direction + direction.T if which == 0 else direction

        def at(size, which=which, direction=direction):
            moved = [now, later]
            moved[which] = moved[which] + size * direction
            return misfit(target, *moved, weights)[0]

        found = (at(step) - at(-step)) / (2 * step)
        assert (by * direction).sum() == pytest.approx(found, rel=1e-6)


def test_a_target_has_no_unit_but_knows_which_region_is_later():
    rng = np.random.default_rng(3)
    x = rng.standard_normal(4001)
    signal = np.stack([x[1:], x[:-1], rng.standard_normal(4000)], axis=1)  # the second is later
    usable = np.ones(4000, dtype=bool)
    target = measured(signal, usable, 2.0, lag_s=2.0, samples=100.0)
    assert target.lagged[1, 0] == pytest.approx(0.5, abs=0.05)
    assert target.lagged[0, 1] == -target.lagged[1, 0]
    other = measured(1000.0 * signal, usable, 2.0, lag_s=2.0, samples=100.0)
    np.testing.assert_allclose(other.z, target.z, atol=1e-10)
    np.testing.assert_allclose(other.log_variance, target.log_variance, atol=1e-10)
    assert other.global_share == pytest.approx(target.global_share)


def test_censored_frames_do_not_count():
    rng = np.random.default_rng(4)
    signal = rng.standard_normal((300, 3))
    usable = rng.random(300) < 0.8
    spoilt = np.where(usable[:, None], signal, 1e6)
    for field in ("z", "log_variance", "lagged"):
        found = [
            getattr(measured(s, usable, 2.0, lag_s=2.0, samples=1.0), field)
            for s in (signal, spoilt)
        ]
        np.testing.assert_allclose(*found, atol=1e-9)


def test_the_average_of_targets_adds_their_samples():
    a, b = (observed(*covariances(s), lag_s=2.0, samples=50.0) for s in (5, 6))
    both = average([a, b])
    assert both.samples == 100.0
    np.testing.assert_allclose(both.z, (a.z + b.z) / 2)


def test_a_band_is_the_integral_over_it():
    flat = band(0.01, 0.1, lambda hz: np.ones(len(hz), complex), nodes=3)
    assert flat.share.sum() == pytest.approx(1.0)
    line = (flat.frequencies_hz[:, None, None] * np.ones((1, 1, 1))).astype(complex)
    assert flat.covariances(line, 0.0)[0][0, 0] == pytest.approx(0.055)
    now, later = flat.covariances(np.ones((3, 1, 1), complex), 2.0)
    hz = np.linspace(0.01, 0.1, 20001)
    assert later[0, 0] / now[0, 0] == pytest.approx(np.cos(4 * np.pi * hz).mean(), abs=1e-4)


def test_planted_loadings_are_found():
    truth = np.array([1.0, -0.5, 0.8, 0.3])
    found = search(Loadings(), aim(truth), steps=200, start=np.full(N, 0.2))
    sign = np.sign(found.scores[0])
    np.testing.assert_allclose(sign * found.scores, truth, atol=1e-3)


def test_a_short_recording_leaves_people_near_the_usual():
    truth = np.array([1.0, -0.5, 0.8, 0.3])
    sizes = [
        np.linalg.norm(search(Loadings(), aim(truth, samples), steps=200, start=truth).scores)
        for samples in (1.0, 30.0, 1e6)
    ]
    assert sizes == sorted(sizes)
    assert sizes[0] < 0.2 * sizes[2]


def test_a_fit_stays_as_stable_as_asked():
    truth = np.array([2.0, -1.0, 1.6, 0.6])  # grows by −10 + 7.96
    held = search(Loadings(), aim(truth, slowest_per_s=8.0), steps=300, start=np.full(N, 0.2))
    assert held.growth_per_s == pytest.approx(-8.0, abs=0.05)


@pytest.mark.parametrize("scores", [np.array([0.5, -0.2, 0.4, 0.1]), np.full(N, 2.0)])
def test_what_is_minimised_has_the_derivative_it_states(scores):
    """Inside, and beyond the edge of stability, where there is a wall."""
    wanted = aim(np.array([1.0, -0.5, 0.8, 0.3]), 100.0, slowest_per_s=9.9)
    direction, step = np.array([0.3, 1.0, -0.4, 0.2]), 1e-6
    at = [objective(Loadings(), wanted, scores + s * step * direction)[0] for s in (1, -1)]
    exact = objective(Loadings(), wanted, scores)[1] @ direction
    assert exact == pytest.approx((at[0] - at[1]) / (2 * step), rel=1e-5)


def test_regions_that_were_not_seen_have_no_say():
    truth = np.array([1.0, -0.5, 0.8, 0.3])
    whole = aim(truth)
    kept = np.array([0, 1, 2])
    crossed, _ = Loadings().crossed(truth, FLAT.frequencies_hz)
    now, later = FLAT.covariances(crossed[:, kept[:, None], kept], 2.0)
    partial = replace(whole, target=observed(now, later, lag_s=2.0, samples=1e6), regions=kept)
    found = search(Loadings(), partial, steps=200, start=np.full(N, 0.2))
    assert found.scores[3] == pytest.approx(0.0, abs=1e-3)  # only the prior speaks
    np.testing.assert_allclose(np.abs(found.scores[:3]), np.abs(truth[:3]), atol=1e-3)


def test_one_more_recording_differs_from_the_model_by_its_sampling_error():
    """√samples times the error of a Fisher z has variance one (Fisher 1921)."""
    truth = np.array([1.0, -0.5, 0.8, 0.3])
    crossed, _ = Loadings().crossed(truth, FLAT.frequencies_hz)
    target = aim(truth, samples=400.0).target
    rng = np.random.default_rng(7)
    z = np.array([FLAT.sampled(crossed, target, rng).z[0, 2] for _ in range(2000)])
    assert z.mean() == pytest.approx(target.z[0, 2], abs=4 * 0.05 / np.sqrt(2000))
    assert 400.0 * z.var() == pytest.approx(1.0, abs=0.13)  # four standard errors


@dataclass(frozen=True)
class People(Loadings):
    """Loadings of 1, of which people differ by 0.3 a score; nobody is unstable."""

    def crossed(self, scores, frequencies_hz):
        crossed, back = super().crossed(1.0 + 0.3 * scores, frequencies_hz)
        return crossed, lambda by: 0.3 * back(by)

    def growth(self, scores):
        return -10.0, np.zeros_like(scores)


def test_draws_spread_as_the_fit_errs():
    """Over people drawn from the prior the truth lies among its draws as often as it should."""
    rng = np.random.default_rng(8)
    below = []
    for _ in range(40):
        truth = rng.standard_normal(N)
        crossed, _ = People().crossed(truth, FLAT.frequencies_hz)
        clean = aim(1.0 + 0.3 * truth, samples=60.0)
        one = replace(clean, target=FLAT.sampled(crossed, clean.target, rng))
        found = search(People(), one, steps=60)
        drawn = draws(People(), one, found, rng, count=9, steps=40)
        below.append((drawn < truth).sum(axis=0))
    ranks = np.concatenate(below)
    assert ranks.mean() / 9 == pytest.approx(0.5, abs=0.1)
    inside = np.mean((ranks >= 3) & (ranks <= 6))  # four of ten places
    assert inside == pytest.approx(0.4, abs=0.155)  # four standard errors of 160
