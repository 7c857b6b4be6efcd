"""The brain states of a study for its report: what they are, who was in them, and the landscape."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from defaultmode.core.atlas import Atlas
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Array, Entities
from defaultmode.core.reference import States
from defaultmode.core.settings import Settings
from defaultmode.core.study import KEYS
from defaultmode.measures import (
    PatternShares,
    dwell_time_s,
    fractional_occupancy,
    network_of,
    pattern_shares,
    pooled_landscape,
    step_counts,
    transition_matrix,
)
from defaultmode.outputs import FinishedRun, finished_runs, labels_path, read_states
from defaultmode.pipeline.claim_columns import Ground
from defaultmode.pipeline.folder import Folder
from defaultmode.pipeline.state_scoring import states_files
from defaultmode.report import Page
from defaultmode.report.choosing import categories, factors, leading_presets, measured
from defaultmode.report.section_nouns import (
    LabelledRun,
    Landscapes,
    LearntStates,
    Lost,
    StatesFound,
    Valleys,
)

MOST_RUNS = 150  # whose signals are read again for the landscape
MINIMA, DEFAULT_MODE = "landscape_minima", "default mode"
Keys = tuple[str, ...]


def states_found(
    folder: Folder, settings: Settings, page: Page, ground: Ground
) -> StatesFound | None:
    """The states that the runs of a folder were scored by; None where there are none.

    ground : what each row of the study was
    """
    paths = states_files(folder, settings)
    if not paths:
        return None
    runs = finished_runs(folder.path, folder.measure_tables())
    learnt = [one for path in paths for one in _learnt(*read_states(path), runs)]
    occasions = ground.occasions
    rows = occasions.rows[occasions.untreated & occasions.resting]
    untreated = ground.study.table.iloc[rows][list(KEYS)].astype(str)
    return StatesFound(
        tuple(learnt),
        tuple(_landscapes(runs, page)),
        frozenset(untreated.itertuples(index=False, name=None)),
    )


def _learnt(
    states: Mapping[str, States], about: Mapping[str, object], runs: Sequence[FinishedRun]
) -> Iterator[LearntStates]:
    """The states of one file, by method, with the runs that were scored by them."""
    atlas, denoise = str(about["atlas"]), str(about["denoise"])
    ours = [
        run for run in runs if atlas in {run.description["AtlasLabel"], run.description["atlas"]}
    ]
    tables = [(run, _labels(run, denoise)) for run in ours]
    for method, found in states.items():
        scored = [
            _labelled(run, table[method], len(found))
            for run, table in tables
            if table is not None and method in table and table[method].notna().any()
        ]
        if scored:
            networks, profiles = _profiles(found, ours[0].atlas)
            yield LearntStates(
                atlas=str(ours[0].description["atlas"]),
                denoise=denoise,
                method=method,
                names=found.names,
                default=found.default,
                networks=networks,
                profiles=profiles,
                stability=found.stability,
                n_taught=len(found.learnt_from),
                runs=tuple(scored),
            )


def _labels(run: FinishedRun, denoise: str) -> pd.DataFrame | None:
    """The states of every volume by each method; None where the run was not scored."""
    path = labels_path(run, denoise)
    return pd.read_csv(path, sep="\t", na_values=["n/a"]) if path.is_file() else None


def _labelled(run: FinishedRun, column: pd.Series, n_states: int) -> LabelledRun:
    labels = column.fillna(-1).to_numpy(dtype=np.intp)
    tr_s = float(run.description["RepetitionTime"])
    steps = step_counts(labels, n_states)
    return LabelledRun(
        keys=dict(zip(KEYS, _keys(run), strict=True)),
        tr_s=tr_s,
        labels=labels,
        occupancy=fractional_occupancy(labels, n_states),
        dwell_s=dwell_time_s(steps, tr_s),
        next_state=transition_matrix(steps),
    )


def _keys(run: FinishedRun) -> Keys:
    """What names the run in the study's table, in the order of KEYS."""
    said = Entities(**run.description["entities"])
    session = f"ses-{said.session}" if said.session else ""
    told = (session, said.task, said.acquisition, said.direction, said.run)
    return (run.participant, *(text or "n/a" for text in told), str(run.description["atlas"]))


def _profiles(states: States, atlas: Atlas) -> tuple[tuple[str, ...], Array]:
    """Mean of each centre over the regions of each network, (n_states, n_networks).

    Patterns over regions have length 1 whatever the atlas: times √n_regions, their usual value is
    near 1, as that of network signals in standard deviations is.
    """
    known = {region.name: network_of(region) for region in atlas.regions}
    own = np.array([known.get(name, name) for name in states.features])
    names = sorted(set(own.tolist()) - {""}, key=lambda name: (name != DEFAULT_MODE, name))
    scale = 1.0 if states.method == "hmm" else len(own) ** 0.5
    means = [states.centres[:, own == name].mean(axis=1) for name in names]
    return tuple(names), np.column_stack(means) * scale


def _landscapes(runs: Sequence[FinishedRun], page: Page) -> Iterator[Landscapes]:
    """For each atlas, with the global signal and without it where there are both."""
    presets = leading_presets(measured(page.study).get(MINIMA, {}))
    known = _categories(page)
    for atlas in dict.fromkeys(str(run.description["atlas"]) for run in runs):
        ours = [r for r in runs if r.description["atlas"] == atlas and _keys(r) in known]
        if ours:
            some, n = _some(ours), len(ours)
            yield from (_landscape(some, preset, known, n_runs=n) for preset in presets)


def _categories(page: Page) -> dict[Keys, str]:
    """Keys of a run → the group and session that the page's figures put it in."""
    table = page.study.table
    named = categories(table, factors(page).names)
    keys = table[list(KEYS)].astype(str).itertuples(index=False, name=None)
    return {key: str(name) for key, name in zip(keys, named, strict=True) if pd.notna(name)}


def _some(runs: Sequence[FinishedRun]) -> list[FinishedRun]:
    """All runs of evenly spaced people, so many that no more than MOST_RUNS are read."""
    people = sorted({run.participant for run in runs})
    taken = set(people[:: -(-len(runs) // MOST_RUNS)])
    return [run for run in runs if run.participant in taken]


def _landscape(
    runs: Sequence[FinishedRun], denoise: str, known: Mapping[Keys, str], *, n_runs: int
) -> Landscapes:
    found: dict[str, dict[str, list[PatternShares]]] = {}
    failed: Counter[tuple[str, Missing]] = Counter()
    for run in runs:
        label = known[_keys(run)]
        try:
            shares = _shares(run, denoise)
        except DefaultModeError as problem:
            failed[label, Missing(problem.detail, problem.code)] += 1
            continue
        found.setdefault(label, {}).setdefault(run.participant, []).append(shares)
    pooled = [_valleys(label, people) for label, people in found.items()]
    lost = [Lost(label, n, why) for (label, why), n in failed.items()]
    return Landscapes(
        str(runs[0].description["atlas"]),
        denoise,
        tuple(one for one in pooled if isinstance(one, Valleys)),
        n_runs - len(runs),
        (*lost, *(one for one in pooled if isinstance(one, Lost))),
    )


def _shares(run: FinishedRun, denoise: str) -> PatternShares:
    """How often each set of networks is up in a run; raises E301, E302."""
    if denoise not in run.series:
        raise DefaultModeError("E302", f"There is no signal under the preset {denoise}.")
    return pattern_shares(run.denoised_recording(denoise))


def _valleys(label: str, people: Mapping[str, Sequence[PatternShares]]) -> Valleys | Lost:
    """The landscape of the mean over people, each the mean over their runs."""
    first = next(iter(people.values()))[0]
    mean = np.mean(
        [np.mean([one.shares for one in own], axis=0) for own in people.values()], axis=0
    )
    try:
        found = pooled_landscape(mean, first.task_positive)
    except DefaultModeError as problem:
        n_runs = sum(map(len, people.values()))
        return Lost(label, n_runs, Missing(problem.detail, problem.code), whole=True)
    return Valleys(
        label=label,
        people=tuple(person for person, own in people.items() for _ in own),
        networks=first.names,
        up=found.up,
        energies=np.diagonal(found.landscape.saddles),
        basins=found.basins,
        default=found.default,
        saddles=found.landscape.saddles,
        accuracy=found.accuracy,
    )
