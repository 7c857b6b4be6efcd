"""`predict` on made studies: what is predicted, from what, and what is refused."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.settings import Settings
from defaultmode.core.study import KEYS, Column, Study
from defaultmode.outputs import misplaced
from defaultmode.pipeline import predicting
from defaultmode.pipeline.predict_settings import PredictSettings
from defaultmode.pipeline.predicted_outcome import baseline_session, outcome_of
from defaultmode.pipeline.predicting import predict
from defaultmode.pipeline.prediction_cohort import ready_cohort
from defaultmode.pipeline.predictors import CLINICAL, MEASURES, MOTION, SITE, predictors_of
from defaultmode.prediction import learning
from defaultmode.statistics.occasions import occasions_of

N, SESSIONS = 40, ("ses-baseline", "ses-day1")
QUICK = {"permutations": 4, "repeats": 1}


def measured(name: str, preset: str = "as-supplied", role: str = "measure") -> Column:
    return Column(f"{name}__{preset}", role, "number", measure=name, denoise=preset)


def columns(*, sites: bool) -> list[Column]:
    return [
        *(Column(k, "key", "text") for k in KEYS),
        Column("age", "clinical", "number", level="participant"),
        Column("sex", "clinical", "text", level="participant"),
        Column("group", "clinical", "text", level="participant"),
        Column("shoe_size", "clinical", "number", level="participant"),
        Column("madrs_change", "clinical", "number", level="participant"),
        Column("responder", "clinical", "text", level="participant"),
        Column("madrs_total", "clinical", "number", level="session", scale="MADRS"),
        *([Column("site", "clinical", "text", level="participant")] if sites else []),
        measured("within_default_mode"),
        measured("segregation"),
        measured("segregation", "gsr"),
        measured("framewise_displacement_mean", role="quality"),
    ]


def study(*, effect: float = 0.0, sites: bool = False, seed: int = 0) -> Study:
    """People with depression, scanned and rated twice; every fourth lacks the second rating."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(N):
        person = {
            "participant_id": f"sub-{i:02d}", "task_id": "rest", "acquisition_id": "n/a",
            "direction_id": "n/a", "run_id": "n/a", "atlas": "aal90", "age": rng.normal(40, 10),
            "sex": "FM"[i // 2 % 2], "group": "MDD", "shoe_size": rng.normal(40, 3),
            "madrs_change": rng.normal(), "responder": ("no", "yes")[i % 2],
            "site": f"site{i // 2 % 2}",
        }  # fmt: skip
        for session in SESSIONS:
            later = session == "ses-day1"
            madrs = (12.0 if i % 2 else 28.0) if later else 30.0 + rng.integers(0, 4)
            rows.append(
                person
                | {
                    "session_id": session,
                    "madrs_total": np.nan if later and i % 8 > 5 else madrs,
                    "within_default_mode__as-supplied": rng.normal() + effect * (i % 2),
                    "segregation__as-supplied": rng.normal(),
                    "segregation__gsr": rng.normal(),
                    "framewise_displacement_mean__as-supplied": rng.gamma(2, 0.1),
                }
            )
    listed = columns(sites=sites)
    return Study(pd.DataFrame(rows)[[c.name for c in listed]], {c.name: c for c in listed})


def found(whole: Study, **more):
    asked = PredictSettings(**({"outcome": "responder"} | more))
    occasions = occasions_of(whole)
    baseline = baseline_session(occasions, asked.baseline)
    outcome = outcome_of(whole, occasions, asked, baseline)
    predictors = predictors_of(whole, occasions, outcome, asked, baseline)
    return outcome, predictors, ready_cohort(occasions, outcome, predictors, asked)


def code(whole: Study, **more) -> str:
    with pytest.raises(DefaultModeError) as caught:
        found(whole, **more)
    return caught.value.code


def edited(whole: Study, name: str, **changes) -> Study:
    described = dict(whole.columns) | {name: dataclasses.replace(whole.columns[name], **changes)}
    return Study(whole.table, described, whole.missing)


def test_features_are_of_the_baseline_and_what_is_not_known_then_is_left_out():
    _, predictors, ready = found(study(sites=True))
    assert predictors.names(MEASURES) == [
        "within_default_mode__as-supplied",
        "segregation__as-supplied",
    ]
    assert predictors.names(CLINICAL) == ["age", "sex: M", "madrs_total"]
    assert predictors.names(MOTION) == ["framewise_displacement_mean__as-supplied"]
    assert predictors.names(SITE) == ["site: site1"]
    assert set(predictors.left_out) == {"responder", "madrs_change", "shoe_size", "group"}
    assert "outcome" in predictors.left_out["responder"]
    assert "after the baseline" in predictors.left_out["madrs_change"]
    assert "nothing says" in predictors.left_out["shoe_size"]
    assert "same in everybody" in predictors.left_out["group"]
    assert len(predictors.rows) == N
    assert [m.name for m in ready.models] == [
        "measures", "measures and clinical", "clinical", "motion", "site and arm", "prevalence",
    ]  # fmt: skip


def test_the_scale_by_its_name_and_rule_gives_response_and_remission():
    response, _, ready = found(study(), outcome="MADRS", rule="response")
    known = np.isfinite(response.values)
    assert_array_equal(response.values[known], (np.arange(N) % 2)[known])
    assert response.session == "ses-day1"
    assert "at least 50 %" in response.sentence
    assert ready.n_without_outcome == (~known).sum() == 10
    assert code(study(), outcome="MADRS", rule="remission") == "E428"  # nobody is at 10 or below
    assert code(study(), outcome="age", rule="response") == "E428"


def test_a_continuous_outcome_keeps_its_own_baseline_as_a_predictor():
    outcome, predictors, ready = found(study(), outcome="madrs_total")
    assert outcome.kind == "continuous"
    assert "madrs_total" in predictors.names(CLINICAL)
    assert ready.models[-1].name == "mean"


def test_the_class_that_is_predicted_can_be_chosen():
    outcome, *_ = found(study(), positive="no")
    assert outcome.level == "no"
    assert_array_equal(outcome.values, 1 - np.arange(N) % 2)
    assert found(study())[0].level == "yes"
    assert code(study(), positive="maybe") == "E410"


def test_controls_are_not_asked_what_became_of_them():
    whole = study()
    whole.table.loc[whole.table["participant_id"] < "sub-08", "group"] = "control"
    _, _, ready = found(whole, outcome="madrs_total")
    assert ready.n_controls == 8
    assert found(whole)[2].n_controls == 0  # one value each: no session to recover by


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"outcome": "participant_id"}, "E428"),
        ({"outcome": "segregation__gsr"}, "E428"),
        ({"outcome": "group"}, "E428"),
        ({"outcome": "nowhere"}, "E410"),
        ({"outcome": "madrs_total", "session": "day9"}, "E428"),
        ({"outcome": "responder", "baseline": "day9"}, "E410"),
        ({"features": ("madrs_change",)}, "E430"),
        ({"features": ("responder",)}, "E430"),
        ({"features": ("group",)}, "E430"),
        ({"features": ("nowhere",)}, "E410"),
        ({"regress": ("shoe_size",)}, "E430"),
        ({"denoise": "nothing"}, "E410"),
        ({"atlas": "nothing"}, "E410"),
        ({"estimator": "forest"}, "E410"),
        ({"rule": "luck"}, "E411"),
        ({"repeats": 0}, "E411"),
        ({"base_rates": (1.2,)}, "E411"),
    ],
)
def test_what_cannot_be_is_refused(more, expected):
    assert code(study(), **more) == expected


def test_an_outcome_of_three_classes_or_several_sessions_is_refused():
    whole = study()
    whole.table.loc[:3, "responder"] = "partly"
    assert code(whole) == "E428"
    later = study()
    more = later.table[later.table["session_id"] == "ses-day1"].assign(session_id="ses-day7")
    several = Study(pd.concat([later.table, more], ignore_index=True), later.columns)
    assert code(several, outcome="madrs_total") == "E428"
    assert found(several, outcome="madrs_total", session="day7")[0].session == "ses-day7"


def test_the_outcome_under_another_name_is_refused():
    whole = study()
    whole.table["age"] = (whole.table["responder"] == "yes").astype(float)
    assert code(whole) == "E431"
    assert found(whole, without=("age",))


def test_too_few_of_a_class_are_refused():
    whole = study()
    whole.table["responder"] = np.where(whole.table["participant_id"] < "sub-06", "yes", "no")
    assert code(whole) == "E429"


def test_a_feature_whose_time_is_not_known_is_taken_when_it_is_asked_for():
    _, predictors, _ = found(study(), features=("shoe_size", "segregation"), denoise="gsr")
    assert predictors.names(CLINICAL) == ["shoe_size"]
    assert predictors.names(MEASURES) == ["segregation__gsr"]


@pytest.fixture
def ran(tmp_path, monkeypatch):
    monkeypatch.setattr(learning, "DRAWS", 2)

    def run(whole: Study, **more):
        monkeypatch.setattr(predicting, "gather_study", lambda _: (whole, ()))
        out = tmp_path / f"out{len(list(tmp_path.iterdir()))}"
        settings = Settings(out=str(out), nprocs=more.pop("nprocs", 1))
        asked = PredictSettings(**({"outcome": "responder"} | QUICK | more))
        return predict(settings, asked, quiet=True), out

    return run


def test_the_files_belong_there_and_name_nobody(ran):
    report, out = ran(study(effect=2.0, sites=True))
    assert [p for p in misplaced(out) if "predict" in p[0] or ".tsv" in p[0]] == []
    written = {p.name: p.read_text() for p in out.iterdir() if p.suffix in {".tsv", ".json"}}
    assert {
        "prediction.tsv", "prediction.json", "calibration.tsv", "decision_curve.tsv",
        "learning_curve.tsv", "tripod_ai.tsv",
    } <= set(written)  # fmt: skip
    assert not any("sub-" in text for text in written.values())
    assert pd.read_csv(out / "calibration.tsv", sep="\t")["n"].min() >= 10
    assert "no prediction and no advice" in " ".join(
        json.loads(written["prediction.json"])["Notes"]
    )
    table = report.result.table
    lead = table[(table["model"] == "measures") & (table["metric"] == "AUC")].iloc[0]
    assert lead["value"] > 0.75
    assert lead["p_permuted"] == 1 / 5
    gained = table[table["metric"] == "difference in AUC"]
    assert list(zip(gained["model"], gained["baseline"], strict=True)) == [
        *(("measures", b) for b in ("clinical", "motion", "site and arm", "prevalence")),
        ("measures and clinical", "clinical"),
    ]


def test_a_baseline_that_was_not_recorded_is_a_row_with_its_reason(ran):
    whole = study()
    kept = {n: c for n, c in whole.columns.items() if not n.startswith("framewise")}
    report, _ = ran(Study(whole.table[list(kept)], kept))
    table = report.result.table
    row = table[(table["model"] == "motion")].iloc[0]
    assert row["reason"] == "head motion was not recorded"
    assert np.isnan(row["value"])
    assert any("motion alone" in note for note in report.result.notes)


def test_a_continuous_outcome_is_reported(ran):
    report, out = ran(study(), outcome="madrs_total")
    assert "out-of-sample R²" in report.result.sentence
    assert pd.read_csv(out / "calibration.tsv", sep="\t").empty


def test_every_choice_runs(ran):
    report, _ = ran(
        study(sites=True), harmonise="none", select=1, regress=("age", "framewise_displacement_mean"),
        permutations=0, base_rates=(0.5,),
    )  # fmt: skip
    assert "base rate of 50 %" in " ".join(report.result.table["metric"])
    assert report.result.table["p_permuted"].isna().all()


def test_the_same_numbers_on_any_number_of_workers(ran, monkeypatch):
    monkeypatch.setattr(predicting, "FEWEST_FOR_PROCESSES", 2)
    one, out_one = ran(study(), permutations=6, nprocs=1)
    two, out_two = ran(study(), permutations=6, nprocs=2)
    pd.testing.assert_frame_equal(one.result.table, two.result.table)
    for name in ("prediction.tsv", "calibration.tsv", "learning_curve.tsv"):
        assert (out_one / name).read_bytes() == (out_two / name).read_bytes()
    other, _ = ran(study(), permutations=4, seed=1)
    assert not other.result.table["value"].equals(one.result.table["value"])


def test_a_score_of_the_baseline_session_does_not_predict_itself():
    whole = study()
    whole.table.loc[whole.table["session_id"] == "ses-day1", "madrs_total"] = np.nan
    outcome, predictors, _ = found(whole, outcome="madrs_total")
    assert outcome.session == outcome.baseline == "ses-baseline"
    assert "madrs_total" not in predictors.names(CLINICAL)
    assert code(whole, outcome="madrs_total", features=("madrs_total",)) == "E430"
