"""Claims about maps: whether two treatments change the same regions, and where a change lies."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.missing import Missing
from defaultmode.core.result import Estimate
from defaultmode.pipeline.claim_columns import Array, Case
from defaultmode.pipeline.folder import Folder
from defaultmode.pipeline.treatment_maps import ChangeMaps, MapAsked, MeasuredStudy, change_maps
from defaultmode.statistics.overlap import overlap
from defaultmode.statistics.question import untestable
from defaultmode.statistics.spin import map_enrichment

PLACEBO = "placebo"
LEAST_PEOPLE = 5  # our choice: below it a correlation over people is noise
DRAWS = 999


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
    known = np.isfinite(values) & np.isfinite(maps.values).all(axis=1)
    if known.sum() < LEAST_PEOPLE:
        raise untestable(f"{known.sum()} people with map and rating; {LEAST_PEOPLE} are needed")
    members = maps.atlas.members("default")
    found = map_enrichment(_strength(maps.values[known], values[known]), members, maps.atlas,
                           seed=case.seed)  # fmt: skip
    if isinstance(found, Missing):
        raise untestable(found.reason, found.code or "E438")
    inside = np.isin(found.regions, members)
    chance = _by_people(maps.values[known][:, found.regions], values[known], inside, case.rng)
    return Estimate(
        "difference of r", value=found.value, p=float(np.fmax(found.p, chance)),
        p_permuted=chance, n=int(known.sum()), raw=found.value,
        how="mean absolute correlation of regions, default mode network − elsewhere; the larger p "
        "of rotations and of ratings that change people",
    )  # fmt: skip


def measured(case: Case) -> MeasuredStudy:
    """The finished study that the ledger is of; raises E438 where its files are not there."""
    if case.ground.out is None:
        raise untestable("the maps of regions are in the folder of results, which was not given")
    folder = Folder(case.ground.out)
    here = case.ground.occasions  # visits that were rated and not scanned stand below the runs
    return MeasuredStudy(folder, here.taken(here.rows < len(folder.measure_tables())))


def _map(case: Case, study: MeasuredStudy, treatment: str, *, controlled: bool) -> ChangeMaps:
    """Changes under a treatment, less those under placebo where the two maps share no placebo."""
    placebo = PLACEBO if controlled and PLACEBO in study.occasions.treatments else ""
    phase = case.question.phase
    asked = MapAsked(case.measure, case.denoise, treatment, phase, placebo)
    return change_maps(study, asked, atlas=case.atlas)


def _strength(maps: Array, ratings: Array) -> Array:
    """Absolute correlation over people of each region's change with the ratings, (n_regions,)."""
    x, y = maps - maps.mean(axis=0), ratings - ratings.mean()
    size = np.linalg.norm(x, axis=0) * np.linalg.norm(y)
    r = np.divide(y @ x, size, out=np.full(x.shape[1], np.nan), where=size > 0)
    return np.asarray(np.abs(r))


def _by_people(
    maps: Array, ratings: Array, inside: NDArray[np.bool_], rng: np.random.Generator
) -> float:
    """Two-sided p of the difference where ratings change people, so that regions keep company."""

    def difference(values: Array) -> float:
        strength = _strength(maps, values)
        return float(strength[inside].mean() - strength[~inside].mean())

    observed = difference(ratings)
    null = np.array([difference(rng.permutation(ratings)) for _ in range(DRAWS)])
    higher, lower = (null >= observed).sum(), (null <= observed).sum()
    return float(min(1.0, 2 * (min(higher, lower) + 1) / (DRAWS + 1)))
