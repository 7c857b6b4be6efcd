"""`study` writes what was published beside what was found, and says both on its page."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from defaultmode.cli import main
from made_datasets import write


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty people whose depression falls with ketamine more than with placebo; a scale alone."""
    folder = tmp_path_factory.mktemp("claims")
    rng = np.random.default_rng(4)
    rows = ["participant_id\tsession_id\tMADRS"]
    for person in range(30):
        for session, change in (("baseline", 0), ("ketamine", -12), ("placebo", -2)):
            score = round(float(np.clip(32 + change + rng.normal(scale=4), 0, 60)))
            rows.append(f"sub-{person:02d}\tses-{session}\t{score}")
    table = write(folder / "madrs.tsv", "\n".join(rows) + "\n")
    plan = folder / "plan.toml"
    plan.write_text(
        'permutations = 99\nclaims = ["C25", "C9"]\n'
        '[visits.ses-baseline]\nphase = "baseline"\n'
        '[visits.ses-ketamine]\ntreatment = "ketamine"\nphase = "after"\ndays = 1\n'
        '[visits.ses-placebo]\ntreatment = "placebo"\nphase = "after"\ndays = 1\n'
    )
    words = ["study", str(folder / "out"), "--table", str(table), "--plan", str(plan), "--quiet"]
    assert main(words) == 0
    return folder / "out"


def read(out: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(out / name, sep="\t", na_values="n/a", keep_default_na=False)


def test_evidence_has_every_published_row_and_the_study_s_own(out: Path) -> None:
    from defaultmode.claims import find_claim

    table = read(out, "evidence.tsv")
    for claim in ("C9", "C25"):
        rows = table[(table["claim"] == claim) & (table["source"] == "published")]
        assert len(rows) == len(find_claim(claim).evidence)
    own = table[table["source"] == "your study"]
    assert set(own["claim"]) == {"C25"}
    specifications = read(out, "specifications.tsv")
    expected = specifications.query("claim == 'C25' and decides and estimate == estimate")
    np.testing.assert_allclose(own["value"], expected["estimate"])


def test_every_pooled_mean_rests_on_one_estimate_per_cohort(out: Path) -> None:
    table = read(out, "evidence.tsv")
    for _, rows in table[table["pooled"] == "true"].groupby(["claim", "test"]):
        published = rows[rows["source"] == "published"]
        assert published["cohort"].is_unique
        assert (published["verified"] == "true").all()


def test_the_page_tells_the_tested_claim_and_groups_the_others(out: Path) -> None:
    html = (out / "report.html").read_text("utf-8")
    [row] = read(out, "claims.tsv").query("claim == 'C25'").to_dict("records")
    told = html[html.index('id="claim-C25"') : html.index('id="measured"')]
    assert f"{abs(row['estimate']):.2f}" in told
    assert row["verdict"] in told
    assert 'id="claim-C25-curve"' in told or 'id="claim-C25-forest"' in told
    untestable = html[html.index('id="untestable"') : html.index('id="claim-C25"')]
    assert "C9 Hyperconnectivity" in untestable
    assert "Nothing was measured: only claims about clinical scales can be tested." in html
