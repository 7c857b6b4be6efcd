"""Turns of two networks: counted right, and as often as the model's own record says."""

import numpy as np
import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.simulation.fixed_point import inputs_of
from defaultmode.simulation.models import find_model
from defaultmode.simulation.switching import (
    STEP_MS,
    alternate,
    disengagement_s,
    leads,
    switch_brain,
    switching,
    task_blocks,
    task_suppression,
)

STEP_S = 0.05


def turns(*lengths, first=True):
    """Activity of a network that leads by 1 for so many samples, then the other, in turn."""
    leading = np.concatenate(
        [np.full(n, first if k % 2 == 0 else not first) for k, n in enumerate(lengths)]
    )
    return np.stack([leading, ~leading], axis=1).astype(float)


def test_turns_are_counted():
    """100 + 60 samples of default in two turns, 40 of the other: 8 s and 2 s, two changes in 10 s."""
    found = switching(turns(100, 40, 60), STEP_S)
    assert found.fraction_default == 0.8
    assert found.dwell_default_s == pytest.approx(8.0)
    assert found.dwell_task_positive_s == pytest.approx(2.0)
    assert found.switches_per_min == pytest.approx(12.0)


def test_a_network_that_never_loses_the_lead_has_no_dwell_time():
    found = switching(turns(50), STEP_S)
    assert isinstance(found.dwell_default_s, Missing)
    assert isinstance(found.dwell_task_positive_s, Missing)
    assert (found.fraction_default, found.switches_per_min) == (1.0, 0.0)


def test_the_lead_changes_only_by_the_margin():
    ahead = np.array([0.05, 0.2, -0.09, 0.0, -0.11, 0.09, 0.1, 0.101])
    activity = np.stack([ahead, np.zeros(8)], axis=1)
    assert leads(activity).tolist() == [True, True, True, True, False, False, False, True]
    assert leads(activity, margin=0.3).all()
    with pytest.raises(DefaultModeError, match="default first") as caught:
        leads(activity.T)
    assert caught.value.code == "E506"


def test_disengagement_counts_only_cues_at_which_the_default_network_leads():
    """It loses the lead 1 s and 3 s after two cues; at the third the other network leads."""
    activity = turns(120, 20, 120, 20)[..., None]
    assert disengagement_s(activity, STEP_S, [5.0], longest_s=3.0) == pytest.approx(1.0)
    cues = [5.0, 10.0, 6.2]
    assert disengagement_s(activity, STEP_S, cues, longest_s=4.0) == pytest.approx(2.0)
    assert isinstance(disengagement_s(activity, STEP_S, [6.2], longest_s=3.0), Missing)
    assert isinstance(disengagement_s(activity, STEP_S, [1.0], longest_s=2.0), Missing)


def test_the_compiled_steps_are_the_model():
    """The same noise through the model's own drift; one second, to rounding."""
    brain = switch_brain(drive=[[0.33, 0.37], [0.30, 0.30]], noise=[[0.08, 0.11]])
    model = find_model("switch")
    found = alternate(brain, [3, 4], duration_s=1.0, settle_s=0.0)
    streams = [np.random.default_rng(seed).standard_normal((200, 3)) for seed in (3, 4)]
    state = model.start(brain)
    for step, drawn in enumerate(np.stack(streams, axis=-1), start=1):
        kick = model.noise(brain) * np.stack([drawn[:2], *np.zeros((3, 2, 2))])
        kick = kick + model.shared_noise(brain) * drawn[2]
        drift = model.drift(state, inputs_of(model, brain, state), brain)
        state = state + STEP_MS * drift + np.sqrt(STEP_MS) * kick
        if step % 10 == 0:
            np.testing.assert_allclose(found[step // 10 - 1], state[2], rtol=1e-9)


def test_a_person_is_the_same_in_any_company():
    together = alternate(switch_brain(), [7, 8, 9], duration_s=30.0)
    np.testing.assert_array_equal(
        alternate(switch_brain(), [8], duration_s=30.0)[..., 0], together[..., 1]
    )


def test_a_healthy_person_takes_turns_as_recorded():
    """SCIENCE.md §3.5, healthy: 4 × 20 min. Both are samples; the bound is four standard errors.

    The recorded row is of four runs whose spread makes its own errors .002, .07 s, .07 s, .17;
    rounding adds half of its last digit.
    """
    activity = alternate(switch_brain(), range(24), duration_s=300.0)
    found = [switching(activity[..., k], STEP_S) for k in range(24)]
    recorded = {
        "fraction_default": (0.57, 0.002 + 0.005),
        "dwell_default_s": (5.7, 0.07 + 0.05),
        "dwell_task_positive_s": (4.3, 0.07 + 0.05),
        "switches_per_min": (11.9, 0.17 + 0.05),
    }
    for name, (expected, its_error) in recorded.items():
        each = np.array([getattr(one, name) for one in found])
        error = np.hypot(each.std(ddof=1) / np.sqrt(24), its_error)
        assert error < 0.05 * expected
        assert abs(each.mean() - expected) < 4 * error, name


def test_a_task_moves_the_lead():
    """SCIENCE.md §3.5: healthy in a task, the default network leads .20 of the time and loses 56 %."""
    rest, task = switch_brain(), switch_brain(drive=[[0.33], [0.45]])
    at_rest, doing = (alternate(b, range(16), duration_s=200.0) for b in (rest, task))
    led = np.array([leads(doing[..., k]).mean() for k in range(16)])
    assert abs(led.mean() - 0.20) < 4 * led.std(ddof=1) / 4 + 0.01
    assert task_suppression(at_rest, doing) == pytest.approx(0.56, abs=0.05)
    timeline = task_blocks(rest, task, rest_s=20.0, task_s=20.0)
    assert [timeline(t) is task for t in (-1.0, 0.0, 19.9, 20.0, 39.9, 40.0)] == [
        False, False, False, True, True, False,
    ]  # fmt: skip
    blocks = alternate(timeline, range(16), duration_s=200.0)
    cues = [20.0, 60.0, 100.0, 140.0, 180.0]
    assert disengagement_s(blocks, STEP_S, cues, longest_s=20.0) < 5.0
