"""The models against what is known of them in closed form."""

import numpy as np
import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.fixed_point import fixed_point, inputs_of
from defaultmode.simulation.linear import covariance, linearise, relaxation_s
from defaultmode.simulation.models import find_model
from defaultmode.simulation.models.mean_field import rate_of_drive, rate_slope
from defaultmode.simulation.random_streams import NormalStreams
from defaultmode.simulation.reference import integrate
from defaultmode.simulation.spectrum import power_spectrum
from made_brains import default_brain

SILENT = {"noise": 0.0}


def test_isolated_mean_field_rests_at_the_published_point():
    """SCIENCE.md §3.8, in agreement with the code of Demirtaş 2019; the tenth digit is rounded."""
    point = fixed_point(default_brain("mean_field", coupling=0.0, feed_forward=0.0))
    np.testing.assert_allclose(point.rate_hz[0], [3.0773270642, 3.9218448633], atol=1e-10)
    np.testing.assert_allclose(point.state[:2, 0], [0.1647572075, 0.0392184486], atol=5e-11)


def test_the_rate_curve_is_smooth_where_its_formula_is_not_defined():
    u = np.array([-2e-6, -1e-9, 0.0, 1e-9, 2e-6]) / 0.16
    np.testing.assert_allclose(rate_of_drive(u, 0.16), 1 / 0.16 + u / 2, rtol=1e-12)
    np.testing.assert_allclose(rate_slope(np.array([-1e-3, 0.0, 1e-3]), 0.16), 0.5, atol=1e-4)
    far = rate_of_drive(np.array([-2000.0, 2000.0]), 0.16)
    np.testing.assert_allclose(far, [0.0, 2000.0], atol=1e-100)


def test_an_uncoupled_hopf_region_rings_as_the_formula_says():
    """Variance β²/2|a|; Lorentzian at ω; slowest disturbance dies in 1/|a| seconds."""
    brain = default_brain("hopf", coupling=0.0)
    linear = linearise(brain)
    np.testing.assert_allclose(covariance(linear), np.eye(12) * 0.02**2 / 0.04, atol=1e-12)
    assert relaxation_s(linear) == pytest.approx(50.0, rel=1e-9)
    w, omega, a, d = 2 * np.pi * 0.06, 2 * np.pi * 0.05, -0.02, 0.02**2
    expected = 2 * d * (a**2 + w**2 + omega**2) / ((a**2 + omega**2 - w**2) ** 2 + (2 * a * w) ** 2)
    np.testing.assert_allclose(power_spectrum(linear, [0.06])[0], expected, rtol=1e-9)


def test_hopf_coupling_pulls_together_and_leaves_the_mean_alone():
    """Diffusive: identical regions feel none of it, and a symmetric network's mean is uncoupled."""
    brain = default_brain("hopf", coupling=0.7)
    model = find_model("hopf")
    alike = np.full((2, 12, 1), 0.2)
    alone = brain.changed(coupling=0.0)
    np.testing.assert_allclose(
        model.drift(alike, inputs_of(model, brain, alike), brain),
        model.drift(alike, inputs_of(model, alone, alike), alone),
        atol=1e-16,
    )
    coupled, free = (covariance(linearise(b)) for b in (brain, alone))
    assert coupled.mean() == pytest.approx(free.mean(), rel=1e-9)
    assert (coupled[~np.eye(12, dtype=bool)] > 0).all()


def test_hopf_above_the_bifurcation_runs_on_its_circle():
    """Radius² is a, plus the ω² dt/2 that Euler steps add; the period is 1/f."""
    brain = default_brain("hopf", n_regions=3, bifurcation=5.0, frequency_hz=1.0, noise=0.0)
    noise = NormalStreams([0], 3, n_noisy=2)
    run = integrate(brain, noise, duration_ms=2800, dt_ms=1.0)
    x, y = run.states[-1001:, :, 0, 0].T
    np.testing.assert_allclose(x**2 + y**2, 5.0 + (2 * np.pi) ** 2 * 0.001 / 2, rtol=1e-4)
    np.testing.assert_allclose([x[0], y[0]], [x[-1], y[-1]], atol=1e-3)
    with pytest.raises(DefaultModeError) as caught:
        fixed_point(brain, np.zeros((2, 3)))
    assert caught.value.code == "E504"


def test_switch_without_rivalry_or_noise_rests_where_the_response_crosses():
    brain = default_brain("switch", n_regions=2, rivalry=0.0, adaptation=0.0, **SILENT)
    x = fixed_point(brain).state[2, 0]
    assert x == pytest.approx(1 / (1 + np.exp((0.2 - 0.25 * x - 0.30) / 0.1)), rel=1e-9)
