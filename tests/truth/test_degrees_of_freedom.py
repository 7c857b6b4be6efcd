"""Degrees of freedom where they are known: linear smoothers, and a twin beside its own fit."""

from dataclasses import replace

import numpy as np
import pytest

from defaultmode.core.connectome import Connectome
from defaultmode.core.missing import Missing
from defaultmode.fitting.degrees_of_freedom import (
    Freedom,
    connectivity_z,
    freedom,
    freedom_of_connectivity,
    information_criterion,
    reduced_chi_square,
)
from defaultmode.fitting.search import Aim, search
from defaultmode.fitting.target import Weights, band, observed
from defaultmode.simulation.controlled import control_at
from defaultmode.simulation.twin_model import TwinModel
from defaultmode.simulation.twin_space import OperatingPoint, Space, first_guess

POINT = OperatingPoint()
NO_LAGS = Weights(variance=0.0, lagged=0.0, global_signal=0.0)
STEPS = 300


def test_shrinking_each_value_by_itself_has_its_exact_trace() -> None:
    kept = np.linspace(0.0, 1.0, 11)
    found = freedom(lambda y: kept * y, np.ones(11), np.random.default_rng(0), nudge=0.1, probes=3)
    np.testing.assert_allclose(found.probes, kept.sum(), rtol=1e-12)
    assert found.degrees == pytest.approx(5.5, rel=1e-12)
    assert found.error == pytest.approx(0.0, abs=1e-12)


def test_ridge_regression_has_the_trace_of_its_hat_matrix() -> None:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((60, 20))
    hat = x @ np.linalg.solve(x.T @ x + 30.0 * np.eye(20), x.T)
    found = freedom(lambda y: hat @ y, np.zeros(60), rng, nudge=1.0, probes=400)
    off = hat - np.diag(np.diag(hat))
    expected_error = np.sqrt(2.0 * (off**2).sum() / 400)  # of a quadratic form in random signs
    assert abs(found.degrees - np.trace(hat)) < 4.0 * expected_error
    assert found.error == pytest.approx(expected_error, rel=0.2)


def test_one_probe_has_no_error() -> None:
    assert isinstance(Freedom(np.ones(1)).error, Missing)


def toy(seed: int) -> tuple[TwinModel, Aim]:
    """Six regions on a ring, aimed at what one of their own brains shows."""
    rng = np.random.default_rng(seed)
    weights = np.roll(np.eye(6), 1, axis=0) + np.roll(np.eye(6), -1, axis=0)
    connectome = Connectome("ring", tuple("abcdef"), weights)
    control = control_at(POINT.rate_hz, noise_inhibitory=POINT.noise)
    sd = {"routing": 0.3, "shared_weight": 0.5, "shared_drive": 0.5}
    start = first_guess(connectome, POINT, control)
    model = TwinModel(Space(start, weights > 0, ("one",), np.ones((6, 1)), sd), control)
    seen = band(0.01, 0.1, np.ones_like, nodes=2)
    truth = 0.3 * rng.standard_normal(len(model))
    crossed, _ = model.crossed(truth, seen.frequencies_hz)
    target = observed(*seen.covariances(crossed, 2.0), lag_s=2.0, samples=80.0)
    return model, Aim(target=target, band=seen, weights=NO_LAGS, slowest_per_s=0.0, usual=truth)


def test_twin_spends_what_its_derivatives_say() -> None:
    model, aim = toy(2)
    pairs = np.triu_indices(6, 1)

    def said(scores: np.ndarray) -> np.ndarray:
        crossed, _ = model.crossed(scores, aim.band.frequencies_hz)
        return observed(*aim.shown(crossed), lag_s=2.0, samples=80.0).z[pairs]

    found = search(model, aim, steps=STEPS)
    np.testing.assert_allclose(found.scores, aim.usual, atol=1e-6)  # so that nothing is missed
    steps = 1e-5 * np.eye(len(model))
    by_scores = np.array([said(aim.usual + s) - said(aim.usual - s) for s in steps]).T / 2e-5
    hat = by_scores @ np.linalg.solve(
        by_scores.T @ by_scores + np.eye(len(model)) / aim.target.samples, by_scores.T
    )
    probes = freedom_of_connectivity(
        model, aim, found, np.random.default_rng(3), probes=4, steps=STEPS
    ).probes
    rng = np.random.default_rng(3)
    signs = [rng.choice((-1.0, 1.0), size=15) for _ in range(4)]
    expected = [s @ hat @ s for s in signs]
    # half a standard error is no infinitesimal step: the curvature of z is left, some per cent
    np.testing.assert_allclose(probes, expected, rtol=0.05)
    assert 1.0 < np.trace(hat) < 13.0


def test_more_data_free_more_of_the_fit() -> None:
    model, aim = toy(4)

    def spent(samples: float) -> float:
        more = replace(aim, target=replace(aim.target, samples=samples))
        found = search(model, more, steps=STEPS)
        np.testing.assert_allclose(connectivity_z(more, found), more.target.z, atol=1e-5)
        rng = np.random.default_rng(5)
        return freedom_of_connectivity(model, more, found, rng, probes=2, steps=STEPS).degrees

    few, some, many = spent(5.0), spent(80.0), spent(2000.0)
    assert few < some < many
    assert many < len(model)


def test_reduced_chi_square_of_noise_is_one() -> None:
    rng = np.random.default_rng(6)
    x = rng.standard_normal((2000, 500))
    q = np.linalg.qr(x)[0]
    y = rng.standard_normal(2000)
    left = y - q @ (q.T @ y)
    found = reduced_chi_square(float(left @ left) / 2.0, 2000, 500.0)
    assert found == pytest.approx(1.0, abs=4.0 * np.sqrt(2.0 / 1500.0))


def test_nothing_left_is_missing() -> None:
    assert isinstance(reduced_chi_square(1.0, 100, 100.0), Missing)


def test_information_criterion_estimates_error_on_new_data() -> None:
    """Mallows: the expected squared distance to new data is the criterion's, on average."""
    rng = np.random.default_rng(7)
    x = rng.standard_normal((40, 8))
    truth = x @ rng.standard_normal(8)
    hat = x @ np.linalg.solve(x.T @ x + 5.0 * np.eye(8), x.T)
    old, new = truth + rng.standard_normal((2, 4000, 40))
    fitted = old @ hat.T
    said = np.mean(
        [information_criterion(m, np.trace(hat)) for m in ((old - fitted) ** 2).sum(1) / 2]
    )
    paid = ((new - fitted) ** 2).sum(1)
    assert said == pytest.approx(paid.mean(), abs=4.0 * paid.std() / np.sqrt(4000) * np.sqrt(2))
