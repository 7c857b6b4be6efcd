"""The fast kernel against the statistics of plain NumPy (scripts/reference_statistics.py)."""

from pathlib import Path

import numpy as np
import pytest

from defaultmode.simulation.engine import Plan, simulate
from defaultmode.simulation.parameter_sets import parameter_set
from defaultmode.sources.connectomes import embedded_connectome

PEOPLE, SECONDS = 32, 120


@pytest.fixture(scope="module")
def reference():
    with np.load(Path(__file__).with_name("deco2014_statistics.npz")) as kept:
        return dict(kept)


@pytest.fixture(scope="module")
def simulation():
    brain = parameter_set("deco2014", embedded_connectome())
    return simulate(brain, range(PEOPLE), Plan(duration_s=SECONDS, tr_s=1.0))


def test_rates_are_the_reference_s(reference, simulation):
    expected = reference["rate_hz"]
    assert simulation.rate_hz.mean() == pytest.approx(expected.mean(), abs=0.02)
    people = expected.shape[1]
    error = expected.std(axis=1, ddof=1) * np.sqrt(
        1 / people + float(reference["seconds"]) / SECONDS / PEOPLE
    )
    z = (simulation.rate_hz.mean(axis=1) - expected.mean(axis=1)) / error
    assert 0.7 < np.sqrt((z**2).mean()) < 1.4  # 1, if regions differ by sampling alone


def test_connectivity_is_at_the_sampling_ceiling(reference, simulation):
    """Two samples of one truth correlate by the root of the product of their reliabilities."""
    above = np.triu_indices(len(simulation.rate_hz), 1)
    off = np.eye(len(simulation.rate_hz))
    ours = np.mean(
        [np.arctanh(np.corrcoef(b.T) - off) for b in simulation.bold.T.swapaxes(1, 2)], axis=0
    )
    first, second = reference["fisher_z"]
    half = np.corrcoef(first, second)[0, 1]
    seconds_of_half = reference["people"] / 2 * reference["seconds"]
    ratio = float(seconds_of_half / (PEOPLE * SECONDS))
    ours_reliability = half / (half + (1 - half) * ratio)
    expected = np.sqrt(half * ours_reliability)
    for sample in (first, second):
        found = np.corrcoef(ours[above], sample)[0, 1]
        assert found == pytest.approx(expected, abs=0.03)
