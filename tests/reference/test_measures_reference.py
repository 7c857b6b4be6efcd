"""Measures against the field's own software, computed here and now on the same recordings.

nilearn, bctpy and NetworkX are test dependencies, so no number is stored: what they give today is
what is compared. nilearn's covariance is the empirical one; its default, LedoitWolf, shrinks.
"""

from functools import cache

import bct
import networkx as nx
import numpy as np
import pytest
from nilearn.connectome import ConnectivityMeasure
from sklearn.covariance import EmpiricalCovariance
from sklearn.metrics import silhouette_score

from defaultmode.measures import connectivity, find
from defaultmode.sources.embedded import embedded_recordings
from toy_recordings import gappy, lively

TOLERANCE = 1e-6
REAL = range(12)  # the runs that the wheel carries
MADE = {"made": lively, "made with gaps": gappy}
real_recordings = cache(embedded_recordings)


@pytest.fixture(scope="module", params=[*MADE, *REAL])
def recording(request):
    made = MADE.get(request.param)
    return made() if made else real_recordings()[request.param]


@pytest.fixture
def columns(recording):
    """Regions that have a signal, in order."""
    return np.flatnonzero(~np.isnan(np.diag(connectivity(recording).r)))


@pytest.fixture
def correlation(recording, columns):
    """Correlation matrix as nilearn computes it, (k, k)."""
    estimator = ConnectivityMeasure(
        kind="correlation", cov_estimator=EmpiricalCovariance(), standardize=False
    )
    return estimator.fit_transform([recording.kept[:, columns]])[0]


@pytest.fixture
def graph(recording, columns, correlation):
    """Positive correlations of the regions that have a network, and their networks as numbers."""
    regions = [recording.atlas.regions[i] for i in columns]
    names = [r.role if r.role == "default" else r.network for r in regions]
    kept = [i for i, name in enumerate(names) if name.lower() not in ("unassigned", "")]
    weights = np.maximum(correlation[np.ix_(kept, kept)], 0.0)
    np.fill_diagonal(weights, 0.0)
    known = sorted({names[i] for i in kept})
    return weights, np.array([known.index(names[i]) + 1 for i in kept]), known.index("default") + 1


def test_correlation_is_that_of_nilearn(recording, columns, correlation):
    found = connectivity(recording).r[np.ix_(columns, columns)]
    np.testing.assert_allclose(found, correlation, atol=TOLERANCE)


def test_participation_is_that_of_bctpy(recording, graph):
    weights, numbers, default = graph
    expected = bct.participation_coef(weights, numbers)[numbers == default].mean()
    value = find("participation_default_mode")(recording)
    assert value == pytest.approx(expected, abs=TOLERANCE)


def test_modularity_is_that_of_bctpy_and_networkx(recording, graph):
    weights, numbers, _ = graph
    value = find("modularity")(recording)
    _, expected = bct.modularity_und(weights, kci=numbers)
    assert value == pytest.approx(expected, abs=TOLERANCE)
    communities = [set(np.flatnonzero(numbers == n).tolist()) for n in np.unique(numbers)]
    expected = nx.community.modularity(nx.from_numpy_array(weights), communities)
    assert value == pytest.approx(expected, abs=TOLERANCE)


def test_silhouette_is_that_of_scikit_learn(recording, columns, correlation):
    roles = np.array([recording.atlas.regions[i].role for i in columns])
    chosen = np.flatnonzero((roles == "default") | (roles == "task-positive"))
    far = 1 - correlation[np.ix_(chosen, chosen)]
    np.fill_diagonal(far, 0.0)
    expected = silhouette_score(far, roles[chosen], metric="precomputed")
    value = find("boundary_silhouette")(recording)
    assert value == pytest.approx(expected, abs=TOLERANCE)
