"""Connectivity at chosen minutes, by the linear model through which the scoreboard looks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.pipeline.serving_request import AFTER_MIN, BEFORE_MIN, Asked
from defaultmode.pipeline.serving_subjects import Simulator, Subject, subject_of
from defaultmode.report.brain_payload import packed_edges
from defaultmode.simulation.scoreboard.quantities import (
    RAW,
    REMOVED,
    Rest,
    default_mode_task_positive,
    global_signal_variance,
    rest_of,
    within_default_mode,
)

Json = dict[str, object]
FRAMES_MIN = (
    -BEFORE_MIN, 2.0, 10.0, 20.0, 30.0, 40.0, 60.0, 90.0, 120.0, 180.0, 240.0, 480.0,
    1440.0, 3 * 1440.0, 7 * 1440.0, AFTER_MIN,
)  # fmt: skip
DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Seen:
    """What is kept of a brain at its rest: little, so that many can be.

    networks : connectivities in Fisher z; without_global : the same after regression on the mean of
        all regions, on which the sign of some changes depends
    global_variance : percent squared; edges : packed correlations in the order of the page
    """

    networks: Mapping[str, float]
    without_global: Mapping[str, float]
    global_variance: float
    edges: str


def frames(
    simulator: Simulator, asked: Asked, times_min: Sequence[float] = FRAMES_MIN
) -> Iterator[Json]:
    """Connectivity at some minutes since the treatment, each as soon as it is known.

    Raises what `subject_of` raises, and E504 or E505 where the brain has no balanced rest.
    """
    subject = subject_of(simulator, asked)
    untreated = seen_at(simulator, subject, -BEFORE_MIN)
    for at_min in times_min:
        seen = seen_at(simulator, subject, at_min)
        yield {
            "at_min": at_min,
            **seen.networks,
            "global_variance": round(seen.global_variance / untreated.global_variance, DECIMALS),
            "without_global": seen.without_global,
            "edges": seen.edges,
        }


def seen_at(simulator: Simulator, subject: Subject, at_min: float) -> Seen:
    """The brain at a time, as the scoreboard sees it; raises E504 and E505."""

    def look() -> Seen:
        return seen(rest_of(subject.brain(at_min), subject.ground), subject.order)

    return simulator.kept.get((subject.name, subject.levels(at_min)), look)


def seen(rest: Rest, order: NDArray[np.intp]) -> Seen:
    """What the page shows of a brain; order : its regions in the order of the page."""
    return Seen(
        networks=_networks(rest, RAW),
        without_global=_networks(rest, REMOVED),
        global_variance=global_signal_variance(rest, RAW),
        edges=packed_edges(rest.z(RAW)[np.ix_(order, order)]),
    )


def _networks(rest: Rest, preset: str) -> dict[str, float]:
    numbers = {
        "within_default": within_default_mode,
        "default_task_positive": default_mode_task_positive,
    }
    return {name: round(of(rest, preset), DECIMALS) for name, of in numbers.items()}
