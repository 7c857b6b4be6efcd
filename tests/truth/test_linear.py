"""The linear noise approximation against closed forms, a generic solver, and simulation."""

import numpy as np
import pytest
from scipy.integrate import trapezoid
from scipy.linalg import solve_continuous_lyapunov

from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation import hemodynamics
from defaultmode.simulation.engine import Plan, simulate
from defaultmode.simulation.inhibition import balance
from defaultmode.simulation.linear import (
    correlation,
    covariance,
    fixed_point,
    global_signal_removed,
    linearise,
    relaxation_s,
)
from defaultmode.simulation.spectrum import (
    band_covariance,
    blood_flow_response,
    cross_spectrum,
    mean_power_spectrum,
    power_spectrum,
)
from made_brains import default_brain


def mean_field(**values):
    """Twelve regions with everything on: feed-forward, adaptation, shared noise, uneven regions."""
    rng = np.random.default_rng(3)
    uneven = {
        "gain": rng.uniform(0.97, 1.03, 12),
        "glutamate_decay_ms": rng.uniform(95, 105, 12),
        "shared_weight": rng.uniform(0.5, 1.5, 12),
        "adaptation_na": 0.01,
        "shared_noise": 0.004,
        "feed_forward": 0.3,
        "coupling": 0.5,
    }
    return balance(default_brain("mean_field", **(uneven | values)))


def test_it_rests_where_the_drift_ends_and_slopes_say_how_fast():
    brain = mean_field()
    point = fixed_point(brain)
    np.testing.assert_allclose(point.rate_hz[:, 0], 3.0773270641, rtol=1e-8)
    linear = linearise(brain, point)
    growth = np.linalg.eigvals(linear.jacobian).real.max()
    assert relaxation_s(linear) == pytest.approx(-1e-3 / growth, rel=1e-9)


def test_covariance_solves_the_lyapunov_equation():
    linear = linearise(mean_field())
    whole = solve_continuous_lyapunov(linear.jacobian, -linear.noise)
    np.testing.assert_allclose(covariance(linear), whole[:12, :12], rtol=1e-10)
    assert len(linear.jacobian) == 36


def test_a_state_that_noise_cannot_reach_lends_no_time_constant():
    """Adaptation of strength 0 decays in 5 s, the two pools within .2 s."""
    linear = linearise(mean_field(adaptation_na=0.0))
    assert len(linear.jacobian) == 24
    assert relaxation_s(linear) < 1.0
    assert relaxation_s(linearise(mean_field())) > 1.0


def test_one_region_alone_has_the_variance_of_its_two_equations():
    """An uncoupled region: the 2 × 2 Lyapunov equation written out."""
    brain = default_brain("mean_field", coupling=0.0, feed_forward=0.0)
    linear = linearise(brain)
    (a, b), (c, d) = linear.jacobian[np.ix_([0, 12], [0, 12])]
    det, trace, q = a * d - b * c, a + d, 0.01**2
    expected = -q * (det + d**2 + b**2) / (2 * trace * det)
    np.testing.assert_allclose(np.diagonal(covariance(linear)), expected, rtol=1e-10)


def test_power_adds_up_to_the_variance():
    """Trapezoid on 500 logarithmic steps from 1e-3 to 1e4 Hz; the tail beyond is below 1e-3."""
    linear = linearise(mean_field())
    frequencies = np.concatenate([[0.0], np.geomspace(1e-3, 1e4, 500)])
    power = power_spectrum(linear, frequencies)
    whole = covariance(linear)
    np.testing.assert_allclose(trapezoid(power, frequencies, axis=0), np.diagonal(whole), rtol=2e-3)
    of_mean = trapezoid(mean_power_spectrum(linear, frequencies), frequencies)
    assert of_mean == pytest.approx(whole.mean(), rel=2e-3)


@pytest.mark.parametrize("frequency_hz", [0.0, 0.03, 2.0])
def test_cross_spectra_are_those_of_the_whole_jacobian(frequency_hz):
    linear = linearise(mean_field())
    omega = 2e-3j * np.pi * frequency_hz
    answer = np.linalg.inv(omega * np.eye(36) - linear.jacobian)
    expected = 2e-3 * linear.observed @ answer @ linear.noise @ answer.conj().T @ linear.observed.T
    found = cross_spectrum(linear, [frequency_hz])[0]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("inhibition", [1.0, 0.967])
def test_the_band_is_summed_finely_enough(inhibition):
    """Twelve nodes, also where the slowest disturbance (0.3/s) bends the spectrum inside the band."""
    brain = mean_field(coupling=0.9, adaptation_na=0.0)
    brain = brain.changed(inhibition=brain.value("inhibition") * inhibition)
    linear = linearise(brain, fixed_point(brain))
    fine = band_covariance(linear, nodes=96)
    np.testing.assert_allclose(band_covariance(linear), fine, rtol=1e-6, atol=1e-9 * fine.max())


def test_bands_side_by_side_add_up():
    linear = linearise(mean_field())
    parts = [band_covariance(linear, low_hz=a, high_hz=b) for a, b in ((0.01, 0.04), (0.04, 0.1))]
    np.testing.assert_allclose(sum(parts), band_covariance(linear), rtol=1e-8)


@pytest.mark.parametrize("mean_drive", [0.0, 0.16])
def test_blood_flow_responds_as_the_simulated_equations_do(mean_drive):
    """The engine's own step and signal, differentiated around rest; differences err by about 1e-7."""
    inflow = 1 + mean_drive / hemodynamics.GAMMA_PER_S
    volume = inflow**hemodynamics.ALPHA
    extraction = (1 - (1 - hemodynamics.RHO) ** (1 / inflow)) / hemodynamics.RHO
    rest = np.array([0.0, inflow - 1, volume - 1, volume * extraction - 1])

    def change(flow, drive):
        moved = hemodynamics.advance(flow[:, None, None], np.full((1, 1), drive), step_s=1.0)
        return moved[:, 0, 0] - flow

    np.testing.assert_allclose(change(rest, mean_drive), 0.0, atol=1e-14)
    h = 1e-6
    steps = h * np.eye(4)
    jacobian = np.stack(
        [(change(rest + s, mean_drive) - change(rest - s, mean_drive)) / (2 * h) for s in steps], 1
    )
    by_drive = (change(rest, mean_drive + h) - change(rest, mean_drive - h)) / (2 * h)
    signal = [
        np.diff(hemodynamics.percent_signal(np.stack([rest - s, rest + s], 1)[..., None])[:, 0])
        for s in steps
    ]
    frequencies = np.array([0.01, 0.05, 0.3])
    expected = [
        np.ravel(signal)
        / (2 * h)
        @ np.linalg.solve(2j * np.pi * f * np.eye(4) - jacobian, by_drive)
        for f in frequencies
    ]
    found = blood_flow_response(frequencies, [mean_drive])[:, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_removing_the_global_signal_is_regressing_on_the_mean():
    rng = np.random.default_rng(5)
    signal = rng.normal(size=(400, 6)) @ rng.normal(size=(6, 6))
    signal -= signal.mean(axis=0)
    mean = signal.mean(axis=1)
    left = signal - np.outer(mean, mean @ signal) / (mean @ mean)
    removed = global_signal_removed(signal.T @ signal / 400)
    np.testing.assert_allclose(removed, left.T @ left / 400, atol=1e-12)
    np.testing.assert_allclose(correlation(removed), np.corrcoef(left.T), atol=1e-12)


def test_weak_noise_simulated_is_what_the_approximation_says():
    """Mean variance and mean correlation of S_E, simulated against approximated.

    Eight people of 40 s, S_E averaged over 20 ms: the expected values are the cross-spectrum's,
    seen through that average and less the mean of the recording. The bound is four standard
    errors from the spread between the people, who are independent, and .5 % for steps of .5 ms.
    """
    step_s, duration_s = 0.02, 40.0
    brain = mean_field(noise=2e-4, noise_inhibitory=2e-4, shared_noise=1e-4, adaptation_na=0.0)
    plan = Plan(duration_s=duration_s, settle_s=3.0, dt_ms=0.5, activity_every_s=step_s)
    activity = simulate(brain, range(8), plan).activity
    sampled = np.stack([np.cov(activity[..., k].T) for k in range(8)])
    frequencies = np.concatenate([[0.0], np.geomspace(1e-3, 300.0, 800)])
    passed = np.sinc(frequencies * step_s) ** 2 - np.sinc(frequencies * duration_s) ** 2
    crossed = cross_spectrum(linearise(brain), frequencies).real
    expected = trapezoid(passed[:, None, None] * crossed, frequencies, axis=0)
    pairs = np.triu_indices(12, 1)
    for summary in (lambda c: np.diagonal(c).mean(), lambda c: correlation(c)[pairs].mean()):
        found, wanted = np.array([summary(s) for s in sampled]), summary(expected)
        error = found.std(ddof=1) / np.sqrt(len(found))
        assert error < 0.1 * wanted
        assert abs(found.mean() - wanted) < 4 * error + 0.005 * wanted


def test_a_brain_without_a_stable_rest_is_refused():
    runaway = mean_field(coupling=3.0)
    with pytest.raises(DefaultModeError) as caught:
        fixed_point(runaway, np.stack([np.full(12, 0.1647), np.full(12, 0.039), np.full(12, 0.0)]))
    assert caught.value.code == "E504"


def test_several_people_have_no_single_rest():
    with pytest.raises(DefaultModeError, match="of 2") as caught:
        fixed_point(mean_field().changed(noise=[[0.01, 0.02]]))
    assert caught.value.code == "E506"
