"""Claims about maps: whether two treatments change the same regions, and where a change lies."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from defaultmode.core.missing import Missing
from defaultmode.core.result import Estimate
from defaultmode.pipeline.claim_columns import Array, Case
from defaultmode.pipeline.folder import Folder
from defaultmode.pipeline.treatment_maps import ChangeMaps, MapAsked, MeasuredStudy, change_maps
from defaultmode.statistics.answers import correlated
from defaultmode.statistics.overlap import overlap
from defaultmode.statistics.question import untestable
from defaultmode.statistics.spin import map_enrichment

PLACEBO = "placebo"


def alike(case: Case) -> Estimate:
    """Spatial correlation of the changes under two treatments, of this study or of another.

    The plan's [others] names the folders of finished studies of other treatments.
    """
    asked = case.question
    here = measured(case)
    if asked.treatment not in here.occasions.treatments:
        raise untestable(f"the study has no {asked.treatment}")
    elsewhere = case.ground.plan.others.get(asked.reference, "")
    other = MeasuredStudy.at(Path(elsewhere)) if elsewhere else here
    if asked.reference not in other.occasions.treatments:
        said = "name its finished study in the plan under [others]"
        raise untestable(f"neither this study nor another has {asked.reference}: {said}")
    maps = [
        _map(case, study, treatment, controlled=bool(elsewhere))
        for study, treatment in ((here, asked.treatment), (other, asked.reference))
    ]
    found = overlap(
        maps[0].values,
        maps[1].values,
        maps[0].atlas,
        same_people=not elsewhere and maps[0].people == maps[1].people,
        seed=case.seed,
    )
    how = f"maps over regions: {asked.treatment} ({maps[0].how}), {asked.reference} ({maps[1].how})"
    sure = np.fmax(found.estimate.p, found.estimate.p_permuted)  # over people, and over rotations
    return replace(found.estimate, p=float(sure), how=how)


def placed(case: Case) -> Estimate:
    """How much more a regional change goes with the partner inside the network than outside.

    Mean over regions of the absolute correlation over people, inside less outside; p by rotation.
    """
    asked = case.question
    if asked.partner is None:
        raise untestable("the study has no value to set the change of regions against")
    here = measured(case)
    if asked.treatment not in here.occasions.treatments:
        raise untestable(f"the study has no {asked.treatment}")
    maps = _map(case, here, asked.treatment, controlled=False)
    ratings, _ = case.cells.change(asked.partner, asked.treatment, asked.phase)
    place = {name: i for i, name in enumerate(case.ground.occasions.people)}
    values = ratings[[place[name] for name in maps.people]]
    strength = np.abs([_correlation(column, values) for column in maps.values.T])
    found = map_enrichment(strength, maps.atlas.members("default"), maps.atlas, seed=case.seed)
    if isinstance(found, Missing):
        raise untestable(found.reason, found.code or "E438")
    known = int((np.isfinite(values) & np.isfinite(maps.values).any(axis=1)).sum())
    untested = f"; not tested: {found.untested.reason}" if found.untested else ""
    how = "mean absolute correlation of regions, default mode network − elsewhere; p by rotation"
    return Estimate(
        "difference of r", value=found.value, p=found.p, n=known, raw=found.value,
        how=f"{how}{untested}",
    )  # fmt: skip


def measured(case: Case) -> MeasuredStudy:
    """The finished study that the ledger is of; raises E438 where its files are not there."""
    if case.ground.out is None:
        raise untestable("the maps of regions are in the folder of results, which was not given")
    return MeasuredStudy(Folder(case.ground.out), case.ground.occasions)


def _map(case: Case, study: MeasuredStudy, treatment: str, *, controlled: bool) -> ChangeMaps:
    """Changes under a treatment, less those under placebo where the two maps share no placebo."""
    placebo = PLACEBO if controlled and PLACEBO in study.occasions.treatments else ""
    phase = case.question.phase
    asked = MapAsked(case.measure, case.denoise, treatment, phase, placebo)
    return change_maps(study, asked, atlas=case.atlas)


def _correlation(x: Array, y: Array) -> float:
    rows = np.isfinite(x) & np.isfinite(y)
    return correlated(x[rows], y[rows], np.empty((int(rows.sum()), 0))).value
