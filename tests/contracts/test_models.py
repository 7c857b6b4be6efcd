"""What every model promises: sourced parameters, finite drift, a start it can leave, true slopes."""

import re

import numpy as np
import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.fixed_point import inputs_of, jacobian_of, slopes_of
from defaultmode.simulation.models import all_models, find_model
from made_brains import default_brain

MODELS = all_models()
every_model = pytest.mark.parametrize("name", MODELS)
UNITS = {"1", "nA", "ms", "Hz", "1/s", "ms^-1/2", "s^-1/2"}
SHAPE = (3, 2)  # regions, people


def brain_of_two(name):
    """Two people who differ in every parameter, three regions that do."""
    rng = np.random.default_rng(1)
    values = {
        p.name: p.value * rng.uniform(0.9, 1.1, SHAPE) + 1e-3 for p in MODELS[name].parameters
    }
    return default_brain(name, n_regions=3, **values)


def some_state(name):
    rng = np.random.default_rng(2)
    return rng.uniform(0.05, 0.4, (len(MODELS[name].states), *SHAPE))


def test_the_models_of_the_issue_are_there():
    assert {"mean_field", "hopf", "switch"} <= set(MODELS)


@every_model
def test_it_says_what_it_is(name):
    model = MODELS[name]
    assert model.name == name
    assert re.fullmatch(r"[A-Z].+\.", model.sentence)
    assert len(set(model.states)) == len(model.states)
    assert isinstance(model.drives_blood_flow, bool)


@every_model
def test_every_parameter_has_unit_sentence_and_source(name):
    for parameter in MODELS[name].parameters:
        assert parameter.unit in UNITS, parameter.name
        assert len(parameter.sentence) > 5
        assert parameter.source
        assert np.isfinite(parameter.value)
        if parameter.source.startswith("our own"):
            assert not parameter.verified, f"{parameter.name} has no source that verifies it"


@every_model
def test_everything_has_the_shape_that_it_states(name):
    model, brain, state = MODELS[name], brain_of_two(name), some_state(name)
    inputs = inputs_of(model, brain, state)
    assert set(inputs) == set(model.routes)
    for whole in (
        model.start(brain),
        model.drift(state, inputs, brain),
        model.noise(brain),
        model.shared_noise(brain),
        model.bounded(state),
    ):
        assert whole.shape == state.shape
        assert np.isfinite(whole).all()
    assert model.drive(state, inputs, brain).shape == SHAPE
    assert model.sent(state).shape[-2:] == SHAPE


@every_model
def test_it_starts_inside_its_bounds_and_moves_from_there(name):
    model, brain = MODELS[name], brain_of_two(name)
    start = model.start(brain)
    np.testing.assert_array_equal(model.bounded(start), start)
    assert np.abs(model.drift(start, inputs_of(model, brain, start), brain)).max() > 1e-6


@every_model
def test_people_do_not_touch_one_another(name):
    model, brain, state = MODELS[name], brain_of_two(name), some_state(name)
    before = model.drift(state, inputs_of(model, brain, state), brain)
    other = brain.changed(**{k: v * [1.1, 1.0] for k, v in brain.values.items()})
    state = state * [0.9, 1.0]
    after = model.drift(state, inputs_of(model, other, state), other)
    np.testing.assert_array_equal(after[..., 1], before[..., 1])
    assert (after[..., 0] != before[..., 0]).any()


@every_model
def test_a_missing_route_carries_nothing(name):
    model, brain, state = MODELS[name], brain_of_two(name), some_state(name)
    silent = {route: np.zeros((3, 3)) for route in model.routes}
    without, zero = (type(brain)(name, brain.regions, brain.values, r) for r in ({}, silent))
    np.testing.assert_allclose(
        model.drift(state, inputs_of(model, without, state), without),
        model.drift(state, inputs_of(model, zero, state), zero),
        rtol=1e-14,
    )


@every_model
def test_slopes_are_the_derivatives_of_the_drift(name):
    """Central differences of step h err by h² f‴/6 and by rounding, about 1e-8 here."""
    model, brain = MODELS[name], brain_of_two(name).person(0)
    state, h = some_state(name)[..., [0]], 1e-6

    def change(at):
        return model.drift(at, inputs_of(model, brain, at), brain).ravel()

    columns = []
    for flat in range(state.size):
        step = np.zeros(state.size)
        step[flat] = h
        up, down = (state + sign * step.reshape(state.shape) for sign in (1, -1))
        columns.append((change(up) - change(down)) / (2 * h))
    numeric = np.stack(columns, axis=1)
    analytic = jacobian_of(brain, slopes_of(model, brain, state))
    np.testing.assert_allclose(analytic, numeric, rtol=1e-6, atol=1e-8 * np.abs(numeric).max())


@every_model
def test_slopes_of_what_is_sent_and_seen_are_true(name):
    model, brain = MODELS[name], brain_of_two(name).person(0)
    state, h = some_state(name)[..., [0]], 1e-6
    slopes = slopes_of(model, brain, state)
    inputs = inputs_of(model, brain, state)
    for k in range(len(model.states)):
        moved = state.copy()
        moved[k] += h
        sent = np.reshape((model.sent(moved) - model.sent(state)) / h, slopes.sent[:, k].shape)
        np.testing.assert_allclose(slopes.sent[:, k], sent, atol=1e-8)
        seen = (model.drive(moved, inputs, brain) - model.drive(state, inputs, brain)) / h
        np.testing.assert_allclose(slopes.drive[k], seen, atol=1e-8)


def test_an_unknown_model_is_refused_by_name():
    with pytest.raises(DefaultModeError, match="mean_field") as caught:
        find_model("kuramoto")
    assert caught.value.code == "E511"
