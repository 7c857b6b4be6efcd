"""Connectivity at chosen minutes, by the linear model through which the scoreboard looks."""

from collections.abc import Iterator, Sequence

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


def frames(
    simulator: Simulator, asked: Asked, times_min: Sequence[float] = FRAMES_MIN
) -> Iterator[Json]:
    """Connectivity at some minutes since the treatment, each as soon as it is known.

    Raises what `subject_of` raises, and E504 or E505 where the brain has no balanced rest.
    """
    subject = subject_of(simulator, asked)
    untreated = rest_at(simulator, subject, -BEFORE_MIN)
    for at_min in times_min:
        yield frame(rest_at(simulator, subject, at_min), untreated, subject, at_min)


def rest_at(simulator: Simulator, subject: Subject, at_min: float) -> Rest:
    """The brain at its rest, as the scoreboard sees it; raises E504 and E505."""
    key = (subject.name, subject.levels(at_min))
    return simulator.kept.get(key, lambda: rest_of(subject.brain(at_min), subject.ground))


def frame(rest: Rest, untreated: Rest, subject: Subject, at_min: float) -> Json:
    """What the page shows of a brain; both connectivities in Fisher z, correlations in 1/127.

    The first numbers are of the signal as it is, those of `without_global` after regression on the
    mean of all regions, on which the sign of some changes depends.
    """
    variance = global_signal_variance(rest, RAW) / global_signal_variance(untreated, RAW)
    return {
        "at_min": at_min,
        **_networks(rest, RAW),
        "global_variance": round(variance, DECIMALS),
        "without_global": _networks(rest, REMOVED),
        "edges": packed_edges(rest.z(RAW)[subject.order][:, subject.order]),
    }


def _networks(rest: Rest, preset: str) -> Json:
    numbers = {
        "within_default": within_default_mode,
        "default_task_positive": default_mode_task_positive,
    }
    return {name: round(of(rest, preset), DECIMALS) for name, of in numbers.items()}
