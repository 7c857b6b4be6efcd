"""Maps turned about: planted likeness, what is left out, what smoothness does to chance."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.spins import turned_maps
from defaultmode.sources.atlases import load_atlas
from defaultmode.statistics.spin import map_correlation, map_enrichment

ATLAS = load_atlas("schaefer100")
SPINS = 199


def rng(seed=0):
    return np.random.default_rng(seed)


def smooth(n_maps, sd_mm, seed, atlas=ATLAS):
    """Maps of noise smoothed with a Gaussian, (n_maps, n_regions)."""
    centres = atlas.centres_mm
    weight = np.exp(-((centres[:, None] - centres) ** 2).sum(axis=2) / (2 * sd_mm**2))
    return rng(seed).normal(size=(n_maps, len(atlas))) @ weight


def test_turned_maps_stay_in_their_hemisphere_and_turn_alike():
    turned = turned_maps(ATLAS, np.arange(100), seed=0, n=20)
    side = np.array([r.hemisphere for r in ATLAS.regions])
    assert (side[turned] == side).all()
    mirrored = tuple(
        replace(r, hemisphere="R", name=f"{r.name}m", xyz_mm=(-r.xyz_mm[0], *r.xyz_mm[1:]))
        for r in ATLAS.regions[:50]
    )
    both = replace(ATLAS, regions=(*ATLAS.regions[:50], *mirrored))
    turned = turned_maps(both, np.arange(100), seed=0, n=20)
    assert (turned[:, 50:] == turned[:, :50] + 50).all()


def test_turning_keeps_neighbours_alike():
    """A smooth map that is turned is nearly as smooth; shuffled it is not."""
    centres, value = ATLAS.centres_mm, smooth(1, 25, 1)[0]
    near = ((centres[:, None] - centres) ** 2).sum(axis=2)
    np.fill_diagonal(near, np.inf)
    neighbour = near.argmin(axis=1)
    moran = lambda v: np.corrcoef(v, v[neighbour])[0, 1]  # noqa: E731
    turned = [moran(value[t]) for t in turned_maps(ATLAS, np.arange(100), seed=0, n=50)]
    assert np.mean(turned) > 0.7 * moran(value)
    assert abs(moran(rng(2).permutation(value))) < 0.4 * moran(value)


def test_alike_maps_are_found_and_the_value_is_pearsons():
    a = smooth(1, 10, 3)[0]
    b = a + 0.5 * a.std() * rng(4).normal(size=100)
    found = map_correlation(a, b, ATLAS, n_spins=SPINS)
    assert found.value == pytest.approx(stats.pearsonr(a, b).statistic, rel=1e-12)
    assert found.p == 1 / (SPINS + 1)
    assert map_correlation(a, -b, ATLAS, n_spins=SPINS).p == found.p
    assert map_correlation(3 * a + 1, b, ATLAS, n_spins=SPINS).p == found.p


def test_a_seed_gives_the_same_rotations():
    a, b = smooth(2, 15, 5)
    one, other = (map_correlation(a, b, ATLAS, n_spins=SPINS, seed=s) for s in (1, 1))
    assert (one.null == other.null).all()
    assert (one.null != map_correlation(a, b, ATLAS, n_spins=SPINS, seed=2).null).any()


def test_enrichment_is_the_difference_of_means():
    members = ATLAS.members("default")
    value = rng(6).normal(size=100)
    value[members] += 2
    found = map_enrichment(value, members, ATLAS, n_spins=SPINS)
    others = np.setdiff1d(np.arange(100), members)
    assert found.value == pytest.approx(value[members].mean() - value[others].mean())
    assert found.p == 1 / (SPINS + 1)


def test_regions_without_a_value_and_off_the_cortex_are_left_out():
    atlas = load_atlas("aal90")
    a, b = rng(7).normal(size=(2, 90))
    a[3], b[10] = np.nan, np.nan
    found = map_correlation(a, b, atlas, n_spins=SPINS)
    networks = np.array(atlas.networks)
    assert not np.isin([3, 10], found.regions).any()
    assert "Subcortical" not in networks[found.regions]
    assert len(found.regions) == 90 - 2 - (networks == "Subcortical").sum()
    kept = found.regions
    assert found.value == pytest.approx(stats.pearsonr(a[kept], b[kept]).statistic)
    assert np.isfinite(found.null).all()


def test_without_centres_there_is_a_value_and_no_p():
    atlas = load_atlas("destrieux164")
    a, b = rng(8).normal(size=(2, 164))
    for found in (map_correlation(a, b, atlas), map_enrichment(a, atlas.members("default"), atlas)):
        assert np.isfinite(found.value)
        assert np.isnan(found.p)
        assert len(found.null) == 0
        assert found.untested.code == "E306"
        assert "does not state the centres" in found.untested.reason


def test_a_hemisphere_of_few_regions_is_left_out():
    atlas = ATLAS.take([*range(50), *range(50, 55)])
    found = map_correlation(*rng(9).normal(size=(2, 55)), atlas, n_spins=SPINS)
    assert found.regions.tolist() == list(range(50))


@pytest.mark.parametrize(
    ("a", "code"),
    [(np.ones(100), "E301"), (np.r_[np.arange(9.0), np.full(91, np.nan)], "E302")],
)
def test_maps_that_say_nothing_are_missing(a, code):
    found = map_correlation(a, np.arange(100.0), ATLAS)
    assert isinstance(found, Missing)
    assert found.code == code


def test_a_network_of_one_region_is_missing():
    found = map_enrichment(rng().normal(size=100), [3], ATLAS)
    assert isinstance(found, Missing)
    assert (found.code, "1 regions inside" in found.reason) == ("E302", True)


def test_a_map_of_another_atlas_is_refused():
    with pytest.raises(DefaultModeError, match=r"E131.*\(90,\)"):
        map_correlation(np.ones(90), np.ones(100), ATLAS)


def test_chance_makes_rough_maps_alike_as_often_as_it_should_and_smooth_ones_more_often():
    """Liberal as published (Bazinet 2025), far less than a test that takes regions as independent."""
    rough = _shares(smooth(300, 0.1, 10), smooth(300, 0.1, 11))
    assert rough[0] == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 300))
    spun, naive = _shares(smooth(300, 20, 12), smooth(300, 20, 13))
    assert spun < 0.17
    assert naive > 0.3


def _shares(first, second):
    """Shares of pairs at p ≤ .05: by rotations, and by t over regions."""
    pairs = list(zip(first, second, strict=True))
    spun = [map_correlation(a, b, ATLAS, n_spins=SPINS).p for a, b in pairs]
    naive = [stats.pearsonr(a, b).pvalue for a, b in pairs]
    return np.mean(np.array(spun) <= 0.05), np.mean(np.array(naive) <= 0.05)
