"""Every run of a derivatives folder is found once, with what belongs to it."""

import json
from pathlib import Path

import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.sources.bids import dataset_description, find_runs
from defaultmode.sources.names import parse_name
from defaultmode.sources.sidecars import read_json
from given import shared

SIX, NINE = "space-MNI152NLin6Asym", "space-MNI152NLin2009cAsym"


def make(root: Path, *files: str, **texts: str) -> Path:
    for file in files:
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}" if file.endswith(".json") else "x")
    return root


def write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def refused(code: str, root: Path, **options: object) -> str:
    with pytest.raises(DefaultModeError) as caught:
        find_runs(root, **options)
    assert caught.value.code == code, caught.value
    return caught.value.detail


def keys(root: Path, **options: object) -> list[str]:
    return [r.key for r in find_runs(root, **options)]


def two_by_two(root: Path) -> Path:
    return make(
        root,
        *(
            f"sub-{p}/ses-{s}/func/sub-{p}_ses-{s}_task-rest_run-{r}_{SIX}_desc-preproc_bold.nii.gz"
            for p in ("01", "1")
            for s in ("pre", "post")
            for r in ("1", "02")
        ),
    )


def test_a_run_with_all_that_belongs_to_it(tmp_path: Path) -> None:
    func = "sub-01/ses-pre/func"
    stem = f"{func}/sub-01_ses-pre_task-rest_run-1"
    make(
        tmp_path,
        f"{stem}_{SIX}_res-2_desc-preproc_bold.nii.gz",
        f"{stem}_{SIX}_res-2_desc-brain_mask.nii.gz",
        f"{stem}_{NINE}_res-2_desc-brain_mask.nii.gz",
        f"{stem}_desc-confounds_timeseries.tsv",
        f"{func}/sub-01_ses-pre_task-rest_run-2_desc-confounds_timeseries.tsv",
    )
    write(tmp_path / f"{stem}_desc-confounds_timeseries.json", {"a_comp_cor_00": {"Mask": "CSF"}})
    (run,) = find_runs(tmp_path)
    assert run.entities.participant == "01"
    assert (run.kind, run.key) == ("volumes", "sub-01_ses-pre_task-rest_run-1")
    assert run.space == "MNI152NLin6Asym"
    assert run.mask == tmp_path / f"{stem}_{SIX}_res-2_desc-brain_mask.nii.gz"
    assert run.confounds == tmp_path / f"{stem}_desc-confounds_timeseries.tsv"
    assert run.confounds_sidecar == {"a_comp_cor_00": {"Mask": "CSF"}}


def test_older_confounds_and_no_session(tmp_path: Path) -> None:
    stem = "sub-01/func/sub-01_task-rest"
    make(tmp_path, f"{stem}_{NINE}_desc-preproc_bold.nii", f"{stem}_desc-confounds_regressors.tsv")
    (run,) = find_runs(tmp_path)
    assert run.confounds is not None
    assert run.confounds.name.endswith("regressors.tsv")
    assert run.entities.session == ""
    assert run.mask is None


def test_sidecars_are_inherited_and_the_nearest_wins(tmp_path: Path) -> None:
    func = "sub-01/ses-a/func"
    signal = f"{func}/sub-01_ses-a_task-rest_{SIX}_desc-preproc_bold.nii.gz"
    make(tmp_path, signal)
    write(tmp_path / "task-rest_bold.json", {"RepetitionTime": 1, "a": "root", "b": "root"})
    write(tmp_path / "task-nback_bold.json", {"a": "another task"})
    write(tmp_path / "sub-01/sub-01_task-rest_bold.json", {"b": "subject", "c": "subject"})
    write(tmp_path / "sub-01/ses-a/sub-01_ses-a_task-rest_bold.json", {"c": "session"})
    write(tmp_path / signal.replace(".nii.gz", ".json"), {"RepetitionTime": 2})
    (run,) = find_runs(tmp_path)
    assert run.sidecar == {"RepetitionTime": 2, "a": "root", "b": "subject", "c": "session"}


def test_each_sidecar_is_read_once_however_many_runs_it_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stems = [f"sub-{i:02d}_task-rest_{SIX}_desc-preproc_bold" for i in range(7)]
    for stem in stems:
        make(tmp_path, f"{stem[:6]}/func/{stem}.nii.gz")
        write(tmp_path / f"{stem[:6]}/func/{stem}.json", {"own": stem})
    write(tmp_path / "task-rest_bold.json", {"RepetitionTime": 2})
    read: list[str] = []

    def counted(path: Path) -> dict[str, object]:
        read.append(path.name)
        return read_json(path)

    monkeypatch.setattr("defaultmode.sources.sidecars.read_json", counted)
    runs = find_runs(tmp_path)
    assert [run.sidecar for run in runs] == [{"RepetitionTime": 2, "own": s} for s in stems]
    assert sorted(read) == sorted([*(f"{stem}.json" for stem in stems), "task-rest_bold.json"])


@pytest.mark.parametrize("text", ["{", "[1]", '{"a": NaN}', '{"a": 1, "a": 2}', "\xff\xfe"])
def test_a_broken_sidecar_is_refused(tmp_path: Path, text: str) -> None:
    make(tmp_path, f"sub-01/func/sub-01_task-rest_{SIX}_desc-preproc_bold.nii.gz")
    (tmp_path / "task-rest_bold.json").write_bytes(text.encode("latin-1"))
    refused("E206", tmp_path)


def test_entities_in_any_order(tmp_path: Path) -> None:
    make(tmp_path, f"sub-01/func/task-rest_{SIX}_sub-01_desc-preproc_run-3_bold.nii.gz")
    assert keys(tmp_path) == ["sub-01_task-rest_run-3"]


@pytest.mark.parametrize(
    "name", ["sub-01_sub-02_bold.nii.gz", "sub-_bold.nii.gz", "sub-01_bold-x.nii"]
)
def test_no_bids_name(name: str) -> None:
    assert parse_name(name) is None


def test_spaces_are_chosen_by_the_stated_order(tmp_path: Path) -> None:
    stem = "sub-01/func/sub-01_task-rest"
    tail = "desc-preproc_bold.nii.gz"
    make(tmp_path, f"{stem}_{tail}", f"{stem}_space-T1w_{tail}", f"{stem}_space-MNI152Lin_{tail}")
    assert [r.space for r in find_runs(tmp_path)] == ["MNI152Lin"]
    make(tmp_path, f"{stem}_{NINE}_{tail}")
    assert [r.space for r in find_runs(tmp_path)] == ["MNI152NLin2009cAsym"]
    make(tmp_path, f"{stem}_{SIX}_{tail}")
    assert [r.space for r in find_runs(tmp_path)] == ["MNI152NLin6Asym"]
    (chosen,) = find_runs(tmp_path, filters={"bold": {"space": "T1w"}})
    assert chosen.space == "T1w"
    (native,) = find_runs(tmp_path, filters={"bold": {"space": None}})
    assert native.space == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"{SIX}_res-1_desc-preproc_bold.nii.gz", f"{SIX}_res-2_desc-preproc_bold.nii.gz"),
        (f"{SIX}_desc-preproc_bold.nii.gz", f"{SIX}_desc-preproc_bold.nii"),
        (f"echo-1_{SIX}_desc-preproc_bold.nii.gz", f"echo-2_{SIX}_desc-preproc_bold.nii.gz"),
        ("atlas-A_timeseries.tsv", "atlas-A_stat-mean_timeseries.tsv"),
    ],
)
def test_two_files_of_one_run_are_refused(tmp_path: Path, one: str, other: str) -> None:
    make(tmp_path, f"sub-01/func/sub-01_task-rest_{one}", f"sub-01/func/sub-01_task-rest_{other}")
    assert one in refused("E207", tmp_path)


def test_two_phase_encoding_directions_are_two_runs(tmp_path: Path) -> None:
    stem = "sub-01/func/sub-01_task-rest_dir"
    make(tmp_path, *(f"{stem}-{d}_{SIX}_desc-preproc_bold.nii.gz" for d in ("AP", "PA")))
    assert [run.entities.direction for run in find_runs(tmp_path)] == ["AP", "PA"]


def test_one_run_in_two_folders_is_refused(tmp_path: Path) -> None:
    name = f"sub-01_task-rest_{SIX}_desc-preproc_bold.nii.gz"
    make(tmp_path, f"sub-01/func/{name}", f"sub-01/{name}")
    refused("E207", tmp_path)


def test_a_filter_chooses_between_two_files_of_one_run(tmp_path: Path) -> None:
    stem = "sub-01/func/sub-01_task-rest_dir"
    make(tmp_path, *(f"{stem}-{d}_{SIX}_desc-preproc_bold.nii.gz" for d in ("AP", "PA")))
    (run,) = find_runs(tmp_path, filters={"bold": {"direction": "PA"}})
    assert "dir-PA" in run.signal.name


@pytest.mark.parametrize(
    "name", ["sub-02_ses-a_task-rest", "sub-01_ses-b_task-rest", "sub-01_task-rest"]
)
def test_a_file_in_another_persons_folder_is_refused(tmp_path: Path, name: str) -> None:
    make(tmp_path, f"sub-01/ses-a/func/{name}_{SIX}_desc-preproc_bold.nii.gz")
    assert name in refused("E209", tmp_path)


def test_tables_of_several_atlases_are_several_recordings(tmp_path: Path) -> None:
    stem = "sub-01/func/sub-01_task-rest"
    make(
        tmp_path,
        f"{stem}_atlas-Gordon_stat-mean_timeseries.tsv",
        f"{stem}_seg-Schaefer2018_desc-100Parcels_timeseries.tsv",
        f"{stem}_atlas-Glasser_den-91k_stat-mean_timeseries.ptseries.nii",
        f"{stem}_atlas-Gordon_den-91k_stat-mean_timeseries.ptseries.nii",
        f"{stem}_atlas-Gordon_stat-coverage_bold.tsv",
        f"{stem}_atlas-Gordon_stat-alff_timeseries.tsv",
        f"{stem}_desc-confounds_timeseries.tsv",
        f"{stem}_timeseries.tsv",
    )
    assert [(r.key, r.kind, r.atlas_hint) for r in find_runs(tmp_path)] == [
        ("sub-01_task-rest_atlas-Glasser", "cifti", "Glasser"),
        ("sub-01_task-rest_atlas-Gordon", "table", "Gordon"),
        ("sub-01_task-rest_atlas-Schaefer2018100Parcels", "table", "Schaefer2018100Parcels"),
    ]


def test_xcpd_states_time_and_filters_beside_the_series(tmp_path: Path) -> None:
    stem = "sub-01/func/sub-01_task-rest"
    make(tmp_path, f"{stem}_{SIX}_atlas-Gordon_stat-mean_timeseries.tsv")
    write(
        tmp_path / f"{stem}_{SIX}_atlas-Gordon_stat-mean_timeseries.json",
        {"SamplingFrequency": "TR"},
    )
    write(tmp_path / f"{stem}_{NINE}_desc-denoised_bold.json", {"RepetitionTime": 9})
    write(tmp_path / f"{stem}_{SIX}_res-2_desc-denoised_bold.json", {"RepetitionTime": 0.8})
    (run,) = find_runs(tmp_path)
    assert run.sidecar == {"RepetitionTime": 0.8, "SamplingFrequency": "TR"}


def test_labels_are_text(tmp_path: Path) -> None:
    two_by_two(tmp_path)
    assert len(keys(tmp_path)) == 8
    assert keys(tmp_path, participants=["sub-01"]) == keys(tmp_path, participants=["01"])
    assert {k[:6] for k in keys(tmp_path, participants=["01"])} == {"sub-01"}
    assert {k[:6] for k in keys(tmp_path, participants=["1"])} == {"sub-1_"}
    assert len(keys(tmp_path, sessions=["ses-pre"], tasks=["task-rest"])) == 4


def test_filters_read_numbers_as_every_spelling_and_texts_as_one(tmp_path: Path) -> None:
    two_by_two(tmp_path)
    assert len(keys(tmp_path, filters={"bold": {"run": 2}})) == 4
    assert len(keys(tmp_path, filters={"bold": {"run": ["02"]}})) == 4
    assert len(keys(tmp_path, filters={"bold": {"run": [1, 2], "session": "pre"}})) == 4
    refused("E403", tmp_path, filters={"bold": {"run": "2"}})
    refused("E403", tmp_path, filters={"bold": {"acquisition": "x"}})
    assert len(keys(tmp_path, filters={"bold": {"acquisition": None}, "t1w": {"run": 1}})) == 8


@pytest.mark.parametrize(
    "filters", [{"bald": {}}, {"bold": {"sesion": "pre"}}, {"bold": "pre"}, {"bold": {"run": 1.5}}]
)
def test_filters_that_are_not_understood_are_refused(
    tmp_path: Path, filters: dict[str, object]
) -> None:
    refused("E411", two_by_two(tmp_path), filters=filters)


def test_nothing_found_says_what_was_looked_for_and_what_is_there(tmp_path: Path) -> None:
    make(tmp_path, "derivatives/fmriprep/sub-01/x.txt", "README")
    detail = refused("E403", tmp_path)
    assert "desc-preproc_bold" in detail
    assert "derivatives" in detail
    assert "README" in detail
    refused("E403", tmp_path / "nowhere")


def test_a_label_without_any_recording_is_refused(tmp_path: Path) -> None:
    two_by_two(tmp_path)
    assert "sub-99" in refused("E403", tmp_path, participants=["01", "99"])
    assert "ses-x" in refused("E403", tmp_path, sessions=["x"])


def test_folders_that_are_no_data_are_not_entered(tmp_path: Path) -> None:
    name = f"sub-01_task-rest_{SIX}_desc-preproc_bold.nii.gz"
    make(
        tmp_path,
        f"sub-01/func/{name}",
        f"sub-01/logs/{name}",
        f"sub-01/.git/{name}",
        f"sourcedata/sub-01/func/{name}",
        f"out/sub-01/func/{name}",
        f"sub-01/old/{name}",
        f"sub-01/mine/{name}",
        f"sub-01/func/._{name}",
    )
    (tmp_path / ".bidsignore").write_text("*_bold.nii.gz\n# no/\nsub-01/old/\n")
    assert keys(tmp_path, exclude=tmp_path / "sub-01/mine") == ["sub-01_task-rest"]


def test_a_link_to_a_parent_is_not_walked_without_end(tmp_path: Path) -> None:
    make(tmp_path, f"sub-01/func/sub-01_task-rest_{SIX}_desc-preproc_bold.nii.gz")
    (tmp_path / "sub-01/loop").symlink_to(tmp_path / "sub-01", target_is_directory=True)
    assert keys(tmp_path) == ["sub-01_task-rest"]


def test_dataset_description(tmp_path: Path) -> None:
    assert dataset_description(tmp_path) == {}
    write(tmp_path / "dataset_description.json", {"Name": "n"})
    assert dataset_description(tmp_path) == {"Name": "n"}
    (tmp_path / "dataset_description.json").write_text("{")
    with pytest.raises(DefaultModeError, match="E206"):
        dataset_description(tmp_path)


def test_real_psilocybin_data() -> None:
    runs = find_runs(shared("data/psilocybin_aal90"))
    assert len(runs) == 9 * 2 * 2
    assert {r.entities.session for r in runs} == {"placebo", "psilocybin"}
    assert {r.entities.run for r in runs} == {"1", "2"}
    assert {r.atlas_hint for r in runs} == {"AAL90"}
    assert {r.sidecar["RepetitionTime"] for r in runs} == {3.0}
    assert (
        len(find_runs(shared("data/psilocybin_aal90"), participants=["03"], sessions=["placebo"]))
        == 2
    )


def test_real_depression_data_and_volumes() -> None:
    runs = find_runs(shared("data/mdd_destrieux164"))
    assert len(runs) == 97
    assert sum(r.entities.participant.startswith("MDD") for r in runs) == 48
    (lemon,) = find_runs(shared("data/bold/lemon"))
    assert (lemon.kind, lemon.entities.participant) == ("volumes", "010188")
