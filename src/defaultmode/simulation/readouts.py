"""What a virtual person would report, dissociation and mood; never for a real, identified one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.drugs import Drug
from defaultmode.simulation.pharmacology import Course
from defaultmode.simulation.plasticity import numbers

Array = NDArray[np.float64]

CADSS_MOST, MADRS_MOST, VISUAL_ANALOGUE_MOST = 92.0, 60.0, 100.0


@dataclass(frozen=True, slots=True, eq=False)
class Traits:
    """How virtual people differ in what they report, each (n_people,), drawn once per person.

    responsiveness : the drug's share of a mood response, 1 on average, never below 0
    other_response : MADRS points by which the rest of the response exceeds the average
    dissociation_half : half-maximal concentration of dissociation, relative to the median
    """

    responsiveness: Array
    other_response: Array
    dissociation_half: Array


def typical_traits(n_people: int) -> Traits:
    """People who do not differ."""
    return Traits(np.ones(n_people), np.zeros(n_people), np.ones(n_people))


def draw_traits(n_people: int, rng: np.random.Generator) -> Traits:
    """People who differ as readouts.toml assumes: gamma, normal and log-normal, independent."""
    mood, dissociative = numbers()["mood"], numbers()["dissociation"]
    spread = mood["responsiveness"].value
    lasting = mood["residual"].value * np.sqrt(mood["lasting"].value)
    half_sd = np.sqrt(np.log1p(dissociative["half_between"].value ** 2))
    return Traits(
        responsiveness=rng.gamma(spread**-2, spread**2, n_people),
        other_response=rng.normal(0.0, lasting, n_people),
        dissociation_half=np.exp(rng.normal(0.0, half_sd, n_people)),
    )


def dissociation(
    drug: Drug, course: Course, traits: Traits, rng: np.random.Generator | None = None
) -> Array:
    """Dissociation score (CADSS, 23 items) over time, (n_times, n_people), whole numbers 0 to 92.

    It saturates with the concentration at the effect site (Emax), at one that differs between
    people. Without `rng` it is the expected score, not rounded. Virtual people only.
    """
    seen = course.effect_site_ng_ml
    if drug.dissociation is None:
        expected = np.zeros((seen.shape[0], traits.dissociation_half.size))
    else:
        expected = drug.dissociation.at(seen, half_factor=traits.dissociation_half)
    if rng is None:
        return expected
    found = numbers()["dissociation"]
    sd = np.hypot(found["residual"].value, found["residual_share"].value * expected)
    return np.rint(np.clip(rng.normal(expected, sd), 0.0, CADSS_MOST))


def visual_analogue(drug: Drug, course: Course) -> Array:
    """Feeling of a drug effect on a line of 100 mm, linear in concentration (Bowdle 1998).

    (n_times, n_people), 0 to 100; 0 for a drug of which no dissociation is known. Virtual people
    only.
    """
    slope = numbers()["visual_analogue"]["slope"].value if drug.dissociation else 0.0
    return np.clip(slope * course.effect_site_ng_ml, 0.0, VISUAL_ANALOGUE_MOST)


def saturated(drive: ArrayLike) -> Array:
    """What a plasticity drive does to mood: 1 at 1, less than proportional above, same shape."""
    half = numbers()["mood"]["saturation"].value
    p = np.asarray(drive, dtype=np.float64)
    return np.asarray((1.0 + half) * p / (p + half))


def mood(
    baseline: ArrayLike,
    drive: Array,
    days: ArrayLike,
    traits: Traits,
    *,
    believed_active: ArrayLike = False,
    rng: np.random.Generator | None = None,
) -> Array:
    """Depression score (MADRS) over time, (n_times, n_people), whole numbers 0 to 60.

    baseline : (n_people,) or a number; drive : (n_times, n_people) from plasticity
    days : (n_times,) since the first treatment; up to day 0 the score is the baseline
    believed_active : (n_people,), who thinks they were given the drug, which lowers the score
    M(t) = M₀ (1 − other − drug · ρ · saturated P(t)) − unblinding − residuals. What is not the
    drug's acts at once and stays. Without `rng` the expected score, neither rounded nor cut off.
    Numbers were fitted to published group averages by scripts/fit_mood.py. Virtual people only.
    Raises E506 where the shapes do not agree.
    """
    when = np.asarray(days, dtype=np.float64).reshape(-1)
    if drive.shape != (when.size, traits.responsiveness.size):
        expected = (when.size, traits.responsiveness.size)
        raise DefaultModeError("E506", f"the drive is {drive.shape}; expected {expected}.")
    found = {key: number.value for key, number in numbers()["mood"].items()}
    start = np.broadcast_to(np.asarray(baseline, dtype=np.float64), drive.shape[1:])
    drug = found["drug_share"] * traits.responsiveness * saturated(drive)
    score = start * (1.0 - found["other_share"] - drug) - traits.other_response
    score = score - found["unblinding"] * np.asarray(believed_active, dtype=np.float64)
    if rng is not None:
        visit_sd = found["residual"] * np.sqrt(1.0 - found["lasting"])
        score = np.rint(np.clip(rng.normal(score, visit_sd), 0.0, MADRS_MOST))
    return np.where(when[:, None] > 0, score, start)
