"""A figure as a small SVG: whole halves of a pixel, letters as text, like things drawn together."""

import base64
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from math import cos, radians, sin
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.backends.backend_mixed import MixedModeRenderer
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, Bbox, BboxBase, Transform, TransformedPath
from numpy.typing import NDArray
from PIL import Image

from defaultmode.figures.lean_path import dots, fine, line_of, pen_of, repeated, whole
from defaultmode.figures.style import settings

Look = tuple[tuple[str, str], ...]  # presentation attributes
Colour = Any  # as matplotlib gives it: a tuple of three or four numbers
IMAGE_DPI = 200.0  # of what is drawn as a picture inside the SVG
# DejaVu Sans, by which everything was placed, is wide: a reader's own font is seldom wider.
FONT = "DejaVu Sans,Verdana,system-ui,sans-serif"
PLACE = ("x", "y", "width", "height")
LOOK_BACK, NEAR = 40, 6.0  # shapes; pixels
ANCHORS = {"center": ("middle", 0.5), "right": ("end", 1.0)}


def lean_svg(figure: Figure, *, label: str = "") -> str:
    """The figure as an <svg> element without ids, styles or scripts; the same bytes each time.

    label : what a screen reader says in its place
    """
    with settings(), warnings.catch_warnings():
        # A script that the font lacks is measured as boxes; the reader's own font will have it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        width, height = figure.bbox.size
        lean = LeanRenderer(width, height, figure.dpi)
        inches = width / figure.dpi, height / figure.dpi
        mixed: Any = MixedModeRenderer  # it has no types
        figure.draw(mixed(figure, *inches, IMAGE_DPI, lean))
    said = f' role="img" aria-label={quoteattr(_shown(label))}' if label else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" font-family="{FONT}" fill="none" '
        f'stroke-linejoin="round" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {whole(width)} {whole(height)}"{said}>{"".join(lean.elements())}</svg>'
    )


@dataclass(slots=True)
class Shape:
    """A path of one look, or another element; boxes : where it lies, in pixels."""

    look: Look
    path: str = ""
    other: str = ""
    boxes: list[BboxBase] = field(default_factory=list)


class LeanRenderer(RendererBase):
    """Gathers what matplotlib draws: shapes in order, words above them; width, height in pixels."""

    def __init__(self, width: float, height: float, dpi: float) -> None:
        super().__init__()
        self._width, self._height, self._dpi = width, height, dpi
        self._flip = Affine2D().scale(1, -1).translate(0, height)
        self._shapes: list[Shape] = []
        self._texts: dict[Look, list[str]] = {}

    def elements(self) -> Iterator[str]:
        """Shapes, then words, those of one look together."""
        for shape in self._shapes:
            yield shape.other or f'<path{_written(shape.look)} d="{shape.path}"/>'
        for look, words in self._texts.items():
            yield f"<g{_written(look)}>{''.join(words)}</g>"

    def get_canvas_width_height(self) -> tuple[float, float]:
        """Size in pixels."""
        return self._width, self._height

    def points_to_pixels(self, points: Any) -> Any:
        """Points of 1/72 inch in pixels."""
        return points * self._dpi / 72

    def get_image_magnification(self) -> float:
        """Dots of a picture for each pixel."""
        return IMAGE_DPI / self._dpi

    def option_image_nocomposite(self) -> bool:
        """Whether pictures stay apart."""
        return True

    def option_scale_image(self) -> bool:
        """Whether a picture may come in its own dots, to be stretched by the reader."""
        return True

    def draw_path(
        self,
        gc: GraphicsContextBase,
        path: Path,
        transform: Transform,
        rgbFace: Any = None,  # noqa: N803  # the name in matplotlib
    ) -> None:
        """A line or a filled shape."""
        placed = path.transformed(transform + self._flip)
        stroke = self._stroke(gc)
        look = (*(_fill(gc, rgbFace) if rgbFace is not None else ()), *stroke)
        self._add(gc, look, line_of(placed), placed.get_extents())
        if gc.get_hatch():
            self._hatch(gc, placed.get_extents())

    def draw_markers(
        self,
        gc: GraphicsContextBase,
        marker_path: Path,
        marker_trans: Transform,
        path: Path,
        trans: Transform,
        rgbFace: Any = None,  # noqa: N803
    ) -> None:
        """The same mark at every point of a path; discs and squares as dots of the pen."""
        places = TransformedPath(path, trans + self._flip).get_fully_transformed_path().vertices
        places = np.asarray(places)[np.isfinite(places).all(axis=1)]
        if not len(places):
            return
        mark = marker_path.transformed(marker_trans + Affine2D().scale(1, -1))
        reach = mark.get_extents()
        around = Bbox([places.min(axis=0) + reach.min, places.max(axis=0) + reach.max])
        end, radius = pen_of(mark)
        if end and rgbFace is not None:
            for colour, width in self._rings(gc, rgbFace, radius):
                pen = (("stroke", colour), ("stroke-width", width), ("stroke-linecap", end))
                self._add(gc, pen, dots(places), around, mark=True)
            return
        look = (*(_fill(gc, rgbFace) if rgbFace is not None else ()), *self._stroke(gc))
        self._add(gc, look, repeated(mark, places), around, mark=True)

    def draw_image(
        self,
        gc: GraphicsContextBase,  # noqa: ARG002
        x: float,
        y: float,
        im: Any,
        transform: Any = None,
    ) -> None:
        """A picture as PNG; with a transform it fills that box, else it has IMAGE_DPI."""
        size = np.array(im.shape[1::-1]) * self._dpi / IMAGE_DPI
        stretch = Affine2D().scale(*size) if transform is None else transform
        box = Bbox.unit().transformed(stretch.frozen().translate(x, y) + self._flip)
        (x0, first), (_, last) = box.get_points()
        sides = (x0, min(first, last), *np.abs(box.size))
        sharp = ' image-rendering="pixelated"' if transform is not None else ""
        pixels = im if last > first else im[::-1]  # the first row belongs to the lower edge
        source = f"data:image/png;base64,{base64.b64encode(_png(pixels)).decode('ascii')}"
        picture = f'<image {_placed(sides)} preserveAspectRatio="none"{sharp} href="{source}"/>'
        self._shapes.append(Shape((), other=picture, boxes=[box]))

    def draw_text(  # noqa: PLR0913, PLR0917  # as matplotlib calls it
        self,
        gc: GraphicsContextBase,
        x: float,
        y: float,
        s: str,
        prop: FontProperties,
        angle: float,
        ismath: Any = False,  # noqa: ARG002  # formulas are switched off
        mtext: Text | None = None,
    ) -> None:
        """Words, held where they were aligned, so that another font does not shift them."""
        anchor, share = ANCHORS.get(mtext.get_horizontalalignment() if mtext else "", ("", 0.0))
        along = share * self.get_text_width_height_descent(s, prop, False)[0]
        x, y = x + along * cos(radians(angle)), y - along * sin(radians(angle))
        bold = prop.get_weight() in {"bold", "semibold", 600, 700}
        look = (
            ("fill", _hex(gc.get_rgb())),
            ("font-size", fine(self.points_to_pixels(prop.get_size_in_points()))),
            *((("font-weight", "bold"),) if bold else ()),
            *((("text-anchor", anchor),) if anchor else ()),
        )
        turned = f' transform="rotate({-angle:g} {whole(x)} {whole(y)})"' if angle else ""
        word = f'<text x="{whole(x)}" y="{whole(y)}"{turned}>{_readable(s)}</text>'
        self._texts.setdefault(look, []).append(word)

    def _stroke(self, gc: GraphicsContextBase) -> Look:
        width = self.points_to_pixels(gc.get_linewidth())
        if not width or not gc.get_rgb()[3]:
            return ()
        look = [("stroke", _hex(gc.get_rgb())), ("stroke-width", fine(width))]
        _, dashes = gc.get_dashes()
        if dashes is not None:
            lengths = " ".join(
                fine(self.points_to_pixels(d)) for d in np.asarray(dashes, np.float64).tolist()
            )
            look.append(("stroke-dasharray", lengths))
        return (*look,)

    def _rings(self, gc: GraphicsContextBase, face: Colour, radius: float) -> list[tuple[str, str]]:
        """A mark as the pen draws it: its edge as a wider dot below its face."""
        inside, stroke = _hex(_with_alpha(gc, face)), dict(self._stroke(gc))
        edge = self.points_to_pixels(gc.get_linewidth()) if stroke else 0.0
        if not stroke or stroke["stroke"] == inside:
            return [(inside, fine(2 * radius + edge))]
        outer = (stroke["stroke"], fine(2 * radius + edge))
        return [outer, (inside, fine(2 * radius - edge))]

    def _hatch(self, gc: GraphicsContextBase, box: BboxBase) -> None:
        """Slanting lines through the box of a shape, whatever pattern was asked."""
        step, reach = 9.0, box.x1 - box.x0 + box.y1 - box.y0
        starts = np.arange(step, reach, step)
        lines = "".join(
            f"M{whole(box.x0)} {whole(box.y0 + s)}l{whole(s)} {whole(-s)}" for s in starts
        )
        look = (("stroke", _hex(gc.get_hatch_color())), ("stroke-width", fine(0.8)))
        self._shapes.append(Shape((), other=_clipped(box, look, lines), boxes=[box]))

    def _add(
        self,
        gc: GraphicsContextBase,
        look: Look,
        path: str,
        around: BboxBase,
        *,
        mark: bool = False,
    ) -> None:
        """Keep a path, clipped where it must be; marks and lines join those before them.

        Filled shapes stay apart: where two meet they could cut a hole into each other.
        """
        if not path or not {"fill", "stroke"} & set(dict(look)):
            return
        window = self._window(gc)
        if window is not None and not _inside(around, window):
            self._shapes.append(Shape((), other=_clipped(window, look, path), boxes=[window]))
            return
        alike = self._alike(look, around) if mark or "fill" not in dict(look) else None
        if alike is None:
            self._shapes.append(Shape(look, path, boxes=[around]))
        else:
            alike.path += path
            alike.boxes.append(around)

    def _alike(self, look: Look, around: BboxBase) -> "Shape | None":
        """A recent shape of this look that may be drawn longer: nothing since then lies there."""
        for shape in self._shapes[: -LOOK_BACK - 1 : -1]:
            if shape.look == look and shape.path:
                return shape
            if any(_touch(box, around) for box in shape.boxes):
                return None
        return None

    def _window(self, gc: GraphicsContextBase) -> BboxBase | None:
        """What can be seen of a shape, in pixels, y downwards; None for all of it."""
        given = gc.get_clip_rectangle()
        return (
            None
            if given is None
            else Bbox.from_extents(
                *np.sort(given.transformed(self._flip).get_points(), axis=0).ravel()
            )
        )


def _fill(gc: GraphicsContextBase, face: Colour) -> Look:
    colour = _with_alpha(gc, face)
    return (("fill", _hex(colour)),) if colour[3] else ()


def _with_alpha(gc: GraphicsContextBase, face: Colour) -> Colour:
    """The colour of a face with its own opacity, or that of the whole artist where it is forced."""
    alpha = gc.get_alpha() if gc.get_forced_alpha() or len(face) < 4 else face[3]
    return (*face[:3], alpha)


def _hex(colour: Colour) -> str:
    """#rrggbb, or #rrggbbaa where it lets something through."""
    said = to_hex(colour, keep_alpha=True)
    return said.removesuffix("ff") if len(said) == 9 else said


def _inside(box: BboxBase, window: BboxBase) -> bool:
    """Whether a box lies in a window, but for the width of a line."""
    low, high = np.subtract(window.min, 1.5), np.add(window.max, 1.5)
    return bool(np.all(box.min >= low) and np.all(box.max <= high))


def _touch(a: BboxBase, b: BboxBase) -> bool:
    """Whether two boxes meet, or nearly: lines have a width."""
    apart = np.subtract(a.min, NEAR) > b.max, np.subtract(b.min, NEAR) > a.max
    return not np.any(apart)


def _clipped(window: BboxBase, look: Look, path: str) -> str:
    """A path in an <svg> of its own, which shows nothing beyond its edges."""
    sides = (*window.min, *window.size)
    view = " ".join(map(whole, sides))
    return f'<svg {_placed(sides)} viewBox="{view}"><path{_written(look)} d="{path}"/></svg>'


def _placed(sides: Iterable[float]) -> str:
    """Left, top, width and height as attributes."""
    return " ".join(f'{name}="{whole(v)}"' for name, v in zip(PLACE, sides, strict=True))


def _written(look: Look) -> str:
    return "".join(f" {name}={quoteattr(value)}" for name, value in look)


def _readable(text: str) -> str:
    """Text as SVG can hold it: no control characters, nothing that could be an element."""
    return escape(_shown(text))


def _shown(text: str) -> str:
    """Text without control characters, which no XML may hold."""
    return "".join(c for c in text if c.isprintable())


def _png(pixels: NDArray[np.uint8]) -> bytes:
    """A picture without what it does not need: opacity, and colours that it does not have."""
    image = Image.fromarray(np.ascontiguousarray(pixels))
    if pixels.shape[2] == 4 and (pixels[..., 3] == 255).all():
        image = image.convert("RGB")
    few = image.getcolors(maxcolors=256)
    if few is not None:
        image = image.quantize(len(few), method=Image.Quantize.FASTOCTREE)
    buffer = BytesIO()
    image.save(buffer, "png", optimize=True)
    return buffer.getvalue()
