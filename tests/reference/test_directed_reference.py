"""Regression DCM against the published form of it: Fourier coefficients, one inversion a region."""

import numpy as np
import pytest

from defaultmode.measures._regression_dcm import regression_dcm
from direct_dcm import direct_dcm, fourier_design, pair_design


def slow_signals(n_time, n, seed=0):
    """Random walks that return: neighbouring frames are alike, as in blood flow."""
    rng = np.random.default_rng(seed)
    kicks, signal = rng.standard_normal((n_time, n)), np.zeros((n_time, n))
    mixing = 0.8 * np.eye(n) + 0.1 * rng.standard_normal((n, n)) / np.sqrt(n)
    for t in range(1, n_time):
        signal[t] = mixing @ signal[t - 1] + kicks[t]
    return (signal - signal.mean(axis=0)) / signal.std(axis=0)


@pytest.mark.parametrize(("n_time", "n"), [(150, 6), (151, 20), (40, 50)])
def test_equals_one_inversion_per_region_and_round(n_time, n):
    """Also where there are more regions than frames."""
    signal = slow_signals(n_time, n)
    found = regression_dcm(signal, 2.0).mean
    np.testing.assert_allclose(found, direct_dcm(*pair_design(signal, 2.0)), atol=1e-7)


@pytest.mark.parametrize("n_time", [150, 151])
def test_equals_the_published_fourier_form_where_the_run_is_closed_to_a_ring(n_time):
    """The first frame, which is the mean so that the mean stays, follows the last once more."""
    signal = slow_signals(n_time, 8)
    signal[0] = signal[1:].mean(axis=0)
    found = regression_dcm(np.vstack([signal, signal[:1]]), 2.0).mean
    np.testing.assert_allclose(found, direct_dcm(*fourier_design(signal, 2.0)), atol=1e-8)


@pytest.mark.parametrize("weight", [1 / 256, 1 / 16, 1])
def test_equals_it_whatever_a_pair_counts_for(weight):
    """And the counts differ: ours is that of the toolbox because the tests above say so."""
    signal = slow_signals(150, 20)
    found = regression_dcm(signal, 2.0, pair_weight=weight).mean
    expected = direct_dcm(*pair_design(signal, 2.0), weight=weight)
    np.testing.assert_allclose(found, expected, atol=1e-7)
    other = direct_dcm(*pair_design(signal, 2.0), weight=weight / 2)
    assert np.abs(found - other).max() > 1e-3


def test_the_pair_that_closes_the_ring_is_one_of_many():
    """Leaving it out, as the measure does, moves connections of 0.1/s and more by under 0.03/s."""
    signal = slow_signals(300, 8)
    published, ours = direct_dcm(*fourier_design(signal, 2.0)), regression_dcm(signal, 2.0).mean
    assert np.abs(published).max() > 0.1
    assert np.abs(published - ours).max() < 0.03
