"""What `edges` found, in words, and what it does not show."""

from collections.abc import Iterator

import numpy as np

from defaultmode.pipeline.edge_found import Component, EdgeFindings
from defaultmode.pipeline.edge_settings import COMPONENTS, EACH, EdgesAsked

FDR = ALPHA = 0.05
CITES = {
    "nbs": ("Zalesky2010", "FreedmanLane1983", "Phipson2010"),
    "edgewise": ("Winkler2014", "WestfallYoung1993", "MacKinnonWhite1985", "Benjamini1995"),
    "mixed": ("Laird1982", "Benjamini1995"),
}
THOUSANDS = (
    "Read an edge as a hypothesis: to find which edges differ between people takes thousands of "
    "people (Marek 2022)."
)
FEWER = (
    "Read an edge as a hypothesis: differences within people take fewer than the thousands that "
    "differences between people take (Marek 2022), but those that stand out among so many edges "
    "are overestimated."
)
COMPONENT = (
    "p holds for a component as a whole and for none of its edges, and depends on the threshold, "
    "which must be chosen beforehand."
)
MOVES = "Head motion, breathing and vigilance change many edges at once."
UNADJUSTED = "No head motion was recorded with these runs: nothing was adjusted for it."


def cites_of(method: str) -> tuple[str, ...]:
    """Sources of a method and of the caution."""
    return (*CITES[method], "Marek2022")


def cautions(found: EdgeFindings, asked: EdgesAsked) -> list[str]:
    """What a reader must know before believing it."""
    said = [COMPONENT] if asked.method == COMPONENTS else []
    said += [FEWER if found.within else THOUSANDS, MOVES]
    if not any("displacement" in name for name in found.covariates):
        said.append(UNADJUSTED if asked.motion else "Head motion was not adjusted for, as asked.")
    if found.dropped:
        said.append(f"The same for everybody, so not adjusted for: {', '.join(found.dropped)}.")
    return said + list(_missing(found)) + list(_coarse(found, asked))


def sentence(found: EdgeFindings, asked: EdgesAsked) -> str:
    """What was found in one atlas and preset."""
    people = f"n = {found.n}" + ("" if found.within else f" and {found.n_reference}")
    given = f", given {', '.join(found.covariates)}" if found.covariates else ""
    head = f"{found.how}{given} ({found.atlas.name}, {found.denoise}, {people})"
    what = _of_components if asked.method == COMPONENTS else _of_each
    return f"{head}: {what(found, asked)} {_of_networks(found)}"


def lines(found: EdgeFindings, asked: EdgesAsked) -> list[str]:
    """One atlas and preset for a terminal."""
    return [sentence(found, asked), *(f"  {text}" for text in _missing(found))]


def component_text(one: Component) -> str:
    """A component in words."""
    return (
        f"{one.size} edges among {len(one.nodes)} regions, {one.higher} of them higher, "
        f"p = {one.p_extent:.3g} by extent and {one.p_intensity:.3g} by intensity; "
        f"{one.within_default:.0%} within the default network (of all edges "
        f"{one.within_default_expected:.0%}), {one.default_task_positive:.0%} between it and "
        f"task-positive networks ({one.default_task_positive_expected:.0%})"
    )


def _of_components(found: EdgeFindings, asked: EdgesAsked) -> str:
    parts = found.tested.components
    above = f"|t| > {asked.threshold:g}"
    if not parts:
        return f"none of {found.n_tested} edges has {above}, so there is no component to test."
    believed = sum(c.p_extent <= ALPHA for c in parts)
    return (
        f"{sum(c.size for c in parts)} of {found.n_tested} edges have {above}, in {len(parts)} "
        f"components, {believed} of them larger than chance (p ≤ {ALPHA}); the largest: "
        f"{component_text(parts[0])}."
    )


def _of_each(found: EdgeFindings, asked: EdgesAsked) -> str:
    t = found.tested.t
    kept = found.p_fdr <= FDR
    place = int(np.nanargmax(np.abs(t)))
    a, b = (ends[place] for ends in np.triu_indices(len(found.atlas), 1))
    names = found.atlas.names
    text = (
        f"{int((kept & (t > 0)).sum())} edges higher and {int((kept & (t < 0)).sum())} lower of "
        f"{found.n_tested} at a false discovery rate of {FDR:.0%}"
    )
    if asked.method == EACH:
        family = found.tested.p_familywise <= ALPHA
        text += f", {int(family.sum())} at a familywise error of {ALPHA:.0%}"
    return f"{text}; the furthest is {names[a]} – {names[b]}, t = {t[place]:.2f}."


def _of_networks(found: EdgeFindings) -> str:
    known = [row for row in found.networks if np.isfinite(row.p)]
    if not known:
        return "No pair of networks could be tested."
    best = [row for row in known if row.p_familywise <= ALPHA]
    shown = sorted(best or known, key=lambda row: row.p_familywise)[: 3 if best else 1]
    told = "; ".join(
        f"{row.network_a} – {row.network_b}, mean t = {row.mean_t:.2f}, p = {row.p:.3g}, "
        f"familywise {row.p_familywise:.3g}"
        for row in shown
    )
    said = f"{len(best)} of {len(known)} pairs of networks differ familywise"
    return f"{said}; {'first' if best else 'the nearest'}: {told}."


def _missing(found: EdgeFindings) -> Iterator[str]:
    if found.reasons:
        total = sum(found.reasons.values())
        told = "; ".join(f"{n}: {why}" for why, n in sorted(found.reasons.items()))
        person, lost = found.least
        who = f"; {person} lacks most, {lost}" if lost else ""
        yield f"{total} of {len(found.tested.t)} edges were not tested ({told}{who})."


def _coarse(found: EdgeFindings, asked: EdgesAsked) -> Iterator[str]:
    n = found.tested.n_shuffles
    if found.tested.complete:
        yield f"There are only {n} arrangements: p is a multiple of {1 / n:.2g}."
    if asked.method == EACH and n and found.n_tested / n > FDR:
        yield (
            f"{n} arrangements are few for {found.n_tested} edges: a false discovery rate of "
            f"{FDR:.0%} needs many edges at the smallest p; use the familywise p."
        )
