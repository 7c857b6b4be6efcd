"""The nouns of `edges`: what one process is given, and what it gives back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.atlas import Atlas
from defaultmode.pipeline.edge_settings import EdgesAsked
from defaultmode.statistics.question import Array, Cells, Question

Texts = NDArray[np.object_]


@dataclass(frozen=True, slots=True, eq=False)
class EdgeWork:
    """The matrices of one atlas and preset and what is asked of them.

    matrices : of every row of the study, None where there is none; stream : of its permutations
    """

    atlas: Atlas
    denoise: str
    matrices: tuple[Path | None, ...]
    question: Question
    cells: Cells
    asked: EdgesAsked
    stream: np.random.SeedSequence


@dataclass(frozen=True, slots=True)
class Component:
    """Edges above the threshold that hang together.

    intensity : sum of |t| above the threshold; higher : edges with a positive t
    p_extent, p_intensity : that chance makes any component as large
    within_default, default_task_positive : share of its edges; expected : of all tested edges
    """

    size: int
    intensity: float
    p_extent: float
    p_intensity: float
    nodes: tuple[str, ...]
    higher: int
    within_default: float
    within_default_expected: float
    default_task_positive: float
    default_task_positive_expected: float


@dataclass(frozen=True, slots=True)
class NetworkRow:
    """The edges that join two networks.

    mean_t : mean t of the edges; effect, t, p, p_familywise : of their mean connectivity in people,
    by permutation, p_familywise over the pairs of networks
    """

    network_a: str
    network_b: str
    n_edges: int
    mean_t: float
    effect: float
    t: float
    p: float
    p_familywise: float
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class EdgeStatistics:
    """One statistic for each of k edges, NaN where there is none; effect in Fisher z.

    component : (k,), 0 for none; None where no components were sought
    n_shuffles : arrangements behind the permutation p, complete where these are all; 0 for none
    """

    t: Array
    effect: Array
    p: Array
    p_familywise: Array
    reason: Texts
    component: NDArray[np.intp] | None = None
    components: tuple[Component, ...] = ()
    n_shuffles: int = 0
    complete: bool = False
    how: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class EdgeFindings:
    """What was found in one atlas and preset.

    n, n_reference : people on both sides, the same ones where `within`
    how : the comparison in words; covariates : adjusted for; dropped : the same for everybody
    least : the person who lacks most edges, and how many; reasons : why edges were not tested, and
        how many
    """

    atlas: Atlas
    denoise: str
    tested: EdgeStatistics
    p_fdr: Array
    networks: tuple[NetworkRow, ...]
    n: int
    n_reference: int
    within: bool
    how: str
    covariates: tuple[str, ...]
    dropped: tuple[str, ...] = ()
    least: tuple[str, int] = ("", 0)
    reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def n_tested(self) -> int:
        """Edges with a statistic."""
        return int(np.isfinite(self.tested.t).sum())
