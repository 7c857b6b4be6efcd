"""Pharmaco-BOLD: a planted response to the concentration is found, drift is not taken for one."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import lfilter

from defaultmode.core.missing import Missing
from defaultmode.core.recording import Processing
from defaultmode.core.reference import Reference
from defaultmode.measures import find
from toy_recordings import atlas_of, infusion, lively, recording_of

LEVEL, BY_REGION = find("pharmaco_bold_default_mode"), find("pharmaco_bold_by_region")
ROUNDING = 1e-10


def following(run, percent):
    """The run with a response of so many percent at the peak, different in every region."""
    course = run.exposure.plasma / run.exposure.plasma.max()
    return replace(run, unfiltered=run.unfiltered + np.outer(course, percent))


def test_a_planted_response_is_added_to_the_percent_in_every_region():
    run = lively()
    planted = np.linspace(-1.0, 2.0, len(run.atlas))
    found = BY_REGION(following(run, planted)) - BY_REGION(run)
    np.testing.assert_allclose(found, planted, atol=ROUNDING)
    mean = LEVEL(following(run, planted), Reference()).value - LEVEL(run, Reference()).value
    assert mean == pytest.approx(planted[run.columns("default")].mean(), abs=ROUNDING)


def test_a_line_and_the_confounds_are_not_the_drug():
    run = lively()
    confound = np.random.default_rng(0).standard_normal((run.n_time, 2))
    run = replace(run, removed=np.column_stack([run.removed, confound]))
    line = np.linspace(-3, 5, run.n_time)[:, None] + confound @ [[2.0], [-1.0]]
    moved = replace(run, unfiltered=run.unfiltered + line)
    np.testing.assert_allclose(BY_REGION(moved), BY_REGION(run), atol=1e-9)


def test_a_concentration_that_is_a_line_cannot_be_told_from_drift():
    run = lively()
    rising = replace(run.exposure, plasma=np.linspace(0, 100, run.n_time))
    found = BY_REGION(replace(run, exposure=rising))
    assert isinstance(found, Missing)
    assert found.code == "E303"


@pytest.mark.parametrize("plasma", [0.0, np.nan])
def test_a_concentration_that_stands_still_or_is_not_known_is_missing(plasma):
    run = lively()
    found = BY_REGION(
        replace(run, exposure=replace(run.exposure, plasma=np.full(run.n_time, plasma)))
    )
    assert isinstance(found, Missing)
    assert found.code == "E306"


def test_a_high_pass_before_takes_it_away():
    found = LEVEL(
        replace(lively(), processing=Processing(supplied_low_cutoff_hz=0.008)), Reference()
    )
    assert isinstance(found, Missing)
    assert "high-passed" in found.reason


@pytest.mark.parametrize("slow_s", [20, 400])
def test_drift_is_seldom_taken_for_a_response(slow_s):
    """200 runs that only drift: at 5 % at most 19 have p ≤ 0.05, three standard errors above 10."""
    atlas, rng = atlas_of(), np.random.default_rng(7)
    significant = 0
    for k in range(200):
        noise = rng.standard_normal(1200)
        shared = lfilter([1.0], [1.0, -np.exp(-2 / slow_s)], noise)[-200:]
        signal = shared[:, None] + 0.3 * rng.standard_normal((200, len(atlas)))
        run = recording_of(signal, atlas, exposure=infusion(200))
        significant += LEVEL(run, Reference(seed=k)).p <= 0.05
    assert significant <= 19


def test_a_response_larger_than_the_drift_is_found():
    atlas, rng = atlas_of(), np.random.default_rng(8)
    run = recording_of(rng.standard_normal((200, len(atlas))), atlas, exposure=infusion(200))
    course = run.exposure.plasma / run.exposure.plasma.max()
    found = LEVEL(replace(run, signal=run.signal + course[:, None]), Reference())
    # ten regions, 200 frames: standard error 1/sqrt(10 · 200 · variance of the course), about 0.08
    assert found.value == pytest.approx(1.0, abs=0.25)
    assert found.p == pytest.approx(2 / 40)
