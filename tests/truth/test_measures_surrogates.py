"""What surrogates keep and what they do not, and how a value is held against them."""

from dataclasses import replace

import numpy as np
import pytest

from defaultmode.core.reference import Reference
from defaultmode.core.tested import Tested
from defaultmode.measures._surrogates import against_surrogates, surrogates
from switching_recordings import activation, chain, gaussian, person

REFERENCE = Reference(surrogates=5)
ROUNDING = 1e-6  # of single precision, in which they are kept


def recording(n_time=200):
    return person("01", gaussian(n_time, 1))


@pytest.mark.parametrize("n_time", [200, 201])
def test_they_keep_covariance_and_cross_spectra(n_time):
    whole = recording(n_time)
    spectrum = np.fft.rfft(whole.signal, axis=0)
    for copy in surrogates(whole, REFERENCE).astype(np.float64):
        np.testing.assert_allclose(copy.mean(axis=0), whole.signal.mean(axis=0), atol=1e-5)
        np.testing.assert_allclose(np.cov(copy.T), np.cov(whole.signal.T), rtol=0, atol=1e-4)
        theirs = np.fft.rfft(copy, axis=0)
        scale = (np.abs(spectrum) ** 2).max()
        for region in (0, 9):
            ours = spectrum * spectrum[:, region, None].conj()
            np.testing.assert_allclose(
                theirs * theirs[:, region, None].conj(), ours, atol=ROUNDING * scale
            )
        assert np.corrcoef(copy[:, 0], whole.signal[:, 0])[0, 1] < 0.9


def test_they_are_the_same_for_an_equal_recording_and_differ_between_runs_and_seeds():
    drawn = surrogates(recording(), REFERENCE)
    np.testing.assert_array_equal(drawn, surrogates(recording(), Reference(surrogates=5)))
    other_run = person("02", recording().signal)
    assert not np.array_equal(drawn, surrogates(other_run, REFERENCE))
    assert not np.array_equal(drawn, surrogates(recording(), Reference(surrogates=5, seed=1)))
    assert not np.array_equal(drawn[0], drawn[1])


def test_they_do_not_keep_what_is_not_gaussian():
    """Two levels become a bell: the fourth moment of a telegraph is 1, that of a Gaussian 3."""
    telegraph = person("01", activation(chain(1000, (0.95, 0.95), seed=3), 0.01, seed=4))

    def kurtosis(signal):
        z = (signal[:, 0] - signal[:, 0].mean()) / signal[:, 0].std()
        return {"kurtosis": float((z**4).mean())}

    found = against_surrogates(telegraph, Reference(), kurtosis)["kurtosis"]
    assert found.value == pytest.approx(1, abs=0.1)
    assert found.expected > 2
    assert found.p == 0.05


def test_statistics_that_are_no_number_do_not_count():
    numbers = iter([1.0, np.nan, 2.0, np.inf, 3.0, 4.0])
    found = against_surrogates(recording(), REFERENCE, lambda _: {"x": next(numbers)})["x"]
    assert found.value == 1.0
    np.testing.assert_array_equal(found.surrogates, [2.0, 3.0, 4.0])


def test_p_is_the_rank_with_the_value_itself_counted():
    surrogate_values = np.arange(39.0)
    assert Tested(50.0, surrogate_values, "keep").p == pytest.approx(2 / 40)
    assert Tested(-1.0, surrogate_values, "keep").p == pytest.approx(2 / 40)
    assert Tested(37.5, surrogate_values, "keep").p == pytest.approx(4 / 40)
    assert Tested(19.0, surrogate_values, "keep").p == 1.0
    outside, inside = (Tested(v, surrogate_values, "keep the spectra") for v in (50.0, 20.0))
    assert outside.note == ""
    assert inside.note == "not distinguishable from 39 surrogates that keep the spectra"
    assert inside.excess == pytest.approx(1.0)


@pytest.mark.parametrize("n", [0, 1, 38])
def test_too_few_surrogates_are_no_test(n):
    few = Tested(99.0, np.arange(float(n)), "keep")
    assert np.isnan(few.p)
    assert few.note == f"not tested: only {n} surrogates have a value"


def test_what_is_compared_may_be_another_number_than_the_value():
    tested = Tested(20.0, np.arange(39.0), "keep", compared=50.0)
    assert tested.p == pytest.approx(0.05)
    assert tested.excess == pytest.approx(31.0)


def test_censored_frames_are_in_the_copies():
    """They were filled in for the filter: what is counted afterwards leaves them out again."""
    usable = np.arange(200) % 9 != 4
    assert surrogates(replace(recording(), usable=usable), REFERENCE).shape == (5, 200, 17)


def test_a_surrogate_that_equals_the_value_but_for_rounding_is_a_tie() -> None:
    surrogates = np.r_[0.3, np.zeros(38)]
    for value in (0.3, 0.1 + 0.2, np.nextafter(0.3, 0)):
        assert Tested(value, surrogates, "are made up").p == 2 * 2 / 40
