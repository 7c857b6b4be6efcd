"""Maps of change under a treatment, from the published files of a finished study."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.atlas import Atlas
from defaultmode.core.errors import DefaultModeError
from defaultmode.outputs.read_back import FinishedRun, finished_runs
from defaultmode.pipeline.folder import Folder
from defaultmode.pipeline.gathering import gather_study, study_settings
from defaultmode.statistics.occasions import ACUTE, Occasions, occasions_of
from defaultmode.statistics.question import Cells

Array = NDArray[np.float64]
NO_MAP = "E424"
NOT_TREATMENTS = ("placebo", "midazolam", "diphenhydramine")  # what others are compared with


@dataclass(frozen=True, slots=True)
class MapAsked:
    """Which map of change: a measure of regions, a preset, a treatment and a phase.

    reference : treatment whose change is taken off, "" for none
    """

    measure: str
    denoise: str
    treatment: str
    phase: str = ACUTE
    reference: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ChangeMaps:
    """Change of a measure of regions, one map per person.

    people : their labels; values : (n_people, n_regions), NaN where missing, in the unit of the
    measure; how : the change in words
    """

    atlas: Atlas
    people: tuple[str, ...]
    values: Array
    how: str


@dataclass(frozen=True)
class MeasuredStudy:
    """A finished study whose maps can be read: its folder, and what each of its rows was."""

    folder: Folder
    occasions: Occasions

    @classmethod
    def at(cls, out: Path) -> "MeasuredStudy":
        """The study in a folder of results; raises E408 where none is."""
        study, _ = gather_study(study_settings(out, {}, {}))
        return cls(Folder(out), occasions_of(study))

    @cached_property
    def runs(self) -> list[FinishedRun]:
        """The measured runs in the order of the occasions."""
        found = finished_runs(self.folder.path, self.folder.measure_tables())
        return [found[i] for i in self.occasions.rows]

    @property
    def atlases(self) -> tuple[str, ...]:
        """Names of the atlases that were measured."""
        return tuple(sorted({str(a) for a in self.occasions.atlas}))

    @property
    def presets(self) -> tuple[str, ...]:
        """Denoising presets that have values of regions in any run."""
        return tuple(sorted({name for run in self.runs for name in run.regions}))

    def treatment(self, wanted: str = "") -> str:
        """A treatment by name, or the only one that is no comparison; raises E424."""
        there = self.occasions.treatments
        found = [wanted] if wanted else [t for t in there if t not in NOT_TREATMENTS]
        if len(found) != 1 or found[0] not in there:
            named = f"has no treatment {wanted!r}" if wanted else "does not name one treatment"
            msg = f"{self.folder.path} {named}; it names {', '.join(there) or 'none'}."
            raise DefaultModeError(NO_MAP, msg)
        return found[0]


def change_maps(study: MeasuredStudy, asked: MapAsked, *, atlas: str = "") -> ChangeMaps:
    """Change of each person's map under a treatment, from the person's own baseline.

    Runs of one phase are averaged. The change under the reference is taken off: each person's own
    in a crossover, who lacks it is left out; the mean of its people in parallel arms. Only resting
    runs count where the task labels name any. atlas : needed where the study has several.
    Raises E424 where treatment, phase, measure or preset leave nobody, or the atlas is not clear.
    """
    name = _atlas(study, atlas)
    here = study.occasions
    cells = Cells(here, (here.atlas == name) & here.resting)
    runs = [run for run, a in zip(study.runs, here.atlas, strict=True) if a == name]
    regions = runs[0].atlas
    values = _values(study, asked, name, len(regions))
    change, how = _change(cells, values, asked.treatment, asked.phase)
    if asked.reference:
        study.treatment(asked.reference)
        control, _ = _change(cells, values, asked.reference, asked.phase)
        crossed = here.crossed(asked.treatment, asked.reference)
        change = change - (control if crossed else _mean(control))
        own = "each person's own" if crossed else "the mean of its people"
        how = f"{how}, less that under {asked.reference} ({own})"
    kept: NDArray[np.bool_] = np.any(np.isfinite(change), axis=1)
    if not kept.any():
        under = " and ".join(filter(None, (asked.treatment, asked.reference)))
        msg = (
            f"{study.folder.path}: nobody has {asked.measure} in preset {asked.denoise}, phase "
            f"{asked.phase}, under {under}."
        )
        raise DefaultModeError(NO_MAP, msg)
    people = tuple(str(p) for p, k in zip(here.people, kept, strict=True) if k)
    return ChangeMaps(regions, people, change[kept], how)


def _atlas(study: MeasuredStudy, wanted: str) -> str:
    found = [a for a in study.atlases if wanted in {"", a}]
    if len(found) != 1:
        msg = f"{study.folder.path} has maps in {', '.join(study.atlases) or 'no atlas'}; name one."
        raise DefaultModeError(NO_MAP, msg)
    return found[0]


def _values(study: MeasuredStudy, asked: MapAsked, atlas: str, n_regions: int) -> Array:
    """The measure in every row of the study, (n_rows, n_regions), NaN where there is none."""
    values = np.full((len(study.runs), n_regions), np.nan)
    for row, run, name in zip(values, study.runs, study.occasions.atlas, strict=True):
        found = run.by_region(asked.measure, asked.denoise) if name == atlas else None
        if found is not None:
            row[:] = found
    return values


def _change(cells: Cells, values: Array, treatment: str, phase: str) -> tuple[Array, str]:
    """Change of each person and region, (n_people, n_regions), and how it was taken."""
    found = [cells.change(v, treatment, phase) for v in values.T]
    said = [how for change, how in found if np.isfinite(change).any()]
    return np.column_stack([change for change, _ in found]), said[0] if said else ""


def _mean(maps: Array) -> Array:
    """Mean over people, NaN where nobody has a value, (n_regions,)."""
    known = np.isfinite(maps)
    count = known.sum(axis=0)
    total = np.where(known, maps, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
