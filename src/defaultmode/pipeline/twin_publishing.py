"""A fitted twin → its files, its manifest and its row in the table of all twins."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from defaultmode import __version__
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Entities
from defaultmode.outputs.twins import TWIN_MEASURES, TwinColumn, TwinFiles, twin_files
from defaultmode.pipeline.folder import Folder
from defaultmode.pipeline.one_run import Work
from defaultmode.pipeline.one_twin import FittedTwin, TwinWork
from defaultmode.running import Fingerprint, Manifest, write_bytes
from defaultmode.simulation.twin import stored
from defaultmode.simulation.twin_columns import FEWEST_DRAWS, Summary
from defaultmode.sources.bids import RunFiles

Array = NDArray[np.float64]


def publish(
    folder: Folder,
    work: TwinWork,
    fitted: FittedTwin,
    inputs: Sequence[Path],
    analysis: Mapping[str, object],
) -> None:
    """Write every file of a twin, its manifest last."""
    files = files_of(work, fitted)
    contents = twin_files(files)
    for name, content in contents.items():
        write_bytes(folder.path / name, content)
    manifest = Manifest(
        fitted.key,
        __version__,
        analysis,
        tuple(Fingerprint.of(path) for path in inputs),
        tuple(Fingerprint.of(folder.path / name, name) for name in sorted(contents)),
        {
            "measures": f"{files.base}{TWIN_MEASURES}",
            "row": row_of(work, fitted),
            "sentences": {c.name: c.sentence for c in fitted.columns if c.recovered},
        },
    )
    folder.finish_twin(manifest)


def files_of(work: TwinWork, fitted: FittedTwin) -> TwinFiles:
    """What is published of a twin."""
    shown, ground = work.shown, work.ground
    return TwinFiles(
        key=fitted.key,
        entities=shown.entities,
        atlas=shown.atlas.name,
        denoise=shown.denoise,
        n_volumes=shown.n_volumes,
        columns=[column_of(s) for s in fitted.columns],
        belief=fitted.belief,
        model=stored(fitted.twin),
        failed=fitted.failed,
        about={
            "Personal": fitted.personal,
            "Connectome": ground.connectome,
            "Group": ground.people,
            "GroupFit": ground.fit,
            "BandHz": [shown.low_hz, shown.high_hz],
            "Draws": len(fitted.twin.draws),
        },
    )


def column_of(summary: Summary) -> TwinColumn:
    """A summary with its interval over the plausible others."""
    enough = len(summary.drawn) >= FEWEST_DRAWS
    low, high = summary.interval() if enough else (np.nan, np.nan)
    return TwinColumn(
        name=summary.name,
        value=summary.mean if enough else summary.value,
        low=float(low),
        high=float(high),
        fitted=summary.value,
        learnt=summary.learnt if enough else float("nan"),
        recovered=summary.recovered,
        unit=summary.unit,
        sentence=summary.sentence,
    )


def row_of(work: TwinWork, fitted: FittedTwin) -> dict[str, object]:
    """The twin's row in the table of all, as it is kept with its manifest."""
    shown, entities = work.shown, work.shown.entities
    connectome, group = work.ground.connectome, work.ground.people
    row = _keys(entities) | {
        "atlas": shown.atlas.name,
        "denoise": shown.denoise,
        "connectome": connectome,
        "group": group,
        "status": status_of(fitted),
        "reason": fitted.failed.reason if fitted.failed else None,
    }
    numbers = {k: None if isinstance(v, Missing) else v for k, v in fitted.belief.items()}
    return row | numbers


def row_without(work: Work, problem: DefaultModeError) -> dict[str, object]:
    """The row of a run that has no twin."""
    named = work.files.entities if isinstance(work.files, RunFiles) else Entities(work.key)
    told = {"atlas": work.atlas or None, "status": "no twin"}
    return _keys(named) | told | {"reason": f"{problem.code}: {problem.detail}"}


def _keys(entities: Entities) -> dict[str, object]:
    return {
        "participant_id": f"sub-{entities.participant}",
        "session_id": f"ses-{entities.session}" if entities.session else None,
        "task_id": entities.task or None,
        "acquisition_id": entities.acquisition or None,
        "direction_id": entities.direction or None,
        "run_id": entities.run or None,
    }


def status_of(fitted: FittedTwin) -> str:
    """In one word or two what a twin is good for."""
    if fitted.failed:
        return "failed"
    if isinstance(fitted.verdict.personal, Missing):
        return "personal or not: unknown"
    return "personal" if fitted.personal else "not personal"


def rows_kept(folder: Folder) -> list[dict[str, object]]:
    """The rows of all twins in a folder, in order of their keys."""
    return [dict(row) for m in folder.twins() if isinstance(row := m.outcome["row"], Mapping)]
