"""The figures of a claim draw the numbers they are given, and say what they cut."""

import numpy as np
import pytest
from matplotlib.patches import Polygon

from defaultmode.core.missing import Missing
from defaultmode.figures import (
    Choice,
    Curve,
    Finding,
    Rain,
    RainPanel,
    Strand,
    StrandPanel,
    Target,
    evidence_forest,
    lean_svg,
    raincloud,
    spaghetti,
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


def marks_of(axes):
    """Every mark as (x, y, edge colour, face colour), in the order of x."""
    lines = [line for line in axes.lines if line.get_marker() not in ("None", None)]
    found = [
        (float(x), float(y), line.get_markeredgecolor(), line.get_markerfacecolor())
        for line in lines
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
    ]
    return sorted(found)


def test_specifications_stand_from_low_to_high_above_what_was_chosen():
    above, below = specification_curve(CURVES).axes[:2]
    assert [y for _, y, _, _ in marks_of(above)] == [-0.1, 0.3, 0.9]
    labels = [t.get_text() for t in below.get_yticklabels()]
    assert labels == ["preset: plain", "preset: plain+GSR", "adjusted for: none"]
    dots = {(x, y) for x, y, _, _ in marks_of(below)}
    heights = below.get_yticks()
    assert dots == {(x, heights[2]) for x in (0.0, 1.0, 2.0)} | {
        (0.0, heights[1]),
        (1.0, heights[0]),
        (2.0, heights[0]),
    }


def test_intervals_stand_where_they_were_given():
    above = specification_curve(CURVES).axes[0]
    spans = set()
    for line in above.lines:
        xs, ys = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
        if line.get_linewidth() == 1.2:
            spans |= {(xs[i], ys[i], ys[i + 1]) for i in range(0, len(xs), 3)}
    assert spans == {(x, v - 0.5, v + 0.5) for x, v in enumerate((-0.1, 0.3, 0.9))}


def test_colour_is_the_verdict_and_a_stand_in_is_hollow():
    figure = specification_curve(CURVES)
    marks = marks_of(figure.axes[0])
    words = ("inconclusive", "inconclusive", "supported")
    assert [edge for _, _, edge, _ in marks] == [VERDICT_COLOURS[w] for w in words]
    assert [face == "white" for _, _, _, face in marks] == [False, True, False]
    said = [t.get_text() for t in figure.legends[0].get_texts()]
    assert said == ["supported", "inconclusive", "hollow: another treatment, not the claim"]


def rain(label="a", shade=0):
    values = np.array([0.1, 0.2, 0.4])
    level, density = np.array([0.1, 0.2, 0.4]), np.array([0.5, 1.0, 0.25])
    return Rain(label, values, level, density, (0.15, 0.2, 0.3), shade)


def test_a_raincloud_draws_every_value_and_the_given_shape():
    bare = Rain("b", np.array([0.7]), np.empty(0), np.empty(0), None, 1)
    axes = raincloud([RainPanel("p", (rain(), bare))], unit="z").axes[0]
    drops = [line.get_ydata().tolist() for line in axes.lines if line.get_marker() in "os"]
    assert drops == [[0.1, 0.2, 0.4], [0.7]]
    [cloud] = axes.patches
    assert cloud.get_xy()[1:4, 1].tolist() == [0.1, 0.2, 0.4]
    widths = cloud.get_xy()[1:4, 0] - cloud.get_xy()[0, 0]
    np.testing.assert_allclose(widths / widths.max(), [0.5, 1.0, 0.25])
    boxes = [line.get_ydata() for line in axes.lines if line.get_linewidth() == 4]
    assert [tuple(b) for b in boxes] == [(0.15, 0.3)]
    assert [t.get_text() for t in axes.get_xticklabels()] == ["a\nn = 3", "b\nn = 1"]


def test_the_same_raincloud_is_the_same_bytes():
    def draw():
        return raincloud([RainPanel("p", (rain(), rain("b", 1)))], unit="z")

    assert lean_svg(draw()) == lean_svg(draw())


def test_spaghetti_draws_each_person_and_the_given_means():
    values = np.array([[0.1, 0.3], [0.2, np.nan]])
    strand = Strand("ketamine", values, np.array([0.25, 0.2]), 1)
    axes = spaghetti([StrandPanel("p", ("before", "acute"), (strand,))], unit="z").axes[0]
    thin, thick = axes.lines
    np.testing.assert_array_equal(thin.get_ydata(), [0.1, 0.2, np.nan, 0.3, np.nan, np.nan])
    np.testing.assert_array_equal(thin.get_xdata()[:2], [0.0, 1.0])
    assert thick.get_ydata().tolist() == [0.25, 0.2]
    assert [t.get_text() for t in axes.get_xticklabels()] == ["before", "acute"]


def test_tests_in_one_statistic_share_their_axis_and_others_do_not():
    first, _, second, _ = specification_curve(CURVES).axes
    assert first.get_ylim() == second.get_ylim()
    other = (
        CURVES[0],
        Curve("r", "Pearson r", (choice(0.2, "inconclusive", "plain"),), 0.1, "increase"),
    )
    first, _, second, _ = specification_curve(other).axes
    assert first.get_ylim() != second.get_ylim()
