"""What the section on quality needs of finished runs: QC–FC, and the runs that moved most."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from defaultmode.core.atlas import Atlas
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Array
from defaultmode.core.study import KEYS, Study
from defaultmode.outputs import FinishedRun, mean_fisher_z
from defaultmode.pipeline.run_traces import keys_of, leading_preset, trace_of
from defaultmode.report.choosing import displacement
from defaultmode.report.quality_nouns import MotionDependence, Quality, Trace
from defaultmode.statistics.qc_fc import FEWEST, qc_fc

MOST_MOVED = 3


def quality_of(runs: Sequence[FinishedRun], study: Study, folder: Path) -> Quality:
    """QC–FC of each atlas and preset, and the runs that moved most; empty without motion."""
    moved = displacement(study)
    if moved.empty:
        return Quality()
    return Quality(tuple(dependence_of(runs, moved)), tuple(most_moved(runs, moved, folder)))


def dependence_of(runs: Sequence[FinishedRun], moved: pd.Series) -> list[MotionDependence]:
    """How the connections of each atlas and preset follow motion over people."""
    known = dict(moved.items())
    stacks: dict[tuple[str, str], dict[str, list[FinishedRun]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for run in runs:
        if tuple(keys_of(run).values()) in known:
            for denoise in run.matrices:
                stacks[str(run.description["atlas"]), denoise][run.participant].append(run)
    return [_dependence(key, people, known) for key, people in sorted(stacks.items())]


def _dependence(
    key: tuple[str, str], people: dict[str, list[FinishedRun]], moved: dict[object, float]
) -> MotionDependence:
    atlas, denoise = key
    first = next(iter(people.values()))[0].atlas
    upper = np.triu_indices(len(first), k=1)
    distance = distances(first)[upper]
    if len(people) < FEWEST:
        found = Missing(f"{len(people)} people have motion; {FEWEST} are needed", "E439")
        return MotionDependence(atlas, denoise, found, distance)
    means = [
        float(np.mean([moved[tuple(keys_of(run).values())] for run in own]))
        for own in people.values()
    ]
    edges = (
        mean_fisher_z({"": [run.matrices[denoise] for run in own]})[upper]
        for own in people.values()
    )
    return MotionDependence(atlas, denoise, qc_fc(edges, np.array(means), distance), distance)


def distances(atlas: Atlas) -> Array:
    """Distance between the centres of regions in mm, (n_regions, n_regions), NaN where unknown."""
    centres = np.array([r.xyz_mm or (np.nan,) * 3 for r in atlas.regions], dtype=np.float64)
    apart: Array = np.linalg.norm(centres[:, None] - centres[None], axis=2)
    return apart


def most_moved(runs: Sequence[FinishedRun], moved: pd.Series, folder: Path) -> list[Trace]:
    """The runs with the highest mean framewise displacement, each once, the highest first."""
    by_keys = {tuple(keys_of(run).values()): run for run in runs}
    atlas = KEYS.index("atlas")
    seen: set[tuple[str, ...]] = set()
    traces: list[Trace] = []
    for keys in moved.sort_values(ascending=False, kind="stable").index:
        run, bare = by_keys.get(keys), keys[:atlas]
        denoise = leading_preset(run) if run else ""
        if run and denoise and bare not in seen and len(traces) < MOST_MOVED:
            seen.add(bare)
            traces.append(trace_of(run, denoise, folder))
    return traces
