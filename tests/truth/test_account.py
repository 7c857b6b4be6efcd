"""The account: every claim has its sentence, every number its source, and counts are counts."""

import json
import re
from dataclasses import replace
from html import unescape
from importlib.resources import files
from pathlib import Path

import pandas as pd
import pytest

from defaultmode.claims import Claim, all_claims, find_claim
from defaultmode.claims.claim import PARTS
from defaultmode.core.errors import DefaultModeError
from defaultmode.report.account import Sentence, parse_account, read_account
from defaultmode.report.account_evidence import Balance, balance, forest_of, number_of
from defaultmode.report.account_own import COLUMNS, Own
from defaultmode.report.account_page import account_page
from defaultmode.report.account_scores import Score, Scored, mostly_fails, read_scoreboard, word_of
from defaultmode.report.account_summary import summary
from defaultmode.report.account_told import tell
from defaultmode.report.verdicts import DIFFERS
from defaultmode.simulation.scoreboard import read_statements

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "scoreboard.md"
MOST_BYTES = 600_000
HOSTILE = "<script>alert(1)</script>\" onload='alert(2)"


def sentences() -> list[Sentence]:
    return [one for part in read_account() for one in part.sentences]


def verdict_row(claim: str = "C9", **given: object) -> dict[str, object]:
    """A row of claims.tsv."""
    usual: dict[str, object] = dict.fromkeys(COLUMNS, "") | {
        "claim": claim, "atlas": "one", "denoise": "as-supplied", "verdict": "contradicted",
        "verdict_corrected": "contradicted", "verdict_over_presets": "contradicted",
        "test": "core", "statistic": "Hedges g", "estimate": -0.8, "ci_low": -1.2,
        "ci_high": -0.4, "p": 0.001, "n": 48, "n_reference": 49, "stamp": "exploratory",
        "reason": "Hedges g -0.80 [-1.20, -0.40]: the claim says increase",
    }  # fmt: skip
    return usual | given


def own(*rows: dict[str, object], report: str = "report.html") -> Own:
    return Own(pd.DataFrame(rows, columns=list(COLUMNS)), report, frozenset({"C9"}))


@pytest.fixture(scope="module")
def page() -> str:
    return account_page()


def test_every_claim_and_every_statement_has_its_sentence() -> None:
    told = sentences()
    assert {name for one in told for name in one.claims} == set(all_claims())
    used = {name for one in told for name in (*one.says, *one.beside)}
    assert used == {one.id for one in read_statements()[0]}


def test_a_sentence_is_shown_only_what_speaks_to_one_of_its_claims() -> None:
    known = read_scoreboard().statements
    for one in sentences():
        for name in (*one.says, *one.beside):
            assert set(known[name].claims) & set(one.claims), f"{name} beside {one.text!r}"
        assert not set(one.says) & set(one.beside)


def test_the_account_keeps_the_order_of_its_parts() -> None:
    places = [PARTS.index(find_claim(name).part) for one in sentences() for name in one.claims]
    assert places == sorted(places)
    assert len(read_account()) == len(PARTS)


def test_sentences_are_prose() -> None:
    texts = [one.text for one in sentences()]
    assert len(set(texts)) == len(texts)
    for text in texts:
        assert re.fullmatch(r"[A-Z][^_\[\]<>]{20,}\.", text), text


def test_the_scoreboard_beside_it_is_that_of_the_registry() -> None:
    board = read_scoreboard()
    statements, silent = read_statements()
    assert [*board.statements] == [one.id for one in statements]
    for one in statements:
        shown = board.statements[one.id]
        same = (one.claims, one.sentence, one.label, one.because)
        assert (shown.claims, shown.sentence, shown.label, shown.because) == same
        rows = [(row.condition or row.situation, row.preset) for row in one.rows]
        where = [", ".join(part.replace("_", " ") for part in row if part) for row in rows]
        assert [score.where for score in shown.scores] == where
    assert board.silent == {name: one.reason for one in silent for name in one.claims}


def test_the_scoreboard_beside_it_says_what_the_documented_one_says() -> None:
    text = DOCUMENT.read_text("utf-8")
    raw = json.loads(files("defaultmode.report").joinpath("account_scoreboard.json").read_text())
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    documented = {(cells[0].rsplit(" [", 1)[0], cells[1]): cells[-1] for cells in lines}
    for one in raw["statements"]:
        for row in one["rows"]:
            where = ", ".join(part for part in (row["condition"], row["preset"]) if part)
            assert documented[one["sentence"], where] == row["verdict"]
    for name in ("draws", "seeds", "seed", "duration_s", "parameters"):
        assert f"{name} {raw['settings'][name]}" in text


@pytest.mark.parametrize(
    ("counts", "word"),
    [
        ((2, 0, 0, 1), "unopposed"),
        ((3, 1, 1, 0), "more for"),
        ((2, 1, 1, 9), "divided"),
        ((2, 1, 2, 0), "more against"),
        ((0, 0, 1, 5), "unsupported"),
        ((0, 0, 0, 2), "open"),
    ],
)
def test_the_word_of_a_sentence_follows_its_counts(
    counts: tuple[int, int, int, int], word: str
) -> None:
    assert Balance(counts).word == word
    assert len(Balance(counts).marks) == sum(counts)


def test_people_count_once_for_a_side_however_often_they_are_reported() -> None:
    claim = find_claim("C9")
    told_twice = replace(claim, evidence=claim.evidence + claim.evidence)
    assert balance([told_twice]) == balance([claim])
    cohorts = {row.cohort_id for row in claim.evidence if row.stance == "against"}
    assert balance([claim]).counts[1] == len(cohorts)
    assert len(cohorts) < sum(row.stance == "against" for row in claim.evidence)


def test_what_was_not_read_counts_in_the_first_count_alone() -> None:
    claim = find_claim("C5")
    read = replace(claim, evidence=tuple(row for row in claim.evidence if row.verified))
    assert balance([claim], read=True) == balance([read]) != balance([claim])
    assert balance([replace(claim, evidence=())]).words == "none"


def test_the_model_s_word_follows_its_rows() -> None:
    def made(*verdicts: str) -> list[Scored]:
        scores = tuple(Score("healthy", verdict, False, "", "") for verdict in verdicts)
        return [Scored("one", ("C1",), "It does.", "emergent", "it does", scores)]

    assert word_of([]) == "not asked"
    assert word_of(made("holds", "holds")) == "holds"
    assert word_of(made("fails")) == "fails"
    assert word_of(made("holds", "fails", "fails")) == "in part"
    assert word_of(made("holds", "unclear")) == "in part"
    assert word_of(made("fails", "depends on the operating point")) == "fails"
    assert word_of(made("depends on the operating point", "unclear")) == "undecided"
    assert mostly_fails(made("holds", "fails", "fails"))
    assert not mostly_fails(made("holds", "fails"))


def test_a_figure_shows_every_number_of_the_commonest_statistic() -> None:
    def numbers(claim: Claim) -> int:
        return sum(row.statistic == "Hedges g" and bool(number_of(row)) for row in claim.evidence)

    claim = find_claim("C9")
    forest = forest_of(claim)
    assert forest is not None
    [label] = re.findall(r'aria-label="([^"]+)"', forest.picture)
    assert label.count("Tozzi et al. 2021") == numbers(claim) == 3
    assert "−0.25 (−0.42 to −0.07)" in label
    assert forest_of(find_claim("C1")) is None


def test_the_summary_adds_up() -> None:
    told = list(tell())
    published = summary(told)[0]
    total, *parts = map(int, re.findall(r"\d+", published))
    assert total == len(told) == sum(parts)
    unread = sum(not row.verified for claim in all_claims().values() for row in claim.evidence)
    assert f"{unread} were not read in their source" in summary(told)[1]
    others = [one for one in told if balance(one.claims, read=True).word != one.balance.word]
    assert f"{len(others)} of the {len(told)} words would be others" in summary(told)[1]


def test_the_summary_says_what_those_that_hold_rest_on() -> None:
    told = list(tell())
    asked, *words, hold, emergent, hypothetical = map(int, re.findall(r"\d+", summary(told)[2]))
    assert asked == sum(words)
    holding = [one for one in told if one.model == "holds"]
    assert hold == words[0] == len(holding)
    labels = [{statement.label for statement in one.says} for one in holding]
    assert emergent == sum("emergent" in of_one for of_one in labels)
    mechanisms = [{s.hypothetical for one in told.says for s in one.scores} for told in holding]
    assert hypothetical == mechanisms.count({True})


def test_what_the_model_was_asked_is_explained_where_it_is_not_quite_the_claim(page: str) -> None:
    notes = {name: one.note for one in sentences() for name in one.claims if one.note}
    assert {"C2", "C17", "C20", "C21", "C24"} == set(notes)
    assert all(note in unescape(page) for note in notes.values())


def test_the_page_is_small_and_holds_every_finding(page: str) -> None:
    assert len(page.encode()) <= MOST_BYTES
    text = unescape(page)
    for claim in all_claims().values():
        assert f'id="{claim.id}"' in page
        assert all(test.sentence in text for test in claim.tests)
        for row in claim.evidence:
            assert row.finding in text
            assert number_of(row) in text
    assert "Research use only" in page
    assert "model output is not evidence of effect in people" in page
    assert "Your data" not in page


def test_the_page_says_when_and_how_the_model_was_run(page: str) -> None:
    board = read_scoreboard()
    assert f"computed on {board.computed} by defaultmode {board.version}" in page
    assert f"{board.settings['draws']} brains" in page


def test_a_study_is_shown_beside_each_sentence_that_it_could_test() -> None:
    study = own(
        verdict_row(),
        verdict_row(denoise="as-supplied+GSR", verdict="supported", estimate=0.3),
        verdict_row(
            "C1", verdict_over_presets="not testable", estimate=float("nan"), reason="no task"
        ),
    )
    told = {one.sentence.claims[0]: one for one in tell(study)}
    assert told["C9"].words == ["contradicted"]
    assert "data" in told["C9"].contradicted
    assert told["C1"].words == told["C16"].words == []
    assert study.claims["C9"].link == "report.html#claim-C9"
    assert study.claims["C1"].link == ""
    assert [row.alone for row in study.claims["C9"].rows] == ["", "supported"]
    assert study.claims["C9"].rows[0].place == "as-supplied"
    html = account_page(study)
    assert "−0.80 (−1.20 to −0.40)" in html
    assert "Your study (exploratory) could test 1 sentence: 1 contradicted." in html
    assert "no task" in html


@pytest.mark.parametrize("order", [1, -1])
def test_atlases_that_disagree_are_said_to(order: int) -> None:
    words = ["supported", "contradicted"][::order]
    rows = [verdict_row(atlas=w, verdict_over_presets=w) for w in (*words, "not testable")]
    assert own(*rows).words(["C9"]) == [DIFFERS]
    assert own(rows[0], rows[2]).words(["C9"]) == own(rows[2], rows[0]).words(["C9"]) == words[:1]
    assert f"could test 1 sentence: 1 {DIFFERS}." in account_page(own(*rows))


def test_what_a_table_holds_is_never_markup() -> None:
    texts = ("denoise", "reason", "test", "verdict", "verdict_corrected", "verdict_over_presets")
    rows = [
        verdict_row(**dict.fromkeys((*texts, "stamp", "statistic", "atlas"), HOSTILE)),
        verdict_row("C8", estimate=float("nan"), verdict_over_presets=HOSTILE, reason=HOSTILE),
    ]
    html = account_page(own(*rows, report="a&b"))
    assert "<script>alert" not in html
    assert "onload='" not in html
    assert "&lt;script&gt;alert(1)" in html


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('claims = ["C1"]\nsaid = ["x"]', "E415"),
        ("claims = []", "E415"),
        ("claims = 3", "E415"),
        ('claims = ["C99"]', "E410"),
        ('claims = ["C1"', "E415"),
    ],
)
def test_a_broken_account_is_refused(text: str, code: str) -> None:
    head = '[[part]]\nheading = "One"\n[[part.paragraph]]\n[[part.paragraph.sentence]]\n'
    with pytest.raises(DefaultModeError) as caught:
        parse_account(f'{head}text = "It is."\n{text}\n', "mine.toml")
    assert caught.value.code == code
