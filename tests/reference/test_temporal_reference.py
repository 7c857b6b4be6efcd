"""Measures of time courses against other people's code, or the definition written out in loops."""

import numpy as np
import pytest
from statsmodels.tsa.stattools import acf as statsmodels_acf

from defaultmode.core.reference import Reference
from defaultmode.measures import find
from defaultmode.measures._autocorrelation import autocorrelation
from defaultmode.measures._unfiltered import unfiltered
from defaultmode.measures.complexity import lempel_ziv_phrases
from defaultmode.measures.sample_entropy import sample_entropy
from defaultmode.sources.embedded import embedded_recordings
from toy_recordings import gappy, lively

RECORDINGS = {"made": lively, "made with gaps": gappy, "real": lambda: embedded_recordings()[0]}


@pytest.fixture(scope="module", params=RECORDINGS)
def recording(request):
    return RECORDINGS[request.param]()


def columns(recording):
    """Regions that have a signal."""
    return np.flatnonzero(~np.isnan(unfiltered(recording)[0]))


def with_holes(recording):
    """Signal before our filter, without mean and line, NaN in censored frames, (n_time, k)."""
    usable = recording.usable[:, None]
    return np.where(usable, unfiltered(recording)[:, columns(recording)], np.nan)


def test_autocorrelation_is_that_of_statsmodels(recording):
    """Which leaves out pairs with a missing value and divides by the number of the others."""
    signal = with_holes(recording)
    found = autocorrelation(np.nan_to_num(signal), recording.usable)
    for i, course in enumerate(signal.T):
        expected = statsmodels_acf(
            course, adjusted=True, missing="conservative", nlags=len(found) - 1, fft=False
        )
        np.testing.assert_allclose(found[:, i], expected, atol=1e-9)


def edges_in_windows(recording):
    """Correlations of NumPy in each window of 60 s, over its upper triangle, and its first frame."""
    width, step = round(60 / recording.tr_s), 30 / recording.tr_s
    rows, starts = [], []
    for i in range(10_000):
        start = int(i * step)
        if start + width > recording.n_time:
            break
        usable = recording.usable[start : start + width]
        if usable.mean() < 2 / 3:
            continue
        inside = recording.signal[start : start + width][usable][:, columns(recording)]
        starts.append(start)
        rows.append(np.corrcoef(inside.T))
    return np.array(rows), np.array(starts), width


def test_window_connectivity_is_that_of_numpy_window_by_window(recording):
    r, starts, width = edges_in_windows(recording)
    upper = np.triu_indices(r.shape[1], k=1)
    similarity = np.corrcoef(r[:, upper[0], upper[1]])
    n = len(starts)
    apart = [similarity[i, j] for i in range(n) for j in range(i) if starts[i] - starts[j] >= width]
    roles = [recording.atlas.regions[i].role for i in columns(recording)]
    ours, theirs = (
        np.flatnonzero(np.array(roles) == role) for role in ("default", "task-positive")
    )
    within = [np.mean([np.arctanh(w[i, j]) for i in ours for j in ours if i < j]) for w in r]
    across = [np.mean([np.arctanh(w[i, j]) for i in ours for j in theirs]) for w in r]
    expected = {
        "window_connectivity_sd_default": np.std(within, ddof=1),
        "window_connectivity_sd_default_task_positive": np.std(across, ddof=1),
        "functional_connectivity_dynamics_mean": np.mean(apart),
        "functional_connectivity_dynamics_sd": np.std(apart, ddof=1),
    }
    for name, value in expected.items():
        found = find(name)(recording, Reference(surrogates=1))
        assert found.value == pytest.approx(value, rel=1e-9)


def textbook_sample_entropy(course, usable, m=2, r=0.2):
    """Richman 2000: for each pair of stretches of m frames alike, whether they are so in m + 1."""
    tolerance = r * course[usable].std()
    starts = [i for i in range(len(course) - m) if usable[i : i + m + 1].all()]
    short = long = 0
    for i in starts:
        for j in starts:
            if i < j and max(abs(course[i + k] - course[j + k]) for k in range(m)) <= tolerance:
                short += 1
                long += abs(course[i + m] - course[j + m]) <= tolerance
    return -np.log(long / short)


def test_sample_entropy_is_that_of_the_textbook(recording):
    chosen = unfiltered(recording)[:200, columns(recording)[:2]]
    usable = recording.usable[:200]
    chosen = np.where(usable[:, None], chosen - chosen[usable].mean(axis=0), 0.0)
    expected = [textbook_sample_entropy(course, usable) for course in chosen.T]
    np.testing.assert_allclose(sample_entropy(chosen, usable), expected, rtol=1e-12)


def textbook_phrases(symbols):
    """Kaspar and Schuster 1987: the longest copy from each earlier place, then one symbol more."""
    n, start, phrases = len(symbols), 0, 0
    while start < n:
        longest = 0
        for place in range(start):
            length = 0
            while start + length < n and symbols[place + length] == symbols[start + length]:
                length += 1
            longest = max(longest, length)
        phrases += 1
        start += longest + 1
    return phrases


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_lempel_ziv_is_that_of_the_textbook(share):
    for seed in range(20):
        drawn = np.random.default_rng(seed).random(80 + seed) < share
        symbols = drawn.astype(np.uint8).tobytes()
        assert lempel_ziv_phrases(symbols) == textbook_phrases(symbols)


def test_lempel_ziv_of_a_recording_is_that_of_the_textbook(recording):
    default = recording.columns("default")
    kept = unfiltered(recording)[recording.usable][:, default]
    above = kept > np.median(kept, axis=0)
    n = len(kept)
    expected = np.mean([textbook_phrases(course.tobytes()) for course in above.T]) * np.log2(n) / n
    assert find("lempel_ziv_default")(recording) == pytest.approx(expected, rel=1e-12)
