"""The engine: known fixed points and variances, and what must not change a run."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.linalg import solve_continuous_lyapunov

from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation import coupling
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.engine import Plan, Simulation, _Check, simulate
from defaultmode.simulation.fused import FusedRun
from defaultmode.simulation.models import all_models, find_model
from defaultmode.simulation.sampling import Sampling, Window

SHORT = Plan(duration_s=1.0, settle_s=0.5, tr_s=0.25, activity_every_s=0.05)


def brain_of(n_regions: int, model: str = "mean_field", **values: object) -> Brain:
    """Default parameters on random connections, which reach the model by its first route."""
    kind = find_model(model)
    weights = np.random.default_rng(n_regions).random((n_regions, n_regions)) / n_regions
    defaults = {p.name: p.value for p in kind.parameters}
    regions = tuple(f"region {k}" for k in range(n_regions))
    calm = {"coupling": 0.3, "inhibition": 1.2} if model == "mean_field" else {}
    brain = Brain(model, regions, {**defaults, **calm}, {kind.routes[0]: weights})
    return brain.changed(**values)


def isolated(n_regions: int, **values: object) -> Brain:
    return replace(brain_of(n_regions, **{"inhibition": 1.0, **values}), routes={})


def same(a: Simulation, b: Simulation) -> bool:
    fields = ("bold", "rate_hz", "excitation", "activity")
    return all(np.array_equal(getattr(a, f), getattr(b, f)) for f in fields)


@pytest.mark.parametrize("n_people", [1, 2])
def test_isolated_region_ends_at_its_fixed_point(n_people) -> None:
    """Deco 2014: 3.0773 Hz, S_E .164757. Steps below 2⁻²⁷ of S_E round to nothing: 1e-5 is left."""
    plan = Plan(duration_s=0.5, settle_s=3.0, tr_s=0.5)
    quiet = isolated(3, noise=0.0, noise_inhibitory=0.0)
    run = simulate(quiet, range(n_people), plan)
    assert run.excitation == pytest.approx(np.full((3, n_people), 0.1647572075), abs=1e-5)
    assert run.rate_hz == pytest.approx(np.full((3, n_people), 3.0773270642), abs=1e-3)


def test_weak_noise_has_the_variance_of_the_linear_theory() -> None:
    """E and I of one region are then an Ornstein–Uhlenbeck pair; 9600 nearly independent samples."""
    brain = isolated(100, noise=5e-4, noise_inhibitory=1e-3)
    model, one = find_model("mean_field"), brain.person(0)
    nothing = {name: np.zeros((100, 1)) for name in model.routes}
    point = np.zeros((3, 100, 1))
    point[0], point[1] = 0.1647572075, 0.0392184486

    def slope(k: int) -> np.ndarray:
        step = np.zeros_like(point)
        step[k] = 1e-6
        up, down = (model.drift(point + s, nothing, one) for s in (step, -step))
        return ((up - down) / 2e-6)[:2, 0, 0]

    jacobian = np.stack([slope(0), slope(1)], axis=1)
    expected = solve_continuous_lyapunov(jacobian, -(np.diag([5e-4, 1e-3]) ** 2))[0, 0]
    plan = Plan(duration_s=1.401, settle_s=2.0, tr_s=1.0, activity_every_s=0.001)
    samples = simulate(brain, range(32), plan).activity[[0, 700, 1400]]
    tolerance = 4 * np.sqrt(2 / samples.size) + 0.01  # 1 %: what the step of .1 ms adds
    assert samples.var() == pytest.approx(expected, rel=tolerance)
    across = np.corrcoef(samples[0])
    assert np.abs(across - np.eye(100)).max() < 6 / np.sqrt(32)


def test_shared_noise_moves_regions_by_their_weight_and_people_apart() -> None:
    weights = np.array([[1.0], [2.0], [0.0]])
    brain = isolated(3, noise=0, noise_inhibitory=0, shared_noise=1e-4, shared_weight=weights)
    activity = simulate(brain, range(40), SHORT).activity
    moved = activity - activity[:, 2:]
    assert moved[:, 1] == pytest.approx(2 * moved[:, 0], rel=0.01, abs=2e-5)
    assert moved[:, 0].std() > 1e-4
    assert np.abs(np.corrcoef(moved[-1, 0], moved[0, 0])[0, 1]) < 1
    assert len(np.unique(moved[-1, 0])) == 40


def test_same_bits_on_any_threads_and_in_any_company() -> None:
    """40 people fill one batch and part of a second; parameters differ between them."""
    noisy = np.linspace(0.002, 0.006, 40)[None]
    brain = brain_of(7, shared_noise=noisy)
    everybody = simulate(brain, range(40), SHORT)
    assert same(everybody, simulate(brain, range(40), replace(SHORT, threads=2)))
    few = [35, 2, 17]
    chosen = brain.changed(shared_noise=noisy[:, few])
    company = simulate(chosen, few, SHORT)
    for field in ("bold", "activity"):
        assert np.array_equal(getattr(company, field), getattr(everybody, field)[:, :, few])
    assert np.array_equal(company.rate_hz, everybody.rate_hz[:, few])
    assert len(np.unique(everybody.excitation[0])) == 40


def test_alone_differs_from_company_by_rounding_only() -> None:
    brain = brain_of(21, shared_noise=0.003)
    alone, company = simulate(brain, [9], SHORT), simulate(brain, [9, 8], SHORT)
    assert alone.activity == pytest.approx(company.activity[:, :, :1], abs=2e-5)
    assert alone.bold == pytest.approx(company.bold[:, :, :1], abs=1e-5)


def test_a_changing_brain_is_its_pieces_in_a_row() -> None:
    """Read every .3 s; the same pieces by hand, in calls of another length, give the same bits."""
    calm, driven = brain_of(5), brain_of(5, inhibition=1.15, adaptation_na=0.05)
    plan = Plan(duration_s=1.0, settle_s=0.4, tr_s=0.35, update_s=0.3, activity_every_s=0.1)
    asked: list[float] = []

    def timeline(t_s: float) -> Brain:
        asked.append(t_s)
        return calm if t_s < 0.5 else driven

    whole = simulate(timeline, [1, 2], plan)
    assert sorted(set(asked)) == pytest.approx([-0.4, -0.1, 0.0, 0.3, 0.6, 0.9])
    run = FusedRun(calm, [1, 2], plan.sampling)
    run.advance(calm, 400, start_ms=None)
    edges = [0, 123, 600, 801, 1000]
    pieces = [
        run.advance(calm if begin < 600 else driven, end - begin, start_ms=begin)
        for begin, end in pairwise(edges)
    ]
    assert np.array_equal(whole.bold, np.concatenate([p.bold for p in pieces]))
    assert np.array_equal(whole.activity, np.concatenate([p.activity for p in pieces]))
    assert not np.array_equal(whole.bold, simulate(calm, [1, 2], plan).bold)


def test_record_has_the_shapes_and_means_it_says() -> None:
    told: list[float] = []
    plan = replace(SHORT, tr_s=0.3)
    run = simulate(brain_of(5), [1, 2, 3], plan, progress=told.append)
    assert run.bold.shape == (3, 5, 3)
    assert run.activity.shape == (20, 5, 3)
    assert run.activity.mean(axis=0) == pytest.approx(run.excitation, rel=1e-5)
    assert told[-1] == 1.0
    assert told == sorted(told)
    assert simulate(brain_of(5), [1], Plan(duration_s=0.1, tr_s=0.1)).activity is None


@pytest.mark.parametrize("model", all_models())
def test_every_model_runs(model) -> None:
    plan = Plan(duration_s=0.05, settle_s=0.01, tr_s=0.01, dt_ms=1.0)
    brain = brain_of(4, model)
    first, again = (simulate(brain, [1, 2], plan) for _ in range(2))
    assert first.bold.shape == (5, 4, 2)
    assert np.isfinite(first.bold).all()
    assert np.array_equal(first.bold, again.bold)


def test_runaway_firing_names_region_person_and_time() -> None:
    current = np.zeros((6, 40))
    current[4, 33] = 1.0
    brain = brain_of(6, current_na=current)
    with pytest.raises(DefaultModeError, match=r"region 4.*person 34.*until 0 s") as caught:
        simulate(brain, range(40), replace(SHORT, threads=2))
    assert caught.value.code == "E505"
    simulate(brain, range(40), replace(SHORT, rate_ceiling_hz=1e4))


def test_values_that_are_not_finite_are_refused() -> None:
    with pytest.raises(DefaultModeError, match="E512"):
        simulate(brain_of(3, current_na=1e300), [1], SHORT)
    means = np.ones((2, 3))
    means[1, 2] = np.nan
    window = Window(np.zeros((0, 2, 3)), np.zeros((0, 2, 3)), np.ones((2, 3)), means)
    with pytest.raises(DefaultModeError, match=r"E512.*region 1.*person 35, until 4 s"):
        _Check(brain_of(2), 32, 4.0).finite(window)


@pytest.mark.parametrize(
    "wrong",
    [
        {"dt_ms": 0.3},
        {"dt_ms": -0.1},
        {"coupling_every_ms": 0.25},
        {"coupling_every_ms": 0.3},
        {"tr_s": 0.0005},
        {"tr_s": 0.0},
        {"duration_s": 0.0},
        {"settle_s": -1.0},
        {"threads": 0},
    ],
)
def test_impossible_plans_are_refused(wrong) -> None:
    with pytest.raises(DefaultModeError, match="E506"):
        Plan(**{"duration_s": 1.0, **wrong})


def test_seeds_and_parameters_must_be_of_as_many_people() -> None:
    brain = brain_of(3, noise=np.full((1, 4), 0.01))
    for seeds in ([], [1, 2]):
        with pytest.raises(DefaultModeError, match="E506"):
            simulate(brain, seeds, SHORT)


@pytest.mark.parametrize("n_regions", [2, 10, 13, 101, 200])
def test_products_of_any_size(n_regions) -> None:
    """Also in the plain loops that stand in where the block cannot be emitted."""
    rng = np.random.default_rng(n_regions)
    matrix, sent = rng.random((n_regions, n_regions)), rng.random((n_regions, 32))
    padded = -(-n_regions // coupling.BATCH.rows) * coupling.BATCH.rows
    received = np.zeros(padded * 32, np.float32)
    single = sent.astype(np.float32)
    coupling.receive_batch(coupling.packed(matrix), single.ravel(), received, (n_regions, 32))
    assert received.reshape(-1, 32)[:n_regions] == pytest.approx(matrix @ sent, rel=1e-5)
    width = -(-n_regions // 16) * 16
    one, alone = np.zeros(width, np.float32), np.zeros(width, np.float32)
    one[:n_regions] = single[:, 3]
    weights = coupling.transposed(matrix, width)
    coupling.receive_alone(weights, one, alone, (n_regions, width))
    assert alone[:n_regions] == pytest.approx(matrix @ sent[:, 3], rel=1e-5)


def test_plain_loops_give_the_same_product() -> None:
    rng = np.random.default_rng(0)
    block = coupling.BATCH
    factors = rng.random((9, block.rows)).astype(np.float32)
    vectors = rng.random((9, 32)).astype(np.float32)
    result = np.zeros((block.rows, 32), np.float32)
    product = coupling.in_loops(block)
    for lane in range(0, 32, coupling.BATCH_WIDTH):
        starts, places = (0, lane, lane), (9, block.rows, 32, 32)
        product(factors.ravel(), vectors.ravel(), result.reshape(-1), starts, places)
    assert result == pytest.approx(factors.T @ vectors, rel=1e-6)
    assert coupling.can_emit(block)


def test_named_savings_stay_near_the_full_run() -> None:
    """A coarser step and rarer coupling shift mean S_E by less than a fiftieth of itself."""
    brain = brain_of(10, noise=1e-4, noise_inhibitory=1e-4)
    full = simulate(brain, [1, 2], SHORT).excitation
    for saving in ({"dt_ms": 0.5}, {"coupling_every_ms": 1.0}):
        cheap = simulate(brain, [1, 2], replace(SHORT, **saving)).excitation
        assert cheap == pytest.approx(full, rel=0.02)
        assert not np.array_equal(cheap, full)


def test_sampling_counts_what_ends_within_a_stretch() -> None:
    sampling = Sampling(dt_ms=0.1, coupling_steps=1, tr_ms=300)
    assert [sampling.volumes(start, 250) for start in (0, 250, 500, 750)] == [0, 1, 1, 1]
    assert sampling.samples(0, 1000) == 0
