"""The figures of a claim draw the numbers they are given, and say what they cut."""

import numpy as np
import pytest
from matplotlib.patches import Polygon

from defaultmode.core.missing import Missing
from defaultmode.figures import (
    Choice,
    Curve,
    Finding,
    Target,
    evidence_forest,
    specification_curve,
    svg_of,
)
from defaultmode.figures.style import VERDICT_COLOURS

NONE = Missing("no number was published")
FINDINGS = (
    Finding("Published", "One 2020", "g −0.25", -0.25, (-0.42, -0.07), stance="against"),
    Finding("Published", "for, no number", "Two 2021, Three 2022", NONE, NONE, stance="for"),
    Finding("Your study", "plain", "g 0.10", 0.1, (-0.3, 0.5)),
    Finding("Pooled", "with plain", "g −0.10", -0.1, (-9.0, 8.8), prediction=(-9.5, 9.3)),
)
TARGET = Target("Hedges g", 0.2, "increase")


def choice(value: float, verdict: str, preset: str, *, instead: bool = False) -> Choice:
    made = {"preset": preset, "adjusted for": "none"}
    return Choice(value, (value - 0.5, value + 0.5), verdict, made, instead=instead)


CHOICES = (
    choice(0.9, "supported", "plain"),
    choice(-0.1, "inconclusive", "plain+GSR"),
    choice(0.3, "inconclusive", "plain", instead=True),
)
CURVES = (
    Curve("core", "Hedges g", CHOICES, 0.2, "increase"),
    Curve("whole", "Hedges g", CHOICES[:2], 0.3, "decrease"),
)


@pytest.fixture
def forest():
    return evidence_forest(FINDINGS, TARGET, title="C9").axes[0]


def test_both_are_the_same_bytes_each_time():
    for draw in (
        lambda: evidence_forest(FINDINGS, TARGET),
        lambda: specification_curve(CURVES),
    ):
        assert svg_of(draw()) == svg_of(draw())


def test_effects_and_intervals_stand_where_they_were_given(forest):
    spans = [tuple(np.asarray(line.get_xdata()).tolist()) for line in forest.lines]
    for given in ((-0.42, -0.07), (-0.25,), (-0.3, 0.5), (0.1,)):
        assert given in spans


def test_findings_without_a_number_are_words_in_the_margin(forest):
    texts = {t.get_text() for t in forest.texts}
    assert {"Two 2021, Three 2022", "g −0.25", "claimed"} <= texts
    hollow = [line for line in forest.lines if line.get_markerfacecolor() == "white"]
    assert len(hollow) == 1
    assert hollow[0].get_transform() == forest.get_yaxis_transform()


def test_an_interval_beyond_the_axis_ends_in_arrow_heads(forest):
    low, high = forest.get_xlim()
    assert -9 < low < -0.42
    assert 0.5 < high < 8.8
    heads = [line for line in forest.lines if line.get_marker() in "<>"]
    assert len(heads) == 4  # of the mean's interval and of the prediction, on both sides
    [diamond] = [p for p in forest.patches if type(p) is Polygon]
    corners = diamond.get_xy()
    assert sorted(set(corners[:, 0])) == [-9.0, -0.1, 8.8]


def test_the_band_is_the_smallest_effect_and_the_arrow_goes_the_claimed_way(forest):
    [band] = [p for p in forest.patches if type(p) is not Polygon]
    assert (band.get_x(), band.get_width()) == pytest.approx((-0.2, 0.4))
    [arrow] = [t for t in forest.texts if getattr(t, "arrow_patch", None) is not None]
    assert arrow.xy[0] > arrow.xyann[0]
    back = evidence_forest(FINDINGS, Target("Hedges g", 0.2, "decrease")).axes[0]
    [arrow] = [t for t in back.texts if getattr(t, "arrow_patch", None) is not None]
    assert arrow.xy[0] < arrow.xyann[0]


def test_a_claim_of_change_points_both_ways():
    axes = evidence_forest(FINDINGS, Target("Hedges g", 0.2, "change")).axes[0]
    [arrow] = [t for t in axes.texts if getattr(t, "arrow_patch", None) is not None]
    assert {arrow.xy[0], arrow.xyann[0]} == set(axes.get_xlim())
    assert arrow.arrowprops["arrowstyle"] == "<|-|>"
    curve = Curve("any", "Hedges g", CHOICES, 0.2, "change")
    assert "↕ claimed" in specification_curve([curve]).axes[0].get_title(loc="left")


def test_specifications_stand_from_low_to_high_above_what_was_chosen():
    above, below = specification_curve(CURVES).axes[:2]
    marks = [line for line in above.lines if line.get_marker() not in ("None", None)]
    drawn = [float(line.get_ydata()[0]) for line in marks]
    assert drawn == [-0.1, 0.3, 0.9]
    labels = [t.get_text() for t in below.get_yticklabels()]
    assert labels == ["preset: plain", "preset: plain+GSR", "adjusted for: none"]
    dots = {(float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in below.lines}
    heights = below.get_yticks()
    assert {(0.0, heights[1]), (1.0, heights[0]), (2.0, heights[0])} <= dots


def test_colour_is_the_verdict_and_a_stand_in_is_hollow():
    figure = specification_curve(CURVES)
    marks = [line for line in figure.axes[0].lines if line.get_marker() not in ("None", None)]
    edges = [line.get_markeredgecolor() for line in marks]
    assert edges == [VERDICT_COLOURS[w] for w in ("inconclusive", "inconclusive", "supported")]
    assert [line.get_markerfacecolor() == "white" for line in marks] == [False, True, False]
    said = [t.get_text() for t in figure.legends[0].get_texts()]
    assert said == ["supported", "inconclusive", "hollow: another treatment, not the claim"]


def test_tests_in_one_statistic_share_their_axis_and_others_do_not():
    first, _, second, _ = specification_curve(CURVES).axes
    assert first.get_ylim() == second.get_ylim()
    other = (
        CURVES[0],
        Curve("r", "Pearson r", (choice(0.2, "inconclusive", "plain"),), 0.1, "increase"),
    )
    first, _, second, _ = specification_curve(other).axes
    assert first.get_ylim() != second.get_ylim()
