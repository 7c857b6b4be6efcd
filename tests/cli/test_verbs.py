"""Whole command-line runs: what a user types, what is printed, what lies on the disk."""

import csv
import html
import json
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import made_datasets as made
from defaultmode.cli import main
from defaultmode.pipeline import demonstrating, virtual_runs
from given import shared
from made_engine import noise


def run(*words: object) -> int:
    return main([str(w) for w in words])


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made.tables(tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="module")
def measured(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("results") / "out"
    assert run("measure", dataset, out, "--nprocs", 1, "--quiet") == 0
    assert run("study", out, "--quiet") == 0
    return out


def test_study_table_has_one_row_per_run_and_every_preset(measured: Path) -> None:
    rows = rows_of(measured / "study.tsv")
    assert next(iter(rows[0])) == "participant_id"
    assert [r["participant_id"] for r in rows] == ["sub-01", "sub-02", "sub-03", "sub-04"]
    assert [r["group"] for r in rows] == ["patient", "patient", "control", "control"]
    for preset in ("as_supplied", "as_supplied_gsr"):
        assert all(np.isfinite(float(r[f"within_default_mode__{preset}"])) for r in rows)
    assert all(r["global_signal_variance__as_supplied_gsr"] == "n/a" for r in rows)
    dictionary = json.loads((measured / "study.json").read_text("utf-8"))
    assert set(dictionary) == set(rows[0])
    assert dictionary["within_default_mode__as_supplied"]["Units"] == "Fisher z"


def test_published_matrix_is_the_correlation_of_the_published_series(measured: Path) -> None:
    base = measured / "sub-01" / "func" / "sub-01_task-rest_atlas-AAL90_stat-"
    series = np.loadtxt(f"{base}mean_desc-assupplied_timeseries.tsv", skiprows=1)
    relmat = rows_of(Path(f"{base}pearsoncorrelation_desc-assupplied_relmat.tsv"))
    published = np.array([[float(v) for k, v in row.items() if k != "Node"] for row in relmat])
    np.testing.assert_allclose(published, np.corrcoef(series, rowvar=False), atol=1e-6)


def test_missing_table_says_why(measured: Path) -> None:
    rows = rows_of(measured / "missing.tsv")
    assert rows
    assert all(r["reason"] not in {"", "n/a"} and r["code"].startswith("E") for r in rows)


def test_effects_are_of_the_groups(measured: Path) -> None:
    effects = rows_of(measured / "effects.tsv")
    contrasts = {r["contrast"] for r in effects if r["kind"] == "group"}
    assert contrasts == {"patient − control"}


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.loads += [
            str(given[k])
            for k in ("src", "srcset", "poster", "data")
            if given.get(k) and not str(given[k]).startswith("data:")
        ]
        if tag == "link" and not str(given.get("href", "")).startswith("data:"):
            self.loads.append(str(given.get("href")))


def test_report_loads_nothing_from_anywhere(measured: Path) -> None:
    text = (measured / "report.html").read_text("utf-8")
    page = Page()
    page.feed(text)
    assert page.loads == []
    assert "default-src 'none'" in html.unescape(text)
    assert "not a medical device" in text


def test_second_run_measures_nothing_and_changes_nothing(
    dataset: Path, measured: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {p: p.stat().st_mtime_ns for p in measured.rglob("*_relmat.tsv")}
    assert run("measure", dataset, measured, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["measured"] == []
    assert len(told["complete"]) == 4
    assert {p: p.stat().st_mtime_ns for p in measured.rglob("*_relmat.tsv")} == before


def test_only_what_is_stale_is_redone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = made.tables(tmp_path / "in"), tmp_path / "out"

    def redone(*flags: str) -> list[str]:
        capsys.readouterr()
        assert run("measure", source, out, "--nprocs", 1, "--json", *flags) == 0
        return [key.split("_")[0] for key in json.loads(capsys.readouterr().out)["measured"]]

    assert len(redone()) == 4
    made.write_table(source, "sub-02_task-rest", made.series(99))
    assert redone() == ["sub-02"]
    next(out.glob("sub-03/func/*_relmat.tsv")).unlink()
    assert redone() == ["sub-03"]
    next(out.glob("sub-04/func/*_timeseries.tsv")).write_text("tampered")
    assert redone() == ["sub-04"]
    assert len(redone("--denoise", "as-supplied")) == 4
    assert not list(out.rglob("*assuppliedGSR*")), "what the new settings do not make must go"


def test_numbers_do_not_depend_on_the_number_of_processes(dataset: Path, tmp_path: Path) -> None:
    for n in (1, 2):
        assert run("measure", dataset, tmp_path / str(n), "--nprocs", n, "--quiet") == 0
    for name in ("study.tsv", "missing.tsv"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


def test_bids_app_spelling_and_underscores(dataset: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ("participant", "--participant_label", "sub-01", "02", "--quiet")
    assert run(dataset, out, *words) == 0
    assert [r["participant_id"] for r in rows_of(out / "study.tsv")] == ["sub-01", "sub-02"]
    assert run(dataset, out, "group", "--quiet") == 0
    assert (out / "report.html").is_file()


def test_check_starts_nothing(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(dataset.rglob("*"))
    assert run("check", dataset) == 0
    assert "4 of 4 runs can be measured" in capsys.readouterr().out
    assert run("measure", dataset, tmp_path / "out", "--dry-run") == 0
    assert not (tmp_path / "out").exists()
    assert sorted(dataset.rglob("*")) == before


def test_volumes_with_confounds_are_measured_under_the_confound_presets(tmp_path: Path) -> None:
    made.volumes(tmp_path / "in")
    assert run("check", tmp_path / "in", "--atlas", "seeds") == 0
    words = ("--atlas", "seeds", "dosenbach160", "--nprocs", 1, "--quiet")
    assert run("measure", tmp_path / "in", tmp_path / "out", *words) == 0
    rows = rows_of(tmp_path / "out" / "study.tsv")
    assert [r["atlas"] for r in rows] == ["dosenbach160", "seeds"]
    for preset in ("24p_acompcor", "24p_acompcor_gsr", "36p_scrub", "minimal"):
        assert all(np.isfinite(float(r[f"within_default_mode__{preset}"])) for r in rows)
    assert all(float(r["framewise_displacement_mean__minimal"]) > 0 for r in rows)


def test_presets_that_do_not_apply_are_named(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run("measure", dataset, tmp_path / "out", "--denoise", "36P+scrub", "--quiet")
    assert code == 3
    assert "E205" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["measures", "atlases", "presets", "explain"])
def test_registries_can_be_listed(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(verb) == 0
    assert len(capsys.readouterr().out.splitlines()) > 5
    assert run(verb, "--json") == 0
    assert len(json.loads(capsys.readouterr().out)) > 5


def test_explain_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("explain", "e131") == 0
    assert "Transpose" in capsys.readouterr().out


def test_regions_of_an_atlas_by_the_names_of_the_mission(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("atlases", "aal90", "--json") == 0
    regions = json.loads(capsys.readouterr().out)
    precunei = {r["name"] for r in regions if r["place"] == "precuneus"}
    assert precunei == {"L_Precuneus", "R_Precuneus"}


@pytest.mark.parametrize(
    "words",
    [
        ("atlases", "nowhere"),
        ("explain", "E000"),
        ("measure", "IN", "OUT", "--measures", "nothing"),
        ("measure", "IN", "OUT", "--denoise", "nothing"),
        ("measure", "IN", "OUT", "--lower-bpf", "0.5"),
    ],
)
def test_usage_errors_end_with_2(words: tuple[str, ...], dataset: Path, tmp_path: Path) -> None:
    names = {"IN": dataset, "OUT": tmp_path / "out"}
    assert run(*(names.get(w, w) for w in words)) == 2
    assert not (tmp_path / "out").exists()


def test_unknown_verb_ends_with_2() -> None:
    with pytest.raises(SystemExit) as stopped:
        run("dance")
    assert stopped.value.code == 2


def test_version_and_help_from_a_shell() -> None:
    for word in ("--version", "--help"):
        done = subprocess.run(
            [sys.executable, "-m", "defaultmode", word], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0
        assert "defaultmode" in done.stdout


def test_plan_sets_types_and_reference(measured: Path, dataset: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("measure", dataset, out, "--quiet") == 0
    plan = '[columns]\nage = "text"\n\n[reference]\ngroup = "patient"\n'
    made.write(tmp_path / "plan.toml", plan)
    assert run("study", out, "--plan", tmp_path / "plan.toml", "--quiet") == 0
    contrasts = {r["contrast"] for r in rows_of(out / "effects.tsv") if r["kind"] == "group"}
    assert contrasts == {"control − patient"}
    assert not [r for r in rows_of(out / "effects.tsv") if r["factor"] == "age"]


def test_clinical_tables_alone_can_be_studied(tmp_path: Path) -> None:
    people = [
        f"sub-{i:02d}\tses-{s}\t{30 - i - 9 * (s == 'post')}"
        for i in range(6)
        for s in ("pre", "post")
    ]
    table = made.write(
        tmp_path / "madrs.tsv", "\n".join(["participant_id\tsession_id\tMADRS", *people]) + "\n"
    )
    assert run("study", tmp_path / "out", "--table", table, "--quiet") == 0
    [effect] = [r for r in rows_of(tmp_path / "out" / "effects.tsv") if r["kind"] == "paired"]
    assert (effect["contrast"], float(effect["difference"])) == ("ses-post − ses-pre", -9.0)


def test_demo_measures_the_embedded_people_and_apart_from_them_virtual_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(virtual_runs, "simulate", noise)
    monkeypatch.setattr(demonstrating, "VIRTUAL_MEASURES", ("within_default_mode",))
    assert run("demo", tmp_path / "demo") == 0
    printed = capsys.readouterr().out
    assert "Human Connectome Project" in printed
    assert "own network" in printed
    rows = rows_of(tmp_path / "demo" / "study.tsv")
    assert len({r["participant_id"] for r in rows}) >= 8
    for name in ("within_default_mode", "default_mode_task_positive"):
        assert all(np.isfinite(float(r[f"{name}__as_supplied"])) for r in rows)
        assert all(np.isfinite(float(r[f"{name}__as_supplied_gsr"])) for r in rows)
    assert (tmp_path / "demo" / "report.html").stat().st_size > 100_000
    virtual = tmp_path / "demo" / "virtual-trial" / "results"
    arms = {r["participant_id"]: r["arm"] for r in rows_of(virtual / "study.tsv")}
    assert Counter(arms.values()) == {"ketamine": 7, "midazolam": 7, "saline": 7}
    assert not set(arms) & {r["participant_id"] for r in rows}, "nobody is in both tables"
    assert "VIRTUAL: every participant is simulated" in (virtual / "report.html").read_text("utf-8")
    assert str(virtual / "report.html") in printed
    with_other_seed = run("demo", tmp_path / "demo", "--seed", 1)
    assert with_other_seed == 5, "E603: a virtual trial is never overwritten"


def test_real_psilocybin_gives_drug_by_condition(tmp_path: Path) -> None:
    source = shared("data/psilocybin_aal90")
    assert run("measure", source, tmp_path / "out", "--quiet") == 0
    assert run("study", tmp_path / "out", "--quiet") == 0
    assert len(rows_of(tmp_path / "out" / "study.tsv")) == 36
    effects = rows_of(tmp_path / "out" / "effects.tsv")
    [one] = [
        r
        for r in effects
        if r["kind"] == "interaction" and r["outcome"] == "within_default_mode__as_supplied"
    ]
    assert one["factor"] == "drug × condition"
    assert one["contrast"] == "(after − before, psilocybin) − (after − before, placebo)"
    assert one["n"] == "9"


def test_real_depression_compares_groups(tmp_path: Path) -> None:
    source = shared("data/mdd_destrieux164")
    words = ("--measures", "within_default_mode", "global_signal_variance")
    assert run("measure", source, tmp_path / "out", *words, "--quiet") == 0
    assert run("study", tmp_path / "out", "--quiet") == 0
    effects = rows_of(tmp_path / "out" / "effects.tsv")
    [one] = [r for r in effects if r["outcome"] == "within_default_mode__as_supplied"]
    assert (one["contrast"], one["n"], one["n_reference"]) == ("MDD − control", "48", "49")
    variance = [r for r in rows_of(tmp_path / "out" / "missing.tsv") if "variance" in r["what"]]
    assert {r["code"] for r in variance} == {"E304"}, "demeaned data have no percent scale"


def test_study_finds_the_tables_from_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.tables(tmp_path / "in")
    monkeypatch.chdir(tmp_path)
    assert run("measure", "in", "out", "--nprocs", 1, "--quiet") == 0
    monkeypatch.chdir(tmp_path / "in")
    assert run("study", tmp_path / "out", "--quiet") == 0
    assert "group" in rows_of(tmp_path / "out" / "study.tsv")[0]


def test_an_atlas_of_ones_own_is_an_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = made.tables(tmp_path / "in"), tmp_path / "out"
    names = made.load_atlas("aal90").names

    def own(n_default: int) -> Path:
        rows = [f"{n}\t{'Default' if i < n_default else 'DorsAttn'}" for i, n in enumerate(names)]
        return made.write(tmp_path / "own.tsv", "\n".join(["name\tnetwork", *rows]) + "\n")

    def measured() -> int:
        capsys.readouterr()
        words = ("--atlas", own_path, "--measures", "within_default_mode", "--nprocs", 1)
        assert run("measure", source, out, *words, "--json") == 0
        return len(json.loads(capsys.readouterr().out)["measured"])

    own_path = own(10)
    assert measured() == 4
    first = [r["within_default_mode__as_supplied"] for r in rows_of(out / "study.tsv")]
    assert measured() == 0
    own(20)
    assert measured() == 4
    assert first != [r["within_default_mode__as_supplied"] for r in rows_of(out / "study.tsv")]
    assert run("study", out, "--quiet") == 0


def test_verbose_names_every_run(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("measure", dataset, tmp_path / "out", "--nprocs", 1, "-v") == 0
    assert capsys.readouterr().err.count("measured: sub-") == 4
