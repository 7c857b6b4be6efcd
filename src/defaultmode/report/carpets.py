"""A run along time as a carpet: one row for each region, motion and global signal above it."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from defaultmode.core.missing import Missing
from defaultmode.core.recording import Array
from defaultmode.figures.pixels import coarse, grey_picture
from defaultmode.report.quality_nouns import StateSequence, Trace
from defaultmode.report.strokes import at_most, bars, line
from defaultmode.report.writing import data_url, shown

CELLS, FEWEST_CELLS = 17_000, 5_000  # 17,000 cells are at most 12 kB of PNG
MOST_ROWS = 100
LIMIT_SD = 2.0
TALL = 100  # units of a trace from bottom to top
FLOOR_MM = 0.5  # the smallest top of a trace of motion, so that a still head looks still
STATE_SHADES = 8


@dataclass(frozen=True, slots=True)
class TraceLine:
    """A line along time: its words, its stroke and what a reader who cannot see it is told."""

    words: str
    path: str
    alt: str
    width: int


@dataclass(frozen=True, slots=True)
class StateStrip:
    """States in time: method, (name, class, path) of each state, and how many frames wide."""

    method: str
    states: tuple[tuple[str, str, str], ...]
    width: int


@dataclass(frozen=True, slots=True)
class Carpet:
    """A run ready for the page.

    censored : stroke over the frames that were censored, one unit each; roles : (role, first row
    in percent, height in percent) from top to bottom
    """

    title: str
    denoise: str
    alt: str
    picture: bytes
    lines: tuple[TraceLine, ...]
    censored: str
    n_frames: int
    n_censored: int
    seconds: float
    roles: tuple[tuple[str, float, float], ...]
    why_no_motion: str = ""
    strip: StateStrip | None = None

    @property
    def url(self) -> str:
        """The picture inside the page."""
        return data_url(self.picture, "image/png")


def run_words(keys: Mapping[str, str]) -> str:
    """A run as in its file name, such as "sub-01 ses-a task-rest run-1"."""
    said = []
    for key, value in keys.items():
        entity = key.removesuffix("_id")
        if value not in ("", "n/a") and entity != "atlas":
            bare = entity in {"participant", "session"}
            said.append(value if bare else f"{entity}-{value}")
    return " ".join(said)


def carpet_of(trace: Trace, *, beside: int = 1) -> Carpet:
    """The carpet of one run; beside : how many carpets share the page, which makes each smaller."""
    cells = max(FEWEST_CELLS, min(CELLS, 2 * CELLS // beside))
    rows = min(MOST_ROWS, trace.signal.shape[1])
    grid = coarse(trace.signal.T, rows, cells // rows)
    n_time = len(trace.signal)
    censored = n_time - int(trace.usable.sum())
    seconds = n_time * trace.tr_s
    moved = trace.displacement_mm
    title = run_words(trace.keys)
    return Carpet(
        title=title,
        denoise=trace.denoise,
        alt=f"Signal of {trace.signal.shape[1]} regions over {seconds:.0f} s, {title}.",
        picture=grey_picture(grid, limit=LIMIT_SD),
        lines=tuple(_lines(trace)),
        censored=bars(~trace.usable, height=TALL),
        n_frames=n_time,
        n_censored=censored,
        seconds=seconds,
        roles=_role_blocks(trace.roles),
        why_no_motion=moved.reason if isinstance(moved, Missing) else "",
        strip=None if trace.states is None else _strip(trace.states),
    )


def _lines(trace: Trace) -> list[TraceLine]:
    lines = []
    if not isinstance(trace.displacement_mm, Missing):
        moved = at_most(trace.displacement_mm, highest=True)
        highest = float(np.nanmax(moved, initial=0.0))
        top = max(FLOOR_MM, highest)
        mean = float(np.nanmean(trace.displacement_mm[1:])) if len(moved) > 1 else 0.0
        words = f"framewise displacement, 0–{shown(top, 2)} mm"
        alt = f"Framewise displacement: mean {shown(mean, 2)} mm, highest {shown(highest, 2)} mm."
        path = line(moved, low=0.0, high=top, height=TALL)
        lines.append(TraceLine(words, path, alt, len(moved)))
    signal = at_most(_global(trace.signal))
    limit = max(1e-6, float(np.nanmax(np.abs(signal), initial=0.0)))
    words = f"global signal, ±{shown(limit, 1)} sd"
    alt = f"Mean over all regions; its standard deviation is {shown(float(np.nanstd(signal)), 2)}."
    path = line(signal, low=-limit, high=limit, height=TALL)
    return [*lines, TraceLine(words, path, alt, len(signal))]


def _global(signal: Array) -> Array:
    """Mean over the regions that have a signal, (n_time,)."""
    there = np.isfinite(signal).any(axis=0)
    mean: Array = signal[:, there].mean(axis=1) if there.any() else np.zeros(len(signal))
    return mean


def _role_blocks(roles: tuple[str, ...]) -> tuple[tuple[str, float, float], ...]:
    blocks, start = [], 0
    for role, members in groupby(roles):
        size = len(list(members))
        blocks.append((role, 100 * start / len(roles), 100 * size / len(roles)))
        start += size
    return tuple(blocks)


def _strip(found: StateSequence) -> StateStrip:
    """The states that occur, the default mode's own first."""
    present = [int(k) for k in np.unique(found.states) if k >= 0]
    ordered = sorted(present, key=lambda k: (k != found.default, k))
    others = iter(f"s{i % STATE_SHADES}" for i in range(len(ordered)))
    states = []
    for k in ordered:
        share = float((found.states == k).sum() / max((found.states >= 0).sum(), 1))
        shade = "default" if k == found.default else next(others)
        path = bars(found.states == k, height=10)
        states.append((f"{_state_name(found, k)} {100 * share:.0f} %", shade, path))
    return StateStrip(found.method, tuple(states), len(found.states))


def _state_name(found: StateSequence, k: int) -> str:
    """What a state is most like; a state can be the most default-like and more like another."""
    name = found.names[k] if k < len(found.names) else f"state {k + 1}"
    told = k != found.default or name.startswith("default mode")
    return name if told else f"{name} (of all states the most like the default mode)"
