"""What every denoising preset promises: a sentence, sources, documented regressors, no clash."""

import re
from dataclasses import replace

import numpy as np
import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Recording
from defaultmode.denoising import all_presets, denoise, presets_for
from defaultmode.denoising.confounds import columns_of
from defaultmode.denoising.presets import parse_presets
from defaultmode.outputs import slug
from runs_to_denoise import full_run, noise, run

PRESETS = all_presets()
every_preset = pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
KEY = re.compile(r"[A-Z][A-Za-z]+(19|20)\d\d[a-z]?")
COLUMNS = {
    "24P+aCompCor": 24 + 10,
    "24P+aCompCor+GSR": 24 + 10 + 1,
    "36P+scrub": 36,
    "minimal": 6,
    "24P+aCompCor+physio": 24 + 10 + 2,
    "AROMA": 2 + 2,
    "as-supplied": 0,
    "as-supplied+GSR": 0,
}


def test_the_presets_of_the_design_are_there():
    assert list(PRESETS) == list(COLUMNS)


@every_preset
def test_it_says_what_it_does_and_whose_idea_it_is(preset):
    assert re.fullmatch(r"[A-Z].+\.", preset.sentence)
    assert preset.cites
    assert all(KEY.fullmatch(key) for key in preset.all_cites)
    assert len(set(preset.all_cites)) == len(preset.all_cites)


@every_preset
def test_every_regressor_is_documented(preset):
    for group in preset.regressors:
        assert group.sentence
        assert group.cites
        assert bool(group.columns) != group.from_regions


@every_preset
def test_it_takes_the_columns_its_name_says(preset):
    names = columns_of(full_run(), preset)
    assert len(names) == len(set(names)) == COLUMNS[preset.name]


def test_the_24_and_the_36_are_the_published_ones():
    names = columns_of(full_run(), PRESETS["36P+scrub"])
    stems = ["trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z"]
    stems += ["white_matter", "csf", "global_signal"]
    ends = ["", "_derivative1", "_power2", "_derivative1_power2"]
    assert set(names) == {stem + end for stem in stems for end in ends}
    components = columns_of(full_run(), PRESETS["24P+aCompCor"])[24:]
    assert components == tuple(f"{t}_comp_cor_0{i}" for t in "wc" for i in range(5))


@every_preset
def test_global_signal_is_removed_where_the_name_says_so(preset):
    assert preset.removes_global_signal == ("GSR" in preset.name or "36P" in preset.name)


@every_preset
def test_its_slug_is_a_column_name(preset):
    assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", slug(preset.name))
    assert slug(preset.name) == re.sub("[^a-z0-9]+", "_", preset.name.lower())


def test_slugs_differ():
    assert len({slug(name) for name in PRESETS}) == len(PRESETS)


@every_preset
def test_it_denoises_and_leaves_its_name(preset):
    recording = full_run() if preset.needs_confounds else run(noise(300))
    result = denoise(recording, preset)
    assert isinstance(result, Recording)
    assert result.processing.preset == preset.name
    assert (result.processing.low_cutoff_hz, result.processing.high_cutoff_hz) == (0.01, 0.1)
    assert result.signal.shape == recording.signal.shape == result.unfiltered.shape
    assert np.isfinite(result.signal).all()
    again = denoise(recording, preset)
    assert np.array_equal(result.signal, again.signal)


@every_preset
def test_a_missing_column_is_named_never_passed_over(preset):
    recording = full_run()
    for name in columns_of(recording, preset):
        table = {k: v for k, v in recording.confounds.items() if k != name}
        fewer = replace(recording, confounds=table)
        if "comp_cor" in name or "aroma" in name:
            continue  # another component steps in; the test below takes them all away
        result = denoise(fewer, preset)
        assert isinstance(result, Missing)
        assert result.code == "E205"
        assert name in result.reason


@pytest.mark.parametrize(
    ("preset", "kind"),
    [("24P+aCompCor", "w_comp_cor_"), ("24P+aCompCor", "c_comp_cor_"), ("AROMA", "aroma_motion_")],
)
def test_missing_components_are_named(preset, kind):
    recording = full_run()
    table = {k: v for k, v in recording.confounds.items() if not k.startswith(kind)}
    for kept in range(5 if "comp_cor" in kind else 1):
        some = {f"{kind}{i:02d}": np.arange(300.0) ** i for i in range(kept)}
        result = denoise(replace(recording, confounds={**table, **some}), PRESETS[preset])
        assert result.code == "E205"
        assert f"{kind}*" in result.reason
        assert f"{kept} found" in result.reason


def test_components_are_ranked_by_number_not_by_spelling():
    recording = full_run()
    table = {k: v for k, v in recording.confounds.items() if "comp_cor" not in k}
    masks = {f"a_comp_cor_{i}": {"Mask": "WM" if i % 2 else "CSF"} for i in range(95, 110)}
    table |= {name: np.zeros(300) for name in reversed(masks)}
    mixed = replace(recording, confounds=table, provenance={"confounds_sidecar": masks})
    names = columns_of(mixed, PRESETS["24P+aCompCor"])[24:]
    numbers = [int(name.rsplit("_", 1)[1]) for name in names]
    assert numbers == [95, 97, 99, 101, 103, 96, 98, 100, 102, 104]


def test_who_is_offered_what():
    without, with_table = presets_for(run(noise())), presets_for(full_run())
    assert list(without) == ["as-supplied", "as-supplied+GSR"]
    assert list(with_table) == [n for n in COLUMNS if not n.startswith("as-supplied")]
    assert not any(isinstance(p, Missing) for p in (without | with_table).values())
    nothing = denoise(run(noise(300)), PRESETS["minimal"])
    assert nothing.code == "E205"
    assert "there is no confounds table" in nothing.reason


@pytest.mark.parametrize("column", ["cosine00", "cosine*", "*", "motion_outlier*"])
def test_a_preset_that_clashes_cannot_be_made(column):
    text = f"""
    [regressors.all]
    sentence = "everything"
    cites = ["Nobody2000"]
    columns = ["{column}"]
    [preset.all]
    sentence = "Everything."
    cites = ["Nobody2000"]
    regressors = ["all"]
    """
    with pytest.raises(DefaultModeError, match=r"E411.*clashes"):
        parse_presets(text)


def test_adding_a_preset_is_adding_data():
    text = """
    [regressors.head]
    sentence = "two of the head"
    cites = ["Nobody2000"]
    columns = ["trans_x", "rot_x"]
    [preset.two]
    sentence = "Two."
    cites = ["Nobody2000"]
    regressors = ["head"]
    """
    two = parse_presets(text)["two"]
    assert denoise(full_run(), two).processing.confounds_removed == ("trans_x", "rot_x")
