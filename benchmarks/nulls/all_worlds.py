"""Every world, in the order of the report."""

from functools import cache

from nulls import (
    comparisons,
    evidence,
    maps,
    mediating,
    normalising,
    permuting,
    predicting,
    relations,
    repeated,
    verdicts,
)
from nulls.world import World

PARTS = (
    comparisons, relations, repeated, permuting, evidence, normalising, mediating, maps,
    predicting, verdicts,
)  # fmt: skip


@cache
def all_worlds() -> dict[str, World]:
    """Key → world."""
    return {world.key: world for part in PARTS for world in part.worlds()}
