"""Overlap of treatments: planted maps, noise ceiling, interval, and reasons."""

import numpy as np
import pytest

from defaultmode.core.atlas import Atlas
from defaultmode.sources.atlases import load_atlas
from defaultmode.statistics.overlap import overlap

ATLAS = load_atlas("schaefer100")


def rng(seed=0):
    return np.random.default_rng(seed)


def people(true_map, n, *, noise, seed):
    """Change maps of n people: what the treatment does, and noise."""
    return true_map + noise * rng(seed).normal(size=(n, len(true_map)))


def maps(r, seed=0):
    """Two maps whose correlation is exactly r."""
    a, b = rng(seed).normal(size=(2, len(ATLAS)))
    a = (a - a.mean()) / a.std()
    b = b - b.mean() - (b @ a / 100) * a
    return a, r * a + np.sqrt(1 - r**2) * b / b.std()


def test_one_map_without_noise_is_one_map():
    a, _ = maps(0.5)
    found = overlap(np.tile(a, (5, 1)), np.tile(2 * a + 1, (6, 1)), ATLAS)
    e = found.estimate
    assert (e.value, e.ci_low, e.ci_high) == pytest.approx((1, 1, 1))
    assert (found.reliability_a, found.ceiling, found.disattenuated) == pytest.approx((1, 1, 1))
    assert (e.n, e.n_reference) == (5, 6)
    assert e.p_permuted == 1 / 1001


@pytest.mark.parametrize("r", [-0.6, 0.0, 0.6])
def test_a_planted_correlation_is_found_beyond_the_noise(r):
    """Signal 1 and noise 3 in 40 people: reliability 1 / (1 + 9 / 40) of either mean map."""
    a, b = maps(r)
    found = overlap(people(a, 40, noise=3, seed=1), people(b, 40, noise=3, seed=2), ATLAS)
    expected = 1 / (1 + 9 / 40)
    assert found.reliability_a == pytest.approx(expected, abs=0.08)
    assert found.ceiling == pytest.approx(expected, abs=0.08)
    assert found.estimate.value == pytest.approx(r * expected, abs=0.15)
    assert found.disattenuated == pytest.approx(r, abs=0.2)
    assert found.estimate.ci_low < found.estimate.value < found.estimate.ci_high
    assert found.lowest <= found.estimate.value <= found.highest


def test_swapping_the_treatments_changes_no_number_over_people():
    a, b = maps(0.4)
    first, second = people(a, 12, noise=2, seed=3), people(b, 9, noise=2, seed=4)
    one, other = overlap(first, second, ATLAS).estimate, overlap(second, first, ATLAS).estimate
    for name in ("value", "ci_low", "ci_high", "se", "p"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-9)
    assert (one.df, one.n, one.n_reference, other.n) == (8, 12, 9, 9)


def test_the_jackknife_is_that_of_the_book():
    from scipy import stats

    a, b = rng(5).normal(size=(6, 100)), rng(6).normal(size=(8, 100))
    found = overlap(a, b, ATLAS).estimate
    z = lambda x, y: np.arctanh(np.corrcoef(x, y)[0, 1])  # noqa: E731
    without_a = [z(np.delete(a, i, 0).mean(0), b.mean(0)) for i in range(6)]
    without_b = [z(a.mean(0), np.delete(b, i, 0).mean(0)) for i in range(8)]
    se = np.sqrt(5 * np.var(without_a) + 7 * np.var(without_b))
    whole = z(a.mean(0), b.mean(0))
    assert found.se == pytest.approx(se)
    assert found.ci_high == pytest.approx(np.tanh(whole + stats.t.ppf(0.975, 5) * se))
    assert found.p == pytest.approx(2 * stats.t.sf(abs(whole) / se, 5))


def test_people_who_had_both_are_left_out_of_both():
    noise = 2 * rng(7).normal(size=(10, 100))
    a, b = (m + noise for m in maps(0.2))
    together = overlap(a, b, ATLAS, same_people=True).estimate
    apart = overlap(a, b, ATLAS).estimate
    assert together.value == apart.value
    assert together.se != apart.se


def test_the_interval_covers():
    """Of 150 pairs of small studies, with regions and maps given; the jackknife is conservative."""
    a, b = maps(0.5)
    draws = [
        (people(a, 10, noise=2, seed=s), people(b, 10, noise=2, seed=s + 5000)) for s in range(600)
    ]
    expected = np.tanh(
        np.mean([np.arctanh(np.corrcoef(x.mean(0), y.mean(0))[0, 1]) for x, y in draws])
    )
    found = [overlap(x, y, ATLAS).estimate for x, y in draws[:80]]
    covered = np.mean([e.ci_low <= expected <= e.ci_high for e in found])
    assert covered > 0.95 - 3 * np.sqrt(0.05 * 0.95 / 80)


def test_gaps_leave_out_the_region_only_where_few_have_it():
    a, b = rng(8).normal(size=(2, 6, 100))
    a[0, 4] = np.nan
    a[:4, 7] = np.nan
    found = overlap(a, b, ATLAS)
    assert 4 in found.spin.regions
    assert 7 not in found.spin.regions


@pytest.mark.parametrize(
    ("n", "atlas", "code"), [(2, ATLAS, "E301"), (5, ATLAS.take(range(6)), "E302")]
)
def test_too_little_is_a_reason(n: int, atlas: Atlas, code: str):
    found = overlap(rng().normal(size=(n, len(atlas))), rng(1).normal(size=(9, len(atlas))), atlas)
    assert found.estimate.code == code
    assert found.estimate.reason
    assert np.isnan(found.estimate.value)
    assert found.spin is None


def test_three_people_have_no_halves():
    found = overlap(rng().normal(size=(3, 100)), rng(1).normal(size=(9, 100)), ATLAS)
    assert np.isnan(found.reliability_a)
    assert np.isnan(found.ceiling)
    assert np.isfinite(found.estimate.value)
