"""Measures of voxels on made boxes whose answers are known."""

from dataclasses import replace

import numpy as np
import pytest

from defaultmode.core.missing import Missing
from defaultmode.measures import find, place_maps
from defaultmode.measures._grid import dice, laterality
from defaultmode.measures.homogeneity import homogeneity_map
from defaultmode.measures.own_network import own_networks
from defaultmode.measures.seed_maps import seed, seed_map
from made_grids import NAMES, SHAPE, N, boxed, grid_of, noise

X = np.unravel_index(np.arange(N), SHAPE, order="F")[0]
LEFT = SHAPE[0] // 2 > X
IN = {kind: np.isin(X, [i for i, n in enumerate(NAMES) if n[:3] in kind.split()]) for kind in
      ("PCC", "DMN", "DAN", "VIS", "PCC DMN")}  # fmt: skip


def planted(n_time: int = 200, share: float = 0.7, seed: int = 1) -> np.ndarray:
    """Voxels (n_time, N) that share a course with their network, posterior cingulate included."""
    rng = np.random.default_rng(seed)
    courses = rng.standard_normal((n_time, 3))
    network = np.select([IN["PCC DMN"], IN["DAN"], IN["VIS"]], [0, 1, 2])
    return np.sqrt(share) * courses[:, network] + np.sqrt(1 - share) * noise(n_time, seed + 100)


def test_neighbours_that_are_the_same_agree_fully() -> None:
    course = np.random.default_rng(0).standard_normal((50, 1))
    alike = boxed(np.repeat(course, N, axis=1) * np.linspace(1, 3, N) + 7)
    assert find("homogeneity_default")(alike) == 1.0
    np.testing.assert_array_equal(find("homogeneity_by_region")(alike), 1.0)


def test_independent_neighbours_agree_by_one_in_their_number() -> None:
    """The expected W of m independent series is 1 / m exactly; 27 in the middle, 8 in a corner."""
    count = (boxed(noise(4)).grid.neighbours >= 0).sum(axis=1) + 1
    found = np.mean([homogeneity_map(boxed(noise(30, seed=i))) for i in range(60)], axis=0)
    for m in (8, 12, 18, 27):
        assert found[count == m].mean() == pytest.approx(1 / m, rel=0.03)


def test_two_opposed_halves_agree_not_at_all() -> None:
    """Half of the voxels run against the others: ranks cancel, so W is 0 for an even number."""
    course = np.random.default_rng(0).standard_normal(40)
    neighbours = np.arange(N).reshape(-1, 2)[:, ::-1].reshape(-1, 1).astype(np.int32)
    voxels = np.where(np.arange(N) % 2, 1.0, -1.0) * course[:, None]
    np.testing.assert_array_equal(homogeneity_map(boxed(voxels, neighbours=neighbours)), 0.0)


def test_only_the_usable_frames_count() -> None:
    voxels = planted()
    usable = np.random.default_rng(2).random(200) > 0.3
    spoilt = voxels.copy()
    spoilt[~usable] = 1e3 * noise(200, seed=9)[~usable]
    clean, marked = boxed(voxels[usable]), replace(boxed(spoilt), usable=usable)
    for name in ("homogeneity_default", "seed_map_overlap_default", "own_default_size"):
        assert find(name)(marked) == pytest.approx(find(name)(clean), abs=1e-12)
    np.testing.assert_allclose(seed_map(marked), seed_map(clean), atol=1e-6)  # means in float32


def test_a_voxel_that_is_alone_has_no_homogeneity() -> None:
    neighbours = grid_of(noise(40)).neighbours.copy()
    neighbours[7] = -1
    found = homogeneity_map(boxed(noise(40), neighbours=neighbours))
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(found)), [7])


def test_homogeneity_is_missing_where_nobody_knows_what_touches() -> None:
    lone = boxed(noise(40), neighbours=np.empty((N, 0), dtype=np.int32), kind="vertices")
    value = find("homogeneity_default")(lone)
    assert isinstance(value, Missing)
    assert value.code == "E306"
    assert "neighbours" in value.reason
    assert "reho" not in place_maps(lone)
    assert "seedconnectivity" in place_maps(lone)


def test_the_seed_map_finds_the_planted_network() -> None:
    recording = boxed(planted())
    assert [recording.atlas.names[i] for i in seed(recording)] == ["PCC_L", "PCC_R"]
    assert find("seed_map_overlap_default")(recording) == 1.0
    assert abs(find("seed_map_laterality_default")(recording)) < 0.02
    z = seed_map(recording)
    # A voxel is √.7 of the course, and the mean of 60 of them nearly the course itself; the
    # variance of 200 draws, off by a tenth, moves the correlation by 0.013.
    assert np.tanh(z[IN["DMN"]]).mean() == pytest.approx(np.sqrt(0.7), abs=0.03)
    assert abs(np.tanh(z[IN["VIS"]]).mean()) < 0.1


def test_a_map_on_one_side_is_lateral() -> None:
    voxels = planted()
    lost = IN["DMN"] & ~LEFT
    voxels[:, lost] = noise(200, seed=5)[:, lost]
    recording = boxed(voxels)
    z = np.maximum(seed_map(recording), 0)
    left, right = (z[IN["DMN"] & side].mean() for side in (LEFT, ~LEFT))
    found = find("seed_map_laterality_default")(recording)
    assert found == pytest.approx((left - right) / (left + right), abs=1e-12)
    assert found > 0.9
    everything = np.ones(N, dtype=bool)
    assert laterality(grid_of(noise(4)), LEFT, everything) == 1.0
    assert laterality(grid_of(noise(4)), ~LEFT, everything) == -1.0
    assert laterality(grid_of(noise(4)), everything, everything) == 0.0


def test_laterality_is_of_shares_so_coverage_does_not_tilt_it() -> None:
    among = LEFT | (np.arange(N) % 3 == 0)
    chosen = IN["PCC DMN"] & among
    grid = grid_of(noise(4))
    share = [chosen[among & side].mean() for side in (LEFT, ~LEFT)]
    expected = (share[0] - share[1]) / sum(share)
    assert laterality(grid, chosen, among) == pytest.approx(expected)
    assert abs(expected) < 0.05 < (chosen & LEFT).sum() / chosen.sum() - 0.5


def test_the_persons_own_network_is_found_where_it_is_not_the_atlas() -> None:
    """A slab of the attention network belongs to this person's default mode, on the left only."""
    voxels = planted()
    moved = IN["DAN"] & LEFT
    course = voxels[:, IN["PCC DMN"]].mean(axis=1, keepdims=True)
    voxels[:, moved] = course + np.sqrt(0.3) * noise(200, seed=8)[:, moved]
    recording = boxed(voxels)
    own = own_networks(recording).winner == own_networks(recording).default
    truth = IN["PCC DMN"] | moved
    assert dice(own, truth) > 0.98
    assert find("own_default_size")(recording) == pytest.approx(truth.mean(), abs=0.02)
    # The atlas has 4 slabs of 8, the person 5: 2·4 / (4 + 5).
    assert find("own_default_overlap")(recording) == pytest.approx(8 / 9, abs=0.02)
    # 3 of 4 slabs on the left, 2 of 4 on the right.
    assert find("own_default_laterality")(recording) == pytest.approx(0.2, abs=0.02)


def test_dice_counts_shared_places_twice() -> None:
    one, other = np.array([1, 1, 0, 0], bool), np.array([0, 1, 1, 1], bool)
    assert dice(one, other) == pytest.approx(2 / 5)


def test_maps_are_left_out_where_there_is_no_grid_or_no_seed() -> None:
    recording = boxed(planted())
    assert set(place_maps(recording)) == {"reho", "seedconnectivity", "dualregression"}
    assert all(values.shape == (N,) for values in place_maps(recording).values())
    assert place_maps(replace(recording, grid=None)) == {}
    nameless = replace(
        recording,
        atlas=replace(
            recording.atlas,
            regions=tuple(replace(r, place="") for r in recording.atlas.regions),
        ),
    )
    assert "seedconnectivity" not in place_maps(nameless)
    assert find("seed_map_overlap_default")(nameless).code == "E306"
