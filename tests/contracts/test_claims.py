"""Every claim is whole, can be tested with what the package measures, and shows both sides."""

import math
import re

import pytest

from defaultmode.claims import all_claims, find_claim, parse_claim, sign
from defaultmode.claims.claim import PARTS
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.scales import all_scales
from defaultmode.core.treatments import treatment_named
from defaultmode.measures import all_measures
from defaultmode.report.references import all_references
from given import shared

CLAIMS = all_claims()
TESTS = {f"{c.id} {t.name}": t for c in CLAIMS.values() for t in c.tests}
ROWS = {f"{c.id} {i} {r.cite}": (c, r) for c in CLAIMS.values() for i, r in enumerate(c.evidence)}
CONSTRUCTS = {scale.construct for scale in all_scales().values()} | {"response"}
MAPS = ("overlap", "enrichment")  # contrasts of a value for each region
BY_GROUP, WITHIN = {"d", "Hedges g"}, {"d_z", "d"}
STATISTICS = {
    "mean": {"d"},
    "patients - controls": BY_GROUP,
    "treatment - reference": BY_GROUP | WITHIN,
    "treatment course": WITHIN,
    "responders - others": BY_GROUP,
    "normalisation": BY_GROUP | WITHIN,
    "moderation": BY_GROUP,
    "prediction": {"AUC", "odds ratio"},
    "mediation": {"other"},
}  # all others are correlations
DRUG = ("treatment - reference", "treatment course", "change with change", "normalisation")
SAME_PEOPLE = {
    "Yan2019": "rest-meta-mdd",
    "Liang2020": "rest-meta-mdd",
    "Abreu2026": "rest-meta-mdd",
    "Murrough2013a": "ketamine-trials-pooled",
    "Zarate2006": "ketamine-trials-pooled",
}
NONE_FOUND = re.compile(r"\bno(thing|body| \w+)\b.*\b(found|published|replicated)\b", re.IGNORECASE)
COPIED_WORDS = 9
every_claim = pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
every_test = pytest.mark.parametrize("test", TESTS.values(), ids=TESTS)
every_row = pytest.mark.parametrize(("claim", "row"), ROWS.values(), ids=ROWS)
numbered_rows = pytest.mark.parametrize(
    ("claim", "row"),
    [pair for pair in ROWS.values() if not math.isnan(pair[1].value)],
    ids=[name for name, (_, row) in ROWS.items() if not math.isnan(row.value)],
)


def test_the_account_is_there_without_a_gap():
    assert list(CLAIMS) == [f"C{i}" for i in range(1, 39)]


@every_claim
def test_it_says_what_it_is(claim):
    assert re.fullmatch(r"[A-Z].*[^.]", claim.title)
    for sentence in (claim.sentence, claim.needs, claim.aims, *claim.caveats):
        assert re.fullmatch(r"[A-Z|].+\.", sentence), sentence
    assert claim.part in PARTS
    assert claim.caveats


@every_claim
def test_both_sides_are_shown(claim):
    stances = {row.stance for row in claim.evidence}
    said = any(NONE_FOUND.search(sentence) for sentence in (*claim.caveats, claim.aims))
    assert ("for" in stances and stances != {"for"}) or said


def test_a_sign_that_is_forced_is_judged_with_the_global_signal():
    forced = {
        c.id
        for c in CLAIMS.values()
        for t in c.tests
        if t.contrast == "mean" and t.outcome.startswith("default_mode_task_positive")
    }
    assert forced == {"C7"}
    assert all(CLAIMS[name].keeps_global_signal for name in forced)


@every_test
def test_what_it_asks_is_measured(test):
    for name, kind in ((test.outcome, test.of), (test.partner, test.partner_of)):
        if not name:
            continue
        if kind == "construct":
            assert name in CONSTRUCTS
        else:
            assert all_measures()[name].kind == ("regions" if test.contrast in MAPS else "number")


@every_test
def test_it_can_be_asked(test):
    assert re.fullmatch(r"[A-Z].+\.", test.sentence)
    assert 0 < test.smallest < 1
    assert 0 < test.prior_sd <= 1
    assert len(test.why_smallest) > 10
    for drug in filter(None, (test.treatment, test.reference)):
        assert treatment_named(drug) == drug
    if test.contrast in DRUG:
        assert test.treatment
        assert test.phase
    if test.contrast == "treatment - reference":
        assert test.reference
    if test.contrast in ("correlation", "change with change", "mediation"):
        assert test.partner


@every_row
def test_its_evidence_can_be_looked_up(claim, row):
    assert row.cite in all_references()
    assert row.cohort_id
    assert re.fullmatch(r"[A-Z].+\.", row.finding)
    assert row.cohort_id == SAME_PEOPLE.get(row.cite, row.cohort_id)


@every_row
def test_what_was_not_read_is_not_called_verified(claim, row):
    unread = re.search(r"not read|from memory|; title|introduction cites", row.source)
    assert not (row.verified and unread)


@every_row
def test_a_result_that_nobody_read_is_on_no_side(claim, row):
    if re.search(r"(result|results|result itself|direction) (was|were) not read|Neither", row.note):
        assert row.stance == "mixed"


def test_trials_of_benefit_alone_do_not_speak_for_a_less_rigid_network():
    stances = {row.cohort_id: row.stance for row in CLAIMS["C25"].evidence}
    assert stances["ketamine-trials-pooled"] == stances["fava2018"] == "mixed"
    assert "for" not in stances.values()


@numbered_rows
def test_a_number_is_told_in_full(claim, row):
    assert row.statistic != "other" or row.note
    if not math.isnan(row.ci_low):
        assert row.ci_low <= row.value <= row.ci_high
    assert math.isnan(row.ci_low) == math.isnan(row.ci_high)
    if row.statistic == "Pearson r":
        assert abs(row.value) <= 1


@pytest.mark.parametrize(
    ("claim", "row"),
    [pair for pair in ROWS.values() if pair[1].test],
    ids=[name for name, (_, row) in ROWS.items() if row.test],
)
def test_what_is_pooled_is_of_one_kind(claim, row):
    test = TESTS[f"{claim.id} {row.test}"]
    assert not math.isnan(row.value)
    assert row.n > 0
    assert row.statistic in STATISTICS.get(test.contrast, {"Pearson r"})
    side = sign(test) * row.value
    assert row.stance != ("against" if side > 0 else "for" if side < 0 else "")


def _words(text: str) -> list[str]:
    return re.findall(r"[\w−.-]+", text.lower())


def test_nothing_is_copied_from_the_given_text():
    words = _words(shared("SCIENCE.md").read_text("utf-8"))
    runs = {tuple(words[i : i + COPIED_WORDS]) for i in range(len(words))}
    for claim in CLAIMS.values():
        ours = [claim.sentence, *claim.caveats, *(row.finding for row in claim.evidence)]
        for text in ours:
            said = _words(text)
            own = {tuple(said[i : i + COPIED_WORDS]) for i in range(len(said) - COPIED_WORDS + 1)}
            assert not own & runs, text


GOOD = """
id = "C99"
title = "A title"
sentence = "A sentence."
part = "definition"
falsifiable = true
needs = "A scan."
caveats = ["A caveat."]
[[test]]
name = "one"
sentence = "It is so."
outcome = "within_default_mode"
contrast = "mean"
direction = "increase"
smallest = 0.2
prior_sd = 0.2
why_smallest = "our choice"
[[evidence]]
cite = "Fox2005"
cohort_id = "fox2005"
stance = "for"
finding = "It is so."
source = "a page"
verified = false
"""


def test_a_good_claim_is_read():
    claim = parse_claim(GOOD, "C99.toml")
    assert (claim.order, claim.rule, claim.tests[0].of) == (99, "first", "measure")
    assert math.isnan(claim.evidence[0].value)


def test_a_claim_may_name_no_side():
    claim = parse_claim(GOOD.replace('"increase"', '"change"'), "C99.toml")
    assert sign(claim.tests[0]) == 0
    assert {sign(test) for test in CLAIMS["C35"].tests} == {0}
    assert {sign(test) for c in CLAIMS.values() for test in c.tests if c.id != "C35"} == {1, -1}


@numbered_rows
def test_a_mean_over_cohorts_is_called_one(claim, row):
    within = "mong the trials that are pooled" in row.note  # one of those that the mean is over
    assert (row.meta_analysis or within) == bool(re.search(r"\d-meta|-pooled$", row.cohort_id))
    assert math.isnan(row.i2) or row.meta_analysis


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ('id = "C99"', 'id = "ninety"', "id"),
        ('part = "definition"', 'part = "physics"', "part"),
        ("falsifiable = true", "falsifiable = false", "proxy"),
        ('contrast = "mean"', 'contrast = "median"', "contrast"),
        ("smallest = 0.2", "smallest = -0.2", "smallest"),
        ('direction = "increase"', 'direction = "up"', "direction"),
        ('stance = "for"', 'stance = "perhaps"', "stance"),
        ('stance = "for"', 'stance = "for"\ni2 = 35.0', "i2"),
        ("verified = false", 'verified = "yes"', "verified"),
        ("verified = false", 'verified = false\ntest = "two"', "two"),
        ('name = "one"', 'name = "one"\nnoise = 1', "noise"),
        ('title = "A title"\n', "", "title"),
        ('needs = "A scan."', "needs =", "TOML"),
    ],
)
def test_a_claim_that_is_not_valid_is_refused(old, new, names):
    assert old in GOOD
    with pytest.raises(DefaultModeError, match=names) as caught:
        parse_claim(GOOD.replace(old, new), "C99.toml")
    assert caught.value.code == "E415"
    assert "C99.toml" in caught.value.detail


@pytest.mark.parametrize("part", ["[[test]]", "[[evidence]]"])
def test_a_claim_without_tests_or_evidence_is_refused(part):
    start = GOOD.index(part)
    end = GOOD.index("[[evidence]]") if part == "[[test]]" else len(GOOD)
    with pytest.raises(DefaultModeError, match=re.escape(part)) as caught:
        parse_claim(GOOD[:start] + GOOD[end:], "C99.toml")
    assert caught.value.code == "E415"


def test_a_claim_is_found_by_its_number():
    assert find_claim("c9") is CLAIMS["C9"]
    with pytest.raises(DefaultModeError, match="C38") as caught:
        find_claim("C39")
    assert caught.value.code == "E410"
