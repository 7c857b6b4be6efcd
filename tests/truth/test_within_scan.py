"""Windows and ratings under a drug: a planted coupling is found, a shared drive is not one."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter

from defaultmode.statistics.within_scan import LEAST_WINDOWS, courses_of, lagged, within_scan

N_WINDOWS = 50
NULL = 100  # studies; at 5 % fewer than 12 of them, three standard errors above 5


def drifting(rng, decay):
    """Noise of variance 1 that decays by this factor from window to window, (N_WINDOWS,)."""
    noise = rng.standard_normal(N_WINDOWS + 200)
    return lfilter([1.0], [1.0, -decay], noise)[-N_WINDOWS:] * np.sqrt(1 - decay**2)


def study_of(seed, *, people=12, decay=0.9, coupling=0.0, drive=1.0, delay=0):
    """People whose quantity falls and whose rating rises with the drug, each as steeply as they do.

    coupling : of the quantity with the rating `delay` windows later, beyond the drug
    """
    rng = np.random.default_rng(seed)
    time_s = np.arange(N_WINDOWS) * 20.0 - 200.0
    rows = []
    for person in range(people):
        rate = np.exp(0.3 * rng.standard_normal()) / 600
        level = 100 * -np.expm1(-np.maximum(time_s, 0) * rate)
        falls, rises = drive * rng.gamma(4, 0.5, 2)
        half = 60 * np.exp(0.4 * rng.standard_normal())
        rating = drifting(rng, decay)
        quantity = drifting(rng, decay) + coupling * np.roll(rating, -delay)
        rows.append(
            pd.DataFrame(
                {
                    "participant_id": f"sub-{person:02d}",
                    "session_id": "n/a",
                    "task_id": "rest",
                    "run_id": "n/a",
                    "time_since_dose_s": time_s,
                    "concentration": level,
                    "dmn": quantity - falls * level / (level + half),
                    "vas": rating + 2 * rises * level**2 / (level**2 + half**2),
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


def answer_of(windows, seed=0, draws=199):
    return within_scan(windows, "dmn", "vas", rng=np.random.default_rng([seed, 1]), draws=draws)


def test_a_planted_coupling_is_found_beyond_the_drug():
    assert answer_of(study_of(1, people=30, decay=0.5, coupling=-0.5)).ci_high < 0
    found = answer_of(study_of(1, people=30, decay=0.5, coupling=-0.5, drive=0.0))
    expected = -0.5 / np.sqrt(1 + 0.5**2)
    assert found.ci_low < expected < found.ci_high
    assert found.ci_high < 0
    assert found.p_permuted == pytest.approx(1 / 200)
    assert (found.n, found.statistic) == (30, "Pearson r")
    assert found.raw < 0


def test_without_the_drug_the_mixed_model_gives_the_slope():
    found = answer_of(study_of(2, people=30, decay=0.3, coupling=0.8, drive=0.0))
    # 1,500 windows of residual standard deviation 1 and a rating of 1: error .026, a bit more here
    assert found.raw == pytest.approx(0.8, abs=0.1)


def test_concentration_alone_makes_them_correlate_strongly_and_is_taken_off():
    windows = study_of(3, people=20, drive=4.0)
    own = windows.groupby("participant_id")[["dmn", "vas"]].transform(lambda v: v - v.mean())
    assert own.corr().iloc[0, 1] < -0.5
    assert abs(answer_of(windows).value) < 0.3


@pytest.mark.parametrize(("decay", "drive"), [(0.0, 0.0), (0.9, 0.0), (0.9, 1.0)])
def test_drifting_windows_are_not_taken_for_coupled(decay, drive):
    studies = (study_of(s, people=8, decay=decay, drive=drive) for s in range(NULL))
    found = [answer_of(study, seed=s) for s, study in enumerate(studies)]
    assert sum(e.p <= 0.05 for e in found) < 12
    assert sum(e.p_permuted <= 0.05 for e in found) < 12
    assert sum(not e.ci_low <= 0 <= e.ci_high for e in found) < 12


def test_a_rating_that_follows_is_seen_at_its_lag():
    windows = study_of(5, people=30, decay=0.3, coupling=0.8, delay=3, drive=0.0)
    course = lagged(courses_of(windows, "dmn", "vas"), step_s=20.0)
    assert course.strongest_s == 60.0
    assert course.r.max() > 0.4


def test_order_of_rows_does_not_matter():
    windows = study_of(6)
    shuffled = windows.sample(frac=1, random_state=0)
    one, other = answer_of(windows), answer_of(shuffled)
    assert other.raw == pytest.approx(one.raw, rel=1e-9)  # summed in another order
    assert replace(other, raw=one.raw) == one


def test_few_ratings_few_people_or_no_concentration_answer_nothing():
    windows = study_of(7)
    two = windows[windows["participant_id"] < "sub-02"]
    sparse = windows.assign(vas=windows["vas"].where(windows.index % N_WINDOWS < LEAST_WINDOWS - 1))
    unknown = windows.assign(concentration=np.nan)
    still = windows.assign(concentration=0.0)
    for wrong in (two, sparse, unknown, still, windows.drop(columns="vas"), windows.head(0)):
        found = answer_of(wrong)
        assert found.code == "E446"
        assert np.isnan(found.value)
        assert found.reason
