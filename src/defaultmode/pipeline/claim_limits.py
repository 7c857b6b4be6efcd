"""What the design of a study forbids, whatever its numbers say."""

from collections.abc import Iterator

import numpy as np

from defaultmode.pipeline.asking import INERT
from defaultmode.pipeline.claim_columns import (
    Ground,
    between_covariates,
    motion_covariate,
    physiology_covariates,
)

ACTIVE_CONTROL = "midazolam"


def limits(ground: Ground) -> tuple[str, ...]:
    """Sentences on what is not recorded or not controlled, each with what follows from it."""
    return (*_of_covariates(ground), *_of_treatments(ground))


def _of_covariates(ground: Ground) -> Iterator[str]:
    if not ground.presets:
        yield "Nothing was measured: only claims about clinical scales can be tested."
        return
    if not any(motion_covariate(ground, preset) for preset in ground.presets):
        yield (
            "No head motion is recorded: no effect of a drug or a group can be told from movement."
        )
    groups = {str(g) for g in ground.occasions.group} - {""}
    if len(groups) > 1 and not between_covariates(ground):
        yield (
            "Neither age nor sex nor site is recorded: a difference between the groups may be "
            "theirs."
        )
    if not physiology_covariates(ground):
        yield "No breathing or heart rate is recorded: arousal may stand behind any effect."


def _of_treatments(ground: Ground) -> Iterator[str]:
    occasions = ground.occasions
    given = [t for t in occasions.treatments if t not in INERT]
    if not given:
        yield "No treatment was given: no claim about a drug can be tested."
        return
    if ACTIVE_CONTROL not in occasions.treatments:
        yield (
            f"No active control beside {', '.join(given)}: people can tell what they were given, "
            "and arousal differs too."
        )
    if not np.any(occasions.phase == "baseline"):
        yield "No scan before treatment: levels are compared, not changes."
