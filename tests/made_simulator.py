"""A made-up catalogue and grid for the tests of the simulator's page: SYNTHETIC numbers."""

import math
from itertools import product

import numpy as np

from defaultmode.report.brain_payload import brain_payload, packed
from report_example import example_atlas

FRAMES_MIN = (-10.0, 0.0, 20.0, 40.0, 80.0, 240.0, 1440.0, 4320.0, 10080.0)
TIMES_MIN = (-10.0, -5.0, *np.round(np.geomspace(1, 10081, 90) - 1, 1).tolist())
STRENGTH = {"ketamine": 1.0, "psilocybin": 0.6, "midazolam": 0.15, "meditation": 0.3, "ect": 0.4}
DOSES = {"ketamine": ("mg/kg", (0.1, 0.5, 1.0, 2.0), (0.1, 1.0))}
DOSES |= {"psilocybin": ("mg", (10, 25), (1, 30)), "midazolam": ("mg/kg", (0.045,), (0.02, 0.1))}
USUAL = {"ketamine": 0.5, "psilocybin": 25, "midazolam": 0.045}
NAMES = {"none": "Nothing", "ect": "ECT", "meditation": "Meditation"}


def made_catalogue(twin="sub-01"):
    """Three brains and six treatments over the 42 made-up regions of the example report."""
    atlas = example_atlas()
    return brain_payload(atlas) | {
        "networks": list(dict.fromkeys(atlas.networks)),
        "roles": ["default", "task-positive", "salience", "other"],
        "brains": [
            {"id": "healthy", "name": "Healthy", "sentence": "Nobody's brain.", "kind": "virtual"},
            {"id": "depressed", "name": "Depressed", "sentence": "Nobody's.", "kind": "virtual"},
            {"id": "twin-1", "name": twin, "sentence": f"Twin of {twin}.", "kind": "twin"},
        ],
        "treatments": [made_treatment(name) for name in ("none", *STRENGTH)],
        "frames_min": list(FRAMES_MIN),
        "therapy": "psychotherapy",
        "limits": ["These numbers are made up."],
    }


def made_treatment(name):
    """One treatment; doses beyond the studied range are there to be greyed."""
    unit, doses, studied = DOSES.get(name, ("", (), None))
    kind = "drug" if doses else "none" if name == "none" else "event"
    return {
        "id": name,
        "kind": kind,
        "name": NAMES.get(name, name.title()),
        "sentence": f"Made-up {name}.",
        "unit": unit,
        "doses": [
            {"value": d, "label": f"{d} {unit}", "share": d / max(doses), "usual": d == USUAL[name]}
            for d in doses
        ],
        "twin_doses": [
            {
                "value": s,
                "label": f"{s:.0%} of the highest studied level",
                "share": s,
                "usual": s == 0.5,
            }
            for s in (0.5, 1.0)
            if doses
        ],
        "studied": studied,
        "hypothetical": kind == "event",
        "marks": [
            {"text": "Plasma level follows published kinetics.", "kind": "calibrated"},
            {"text": "Change of connectivity.", "kind": "emergent"},
        ],
    }


def made_course(brain, treatment, dose=None, therapy_at_min=None):
    """One course and its frames; the numbers follow the dose, so that a change can be seen."""
    times = np.array(TIMES_MIN)
    size = STRENGTH.get(treatment, 0.0) * (dose / DOSES[treatment][1][-1] if dose else 1.0)
    level = np.where(times > 0, np.minimum(times / 40, 1) * np.exp(-times / 180), 0.0) * size
    drug = treatment in DOSES
    request = {"brain": brain, "treatment": treatment, "dose": dose}
    mood = 28 - 12 * size * (1 - np.exp(-np.maximum(times, 0) / 600))
    mood -= 4 * (therapy_at_min is not None) * (times > (therapy_at_min or 0))
    person = not brain.startswith("twin")
    return {
        "request": request | {"therapy_at_min": therapy_at_min, "seed": 0},
        "times_min": times.tolist(),
        "plasma_ng_ml": (200 * level).tolist() if drug else None,
        "effect_site_ng_ml": (180 * level).tolist() if drug else None,
        "level": level.tolist(),
        "plasticity": level.tolist(),
        "condition_level": [1.0] * times.size,
        "dissociation": band(40 * level, 8, "CADSS points") if person and drug else None,
        "mood": band(mood, 6, "MADRS points") if person else None,
        "notes": [{"text": "Mood follows trial averages.", "kind": "built in", "about": "mood"}],
        "refused": None,
        "frames": [made_frame(t, float(np.interp(t, times, level))) for t in FRAMES_MIN],
    }


def band(mean, spread, unit):
    """A mean with a band around it."""
    low = np.maximum(mean - spread, 0).tolist()
    return {"mean": mean.tolist(), "low": low, "high": (mean + spread).tolist(), "unit": unit}


def made_frame(at_min, level):
    """Connectivity at one time: blocks by role, weaker within the default mode under the drug."""
    roles = np.array([r.role for r in example_atlas().regions])
    r = np.where(roles[:, None] == roles[None, :], 0.5, 0.05)
    own = (roles[:, None] == "default") & (roles[None, :] == "default")
    opposed = (roles[:, None] == "default") & (roles[None, :] == "task-positive")
    r = r - 0.3 * level * own - 0.3 * (1 - level) * (opposed | opposed.T)
    rows, columns = np.triu_indices(roles.size, 1)
    return {
        "at_min": at_min,
        "within_default": 0.5 - 0.3 * level,
        "default_task_positive": -0.25 + 0.3 * level,
        "global_variance": 1.0 + 0.5 * level,
        "without_global": {
            "within_default": 0.3 + 0.1 * level,
            "default_task_positive": -0.4 + 0.1 * level,
        },
        "edges": packed(np.round(r[rows, columns] * 127).astype(np.int8)),
    }


def made_live():
    """Two minutes of alternating networks, sd × 32."""
    seconds = np.arange(60) * 2.0
    sign = {"default": 1.0, "task-positive": -1.0}
    signs = np.array([sign.get(r.role, 0.2) for r in example_atlas().regions])
    wave = np.sin(2 * math.pi * seconds / 30)[:, None] * signs
    return {"at_min": 40.0, "tr_s": 2.0, "activity": packed(np.round(wave * 40).astype(np.int8))}


def made_grid(twin="sub-01"):
    """Every brain under every treatment and dose; therapy after a day with usual doses."""
    catalogue = made_catalogue(twin)
    courses, live = {}, {}
    for brain, treatment in product(catalogue["brains"], catalogue["treatments"]):
        twin = brain["kind"] == "twin"
        doses = [d["value"] for d in treatment["twin_doses" if twin else "doses"]]
        for dose, therapy in product(doses or [None], (None,) if twin else (None, 1440.0)):
            parts = (brain["id"], treatment["id"], dose, therapy)
            key = "|".join("" if part is None else str(part) for part in parts)
            courses[key] = made_course(*parts)
            live[key] = made_live()
    # identical matrices are stored once, as in the real grid
    edges = list(dict.fromkeys(f["edges"] for course in courses.values() for f in course["frames"]))
    for course in courses.values():
        course["frames"] = [f | {"edges": edges.index(f["edges"])} for f in course["frames"]]
    return {"catalogue": catalogue, "courses": courses, "live": live, "edges": edges}
