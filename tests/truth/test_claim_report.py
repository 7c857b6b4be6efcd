"""What the page says of the claims: the words of the ledger, safe, whole and without a script."""

from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from defaultmode.claims import find_claim
from defaultmode.core.plan import Plan
from defaultmode.pipeline.ledger import ledger
from defaultmode.pipeline.reporting import verdicts_of
from defaultmode.report import Page, Verdicts, build_page
from defaultmode.report.claim_front import SAID, parts, said_first
from defaultmode.report.claim_methods import claims_text
from defaultmode.report.claim_section import claim_section
from defaultmode.report.verdicts import DIFFERS, claims_tested, stand_ins, untestable
from report_example import numbers_in
from toy_studies import FD, GROUP, crossover, made_study, parallel

VOID = {"meta", "img", "input", "wbr", "br"}


class Seen(HTMLParser):
    """The text of every element that has an id, and whether every element ends."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: dict[str, str] = {}
        self.open: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        name = dict(attrs).get("id") or ""
        if tag not in VOID:
            self.open.append((tag, name))
        if name:
            self.texts.setdefault(name, "")

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        for _, name in self.open:
            if name:
                self.texts[name] += data


def verdicts(study, *claims: str) -> Verdicts:
    return verdicts_of(ledger(study, Plan(claims=claims, permutations=99)))


def groups(*, motion: bool = True):
    """Patients and controls; the core is more connected in patients, the rest is noise."""
    rng = np.random.default_rng(3)
    names = ("within_default_mode_core", "within_default_mode", "default_mode_task_positive")
    rows = [
        {"participant_id": f"sub-{i:02d}", "group": "MDD" if i < 30 else "HC"}
        | dict(zip(names, rng.normal((1.2 * (i < 30), 0, -0.3)), strict=True))
        | ({FD.name: rng.gamma(2, 0.05)} if motion else {})
        for i in range(60)
    ]
    columns = {"group": GROUP} | ({FD.name: FD} if motion else {})
    return made_study(rows, measures=names, columns=columns)


@pytest.fixture(scope="module")
def study():
    return groups()


@pytest.fixture(scope="module")
def found(study):
    return verdicts(study, "C7", "C9", "C16")


@pytest.fixture(scope="module")
def html(study, found):
    return build_page(Page("Toy", study, verdicts=found))


@pytest.fixture(scope="module")
def seen(html):
    return Seen(html)


def test_the_claims_come_first(html):
    assert html.index('id="claims"') < html.index('id="measured"')
    assert html.index("Research use only") < html.index('id="claims"')


def test_the_words_are_those_of_the_ledger(found, seen):
    rows = found.table[found.table["claim"] == "C9"]
    for word in {*rows["verdict"], *rows["verdict_over_presets"]}:
        assert word in seen.texts["verdicts"]
    assert "C16" not in seen.texts["verdicts"]


def test_the_first_sentence_counts_the_words_and_says_why_not(found, seen):
    told = " ".join(seen.texts["content"].split())
    counts = found.table.drop_duplicates("claim")["verdict_over_presets"].value_counts()
    first, *others = said_first(found)
    assert first in told
    assert first.startswith(f"Of {len(found.claims)} claims, ")
    for word, n in counts.items():
        assert SAID[word].format(n) in first
    assert others == ["Why not here: the study has no ketamine (treatments: none) (1 claim)."]
    assert others[0] in told


def test_every_claim_is_one_line_with_its_word_and_effect(found, html):
    lines = {line.title.split()[0]: line for part in parts(found) for line in part.lines}
    lost = {row[1].text.split()[0] for row in untestable(found).rows}
    assert lost == {"C16"}
    assert {*lines, *lost} == {claim.id for claim in found.claims}
    assert not lost & set(lines)
    [row] = found.table.query("claim == 'C9' and denoise == 'plain'").to_dict("records")
    assert f"{row['estimate']:.2f}" in lines["C9"].effect
    assert lines["C9"].words[0][1] == row["verdict_over_presets"]
    places = ['class="lines"', 'id="untestable"', 'id="claim-C9"']
    assert sorted(places, key=html.index) == places


@pytest.mark.parametrize("order", [1, -1])
def test_atlases_that_disagree_are_counted_as_such(found, order):
    words = ("supported", "contradicted")[::order]
    parts_of = [found.table.assign(atlas=w, verdict_over_presets=w) for w in words]
    two = replace(found, table=pd.concat(parts_of, ignore_index=True))
    assert said_first(two) == (
        f"Of {len(two.claims)} claims, these data find {SAID[DIFFERS].format(len(two.claims))}.",
    )
    lines = [line for part in parts(two) for line in part.lines]
    assert [line.words for line in lines] == [tuple(zip(words, words, strict=True))] * len(lines)


def test_a_claim_is_told_whole(found, seen):
    claim, told = find_claim("C9"), " ".join(seen.texts["claim-C9"].split())
    assert claim.sentence in told
    assert claim.needs in told
    for caveat in claim.caveats:
        assert caveat in told
    for row in claim.evidence:
        assert row.finding in told
    for test in claim.tests:
        assert f"half-normal of scale {test.prior_sd:g}" in told
    for adjustment in set(found.specifications.query("claim == 'C9'")["adjustment"]):
        assert f"adjusted for: {adjustment}" in told  # in the figure of every specification


def test_effects_are_shown_alone_and_corrected_with_and_without_motion(found, seen, html):
    [row] = found.table.query("claim == 'C9' and denoise == 'plain'").to_dict("records")
    shown = f"Hedges g {row['estimate']:.2f}"
    assert shown in seen.texts["claim-C9-presets"]
    asked = found.specifications.query("claim == 'C9'")
    decides = asked[asked["test"] == row["test"]]["estimate"].dropna()
    told = " ".join(seen.texts["claim-C9-curve"].split())
    assert told.count(f"{len(decides)} specifications of 1 test") == 1
    others = int(asked["estimate"].notna().sum()) - len(decides)
    assert (f"{others} more in specifications.tsv" in told) == (others > 0)
    assert {"none", "motion"} <= set(asked["adjustment"])


def test_pooled_means_stand_beside_the_study(found, seen):
    pooled = found.evidence.query("claim == 'C9' and source == 'pooled with your study'")
    assert len(pooled)
    for value in pooled["value"]:
        assert f"{value:.2f}".replace("-", "−") in seen.texts["claim-C9-pooled"]


def test_what_cannot_be_tested_says_what_a_study_would_need(seen):
    told = seen.texts["untestable"]
    assert find_claim("C16").needs in " ".join(told.split())
    assert "no ketamine" in told


def test_the_preset_that_forces_the_sign_is_marked(seen, found):
    assert "plain+GSR" not in found.deciding["C7"]
    assert "does not decide" in seen.texts["claim-C7-presets"]
    assert "does not decide" in seen.texts["verdicts"]
    assert "does not decide" not in seen.texts["claim-C9-presets"]


def test_what_is_not_recorded_is_said(found):
    bare = verdicts(groups(motion=False), "C9")
    assert any("head motion" in text for text in bare.limits)
    assert not any("head motion" in text for text in found.limits)
    for word in ("age nor sex", "breathing", "No treatment"):
        assert any(word in text for text in found.limits)
    drug = verdicts(crossover(np.random.default_rng(2)), "C16")
    assert any("No active control beside ketamine" in text for text in drug.limits)


def test_names_of_the_study_cannot_run_anything(study, found):
    evil = "<script>alert(1)</script>"
    table = found.table.assign(reason=evil, title=evil)
    rows = found.specifications.assign(reason=evil, adjustment=evil)
    behind = tuple(
        replace(one, people=(evil,) * len(one.people), groups=(evil,) * len(one.groups))
        for one in found.behind
    )
    hostile = replace(found, table=table, specifications=rows, limits=(evil,), behind=behind)
    html = build_page(Page("Toy", study, verdicts=hostile))
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_every_figure_is_of_a_tested_claim(found, html):
    section = claim_section(found)
    assert [one.claim.id for one in section.claims] == [c.id for c in claims_tested(found)]
    names = [d.name for drawn in section.drawings.values() for d in drawn]
    for claim in claims_tested(found):
        assert {f"claim-{claim.id}-{kind}" for kind in ("forest", "points", "curve")} <= set(names)
    assert not any("C16" in name for name in names)
    assert all(f'id="{name}"' in html for name in names)


def test_another_drug_is_no_verdict_on_the_claim():
    study = crossover(np.random.default_rng(2), effect=-1.5)
    study.table["drug"] = study.table["drug"].replace("ketamine", "psilocybin")
    seen = verdicts(study, "C16")
    assert not claims_tested(seen)
    table = stand_ins(seen)
    assert table is not None
    assert {row[0].text[:7] for row in table.rows} == {"not C16"}
    assert {row[1].text for row in table.rows} == {"psilocybin"}
    assert not any(cell.verdict for row in table.rows for cell in row)
    html = build_page(Page("Toy", study, verdicts=seen))
    assert "this decides nothing" in html
    assert 'id="claim-C16"' not in html


def test_the_methods_speak_of_what_ran_and_cite_it(found, html):
    said = claims_text(found)
    assert "99 permutations" in said
    assert "[@Hartung2001]" in said
    assert 'id="ref-Hartung2001"' in html
    alone = found.evidence[~found.evidence["source"].str.startswith("pooled")]
    assert "Hartung" not in claims_text(replace(found, evidence=alone))
    assert claims_text(replace(found, table=found.table.assign(estimate=np.nan))) == ""
    assert claims_text(None) == ""


def test_a_page_without_claims_has_no_section(study):
    assert 'id="claims"' not in build_page(Page("Toy", study))


def test_the_points_behind_a_claim_are_the_study_s_own_values(study, found):
    [one] = [b for b in found.behind if (b.claim, b.denoise) == ("C9", "plain")]
    assert set(one.groups) == {"patients", "controls"}
    given = study.table.set_index("participant_id")["within_default_mode_core__plain"]
    [values] = one.moments.values()
    assert dict(zip(one.people, values, strict=True)) == pytest.approx(dict(given))
    assert {b.denoise for b in found.behind if b.claim == "C9"} == {"plain", "plain+GSR"}


def test_in_a_crossover_each_person_has_a_value_under_both():
    study = crossover(np.random.default_rng(2), n=12, effect=-1.5)
    seen = verdicts(study, "C16")
    one = next(b for b in seen.behind if b.denoise == "plain")
    assert list(one.moments) == ["placebo", "ketamine"]
    during = study.table[study.table["condition"] == "during"]
    for drug, values in one.moments.items():
        own = during[during["drug"] == drug].set_index("participant_id")
        given = own["within_default_mode__plain"]
        assert dict(zip(one.people, values, strict=True)) == pytest.approx(dict(given))
    assert "claim-C16-points" in numbers_in(build_page(Page("Toy", study, verdicts=seen)))


def test_arms_are_followed_from_their_baseline():
    study = parallel(np.random.default_rng(2), n=12, effect=-1.0)
    seen = verdicts(study, "C16")
    one = next(b for b in seen.behind if b.denoise == "plain")
    assert set(one.groups) == {"ketamine", "placebo"}
    assert list(one.moments) == ["baseline", "acute"]
    infused = study.table[study.table["session_id"] == "ses-infusion"]
    given = infused.set_index("participant_id")["within_default_mode__plain"]
    assert dict(zip(one.people, one.moments["acute"], strict=True)) == pytest.approx(dict(given))
