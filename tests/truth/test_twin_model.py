"""The controlled mean field against the simulator's own linear theory, and its derivatives."""

from dataclasses import fields, replace

import numpy as np
import pytest

from defaultmode.core.connectome import Connectome
from defaultmode.core.errors import DefaultModeError
from defaultmode.fitting.target import band
from defaultmode.pipeline.twin_ground import BAND_NODES
from defaultmode.simulation.controlled import (
    Parameters,
    control_at,
    cross_spectra,
    derivatives,
    slowest,
)
from defaultmode.simulation.fixed_point import fixed_point
from defaultmode.simulation.linear import linearise
from defaultmode.simulation.models.mean_field import rate_curve, rate_slope
from defaultmode.simulation.spectrum import cross_spectrum
from defaultmode.simulation.twin import Twin, restored, stored
from defaultmode.simulation.twin_columns import expected_range, prior_sd, summaries
from defaultmode.simulation.twin_space import BLOCKS, OperatingPoint, Space, brain_of, first_guess

N = 8
POINT = OperatingPoint()
CONTROL = control_at(POINT.rate_hz, noise_inhibitory=POINT.noise)
HZ = np.array([0.012, 0.05, 0.095])
STEP = 1e-5


def uneven():
    """A small brain with both kinds of routes, directed, everything different between regions."""
    rng = np.random.default_rng(1)
    net = 0.12 * rng.standard_normal((N, N)) * (rng.random((N, N)) < 0.7)
    np.fill_diagonal(net, 0.0)
    return Parameters(
        net=net,
        local_excitation=rng.uniform(0.6, 0.8, N),
        nmda_on_inhibitory=rng.uniform(0.9, 1.1, N),
        noise=rng.uniform(0.004, 0.006, N),
        shared=rng.uniform(0.001, 0.003, N),
    )


def space(sd=None):
    start = uneven()
    exists = (start.net != 0) | (start.net.T != 0)
    members = np.eye(2)[np.arange(N) % 2]
    return Space(start, exists, ("even", "odd"), members, sd or dict.fromkeys(BLOCKS, 0.05))


def numerical(number, parameters, name, direction):
    def at(step):
        return number(replace(parameters, **{name: getattr(parameters, name) + step * direction}))

    return (at(STEP) - at(-STEP)) / (2 * STEP)


def test_the_second_derivative_of_the_rate_is_the_slope_of_its_slope():
    u = np.array([-300.0, -20.0, -0.1, 0.0, 0.03, 5.0, 200.0])
    slopes = (rate_slope(u + 1e-4, 0.16) - rate_slope(u - 1e-4, 0.16)) / 2e-4
    np.testing.assert_allclose(rate_curve(u, 0.16), slopes, rtol=1e-6, atol=1e-9)


def test_cross_spectra_are_those_of_the_simulator():
    brain = brain_of(uneven(), tuple("abcdefgh"), POINT)
    ours = cross_spectra(uneven(), CONTROL, HZ).crossed * 2.0 / 1000.0
    np.testing.assert_allclose(ours, cross_spectrum(linearise(brain), HZ), rtol=1e-9)


def test_three_frequencies_stand_for_the_band():
    crossed = {}
    for nodes in (BAND_NODES, 12):
        flat = band(0.01, 0.1, lambda hz: 1.0 / (1.0 + 20j * hz), nodes=nodes)
        spectra = cross_spectra(uneven(), CONTROL, flat.frequencies_hz).crossed
        now, _ = flat.covariances(spectra, 2.0)
        crossed[nodes] = now / np.sqrt(np.outer(np.diagonal(now), np.diagonal(now)))
    np.testing.assert_allclose(crossed[BAND_NODES], crossed[12], atol=1e-3)


def test_the_balanced_brain_fires_as_control_says():
    brain = brain_of(uneven(), tuple("abcdefgh"), POINT)
    np.testing.assert_allclose(fixed_point(brain).rate_hz[:, 0], POINT.rate_hz, rtol=1e-8)


def test_the_bound_on_growth_holds_and_is_near_where_routes_are_symmetric():
    start = uneven()
    exact = fixed_point(brain_of(start, tuple("abcdefgh"), POINT)).growth_per_s
    assert slowest(start, CONTROL)[0] > 0.98 * exact  # both below 0
    symmetric = replace(start, net=(start.net + start.net.T) / 2)
    exact = fixed_point(brain_of(symmetric, tuple("abcdefgh"), POINT)).growth_per_s
    assert slowest(symmetric, CONTROL)[0] == pytest.approx(exact, rel=0.03)


@pytest.mark.parametrize("name", [f.name for f in fields(Parameters)])
def test_derivatives_are_those_of_finite_differences(name):
    rng = np.random.default_rng(2)
    start = uneven()
    gamma = rng.standard_normal((3, N, N)) + 1j * rng.standard_normal((3, N, N))
    gamma = gamma + gamma.conj().transpose(0, 2, 1)
    direction = rng.standard_normal(getattr(start, name).shape) * np.abs(getattr(start, name))

    def seen(parameters):
        crossed = cross_spectra(parameters, CONTROL, HZ).crossed
        return np.einsum("fij,fji->", gamma, crossed).real

    exact = (getattr(derivatives(cross_spectra(start, CONTROL, HZ), gamma), name) * direction).sum()
    assert exact == pytest.approx(numerical(seen, start, name, direction), rel=1e-6)
    grows = (getattr(slowest(start, CONTROL)[1], name) * direction).sum()
    found = numerical(lambda p: slowest(p, CONTROL)[0], start, name, direction)
    assert grows == pytest.approx(found, rel=1e-5, abs=1e-9)


def test_derivatives_by_scores_are_those_of_finite_differences():
    rng = np.random.default_rng(3)
    around = space()
    scores, direction = rng.standard_normal((2, len(around)))
    by = Parameters(
        *(rng.standard_normal(getattr(around.start, f.name).shape) for f in fields(Parameters))
    )

    def number(at):
        return sum(
            (getattr(by, f.name) * getattr(around.parameters(at), f.name)).sum() for f in fields(by)
        )

    found = (number(scores + STEP * direction) - number(scores - STEP * direction)) / (2 * STEP)
    assert around.by_scores(scores, by) @ direction == pytest.approx(found, rel=1e-7)


def test_scores_of_zero_are_the_start_and_held_blocks_stay():
    around = space({"coupling": 0.1})
    assert len(around) == 1
    for f in fields(Parameters):
        np.testing.assert_array_equal(
            getattr(around.parameters(np.zeros(1)), f.name), getattr(around.start, f.name)
        )
    stronger = around.parameters(np.array([1.0]))
    np.testing.assert_allclose(stronger.net, around.start.net * np.exp(0.1))
    np.testing.assert_array_equal(stronger.noise, around.start.noise)


def test_a_block_nobody_knows_is_refused():
    with pytest.raises(DefaultModeError, match="E506"):
        space({"courage": 1.0})


def test_the_first_guess_is_as_stable_as_asked_and_refused_where_nothing_is():
    weights = np.ones((N, N)) - np.eye(N)
    connectome = Connectome("all", tuple("abcdefgh"), weights)
    start = first_guess(connectome, POINT, CONTROL)
    assert slowest(start, CONTROL)[0] < -POINT.slowest_per_s
    with pytest.raises(DefaultModeError, match="E504"):
        first_guess(connectome, replace(POINT, slowest_per_s=50.0), CONTROL)


def test_a_twin_comes_back_from_its_file_as_it_was():
    around = space()
    rng = np.random.default_rng(4)
    scores, *draws = rng.standard_normal((4, len(around)))
    twin = Twin(tuple("abcdefgh"), POINT, around, scores, np.array(draws))
    again = restored(stored(twin))
    np.testing.assert_allclose(
        again.brain(1).routes["long_range"], twin.brain(1).routes["long_range"], atol=1e-6
    )
    np.testing.assert_allclose(
        again.brain().value("inhibition"), twin.brain().value("inhibition"), rtol=1e-5
    )
    broken = {k: v for k, v in stored(twin).items() if k != "start.net"}
    with pytest.raises(DefaultModeError, match="E518"):
        restored(broken)
    with pytest.raises(DefaultModeError, match="E518"):
        restored(stored(twin) | {"scores": scores[:-1]})


ROLES = {"default": np.array([0, 1, 2]), "task-positive": np.array([4, 5])}


def test_columns_are_ratios_to_the_group_and_say_what_was_learnt():
    around = space({"coupling": 0.1, "noise": 0.2})
    rng = np.random.default_rng(5)
    scores = np.zeros(len(around))
    scores[around.slices["coupling"]] = 1.0
    near = scores + 0.1 * rng.standard_normal((400, len(around)))
    open_sd = prior_sd(around, rng.standard_normal((400, len(around))), ROLES)
    found = {s.name: s for s in summaries(around, scores, near, open_sd=open_sd, roles=ROLES)}
    assert found["twin_coupling"].value == pytest.approx(np.exp(0.1))
    assert found["twin_noise_odd"].value == pytest.approx(1.0)
    assert found["twin_coupling"].learnt == pytest.approx(0.99, abs=0.005)  # 1 − 0.1²
    block = around.start.net[np.ix_([0, 1, 2], [0, 1, 2])] * np.exp(0.1)
    exists = around.exists[np.ix_([0, 1, 2], [0, 1, 2])]
    expected = block[exists].mean() / around.weight
    assert found["twin_route_within_default"].value == pytest.approx(expected)


def test_an_interval_is_stretched_around_the_mean_and_less_is_learnt():
    around = space({"coupling": 0.1, "noise": 0.2})
    near = 0.1 * np.random.default_rng(8).standard_normal((40, len(around)))
    open_sd = {"twin_coupling": 0.1}
    plain, wide = (
        summaries(around, near[0], near, open_sd=open_sd, roles=ROLES, stretch=stretch)[0]
        for stretch in ({}, {"coupling": 2.0})
    )
    widths = [np.diff(np.log(one.interval()))[0] for one in (plain, wide)]
    assert widths[1] == pytest.approx(2.0 * widths[0])
    assert wide.mean == plain.mean
    assert 1.0 - wide.learnt == pytest.approx(4.0 * (1.0 - plain.learnt))


def test_what_scatters_around_the_group_is_the_group_on_average():
    """However wide the prior, nothing that nobody knows lifts a published factor from 1."""
    around = space(dict.fromkeys(BLOCKS, 0.5))
    drawn = np.random.default_rng(6).standard_normal((4000, len(around)))
    found = summaries(around, drawn[0], drawn, open_sd={}, roles=ROLES)
    factors = [s for s in found if s.factor and s.name != "twin_coupling"]
    for one in factors:
        error = np.log(one.drawn).std() / np.sqrt(4000)
        assert np.log(one.mean) == pytest.approx(0.0, abs=4 * error), one.name


def test_a_range_holds_one_more_draw_as_often_as_it_says():
    rng = np.random.default_rng(7)
    held = []
    for _ in range(4000):
        low, high = expected_range(rng.standard_normal(8))
        held.append(low <= rng.standard_normal() <= high)
    assert np.mean(held) == pytest.approx(0.95, abs=0.014)  # four standard errors; quantiles: .75
