"""Feedback inhibition control: local inhibition set so that every region fires at its target."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.engine import Plan, simulate
from defaultmode.simulation.models import mean_field as field

Array = NDArray[np.float64]

ISOLATED_RATE_HZ = 3.0773270641  # an isolated region of Deco 2014 with J = 1 nA; a test computes it
NEWTON_STEPS = 200
AT_REST = 2e-15  # of S_I near .04: a drive of some 200 Hz is rounded to this
STEP_NA_PER_HZ = 0.1  # twice that overshoots at G = 0.5, three times does not settle
LARGEST_MISS = 1.0  # of the target: beyond it the rate says too little about the inhibition lacking
WORST_REGION = 6.0  # a region may miss its target by so many times what the mean may
TUNING = Plan(duration_s=25.0, settle_s=5.0)


def balance(brain: Brain, rate_hz: ArrayLike = ISOLATED_RATE_HZ) -> Brain:
    """The brain with the inhibition J that makes its noise-free rest fire at `rate_hz`.

    rate_hz : excitatory target, a number, (n_regions,) or (n_regions, n_people), above 0
    Exact for every person of a batch: feed-forward inhibition, adaptation, gain, currents and drug
    sites are part of the solution (Demirtaş 2019, extended). Raises E504 where a region would need
    inhibition below 0, E506 for another model or an impossible target.
    """
    rate = _target(brain, rate_hz)
    s_e, s_i, adaptation = _rest(brain, rate)
    v = brain.value
    current_e = (_drive_of_rate(rate) / v("gain") + field.B_E) / field.A_E
    long_range = v("coupling") * v("nmda_long_range") * _arriving(brain, "long_range", s_e)
    excitation = v("local_excitation") * v("nmda_local") * s_e + long_range
    without = field.W_E * field.I_0_NA + field.J_NMDA_NA * excitation + v("current_na") - adaptation
    inhibition = (without - current_e) / s_i
    if (inhibition < 0).any():
        region, person = np.argwhere(inhibition < 0)[0]
        where = f"region {brain.regions[region]!r} of person {person}"
        msg = f"{where} would need inhibition of {inhibition[region, person]:.3g} nA; expected ≥ 0."
        raise DefaultModeError("E504", msg)
    return brain.changed(inhibition=inhibition)


def retune(
    brain: Brain,
    *,
    rate_hz: ArrayLike,
    seeds: Sequence[int],
    plan: Plan = TUNING,
    rounds: int = 15,
    tolerance_hz: float = 0.05,
) -> Brain:
    """The brain with the inhibition J that keeps every region at its target with the noise on.

    Each round simulates every person once per seed, with fresh noise, and moves J by .1 nA per Hz
    that a region's mean rate misses its target (Deco 2014's control, over 25 s windows). It ends
    when a person's regions miss by no more than `tolerance_hz` on average and none by more than
    six times as much; sampling alone makes a region of 16 seeds miss by about .03 Hz at G = .5.
    Raises E505 where the rates are not held after all rounds: the balanced branch is lost.
    """
    target = _target(brain, rate_hz)
    tested = brain
    miss = np.zeros_like(target)
    for turn in range(rounds):
        miss = _mean_rate(tested, seeds, replace(plan, rate_ceiling_hz=np.inf), turn) - target
        on_average = np.abs(miss.mean(axis=0)).max()
        if on_average <= tolerance_hz and np.abs(miss).max() <= WORST_REGION * tolerance_hz:
            return tested
        seen = np.clip(miss, -LARGEST_MISS * target, LARGEST_MISS * target)
        lower = np.maximum(tested.full("inhibition") + STEP_NA_PER_HZ * seen, 0.0)
        tested = tested.changed(inhibition=lower)
    region, person = np.unravel_index(np.abs(miss).argmax(), miss.shape)
    msg = (
        f"after {rounds} rounds regions of person {person} miss their target rate by "
        f"{miss[:, person].mean():+.2f} Hz on average and {brain.regions[region]!r} by "
        f"{miss[region, person]:+.2f} Hz."
    )
    raise DefaultModeError("E505", msg)


def _mean_rate(brain: Brain, seeds: Sequence[int], plan: Plan, turn: int) -> Array:
    """Mean excitatory rate over the seeds, other noise every turn, (n_regions, n_people)."""
    repeated = {
        name: np.repeat(value, len(seeds), axis=1) if value.shape[1] > 1 else value
        for name, value in brain.values.items()
    }
    fresh = np.random.SeedSequence([*seeds, turn]).generate_state(len(seeds) * brain.n_people)
    rate = simulate(replace(brain, values=repeated), fresh.tolist(), plan).rate_hz
    return np.asarray(rate.reshape(brain.n_regions, brain.n_people, len(seeds)).mean(axis=2))


def balanced_state(brain: Brain, rate_hz: ArrayLike = ISOLATED_RATE_HZ) -> Array:
    """Noise-free rest at which regions fire at their target, (n_states, n_regions, n_people)."""
    return np.stack(_rest(brain, _target(brain, rate_hz)))


def _target(brain: Brain, rate_hz: ArrayLike) -> Array:
    if brain.model != "mean_field":
        raise DefaultModeError("E506", f"model {brain.model!r} has no inhibition to control.")
    rate = np.asarray(rate_hz, dtype=np.float64)
    rate = rate[:, None] if rate.ndim == 1 else rate
    if not np.isfinite(rate).all() or (rate <= 0).any():
        raise DefaultModeError("E506", "a target rate must be a finite number of Hz above 0.")
    return np.array(np.broadcast_to(rate, (brain.n_regions, brain.n_people)))


def _rest(brain: Brain, rate: Array) -> tuple[Array, Array, Array]:
    gained = brain.value("glutamate_decay_ms") * field.GAMMA_E * rate
    s_e = gained / (1.0 + gained)
    forward = brain.value("feed_forward") * _arriving(brain, "feed_forward", s_e)
    onto_i = field.J_NMDA_NA * brain.value("nmda_on_inhibitory") * (s_e + forward)
    s_i = inhibition_at_rest(field.W_I * field.I_0_NA + onto_i)
    return s_e, s_i, brain.value("adaptation_na") * s_e


def _arriving(brain: Brain, route: str, s_e: Array) -> Array:
    return brain.routes[route] @ s_e if route in brain.routes else np.zeros_like(s_e)


def _drive_of_rate(rate: Array) -> Array:
    """The u at which u / (1 − exp(−d u)) is this rate; the curve is convex, so Newton descends."""
    u = rate.copy()
    for _ in range(NEWTON_STEPS):
        miss = field.rate_of_drive(u, field.D_E) - rate
        if np.abs(miss).max() < 1e-13 * rate.max():
            break
        u -= miss / field.rate_slope(u, field.D_E)
    return u


def inhibition_at_rest(current_na: Array) -> Array:
    """The S_I at which a pool under this current, less its own S_I, keeps its S_I."""
    scale = field.TAU_I_MS * field.GAMMA_I
    s_i = np.zeros_like(current_na)
    for _ in range(NEWTON_STEPS):
        u = field.A_I * (current_na - s_i) - field.B_I
        miss = scale * field.rate_of_drive(u, field.D_I) - s_i
        if np.abs(miss).max() < AT_REST:
            break
        s_i += miss / (1.0 + scale * field.A_I * field.rate_slope(u, field.D_I))
    return s_i
