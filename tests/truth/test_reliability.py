"""Reliability of a study: which rows are repeats, and that a planted one is found."""

import numpy as np
import pandas as pd
import pytest

from defaultmode.report.references import all_references
from defaultmode.statistics.intraclass import intraclass
from defaultmode.statistics.occasions import occasions_of
from defaultmode.statistics.reliability import RELIABILITY_COLUMNS, RUNS, SESSIONS, reliability
from made_studies import factor, made, outcome

WITHIN = outcome("within").name


def rows_of(rows, *columns):
    study = made(pd.DataFrame(rows), *columns, outcome("within"))
    return reliability(study, occasions_of(study))


def person(i, session, run, value, **other):
    keys = {"participant_id": f"sub-{i:03d}", "session_id": f"ses-{session}", "run_id": str(run)}
    return {**keys, "atlas": "aal90", **other, WITHIN: value}


def visits(sessions, *, n=30, runs=2, shift=0.0, seed=0, **other):
    """People whose runs share half of their variance; the last session is shifted."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        own = rng.normal()
        for session in sessions:
            moved = own + shift * (session == sessions[-1])
            rows += [person(i, session, r, moved + rng.normal(), **other) for r in range(runs)]
    return rows


@pytest.mark.parametrize("icc", [0.0, 0.3, 0.8])
def test_a_planted_reliability_lies_in_the_interval_as_often_as_it_says(icc):
    """Thousand outcomes at once: coverage within four Monte Carlo standard errors of 95 %."""
    rng = np.random.default_rng(5)
    n, repeats, k = 25, 3, 1000
    own = np.sqrt(icc) * rng.normal(size=(n, 1, k))
    values = own + np.sqrt(1 - icc) * rng.normal(size=(n, repeats, k))
    found = intraclass(values)
    for form in (found.one_way, found.consistency, found.agreement):
        covered = np.mean((form.ci_low <= icc) & (icc <= form.ci_high))
        assert abs(covered - 0.95) < 4 * np.sqrt(0.95 * 0.05 / k)
        assert np.median(form.value) == pytest.approx(icc, abs=0.03)
    np.testing.assert_allclose(found.sd * np.sqrt(1 - found.one_way.value), found.sem, rtol=1e-12)
    np.testing.assert_allclose(found.mdc, 1.959964 * np.sqrt(2) * found.sem, rtol=1e-6)
    assert np.median(found.sem) == pytest.approx(np.sqrt(1 - icc), rel=0.03)


def test_a_shift_between_repeats_lowers_agreement_and_not_consistency():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(200, 1, 1)) + 0.5 * rng.normal(size=(200, 2, 1))
    plain, shifted = intraclass(values), intraclass(values + np.array([0.0, 2.0])[:, None])
    assert shifted.consistency.value == pytest.approx(plain.consistency.value, abs=1e-12)
    assert shifted.agreement.value[0] < plain.agreement.value[0] - 0.3
    assert shifted.one_way.value[0] < plain.one_way.value[0] - 0.3


def test_a_repeat_that_few_people_have_does_not_cost_the_others():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(20, 1, 1)) + rng.normal(size=(20, 3, 1))
    values[4:, 2] = np.nan
    found = intraclass(values)
    assert (found.n_complete[0], found.n_repeats[0]) == (20, 2)
    assert found.consistency.value == intraclass(values[:, :2]).consistency.value


def test_nothing_is_said_without_people_or_with_copies():
    values = np.full((4, 2, 3), np.nan)
    values[:2, :, 0] = 1.0
    values[:, :, 1] = np.arange(4)[:, None]
    values[:, :, 2] = [[1, 2], [3, 5], [2, 2], [7, 6]]
    found = intraclass(values)
    assert found.reason[0] == "people with repeats: 2; at least 3 are needed"
    assert found.reason[1] == "the repeats of each person are identical"
    assert found.reason[2] == ""
    for numbers in (found.one_way.value, found.sem, found.mdc, found.agreement.ci_low):
        assert np.isnan(numbers[:2]).all()
        assert np.isfinite(numbers[2])


def test_runs_are_never_pooled_across_a_treatment():
    """The drug shifts everybody by ten: sessions pooled would give a reliability near zero."""
    result = rows_of(visits(("baseline", "ketamine"), shift=10.0, runs=3))
    assert tuple(result.table.columns) == RELIABILITY_COLUMNS
    assert list(result.table["repeats"]) == [RUNS]
    row = result.table.iloc[0]
    assert (row["condition"], row["n"], row["n_values"]) == ("baseline", 30, 90)
    assert row["icc"] == pytest.approx(0.5, abs=0.2)
    assert row["sem"] == pytest.approx(1.0, abs=0.2)
    assert any("upper bound" in note for note in result.notes)
    assert set(result.cites) <= set(all_references())


def test_sessions_without_treatment_are_repeats_and_their_first_run_counts():
    rows = visits(("baseline1", "baseline2", "ketamine"), shift=10.0, runs=1)
    result = rows_of(rows)
    assert list(result.table["repeats"]) == [SESSIONS]
    assert (result.table["n"][0], result.table["n_repeats"][0]) == (30, 2)
    assert result.table["icc"][0] > 0.2


def test_baselines_of_a_crossover_are_no_repeats():
    """A treatment lies between them."""
    rows = [
        {**row, "drug": drug, "condition": condition}
        for drug in ("ketamine", "placebo")
        for condition, session in (("before", f"{drug}pre"), ("after", drug))
        for row in visits((session,), runs=1)
    ]
    columns = (factor("drug", level="session"), factor("condition", level="run"))
    assert not len(rows_of(rows, *columns).table)


def test_groups_and_atlases_have_rows_of_their_own():
    rows = visits(("baseline",), group="MDD") + [
        {**row, "participant_id": "hc" + row["participant_id"]}
        for row in visits(("baseline",), n=20, seed=1, group="HC")
    ]
    rows += [{**row, "atlas": "schaefer100"} for row in rows]
    table = rows_of(rows, factor("group")).table
    assert list(zip(table["atlas"], table["group"], table["n"], strict=True)) == [
        ("aal90", "controls", 20), ("aal90", "patients", 30),
        ("schaefer100", "controls", 20), ("schaefer100", "patients", 30),
    ]  # fmt: skip


def test_the_order_of_the_rows_does_not_matter():
    rows = visits(("baseline",), runs=3)
    shuffled = [rows[i] for i in np.random.default_rng(0).permutation(len(rows))]
    pd.testing.assert_frame_equal(rows_of(rows).table, rows_of(shuffled).table)


def test_one_run_each_is_said_in_words():
    result = rows_of(visits(("baseline",), runs=1))
    assert not len(result.table)
    assert "not known" in result.sentence
    assert result.cites == ()
