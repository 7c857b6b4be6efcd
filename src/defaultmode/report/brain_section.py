"""The section on the brain: what a slider over sessions shows, and the same as still pictures."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement, groupby

import numpy as np
import pandas as pd
from markupsafe import Markup

from defaultmode.core.atlas import ROLES, Atlas
from defaultmode.core.recording import Array
from defaultmode.core.study import Study
from defaultmode.figures import brain, network_matrix, placed
from defaultmode.report.brain_payload import brain_payload, packed_edges
from defaultmode.report.choosing import MOST_ATLASES, MOST_PRESETS, preset_labels
from defaultmode.report.drawings import Drawing, drawing
from defaultmode.report.nouns import Page, SessionConnectivity
from defaultmode.report.section import Filled
from defaultmode.report.writing import Cell, Marks, Table, counted, figure, json_block, shown, word

MOST_PAIRS = 500_000  # of regions, over all matrices of the page: about half a megabyte
MOST_EDGES = 60  # of a still picture
DEFAULT, RIVAL = "default", "task-positive"
Shown = Sequence[SessionConnectivity]


@dataclass(frozen=True, slots=True, eq=False)
class AtlasView:
    """One atlas of the section: where its regions lie, and matrices and tables by preset."""

    name: str
    brain: Drawing | None
    matrices: tuple[Drawing, ...]
    tables: tuple[Table, ...]


def fill_brain(page: Page) -> Filled:
    """Mean connectivity of every group and session, as data for the scripts and as pictures."""
    every = page.sessions_connectivity
    shown_ones = _kept(every)
    labels = preset_labels(page.study)
    return {
        "views": [_view(list(part), labels) for _, part in groupby(shown_ones, _atlas_name)],
        "data": _data(shown_ones, labels),
        "left_out": _left_out(every, shown_ones, labels),
    }


def _atlas_name(one: SessionConnectivity) -> str:
    return one.atlas.name


def _kept(every: Shown) -> list[SessionConnectivity]:
    """Whole presets, the first of every atlas before the second of any, until the page is full."""
    series: dict[tuple[str, str], list[SessionConnectivity]] = {}
    for one in every:
        series.setdefault((one.atlas.name, one.denoise), []).append(one)
    atlases = list(dict.fromkeys(name for name, _ in series))[:MOST_ATLASES]
    rank = {key: i for n in atlases for i, key in enumerate(k for k in series if k[0] == n)}
    kept, pairs = set(), 0
    for key in sorted(rank, key=lambda key: rank[key]):
        pairs += sum(len(one.atlas) * (len(one.atlas) - 1) // 2 for one in series[key])
        if rank[key] == 0 or (pairs <= MOST_PAIRS and rank[key] < MOST_PRESETS):
            kept.add(key)
    return [one for one in every if (one.atlas.name, one.denoise) in kept]


def _left_out(every: Shown, kept: Shown, labels: dict[str, str]) -> list[str]:
    there = {(one.atlas.name, one.denoise) for one in kept}
    every_key = dict.fromkeys((one.atlas.name, one.denoise) for one in every)
    return [f"{atlas}, {labels.get(d, d)}" for atlas, d in every_key if (atlas, d) not in there]


def _data(ones: Shown, labels: dict[str, str]) -> Markup:
    """What sessions.js reads: one surface, the regions of each atlas, and every mean matrix."""
    if not ones:
        return Markup("")
    payloads = {one.atlas.name: brain_payload(one.atlas) for one in ones}
    return json_block(
        {
            "mesh": next(iter(payloads.values()))["mesh"],
            "regions": {name: payload["regions"] for name, payload in payloads.items()},
            "limits": {name: _limit(_of(ones, name)) for name in payloads},
            "strongest": {name: _limit(_of(ones, name), share=0.995) for name in payloads},
            "means": [_mean_entry(one, labels) for one in ones],
        }
    )


def _of(ones: Shown, atlas: str) -> list[SessionConnectivity]:
    return [one for one in ones if one.atlas.name == atlas]


def _mean_entry(one: SessionConnectivity, labels: dict[str, str]) -> dict[str, object]:
    within, between = within_and_between(one.z, one.atlas)
    return {
        "atlas": one.atlas.name,
        "preset": labels.get(one.denoise, one.denoise),
        "group": one.group,
        "session": one.session,
        "people": one.n_people,
        "within": within,
        "between": between,
        "edges": packed_edges(one.z),
    }


def within_and_between(z: Array, atlas: Atlas) -> tuple[float | None, float | None]:
    """Mean Fisher z inside the default mode and from it to task-positive regions, None for none."""
    ours, theirs = atlas.members(DEFAULT), atlas.members(RIVAL)
    return _block_mean(z, ours, ours), _block_mean(z, ours, theirs)


def _block_mean(z: Array, rows: Array, columns: Array) -> float | None:
    block = z[np.ix_(rows, columns)]
    pairs = block[rows[:, None] != columns[None, :]]
    known = pairs[np.isfinite(pairs)]
    return float(known.mean()) if known.size else None


def _limit(ones: Shown, share: float = 0.98) -> float:
    """The |z| that so many pairs of every matrix stay below: one end of a scale for all of them."""
    ends = []
    for one in ones:
        known = np.abs(one.z[np.triu_indices(len(one.atlas), k=1)])
        known = known[np.isfinite(known)]
        if known.size:
            ends.append(float(np.quantile(known, share)))
    return max(0.1, float(np.ceil(10 * max(ends, default=1.0)) / 10))


def _view(ones: Shown, labels: dict[str, str]) -> AtlasView:
    atlas, limit = ones[0].atlas, _limit(ones)
    matrices, tables = [], []
    for denoise, part in groupby(ones, lambda one: one.denoise):
        of_preset, label = list(part), labels.get(denoise, denoise)
        for _, of_group in groupby(of_preset, lambda one: one.group):
            drawn = _matrix(list(of_group), label, limit=limit, number=len(matrices) + 1)
            matrices.append(drawn)
        tables.append(_table(of_preset, label, number=len(tables) + 1))
    return AtlasView(atlas.name, _brain(ones[0], labels), tuple(matrices), tuple(tables))


def _brain(one: SessionConnectivity, labels: dict[str, str]) -> Drawing | None:
    """Three views with the strongest edges of the first matrix."""
    atlas = one.atlas
    known, default = len(placed(atlas)), len(atlas.members(DEFAULT))
    if not known:
        return None
    title = ", ".join(filter(None, (atlas.name, labels.get(one.denoise), one.group, one.session)))
    made = brain(one.z, atlas, title=title, most_edges=MOST_EDGES)
    alt = f"Glass brain from three sides with {known} regions, {default} of them default mode."
    absent = len(atlas) - known
    caption = (
        f"The {MOST_EDGES} strongest connections between default-mode regions at most; thicker is "
        "stronger. "
        + (f"{counted(absent, 'region')} without a known centre left out." if absent else "")
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
    people = " and ".join(dict.fromkeys(counted(o.n_people, "person").replace("persons", "people") for o in (first, last)))
    caption = (
        f"{atlas.name}: mean of {people}, within each person first{'; ' + sides if sides else ''}. "
        "Thick outline: the default mode."
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
        name: [_block_mean(o.z, atlas.members(network=a), atlas.members(network=b)) for a, b in pairs]
        for name, o in columns.items()
    }
    frame = pd.DataFrame({"network": [a for a, _ in pairs], "to": [b for _, b in pairs]} | means)
    own = {r.network for r in atlas.regions if r.role == DEFAULT}
    rows = [
        (word(a), word("itself" if a == b else b), *(_number(means[name][i]) for name in means))
        for i, (a, b) in enumerate(pairs)
        if a == b or own & {a, b}
    ]
    caption = f"Mean Fisher z between networks: {atlas.name}, {label}"
    head = ("network", "with", *(f"{name} (n = {o.n_people})" for name, o in columns.items()))
    note = "The default mode with every network, and every network within itself."
    name = f"networks-{atlas.name}-{number}"
    marks = (Marks(presets=(ones[0].denoise,)),) * len(rows)
    return Table(name, caption, head, tuple(rows), frame, note, marks=marks)


def _number(value: float | None) -> Cell:
    return figure(value)


def _network_pairs(atlas: Atlas) -> list[tuple[str, str]]:
    """Every pair of networks, each with itself too, those of the default mode first."""
    first = {r.network: ROLES.index(r.role) for r in reversed(atlas.regions)}
    return list(combinations_with_replacement(sorted(first, key=lambda n: (first[n], n)), 2))
