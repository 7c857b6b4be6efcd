"""The maximum-entropy model and its landscape against known couplings, hand-made valleys and search."""

from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.special import xlogy

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.reference import Reference
from defaultmode.denoising import all_presets, denoise
from defaultmode.measures import find
from defaultmode.measures._landscape import landscape_of
from defaultmode.measures._maximum_entropy import maximum_entropy, spins
from defaultmode.measures._network_landscape import energy_landscape, nodes
from defaultmode.sources.embedded import embedded_recordings
from toy_recordings import atlas_of, lively, recording_of

ROUNDING = 1e-9
NETWORKS = (
    ("Default", "default", "core", 3),
    ("DorsalAttention", "task-positive", "", 3),
    ("Control", "task-positive", "", 2),
    ("Salience", "salience", "", 2),
    ("Visual", "other", "", 2),
)
FAMILY = ("minima", "default_basin", "default_dwell_s", "default_barrier")


def couplings_of(n, seed, size=0.3):
    rng = np.random.default_rng(seed)
    upper = np.triu(rng.normal(0, size, (n, n)), k=1)
    return rng.normal(0, 0.2, n), upper + upper.T


def shares_of(fields, couplings):
    states = spins(len(fields))
    weights = np.exp(states @ fields + 0.5 * ((states @ couplings) * states).sum(axis=1))
    return weights / weights.sum()


def recording_with(states, **fields):
    """Every region of a network carries its network's ±1."""
    atlas = atlas_of(NETWORKS)
    sizes = [n for *_, n in NETWORKS]
    return recording_of(np.repeat(states, sizes, axis=1), atlas, **fields)


def frames_in_proportion(shares, n_time, seed=0):
    """Frames (n_time, n) that visit the states in these shares to the nearest frame, shuffled."""
    edges = np.round(np.cumsum(shares) * n_time).astype(int)
    visited = np.repeat(np.arange(len(shares)), np.diff(edges, prepend=0))
    return spins(len(shares).bit_length() - 1)[np.random.default_rng(seed).permutation(visited)]


@pytest.mark.parametrize("n", [4, 7, 9])
def test_recovers_the_couplings_that_made_a_distribution(n):
    fields, couplings = couplings_of(n, seed=n)
    found = maximum_entropy(shares_of(fields, couplings))
    np.testing.assert_allclose(found.fields, fields, atol=ROUNDING)
    np.testing.assert_allclose(found.couplings, couplings, atol=ROUNDING)
    np.testing.assert_allclose(np.exp(-found.energies), shares_of(fields, couplings), atol=ROUNDING)
    assert found.accuracy == pytest.approx(1, abs=ROUNDING)


def test_has_the_means_and_correlations_of_the_data():
    shares = np.random.default_rng(3).dirichlet(np.ones(32))
    found, states = np.exp(-maximum_entropy(shares).energies), spins(5)
    np.testing.assert_allclose(found @ states, shares @ states, atol=ROUNDING)
    for i in range(5):
        pairs = states[:, [i]] * states
        np.testing.assert_allclose(found @ pairs, shares @ pairs, atol=ROUNDING)


def test_explains_nothing_of_what_is_in_three_nodes_only():
    """Three nodes whose product is always +1: all pairs are independent."""
    shares = (spins(3).prod(axis=1) > 0) / 4.0
    found = maximum_entropy(shares)
    np.testing.assert_allclose(found.couplings, 0, atol=ROUNDING)
    assert found.accuracy == pytest.approx(0, abs=ROUNDING)


def test_independent_nodes_leave_nothing_to_explain():
    shares = np.prod(np.where(spins(3) > 0, [0.3, 0.5, 0.9], [0.7, 0.5, 0.1]), axis=1)
    found = maximum_entropy(shares)
    np.testing.assert_allclose(np.tanh(found.fields), [-0.4, 0.0, 0.8], atol=ROUNDING)
    assert np.isnan(found.accuracy)


@pytest.mark.parametrize("never", ["alone", "together"])
def test_refuses_what_was_never_seen_in_a_state(never):
    states = spins(4)
    seen = states[:, 0] > 0 if never == "alone" else states[:, 0] == states[:, 1]
    with pytest.raises(DefaultModeError, match=r"E306.*never seen"):
        maximum_entropy(seen / seen.sum())


def test_a_chain_of_three_has_two_valleys_and_the_pass_between_them():
    """E = −J (σ1 σ2 + σ2 σ3): turning an end costs 2 J, and the turn then runs along for nothing."""
    states = spins(3)
    found = landscape_of(-1.5 * (states[:, 0] * states[:, 1] + states[:, 1] * states[:, 2]))
    np.testing.assert_array_equal(found.minima, [0, 7])
    np.testing.assert_array_equal(found.saddles, [[-3.0, 0.0], [0.0, -3.0]])
    assert found.barrier(0) == found.barrier(1) == 3.0
    np.testing.assert_array_equal(found.basins[[0, 7]], [0, 1])


def test_one_valley_has_no_way_out():
    found = landscape_of(spins(4) @ np.array([1.0, 0.5, 0.25, 2.0]))
    assert found.minima.tolist() == [0]
    assert not found.basins.any()
    assert found.barrier(0) == np.inf


@pytest.mark.parametrize("seed", range(4))
def test_valleys_are_those_of_a_search_of_all_paths(seed):
    n = 6
    energies = np.random.default_rng(seed).normal(size=2**n)
    found = landscape_of(energies)
    highest = np.full((2**n, 2**n), np.inf)
    for state in range(2**n):
        highest[state, state] = energies[state]
        for flip in range(n):
            there = state ^ (1 << flip)
            highest[state, there] = max(energies[state], energies[there])
    for via in range(2**n):
        highest = np.minimum(highest, np.maximum(highest[:, [via]], highest[via]))
    np.testing.assert_array_equal(found.saddles, highest[np.ix_(found.minima, found.minima)])


@pytest.mark.parametrize("seed", range(4))
def test_basin_is_where_steepest_descent_ends(seed):
    energies = np.random.default_rng(seed).normal(size=64)
    found = landscape_of(energies)

    def bottom(state):
        lowest = min((state, *(state ^ (1 << flip) for flip in range(6))), key=energies.item)
        return state if lowest == state else bottom(lowest)

    np.testing.assert_array_equal(found.minima[found.basins], [bottom(s) for s in range(64)])
    assert (np.diff(energies[found.minima]) > 0).all()


def test_recording_gives_back_its_couplings():
    """Rounding to whole frames moves a share by 1/n_time at most."""
    fields, couplings = couplings_of(5, seed=2)
    recording = recording_with(frames_in_proportion(shares_of(fields, couplings), 100_000))
    found = energy_landscape(recording)
    assert nodes(recording).names[0] == "default mode"
    assert nodes(recording).task_positive.tolist() == [False, True, True, False, False]
    np.testing.assert_allclose(found.model.couplings, couplings, atol=2e-3)
    assert find("landscape_accuracy")(recording) == pytest.approx(1, abs=1e-5)


def planted(n_time=4000, **fields):
    """Default mode against both task-positive networks, salience with visual: four valleys."""
    couplings = np.zeros((5, 5))
    for i, j, size in ((0, 1, -0.5), (0, 2, -0.5), (1, 2, 0.5), (3, 4, 0.8)):
        couplings[i, j] = couplings[j, i] = size
    shares = shares_of(np.zeros(5), couplings)
    return recording_with(frames_in_proportion(shares, n_time), **fields)


def test_finds_the_planted_valleys():
    """The default mode is up in half of the four; turning salience alone costs 1.6 nats."""
    recording = planted(n_time=100_000)
    value = {name: find(f"landscape_{name}")(recording, Reference(surrogates=2)) for name in FAMILY}
    assert value["minima"].value == 4
    assert value["default_basin"].value == pytest.approx(0.5, abs=0.01)
    assert value["default_barrier"].value == pytest.approx(1.6, abs=0.01)
    assert [len(v.surrogates) for v in value.values()] == [2] * 4


def test_dwell_is_counted_visit_by_visit_and_not_across_gaps():
    usable = np.ones(4000, dtype=bool)
    usable[::7] = False
    recording = planted(usable=usable)
    fitted = energy_landscape(recording)
    inside = fitted.default[fitted.landscape.basins[fitted.states]]
    seen = exits = 0
    for here, there, known in zip(inside, inside[1:], usable[:-1] & usable[1:], strict=False):
        seen += known and here
        exits += known and here and not there
    dwell = find("landscape_default_dwell_s")(recording, Reference(surrogates=1))
    assert dwell.value == pytest.approx(recording.tr_s * seen / exits)


def test_without_a_default_mode_valley_nothing_is_said_of_one():
    """All networks up or all down."""
    couplings = 0.6 * (1 - np.eye(5))
    recording = recording_with(frames_in_proportion(shares_of(np.zeros(5), couplings), 4000))
    reference = Reference(surrogates=1)
    assert find("landscape_minima")(recording, reference).value == 2
    for name in FAMILY[1:]:
        value = find(f"landscape_{name}")(recording, reference)
        assert isinstance(value, Missing)
        assert value.code == "E306"


def test_too_few_frames_for_the_states_are_said():
    usable = np.arange(4000) < 31
    for name in ("accuracy", *FAMILY):
        measure = find(f"landscape_{name}")
        assert measure(planted(usable=usable), Reference(surrogates=1)).code == "E301"


def test_a_model_that_explains_too_little_is_said_with_its_accuracy():
    noise = np.random.default_rng(0).standard_normal((300, 12))
    recording = recording_of(noise, atlas_of(NETWORKS))
    accuracy = find("landscape_accuracy")(recording)
    assert accuracy < 0.8
    value = find("landscape_minima")(recording, Reference(surrogates=1))
    assert value.code == "E306"
    assert f"{accuracy:.2f}" in value.reason


def test_networks_too_few_or_too_broken_are_said():
    signal = np.random.default_rng(0).standard_normal((300, 8))
    few = recording_of(signal, atlas_of(NETWORKS[:3]))
    assert find("landscape_accuracy")(few).code == "E302"
    recording = planted()
    gone = dict.fromkeys(recording.atlas.names[-2:], Missing("not covered", "E118"))
    without = recording.signal.copy()
    without[:, -2:] = np.nan
    value = find("landscape_accuracy")(replace(recording, signal=without, absent=gone))
    assert value.code == "E302"
    assert "Visual" in value.reason


def test_an_atlas_without_task_positive_networks_is_said():
    others = tuple(
        (network, role.replace("task-positive", "other"), s, n) for network, role, s, n in NETWORKS
    )
    signal = np.random.default_rng(0).standard_normal((300, 12))
    assert find("landscape_accuracy")(recording_of(signal, atlas_of(others))).code == "E302"


def test_at_most_seven_networks_are_taken_by_role_then_size():
    wide = (*NETWORKS, *((f"N{i}", "other", "", 2 + i) for i in range(5)))
    signal = np.random.default_rng(0).standard_normal((300, sum(n for *_, n in wide)))
    chosen = nodes(recording_of(signal, atlas_of(wide)))
    assert chosen.names == ("default mode", "DorsalAttention", "Control", "N4", "N3", "N2", "N1")
    np.testing.assert_allclose(chosen.averaging.sum(axis=0), 1)


def test_a_surrogate_without_a_best_fit_does_not_count(monkeypatch):
    from defaultmode.measures import energy_landscape as module

    def fit_or_fail(signal, recording, fit=module.fit):
        if signal.dtype != np.float64 or not np.array_equal(signal, recording.signal):
            raise DefaultModeError("E306", "no best fit.")
        return fit(signal, recording)

    monkeypatch.setattr(module, "fit", fit_or_fail)
    value = find("landscape_minima")(lively(), Reference(surrogates=3))
    assert value.value >= 1
    assert len(value.surrogates) == 0


def test_surrogates_without_a_default_mode_valley_do_not_count():
    """Where networks rise and fall together but in a tenth of the frames, half of them have one."""
    shares = 0.9 * shares_of(np.zeros(5), 0.3 * (1 - np.eye(5)))
    shares += 0.1 * (np.arange(32) == 0b11001)  # default mode, salience and visual alone
    recording = recording_with(frames_in_proportion(shares, 4000))
    minima, basin = (
        find(f"landscape_{name}")(recording, Reference(surrogates=8)) for name in FAMILY[:2]
    )
    assert basin.value > 0.1
    assert 0 < len(basin.surrogates) < len(minima.surrogates) == 8
    assert (basin.surrogates > 0).all()


@cache
def embedded(preset):
    """The eleven embedded runs of 1200 frames, with this preset."""
    runs = [r for r in embedded_recordings() if r.n_time == 1200]
    return [denoise(run, all_presets()[preset]) for run in runs]


def default_basin(recording):
    fitted = energy_landscape(recording)
    inside = fitted.default[fitted.landscape.basins[fitted.states]]
    return inside[recording.usable].mean()


def test_halves_of_a_run_agree_on_little():
    """Without global signal regression: the figures that the docstrings give."""
    counts, differences = Counter(), []
    for run in embedded("as-supplied"):
        halves = np.arange(run.n_time) < run.n_time / 2
        fits = [energy_landscape(replace(run, usable=run.usable & h)) for h in (halves, ~halves)]
        counts[sum(bool(f.default.any()) for f in fits)] += 1
        if all(f.default.any() for f in fits):
            first, second = (f.landscape.barrier(int(np.argmax(f.default))) for f in fits)
            differences.append(abs(first - second))
    assert counts == {2: 5, 1: 5, 0: 1}
    assert (min(differences), max(differences)) == pytest.approx((0.15, 0.80), abs=0.005)


def test_after_global_signal_regression_mirror_images_share_the_frames():
    """Median over the runs 0.49; seven of the eleven within 0.05 of a half."""
    found = np.array([default_basin(run) for run in embedded("as-supplied+GSR")])
    assert np.median(found) == pytest.approx(0.5, abs=0.05)
    assert (abs(found - 0.5) < 0.05).sum() >= 6


def test_chance_lowers_the_accuracy_by_what_is_said():
    """Divergence of samples from the true kind of model: (states − 1 − parameters) / 2T."""
    shares, rng, n_time = shares_of(*couplings_of(4, seed=1)), np.random.default_rng(2), 2000
    left = []
    for _ in range(300):
        seen = rng.multinomial(n_time, shares) / n_time
        left.append(np.sum(xlogy(seen, seen) + seen * maximum_entropy(seen).energies))
    expected = (16 - 1 - 10) / (2 * n_time)
    # √(2 × 5) / 2T is the SD of one sample; the mean of 300 is within 3.5 of its errors
    assert np.mean(left) == pytest.approx(expected, abs=3.5 * np.sqrt(10 / 300) / (2 * n_time))
