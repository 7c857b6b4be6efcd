"""Maps of voxels against plain loops, NumPy's solvers and nilearn's masker."""

import nibabel as nib
import numpy as np
import pytest
from nilearn.maskers import NiftiMasker
from scipy.stats import rankdata

from defaultmode.measures.homogeneity import homogeneity_map
from defaultmode.measures.own_network import own_networks
from defaultmode.measures.seed_maps import seed_map
from made_grids import SHAPE, N, boxed, grid_of, noise


def smooth(n_time: int = 90, seed: int = 0) -> np.ndarray:
    """Voxels that share a little with all others, so that no correlation is near 0."""
    rng = np.random.default_rng(seed)
    return noise(n_time, seed) + 0.7 * rng.standard_normal((n_time, 1))


def kendall_w(series: np.ndarray) -> float:
    """Kendall's W of series (n_time, m), corrected for ties, as textbooks write it."""
    n, m = series.shape
    ranks = np.column_stack([rankdata(column) for column in series.T])
    ties = 0.0
    for column in ranks.T:
        _, counts = np.unique(column, return_counts=True)
        ties += float((counts**3 - counts).sum())
    sums = ranks.sum(axis=1)
    s = ((sums - sums.mean()) ** 2).sum()
    return 12 * s / (m**2 * (n**3 - n) - m * ties)


@pytest.mark.parametrize("decimals", [12, 1, 0])
def test_homogeneity_against_a_plain_loop(decimals: int) -> None:
    """Also with ties: at one decimal a few frames are tied, at none nearly all."""
    voxels = np.round(smooth(), decimals).astype(np.float32)
    found = homogeneity_map(boxed(voxels))
    neighbours = grid_of(voxels).neighbours
    for place in range(0, N, 7):
        around = [place, *neighbours[place][neighbours[place] >= 0]]
        assert found[place] == pytest.approx(kendall_w(voxels[:, around]), rel=1e-12)


def test_seed_map_against_nilearn(tmp_path) -> None:
    """The seed region's mean and every voxel's series from nilearn's masker, NumPy's corrcoef."""
    voxels = smooth().astype(np.float32)
    recording = boxed(voxels)
    affine = np.diag([2.0, 2, 2, 1])
    image = nib.Nifti1Image(voxels.T.reshape((*SHAPE, -1), order="F"), affine)
    mask = nib.Nifti1Image(np.ones(SHAPE, dtype=np.uint8), affine)
    outer = np.zeros(SHAPE, dtype=np.uint8)
    outer[[0, -1]] = 1  # the two slabs called posterior cingulate
    seed_mask = nib.Nifti1Image(outer, affine)
    every, seeds = (
        NiftiMasker(m, standardize=None, reports=False).fit_transform(image)
        for m in (mask, seed_mask)
    )
    r = np.corrcoef(np.column_stack([seeds.mean(axis=1), every]), rowvar=False)[0, 1:]
    in_file_order = np.empty(N)
    in_file_order[np.ravel_multi_index(np.nonzero(np.ones(SHAPE)), SHAPE, order="F")] = r
    # The masker averages float32.
    np.testing.assert_allclose(np.tanh(seed_map(recording)), in_file_order, atol=1e-6)


def test_dual_regression_against_two_least_squares_fits() -> None:
    voxels = smooth(120)
    recording = boxed(voxels)
    grid = recording.grid
    found = own_networks(recording)
    templates = np.column_stack([found.template == i for i in range(len(found.names))]) * 1.0
    series = grid.signal.astype(np.float64)
    courses = np.linalg.lstsq(templates, series)[0].T
    scaled = (courses - courses.mean(axis=0)) / courses.std(axis=0)
    places = (series.T - series.mean(axis=1)) / series.std(axis=1)
    slopes = np.linalg.lstsq(scaled, places)[0].T
    expected = (slopes - slopes.mean(axis=0)) / slopes.std(axis=0)
    np.testing.assert_allclose(found.maps, expected, atol=1e-9)
    np.testing.assert_array_equal(found.winner, expected.argmax(axis=1))
