"""QC–FC, carpets and the section on quality, against numbers that are known."""

from io import BytesIO
from pathlib import Path

import matplotlib.image
import numpy as np
import pandas as pd
import pytest
from scipy.stats import pearsonr, spearmanr

import made_datasets as made
from defaultmode.cli import main
from defaultmode.core.missing import Missing
from defaultmode.figures.pixels import coarse, diverging_picture, grey_picture
from defaultmode.outputs import finished_runs, read_displacement
from defaultmode.pipeline.folder import Folder
from defaultmode.pipeline.gathering import gather_study, study_settings
from defaultmode.pipeline.report_quality import quality_of
from defaultmode.report.carpets import CELLS, carpet_of
from defaultmode.report.quality_nouns import Quality, StateSequence, Trace
from defaultmode.report.quality_section import excluded_table, fill_quality, measures_table
from defaultmode.report.strokes import MOST_POINTS, at_most, bars, line, ticks
from defaultmode.statistics.qc_fc import FEWEST, QcFc, chance_of, qc_fc
from report_example import example_page, example_study

PEOPLE = 11
RNG = np.random.default_rng(5)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eleven people whose heads move more from one to the next, measured."""
    root = tmp_path_factory.mktemp("quality")
    names = [f"{i:02d}" for i in range(1, PEOPLE + 1)]
    source = made.tables(root / "in", dict.fromkeys(names, "patient"))
    for i, name in enumerate(names):
        moved = np.r_[0.0, np.full(made.N_TIME - 1, 0.05 * (i + 1))]
        rows = "\n".join(["framewise_displacement", *(f"{v:.4f}" for v in moved)])
        folder = source / f"sub-{name}" / "func"
        made.write(folder / f"sub-{name}_task-rest_motion.tsv", rows + "\n")
    measures = ("within_default_mode", "framewise_displacement_mean", "censored_share", "usable_s")
    words = ("--measures", *measures, "--surrogates", "0", "--nprocs", "1", "--quiet")
    assert main(["measure", str(source), str(root / "out"), *words]) == 0
    return root / "out"


@pytest.fixture(scope="module")
def quality(results: Path) -> Quality:
    study, _ = gather_study(study_settings(results, {}, {}))
    runs = finished_runs(results, Folder(results).measure_tables())
    return quality_of(runs, study, results)


def test_qc_fc_is_the_correlation_of_each_value_with_motion() -> None:
    moved, values = RNG.gamma(2, 0.1, 24), RNG.standard_normal((24, 7))
    values[:5, 0] = np.nan
    values[:, 1] = 3.0
    values[: 24 - FEWEST + 1, 2] = np.nan
    found = qc_fc(list(values), moved)
    assert isinstance(found, QcFc)
    assert np.isnan(found.r[[1, 2]]).all()
    for k in (0, 3, 4, 5, 6):
        there = np.isfinite(values[:, k])
        expected = pearsonr(values[there, k], moved[there])
        assert found.r[k] == pytest.approx(expected.statistic)
        assert found.p[k] == pytest.approx(expected.pvalue)
    assert found.median_abs_r == pytest.approx(np.nanmedian(np.abs(found.r)))


def test_unrelated_numbers_give_what_chance_gives() -> None:
    found = qc_fc(list(RNG.standard_normal((20, 20_000))), RNG.gamma(2, 0.1, 20))
    assert isinstance(found, QcFc)
    assert found.share == pytest.approx(0.05, abs=0.005)
    assert found.median_abs_r == pytest.approx(chance_of(np.array(20)), abs=0.005)


def test_chance_follows_how_many_people_have_each_value() -> None:
    values = RNG.standard_normal((40, 9))
    values[12:, 1:] = np.nan
    found = qc_fc(list(values), RNG.gamma(2, 0.1, 40))
    assert isinstance(found, QcFc)
    assert found.chance_abs_r == pytest.approx(chance_of(np.array(12)))
    drawn = RNG.standard_normal((2, 12, 20_000))
    r = [pearsonr(*drawn, axis=0).statistic]
    assert found.chance_abs_r == pytest.approx(np.median(np.abs(r)), abs=0.01)
    assert chance_of(np.array(FEWEST - 1)) == pytest.approx(0.26, abs=0.005)


def test_motion_that_strengthens_short_connections_shows_against_distance() -> None:
    distance, moved = RNG.uniform(10, 150, 400), RNG.gamma(2, 0.1, 30)
    noise = 0.1 * RNG.standard_normal((30, 400))
    found = qc_fc(list(noise + moved[:, None] * np.exp(-distance / 40)), moved, distance)
    assert isinstance(found, QcFc)
    assert found.distance_rho == pytest.approx(spearmanr(found.r, distance).statistic)
    assert found.distance_rho < -0.5
    assert found.share > 0.2


@pytest.mark.parametrize(
    ("n", "moved", "code"), [(FEWEST - 1, None, "E439"), (FEWEST, 0.1, "E304")]
)
def test_too_few_people_or_no_difference_is_missing(n: int, moved: float, code: str) -> None:
    displacement = RNG.gamma(2, 0.1, n) if moved is None else np.full(n, moved)
    found = qc_fc(list(RNG.standard_normal((n, 3))), displacement)
    assert isinstance(found, Missing)
    assert found.code == code


def test_the_motion_of_each_frame_is_kept(results: Path) -> None:
    [run] = finished_runs(results, Folder(results).measure_tables()[4:5])
    moved = read_displacement(run.base)
    assert not isinstance(moved, Missing)
    assert moved[0] == 0
    assert moved[1:] == pytest.approx(0.25)
    assert isinstance(read_displacement(run.base.with_name("sub-nobody")), Missing)


def test_the_runs_that_moved_most_are_the_last_three(quality: Quality) -> None:
    people = [trace.keys["participant_id"] for trace in quality.most_moved]
    assert people == ["sub-11", "sub-10", "sub-09"]
    assert {(d.atlas, d.denoise) for d in quality.dependence} == {
        ("aal90", "as-supplied"), ("aal90", "as-supplied+GSR"),
    }  # fmt: skip
    for dependence in quality.dependence:
        assert isinstance(dependence.found, QcFc)
        assert dependence.found.n == PEOPLE
        assert len(dependence.found.r) == 90 * 89 // 2


def test_the_signal_of_a_carpet_is_in_deviations_of_each_region(quality: Quality) -> None:
    trace = quality.most_moved[0]
    assert trace.signal[trace.usable].mean(axis=0) == pytest.approx(0, abs=1e-9)
    assert trace.signal[trace.usable].std(axis=0) == pytest.approx(1)
    assert trace.roles[0] == "default"


def test_the_section_says_n_chance_and_why(quality: Quality, results: Path) -> None:
    study, _ = gather_study(study_settings(results, {}, {}))
    filled = fill_quality(example_page(study=study, quality=quality))
    assert f"{PEOPLE} people (by chance" in filled["dependence_said"][0]
    assert not filled["why_no_motion"]
    assert "No frame" in filled["censored"]
    assert len(filled["dependence"]) == 1
    table = measures_table(study)
    assert table is not None
    names = ["within_default_mode__as_supplied", "framewise_displacement_mean__as_supplied"]
    expected = study.table[names].corr().iloc[0, 1]
    row = table.frame[table.frame["denoise"] == "as-supplied"].iloc[0]
    assert row["r"] == pytest.approx(expected)


def test_a_measure_meets_the_motion_of_its_own_runs() -> None:
    """Motion is known under the second preset alone; a run without the measure adds no motion."""
    study = example_study()
    moved = [c for c in study.table if c.startswith("framewise_displacement_mean")]
    name = "within_default_mode__as_supplied"
    table = study.table.copy()
    table[moved[-1]] = table[moved].bfill(axis=1).iloc[:, 0]
    table[moved[:-1]] = np.nan
    table.loc[1::4, name] = np.nan
    found = measures_table(type(study)(table, study.columns, study.missing))
    assert found is not None
    both = table.dropna(subset=[name]).groupby("participant_id")[[name, moved[-1]]].mean()
    row = found.frame.query("measure == 'within_default_mode' and denoise == 'as-supplied'").iloc[0]
    assert row["n"] == len(both)
    assert row["r"] == pytest.approx(both.corr().iloc[0, 1])


def test_without_motion_the_section_says_so() -> None:
    filled = fill_quality(example_page(study=example_study(moved=False)))
    assert "Head motion cannot be shown" in filled["why_no_motion"]
    assert filled["moved"] == []
    assert filled["dependence"] == []


def test_exclusions_are_listed_with_their_codes() -> None:
    study = example_study()
    assert excluded_table(study) is None
    lost = {"participant_id": "sub-09", "what": "the whole run", "code": "E201", "reason": "no TR"}
    rows = pd.concat([study.missing, pd.DataFrame([lost])], ignore_index=True).fillna("n/a")
    table = excluded_table(type(study)(study.table, study.columns, rows))
    assert table is not None
    assert [c.text for c in table.rows[0]][:3] == ["E201", "no TR", "the whole run"]


def noise_trace(n_time: int = 400, n_regions: int = 200) -> Trace:
    """White noise, which no compression makes small."""
    usable = np.ones(n_time, dtype=bool)
    usable[[5, 6, 20]] = False
    roles = ("default",) * 50 + ("other",) * (n_regions - 50)
    keys = {"participant_id": "sub-01", "session_id": "n/a", "task_id": "rest", "atlas": "made"}
    signal = RNG.standard_normal((n_time, n_regions))
    states = np.r_[np.full(10, -1), np.tile([0, 1, 1], 130)]
    sequence = StateSequence("hmm", states, ("Visual", "default mode"), 1)
    moved = np.r_[0.0, np.full(n_time - 1, 0.2)]
    return Trace(keys, "as-supplied", signal, roles, usable, 2.0, moved, sequence)


def test_a_carpet_is_small_even_of_noise() -> None:
    carpet = carpet_of(noise_trace())
    assert len(carpet.picture) <= 12_000
    assert (carpet.n_frames, carpet.n_censored, carpet.seconds) == (400, 3, 800)
    assert carpet.censored == "M5 0h2v100h-2zM20 0h1v100h-1z"
    assert carpet.roles == (("default", 0, 25), ("other", 25, 75))
    assert carpet.title == "sub-01 task-rest"
    many = carpet_of(noise_trace(), beside=8)
    assert len(many.picture) < len(carpet.picture)


def test_the_states_of_a_run_have_their_share_of_its_known_frames() -> None:
    strip = carpet_of(noise_trace()).strip
    assert strip is not None
    assert [name for name, _, _ in strip.states] == ["default mode 67 %", "Visual 33 %"]
    assert strip.states[0][1] == "default"


def test_why_there_is_no_line_of_motion_is_kept() -> None:
    whole = noise_trace()
    still = Trace(
        whole.keys,
        "as-supplied",
        whole.signal,
        whole.roles,
        whole.usable,
        2.0,
        Missing("none kept"),
    )
    carpet = carpet_of(still)
    assert carpet.why_no_motion == "none kept"
    assert [words.words.split(",")[0] for words in carpet.lines] == ["global signal"]


def test_a_picture_shows_its_cells() -> None:
    grid = np.array([[-2.0, 0.0, 2.0], [np.nan, 2.0, -2.0]])
    seen = matplotlib.image.imread(BytesIO(grey_picture(grid, limit=2.0)))
    assert seen.shape[:2] == (2, 3)
    assert seen[0, 0, :3] == pytest.approx(0, abs=0.01)
    assert seen[0, 2, :3] == pytest.approx(1, abs=0.01)
    assert not np.allclose(seen[1, 0, :3], seen[0, 1, :3])
    square = matplotlib.image.imread(
        BytesIO(diverging_picture(np.array([[1.0, -1.0], [-1.0, 1.0]]), limit=1.0, outlined=1))
    )
    assert square.shape[:2] == (3, 3)
    assert square[0, 0, 0] > square[0, 0, 2]  # red at the top of the scale
    assert square[0, 2, 2] > square[0, 2, 0]  # blue at its bottom


def test_a_coarser_grid_keeps_means_and_passes_over_what_is_missing() -> None:
    grid = np.arange(12.0).reshape(4, 3)
    grid[0, 0] = np.nan
    assert coarse(grid, 2, 3) == pytest.approx(np.array([[3, 2.5, 3.5], [7.5, 8.5, 9.5]]))
    assert coarse(grid, 4, 3) is grid
    assert coarse(np.zeros((70, 5000)), 50, 360).shape[1] <= 360


def test_strokes_say_what_they_draw() -> None:
    assert line(np.array([0.0, 1.0, np.nan, 2.0]), low=0, high=2, height=10) == "M0 10 1 5 M3 0"
    assert bars(np.array([True, False, True, True]), height=4) == "M0 0h1v4h-1zM2 0h2v4h-2z"
    assert ticks(np.array([0.0, 7.4]), height=3) == "M0 0v3M7 0v3"
    spike = np.zeros(5000)
    spike[777] = 9
    assert at_most(spike, highest=True).max() == 9
    assert len(at_most(spike)) == MOST_POINTS
    assert CELLS <= 24_000
