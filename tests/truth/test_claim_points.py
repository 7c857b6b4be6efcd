"""The raw values behind a claim's test: whom the figure leaves out, it says."""

import numpy as np
import pytest

from defaultmode.report.claim_points import MOST_GROUPS, _groups_left
from defaultmode.report.nouns import Behind


def behind(n_groups: int, *, pair: bool = False) -> Behind:
    groups = tuple(f"arm {i}" for i in range(n_groups))
    people = tuple(f"sub-{i}" for i in range(n_groups))
    moments = {name: np.arange(float(n_groups)) for name in ("x", "y")[: 1 + pair]}
    return Behind(
        claim="C", test="T", denoise="d", atlas="a", people=people, groups=groups,
        moments=moments, unit="z", pair=pair,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (behind(MOST_GROUPS), ""),
        (behind(MOST_GROUPS + 2), " Not drawn: 2 further groups (arm 4, arm 5)."),
        (behind(MOST_GROUPS + 2, pair=True), ""),
    ],
)
def test_groups_that_are_not_drawn_are_named(one: Behind, said: str) -> None:
    assert _groups_left([one]) == said
