"""`edges` on made studies: a planted component from the scans to the table, and bad input."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import made_datasets as made
from defaultmode.cli import main
from defaultmode.core.atlas import Atlas, Region
from defaultmode.outputs import misplaced
from defaultmode.pipeline.edge_files import EDGES, STRONGEST, edge_files
from defaultmode.pipeline.edge_found import EdgeFindings, EdgeStatistics
from defaultmode.pipeline.edge_settings import EdgesAsked
from defaultmode.sources.atlases import load_atlas

ATLAS = load_atlas("aal90")
PLANTED = (3, 20, 41, 60, 77)  # they share a signal where the effect is
ALL_PAIRS = 10
N = 6  # people in each group
GROUPS, DRUGS = "patients - controls", "ketamine - placebo"
QUICK = ("--permutations", "99", "--nprocs", "1", "--quiet", "--json")


def _signal(seed: int, share: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    signal = rng.normal(size=(made.N_TIME, len(ATLAS)))
    signal[:, PLANTED] += share * rng.normal(size=(made.N_TIME, 1))
    return 1000 + 10 * signal


def _measure(source: Path, out: Path) -> Path:
    words = ["measure", source, out, "--measures", "within_default_mode", "--surrogates", 0]
    assert main([str(w) for w in (*words, "--nprocs", 1, "--quiet")]) == 0
    return out


@pytest.fixture(scope="module")
def groups(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Patients' planted regions go together; age says nothing; everybody is of one sex."""
    root = tmp_path_factory.mktemp("groups")
    made.describe(root / "in")
    rows = ["participant_id\tgroup\tage\tsex"]
    for i in range(2 * N):
        patient = i < N
        made.write_table(root / "in", f"sub-{i:02d}_task-rest", _signal(i, 4.0 if patient else 0))
        rows.append(f"sub-{i:02d}\t{'MDD' if patient else 'HC'}\t{30 + (7 * i) % 11}\tF")
    made.write(root / "in" / "participants.tsv", "\n".join(rows) + "\n")
    return _measure(root / "in", root / "out")


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everybody has both sessions; ketamine takes the planted signal away."""
    root = tmp_path_factory.mktemp("trial")
    made.describe(root / "in")
    for i in range(N):
        for j, drug in enumerate(("placebo", "ketamine")):
            stem = f"sub-{i:02d}_ses-{drug}_task-rest"
            made.write_table(root / "in", stem, _signal(100 + 2 * i + j, 4.0 - 4 * j))
    return _measure(root / "in", root / "out")


@pytest.fixture
def copied(groups: Path, tmp_path: Path) -> Path:
    shutil.copytree(groups, tmp_path / "out", ignore=shutil.ignore_patterns("edges"))
    return tmp_path / "out"


def edges(capsys, out: Path, contrast: str = GROUPS, *more: object) -> dict:
    words = ["edges", out, "--contrast", contrast, *QUICK, *more]
    assert main([str(w) for w in words]) == 0
    return json.loads(capsys.readouterr().out)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


def planted_rows(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    names = {ATLAS.names[i] for i in PLANTED}
    found = [row for row in rows if {row["node_a"], row["node_b"]} <= names]
    assert len(found) == ALL_PAIRS
    return found


@pytest.mark.parametrize(("contrast", "side"), [(GROUPS, 1), (DRUGS, -1)])
def test_a_planted_component_is_found(groups, trial, capsys, contrast, side) -> None:
    out = groups if contrast == GROUPS else trial
    said = edges(capsys, out, contrast, "--threshold", 9)
    assert {one["denoise"] for one in said["found"]} == {"as-supplied", "as-supplied+GSR"}
    one = said["found"][0]
    first = one["components"][0]
    assert set(first["nodes"]) == {ATLAS.names[i] for i in PLANTED}
    assert first["size"] == ALL_PAIRS
    assert first["higher"] == (ALL_PAIRS if side > 0 else 0)
    assert first["p_extent"] <= 2 / 2**N  # the smallest of so many pairs
    rows = table(out / one["file"])
    assert len(rows) == 90 * 89 // 2
    planted = planted_rows(rows)
    assert {row["component"] for row in planted} == {"1"}
    assert all(side * float(row["effect"]) > 0.3 for row in planted)
    assert sum(row["component"] != "0" for row in rows) == sum(c["size"] for c in one["components"])


@pytest.mark.parametrize(("contrast", "side"), [(GROUPS, 1), (DRUGS, -1)])
def test_each_edge_is_found_and_the_methods_agree_on_its_effect(
    groups, trial, capsys, contrast, side
) -> None:
    out, effects = groups if contrast == GROUPS else trial, []
    exact = "p_familywise" if contrast == GROUPS else "p"  # 64 flips are few for 4,005 edges
    for method, p in (("nbs", "p_fdr"), ("edgewise", exact), ("mixed", "p_fdr")):
        said = edges(capsys, out, contrast, "--method", method, "--denoise", "as-supplied")
        rows = table(out / said["found"][0]["file"])
        planted = planted_rows(rows)
        assert all(float(row[p]) <= 0.05 for row in planted)
        assert all(side * float(row["t"]) > 0 for row in planted)
        assert (method == "nbs") != ({row["component"] for row in rows} == {"n/a"})
        effects.append([float(row["effect"]) for row in rows])
    assert effects[0] == pytest.approx(effects[1], abs=1e-8)
    assert effects[0] == pytest.approx(effects[2], abs=1e-8)
    assert list(misplaced(out)) == []
    assert "edges" in (out / ".bidsignore").read_text().split()


def test_an_edge_is_what_the_ledger_would_make_of_it(groups, capsys) -> None:
    """The mean within a network of one edge is that edge: by hand from the published matrices."""
    said = edges(capsys, groups, GROUPS, "--denoise", "as-supplied", "--covariate", "age")
    row = table(groups / said["found"][0]["file"])[0]
    z, age = [], []
    for i in range(2 * N):
        stem = f"sub-{i:02d}_task-rest_atlas-AAL90_stat-pearsoncorrelation_desc-assupplied"
        cells = table(groups / f"sub-{i:02d}" / "func" / f"{stem}_relmat.tsv")[0]
        z.append(np.arctanh(float(cells[ATLAS.names[1]])))
        age.append(30 + (7 * i) % 11)
    design = np.column_stack([np.arange(2 * N) < N, age, np.ones(2 * N)])
    assert float(row["effect"]) == pytest.approx(np.linalg.lstsq(design, z)[0][0], abs=1e-7)
    assert said["found"][0]["covariates"] == ["age"]


def test_what_does_not_vary_is_not_adjusted_for_and_said(groups, capsys) -> None:
    [one] = edges(capsys, groups, GROUPS, "--denoise", "as-supplied")["found"]
    assert one["covariates"] == ["age"]
    assert any("Head motion" in text for text in one["cautions"])
    sidecar = json.loads((groups / one["file"]).with_suffix(".json").read_text())
    assert "Marek2022" in sidecar["Sources"]
    assert sidecar["Settings"]["permutations"] == sidecar["Arrangements"] == 99


def test_the_same_seed_gives_the_same_bytes_on_any_number_of_processes(copied, capsys) -> None:
    found = []
    for workers, seed in ((1, 4), (2, 4), (1, 5)):
        words = ("--nprocs", workers, "--seed", seed)
        edges(capsys, copied, GROUPS, "--method", "edgewise", *words)
        paths = sorted((copied / "edges").glob("*.tsv"))
        found.append({p.name: p.read_bytes() for p in paths})
    assert len(found[0]) == 4
    assert found[0] == found[1]
    assert found[0] != found[2]


def test_one_preset_alone_gives_what_it_gives_beside_others(copied, capsys) -> None:
    both = edges(capsys, copied)["found"]
    alone = edges(capsys, copied, GROUPS, "--denoise", "as-supplied+GSR")["found"]
    assert alone == both[1:]


def test_nothing_above_the_threshold_is_no_error(groups, capsys) -> None:
    words = ["edges", str(groups), "--contrast", GROUPS, "--threshold", "999", "--nprocs", "1"]
    assert main([*words, "--permutations", "99"]) == 0
    text = capsys.readouterr().out
    assert "no component to test" in text
    assert "Marek 2022" in text
    path = next((groups / "edges").glob("*nbs*_desc-assupplied_components.tsv"))
    assert table(path) == []


def _blank(out: Path, people: list[int], region: str) -> None:
    """Take a region out of the matrices of people."""
    for i in people:
        for path in (out / f"sub-{i:02d}" / "func").glob("*desc-assupplied_relmat.tsv"):
            rows = [line.split("\t") for line in path.read_text().splitlines()]
            at = rows[0].index(region)
            for row in rows[1:]:
                row[at] = "n/a"
                if row[0] == region:
                    row[1:] = ["n/a"] * (len(row) - 1)
            path.write_text("\n".join("\t".join(row) for row in rows) + "\n")


@pytest.mark.parametrize("method", ["nbs", "edgewise"])
def test_edges_that_somebody_lacks_are_named(copied, capsys, method) -> None:
    region = ATLAS.names[3]
    _blank(copied, [2, 9], region)
    words = ("--method", method, "--denoise", "as-supplied")
    [one] = edges(capsys, copied, GROUPS, *words)["found"]
    assert one["edges_not_tested"] == {f"missing in 2 of {2 * N} people": 89}
    assert any("sub-02 lacks most, 89" in text for text in one["cautions"])
    rows = [r for r in table(copied / one["file"]) if region in {r["node_a"], r["node_b"]}]
    assert {(r["t"], r["p"], r["reason"]) for r in rows} == {
        ("n/a", "n/a", f"missing in 2 of {2 * N} people")
    }


def test_an_edge_that_is_the_same_in_everybody_is_named(copied, capsys) -> None:
    a, b = ATLAS.names[:2]
    for path in copied.rglob("*desc-assupplied_relmat.tsv"):
        rows = [line.split("\t") for line in path.read_text().splitlines()]
        rows[1][2] = rows[2][1] = "0.5"
        path.write_text("\n".join("\t".join(row) for row in rows) + "\n")
    for method in ("nbs", "edgewise", "mixed"):
        words = ("--method", method, "--denoise", "as-supplied")
        [one] = edges(capsys, copied, GROUPS, *words)["found"]
        row = table(copied / one["file"])[0]
        assert (row["node_a"], row["node_b"], row["t"]) == (a, b, "n/a")
        assert "vary" in row["reason"]


def test_a_preset_that_cannot_be_tested_is_said_beside_one_that_can(copied, capsys) -> None:
    for path in copied.rglob("*desc-assuppliedGSR_relmat.tsv"):
        head, *rows = path.read_text().splitlines()
        blank = ["\t".join([r.split("\t")[0], *["n/a"] * 90]) for r in rows]
        path.write_text("\n".join([head, *blank]) + "\n")
    said = edges(capsys, copied)
    assert [one["denoise"] for one in said["found"]] == ["as-supplied"]
    [missing] = said["missing"]
    assert (missing["denoise"], missing["code"]) == ("as-supplied+GSR", "E449")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--contrast", "patients and controls"], "E448"),
        (["--contrast", "controls - patients"], "E448"),
        (["--contrast", "ketamine - placebo"], "E448"),
        (["--contrast", "placebo - saline"], "E448"),
        (["--contrast", GROUPS, "--covariate", "height"], "E436"),
        (["--contrast", GROUPS, "--covariate", "sex"], "E437"),
        (["--contrast", GROUPS, "--atlas", "schaefer100"], "E410"),
        (["--contrast", GROUPS, "--denoise", "36P"], "E410"),
        (["--contrast", GROUPS, "--threshold", "0"], "E411"),
        (["--contrast", GROUPS, "--threshold", "nan"], "E411"),
        (["--contrast", GROUPS, "--permutations", "5"], "E411"),
        (["--contrast", GROUPS, "--plan", "none.toml"], "E101"),
    ],
)
def test_bad_input(copied, words, code, capsys) -> None:
    assert main(["edges", str(copied), *words, "--quiet", "--nprocs", "1"]) in {2, 3}
    assert code in capsys.readouterr().err
    assert not (copied / "edges").exists()


def test_a_phase_that_was_not_scanned_is_refused(trial, capsys) -> None:
    words = [
        "edges",
        str(trial),
        "--contrast",
        DRUGS,
        "--phase",
        "after",
        "--quiet",
        "--nprocs",
        "1",
    ]
    assert main(words) == 3
    assert "E448" in capsys.readouterr().err


def test_too_few_people_are_refused(copied, capsys) -> None:
    for i in range(N - 2):
        for path in (copied / f"sub-{i:02d}" / "func").glob("*_relmat.*"):
            path.unlink()
    assert main(["edges", str(copied), "--contrast", GROUPS, "--quiet", "--nprocs", "1"]) == 3
    assert "E439" in capsys.readouterr().err


def test_a_blinded_plan_shows_no_edge(copied, tmp_path, capsys) -> None:
    (tmp_path / "plan.toml").write_text("blinded = true\n")
    words = ["edges", str(copied), "--contrast", GROUPS, "--plan", str(tmp_path / "plan.toml")]
    assert main(words) == 3
    assert "E451" in capsys.readouterr().err


def test_large_atlases_have_a_matrix_and_the_edges_that_stand_out() -> None:
    regions = tuple(Region(f"r{i:03d}", "A" if i < 100 else "B") for i in range(210))
    k = 210 * 209 // 2
    t = np.linspace(-3, 3, k)
    t[5] = np.nan
    tested = EdgeStatistics(t, t / 10, np.ones(k), np.full(k, np.nan), np.full(k, "", dtype=object))
    found = EdgeFindings(
        Atlas("own", regions), "as-supplied", tested, np.ones(k), (), 9, 9, True, "within", ()
    )
    files = edge_files(found, EdgesAsked(contrast=DRUGS, method="edgewise"), stamp="")
    [shown] = [text for name, text in files.items() if name.endswith("_edges.tsv")]
    [whole] = [text for name, text in files.items() if name.endswith("_relmat.tsv")]
    assert len(shown.splitlines()) == STRONGEST + 1
    assert tuple(shown.splitlines()[0].split("\t")) == EDGES
    matrix = [line.split("\t")[1:] for line in whole.splitlines()[1:]]
    assert float(matrix[0][1]) == float(matrix[1][0]) == -3
    assert matrix[0][0] == matrix[0][6] == matrix[6][0] == "n/a"
