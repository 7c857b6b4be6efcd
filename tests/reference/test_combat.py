"""ComBat against what neuroCombat and neuroHarmonize print in `scripts/combat_reference.py`."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from defaultmode.prediction.combat import fit_combat

N, P, SITES = 24, 6, 3
SHOWN = ((0, 0), (1, 5), (10, 3), (17, 2), (23, 4))
# neuroCombat 0.2.12 and neuroHarmonize 2.5.2, ten digits
NEUROCOMBAT = [4.562476865, 9.634934769, 8.460866593, 8.324888308, 8.608812284]
NEUROCOMBAT_AGE = [4.655263603, 9.801285397, 8.646627079, 8.404829878, 8.461900168]
UNSEEN = [
    [4.739501147, 3.43885144, 7.394070381, 5.40209979, 9.472429295, 7.939728551],
    [4.287442748, 4.016471568, 7.362841091, 5.942153275, 9.993273369, 8.379023164],
]


def made():
    row, column = np.arange(N)[:, None], np.arange(P)[None]
    site = np.arange(N) % SITES
    age = 20.0 + (7 * np.arange(N)) % 31
    noise = np.sin(1.0 + 12.9898 * row + 78.233 * column)
    values = 2.0 + column + 0.05 * age[:, None] + (1 + 0.5 * site[:, None]) * noise
    return values + site[:, None] * (0.3 + 0.2 * column), site, age[:, None]


@pytest.mark.parametrize(("kept", "expected"), [(False, NEUROCOMBAT), (True, NEUROCOMBAT_AGE)])
def test_is_neurocombat(kept, expected):
    values, site, age = made()
    covariates = age if kept else None
    found = fit_combat(values, site, covariates).apply(values, site, covariates)
    assert_allclose([found[i] for i in SHOWN], expected, rtol=1e-9)


def test_is_neuroharmonize_on_rows_that_it_did_not_learn_from():
    values, site, age = made()
    train = np.arange(N) < 18
    learnt = fit_combat(values[train], site[train], age[train])
    found = learnt.apply(values[~train], site[~train], age[~train])
    assert_allclose(found[:2], UNSEEN, rtol=1e-9)


def test_a_site_that_was_not_seen_keeps_its_values():
    values, site, _ = made()
    learnt = fit_combat(values[site < 2], site[site < 2])
    assert_allclose(learnt.apply(values, site)[site == 2], values[site == 2], rtol=1e-12)
    alone = fit_combat(values[site == 0], site[site == 0])
    assert_allclose(alone.apply(values, site), values)


def test_each_row_is_changed_by_itself_and_not_by_its_neighbours_in_the_test_set():
    values, site, _ = made()
    train = np.arange(N) < 18
    learnt = fit_combat(values[train], site[train])
    together = learnt.apply(values[~train], site[~train])
    alone = np.vstack([learnt.apply(values[[i]], site[[i]]) for i in np.flatnonzero(~train)])
    assert_allclose(together, alone, rtol=1e-12)
