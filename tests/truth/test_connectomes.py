"""The embedded connectome is what its package holds, in the atlas' order."""

import csv
import hashlib
import json
import os
import subprocess
import sys
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from defaultmode.core.connectome import Connectome
from defaultmode.report.references import reference
from defaultmode.sources.atlases import load_atlas
from defaultmode.sources.connectomes import (
    connectome_for,
    connectome_notes,
    embedded_connectivity,
    embedded_connectome,
    embedded_maps,
)
from defaultmode.sources.embedded import embedded_recordings
from given import shared

FOLDER = files("defaultmode.sources.connectomes")
ROOT = Path(__file__).resolve().parents[2]
TABLE = json.loads(FOLDER.joinpath("schaefer100.json").read_text("utf-8"))
NOTES = tomllib.loads(FOLDER.joinpath("notes.toml").read_text("utf-8"))
ATLAS = load_atlas("schaefer100")
CONNECTOME, MAPS = embedded_connectome(), embedded_maps()
GROUP706, GROUP303 = (embedded_connectivity()[name] for name in ("group706", "group303"))
UPPER = np.triu_indices(100, 1)
DISTANCE_MM = np.linalg.norm(ATLAS.centres_mm[:, None] - ATLAS.centres_mm[None], axis=2)
LEFT = np.array([region.hemisphere == "L" for region in ATLAS.regions])
SAME_HEMISPHERE = LEFT[:, None] == LEFT[None]


def r(one, other, where=UPPER):
    return float(np.corrcoef(one[where], other[where])[0, 1])


def swaps_that_fit_no_worse(one, other):
    """How many of all exchanges of two regions leave the agreement of two matrices as good."""
    # the sum of squares does not change, so the correlation falls exactly when this sum falls
    a, b = (m - m[UPPER].mean() for m in (one, other))
    np.fill_diagonal(a, 0)
    np.fill_diagonal(b, 0)
    product, own = a @ b, np.einsum("ij,ij->i", a, b)
    gain = product + product.T - own[:, None] - own[None] + 2 * a * b
    return int((gain[UPPER] >= 0).sum())


# --- what is embedded


def test_the_regions_are_those_of_the_atlas_in_its_order():
    assert CONNECTOME.regions == ATLAS.names
    assert TABLE["regions"] == list(ATLAS.names)
    assert [MAPS[name].shape for name in ("myelin", "gradient")] == [(100,), (100,)]
    assert GROUP706.shape == GROUP303.shape == (100, 100)


def test_the_arrays_have_the_checksums_of_the_table():
    with (
        FOLDER.joinpath("schaefer100.npz").open("rb") as stream,
        np.load(stream, allow_pickle=False) as archive,
    ):
        found = {k: hashlib.sha256(archive[k].tobytes()).hexdigest() for k in archive.files}
    assert found == TABLE["sha256"]


def test_what_was_measured_is_what_is_there():
    said, weights = TABLE["measured"], CONNECTOME.weights
    strength = weights.sum(axis=1)
    default, task = ATLAS.members("default"), ATLAS.members("task-positive")
    pairs = np.triu_indices(len(default), 1)
    found = {
        "smallest_row_sum_over_mean": strength.min(),
        "largest_row_sum_over_mean": strength.max(),
        "density": (weights[UPPER] > 0).mean(),
        "connectivity_r_706_303": r(GROUP706, GROUP303),
        "maps_r": np.corrcoef(MAPS["myelin"], MAPS["gradient"])[0, 1],
        "group706_mean_r": GROUP706[UPPER].mean(),
        "group706_default_r": GROUP706[np.ix_(default, default)][pairs].mean(),
        "group706_default_to_task_positive_r": GROUP706[np.ix_(default, task)].mean(),
        "group303_default_to_task_positive_r": GROUP303[np.ix_(default, task)].mean(),
    }
    for name, value in found.items():
        assert value == pytest.approx(said[name], rel=5e-5), name  # five digits are written
    assert round(found["connectivity_r_706_303"], 3) == 0.998
    assert said["strength_r_706_303"] > 0.999  # why the other group's connectome is left out


def test_weights_are_whole_or_half_counts_on_one_scale():
    weights, lengths_mm = CONNECTOME.weights, CONNECTOME.lengths_mm
    assert weights.sum(axis=1).mean() == pytest.approx(1, abs=1e-12)
    twice = 2 * weights * TABLE["measured"]["mean_row_sum_counts"]
    least = twice[weights > 0].min()
    assert least == pytest.approx(1, rel=1e-5)
    counts = twice / least
    np.testing.assert_allclose(counts, np.round(counts), atol=1e-6)
    np.testing.assert_array_equal(weights, weights.T)
    np.testing.assert_array_equal(lengths_mm, lengths_mm.T)
    np.testing.assert_array_equal(weights == 0, lengths_mm == 0)
    assert 20 < lengths_mm[weights > 0].min() < lengths_mm.max() < 250


def test_connectivity_is_correlations():
    for matrix in (GROUP706, GROUP303):
        np.testing.assert_array_equal(matrix, matrix.T)
        np.testing.assert_array_equal(np.diagonal(matrix), 1)
        assert -0.1 < matrix.min() < matrix[UPPER].max() < 0.9
        assert np.linalg.eigvalsh(matrix).min() > -1e-3


def test_maps_are_z_scores_of_the_hierarchy():
    default = np.array([region.network == "Default" for region in ATLAS.regions])
    sensory = np.array([region.network in {"Visual", "Somatomotor"} for region in ATLAS.regions])
    for name, sign in (("myelin", -1), ("gradient", 1)):
        values = MAPS[name]
        assert abs(values.mean()) < 1e-6  # six digits are supplied
        assert values.std() == pytest.approx(1, abs=1e-6)
        assert sign * (values[default].mean() - values[sensory].mean()) > 1


# --- the order is the atlas' order


def test_homotopic_regions_are_the_most_connected_across_the_midline():
    left, right = np.flatnonzero(LEFT), np.flatnonzero(~LEFT)
    mirrored = ATLAS.centres_mm[left] * [-1, 1, 1]
    far = np.linalg.norm(mirrored[:, None] - ATLAS.centres_mm[right], axis=2)
    pairs = [(i, j) for i, j in enumerate(far.argmin(1)) if far[:, j].argmin() == i]
    pairs = [(i, j) for i, j in pairs if far[i, j] < 10]
    assert len(pairs) == 37
    across = GROUP706[np.ix_(left, right)]
    homotopic = np.array([across[i, j] for i, j in pairs])
    assert homotopic.mean() > 2 * across.mean()
    assert sum(across[i].argmax() == j for i, j in pairs) == 30


def test_regions_are_connected_most_to_their_own_network():
    network = np.array([name.split("_")[2] for name in ATLAS.names])
    apart = ~np.eye(100, dtype=bool)

    def at_home(matrix):
        """Regions whose mean correlation is larger with their own network than with any other."""
        means = {
            name: (matrix * apart)[:, network == name].sum(axis=1)
            / (apart[:, network == name]).sum(axis=1)
            for name in sorted(set(network))
        }
        nearest = np.array(list(means))[np.argmax(list(means.values()), axis=0)]
        return int((nearest == network).sum())

    assert at_home(GROUP706) == 90
    for order in (np.roll(np.arange(100), 1), np.arange(100).reshape(2, 50).T.ravel()):
        assert at_home(GROUP706[np.ix_(order, order)]) < 75  # the next one; hemispheres in turn


def test_tracts_follow_the_distances_of_the_atlas():
    weights, lengths_mm = CONNECTOME.weights, CONNECTOME.lengths_mm
    near = np.triu(SAME_HEMISPHERE & (weights > 0), 1)
    assert r(lengths_mm, DISTANCE_MM, near) > 0.8
    nearness, logarithm = -DISTANCE_MM, np.log1p(weights * 6e4)
    assert r(logarithm, nearness) > 0.64
    # not all: neighbours could stand for each other
    assert swaps_that_fit_no_worse(logarithm, nearness) < 0.025 * len(UPPER[0])


def test_connectivity_is_that_of_the_people_from_the_same_package():
    for recording in embedded_recordings():
        if recording.entities.participant in {"100206", "100307"}:
            own = np.corrcoef(recording.signal.T)
            assert r(GROUP706, own) > 0.79
            assert swaps_that_fit_no_worse(GROUP706, own) <= 11  # of 4950


def test_the_gradient_is_that_of_the_connectivity():
    # Margulies 2016: the strongest tenth of each row, cosine similarity, diffusion map
    z = GROUP706 - np.eye(100)
    kept = np.where(np.percentile(z, 90, axis=1, keepdims=True) <= z, z, 0)
    unit = kept / np.linalg.norm(kept, axis=1, keepdims=True)
    alike = unit @ unit.T
    degree = alike.sum(axis=1)
    vectors = np.linalg.eigh(alike / np.sqrt(np.outer(degree, degree)))[1]
    first = vectors[:, -2] / vectors[:, -1]
    assert abs(np.corrcoef(first, MAPS["gradient"])[0, 1]) > 0.96


@cache
def labelled(kind):
    """A labelled group matrix in the order of the atlas, matched by its names alone."""
    folder = shared("data/connectomes_schaefer")
    with (folder / f"{kind}Labels_ctx_schaefer_100.csv").open(encoding="utf-8") as stream:
        names = next(csv.reader(stream))
    matrix = np.loadtxt(folder / f"{kind}Matrix_ctx_schaefer_100.csv", delimiter=",")
    matrix = np.maximum(matrix, 0)  # a few logarithms of less than one streamline
    np.fill_diagonal(matrix, 0)
    return connectome_for(Connectome("labelled", tuple(names), matrix), ATLAS).weights


def test_order_is_that_of_a_labelled_functional_connectome():
    other = labelled("func")
    z = np.arctanh(GROUP706 - np.eye(100))
    assert r(z, other) > 0.98
    assert swaps_that_fit_no_worse(z, other) == 0


def test_order_is_that_of_a_labelled_structural_connectome():
    other, weights = labelled("struc"), CONNECTOME.weights
    logarithm = np.log1p(weights * TABLE["measured"]["mean_row_sum_counts"])
    assert r(logarithm, other) == pytest.approx(0.73, abs=0.01)
    both = np.triu((weights > 0) & (other > 0), 1)
    assert r(logarithm, other, both) == pytest.approx(0.875, abs=0.005)
    # one pair of neighbours on the midline could stand for each other
    assert swaps_that_fit_no_worse(logarithm, other) <= 1


def test_a_wrong_order_does_not_fit():
    other = labelled("func")
    by_17_networks = np.argsort([r_.aliases[1] for r_ in ATLAS.regions], kind="stable")
    for order in (np.roll(np.arange(100), 1), np.roll(np.arange(100), 50), by_17_networks):
        assert r(GROUP706[np.ix_(order, order)], other) < 0.8


# --- notes, licences, size, rebuild


def test_notes_name_owner_licence_and_acknowledgement():
    text = "\n".join(connectome_notes())
    for word in ("cubnm 0.1.0", "BSD-3-Clause", "1U54MH091657", "Open Access Data Use Terms"):
        assert word in text
    assert "706" in text
    assert "non-commercial" in text
    said = TABLE["measured"]
    assert f"{100 * said['density']:.1f} % of the pairs" in text
    assert f"r = {said['strength_r_706_303']:.4f}" in text
    spread = (said[f"{which}_row_sum_over_mean"] for which in ("smallest", "largest"))
    assert "{:.2f} to {:.2f}".format(*spread) in text
    assert f"{said['maps_r']:.2f}".replace("-", "−") in text
    assert f"mean correlation is {said['group706_mean_r']:.2f}" in text


def test_licences_and_acknowledgement_stand_in_the_package():
    folder = files("defaultmode.sources.embedded").joinpath("LICENSES")
    assert "BSD 3-Clause" in folder.joinpath("cubnm-0.1.0-LICENSE.txt").read_text("utf-8")
    assert "group connectome" in folder.joinpath("HCP.md").read_text("utf-8")
    assert "sources/connectomes" in folder.joinpath("README.md").read_text("utf-8")


def test_what_is_cited_is_in_the_list_of_references():
    cited = [*CONNECTOME.cites, *(key for m in NOTES["map"].values() for key in m["cites"])]
    assert [reference(key).key for key in cited] == cited
    assert set(NOTES["map"]) == set(MAPS)


def test_no_receptor_map_is_embedded():
    names = " ".join([*TABLE["sha256"], *(s["path"] for s in TABLE["sources"].values())]).lower()
    for word in ("nmda", "gaba", "5ht", "receptor"):
        assert word not in names


def test_everything_together_is_small():
    sizes = [p.stat().st_size for p in Path(str(FOLDER)).glob("*.*") if p.suffix != ".py"]
    assert 320_000 < sum(sizes) < 360_000


def test_rebuilding_gives_the_same_bytes(tmp_path):
    folder = os.environ.get("DEFAULTMODE_CUBNM", "")
    if not folder:
        pytest.skip("needs DEFAULTMODE_CUBNM: see scripts/build_connectome.py")
    script = ROOT / "scripts" / "build_connectome.py"
    subprocess.run([sys.executable, script, folder, "--out", tmp_path], check=True)
    built = sorted(path.name for path in tmp_path.iterdir())
    assert built == ["schaefer100.json", "schaefer100.npz"]
    for name in built:
        assert (tmp_path / name).read_bytes() == FOLDER.joinpath(name).read_bytes(), name
