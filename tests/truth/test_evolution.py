"""The evolution strategy against functions whose lowest point is known."""

import sys

import numpy as np
import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.fitting.evolution import Evolved, evolve, finalists, profile

LOW, HIGH = np.array([-2.0, 0.0, 10.0]), np.array([3.0, 1.0, 30.0])
LOWEST = np.array([1.2, 0.3, 14.0])


def bowl(points):
    """A bowl that leans: 5 at its lowest point, the parameters not independent."""
    away = (points - LOWEST) / (HIGH - LOW)
    lean = np.array([[4.0, 1.0, 0.0], [1.0, 3.0, -1.0], [0.0, -1.0, 2.0]])
    return 5.0 + np.einsum("pi,ij,pj->p", away, lean, away)


def rosenbrock(points):
    x, y = points.T
    return (1.0 - x) ** 2 + 100.0 * (y - x**2) ** 2


def test_finds_the_bottom_of_a_leaning_bowl() -> None:
    found = evolve(bowl, (LOW, HIGH), seed=1, generations=60, population=12)
    # 60 generations in three dimensions shrink the steps by some 10⁵
    assert found.centre == pytest.approx(LOWEST, rel=1e-3)
    assert found.best_loss == pytest.approx(5.0, abs=1e-6)
    assert (found.spread < 1e-3 * (HIGH - LOW)).all()
    assert found.losses == pytest.approx(bowl(found.points), rel=0)
    assert found.best_loss == found.losses.min() == found.history[:, 0].min()
    assert found.history.shape == (60, 2)
    assert found.points.shape == (60 * 12, 3)


def test_follows_a_bent_valley() -> None:
    found = evolve(rosenbrock, ([-2, -2], [2, 2]), seed=3, generations=150, population=12)
    assert found.centre == pytest.approx([1.0, 1.0], abs=1e-3)


def test_stays_within_bounds_and_ends_at_the_nearest_edge() -> None:
    found = evolve(lambda p: p.sum(axis=1), (LOW, HIGH), seed=0, generations=60, population=8)
    assert (found.points >= LOW).all()
    assert (found.points <= HIGH).all()
    assert found.best == pytest.approx(LOW, abs=1e-2 * (HIGH - LOW).min())


def test_same_seed_same_search_and_the_global_stream_is_left_alone() -> None:
    np.random.seed(7)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    one, same = (evolve(bowl, (LOW, HIGH), seed=5, generations=3, population=6) for _ in "ab")
    other = evolve(bowl, (LOW, HIGH), seed=6, generations=3, population=6)
    assert (one.points == same.points).all()
    assert not (one.points == other.points).any()
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_a_generation_of_one_loss_ends_the_search() -> None:
    flat = evolve(lambda p: np.ones(len(p)), (LOW, HIGH), seed=0, generations=9, population=6)
    assert len(flat.losses) == 6


def evolved(points, losses) -> Evolved:
    points, losses = np.array(points, dtype=float), np.array(losses, dtype=float)
    low, high = np.zeros(points.shape[1]), np.ones(points.shape[1])
    return Evolved(low, high, points[0], 0.0, points[0], low, points, losses, np.empty((0, 2)))


def test_finalists_are_the_best_the_centre_and_the_middle_of_the_better_fifth() -> None:
    points = [[k / 10, 1 - k / 10] for k in range(10)]
    found = finalists(evolved(points, [8, 9, 9, 9, 2, 9, 1, 9, 9, 9]), 5)
    expected = [[0.6, 0.4], [0.4, 0.6], [0.0, 1.0], [0.0, 1.0], [0.5, 0.5]]
    assert found == pytest.approx(np.array(expected))


def test_finalists_are_as_many_as_asked_for_where_fewer_were_tried() -> None:
    assert finalists(evolved([[0.1], [0.2]], [1, 2]), 8).shape == (8, 1)


def test_profile_is_the_lowest_loss_in_each_part() -> None:
    found = evolved([[0.05], [0.2], [0.9], [1.0]], [3, 2, 5, 4])
    middles, lowest, tried = profile(found, 0, bins=4)
    assert middles == pytest.approx([0.125, 0.375, 0.625, 0.875])
    assert lowest[[0, 3]].tolist() == [2, 4]
    assert np.isnan(lowest[[1, 2]]).all()
    assert tried.tolist() == [2, 0, 0, 2]


def test_profile_tells_a_parameter_that_does_nothing() -> None:
    found = evolve(
        lambda p: (p[:, 0] - 0.5) ** 2, ([0, 0], [1, 1]), seed=2, generations=10, population=40
    )
    steep, flat = (profile(found, k, bins=5)[1] for k in (0, 1))
    assert np.nanmax(steep) > 0.1  # the outer fifth lies .3 away at the nearest: .09
    assert np.nanmax(flat) < 0.01


@pytest.mark.parametrize(
    ("bounds", "generations", "population"),
    [(([1.0], [1.0]), 3, 8), (([0.0, 1.0], [2.0, np.nan]), 3, 8), (([0.0], [1.0]), 0, 8),
     (([0.0], [1.0]), 3, 3), ([0.0, 1.0], 3, 8)],
)  # fmt: skip
def test_refuses_what_is_no_search(bounds, generations, population) -> None:
    with pytest.raises(DefaultModeError) as raised:
        evolve(bowl, bounds, seed=0, generations=generations, population=population)
    assert raised.value.code == "E506"


def test_refuses_a_loss_that_is_not_finite() -> None:
    with pytest.raises(DefaultModeError) as raised:
        evolve(lambda p: np.full(len(p), np.nan), (LOW, HIGH), seed=0, generations=1, population=6)
    assert raised.value.code == "E512"


def test_says_which_extra_brings_the_library(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "cma", None)
    with pytest.raises(DefaultModeError) as raised:
        evolve(bowl, (LOW, HIGH), seed=0, generations=1, population=6)
    assert raised.value.code == "E519"
    assert "defaultmode[fit]" in raised.value.detail
