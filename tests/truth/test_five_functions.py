"""The places of five functions, and the rotations that they are tested against."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from defaultmode.core.atlas import Atlas, Region
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.reference import Reference
from defaultmode.core.spins import SHUFFLED, SPUN, null_sets, rotations, spins, spun
from defaultmode.measures import find
from defaultmode.measures.five_functions import node_sets, nodes_in
from defaultmode.sources.atlases import load_atlas
from toy_recordings import block_design, lively, recording_of, reference_of

SETS = node_sets()
NAMES = (
    "self_reflection",
    "autobiographical_memory",
    "prospection",
    "theory_of_mind",
    "moral_judgement",
)


def test_there_are_five_functions_and_nobody_has_checked_their_places():
    assert tuple(SETS) == NAMES
    for name, places in SETS.items():
        for measure in (find(f"function_{name}"), find(f"function_{name}_connectivity")):
            assert "places not verified" in measure.sentence
            assert places.caution in measure.sentence
        assert "only where the task engages it" in find(f"function_{name}").sentence
        assert not places.verified
        assert places.confidence in {"low", "medium"}
        assert len(places.foci_mm) >= 2
        assert all(abs(x) < 75 and -110 < y < 75 and -60 < z < 85 for x, y, z in places.foci_mm)


def test_places_fall_where_the_atlas_has_them():
    """Nearest parcels of Schaefer's atlas as SCIENCE.md §5.3 gives them, by their 17-network names."""
    atlas = load_atlas("schaefer100")
    aliases = {i: " ".join(r.aliases) for i, r in enumerate(atlas.regions)}
    found = [aliases[i] for i in nodes_in(atlas, SETS["autobiographical_memory"])]
    for expected in ("LH_DefaultC_PHC", "LH_DefaultC_Rsp", "LH_DefaultB_IPL", "LH_DefaultA_PFCm"):
        assert any(expected in a for a in found), expected


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("atlas", ["aal90", "dosenbach160", "schaefer100", "seitzman300"])
def test_every_function_has_regions_in_every_atlas_with_centres(name, atlas):
    assert len(nodes_in(load_atlas(atlas), SETS[name])) >= 2


@pytest.mark.parametrize("atlas", ["aal90", "dosenbach160", "schaefer100", "seitzman300"])
def test_the_cautions_are_true(atlas):
    found = {name: set(nodes_in(load_atlas(atlas), places)) for name, places in SETS.items()}
    assert len(found["self_reflection"]) == 2
    assert len(found["prospection"] - found["autobiographical_memory"]) <= 1


def test_a_place_on_the_midline_has_a_region_on_each_side():
    atlas = Atlas("two", (_region("l", -8, "L"), _region("r", 8, "R"), _region("far", 60, "R")))
    places = replace(SETS["self_reflection"], foci_mm=((0.0, 0.0, 0.0),))
    assert nodes_in(atlas, places).tolist() == [0, 1]
    left = replace(places, foci_mm=((-1.0, 0.0, 0.0),))
    assert nodes_in(atlas, left).tolist() == [0]


def _region(name, x, side):
    return Region(name, "Default", "default", hemisphere=side, xyz_mm=(float(x), 0.0, 0.0))


def test_an_atlas_without_centres_has_no_functions():
    value = find("function_prospection_connectivity")(_without_centres(), Reference())
    assert isinstance(value, Missing)
    assert (value.code, "does not state the centres" in value.reason) == ("E306", True)
    far = Atlas("far", (_region("a", 70, "R"), _region("b", -70, "L")))
    with pytest.raises(DefaultModeError, match=r"E306.*0 of 2 places"):
        nodes_in(far, SETS["self_reflection"])


def _without_centres():
    whole = lively()
    regions = tuple(replace(r, xyz_mm=None) for r in whole.atlas.regions)
    return replace(whole, atlas=replace(whole.atlas, regions=regions))


def test_a_function_that_lost_its_regions_is_missing():
    whole = lively()
    gone = nodes_in(whole.atlas, SETS["self_reflection"])[:1]
    signal = whole.signal.copy()
    signal[:, gone] = np.nan
    absent = {whole.atlas.names[i]: Missing("outside the field of view", "E121") for i in gone}
    value = find("function_self_reflection_connectivity")(
        recording_of(signal, whole.atlas, absent=absent), Reference()
    )
    assert isinstance(value, Missing)
    assert value.code == "E302"
    only = recording_of(whole.signal[:, [0, 1]], whole.atlas.take([0, 1]))
    value = find("function_self_reflection_connectivity")(only, Reference())
    assert isinstance(value, Missing)
    assert "No region beside" in value.reason


@pytest.mark.parametrize("name", NAMES)
def test_a_planted_function_exceeds_its_rotations(name):
    """Regions of the set share a signal and rise in the task; nothing else does."""
    atlas = load_atlas("schaefer100")
    nodes = nodes_in(atlas, SETS[name])
    toy, rng = lively(), np.random.default_rng(0)
    signal = rng.standard_normal((toy.n_time, len(atlas)))
    signal[:, nodes] += (
        1.5 * rng.standard_normal((toy.n_time, 1)) + 2 * block_design(toy.n_time)[:, None]
    )
    recording = recording_of(signal, atlas, events=toy.events)
    reference = Reference()
    task = find(f"function_{name}")(recording, reference)
    rest = find(f"function_{name}_connectivity")(recording, reference)
    assert task.value == pytest.approx(1.9, abs=0.4)
    assert rest.value > rest.expected + 0.5
    assert max(task.p, rest.p) <= 0.02
    assert task.null == rest.null == SPUN


def test_noise_is_no_different_from_its_rotations_more_often_than_by_chance():
    """Rank p values of 100 noises: their share under .1 is binomial, here within three sigma."""
    atlas = load_atlas("schaefer100")
    measure = find("function_theory_of_mind_connectivity")
    noises = (np.random.default_rng(s).standard_normal((60, len(atlas))) for s in range(100))
    p = [measure(recording_of(n, atlas), Reference()).p for n in noises]
    assert abs(np.mean(np.array(p) < 0.1) - 0.1) < 3 * np.sqrt(0.1 * 0.9 / len(p))


def smoothing(sd_mm):
    """Weights that smooth a map of Schaefer's atlas with a Gaussian, (n_regions, n_regions)."""
    centres = load_atlas("schaefer100").centres_mm
    return np.exp(-np.sum((centres[:, None] - centres) ** 2, axis=2) / (2 * sd_mm**2))


def rank_p(own, drawn):
    """Two-sided rank of each value (n,) among its column of drawn ones (n_drawn, n)."""
    tail = np.minimum((drawn >= own).sum(axis=0), (drawn <= own).sum(axis=0))
    return np.minimum(1, 2 * (1 + tail) / (1 + len(drawn)))


@pytest.mark.parametrize("sd_mm", [0.1, 10, 20, 30])
@pytest.mark.parametrize("name", NAMES)
def test_smooth_maps_are_called_special_little_more_often_than_by_chance(name, sd_mm):
    """3000 maps: a binomial of 0.05 has a standard error of 0.004; smooth ones reach 0.11."""
    atlas, among = load_atlas("schaefer100"), np.arange(100)
    nodes = nodes_in(atlas, SETS[name])
    drawn, _ = null_sets(atlas, nodes, among, seed=0)
    maps = smoothing(sd_mm) @ np.random.default_rng(1).standard_normal((100, 3000))
    maps -= maps.mean(axis=0)
    share = np.mean(rank_p(maps[nodes].mean(axis=0), maps[drawn].mean(axis=1)) <= 0.05)
    assert share < (0.075 if sd_mm < 1 else 0.115)


@pytest.mark.parametrize(
    ("name", "most"), list(zip(NAMES, [0.12, 0.12, 0.12, 0.68, 0.38], strict=True))
)
def test_the_connectivity_of_neighbours_is_called_special_too_often_in_smooth_noise(name, most):
    """A known limit, as the module says it: only sets without neighbours keep to their level."""
    atlas, rng = load_atlas("schaefer100"), np.random.default_rng(2)
    measure, weights = find(f"function_{name}_connectivity"), smoothing(10)
    runs = [rng.standard_normal((100, 100)) @ weights for _ in range(60)]
    p = np.array([measure(recording_of(x, atlas), Reference()).p for x in runs])
    assert np.mean(p <= 0.05) <= most


def test_without_surrogates_nothing_is_compared():
    found = find("function_prospection_connectivity")(lively(), Reference(surrogates=0))
    assert len(found.surrogates) == 0
    assert np.isfinite(found.value)


def test_rotations_are_rotations_and_favour_no_direction():
    turns = rotations(4000, np.random.default_rng(3))
    np.testing.assert_allclose(
        turns @ np.swapaxes(turns, 1, 2), np.tile(np.eye(3), (4000, 1, 1)), atol=1e-12
    )
    np.testing.assert_allclose(np.linalg.det(turns), 1.0, rtol=1e-12)
    # Each entry of a random rotation has mean 0 and variance 1/3.
    assert np.abs(turns.mean(axis=0)).max() < 5 * np.sqrt(1 / 3 / 4000)
    np.testing.assert_allclose(turns.var(axis=0), 1 / 3, rtol=0.1)


def test_no_turn_leaves_every_region_in_its_place_and_a_turn_keeps_neighbours_together():
    centres = load_atlas("schaefer100").centres_mm[:50]
    away = centres - centres.mean(axis=0)
    sphere = away / np.linalg.norm(away, axis=1, keepdims=True)
    nearness = sphere @ sphere.T - 2 * np.eye(50)
    near = np.unravel_index(nearness.argmax(), nearness.shape)
    far = np.unravel_index((nearness + 4 * np.eye(50)).argmin(), nearness.shape)
    unmoved = np.arange(50)
    np.testing.assert_array_equal(spun(centres, np.eye(3)[None]), [unmoved])
    turned = spun(centres, rotations(500, np.random.default_rng(0)))
    np.testing.assert_array_equal(np.sort(turned, axis=1), np.tile(unmoved, (500, 1)))
    for column in turned.T:
        assert len(set(column.tolist())) > 40  # every region visits most places
    cosines = [np.sum(sphere[turned[:, a]] * sphere[turned[:, b]], axis=1) for a, b in (near, far)]
    assert cosines[0].mean() > 0.7  # neighbours stay neighbours
    assert cosines[1].mean() < -0.7


def test_all_regions_move_as_little_as_they_can():
    """Against every one-to-one assignment of six regions."""
    rng = np.random.default_rng(4)
    centres = rng.standard_normal((6, 3))
    turns = rotations(20, rng)
    away = centres - centres.mean(axis=0)
    sphere = away / np.linalg.norm(away, axis=1, keepdims=True)
    orders = np.array(list(permutations(range(6))))
    for turn, found in zip(turns, spun(centres, turns), strict=True):
        moved = np.sum((sphere @ turn.T - sphere[orders]) ** 2, axis=(1, 2))
        assert tuple(found) == tuple(orders[moved.argmin()])


def test_regions_of_an_atlas_are_rotated_once():
    places = spins(((0.0, 1.0, 2.0), (3.0, 1.0, 0.0), (1.0, 5.0, 1.0)), seed=0, n=4)
    assert spins(((0.0, 1.0, 2.0), (3.0, 1.0, 0.0), (1.0, 5.0, 1.0)), seed=0, n=4) is places
    assert not places.flags.writeable


def test_hemispheres_mirror_each_other():
    centres = load_atlas("schaefer100").centres_mm[:50]
    regions = tuple(
        Region(f"{side}{i}", "", hemisphere=side, xyz_mm=(sign * abs(x), y, z))
        for side, sign in (("L", -1), ("R", 1))
        for i, (x, y, z) in enumerate(centres.tolist())
    )
    atlas = Atlas("mirrored", regions)
    members = np.array([4, 30, 54, 80])
    drawn, how = null_sets(atlas, members, np.arange(100), seed=0, n=200)
    assert how == SPUN
    np.testing.assert_array_equal(drawn[:, 2:], drawn[:, :2] + 50)


def test_an_atlas_that_is_not_of_two_hemispheres_is_drawn_from_instead():
    atlas = Atlas("one", tuple(_region(str(i), i, "R") for i in range(12)))
    among = np.arange(2, 12)
    drawn, how = null_sets(atlas, np.array([3, 5]), among, seed=0, n=400)
    assert how == SHUFFLED
    assert all(len(set(row)) == 2 for row in drawn.tolist())
    # Each of ten regions is drawn with probability 0.2; five standard errors of 400 draws.
    shares = np.bincount(drawn.ravel(), minlength=12)[2:] / 400
    np.testing.assert_allclose(shares, 0.2, atol=5 * np.sqrt(0.2 * 0.8 / 400))


def test_a_recording_draws_the_same_rotations_again():
    m = find("function_moral_judgement")
    one, two = (m(lively(), reference_of(lively())).surrogates for _ in range(2))
    np.testing.assert_array_equal(one, two)
