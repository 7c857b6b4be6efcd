"""Figures: the numbers drawn are the numbers given, bit for bit the same each time, nothing global."""

import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest

from defaultmode.core.atlas import Atlas, Region
from defaultmode.core.missing import Missing
from defaultmode.figures import (
    Category,
    Effect,
    Pair,
    Panel,
    brain,
    forest,
    global_signal,
    motion,
    network_matrix,
    network_order,
    placed,
    png_of,
    points,
    svg_of,
)
from defaultmode.figures.brain import strongest_edges
from report_example import example_atlas, example_matrix

ATLAS = example_atlas()
Z = example_matrix("as-supplied", ATLAS)
PEOPLE = ("sub-01", "sub-02", "sub-03")
BEFORE = Category("before", PEOPLE, np.array([0.11, 0.22, 0.36]), 0.23, (0.1, 0.4))
AFTER = Category("after", PEOPLE[:2], np.array([0.05, 0.25]), 0.15, Missing("two people"), 1)
PANELS = (Panel("as-supplied", (BEFORE, AFTER)), Panel("as-supplied+GSR", (BEFORE,)))
EFFECTS = (
    Effect("Within", "as-supplied", -0.41, (-0.9, 0.1), "n = 9"),
    Effect("Within", "as-supplied+GSR", Missing("no values"), Missing("no values")),
)
XY = np.array([0.05, 0.12, 0.31])


def all_figures():
    return {
        "network_matrix": lambda: network_matrix(Z, ATLAS, title="all", limit=0.6),
        "brain": lambda: brain(Z, ATLAS, title="all"),
        "points": lambda: points(PANELS, unit="Fisher z"),
        "forest": lambda: forest(EFFECTS, statistic="Hedges g"),
        "motion": lambda: motion([("a", XY, XY)], x_label="mm", y_label="z"),
        "global_signal": lambda: global_signal([Pair("a", "b", PEOPLE, XY, -XY)], unit="z"),
    }


@pytest.mark.parametrize("name", sorted(all_figures()))
def test_the_same_figure_is_the_same_bytes(name):
    draw = all_figures()[name]
    first, second = svg_of(draw()), svg_of(draw())
    assert first == second
    assert b"<dc:date>" not in first


def test_the_same_picture_is_the_same_bytes():
    draw = all_figures()["forest"]
    assert png_of(draw()) == png_of(draw())


@pytest.mark.parametrize("name", ["forest", "network_matrix", "points"])
def test_a_user_s_own_settings_neither_change_a_figure_nor_are_changed(name):
    draw = all_figures()[name]
    plain = svg_of(draw())
    with mpl.rc_context({"font.size": 21.0, "axes.facecolor": "black", "svg.hashsalt": "mine"}):
        theirs = dict(mpl.rcParams)
        assert svg_of(draw()) == plain
        assert dict(mpl.rcParams) == theirs


def test_nothing_registers_with_pyplot():
    code = (
        "import sys, numpy as np, defaultmode.figures as f\n"
        "f.svg_of(f.motion([('a', np.ones(2), np.ones(2))], x_label='x', y_label='y'))\n"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_matrix_shows_the_given_numbers_in_network_order():
    figure = network_matrix(Z, ATLAS, limit=0.5)
    image = figure.axes[0].get_images()[0]
    order = network_order(ATLAS)
    expected = Z[np.ix_(order, order)].copy()
    np.fill_diagonal(expected, np.nan)
    np.testing.assert_array_equal(image.get_array().filled(np.nan), expected)
    assert image.get_clim() == (-0.5, 0.5)
    roles = [ATLAS.regions[i].role for i in order]
    assert roles[:10] == ["default"] * 10
    assert roles == sorted(roles, key=["default", "task-positive", "salience", "other"].index)


def test_two_sessions_share_a_matrix_one_on_each_side_of_the_diagonal():
    figure = network_matrix(Z, ATLAS, below=Z - 0.5)
    order = network_order(ATLAS)
    given = Z[np.ix_(order, order)]
    shown = np.asarray(figure.axes[0].images[0].get_array().filled(np.nan))
    above, below = np.triu_indices(len(Z), k=1), np.tril_indices(len(Z), k=-1)
    assert np.array_equal(shown[above], given[above], equal_nan=True)
    assert np.array_equal(shown[below], given[below] - 0.5, equal_nan=True)


def test_the_matrix_names_every_network_and_regions_only_when_few():
    def texts(figure):
        axes = figure.axes[0]
        return {t.get_text() for t in (*axes.texts, *axes.get_xticklabels())}

    many = texts(network_matrix(Z, ATLAS))
    assert {"Default A (5)", "Dorsal attention (6)", "Visual (9)"} <= many
    assert "Salience 1" not in many
    few = ATLAS.take(range(20))
    assert "Default A 1" in texts(network_matrix(Z[:20, :20], few))


def test_labels_of_thin_networks_do_not_overlap():
    regions = tuple(Region(f"r{i}", f"network {i // 2:02d}") for i in range(100))
    figure = network_matrix(np.zeros((100, 100)), Atlas("thin", regions))
    axes = figure.axes[0]
    heights = sorted(t.get_position()[1] for t in axes.texts)
    assert len(heights) == 50
    figure_few = network_matrix(np.zeros((40, 40)), Atlas("thin", regions[:40]))
    heights = sorted(t.get_position()[1] for t in figure_few.axes[0].texts)
    assert min(np.diff(heights)) >= 0.038 * 40 - 1e-9


def test_the_brain_draws_only_known_centres_and_the_strongest_edges():
    known = placed(ATLAS)
    assert len(known) == 40
    edges = strongest_edges(Z, ATLAS, most=5)
    members = ATLAS.members("default")
    values = sorted((abs(Z[i, j]) for i in members for j in members if i < j), reverse=True)
    assert [abs(Z[e]) for e in edges] == values[:5]
    figure = brain(Z, ATLAS, most_edges=5)
    top = figure.axes[1]
    drawn = sum(len(c.get_offsets()) for c in top.collections)
    assert drawn == 40
    assert len(top.lines) == 5
    left = np.concatenate([c.get_offsets() for c in figure.axes[0].collections])
    centres = ATLAS.centres_mm[known]
    expected = centres[centres[:, 0] <= 0][:, [1, 2]]
    assert sorted(map(tuple, np.asarray(left))) == sorted(map(tuple, expected))
    low, high = figure.axes[0].get_xlim()
    assert low > high, "the left side is seen from the left: the front is on the left"


def test_every_point_is_drawn_at_its_value():
    figure = points(PANELS, unit="Fisher z")
    axes = figure.axes[0]
    drawn = [np.asarray(c.get_offsets()) for c in axes.collections]
    np.testing.assert_array_equal(drawn[0][:, 1], BEFORE.values)
    np.testing.assert_array_equal(drawn[1][:, 1], AFTER.values)
    assert (np.abs(drawn[0][:, 0] - 0) < 0.2).all()
    assert (np.abs(drawn[1][:, 0] - 1) < 0.2).all()
    labels = [t.get_text() for t in axes.get_xticklabels()]
    assert labels == ["before\nn = 3", "after\nn = 2"]


def test_lines_join_a_person_s_own_points_within_one_shade():
    both = (BEFORE, Category("after", PEOPLE[:2], np.array([0.05, 0.25]), 0.15, (0.0, 0.3)))
    axes = points([Panel("p", both)], unit="z").axes[0]
    thin = [np.asarray(line.get_ydata()) for line in axes.lines if line.get_linewidth() == 0.6]
    [heights] = thin
    pairs = np.split(heights, np.flatnonzero(np.isnan(heights)))
    assert sorted(tuple(p[~np.isnan(p)]) for p in pairs if len(p) > 1) == [
        (0.11, 0.05),
        (0.22, 0.25),
    ]
    apart = points([PANELS[0]], unit="z").axes[0]
    assert not [line for line in apart.lines if line.get_linewidth() == 0.6]


def test_mean_and_interval_are_drawn_as_given_and_left_out_where_missing():
    axes = points([PANELS[0]], unit="z").axes[0]
    heavy = [line for line in axes.lines if line.get_color() == "#1B1F24"]
    levels = [tuple(np.asarray(line.get_ydata()).tolist()) for line in heavy]
    assert (0.23, 0.23) in levels
    assert (0.15, 0.15) in levels
    assert (0.1, 0.4) in levels
    assert len(heavy) == 5  # two means; one interval with two ends


def test_runs_of_one_person_are_counted_as_runs():
    twice = Category(
        "rest", ("sub-01", "sub-01"), np.array([0.1, 0.2]), 0.15, Missing("one person")
    )
    labels = [
        t.get_text() for t in points([Panel("p", (twice,))], unit="z").axes[0].get_xticklabels()
    ]
    assert labels == ["rest\nn = 1\n(2 runs)"]


def test_the_forest_shows_effects_intervals_and_what_is_missing():
    axes = forest(EFFECTS, statistic="Hedges g").axes[0]
    spans = [tuple(np.asarray(line.get_xdata()).tolist()) for line in axes.lines]
    assert (-0.9, 0.1) in spans
    assert (-0.41,) in spans
    assert [t.get_text() for t in axes.texts] == ["missing"]
    labels = [t.get_text() for t in axes.get_yticklabels()]
    assert labels == ["Within", "as-supplied   n = 9", "as-supplied+GSR   "]


def test_motion_and_global_signal_draw_the_given_pairs():
    axes = motion([("a", XY, 2 * XY)], x_label="mm", y_label="z").axes[0]
    np.testing.assert_array_equal(axes.collections[0].get_offsets(), np.stack([XY, 2 * XY], axis=1))
    axes = global_signal([Pair("a", "b", PEOPLE, XY, -XY)], unit="z").axes[0]
    joined = [tuple(line.get_ydata()) for line in axes.lines if len(line.get_ydata()) == 2]
    assert {(v, -v) for v in XY} <= set(joined)


def test_the_global_signal_panel_counts_people_and_runs():
    def title(people):
        axes = global_signal([Pair("a", "b", people, XY, -XY)], unit="z").axes[0]
        return axes.get_title(loc="left")

    assert title(PEOPLE) == "n = 3"
    assert title(("sub-01", "sub-01", "sub-02")) == "n = 2\n(3 runs)"


def test_an_empty_figure_is_still_a_figure():
    assert svg_of(points((), unit="z")).startswith(b"<?xml")
    assert svg_of(forest((), statistic="g")).startswith(b"<?xml")
    assert svg_of(motion((), x_label="x", y_label="y")).startswith(b"<?xml")
