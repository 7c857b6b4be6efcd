"""The files of `edges`: every edge, component and pair of networks, and how it was done."""

from collections.abc import Iterator
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from defaultmode import __version__
from defaultmode.outputs.run import label_of
from defaultmode.outputs.text import as_json, matrix, table
from defaultmode.pipeline.edge_contrast import is_of_groups, sides
from defaultmode.pipeline.edge_found import EdgeFindings
from defaultmode.pipeline.edge_settings import COMPONENTS, EdgesAsked
from defaultmode.pipeline.edge_text import cautions, cites_of, sentence

Codes = NDArray[np.intp]
FOLDER = "edges"
MOST_REGIONS = 200  # up to which every edge has a row
STRONGEST = 1000  # edges that have a row in larger atlases, whatever their p
FDR = 0.05
EDGES = (
    "node_a", "node_b", "network_a", "network_b", "t", "effect", "p", "p_fdr", "p_familywise",
    "component", "reason",
)  # fmt: skip
COMPONENT = (
    "component", "size", "n_nodes", "intensity", "p_extent", "p_intensity", "higher", "lower",
    "within_default", "within_default_expected", "default_task_positive",
    "default_task_positive_expected", "nodes",
)  # fmt: skip
NETWORKS = (
    "network_a", "network_b", "n_edges", "mean_t", "effect", "t", "p", "p_familywise", "reason",
)  # fmt: skip
COLUMNS = {
    "t": "of the first side less the second",
    "effect": "difference in Fisher z, adjusted for the covariates",
    "p": "two-sided, of this edge alone",
    "p_fdr": "Benjamini–Hochberg over the tested edges",
    "p_familywise": "that any edge would reach this |t| by chance; edgewise only",
    "component": "number of the component in the table of components, 0 for none; nbs only",
    "reason": "why the edge was not tested",
}


def edge_files(found: EdgeFindings, asked: EdgesAsked, *, stamp: str) -> dict[str, str]:
    """Every file of one atlas and preset as path → text.

    stamp : how the study stands to its plan
    """
    base = base_of(found, asked)
    files = {
        f"{base}_edges.tsv": table(EDGES, _edges(found)),
        f"{base}_networks.tsv": table(
            NETWORKS, (tuple(asdict(r).values()) for r in found.networks)
        ),
        f"{base}_edges.json": as_json(_described(found, asked, stamp)),
    }
    if asked.method == COMPONENTS:
        files[f"{base}_components.tsv"] = table(COMPONENT, _components(found))
    if len(found.atlas) > MOST_REGIONS:
        names = found.atlas.names
        files[f"{base}_stat-t_relmat.tsv"] = matrix(names, _square(found), index=names)
    return files


def base_of(found: EdgeFindings, asked: EdgesAsked) -> str:
    """Where the names of the files begin."""
    contrast = "V".join(label_of(side) for side in sides(asked.contrast))
    phase = "" if is_of_groups(asked.contrast) else f"_phase-{asked.phase}"
    place = f"atlas-{label_of(found.atlas.label or found.atlas.name)}"
    return (
        f"{FOLDER}/contrast-{contrast}{phase}_method-{asked.method}_{place}"
        f"_desc-{label_of(found.denoise)}"
    )


def _edges(found: EdgeFindings) -> Iterator[tuple[object, ...]]:
    tested, regions = found.tested, found.atlas.regions
    a, b = np.triu_indices(len(regions), 1)
    for i in _shown(found):
        one, other = regions[a[i]], regions[b[i]]
        numbers = (tested.t[i], tested.effect[i], tested.p[i], found.p_fdr[i])
        part = None if tested.component is None else int(tested.component[i])
        yield (
            one.name, other.name, one.network, other.network, *numbers, tested.p_familywise[i],
            part, tested.reason[i],
        )  # fmt: skip


def _shown(found: EdgeFindings) -> Codes:
    """Edges that have a row: all, or in large atlases those that stand out."""
    tested = found.tested
    if len(found.atlas) <= MOST_REGIONS:
        return np.arange(len(tested.t))
    chosen = found.p_fdr <= FDR
    if tested.component is not None:
        chosen |= tested.component > 0
    strength = np.where(np.isfinite(tested.t), np.abs(tested.t), -1.0)
    chosen[np.argsort(-strength, kind="stable")[:STRONGEST]] = True
    return np.flatnonzero(chosen)


def _components(found: EdgeFindings) -> Iterator[tuple[object, ...]]:
    for number, one in enumerate(found.tested.components, start=1):
        yield (
            number, one.size, len(one.nodes), one.intensity, one.p_extent, one.p_intensity,
            one.higher, one.size - one.higher, one.within_default, one.within_default_expected,
            one.default_task_positive, one.default_task_positive_expected, ", ".join(one.nodes),
        )  # fmt: skip


def _square(found: EdgeFindings) -> NDArray[np.float64]:
    """The t of every edge as a symmetric matrix, NaN where there is none."""
    n = len(found.atlas)
    square = np.full((n, n), np.nan)
    upper = np.triu_indices(n, 1)
    square[upper] = found.tested.t
    square.T[upper] = found.tested.t
    return square


def _described(found: EdgeFindings, asked: EdgesAsked, stamp: str) -> dict[str, object]:
    tested = found.tested
    return {
        "Contrast": asked.contrast,
        "How": found.how,
        "Method": asked.method,
        "Atlas": found.atlas.name,
        "Denoising": found.denoise,
        "Participants": found.n,
        "ParticipantsReference": found.n_reference,
        "Covariates": list(found.covariates),
        "CovariatesWithoutVariation": list(found.dropped),
        "EdgesTested": found.n_tested,
        "EdgesNotTested": dict(found.reasons),
        "EdgesShown": len(_shown(found)),
        "Arrangements": tested.n_shuffles,
        "AllArrangements": tested.complete,
        "Settings": asdict(asked),
        "Sentence": sentence(found, asked),
        "Cautions": cautions(found, asked),
        "Columns": COLUMNS,
        "Sources": list(cites_of(asked.method)),
        "Seed": asked.seed,
        "Stamp": stamp,
        "GeneratedBy": f"defaultmode {__version__}",
    }
