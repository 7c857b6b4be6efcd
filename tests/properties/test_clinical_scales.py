"""Whatever the scores are, ranges, rules and names hold."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from defaultmode.core.scales import all_scales, scale_of
from defaultmode.core.treatments import synonyms, treatment_named
from defaultmode.sources.dose_text import in_unit, seconds_after
from defaultmode.statistics.clinical_course import outcomes_of
from defaultmode.statistics.time_course import time_course

DEPRESSION = [s for s in all_scales().values() if not np.isnan(s.response)]
score = st.one_of(st.integers(0, 27).map(float), st.just(float("nan")))


@st.composite
def visits(draw: st.DrawFn) -> pd.DataFrame:
    people = draw(st.integers(1, 6))
    rows = []
    for person in range(people):
        group = draw(st.sampled_from(["patients", "controls", ""]))
        for session, phase, days in (
            ("b", "baseline", np.nan),
            ("d1", "after", 1.0),
            ("d9", "after", 9.0),
        ):
            rows.append((f"p{person}", group, session, "", phase, days, 0, draw(score)))
    names = [
        "participant_id",
        "group",
        "session_id",
        "treatment",
        "phase",
        "days",
        "period",
        "score",
    ]
    return pd.DataFrame(rows, columns=names)


@settings(max_examples=30, deadline=None)
@given(visits(), st.sampled_from(DEPRESSION))
def test_rules_and_counts_hold(table: pd.DataFrame, scale) -> None:
    found = outcomes_of(table, scale)
    known = found.dropna(subset="response")
    assert ((known["response"] == 1) == (known["score"] <= known["baseline"] / 2)).all()
    assert (known["group"] != "controls").all()
    sure = found.dropna(subset="remission")
    assert ((sure["remission"] == 1) == (sure["score"] <= scale.remission)).all()
    course = time_course(found).table
    people = table.loc[(table["phase"] == "baseline") & table["score"].notna(), "participant_id"]
    for _, rows in course.groupby("session_id"):
        assert rows["n"].sum() + rows["n_missing"].sum() == people.nunique()
    for name in ("response", "remission"):
        low, high = course[f"share_{name}_ci_low"], course[f"share_{name}_ci_high"]
        share = course[f"share_{name}"]
        stated = share.notna()
        assert ((low <= share + 1e-12) & (share <= high + 1e-12))[stated].all()


@given(st.text(max_size=40))
def test_any_text_is_a_scale_a_treatment_or_neither(text: str) -> None:
    found = scale_of(text, {"LongName": text, "Units": text})
    assert found is None or found.name in all_scales()
    assert treatment_named(text) in {"", *synonyms()}


@given(
    st.sampled_from(["ng", "ug", "mcg", "mg", "g"]),
    st.sampled_from(["", "/kg"]),
    st.sampled_from(["", "/h", "/min"]),
    st.floats(0, 1e3),
)
def test_a_dose_is_the_same_in_any_unit(mass: str, kg: str, time: str, amount: float) -> None:
    in_mg = {"ng": 1e-6, "ug": 1e-3, "mcg": 1e-3, "mg": 1.0, "g": 1e3}[mass]
    found, unit = in_unit(amount, mass + kg + time, "here")
    assert unit == "mg" + kg + ("/h" if time else "")
    np.testing.assert_allclose(found, amount * in_mg * (60 if time == "/min" else 1), rtol=1e-12)


@given(st.integers(0, 86_399), st.integers(0, 86_399))
def test_a_time_of_day_is_within_half_a_day_of_the_scan(given_s: int, scan_s: int) -> None:
    clock = [f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in (given_s, scan_s)]
    after = seconds_after(*clock, "here")
    assert -43_200 <= after < 43_200
    assert (after - (given_s - scan_s)) % 86_400 == 0
