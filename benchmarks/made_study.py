"""A made three-arm trial with controls: every column that a claim asks for, and no effect."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from defaultmode.claims import all_claims
from defaultmode.core.study import KEYS, MISSING_COLUMNS, Column, Study
from defaultmode.measures import all_measures

PRESETS = {"plain": False, "plain+GSR": True}
SESSIONS = ("ses-baseline", "ses-infusion", "ses-day1")
ARMS = ("ketamine", "placebo", "midazolam", "")  # the last are the controls
SCALES = (
    ("MADRS", "depression", 28.0, 5.0),
    ("RRS", "rumination", 50.0, 10.0),
    ("CADSS", "dissociation", 12.0, 4.0),
    ("self-reference", "self_bias", 0.0, 1.0),
)
TRAIT = 0.7  # share of a measure's variance that a person keeps from session to session
LOGGED = ("global_signal_variance",)
NULLS = {"default_mode_membership": 0.85}  # what its claim is tested against
ALIKE = 0.8  # correlation of what two presets give of one scan


@dataclass(frozen=True, slots=True)
class Size:
    """People in each of the four arms, and how many measures."""

    people: tuple[int, int, int, int] = (300, 250, 200, 250)
    n_measures: int = 60

    @property
    def n(self) -> int:
        """All of them."""
        return sum(self.people)


def measure_names(n: int) -> list[str]:
    """Those that claims ask for, then others of the book; n = 0 for the former alone."""
    tests = [test for claim in all_claims().values() for test in claim.tests]
    asked = {t.outcome for t in tests if t.of == "measure"}
    asked |= {t.partner for t in tests if t.partner and t.partner_of == "measure"}
    single = {m.name for m in all_measures().values() if m.kind == "number"}
    first = sorted(asked & single)
    others = sorted(single - asked - {"framewise_displacement_mean"})
    return [*first, *others][: n or len(first)]


def made_study(size: Size, rng: np.random.Generator) -> Study:
    """One row per person and session; nothing depends on the arm, the group or anything else."""
    who = np.repeat(np.arange(size.n), len(SESSIONS))
    arm = np.repeat(np.repeat(ARMS, size.people), len(SESSIONS))
    columns = {name: Column(name, "key", "text") for name in KEYS}
    values: dict[str, object] = {
        "participant_id": [f"sub-{i:04d}" for i in who],
        "session_id": np.tile(SESSIONS, size.n),
        "task_id": "rest", "acquisition_id": "n/a", "direction_id": "n/a", "run_id": "n/a",
        "atlas": "made",
    }  # fmt: skip
    for column, given in (*_people(arm, size, rng), *_clinical(arm, rng)):
        columns[column.name], values[column.name] = column, given
    for name in measure_names(size.n_measures):
        scans = _scans(size.n, rng)
        for (preset, removed), one in zip(PRESETS.items(), scans, strict=True):
            label = f"{name}__{preset.replace('+', '_').lower()}"
            columns[label] = Column(
                label, "measure", "number", measure=name, denoise=preset,
                global_signal_removed=removed,
            )  # fmt: skip
            values[label] = np.exp(one) if name in LOGGED else one + NULLS.get(name, 0.0)
    table = pd.DataFrame(values, index=range(len(who)))
    return Study(table, columns, pd.DataFrame(columns=list(MISSING_COLUMNS)))


def _people(
    arm: np.ndarray, size: Size, rng: np.random.Generator
) -> Sequence[tuple[Column, object]]:
    def each(values: np.ndarray) -> np.ndarray:
        return np.repeat(values, len(SESSIONS))

    motion = Column(
        "framewise_displacement_mean", "quality", "number", unit="mm",
        measure="framewise_displacement_mean", denoise="plain",
    )  # fmt: skip
    therapy = each(rng.choice(["CBT", "none"], size.n))
    return [
        (_person("group"), np.where(arm == "", "HC", "MDD")),
        (_person("arm"), np.where(arm == "", "n/a", arm)),
        (_person("therapy"), therapy),
        (_person("sex"), each(rng.choice(["f", "m"], size.n))),
        (_person("site"), each(rng.choice(["a", "b", "c", "d"], size.n))),
        (
            Column("age", "clinical", "number", level="participant"),
            each(rng.normal(40, 10, size.n)),
        ),
        (motion, rng.gamma(2, 0.06, len(arm))),
    ]


def _person(name: str) -> Column:
    return Column(name, "clinical", "text", level="participant")


def _clinical(arm: np.ndarray, rng: np.random.Generator) -> Sequence[tuple[Column, object]]:
    found = []
    session = np.tile(np.arange(len(SESSIONS)), len(arm) // len(SESSIONS))
    for name, construct, mean, sd in SCALES:
        column = Column(
            name, "clinical", "number", level="session", scale=name if name == "MADRS" else "",
            construct=construct,
        )  # fmt: skip
        score = mean + sd * _scans(len(arm) // len(SESSIONS), rng)[0]
        # A third of everybody halves the score by itself, whatever was given.
        better = np.repeat(rng.random(len(arm) // len(SESSIONS)) < 1 / 3, len(SESSIONS))
        fell = np.where(better & (session > 0), score * 0.4, score)
        found.append((column, np.clip(fell, 0, 60) if name == "MADRS" else score))
    return found


def _scans(n: int, rng: np.random.Generator) -> np.ndarray:
    """Standard normal values of n people in every session, as both presets give them."""
    own = rng.normal(size=(n, 1)) * np.sqrt(TRAIT)
    shared = own + rng.normal(size=(n, len(SESSIONS))) * np.sqrt(1 - TRAIT)
    noise = rng.normal(size=(len(PRESETS), n, len(SESSIONS)))
    mixed = np.sqrt(ALIKE) * shared + np.sqrt(1 - ALIKE) * noise
    return np.asarray(mixed.reshape(len(PRESETS), -1))
