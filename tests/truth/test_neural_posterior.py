"""The learnt posterior against one that is known, where its library is installed."""

from importlib import util

import numpy as np
import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.fitting.neural_posterior import neural_posterior

NOISE_SD = 0.5


def measured(points):
    """What is measured of each point: itself and noise, the same on every call."""
    return points + NOISE_SD * np.random.default_rng(1).standard_normal(points.shape)


def test_learns_a_gaussian_posterior() -> None:
    reason = "the extra `posterior` (sbi, which brings torch) is not installed"
    torch = pytest.importorskip("torch", reason=reason)
    pytest.importorskip("sbi", reason=reason)
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    found = neural_posterior(measured, [-5, -5], [5, 5], [1.0, -2.0], simulations=1000, seed=3)
    again = neural_posterior(measured, [-5, -5], [5, 5], [1.0, -2.0], simulations=1000, seed=3)
    # far from the prior's edges the posterior is N(observed, .5²), the two independent; a network
    # taught by 1000 simulations misses by some tenths of its standard deviation
    assert found.draws.mean(axis=0) == pytest.approx([1.0, -2.0], abs=0.4 * NOISE_SD)
    assert found.draws.std(axis=0) == pytest.approx([NOISE_SD, NOISE_SD], rel=0.25)
    assert np.corrcoef(found.draws.T)[0, 1] == pytest.approx(0.0, abs=0.2)
    assert (found.draws == again.draws).all()
    assert torch.equal(torch.random.get_rng_state(), before)


def test_says_which_extra_brings_the_library(monkeypatch) -> None:
    monkeypatch.setattr(util, "find_spec", lambda _: None)
    with pytest.raises(DefaultModeError) as raised:
        neural_posterior(measured, [0], [1], [0.5], simulations=10, seed=0)
    assert raised.value.code == "E519"
    assert "defaultmode[posterior]" in raised.value.detail


@pytest.mark.parametrize(
    ("low", "high", "observed"), [([0], [0], [1]), ([0, 0], [1], [1]), ([0], [1], [np.nan])]
)
def test_refuses_what_is_no_prior(low, high, observed) -> None:
    with pytest.raises(DefaultModeError) as raised:
        neural_posterior(measured, low, high, observed, simulations=10, seed=0)
    assert raised.value.code == "E506"


def test_refuses_summaries_of_another_shape(monkeypatch) -> None:
    monkeypatch.setattr(util, "find_spec", lambda name: name)
    with pytest.raises(DefaultModeError) as raised:
        neural_posterior(measured, [0], [1], [0.5, 0.5], simulations=10, seed=0)
    assert raised.value.code == "E506"
