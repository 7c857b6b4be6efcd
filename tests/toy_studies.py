"""Small studies with planted effects, made without recordings."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from defaultmode.core.study import MISSING_COLUMNS, Column, Study

KEYS = (
    "participant_id",
    "session_id",
    "task_id",
    "acquisition_id",
    "direction_id",
    "run_id",
    "atlas",
)
PRESETS = {"plain": False, "plain+GSR": True}


def slug(preset: str) -> str:
    return preset.replace("+", "_").lower()


def measure_columns(measures: Sequence[str], presets: Mapping[str, bool]) -> dict[str, Column]:
    return {
        f"{m}__{slug(p)}": Column(
            f"{m}__{slug(p)}", "measure", "number", unit="z", measure=m, denoise=p,
            global_signal_removed=removed,
        )
        for m in measures
        for p, removed in presets.items()
    }  # fmt: skip


def made_study(
    rows: Sequence[Mapping[str, object]],
    *,
    measures: Sequence[str] = ("within_default_mode",),
    presets: Mapping[str, bool] = PRESETS,
    columns: Mapping[str, Column] | None = None,
) -> Study:
    """A study of rows: keys, clinical columns and `measure` or `measure__preset` values.

    A value under the plain name of a measure goes to every preset.
    """
    measured = measure_columns(measures, presets)
    keys = {k: Column(k, "key", "text") for k in KEYS}
    about = keys | dict(columns or {}) | measured
    table = pd.DataFrame([_row(row, about, measured) for row in rows], columns=list(about))
    kinds = {n: "float64" if c.kind == "number" else "object" for n, c in about.items()}
    return Study(table.astype(kinds), about, pd.DataFrame(columns=list(MISSING_COLUMNS)))


def _row(
    row: Mapping[str, object], about: Mapping[str, Column], measured: Mapping[str, Column]
) -> dict[str, object]:
    found: dict[str, object] = dict.fromkeys(about, np.nan)
    found |= dict.fromkeys(KEYS, "n/a") | {"atlas": "toy", "task_id": "rest"}
    found |= {k: v for k, v in row.items() if k in about}
    for name, column in measured.items():
        if column.measure in row:
            found[name] = row[column.measure]
    return found


GROUP = Column("group", "clinical", "text", level="participant")
DRUG = Column("drug", "design", "text", level="session")
ARM = Column("arm", "clinical", "text", level="participant")
PERIOD = Column("period", "clinical", "text", level="session")
MADRS = Column(
    "MADRS", "clinical", "number", level="session", unit="points", scale="MADRS",
    construct="depression",
)  # fmt: skip
CADSS = Column(
    "CADSS", "clinical", "number", level="session", unit="points", scale="CADSS",
    construct="dissociation",
)  # fmt: skip
FD = Column("framewise_displacement_mean", "quality", "number", unit="mm",
            measure="framewise_displacement_mean", denoise="plain")  # fmt: skip


def two_groups(
    rng: np.random.Generator, *, n: int = 40, effect: float = 0.0, motion: float = 0.0
) -> Study:
    """Patients and controls; `effect` in standard deviations, `motion` what a unit of it adds."""
    rows = []
    for i in range(2 * n):
        patient = i < n
        fd = rng.gamma(2, 0.05) + (0.05 if patient and motion else 0.0)
        rows.append(
            {
                "participant_id": f"sub-{i:03d}",
                "group": "MDD" if patient else "HC",
                "framewise_displacement_mean": fd,
                "within_default_mode_core": rng.normal() + effect * patient + motion * fd,
            }
        )
    measures = ("within_default_mode_core",)
    return made_study(rows, measures=measures, columns={"group": GROUP, FD.name: FD})


def crossover(
    rng: np.random.Generator, *, n: int = 30, effect: float = 0.0, period: float = 0.0
) -> Study:
    """Everybody under ketamine and placebo, before and during; effects in residual deviations."""
    rows = []
    for i in range(n):
        own = rng.normal(scale=2.0)
        order = ("ketamine", "placebo") if i % 2 else ("placebo", "ketamine")
        for place, drug in enumerate(order, start=1):
            for phase in ("before", "during"):
                acute = effect * (drug == "ketamine") * (phase == "during")
                rows.append(
                    {
                        "participant_id": f"sub-{i:03d}",
                        "session_id": f"ses-{drug}",
                        "run_id": "1" if phase == "before" else "2",
                        "drug": drug,
                        "condition": phase,
                        "period": str(place),
                        "within_default_mode": own + rng.normal() + acute
                        + period * (place == 2) * (phase == "during"),
                    }
                )  # fmt: skip
    condition = Column("condition", "design", "text", level="run")
    columns = {"drug": DRUG, "condition": condition, "period": PERIOD}
    return made_study(rows, columns=columns)


def parallel(
    rng: np.random.Generator, *, n: int = 40, effect: float = 0.0, dissociation: float = 0.0
) -> Study:
    """Two arms, a baseline, an acute and a later scan; MADRS and CADSS by session."""
    rows = []
    for i in range(2 * n):
        arm = "ketamine" if i < n else "placebo"
        own, ill = rng.normal(), rng.normal(30, 4)
        for session in ("baseline", "infusion", "day1"):
            on = session != "baseline" and arm == "ketamine"
            score = own + rng.normal() + effect * on
            rows.append(
                {
                    "participant_id": f"sub-{i:03d}",
                    "session_id": f"ses-{session}",
                    "arm": arm,
                    "within_default_mode": score,
                    "CADSS": max(0.0, 10 - dissociation * score + rng.normal()) if on else 0.0,
                    "MADRS": ill - 8 * (session == "day1" and on) + rng.normal(),
                }
            )
    return made_study(rows, columns={"arm": ARM, "MADRS": MADRS, "CADSS": CADSS})
