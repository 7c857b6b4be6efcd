"""Small studies with a known answer, as the statistics meet them."""

import numpy as np
import pandas as pd

from defaultmode.core.study import KEYS, Column, Study

PRESET = "as-supplied"


def outcome(name: str, *, denoise: str = PRESET) -> Column:
    return Column(
        f"{name}__{denoise}", "measure", "number", unit="Fisher z", measure=name, denoise=denoise
    )


def factor(name: str, *, level: str = "participant") -> Column:
    role = "clinical" if level == "participant" else "design"
    return Column(name, role, "text", level=level)


def clinical(name: str, *, level: str = "participant") -> Column:
    return Column(name, "clinical", "number", level=level, unit="points")


def made(table: pd.DataFrame, *columns: Column) -> Study:
    """A study of these rows; BIDS keys need no column of the dictionary."""
    keys = {k: Column(k, "key", "text") for k in KEYS if k in table}
    return Study(table, keys | {c.name: c for c in columns})


def two_groups(n: int = 20, m: int = 25, *, shift: float = 0.0, seed: int = 0) -> Study:
    """Patients (n, MDD) and controls (m, HC), one run each; `shift` is added to the patients."""
    rng = np.random.default_rng(seed)
    value = rng.normal(size=n + m)
    value[:n] += shift
    table = pd.DataFrame(
        {
            "participant_id": [f"sub-{i:03d}" for i in range(n + m)],
            "group": ["MDD"] * n + ["HC"] * m,
            outcome("within").name: value,
        }
    )
    return made(table, factor("group"), outcome("within"))


def crossover(n: int = 9, *, effect: float = 0.0, seed: int = 0) -> Study:
    """People (n) × placebo and drug × before and after; `effect` only after the drug."""
    rng = np.random.default_rng(seed)
    rows = []
    for person in range(n):
        own = rng.normal(scale=2.0)
        for drug in ("placebo", "psilocybin"):
            for run, condition in enumerate(("before", "after"), start=1):
                acts = drug == "psilocybin" and condition == "after"
                rows.append(
                    {
                        "participant_id": f"sub-{person:02d}",
                        "session_id": f"ses-{drug}",
                        "run_id": str(run),
                        "atlas": "aal90",
                        "drug": drug,
                        "condition": condition,
                        outcome("within").name: own + rng.normal() + effect * acts,
                    }
                )
    drug, condition = factor("drug", level="session"), factor("condition", level="run")
    return made(pd.DataFrame(rows), drug, condition, outcome("within"))
