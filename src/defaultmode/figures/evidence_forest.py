"""Published findings, the study's own effects and their pooled mean, one row each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon

from defaultmode.core.missing import Missing
from defaultmode.figures.style import (
    INK,
    MOST_HEADING,
    MOST_TITLE,
    SOFT,
    STANCE_COLOURS,
    STANCE_MARKERS,
    abridged,
    new_figure,
    styled,
)

Kind = Literal["Published", "Your study", "Pooled"]
Interval = tuple[float, float]
BAND = "#F0E442"  # Okabe and Ito (2008): yellow, pale enough to draw on
RISE = 0.32  # half the height of a diamond, in rows
MOST_WIDENED = 0.7  # by how much of its length intervals of pooled means may widen either side
MARGIN = 1.03  # where the words begin, as a share of the axes


@dataclass(frozen=True, slots=True)
class Finding:
    """One row: who found what, with its 95 % interval, and how it is said in words.

    stance : for, against, null or mixed, empty where it is not a published one
    value : missing where no number was published; prediction : where a further cohort is expected,
        None where nothing is known of it
    """

    kind: Kind
    label: str
    words: str
    value: float | Missing
    interval: Interval | Missing
    stance: str = ""
    prediction: Interval | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What a claim says of an effect; smallest : smallest effect of interest, null : no effect."""

    statistic: str
    smallest: float
    direction: Literal["increase", "decrease", "change"]
    null: float = 0.0

    @property
    def bounds(self) -> Interval:
        """Both ends of what would be too small to matter."""
        return self.null - self.smallest, self.null + self.smallest


def _limits(findings: Sequence[Finding], target: Target) -> Interval:
    """Ends of the axis: every effect with its interval, but for what pooled means would add.

    With two cohorts their intervals can be so wide that nothing else could be seen.
    """
    single = [f for f in findings if f.kind != "Pooled"]
    low, high = _ends([*single], target)
    reach = MOST_WIDENED * (high - low)
    whole = _ends(findings, target)
    low, high = max(whole[0], low - reach), min(whole[1], high + reach)
    room = 0.06 * (high - low)
    return low - room, high + room


def _ends(findings: Sequence[Finding], target: Target) -> Interval:
    """The lowest and the highest number of these rows and of the band."""
    ends = [*target.bounds]
    for finding in findings:
        if not isinstance(finding.value, Missing):
            ends.append(finding.value)
        if not isinstance(finding.interval, Missing):
            ends.extend(finding.interval)
    return min(ends), max(ends)


def _line(axes: Axes, span: Interval, y: float, *, colour: str, dashed: bool = False) -> None:
    """An interval, with an arrow head where it goes beyond the axis."""
    low, high = axes.get_xlim()
    ends = max(span[0], low), min(span[1], high)
    style = (0, (2, 2)) if dashed else "-"
    axes.plot(ends, [y, y], color=colour, linewidth=1.4, linestyle=style)
    for beyond, end, marker in ((span[0] < low, low, "<"), (span[1] > high, high, ">")):
        if beyond:
            axes.plot([end], [y], marker=marker, color=colour, markersize=5, clip_on=False)


def _draw(axes: Axes, finding: Finding, y: float) -> None:
    colour = STANCE_COLOURS.get(finding.stance, INK)
    marker = STANCE_MARKERS.get(finding.stance, "s")
    margin = axes.get_yaxis_transform()
    axes.text(MARGIN + 0.03, y, finding.words, transform=margin, fontsize=7, va="center")
    if isinstance(finding.value, Missing):
        axes.plot(
            [MARGIN], [y], transform=margin, clip_on=False, marker=marker, markersize=5,
            markerfacecolor="white", markeredgecolor=colour,
        )  # fmt: skip
        return
    if finding.prediction:
        _line(axes, finding.prediction, y, colour=SOFT, dashed=True)
    if not isinstance(finding.interval, Missing):
        _line(axes, finding.interval, y, colour=colour)
    if finding.kind == "Pooled" and not isinstance(finding.interval, Missing):
        (low, high), x = finding.interval, finding.value
        corners = ((low, y), (x, y - RISE), (high, y), (x, y + RISE))
        axes.add_patch(Polygon(corners, closed=True, color=colour, linewidth=0))
    else:
        axes.plot([finding.value], [y], color=colour, marker=marker, markersize=6)


def _rows(axes: Axes, findings: Sequence[Finding]) -> float:
    """Draw row below row under the heading of their kind; gives the height that was used."""
    y, places = 0.0, {}
    for kind, members in groupby(findings, key=lambda f: f.kind):
        places[y] = str(kind)
        for finding in members:
            y += 1.0
            _draw(axes, finding, y)
            places[y] = abridged(finding.label, MOST_HEADING)
        y += 1.3
    axes.set_yticks(list(places), list(places.values()), fontsize=7.5)
    for place, label in zip(places, axes.get_yticklabels(), strict=True):
        label.set_fontweight(
            "bold" if places[place] in ("Published", "Your study", "Pooled") else 400
        )
    return y


def _target(axes: Axes, target: Target) -> None:
    """The band of effects too small to matter, the line of none, and the claimed direction."""
    axes.axvspan(*target.bounds, color=BAND, alpha=0.28, linewidth=0, zorder=0)
    axes.axvline(target.null, color=SOFT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
    low, high = axes.get_xlim()
    either = target.direction == "change"
    end = low if target.direction == "decrease" else high
    arrow = {"arrowstyle": "<|-|>" if either else "-|>", "color": INK, "linewidth": 1.0}
    axes.annotate("", (end, 0.0), (low if either else target.null, 0.0), arrowprops=arrow)
    side = "right" if target.direction == "decrease" else "left"
    axes.annotate(
        "claimed", (target.null, 0.0), (4 if side == "left" else -4, 3),
        textcoords="offset points", fontsize=7, ha=side, va="bottom",
    )  # fmt: skip


def _key(findings: Sequence[Finding]) -> Iterator[Line2D]:
    """What the marks of the published rows mean."""
    for stance in (s for s in STANCE_COLOURS if s in {f.stance for f in findings}):
        yield Line2D(
            [], [], linestyle="", color=STANCE_COLOURS[stance], marker=STANCE_MARKERS[stance],
            label=stance,
        )  # fmt: skip


@styled
def evidence_forest(findings: Sequence[Finding], target: Target, *, title: str = "") -> Figure:
    """Forest plot of what was published, what the study found and what both say together.

    Hollow marks in the margin are findings without a number; a dashed line is a prediction
    interval; an arrow head says that an interval goes on.
    """
    headings = len({f.kind for f in findings})
    figure = new_figure(7.2, 1.2 + 0.24 * (len(findings) + 1.3 * headings))
    axes = figure.add_subplot()
    axes.set_xlim(*_limits(findings, target))
    bottom = _rows(axes, findings)
    _target(axes, target)
    axes.set(ylim=(bottom - 0.6, -0.9), xlabel=f"{target.statistic} with 95 % interval")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    key = list(_key(findings))
    if key:
        figure.legend(handles=key, loc="outside lower center", ncols=len(key), fontsize=7.5)
    figure.suptitle(
        abridged(title, MOST_TITLE), x=0.01, ha="left", fontsize=10, fontweight="bold", color=INK
    )
    return figure
