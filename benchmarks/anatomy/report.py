"""What was found, as a page and as one line; every number of both comes from what was computed."""

import numpy as np

from anatomy.group import FREEDOM_STEPS, STEPS, UNSEEN, alike, atlas
from anatomy.people import ATLASES
from anatomy.report_points import points_section
from anatomy.tables import Kept, spread, table
from anatomy.wirings import CHANCE, MEASURED, RANDOM, Wiring
from defaultmode.sources.connectomes import embedded_connectivity, embedded_connectome

BEST = f"group {Wiring(MEASURED, 0.0)}"
TARGETS = (
    ("fitted_r", "r with the 706 people fitted", "≥ 0.95", lambda x: x >= 0.95),
    ("held_out_r", "r with 303 others", "≥ 0.90", lambda x: x >= 0.90),
    ("cpu_s", "seconds on one core", "≤ 10", lambda x: x <= 10.0),
)
FEW = {
    "structure alone": "coupling and shared drive on the measured weights",
    "networks": "those, and excitation, inhibition and noise of every network",
    "networks and shared drive": "those, and the shared drive of every region",
}
COLUMNS = ("degrees spent", "z left", "data weigh", "r 706", "error 706", "r 303", "error 303")
COLUMNS += ("r unseen pairs", "s")
FIGURES = ("fitted_r", "fitted_error", "held_out_r", "held_out_error", "unseen_r")


def report(kept: Kept, about: str) -> str:
    """The page; a part that was not computed is left out."""
    parts = [_opening(about)]
    if BEST in kept:
        parts += [_short(kept), _targets(kept[BEST]), _masks(kept), _few(kept)]
    parts += [_people(kept, name) for name in ATLASES if f"people {name} beside" in kept]
    if any(key.startswith("points") for key in kept):
        parts.append(points_section(kept))
    return "\n\n".join(parts) + "\n"


def summary(kept: Kept) -> dict:
    """The figures that are watched; null where they were not computed."""
    best = kept.get(BEST, {})
    line = {
        "group_fit_r": best.get("fitted_r"),
        "group_heldout_r": best.get("held_out_r"),
        "group_cpu_s": best.get("cpu_s"),
        "group_scores": best.get("scores"),
        "group_degrees": best.get("degrees"),
    }
    for kind in (MEASURED, *CHANCE):
        rows = _rows(kept, "group", kind, 0.1)
        line[f"unseen_r_{kind.replace(', ', '_').replace(' ', '_')}_10"] = _mean(rows, "unseen_r")
    for name in ATLASES:
        for kind in (MEASURED, *CHANCE):
            rows = _rows(kept, f"people {name}", kind, 0.1)
            line[f"{name}_r_{kind.replace(', ', '_').replace(' ', '_')}_10"] = _mean(rows, "r")
    return {name: None if x is None else round(x, 4) for name, x in line.items()}


def _opening(about: str) -> str:
    one, other = embedded_connectivity().values()
    r = alike(one, other, np.ones_like(one, bool))
    return (
        "# How much of a twin is anatomy?\n"
        "Written by `python benchmarks/twin_anatomy.py --out docs/twin_anatomy.md`; nothing here "
        f"was edited by hand. {about}; seconds are of one processor core.\n\n"
        "A fit with a route for nearly every pair of regions is cheap. So the same fit is made on "
        "masks that keep less and less of the anatomy, each with shrinkage chosen by held-out "
        "data, and on masks left to chance:\n"
        "- **measured**: the connectome, or its strongest part;\n"
        "- **rewired**: every region keeps its number of connections, who is joined is left to "
        "chance (Maslov & Sneppen 2002);\n"
        "- **random**: only the number of connections is kept (Erdős & Rényi 1959);\n"
        "- **random, as long**: the number and the weights of connections of each tenth of lengths "
        "are kept (straight distances between centres), after Betzel & Bassett 2018, who keep "
        "degrees too. Keeping both leaves little to chance: most short connections exist.\n\n"
        "Weights are kept, so that every mask starts from the same ones.\n\n"
        f'The two groups\' connectivities correlate {r:.4f}: "held out" is nearly the same data '
        "there, and says that the noise of the data was not fitted, not that the brain is right. "
        f"Therefore {UNSEEN:.0%} of the pairs of regions were also left out of the fit "
        "and predicted (*r unseen pairs*); another tenth of them chose the shrinkage."
    )


def _short(kept: Kept) -> str:
    best, lines = kept[BEST], []
    if chance := _rows(kept, "group", RANDOM, 0.0):
        lines.append(
            f"- With a route for every connection r is {best['fitted_r']:.3f} on the data fitted "
            f"and {best['held_out_r']:.3f} on the other group; on weights in random places "
            f"{_mean(chance, 'fitted_r'):.3f} and {_mean(chance, 'held_out_r'):.3f}. Neither "
            "figure speaks for the anatomy."
        )
        lines.append(
            f"- Pairs that the fit never saw: {best['unseen_r']:.3f} on the measured connectome, "
            f"{_mean(chance, 'unseen_r'):.3f} on weights in random places."
        )
    for name in (key for key in FEW if f"group {key}" in kept):
        row = kept[f"group {name}"]
        lines.append(
            f"- {row['scores']} numbers ({FEW[name]}): {row['held_out_r']:.3f} on the 303."
        )
    for name in ATLASES:
        said = [
            f"{kind} {_mean(rows, 'r'):.3f}"
            for kind in (MEASURED, *CHANCE)
            if (rows := _rows(kept, f"people {name}", kind, 0.1))
        ]
        if said:
            lines.append(
                f"- A person's second half in {name}, 10 % of the pairs: {', '.join(said)}."
            )
    return "## In short\n" + "\n".join(lines)


def _targets(best: dict) -> str:
    rows = [
        (what, wanted, f"{best[name]:.3f}", "reached" if holds(best[name]) else "**missed**")
        for name, what, wanted, holds in TARGETS
    ]
    head = ("every connection of the connectome", "asked", "found", "")
    return "## Asked of the group fit\n" + table(head, rows)


def _masks(kept: Kept) -> str:
    head = ("mask", "pairs joined", "in common", "scores", *COLUMNS)
    rows = []
    for density in _densities(kept, "group"):
        for kind in (MEASURED, *CHANCE):
            if found := _rows(kept, "group", kind, density):
                shares = joined(Wiring(kind, density))
                rows.append((_named(kind, found), *shares, *_spent(found[0]), *_figures(found)))
    return (
        "## The same fit on other masks\n" + table(head, rows) + "\n\n"
        "Mean and range over seeds. *In common*: share of the connections that the measured mask "
        "has too; where nearly all pairs are joined nothing can be rewired, and chance only "
        "moves the weights that the fit starts from. *Degrees spent*: effective degrees of "
        "freedom of the 4950 correlations, of the first seed: how far fitted values follow the "
        f"data (Ye 1998; each probe searches for {FREEDOM_STEPS} steps, so that where many scores "
        "may move it is rather too low). *z left*: root mean squared miss in Fisher z per degree "
        "of freedom that is left. *Data weigh*: independent samples that the data count as "
        "against the prior, 1000 or 10000. "
        f"A search ends after {STEPS} steps at the latest.\n\n" + _advantage(kept)
    )


def _advantage(kept: Kept) -> str:
    rows = []
    for density in [d for d in _densities(kept, "group") if d]:
        measured = _rows(kept, "group", MEASURED, density)[0]
        for kind in CHANCE:
            if found := _rows(kept, "group", kind, density):
                gains = (
                    spread([measured[name] - row[name] for row in found], sign=True)
                    for name in ("unseen_r", "held_out_r")
                )
                rows.append((f"{density:.0%}", kind, *gains))
    if not rows:
        return ""
    head = ("pairs joined", "against", "r unseen pairs", "r 303")
    return f"What the measured mask is better by:\n\n{table(head, rows)}\n\n{_unsettled(kept)}"


def _unsettled(kept: Kept) -> str:
    """How often a fit to all pairs lies further off than pairs left out of another."""
    masks = tuple(f"group {kind}" for kind in (MEASURED, *CHANCE))
    found = [row for key, row in kept.items() if key.startswith(masks)]
    worse = sum(row["fitted_r"] < row["unseen_r"] for row in found)
    return (
        f"Searches end unsettled: in {worse} of {len(found)} fits all pairs are fitted worse than "
        "unseen ones are predicted by the fit without them. Differences of a hundredth between "
        "single masks say little."
    )


def _few(kept: Kept) -> str:
    head = ("what may move", "scores", *COLUMNS)
    rows = [
        (said, *_spent(row), *_figures([row]))
        for name, said in FEW.items()
        if (row := kept.get(f"group {name}"))
    ]
    return "## Few numbers instead of a route for every connection\n" + table(head, rows)


def _people(kept: Kept, name: str) -> str:
    beside = kept[f"people {name} beside"]
    n = len(beside["ceiling_r"])
    rows = []
    for density in _densities(kept, f"people {name}"):
        measured = _rows(kept, f"people {name}", MEASURED, density)
        for kind in (MEASURED, *CHANCE):
            if found := _rows(kept, f"people {name}", kind, density):
                means = [float(np.mean(row["r"])) for row in found]
                errors = [float(np.mean(row["error"])) for row in found]
                fits = [float(np.mean(row["fitted_r"])) for row in found]
                row = (_named(kind, found), f"{density:.0%}" if density else "every")
                row += tuple(spread(x) for x in (fits, means, errors))
                rows.append((*row, _gain(measured, found) if kind != MEASURED else ""))
    head = (
        "mask",
        "pairs joined",
        "r first half",
        "r second half",
        "error",
        "measured is better by",
    )
    chosen = "; ".join(
        f"{_density(d)}: {kept[key]['scale']:g}"
        for d in _densities(kept, f"people {name}")
        if (key := f"people {name} chosen {d:g}") in kept
    )
    return (
        f"## People of {name}: first half fitted, second half tested, n = {n}\n"
        + table(head, rows)
        + f"\n\nFirst half against second: {np.mean(beside['ceiling_r']):.3f}; mean of the other "
        f"people: {np.mean(beside['others_r']):.3f}. People are fitted around a group that is "
        "fitted on the same mask to their first halves. Shrinkage (chosen on the measured mask "
        f"among 0.5, 1 and 2: first quarters fitted, second quarters tested) is {chosen}, and the "
        "same on all masks, which favours the measured one if any. *Better by*: mean over people "
        "and seeds of the difference in r, its range over people, and in how many it is above 0."
    )


def _gain(measured: list[dict], found: list[dict]) -> str:
    if not measured:
        return ""
    gains = np.array(measured[0]["r"]) - np.mean([row["r"] for row in found], axis=0)
    return f"{spread(gains, sign=True)}; {(gains > 0).sum()} of {len(gains)} people"


def _rows(kept: Kept, part: str, kind: str, density: float) -> list[dict]:
    """Everything that was computed on one kind of mask, seed after seed."""
    keys = (f"{part} {Wiring(kind, density, seed)}" for seed in range(20))
    return [kept[key] for key in keys if key in kept]


def _densities(kept: Kept, part: str) -> list[float]:
    start = f"{part} {MEASURED} "
    found = {float(key.removeprefix(start).split()[0]) for key in kept if key.startswith(start)}
    return sorted(found, key=lambda density: -density or -1.0)


def _density(density: float) -> str:
    return f"{density:.0%} of the pairs" if density else "every connection"


def _named(kind: str, found: list[dict]) -> str:
    return kind if len(found) == 1 else f"{kind}, {len(found)} seeds"


def joined(wiring: Wiring) -> tuple[str, str]:
    """Share of all pairs that a mask joins, and of its connections that the measured mask has."""
    null, measured = (
        w.of(embedded_connectome(), atlas()).weights > 0
        for w in (wiring, Wiring(MEASURED, wiring.density))
    )
    n = len(null)
    return f"{null.sum() / n / (n - 1):.1%}", f"{(null & measured).sum() / null.sum():.0%}"


def _spent(row: dict) -> tuple[str, ...]:
    said = str(row["scores"]), _or_nothing(row, "degrees", ".0f"), _or_nothing(row, "left_z", ".3f")
    return *said, f"{row['samples']:g}"


def _or_nothing(row: dict, name: str, shape: str) -> str:
    return format(row[name], shape) if name in row else ""


def _figures(found: list[dict]) -> tuple[str, ...]:
    said = tuple(spread([row[name] for row in found]) for name in FIGURES)
    return (*said, f"{np.mean([row['cpu_s'] for row in found]):.1f}")


def _mean(rows: list[dict], name: str) -> float | None:
    return float(np.mean([np.mean(row[name]) for row in rows])) if rows else None
