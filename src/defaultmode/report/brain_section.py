"""The section on the brain: what a slider over sessions shows, and the same as still pictures."""

from collections.abc import Mapping
from itertools import groupby

from markupsafe import Markup

from defaultmode.report.brain_payload import brain_payload, packed_edges
from defaultmode.report.brain_stills import Shown, scale_end, still_view, within_and_between
from defaultmode.report.choosing import MOST_ATLASES, MOST_PRESETS, preset_labels
from defaultmode.report.nouns import Page, SessionConnectivity
from defaultmode.report.section import Filled
from defaultmode.report.writing import json_block

MOST_PAIRS = 60_000  # of regions, over all matrices of the page: about 70 kB
STRONG = 0.995  # share of pairs weaker than what is drawn thickest


def fill_brain(page: Page) -> Filled:
    """Mean connectivity of every group and session, as data for the scripts and as pictures."""
    every = page.sessions_connectivity
    kept = _kept(every)
    labels = preset_labels(page.study)
    return {
        "views": [still_view(list(part), labels) for _, part in groupby(kept, _atlas_name)],
        "data": _data(kept, labels),
        "left_out": _left_out(every, kept, labels),
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


def _left_out(every: Shown, kept: Shown, labels: Mapping[str, str]) -> list[str]:
    there = {(one.atlas.name, one.denoise) for one in kept}
    every_key = dict.fromkeys((one.atlas.name, one.denoise) for one in every)
    return [f"{atlas}, {labels.get(d, d)}" for atlas, d in every_key if (atlas, d) not in there]


def _data(ones: Shown, labels: Mapping[str, str]) -> Markup:
    """What sessions.js reads: one surface, the regions of each atlas, and every mean matrix."""
    if not ones:
        return Markup("")
    payloads = {one.atlas.name: brain_payload(one.atlas) for one in ones}
    return json_block(
        {
            "mesh": next(iter(payloads.values()))["mesh"],
            "regions": {name: payload["regions"] for name, payload in payloads.items()},
            "limits": {name: scale_end(_of(ones, name)) for name in payloads},
            "strongest": {name: scale_end(_of(ones, name), share=STRONG) for name in payloads},
            "means": [_mean_entry(one, labels) for one in ones],
        }
    )


def _of(ones: Shown, atlas: str) -> list[SessionConnectivity]:
    return [one for one in ones if one.atlas.name == atlas]


def _mean_entry(one: SessionConnectivity, labels: Mapping[str, str]) -> dict[str, object]:
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
