"""Blood flow against its closed forms."""

import numpy as np
import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation import hemodynamics as blood


def after(seconds: float, drive: float, pulse_s: float = np.inf) -> np.ndarray:
    """BOLD every 10 ms under a drive that lasts `pulse_s`."""
    flow, bold = blood.at_rest(1, 1), []
    for k in range(round(seconds * 100)):
        now = np.full((1, 1), drive if k < pulse_s * 100 else 0.0)
        flow = blood.advance(flow, now, step_s=0.01)
        bold.append(blood.percent_signal(flow)[0, 0])
    return np.array(bold)


def test_rest_stays_at_rest() -> None:
    assert np.abs(after(1.0, 0.0)).max() < 1e-12


@pytest.mark.parametrize("drive", [0.05, 0.2])
def test_constant_drive_ends_at_the_closed_form(drive) -> None:
    """Inflow 1 + z/γ, volume inflow^α, deoxyhaemoglobin volume × extraction of that inflow."""
    inflow = 1 + drive / blood.GAMMA_PER_S
    volume = inflow**blood.ALPHA
    deoxy = volume * (1 - (1 - blood.RHO) ** (1 / inflow)) / blood.RHO
    expected = 2.0 * (
        7 * blood.RHO * (1 - deoxy)
        + 2 * (1 - deoxy / volume)
        + (2 * blood.RHO - 0.2) * (1 - volume)
    )
    assert after(80.0, drive)[-1] == pytest.approx(expected, rel=1e-6)
    assert expected > 0


def test_a_brief_drive_peaks_after_seconds_and_undershoots() -> None:
    """Flow resonates at √(γ − κ²/4); the same numbers read as time constants peak before 2.5 s."""
    response = after(30.0, 0.1, pulse_s=0.5)
    assert 3.0 < response.argmax() / 100 < 4.0
    assert response[1000:].min() < -0.02 * response.max()


def test_measurement_noise_has_the_width_it_says() -> None:
    n = 100_000
    noisy = blood.measurement_noise(np.full(n, 3.0), 0.5, np.random.default_rng(1))
    assert noisy.mean() == pytest.approx(3.0, abs=5 * 0.5 / np.sqrt(n))
    assert noisy.std() == pytest.approx(0.5, rel=5 / np.sqrt(2 * n))
    assert np.array_equal(blood.measurement_noise([1.0], 0.0, np.random.default_rng(1)), [1.0])


@pytest.mark.parametrize("sd", [-0.1, np.nan, np.inf])
def test_impossible_measurement_noise_is_refused(sd) -> None:
    with pytest.raises(DefaultModeError, match="E506"):
        blood.measurement_noise(np.zeros(3), sd, np.random.default_rng(0))
