"""Activity while it is simulated: the nonlinear model, a line for every second of it."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from defaultmode.pipeline.serving_request import BEFORE_MIN, Asked, Stretch
from defaultmode.pipeline.serving_subjects import Simulator, Subject, subject_of
from defaultmode.simulation.engine import Plan, simulate, stream
from defaultmode.simulation.protocol import Scan

Array = NDArray[np.float64]
Json = dict[str, object]
TR_S = 1.0
# steps as for twins (`twin_agreement.Recorded`): mean rates are those of steps of .05 ms to .01 Hz
PLAN = Plan(duration_s=TR_S, tr_s=TR_S, settle_s=20.0, dt_ms=0.2, coupling_every_ms=1.0)
UNTREATED_S = 240.0
UNTREATED_SEED = 0  # the usual activity belongs to the brain, whatever seed is asked for
DECIMALS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Usual:
    """BOLD of a brain in a run without treatment: mean and standard deviation, (n_regions,)."""

    mean: Array
    sd: Array

    def units(self, bold: Array) -> Array:
        """BOLD (n_time, n_regions) in standard deviations from its usual mean."""
        return np.asarray((bold - self.mean) / self.sd)


def live(simulator: Simulator, asked: Asked, stretch: Stretch) -> Iterator[Json]:
    """A line for every second of a stretch of time, and a last one when done.

    The first line of a brain waits for its usual activity, a run of 4 min, which is kept. Whoever
    stops asking stops the simulation. Raises what `subject_of` raises, and E505 where the brain
    leaves its balanced branch, at any line.
    """
    started = time.monotonic()
    subject = subject_of(simulator, asked)
    usual = simulator.kept.get((subject.name, "usual"), lambda: usual_of(subject))
    scan = Scan(session="live", at_min=stretch.at_min, duration_s=stretch.duration_s, tr_s=TR_S)
    plan = replace(PLAN, duration_s=stretch.duration_s)
    t_s = 0.0
    for piece in stream(subject.during(scan, plan.settle_s), asked.seed, plan):
        for activity in usual.units(piece):
            t_s += TR_S
            yield line(t_s, activity, subject)
    wall_s = time.monotonic() - started
    yield {"done": True, "brain_s": stretch.duration_s, "wall_s": round(wall_s, 3)}


def usual_of(subject: Subject) -> Usual:
    """The brain before anything is done to it, recorded for 4 min; raises E505."""
    plan = replace(PLAN, duration_s=UNTREATED_S)
    bold = simulate(subject.brain(-BEFORE_MIN), [UNTREATED_SEED], plan).bold[:, :, 0]
    return Usual(bold.mean(axis=0), bold.std(axis=0, ddof=1))


def line(t_s: float, activity: Array, subject: Subject) -> Json:
    """One volume in standard deviations, regions as shown; t_s : since the stretch began."""
    atlas = subject.ground.atlas
    means = {
        "default": activity[atlas.members("default")].mean(),
        "task_positive": activity[atlas.members("task-positive")].mean(),
        "global": activity.mean(),
    }
    shown = np.round(activity[subject.order], DECIMALS).tolist()
    rounded = {name: round(float(value), DECIMALS) for name, value in means.items()}
    return {"t_s": t_s, "activity": shown, **rounded}
