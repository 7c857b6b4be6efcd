"""`overlap` on made studies: planted maps of change, and studies that cannot be compared."""

import json
from pathlib import Path

import numpy as np
import pytest

import made_datasets as made
from defaultmode.cli import main
from defaultmode.core.errors import DefaultModeError
from defaultmode.pipeline.treatment_maps import MapAsked, MeasuredStudy, change_maps
from defaultmode.sources.atlases import load_atlas

MEASURE = "variability_by_region"
ATLAS = load_atlas("aal90")
RAISED = np.array([r.hemisphere == "L" for r in ATLAS.regions])


def run(*words: object) -> int:
    return main([str(w) for w in words])


def _signal(seed: int, gain: np.ndarray) -> np.ndarray:
    """Noise about a baseline, whose size is multiplied region by region."""
    return 1000 + gain * np.random.default_rng(seed).normal(size=(made.N_TIME, 90))


def _crossover(folder: Path, drugs: dict[str, np.ndarray], out: Path) -> Path:
    """Five people, one session each drug: drug → gain of each region; measured."""
    made.describe(folder)
    for person in range(5):
        for i, (drug, gain) in enumerate(drugs.items()):
            stem = f"sub-{person:02d}_ses-{drug}_task-rest"
            made.write_table(folder, stem, _signal(100 * person + i + len(str(out)), gain))
    words = ("--measures", MEASURE, "--surrogates", 0, "--nprocs", 1, "--quiet")
    assert run("measure", folder, out, *words) == 0
    return out


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Ketamine raises the left hemisphere; psilocybin, elsewhere, does so less, LSD lowers it."""
    root = tmp_path_factory.mktemp("overlap")
    flat = np.full(90, 5.0)
    one = {"placebo": flat, "ketamine": flat + 5 * RAISED}
    two = {"placebo": flat, "psilocybin": flat + 3 * RAISED, "lsd": flat - 3 * RAISED}
    return _crossover(root / "a", one, root / "oa"), _crossover(root / "b", two, root / "ob")


def _overlap(capsys, *words: object) -> dict:
    assert run("overlap", *words, "--measure", MEASURE, "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_change_maps_are_the_published_values_less_those_under_placebo(studies) -> None:
    study = MeasuredStudy.at(studies[0])
    asked = MapAsked(MEASURE, "as-supplied", "ketamine", reference="placebo")
    found = change_maps(study, asked)
    assert found.people == tuple(f"sub-{i:02d}" for i in range(5))
    names = [f"sub-03_ses-{d}_task-rest_atlas-AAL90_desc-assupplied" for d in one_and_other()]
    values = [
        np.loadtxt(
            studies[0] / "sub-03" / f"ses-{d}" / "func" / f"{name}_regions.tsv",
            skiprows=1,
            usecols=1,
        )
        for d, name in zip(one_and_other(), names, strict=True)
    ]
    assert found.values[3] == pytest.approx(values[0] - values[1])
    assert found.values[:, RAISED].mean() > 5 * abs(found.values[:, ~RAISED].mean())
    assert "less that under placebo (each person's own)" in found.how


def one_and_other() -> tuple[str, str]:
    return "ketamine", "placebo"


def test_treatments_that_change_the_same_regions_overlap(studies, capsys) -> None:
    said = _overlap(capsys, *studies, "--treatment", "ketamine", "psilocybin")
    assert said["treatments"] == ["ketamine", "psilocybin"]
    assert set(said["presets"]) == {"as-supplied", "as-supplied+GSR"}
    found = said["presets"]["as-supplied"]
    assert found["value"] > 0.8
    assert found["ci_low"] > 0.5
    assert found["n_regions"] == 90 - 8  # without caudate, putamen, pallidum and thalamus
    assert (found["n"], found["n_reference"]) == (5, 5)


def test_one_that_lowers_what_the_other_raises_is_against_it(studies, capsys) -> None:
    words = ("--treatment", "ketamine", "lsd", "--denoise", "as-supplied")
    said = _overlap(capsys, *studies, *words)
    assert list(said["presets"]) == ["as-supplied"]
    assert said["presets"]["as-supplied"]["ci_high"] < -0.5


def test_two_treatments_of_one_study_are_not_held_against_one_placebo(studies, capsys) -> None:
    """The noise of the placebo scans would be in both maps: without it by default, else said."""
    words = (studies[1], studies[1], "--treatment", "psilocybin", "lsd")
    said = _overlap(capsys, *words)
    assert not any("less that under placebo" in how for how in said["how"])
    assert any("what time alone changes" in note for note in said["notes"])
    said = _overlap(capsys, *words, "--reference", "placebo")
    assert all("less that under placebo" in how for how in said["how"])
    assert any("whose noise is in both" in note for note in said["notes"])


def test_the_text_says_what_the_numbers_are(studies, capsys) -> None:
    words = ("--measure", MEASURE, "--treatment", "ketamine", "psilocybin")
    assert run("overlap", *studies, *words) == 0
    text = capsys.readouterr().out
    for said in ("95 % interval", "spin p", "noise ceiling", "Head motion"):
        assert said in text


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--treatment", "ketamine", "ayahuasca"], "E424"),
        ([], "E424"),  # the second study names two treatments
        (["--treatment", "ketamine", "lsd", "--phase", "after"], "E424"),
        (["--treatment", "ketamine", "lsd", "--measure", "alff_by_region"], "E424"),
        (["--treatment", "ketamine", "lsd", "--denoise", "36P"], "E423"),
        (["--treatment", "ketamine", "lsd", "--atlas", "schaefer100"], "E423"),
    ],
)
def test_what_cannot_be_compared_is_refused(studies, words, code, capsys) -> None:
    asked = words if "--measure" in words else [*words, "--measure", MEASURE]
    assert run("overlap", *studies, *asked) in {2, 3}
    assert code in capsys.readouterr().err


def test_one_treatment_is_not_compared_with_itself(studies) -> None:
    from defaultmode.pipeline.overlapping import OverlapAsked, compare_treatments

    asked = OverlapAsked(MEASURE, treatments=("lsd", "lsd"))
    with pytest.raises(DefaultModeError, match=r"E424.*name two treatments"):
        compare_treatments(studies[1], studies[1], asked)
