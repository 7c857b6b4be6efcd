"""The brain of the report without scripts: still pictures and tables of every session."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement, groupby

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from defaultmode.core.atlas import ROLES, Atlas
from defaultmode.core.recording import Array
from defaultmode.figures import brain, network_matrix, placed
from defaultmode.report.drawings import Drawing, drawing
from defaultmode.report.nouns import SessionConnectivity
from defaultmode.report.writing import Marks, Table, counted, figure, shown, word

MOST_EDGES = 60  # of a still picture
DEFAULT, RIVAL = "default", "task-positive"
Shown = Sequence[SessionConnectivity]
Columns = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class AtlasView:
    """One atlas of the section: where its regions lie, and matrices and tables by preset."""

    name: str
    brain: Drawing | None
    matrices: tuple[Drawing, ...]
    tables: tuple[Table, ...]


def within_and_between(z: Array, atlas: Atlas) -> tuple[float | None, float | None]:
    """Mean Fisher z inside the default mode and from it to task-positive regions, None for none."""
    ours, theirs = atlas.members(DEFAULT), atlas.members(RIVAL)
    return block_mean(z, ours, ours), block_mean(z, ours, theirs)


def block_mean(z: Array, rows: Columns, columns: Columns) -> float | None:
    """Mean over the known pairs of two different regions, None where there is none."""
    block = z[np.ix_(rows, columns)]
    pairs = block[rows[:, None] != columns[None, :]]
    known = pairs[np.isfinite(pairs)]
    return float(known.mean()) if known.size else None


def scale_end(ones: Shown, share: float = 0.98) -> float:
    """The |z| that so many pairs of every matrix stay below: one end of a scale for all of them."""
    ends = []
    for one in ones:
        known = np.abs(one.z[np.triu_indices(len(one.atlas), k=1)])
        known = known[np.isfinite(known)]
        if known.size:
            ends.append(float(np.quantile(known, share)))
    return max(0.1, float(np.ceil(10 * max(ends, default=1.0)) / 10))


def still_view(ones: Shown, labels: Mapping[str, str]) -> AtlasView:
    """What a reader without scripts sees of one atlas; labels : preset → its name on the page."""
    atlas, limit = ones[0].atlas, scale_end(ones)
    matrices: list[Drawing] = []
    tables: list[Table] = []
    for denoise, part in groupby(ones, lambda one: one.denoise):
        of_preset, label = list(part), labels.get(denoise, denoise)
        if not tables:  # pictures of the first preset alone: of the others tables say enough
            groups = dict.fromkeys(one.group for one in of_preset)
            matrices = [
                _matrix(
                    [one for one in of_preset if one.group == name], label, limit=limit, number=n
                )
                for n, name in enumerate(groups, start=1)
            ]
        tables.append(_table(of_preset, label, number=len(tables) + 1))
    return AtlasView(atlas.name, _brain(ones[0], labels), tuple(matrices), tuple(tables))


def _brain(one: SessionConnectivity, labels: Mapping[str, str]) -> Drawing | None:
    """Three views with the strongest edges of the first matrix."""
    atlas = one.atlas
    known, default = len(placed(atlas)), len(atlas.members(DEFAULT))
    if not known:
        return None
    title = ", ".join(filter(None, (atlas.name, labels.get(one.denoise), one.group, one.session)))
    made = brain(one.z, atlas, title=title, most_edges=MOST_EDGES)
    alt = f"Glass brain from three sides with {known} regions, {default} of them default mode."
    absent = len(atlas) - known
    left_out = f" {counted(absent, 'region')} without a known centre left out." if absent else ""
    caption = (
        f"The {MOST_EDGES} strongest connections between default-mode regions at most; thicker is "
        f"stronger.{left_out}"
    )
    frame = pd.DataFrame([_region_row(r) for r in atlas.regions])
    return drawing(f"brain-{atlas.name}", made, frame, alt=alt, caption=caption)


def _region_row(region: object) -> dict[str, object]:
    fields = ("name", "network", "role", "subsystem", "place", "hemisphere", "verified")
    centre = getattr(region, "xyz_mm", None) or (None, None, None)
    row: dict[str, object] = {f: getattr(region, f) for f in fields}
    return row | dict(zip(("x_mm", "y_mm", "z_mm"), centre, strict=True))


def _matrix(ones: Shown, label: str, *, limit: float, number: int) -> Drawing:
    """The last session above the diagonal, the first below it; one session on both sides."""
    first, last = ones[0], ones[-1]
    atlas = first.atlas
    made = network_matrix(
        last.z, atlas, below=first.z, title=_named(last, label), limit=limit, shades=15
    )
    sides = f"below the diagonal {first.session}, above it {last.session}" if len(ones) > 1 else ""
    people = " and ".join(dict.fromkeys(f"n = {one.n_people}" for one in (first, last)))
    caption = (
        f"{atlas.name}: mean over people ({people}), within each person first"
        f"{'; ' + sides if sides else ''}. Thick outline: the default mode."
    )
    alt = f"Connectivity matrix by network, {_named(last, label)}. {' '.join(map(_in_words, ones))}"
    frame = pd.DataFrame([_numbers(one) for one in ones])
    drawn = drawing(f"matrix-{atlas.name}-{number}", made, frame, alt=alt, caption=caption)
    return replace(drawn, marks=Marks(presets=(last.denoise,)))


def _named(one: SessionConnectivity, label: str) -> str:
    return ", ".join(filter(None, (label, one.group)))


def _numbers(one: SessionConnectivity) -> dict[str, object]:
    within, between = within_and_between(one.z, one.atlas)
    told = {"group": one.group, "session": one.session, "n_people": one.n_people}
    return told | {"within_default_mode": within, "default_mode_task_positive": between}


def _in_words(one: SessionConnectivity) -> str:
    within, between = within_and_between(one.z, one.atlas)
    said = f"within the default mode {shown(within)}, to task-positive {shown(between)}."
    return f"{one.session + ': ' if one.session else ''}{said}"


def _table(ones: Shown, label: str, *, number: int) -> Table:
    """Mean Fisher z of each pair of networks, by group and session."""
    atlas = ones[0].atlas
    pairs = _network_pairs(atlas)
    columns = {" · ".join(filter(None, (o.group, o.session))) or "mean": o for o in ones}
    means = {
        name: [block_mean(o.z, *(atlas.members(network=n) for n in pair)) for pair in pairs]
        for name, o in columns.items()
    }
    frame = pd.DataFrame({"network": [a for a, _ in pairs], "to": [b for _, b in pairs]} | means)
    own = {r.network for r in atlas.regions if r.role == DEFAULT}
    rows = [
        (word(a), word("itself" if a == b else b), *(figure(means[name][i]) for name in means))
        for i, (a, b) in enumerate(pairs)
        if a == b or own & {a, b}
    ]
    caption = f"Mean Fisher z between networks: {atlas.name}, {label}"
    head = ("network", "with", *(f"{name} (n = {o.n_people})" for name, o in columns.items()))
    note = "The default mode with every network, and every network within itself."
    name = f"networks-{atlas.name}-{number}"
    marks = (Marks(presets=(ones[0].denoise,)),) * len(rows)
    return Table(name, caption, head, tuple(rows), frame, note, marks=marks)


def _network_pairs(atlas: Atlas) -> list[tuple[str, str]]:
    """Every pair of networks, each with itself too, those of the default mode first."""
    first = {r.network: ROLES.index(r.role) for r in reversed(atlas.regions)}
    return list(combinations_with_replacement(sorted(first, key=lambda n: (first[n], n)), 2))
