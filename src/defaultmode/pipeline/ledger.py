"""The ledger of a study: every claim, tested in every preset, with one verdict each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite
from pathlib import Path

import numpy as np

from defaultmode.claims import Claim, all_claims, find_claim
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.plan import Plan
from defaultmode.core.result import Result
from defaultmode.core.study import Study
from defaultmode.core.treatments import synonyms, treatment_named
from defaultmode.pipeline.asking import CLINICAL
from defaultmode.pipeline.claim_columns import Ground, between_covariates
from defaultmode.pipeline.evidence import PUBLISHED, Place, evidence_table
from defaultmode.pipeline.judging import Judged, judged
from defaultmode.pipeline.ledger_tables import (
    claim_table,
    deciding,
    sentence,
    specification_table,
)
from defaultmode.pipeline.specifying import Specification, specifications
from defaultmode.statistics.occasions import occasions_of

STREAM = 5  # of the study's seed, apart from those of measures and people


@dataclass(frozen=True, slots=True, eq=False)
class Ledger:
    """What a study says of the claims.

    claims : one row per claim, atlas and preset
    specifications : one row per test, preset and adjustment
    evidence : one row per published finding, own effect and pooled mean
    """

    claims: Result
    specifications: Result
    evidence: Result
    ground: Ground


def ledger(
    study: Study,
    plan: Plan | None = None,
    *,
    seed: int = 0,
    stamp: str = "",
    out: Path | None = None,
) -> Ledger:
    """Test every claim on a study, in every preset and adjustment.

    seed : of permutations and other draws; stamp : how the study stands to its plan;
    out : its folder of results, for maps of regions and predictions
    Raises E410 for a claim and E436 for a column that a plan names and that is not there.
    """
    plan = plan or Plan()
    ground = Ground(study, occasions_of(study, plan), plan, seed, out)
    check_plan(ground)
    chosen = [find_claim(name) for name in plan.claims] or list(all_claims().values())
    made = {claim.id: tuple(specifications(ground, claim)) for claim in chosen}
    found = {claim.id: _judged(made[claim.id], claim, plan=plan, seed=seed) for claim in chosen}
    table = claim_table(ground, chosen, found).assign(stamp=stamp)
    rows = [one for rows in made.values() for one in rows]
    return Ledger(
        Result(
            table,
            sentence(table),
            cites=_cites([claim for claim in chosen if _tested(found[claim.id])]),
            seed=seed,
            settings={"primary": plan.primary, "permutations": plan.permutations},
            notes=ground.occasions.notes,
        ),
        Result(
            specification_table(ground, rows).assign(stamp=stamp),
            f"{len(rows)} specifications.",
            seed=seed,
        ),
        _evidence(ground, chosen, found),
        ground,
    )


def check_plan(ground: Ground) -> None:
    """A plan that names what is not there is refused before anything is tested.

    Raises E436 for a claim, column, preset or misspelt treatment, E437 for a covariate that does
    not vary.
    """
    for name in (ground.plan.primary, *ground.plan.claims):
        if name and name.upper() not in all_claims():
            msg = f"the plan names the claim {name!r}; `defaultmode claims` lists them."
            raise DefaultModeError("E436", msg)
    for visit in ground.plan.visits.values():
        if visit.treatment and not treatment_named(visit.treatment):
            near = get_close_matches(visit.treatment.lower(), synonyms(), 1, 0.8)
            if near:
                msg = f"the plan names the treatment {visit.treatment!r}; {near[0]!r} is known."
                raise DefaultModeError("E436", msg)
    for preset in ground.plan.presets:
        if preset not in ground.presets:
            have = ", ".join(ground.presets) or "none"
            msg = f"the plan names the preset {preset!r}; those measured are {have}."
            raise DefaultModeError("E436", msg)
    between_covariates(ground)


def _judged(
    rows: Sequence[Specification], claim: Claim, *, plan: Plan, seed: int
) -> dict[tuple[str, str, str], Judged]:
    """(test, atlas, preset) → what decides there; each claim has its own stream."""
    rng = np.random.default_rng(np.random.SeedSequence([seed, STREAM, claim.order]))
    return {
        (one.test.name, one.atlas, one.denoise): judged(
            one, permutations=plan.permutations, rng=rng
        )
        for one in rows
        if one.decides
    }


def _evidence(
    ground: Ground, claims: Sequence[Claim], found: Mapping[str, Mapping[Place, Judged]]
) -> Result:
    presets = (*ground.presets, CLINICAL)
    decides = {claim.id: deciding(ground, claim, presets) for claim in claims}
    table = evidence_table(claims, found, decides, cohort=ground.plan.cohort)
    said = f"{(table['source'] == PUBLISHED).sum()} published findings beside the study's own."
    return Result(table, said)


def _tested(found: Mapping[Place, Judged]) -> bool:
    """Whether any test of a claim gave an effect."""
    return any(isfinite(judged.estimate.value) for judged in found.values())


def _cites(claims: Sequence[Claim]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row.cite for claim in claims for row in claim.evidence))
