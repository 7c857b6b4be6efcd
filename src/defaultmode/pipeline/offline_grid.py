"""The page's answers computed beforehand, for one file that asks nothing of anybody."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.pipeline.serving_catalogue import HEALTHY, catalogue
from defaultmode.pipeline.serving_course import course
from defaultmode.pipeline.serving_frames import frames
from defaultmode.pipeline.serving_live import live
from defaultmode.pipeline.serving_request import AFTER_MIN, BEFORE_MIN, Asked, Stretch
from defaultmode.pipeline.serving_subjects import Simulator
from defaultmode.report.brain_payload import packed
from defaultmode.running import progress

Json = dict[str, Any]
# Treatment-resistant depression differs from the hyperconnected kind only in how fast it recovers.
BRAINS = (HEALTHY, "depressed_hyper", "depressed_hypo")
FRAMES_MIN = (-BEFORE_MIN, 10.0, 20.0, 40.0, 90.0, 180.0, 480.0, 1440.0, 7 * 1440.0, AFTER_MIN)
TIMES_MIN = np.concatenate([
    np.arange(-BEFORE_MIN, 60.0, 5.0),
    np.arange(60.0, 180.0, 15.0),
    np.arange(180.0, 480.0, 60.0),
    [480.0, 720.0, 1080.0],
    np.arange(1440.0, AFTER_MIN + 1.0, 1440.0),
])  # fmt: skip
THERAPY_MIN = 1440.0  # a session on the day after
LIVE = Stretch(at_min=30.0, duration_s=60.0)  # late in an infusion
LIVE_TR_S = 2.0  # every other volume is kept
SD_STEPS, MOST_STEPS = 32, 127  # of a stored activity: in one standard deviation, and at most
LOST = ("E504", "E505")


def offline_grid(simulator: Simulator, *, seed: int = 0, quiet: bool = True) -> Json:
    """Every choice of a shorter catalogue, answered: what `build_simulator` takes as its grid.

    courses : key → a course with its frames; live : key → a minute of activity at usual doses
    edges : connectivities, each once; a frame names its place among them
    """
    shorter = _shorter(catalogue(simulator))
    asked = list(_choices(shorter, seed))
    edges: dict[str, int] = {}
    courses = {
        one.key: _course(simulator, one, edges)
        for one in progress(asked, len(asked), "courses", quiet=quiet)
    }
    usual = [a for a in asked if _is_usual(a, shorter) and not courses[a.key]["refused"]]
    scans = {
        one.key: _scan(simulator, one) for one in progress(usual, len(usual), "scans", quiet=quiet)
    }
    return {"catalogue": shorter, "courses": courses, "live": scans, "edges": list(edges)}


def _shorter(whole: Json) -> Json:
    """The catalogue with what a file has room for: fewer brains, doses and times."""
    brains = [b for b in whole["brains"] if b["kind"] == "twin" or b["id"] in BRAINS]
    treatments = [t | {"doses": _doses(t["doses"])} for t in whole["treatments"]]
    return whole | {"brains": brains, "treatments": treatments, "frames_min": list(FRAMES_MIN)}


def _doses(doses: list[Json]) -> list[Json]:
    """The lowest, the usual and the highest."""
    ends = [dose["value"] for dose in (*doses[:1], *doses[-1:])]
    return [dose for dose in doses if dose["usual"] or dose["value"] in ends]


def _choices(shorter: Json, seed: int) -> Iterator[Asked]:
    """Brain × treatment × dose × session; a session only where there is something to treat."""
    for brain, treatment in product(shorter["brains"], shorter["treatments"]):
        virtual = brain["kind"] == "virtual"
        if not virtual and treatment["kind"] == "event":
            continue
        doses = treatment["doses" if virtual else "twin_doses"]
        ill = virtual and brain["id"] != HEALTHY
        amounts = [dose["value"] for dose in doses] or [None]
        for dose, therapy in product(amounts, (None, THERAPY_MIN) if ill else (None,)):
            yield Asked(
                brain=brain["id"],
                treatment=treatment["id"],
                dose=dose,
                therapy_at_min=therapy,
                seed=seed,
            )


def _course(simulator: Simulator, asked: Asked, edges: dict[str, int]) -> Json:
    """A course with its frames; one whose brain loses its balance is refused with the reason."""
    found = course(simulator, asked, TIMES_MIN)
    try:
        shown = [] if found["refused"] else list(frames(simulator, asked, FRAMES_MIN))
    except DefaultModeError as problem:
        if problem.code not in LOST:
            raise
        return found | {"refused": f"{problem.code}: {problem.detail}", "frames": []}
    return found | {
        "frames": [f | {"edges": edges.setdefault(str(f["edges"]), len(edges))} for f in shown]
    }


def _is_usual(asked: Asked, shorter: Mapping[str, Any]) -> bool:
    """Whether it is a treatment's usual dose without a session."""
    treatment = next(t for t in shorter["treatments"] if t["id"] == asked.treatment)
    usual = [d["value"] for d in (*treatment["doses"], *treatment["twin_doses"]) if d["usual"]]
    return asked.therapy_at_min is None and (asked.dose is None or asked.dose in usual)


def _scan(simulator: Simulator, asked: Asked) -> Json:
    """A minute of activity, packed as int8 of 1/32 standard deviation."""
    lines = [row for row in live(simulator, asked, LIVE) if "activity" in row]
    volumes = np.array([row["activity"] for row in lines], dtype=np.float64)[:: round(LIVE_TR_S)]
    steps = np.clip(np.rint(SD_STEPS * volumes), -MOST_STEPS, MOST_STEPS)
    return {
        "activity": packed(steps.astype(np.int8)),
        "tr_s": LIVE_TR_S,
        "at_min": LIVE.at_min,
    }
