"""Connectivity measures on planted correlations, against closed forms."""

from dataclasses import replace

import numpy as np
import pytest

from defaultmode.core.missing import Missing
from defaultmode.measures import find
from toy_recordings import atlas_of, blocks, lively, recording_of, signal_of

EXACT = 1e-10  # the signal has the planted correlations to rounding
GROUPS = (
    ("Default", "default", "core", 4),
    ("Default", "default", "MTL", 2),
    ("DorsalAttention", "task-positive", "", 3),
    ("Control", "task-positive", "", 2),
    ("Salience", "salience", "", 3),
)
ATLAS = atlas_of(GROUPS)
SIZE = {"Default": 6, "DorsalAttention": 3, "Control": 2, "Salience": 3}
WITHIN = {"Default": 0.6, "DorsalAttention": 0.5, "Control": 0.4, "Salience": 0.55}
D, A, C, S = "Default", "DorsalAttention", "Control", "Salience"
BETWEEN = {
    frozenset((D, A)): -0.3,
    frozenset((D, C)): 0.1,
    frozenset((D, S)): 0.05,
    frozenset((A, C)): 0.2,
    None: 0.15,
}
PLANTED = recording_of(signal_of(blocks(ATLAS, WITHIN, BETWEEN)), ATLAS)
Z = np.arctanh


def weight(a, b):
    return WITHIN[a] if a == b else BETWEEN.get(frozenset((a, b)), BETWEEN[None])


def pairs(a):
    return SIZE[a] * (SIZE[a] - 1) / 2


WITHIN_TASK = (pairs(A) * Z(0.5) + pairs(C) * Z(0.4) + 6 * Z(0.2)) / 10
DEFAULT_TASK = (3 * Z(-0.3) + 2 * Z(0.1)) / 5
EXPECTED = {
    "within_default_mode": Z(0.6),
    "within_default_mode_core": Z(0.6),
    "within_default_mode_mtl": Z(0.6),
    "within_task_positive": WITHIN_TASK,
    "default_mode_task_positive": DEFAULT_TASK,
    "default_mode_dorsal_attention": Z(-0.3),
    "default_mode_salience": Z(0.05),
    "boundary_contrast": (Z(0.6) + WITHIN_TASK) / 2 - DEFAULT_TASK,
    # 8 edges to other networks per default-mode region, the 3 negative ones set to zero
    "segregation_default_mode": 1 - (2 * Z(0.1) + 3 * Z(0.05)) / 8 / Z(0.6),
    "segregation_default_mode_signed": 1 - (Z(-0.3) + Z(0.1) + Z(0.05)) / 3 / Z(0.6),
    "default_mode_membership": 1.0,
    "global_brain_connectivity_default_mode": (5 * Z(0.6) + 3 * Z(-0.3) + 2 * Z(0.1) + 3 * Z(0.05))
    / 13,
}


@pytest.mark.parametrize("name", EXPECTED)
def test_equals_its_closed_form(name):
    assert find(name)(PLANTED) == pytest.approx(EXPECTED[name], abs=EXACT)


def test_participation_equals_its_closed_form():
    strength = {D: 5 * 0.6, A: 0.0, C: 2 * 0.1, S: 3 * 0.05}  # to A negative, hence dropped
    total = sum(strength.values())
    expected = 1 - sum((s / total) ** 2 for s in strength.values())
    assert find("participation_default_mode")(PLANTED) == pytest.approx(expected, abs=EXACT)


def test_modularity_equals_its_closed_form():
    links = {
        (a, b): max(weight(a, b), 0.0) * SIZE[a] * (SIZE[b] - (a == b)) for a in SIZE for b in SIZE
    }
    total = sum(links.values())
    expected = sum(
        links[a, a] / total - (sum(links[a, b] for b in SIZE) / total) ** 2 for a in SIZE
    )
    assert find("modularity")(PLANTED) == pytest.approx(expected, abs=EXACT)


def test_silhouette_equals_its_closed_form():
    atlas = atlas_of((("Default", "default", "", 5), ("Control", "task-positive", "", 3)))
    r = blocks(atlas, {"Default": 0.5, "Control": 0.1}, {None: 0.2})
    value = find("boundary_silhouette")(recording_of(signal_of(r), atlas))
    inside, outside = (0.5 - 0.2) / (1 - 0.2), (0.1 - 0.2) / (1 - 0.1)
    assert value == pytest.approx((5 * inside + 3 * outside) / 8, abs=EXACT)


def test_regional_connectivity_equals_its_closed_form():
    value = find("global_brain_connectivity_by_region")(PLANTED)
    expected = [
        sum(SIZE[b] * Z(weight(a, b)) for b in SIZE) - Z(weight(a, a)) for a in ATLAS.networks
    ]
    np.testing.assert_allclose(value, np.array(expected) / 13, atol=EXACT)
    whole = find("global_brain_connectivity")(PLANTED)
    assert whole == pytest.approx(np.mean(expected) / 13, abs=EXACT)


def test_a_region_that_follows_another_network_is_no_member():
    r = blocks(ATLAS, WITHIN, BETWEEN)
    r[0, 1:6] = r[1:6, 0] = 0.1  # to the rest of its own network
    r[0, 11:] = r[11:, 0] = 0.4  # to salience
    recording = recording_of(signal_of(r), ATLAS)
    assert find("default_mode_membership")(recording) == pytest.approx(5 / 6, abs=EXACT)
    margin = find("default_mode_own_network_margin")(recording)
    assert margin[0] == pytest.approx(Z(0.1) - Z(0.4), abs=EXACT)
    assert margin[1] == pytest.approx((4 * Z(0.6) + Z(0.1)) / 5 - Z(0.1), abs=EXACT)
    assert np.isnan(margin[6:]).all()


def test_censored_frames_do_not_count():
    usable = np.ones(200, dtype=bool)
    usable[::7] = False
    signal = np.empty((200, len(ATLAS)))
    signal[usable] = signal_of(blocks(ATLAS, WITHIN, BETWEEN), n_time=int(usable.sum()))
    signal[~usable] = 1e3 * np.arange(len(ATLAS))
    recording = recording_of(signal, ATLAS, usable=usable)
    for name, expected in EXPECTED.items():
        assert find(name)(recording) == pytest.approx(expected, abs=EXACT)


def test_absent_regions_do_not_count():
    signal = PLANTED.signal.copy()
    signal[:, [0, 6]] = np.nan
    gone = {ATLAS.names[i]: Missing("outside the field of view") for i in (0, 6)}
    recording = recording_of(signal, ATLAS, absent=gone)
    expected = (2 * Z(-0.3) + 2 * Z(0.1)) / 4
    assert find("default_mode_task_positive")(recording) == pytest.approx(expected, abs=EXACT)
    assert np.isnan(find("global_brain_connectivity_by_region")(recording)[[0, 6]]).all()


def test_too_few_regions_are_named():
    signal = PLANTED.signal.copy()
    signal[:, [3, 4]] = np.nan
    gone = {ATLAS.names[i]: Missing("outside the field of view") for i in (3, 4)}
    value = find("within_default_mode_mtl")(recording_of(signal, ATLAS, absent=gone))
    assert value.code == "E302"
    assert "1 of the 2 default MTL regions" in value.reason
    assert "r04" in value.reason
    assert find("within_default_mode")(recording_of(signal, ATLAS, absent=gone)) > 0


def test_under_half_of_a_network_is_not_the_network():
    lost = range(4)
    signal = PLANTED.signal.copy()
    signal[:, lost] = np.nan
    gone = {ATLAS.names[i]: Missing("outside the field of view") for i in lost}
    value = find("within_default_mode")(recording_of(signal, ATLAS, absent=gone))
    assert value.code == "E302"
    assert "2 of the 6 default regions" in value.reason


def test_an_atlas_without_a_subsystem_has_no_such_measure():
    value = find("within_default_mode_dmpfc")(PLANTED)
    assert value.code == "E306"
    assert "atlas 'toy' has no region called default dMPFC" in value.reason


def test_an_atlas_of_one_network_has_no_partition():
    atlas = atlas_of((("Default", "default", "", 4), ("unassigned", "other", "", 3)))
    r = blocks(atlas, {"Default": 0.5, "unassigned": 0.2}, {None: 0.1})
    recording = recording_of(signal_of(r), atlas)
    for name in ("modularity", "participation_default_mode", "segregation_default_mode"):
        value = find(name)(recording)
        assert value.code == "E302"
        assert "no network beside" in value.reason


def test_regions_without_a_network_stay_out_of_the_partition():
    groups = (*GROUPS, ("unassigned", "other", "", 3))
    atlas = atlas_of(groups)
    r = blocks(atlas, {**WITHIN, "unassigned": 0.3}, {**BETWEEN, None: 0.15})
    recording = recording_of(signal_of(r), atlas)
    for name in (
        "modularity",
        "participation_default_mode",
        "segregation_default_mode",
        "segregation_default_mode_signed",
        "default_mode_membership",
    ):
        assert find(name)(recording) == pytest.approx(find(name)(PLANTED), abs=EXACT)


@pytest.mark.parametrize("sign", [1.0, -2.0])
def test_duplicated_regions_are_named_and_never_infinite(sign):
    signal = lively().signal.copy()
    signal[:, 20] = sign * signal[:, 3] + 7.0
    recording = replace(lively(), signal=signal)
    for name in ("within_default_mode", "modularity", "boundary_silhouette"):
        value = find(name)(recording)
        assert value.code == "E305"
        assert "'r03' and 'r20'" in value.reason


@pytest.mark.parametrize(
    ("within", "missing"), [(0.02, True), (-0.1, True), (0.049, True), (0.06, False)]
)
def test_segregation_is_missing_near_a_within_of_zero(within, missing):
    r = blocks(ATLAS, {**WITHIN, "Default": within}, {None: 0.02})
    value = find("segregation_default_mode_signed")(recording_of(signal_of(r), ATLAS))
    assert isinstance(value, Missing) is missing
    assert not missing or value.code == "E306"


def test_graph_measures_need_a_positive_link():
    """Four regions that all repel one another."""
    atlas = atlas_of((("Default", "default", "", 2), ("Control", "task-positive", "", 2)))
    r = np.full((4, 4), -0.3) + 1.3 * np.eye(4)
    recording = recording_of(signal_of(r), atlas)
    for name in ("participation_default_mode", "modularity"):
        assert find(name)(recording).code == "E306"


def test_too_few_frames_are_missing():
    usable = np.zeros(200, dtype=bool)
    usable[:3] = True
    assert find("within_default_mode")(replace(lively(), usable=usable)).code == "E301"


def test_the_unit_of_the_scanner_does_not_matter():
    """Neither tiny nor huge numbers overflow on the way."""
    for scale in (1e-200, 1e200):
        recording = replace(PLANTED, signal=PLANTED.signal * scale)
        assert find("within_default_mode")(recording) == pytest.approx(Z(0.6), abs=EXACT)
