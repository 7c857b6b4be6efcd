"""The small SVG shows what was drawn: places to a fifth of a pixel, words as words, nothing hostile."""

import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.path import Path

from defaultmode.figures import lean_svg, svg_of
from defaultmode.figures.lean_path import UNITS, dots, line_of, pen_of, repeated
from defaultmode.figures.style import new_figure, settings
from injections import PAYLOADS

SVG = "{http://www.w3.org/2000/svg}"
NUMBERS = re.compile(r"-?\d+")


def parsed(figure: Figure, **more: str) -> ET.Element:
    return ET.fromstring(lean_svg(figure, **more))  # ours


def empty(**limits: tuple[float, float]):
    """A figure of 100 × 100 pixels filled by its axes."""
    with settings():
        figure = new_figure(1.0, 1.0, layout="none")
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.axis("off")
        axes.set(**({"xlim": (0, 100), "ylim": (0, 100)} | limits))
    return figure, axes


def places_of(d: str) -> list[tuple[float, float]]:
    """Where each stroke of a path of dots begins, in pixels, y upwards."""
    found, pen = [], np.zeros(2)
    for letter, numbers in re.findall(r"([Mm])([^Mmz]*)z", d):
        step = np.array([int(n) for n in NUMBERS.findall(numbers)])
        pen = step if letter == "M" else pen + step
        found.append((float(pen[0]) / UNITS, 100 - float(pen[1]) / UNITS))
    return found


def test_points_lie_where_they_were_given():
    figure, axes = empty()
    xs, ys = np.random.default_rng(0).uniform(5, 95, (2, 40))
    axes.plot(xs, ys, "o", markeredgewidth=0)
    [path] = parsed(figure).iter(f"{SVG}path")
    assert path.get("stroke-linecap") == "round"
    np.testing.assert_allclose(places_of(path.get("d")), np.c_[xs, ys], atol=0.6 / UNITS)


def test_the_size_of_a_dot_is_that_of_its_mark():
    figure, axes = empty()
    axes.plot([50], [50], "o", markersize=7.2, markeredgewidth=0)
    axes.plot([20], [20], "s", markersize=3.6, markeredgewidth=0)
    found = {p.get("stroke-linecap"): p for p in parsed(figure).iter(f"{SVG}path")}
    assert float(found["round"].get("stroke-width")) == 10 * UNITS  # 7.2 pt at 100 per inch
    assert float(found["square"].get("stroke-width")) == 5 * UNITS


def test_a_hollow_mark_keeps_its_edge():
    figure, axes = empty()
    axes.plot([50], [50], "o", markerfacecolor="white", markeredgecolor="#ff0000")
    outer, inner = parsed(figure).iter(f"{SVG}path")
    assert (outer.get("stroke"), inner.get("stroke")) == ("#ff0000", "#ffffff")
    assert float(outer.get("stroke-width")) > float(inner.get("stroke-width"))


@pytest.mark.parametrize("marker", ["^", "D", "X", "v", "P"])
def test_other_marks_are_drawn_as_they_are(marker):
    figure, axes = empty()
    axes.plot([30, 60], [40, 40], marker, markeredgewidth=0)
    [path] = parsed(figure).iter(f"{SVG}path")
    assert path.get("d").count("M") == 2
    assert path.get("fill")


def test_lines_are_steps_from_where_the_pen_is():
    path = Path([(1.0, 2.0), (3.0, 2.0), (3.0, 5.0), (2.0, 4.0)])
    u = UNITS
    assert line_of(path) == f"M{u} {2 * u}h{2 * u}v{3 * u}l{-u}{-u}"
    broken = Path([(0.0, 0.0), (1.0, 1.0), (np.nan, np.nan), (2.0, 2.0), (3.0, 3.0)])
    assert line_of(broken) == f"M0 0l{u} {u}M{2 * u} {2 * u}l{u} {u}"
    closed = Path([(0, 0), (1, 0), (1, 1), (0, 0)], closed=True)
    assert line_of(closed) == f"M0 0h{u}v{u}z"


def test_what_a_pen_can_draw_as_a_dot():
    assert pen_of(Path.unit_circle())[0] == "round"
    assert pen_of(Path.unit_circle())[1] == pytest.approx(1.0, abs=0.01)
    square = Path([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)], closed=True)
    assert pen_of(square) == ("square", 1.0)
    assert pen_of(Path([(0, -1), (1, 0), (0, 1), (-1, 0), (0, -1)], closed=True)) == ("", 0.0)
    assert pen_of(Path([(0, 0), (0, 3.5)])) == ("", 0.0)
    assert dots(np.array([[1.0, 1.0], [3.0, 0.0]])) == f"M{UNITS} {UNITS}zm{2 * UNITS}{-UNITS}z"
    assert (
        repeated(Path([(0, 0), (0, 1)]), np.array([[2.0, 3.0]]))
        == f"M{2 * UNITS} {3 * UNITS}v{UNITS}"
    )


def test_what_goes_beyond_the_axes_is_clipped():
    figure, axes = empty()
    axes.plot([-50, 150], [50, 50])
    inner = next(e for e in parsed(figure).iter(f"{SVG}svg") if e.get("font-family") is None)
    assert inner.get("viewBox") == f"0 0 {100 * UNITS} {100 * UNITS}"


def test_shapes_that_look_alike_are_one_unless_they_are_filled():
    figure, axes = empty()
    for y in (20, 40, 60):
        axes.plot([10, 90], [y, y], color="#123456", linewidth=1)
    assert len(list(parsed(figure).iter(f"{SVG}path"))) == 1
    for x in (10, 30):
        axes.fill([x, x + 30, x + 30], [70, 70, 90], color="#654321", linewidth=0)
    assert len(list(parsed(figure).iter(f"{SVG}path"))) == 3


def test_words_are_text_held_where_they_were_aligned():
    figure, axes = empty()
    for ha, x in (("left", 10), ("center", 50), ("right", 90)):
        axes.text(x, 50, ha, ha=ha, va="baseline")
    anchors = {g[0].text: (g.get("text-anchor"), g[0]) for g in parsed(figure).iter(f"{SVG}g")}
    assert {k: a for k, (a, _) in anchors.items()} == {
        "left": None, "center": "middle", "right": "end",
    }  # fmt: skip
    for name, x in (("left", 10), ("center", 50), ("right", 90)):
        assert int(anchors[name][1].get("x")) / UNITS == pytest.approx(x, abs=1.0)


@pytest.mark.filterwarnings("ignore:Glyph .* missing from")
@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_text_stays_text(payload):
    figure, axes = empty()
    with settings():
        axes.text(10, 50, payload)
    shown = parsed(figure, label=payload)
    tags = {e.tag.removeprefix(SVG) for e in shown.iter()}
    assert tags <= {"svg", "g", "text"}
    names = {name for e in shown.iter() for name in e.attrib}
    assert not [n for n in names if n.startswith("on") or n in {"style", "href", "id", "class"}]
    assert "".join(shown.itertext()) == "".join(c for c in payload if c.isprintable())


def test_a_picture_keeps_its_pixels_and_its_way_up():
    import base64
    from io import BytesIO

    from PIL import Image

    figure, axes = empty(xlim=(-0.5, 1.5), ylim=(1.5, -0.5))
    axes.imshow(
        np.array([[0.0, 1.0], [0.5, 0.25]]), cmap="gray", vmin=0, vmax=1,
        interpolation="none", aspect="auto",
    )  # fmt: skip
    [image] = parsed(figure).iter(f"{SVG}image")
    source = image.get("href").partition(",")[2]
    pixels = np.asarray(Image.open(BytesIO(base64.b64decode(source))).convert("L"))
    np.testing.assert_allclose(pixels / 255, [[0.0, 1.0], [0.5, 0.25]], atol=0.01)
    assert [int(image.get(k)) / UNITS for k in ("x", "y", "width", "height")] == [0, 0, 100, 100]


def test_too_many_points_are_one_picture():
    figure, axes = empty()
    axes.plot(np.arange(100), np.arange(100), "o", rasterized=True)
    shown = parsed(figure)
    assert len(list(shown.iter(f"{SVG}image"))) == 1
    assert not list(shown.iter(f"{SVG}path"))


def test_it_is_small_and_the_same_each_time():
    figure, axes = empty()
    axes.plot(np.arange(100), np.arange(100), "o")
    first = lean_svg(figure)
    assert first == lean_svg(figure)
    assert len(first) < 2500
    assert len(first) < len(svg_of(figure)) / 3
