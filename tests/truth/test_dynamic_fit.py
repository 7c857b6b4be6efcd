"""The simulation-based fit: what it compares, what it recovers, what it refuses."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.stats import ks_2samp

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Entities, Processing, Recording
from defaultmode.denoising.filters import band_pass
from defaultmode.measures import dynamics
from defaultmode.pipeline.dynamic_fit import MOVES, DynamicFit, DynamicSettings, fit_dynamics
from defaultmode.pipeline.dynamic_loss import (
    PENALTY,
    TERMS,
    Loss,
    Model,
    distances,
    halves,
    kolmogorov_smirnov,
)
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.controlled import control_at
from defaultmode.simulation.engine import Plan, simulate
from defaultmode.simulation.fixed_point import fixed_point
from defaultmode.simulation.inhibition import balance
from defaultmode.simulation.twin_space import OperatingPoint, brain_of, first_guess
from made_brains import small_atlas, small_connectome

N_REGIONS, TR_S, HALF_S = 8, 2.0, 240.0
TRUTH = {"coupling": 0.8, "private_noise": 1.8}
RANGES = {"coupling": (0.5, 1.6), "private_noise": (0.25, 4.0)}
QUICK = DynamicSettings(ranges=RANGES, generations=3, dt_ms=1.0, settle_s=10.0)


@cache
def start() -> Brain:
    """A brain of eight regions held at 3 Hz, its connections all exciting."""
    point, connectome = OperatingPoint(), small_connectome(N_REGIONS)
    control = control_at(point.rate_hz, noise_inhibitory=point.noise)
    return brain_of(first_guess(connectome, point, control), connectome.regions, point)


def truth() -> Brain:
    moved = {name: start().value(name) * TRUTH[f] for f in TRUTH for name in MOVES[f]}
    return balance(start().changed(**moved), 3.0)


@cache
def scanned(seed: int = 0, duration_s: float = 2 * HALF_S) -> Recording:
    """A run of the true brain, filtered as denoising does."""
    plan = Plan(duration_s=duration_s, tr_s=TR_S, dt_ms=1.0, coupling_every_ms=1.0, settle_s=10.0)
    bold = simulate(truth(), [seed], plan).bold[..., 0]
    return Recording(
        signal=band_pass(bold, TR_S, band=(0.01, 0.1)),
        tr_s=TR_S,
        atlas=small_atlas(N_REGIONS),
        entities=Entities("virtual"),
        unit="percent",
        processing=Processing(low_cutoff_hz=0.01, high_cutoff_hz=0.1),
    )


@cache
def fitted(threads: int = 1) -> DynamicFit:
    # 40 people are two batches, which two threads simulate side by side
    return fit_dynamics(scanned(), start(), replace(QUICK, population=40), seed=1, threads=threads)


def model(**changes) -> Model:
    first, _ = halves(scanned(), np.arange(N_REGIONS))
    plan = Plan(duration_s=HALF_S, tr_s=TR_S, dt_ms=1.0, coupling_every_ms=1.0, settle_s=2.0)
    rates = fixed_point(start()).rate_hz[:, 0]
    moves = {name: MOVES[name] for name in RANGES}
    return replace(Model(start(), moves, rates, first, np.arange(N_REGIONS), plan), **changes)


def test_the_truth_lies_inside_the_intervals() -> None:
    table = fitted().table.set_index("parameter")
    for name, value in TRUTH.items():
        assert table.low[name] <= value <= table.high[name]
        assert table.prior_low[name] <= table.low[name] < table.value[name] < table.high[name]
    # from four minutes the values are loose; the strength of the noise is bounded all the same
    assert table.identified["private_noise"]


def test_the_fitted_brain_is_nearer_on_the_half_it_saw() -> None:
    losses = fitted().losses.set_index(["half", "term"])
    assert set(losses.index) == {(h, t) for h in ("fitted", "held out") for t in (*TERMS, "loss")}
    assert losses.after["fitted", "loss"] < losses.before["fitted", "loss"]
    assert losses.usual["fitted", "loss"] == pytest.approx(1.0)
    own = losses.loc["fitted"]
    shares = [own.after[term] / own.usual[term] for term in TERMS]
    assert own.after["loss"] == pytest.approx(np.mean(shares))


def test_inhibition_control_holds_in_the_fitted_brain() -> None:
    assert fixed_point(fitted().brain).rate_hz[:, 0] == pytest.approx(3.0, abs=1e-6)
    factor = fitted().table.set_index("parameter").value["coupling"]
    for route in MOVES["coupling"]:
        assert fitted().brain.value(route) == pytest.approx(factor * start().value(route))


def test_same_seed_same_fit_on_two_threads() -> None:
    assert fitted(2).table.equals(fitted().table)
    assert fitted(2).losses.equals(fitted().losses)


def test_profiles_cover_the_range_and_hold_the_best() -> None:
    found = fitted()
    assert len(found.profiles) == 10 * len(RANGES)
    for _, rows in found.profiles.groupby("parameter"):
        assert rows.tried.sum() == len(found.evolved.losses)
        assert rows.loss.min() == found.evolved.best_loss


def test_a_lost_candidate_gets_the_penalty_and_the_others_go_on() -> None:
    alone = model()
    runs = alone.runs(np.array([[1.0, 1.0], [30.0, 1.0], [0.9, 1.0]]), [1, 2, 3])
    assert isinstance(runs[1], Missing)
    assert runs[1].code == "E504"
    loss = Loss(alone, dynamics(alone.like), np.random.default_rng(0))
    found = loss.of(runs)
    assert found[1] == PENALTY
    assert (found[[0, 2]] < 100).all()
    beside = alone.runs(np.array([[1.0, 1.0], [0.9, 1.0]]), [1, 3])
    assert (loss.of(beside) == found[[0, 2]]).all()
    assert all(isinstance(run, Missing) for run in alone.runs(np.array([[30.0, 1.0]]), [1]))


def test_a_rate_above_the_ceiling_is_lost_and_a_lost_start_ends_the_fit() -> None:
    low = model(plan=replace(model().plan, rate_ceiling_hz=1.0))
    (run,) = low.runs(np.ones((1, 2)), [1])
    assert isinstance(run, Missing)
    assert run.code == "E505"
    with pytest.raises(DefaultModeError) as raised:
        Loss(low, dynamics(low.like), np.random.default_rng(0)).started(2)
    assert raised.value.code == "E515"


def test_distances_are_zero_to_itself_and_grow_with_each_term() -> None:
    one = dynamics(halves(scanned(), np.arange(N_REGIONS))[0])
    assert distances(one, one) == pytest.approx(np.zeros(4), abs=1e-12)
    moved = replace(one, metastability=one.metastability + 0.1, global_spread=one.global_spread * 2)
    assert distances(one, moved) == pytest.approx([0, 0, 0.01, np.log(2) ** 2], abs=1e-12)
    turned = replace(one, z=-one.z, recurrences=one.recurrences + 2.0)
    assert distances(one, turned) == pytest.approx([2, 1, 0, 0], abs=1e-12)


def test_kolmogorov_smirnov_is_that_of_scipy() -> None:
    rng = np.random.default_rng(0)
    one, other = np.sort(rng.normal(size=37)), np.sort(rng.normal(0.4, 1.2, size=52))
    assert kolmogorov_smirnov(one, other) == pytest.approx(ks_2samp(one, other).statistic)


def test_dynamics_of_regions_that_move_as_one_and_apart() -> None:
    rng = np.random.default_rng(0)
    white = rng.standard_normal((150, N_REGIONS))
    like = replace(scanned(), signal=np.zeros((150, N_REGIONS)) + white, usable=np.ones(150, bool))
    apart = dynamics(like)
    together = dynamics(replace(like, signal=white[:, :1] + 0.01 * white))
    # the mean of n independent series has a variance of 1/n of theirs
    assert apart.global_spread == pytest.approx(1 / np.sqrt(N_REGIONS), rel=0.15)
    assert together.global_spread == pytest.approx(1.0, abs=1e-3)
    assert together.metastability < 0.05 < apart.metastability
    assert (np.diff(apart.recurrences) >= 0).all()


@pytest.mark.parametrize(
    ("change", "brain_regions"),
    [
        ({"processing": Processing(global_signal_removed=True)}, N_REGIONS),
        ({"usable": np.arange(240) < 200}, N_REGIONS),
        ({}, N_REGIONS - 1),
    ],
    ids=["global signal removed", "too short", "other regions"],
)
def test_refuses_recordings_that_cannot_be_compared(change, brain_regions) -> None:
    brain = start()
    if brain_regions != N_REGIONS:
        brain = replace(brain, regions=tuple(f"other {k}" for k in range(N_REGIONS)))
    with pytest.raises(DefaultModeError) as raised:
        fit_dynamics(replace(scanned(), **change), brain, QUICK, seed=0)
    assert raised.value.code == "E516"


@pytest.mark.parametrize("ranges", [{"charm": (0.5, 2.0)}, {"coupling": (0.0, 2.0)}, {}])
def test_refuses_ranges_that_are_none(ranges) -> None:
    with pytest.raises(DefaultModeError) as raised:
        DynamicSettings(ranges=ranges)
    assert raised.value.code == "E411"
