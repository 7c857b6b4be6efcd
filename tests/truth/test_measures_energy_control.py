"""Control energy and structure–function measures against closed forms, brute force and planted wiring."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.stats import spearmanr

from defaultmode.core.connectome import Connectome
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.reference import Reference
from defaultmode.denoising import all_presets, denoise
from defaultmode.measures import find
from defaultmode.measures._structure import undirected_weights
from defaultmode.measures.control_energy import patterns, system
from defaultmode.measures.structure_function import decoupling, harmonics
from defaultmode.sources.connectomes.embedded import embedded_connectome
from defaultmode.sources.embedded import embedded_recordings
from toy_recordings import atlas_of, connectome_of, gappy, lively, recording_of, signal_of

ROUNDING = 1e-9
GROUPS = (("Default", "default", "core", 4), ("DorsalAttention", "task-positive", "", 4))
ENERGIES = ("default_to_task_positive", "default_persistence")


def wiring(n, seed):
    rng = np.random.default_rng(seed)
    weights = rng.random((n, n)) * (rng.random((n, n)) < 0.4)
    np.fill_diagonal(weights, 0)
    return weights + weights.T


def scalar_energy(rate, start, end):
    """∫ u² dt that takes dx/dt = rate x + u from start to end in one unit of time."""
    return (end - np.exp(rate) * start) ** 2 * 2 * rate / (np.exp(2 * rate) - 1)


def test_unconnected_regions_cost_what_each_costs_alone():
    start, end = np.array([1.0, -0.5, 0.0]), np.array([0.2, 0.3, 1.0])
    expected = scalar_energy(-1.0, start, end).sum()
    assert system(np.zeros((3, 3))).energy(start, end) == pytest.approx(expected, rel=ROUNDING)


def test_two_connected_regions_cost_what_their_sum_and_difference_cost():
    """Weights (0 w; w 0) have the eigenvalues ±w: the modes decay with −1 ± w / (1 + w)."""
    start, end, weight = np.array([1.0, 0.4]), np.array([-0.3, 0.8]), 3.0
    turn = np.array([[1.0, 1.0], [1.0, -1.0]]) / np.sqrt(2)
    rates = np.array([-1 + weight / (1 + weight), -1 - weight / (1 + weight)])
    found = system(np.array([[0.0, weight], [weight, 0.0]])).energy(start, end)
    assert found == pytest.approx(
        scalar_energy(rates, turn @ start, turn @ end).sum(), rel=ROUNDING
    )


def test_energy_is_that_of_the_least_input_of_all():
    """Least squares over 800 successive constant inputs, which cost a little more than free ones."""
    n, steps = 5, 800
    weights, rng = wiring(n, 1), np.random.default_rng(2)
    start, end = rng.normal(size=(2, n))
    flow = weights / (1 + np.abs(np.linalg.eigvals(weights)).max()) - np.eye(n)
    step = expm(flow / steps)
    push = np.linalg.solve(flow, step - np.eye(n))  # ∫ exp(flow t) dt over one step
    reach = np.hstack([np.linalg.matrix_power(step, steps - 1 - k) @ push for k in range(steps)])
    inputs = np.linalg.lstsq(reach, end - np.linalg.matrix_power(step, steps) @ start)[0]
    found = system(weights).energy(start, end)
    assert found == pytest.approx((inputs**2).sum() / steps, rel=1e-5)


def test_going_nowhere_by_itself_costs_nothing():
    weights, start = wiring(6, 3), np.random.default_rng(4).normal(size=6)
    flow = weights / (1 + np.abs(np.linalg.eigvalsh(weights)).max()) - np.eye(6)
    assert system(weights).energy(start, expm(flow) @ start) == pytest.approx(0, abs=ROUNDING)


def planted(n_time=400):
    """Regions stand still but for frames in which one network alone is active."""
    atlas = atlas_of(GROUPS)
    signal = 0.01 * np.random.default_rng(5).standard_normal((n_time, len(atlas)))
    signal[: n_time // 5, :4] += [1.0, 1.0, 1.0, 1.0]
    signal[-n_time // 5 :, 4:] += [1.0, 1.0, 1.0, 1.0]
    return recording_of(signal, atlas)


def test_states_are_the_fifths_of_the_frames_that_were_planted():
    found = patterns(planted())
    up, down = np.repeat([1.0, -0.25], 4), np.repeat([-0.25, 1.0], 4)  # 0.8 and −0.2 of their SD
    assert np.linalg.norm(found.default) == pytest.approx(1)
    np.testing.assert_allclose(found.default, up / np.linalg.norm(up), atol=0.01)
    np.testing.assert_allclose(found.task_positive, down / np.linalg.norm(down), atol=0.01)


def test_energies_of_a_recording_are_those_of_its_states():
    recording = planted()
    weights = wiring(8, 6)
    reference = Reference(connectome=Connectome("made", recording.atlas.names, weights))
    states, driven = patterns(recording), system(weights)
    ways = ((states.default, states.task_positive), (states.default, states.default))
    for name, way in zip(ENERGIES, ways, strict=True):
        found = find(f"control_energy_{name}")(recording, reference)
        assert found.value == pytest.approx(driven.energy(*way), rel=ROUNDING)


@pytest.mark.parametrize("name", ENERGIES)
@pytest.mark.parametrize("inside", [True, False])
def test_a_connectome_that_joins_what_is_active_together_saves_energy(name, inside):
    """Beside surrogates; one that joins the two networks instead costs more than most."""
    recording, same = planted(), np.kron(np.eye(2), np.ones((4, 4)))
    weights = (same if inside else 1 - same) * (1 - np.eye(8))
    reference = Reference(connectome=Connectome("made", recording.atlas.names, weights))
    found = find(f"control_energy_{name}")(recording, reference)
    assert found.p <= 0.1  # of 35 ways to halve eight regions, one is as good as the planted one
    assert (found.excess < 0) == inside


def test_where_all_are_connected_alike_every_exchange_of_regions_costs_the_same():
    recording = planted()
    reference = Reference(connectome=Connectome("all", recording.atlas.names, 1 - np.eye(8)))
    for name in ENERGIES:
        found = find(f"control_energy_{name}")(recording, reference)
        np.testing.assert_allclose(found.surrogates, found.value, rtol=ROUNDING)
        assert "other regions of the connectome" in found.note


def test_the_connectome_hardly_changes_what_the_way_between_mirror_images_costs():
    """Why the energy by itself is no result: a hundredth to a twenty-fifth of it is saved."""
    runs = [r for r in embedded_recordings() if r.atlas.name == "schaefer100"]
    saved = []
    for run in runs:
        way = find(f"control_energy_{ENERGIES[0]}")(
            run, Reference(connectome=embedded_connectome())
        )
        saved.append(-way.excess / way.value)
    assert 0 < min(saved) < max(saved) < 0.05


def number(value):
    """A number as it is, and that of a tested one."""
    return getattr(value, "value", value)


def of_connectome():
    names = ("structure_function_coupling", "structure_function_coupling_default")
    energies = tuple(f"control_energy_{name}" for name in ENERGIES)
    return (*names, *energies, "structural_decoupling_default")


@pytest.mark.parametrize("name", of_connectome())
def test_regions_without_a_signal_are_left_out_of_the_connectome(name):
    recording = gappy()
    kept = np.delete(np.arange(len(recording.atlas)), [2, 21, 22])
    atlas = recording.atlas.take(kept)
    without = recording_of(recording.signal[:, kept], atlas, usable=recording.usable)
    references = [Reference(connectome=connectome_of(a)) for a in (recording.atlas, atlas)]
    expected = number(find(name)(without, references[1]))
    assert number(find(name)(recording, references[0])) == pytest.approx(expected, rel=ROUNDING)


@pytest.mark.parametrize("name", of_connectome())
def test_connectome_is_matched_by_name(name):
    recording = lively()
    whole = connectome_of(recording.atlas)
    order = np.random.default_rng(7).permutation(len(whole))
    names = tuple(whole.regions[i] for i in order)
    shuffled = Connectome("shuffled", names, whole.weights[np.ix_(order, order)])
    value, expected = (
        number(find(name)(recording, Reference(connectome=c))) for c in (shuffled, whole)
    )
    assert value == pytest.approx(expected, rel=ROUNDING)


@pytest.mark.parametrize("name", of_connectome())
def test_a_connectome_of_other_regions_is_said(name):
    recording = lively()
    whole = connectome_of(recording.atlas)
    other = replace(whole, regions=("elsewhere", *whole.regions[1:]))
    value = find(name)(recording, Reference(connectome=other))
    assert isinstance(value, Missing)
    assert value.code == "E308"
    assert "r00" in value.reason


def test_no_connectome_is_said():
    assert find("structural_decoupling")(lively()).code == "E308"
    with pytest.raises(DefaultModeError, match="E308"):
        undirected_weights(lively(), Reference())


def test_connections_count_alike_in_both_directions():
    recording, rng = planted(), np.random.default_rng(14)
    one_way = np.triu(rng.random((8, 8)), k=1) + np.eye(8, k=-1)
    both = (one_way + one_way.T) / 2
    values = [
        find("control_energy_default_persistence")(
            recording, Reference(connectome=Connectome("made", recording.atlas.names, weights))
        ).value
        for weights in (one_way, both)
    ]
    assert values[0] == values[1]


def correlated(seed=8):
    """Recording and its exact correlations, (8, 8)."""
    rng = np.random.default_rng(seed)
    loads = rng.normal(size=(8, 12))
    loads /= np.linalg.norm(loads, axis=1, keepdims=True)
    return recording_of(signal_of(loads @ loads.T), atlas_of(GROUPS)), loads @ loads.T


@pytest.mark.parametrize(("sign", "expected"), [(1, 1.0), (-1, -1.0)])
def test_coupling_is_perfect_where_connectivity_rises_with_the_weights(sign, expected):
    recording, r = correlated()
    weights = np.exp(sign * r) * (wiring(8, 9) > 0)
    reference = Reference(connectome=Connectome("made", recording.atlas.names, weights))
    for name in of_connectome()[:2]:
        assert find(name)(recording, reference) == pytest.approx(expected, abs=ROUNDING)


def test_coupling_is_that_of_the_edges_that_exist():
    recording, r = correlated()
    weights = np.round(wiring(8, 10), 1)  # with ties
    reference = Reference(connectome=Connectome("made", recording.atlas.names, weights))
    pairs = [(i, j) for i in range(8) for j in range(i) if weights[i, j] > 0]
    of_default = [(i, j) for i, j in pairs if i < 4 or j < 4]
    assert 4 < len(of_default) < len(pairs) < 28
    for name, chosen in zip(of_connectome()[:2], (pairs, of_default), strict=True):
        rows, columns = np.array(chosen).T
        expected = spearmanr(weights[rows, columns], r[rows, columns]).statistic
        assert find(name)(recording, reference) == pytest.approx(expected, rel=ROUNDING)


def test_weights_that_are_all_alike_rank_nothing():
    recording, _ = correlated()
    alike = (wiring(8, 11) > 0).astype(float)
    reference = Reference(connectome=Connectome("made", recording.atlas.names, alike))
    assert find("structure_function_coupling")(recording, reference).code == "E306"


def test_harmonics_of_two_regions_are_their_sum_and_difference():
    found = harmonics(np.array([[0.0, 2.0], [2.0, 0.0]]))
    np.testing.assert_allclose(np.abs(found), np.sqrt(0.5), rtol=ROUNDING)
    assert found[0, 0] * found[1, 0] > 0 > found[0, 1] * found[1, 1]


def test_harmonics_become_rougher():
    weights = wiring(9, 12)
    scale = 1 / np.sqrt(weights.sum(axis=1))
    waves = harmonics(weights)
    roughness = ((np.eye(9) - scale[:, None] * weights * scale) @ waves * waves).sum(axis=0)
    assert (np.diff(roughness) > 0).all()
    assert roughness[0] == pytest.approx(0, abs=ROUNDING)
    np.testing.assert_allclose(np.abs(waves[:, 0]), 1 / scale / np.linalg.norm(1 / scale))


def test_decoupling_is_the_ratio_of_rough_to_smooth():
    """Two regions, sum 3 and difference 1 at all times: each has 1 of rough for 3 of smooth."""
    waves = np.array([[1.0, 1.0], [1.0, -1.0]]) / np.sqrt(2)
    time = np.random.default_rng(13).standard_normal((50, 1))
    signal = time * (3 * waves[:, 0] + 1 * waves[:, 1])
    np.testing.assert_allclose(decoupling(signal, waves), np.log2(1 / 3), rtol=ROUNDING)


@pytest.mark.parametrize(("n", "n_smooth"), [(2, 1), (10, 1), (11, 2), (100, 10)])
def test_the_smoothest_tenth_is_smooth(n, n_smooth):
    """On harmonics that are alike all over a ring, what is left of white signals is known."""
    waves = np.linalg.qr(np.random.default_rng(18).standard_normal((n, n)))[0]
    signal = np.eye(n) @ waves.T  # every harmonic once
    inside = (waves[:, :n_smooth] ** 2).sum(axis=1)
    np.testing.assert_allclose(
        decoupling(signal, waves), 0.5 * np.log2((1 - inside) / inside), rtol=ROUNDING
    )


@pytest.mark.parametrize("factor", [0.5, 2.0, 16.0])
def test_doubling_what_is_rough_adds_one(factor):
    """In every region, for the cut stays where the connectome puts it."""
    waves = harmonics(wiring(30, 15))
    loads = np.random.default_rng(16).standard_normal((80, 30))
    rougher = loads * np.where(np.arange(30) < 3, 1, factor)
    before, after = (decoupling(x @ waves.T, waves) for x in (loads, rougher))
    np.testing.assert_allclose(after - before, np.log2(factor), rtol=ROUNDING)


def test_runs_that_are_rougher_all_over_have_a_higher_index():
    """Regions are scaled to unit variance in between, which takes some of it away."""
    atlas = atlas_of((("Default", "default", "core", 15), ("Control", "task-positive", "", 15)))
    connectome = Connectome("made", atlas.names, wiring(30, 15))
    waves, loads = (
        harmonics(connectome.weights),
        np.random.default_rng(17).standard_normal((80, 30)),
    )
    found = []
    for factor in (0.25, 0.5, 1.0, 2.0, 4.0):
        signal = (loads * np.where(np.arange(30) < 3, 1, factor)) @ waves.T
        by_region = find("structural_decoupling")(
            recording_of(signal, atlas), Reference(connectome=connectome)
        )
        found.append(by_region.mean())
    assert (np.diff(found) > 0.5).all()


def test_what_takes_no_notice_of_the_connectome_has_three_times_as_much_that_is_rough():
    """Nine tenths of the power: log2 3 = 1.58, and 1.64 as a mean over regions."""
    connectome = embedded_connectome()
    waves = harmonics((connectome.weights + connectome.weights.T) / 2)
    assert decoupling(np.eye(len(waves)), waves).mean() == pytest.approx(1.64, abs=0.01)


def test_half_of_the_power_of_a_run_is_no_cut_to_compare_runs_by():
    """It falls anywhere between 1 and 17 of 100 harmonics."""
    connectome = embedded_connectome()
    waves, cuts = harmonics((connectome.weights + connectome.weights.T) / 2), []
    for run in (r for r in embedded_recordings() if r.atlas.name == "schaefer100"):
        kept = denoise(run, all_presets()["as-supplied"]).kept
        power = (((kept - kept.mean(axis=0)) / kept.std(axis=0) @ waves) ** 2).sum(axis=0)
        cuts.append(1 + int((power.cumsum() < power.sum() / 2).sum()))
    assert (min(cuts), max(cuts)) == (1, 17)


def test_global_signal_regression_raises_the_index():
    """Which is why runs are compared within one preset."""
    run = next(r for r in embedded_recordings() if r.atlas.name == "schaefer100")
    reference = Reference(connectome=embedded_connectome())
    kept, removed = (
        find("structural_decoupling")(denoise(run, all_presets()[f"as-supplied{name}"]), reference)
        for name in ("", "+GSR")
    )
    assert removed.mean() > kept.mean() + 0.5  # 0.65 and −0.09


def test_a_region_that_is_left_without_connections_is_said():
    """It was connected to a region without a signal only."""
    recording = gappy()
    whole = connectome_of(recording.atlas)
    weights = whole.weights.copy()
    weights[3], weights[:, 3] = 0, 0
    weights[3, 2] = weights[2, 3] = 1
    value = find("structural_decoupling")(
        recording, Reference(connectome=replace(whole, weights=weights))
    )
    assert value.code == "E306"
    assert "r03" in value.reason


def test_decoupling_of_the_default_mode_is_the_mean_of_its_regions():
    recording = gappy()
    reference = Reference(connectome=connectome_of(recording.atlas))
    by_region = find("structural_decoupling")(recording, reference)
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(by_region)), [2, 21, 22])
    expected = np.nanmean(by_region[recording.atlas.members("default")])
    assert find("structural_decoupling_default")(recording, reference) == pytest.approx(expected)
