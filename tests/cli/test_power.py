"""`defaultmode power`: what is planned, what it says of its numbers, what is refused."""

import json
from pathlib import Path

import pytest

from defaultmode.cli import main
from defaultmode.statistics.reliability import RUNS, SESSIONS

HEADER = ["measure", "denoise", "group", "repeats", "n", "icc", "ci_low", "ci_high", "reason"]


@pytest.fixture
def plan(capsys):
    """The JSON that the command prints."""

    def planned(*words):
        assert main(["power", *map(str, words), "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    return planned


@pytest.fixture
def refused(capsys):
    """Exit code and what is said of a refused command."""

    def said(*words):
        exit_code = main(["power", *map(str, words)])
        out, err = capsys.readouterr()
        assert out == ""
        return exit_code, err

    return said


def study(folder: Path, *rows: tuple[object, ...]) -> Path:
    lines = ["\t".join(map(str, row)) for row in (HEADER, *rows)]
    (folder / "reliability.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_a_claim_brings_its_effect_its_source_and_its_smallest_effect(plan):
    report = plan("C9")
    first, smallest, none = report["planned"]
    assert (report["statistic"], report["comparison"]) == ("Hedges g", "two groups")
    assert first["name"] == "evidence"
    assert "Tozzi2021" in report["cites"]
    assert first["effect"] < 0 < smallest["effect"]  # the evidence is against the claim
    assert first["odds"]["contradicted"] > 0.7 > first["odds"]["supported"]
    assert none["effect"] == 0
    assert none["power"] == pytest.approx(0.05)
    assert 0 < report["assurance"] < 1
    assert first["without_error"] == pytest.approx(first["effect"] / 0.5**0.5)


def test_the_text_says_what_the_numbers_rest_on(capsys):
    assert main(["power", "C9", "--n", "100", "--dropout", "0.1"]) == 0
    text = capsys.readouterr().out
    for said in (
        "100 enrolled, 90 complete",
        "assumed",
        "observed scale",
        "too large",
        "supported",
    ):
        assert said in text


def test_dropout_attempts_and_unblinding_cost_people(plan):
    def people(*words):
        return plan("--contrast", "parallel", "--effect", 0.5, "--retest", 0.5, *words)["planned"][
            0
        ]

    plain = people()
    assert people("--dropout", 0.2)["enrol"]["0.8"] == -(-plain["needed"]["0.8"] * 10 // 8)
    assert people("--attempts", 3)["needed"]["0.8"] > plain["needed"]["0.8"]
    blind = people("--unblinding", 0.3)
    assert blind["effect"] == pytest.approx(0.35)
    assert blind["needed"]["0.8"] == pytest.approx(plain["needed"]["0.8"] / 0.7**2, abs=2.1)


def test_expectation_is_subtracted_from_ratings_and_not_from_scans(plan):
    scan = plan("C16", "--unblinding", 0.3)
    assert scan["planned"][0]["effect"] == plan("C16")["planned"][0]["effect"]
    assert any("No expectation was subtracted" in note for note in scan["notes"])


@pytest.mark.parametrize(
    ("contrast", "scale", "entered", "seen"),
    [
        ("groups", "true", 0.4, 0.4 * 0.5**0.5),
        ("groups", "sd", 0.4, 0.4),
        ("paired", "sd", 0.4, 0.4),  # √(2(1 − .5)) is 1
        ("paired", "true", 0.4, 0.4 * 0.5**0.5),
        ("mean", "true", 0.4, 0.4 * 0.5**0.5),
        ("correlation", "true", 0.3, 0.3 * (0.5 * 0.8) ** 0.5),
        ("correlation", "observed", 0.3, 0.3),
    ],
)
def test_an_effect_is_attenuated_where_it_was_entered_without_error(
    plan, contrast, scale, entered, seen
):
    words = ("--contrast", contrast, "--effect", entered, "--effect-in", scale)
    row = plan(*words, "--reliability", 0.5, "--partner-reliability", 0.8)["planned"][0]
    assert row["effect"] == pytest.approx(seen)
    if scale == "true":
        assert row["without_error"] == pytest.approx(entered)


def test_an_area_goes_there_and_back(plan):
    words = ("--contrast", "prediction", "--effect", 0.7, "--effect-in", "true")
    row = plan(*words, "--reliability", 0.6)["planned"][0]
    assert 0.5 < row["effect"] < 0.7
    assert row["without_error"] == pytest.approx(0.7)


def test_a_prediction_model_states_what_it_needs(plan):
    words = ("--contrast", "prediction", "--effect", 0.7, "--predictors", 10)
    assert list(plan(*words)["model"].values()) == [850, 385]


def test_mediation_is_simulated_and_repeatable(plan):
    words = ("--contrast", "mediation", "--paths", 0.3, 0.3, "--seed", 3)
    report = plan(*words)
    assert report == plan(*words)
    assert report["power"] == pytest.approx(0.8, abs=0.02)
    assert report["needed"]["0.8"] < report["needed"]["0.9"]
    assert main(["power", *map(str, words)]) == 0


def test_the_reliability_of_a_study_is_that_of_its_sessions(plan, tmp_path):
    measure = "within_default_mode_core"
    out = study(
        tmp_path,
        (measure, "minimal", "patients", RUNS, 90, 0.8, 0.7, 0.9, ""),
        (measure, "minimal", "patients", SESSIONS, 20, 0.6, 0.3, 0.8, ""),
        (measure, "minimal", "controls", SESSIONS, 40, 0.4, 0.1, 0.6, ""),
    )
    report = plan("C9", "--study", out)
    assert report["reliability"]["icc"] == 0.4
    assert "40 people (minimal, controls" in report["reliability"]["source"]


BAD_TABLES = {
    "no row for": [("another", "minimal", "", RUNS, 9, 0.5, 0.1, 0.9, "")],
    "few people": [
        ("within_default_mode_core", "x", "", RUNS, 2, "n/a", "n/a", "n/a", "few people")
    ],
    "did not repeat": [("within_default_mode_core", "x", "", RUNS, 9, -0.1, -0.4, 0.5, "")],
}


@pytest.mark.parametrize("words", BAD_TABLES)
def test_a_study_that_does_not_tell_the_reliability_is_e434(refused, tmp_path, words):
    exit_code, said = refused("C9", "--study", study(tmp_path, *BAD_TABLES[words]))
    assert exit_code == 3
    assert "E434" in said
    assert words in said


def test_a_study_without_the_table_is_e434(refused, tmp_path):
    assert "E434" in refused("C9", "--study", tmp_path)[1]
    (tmp_path / "reliability.tsv").write_text("measure\ticc\nx\t1\n", encoding="utf-8")
    assert "no column 'denoise'" in refused("C9", "--study", tmp_path)[1]
    assert "E434" in refused("--contrast", "groups", "--effect", 0.3, "--study", tmp_path)[1]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), "E433"),
        (("--contrast", "groups"), "E433"),
        (("--contrast", "mediation"), "E433"),
        (("C33",), "E433"),  # maps are compared, not people
        (("C99",), "E410"),
        (("C9", "--test", "nobody"), "E410"),
        (("--contrast", "guess", "--effect", "0.3"), "E410"),
        (("--contrast", "groups", "--effect", "0"), "E432"),
        (("--contrast", "groups", "--effect", "nan"), "E432"),
        (("--contrast", "correlation", "--effect", "1.2"), "E432"),
        (("--contrast", "correlation", "--effect", "0.3", "--effect-in", "sd"), "E432"),
        (("--contrast", "parallel", "--effect", "0.3"), "E432"),
        (("--contrast", "groups", "--effect", "0.3", "--n", "3", "--dropout", "0.5"), "E432"),
        (("C9", "--reliability", "1.2"), "E432"),
        (("C9", "--partner-reliability", "-1"), "E432"),
        (("C9", "--dropout", "1"), "E432"),
        (("C9", "--power", "1"), "E432"),
        (("C9", "--alpha", "0"), "E432"),
        (("C9", "--attempts", "0"), "E432"),
        (("C9", "--n", "-5"), "E432"),
        (("C9", "--smallest", "0"), "E432"),
        (("C9", "--unblinding", "nan"), "E432"),
    ],
)
def test_what_cannot_be_planned_is_refused(refused, words, code):
    exit_code, said = refused(*words)
    assert exit_code == 2
    assert code in said
    assert "bug" not in said


def test_nothing_is_written(plan, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plan("C9")
    assert not list(tmp_path.iterdir())


def test_the_worked_examples_are_what_the_command_prints(capsys):
    text = (Path(__file__).resolve().parents[2] / "docs" / "power.md").read_text("utf-8")
    blocks = text.split("```")[1::2]
    examples = [block.removeprefix("console").strip() for block in blocks]
    assert len(examples) == 3
    for example in examples:
        command, printed = example.removeprefix("$ defaultmode ").split("\n", maxsplit=1)
        assert main(command.split()) == 0
        assert capsys.readouterr().out.strip() == printed
