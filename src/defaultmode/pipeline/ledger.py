"""The ledger of a study: every claim, tested in every preset, with one verdict each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from defaultmode.claims import Claim, all_claims, find_claim
from defaultmode.core.plan import Plan
from defaultmode.core.result import Result
from defaultmode.core.study import Study
from defaultmode.pipeline.claim_columns import Ground
from defaultmode.pipeline.judging import Judged, judged
from defaultmode.pipeline.ledger_tables import claim_table, sentence, specification_table
from defaultmode.pipeline.specifying import Specification, specifications
from defaultmode.statistics.occasions import occasions_of

STREAM = 5  # of the study's seed, apart from those of measures and people


@dataclass(frozen=True, slots=True, eq=False)
class Ledger:
    """What a study says of the claims.

    claims : one row per claim, atlas and preset
    specifications : one row per test, preset and adjustment
    """

    claims: Result
    specifications: Result
    ground: Ground


def ledger(study: Study, plan: Plan | None = None, *, seed: int = 0, stamp: str = "") -> Ledger:
    """Test every claim on a study, in every preset and adjustment.

    seed : of permutations and other draws; stamp : how the study stands to its plan
    Raises E410 for a claim and E436 for a column that a plan names and that is not there.
    """
    plan = plan or Plan()
    ground = Ground(study, occasions_of(study, plan), plan, seed)
    chosen = [find_claim(name) for name in plan.claims] or list(all_claims().values())
    made = {claim.id: tuple(specifications(ground, claim)) for claim in chosen}
    found = {claim.id: _judged(made[claim.id], claim, plan=plan, seed=seed) for claim in chosen}
    table = claim_table(ground, chosen, found).assign(stamp=stamp)
    rows = [one for rows in made.values() for one in rows]
    return Ledger(
        Result(
            table,
            sentence(table),
            cites=_cites(chosen),
            seed=seed,
            settings={"primary": plan.primary, "permutations": plan.permutations},
            notes=ground.occasions.notes,
        ),
        Result(
            specification_table(ground, rows).assign(stamp=stamp),
            f"{len(rows)} specifications.",
            seed=seed,
        ),
        ground,
    )


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


def _cites(claims: Sequence[Claim]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row.cite for claim in claims for row in claim.evidence))
