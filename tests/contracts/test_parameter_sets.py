"""Every named parameter set is whole, sourced, and gives a brain that rests where it aims."""

import re
from dataclasses import replace

import numpy as np
import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.report.references import reference
from defaultmode.simulation.fixed_point import fixed_point
from defaultmode.simulation.inhibition import ISOLATED_RATE_HZ
from defaultmode.simulation.models import find_model
from defaultmode.simulation.parameter_sets import (
    all_parameter_sets,
    mutual,
    parameter_set,
    scaled,
    target_rate_hz,
)
from defaultmode.sources.atlases import load_atlas
from defaultmode.sources.connectomes import embedded_connectome
from made_brains import small_atlas, small_connectome

SETS = all_parameter_sets()
every_set = pytest.mark.parametrize("name", SETS)


def test_the_sets_of_the_issue_are_there():
    assert {"deco2014", "two_network"} <= set(SETS)
    assert SETS["deco2014"].rate_hz["all"].value == ISOLATED_RATE_HZ


@every_set
def test_it_is_whole_and_sourced(name):
    chosen = SETS[name]
    assert re.fullmatch(r"[A-Z].+\.", chosen.sentence)
    assert all(reference(key) for key in chosen.cites)
    known = {p.name for p in find_model(chosen.model).parameters}
    assert set(chosen.values) <= known
    for number in (*chosen.values.values(), *chosen.rate_hz.values()):
        assert np.isfinite(number.value)
        assert number.source
        if number.source.startswith("our own"):
            assert not number.verified


@every_set
def test_on_the_embedded_connectome_it_rests_at_its_target(name):
    connectome, atlas = embedded_connectome(), load_atlas("schaefer100")
    target = target_rate_hz(name, connectome, atlas=atlas)
    point = fixed_point(parameter_set(name, connectome, atlas=atlas))
    np.testing.assert_allclose(point.rate_hz[:, 0], target, rtol=1e-8)


def test_what_is_changed_is_balanced_again():
    brain = parameter_set("deco2014", small_connectome(), changed={"coupling": 0.2})
    assert brain.value("coupling").item() == 0.2
    np.testing.assert_allclose(fixed_point(brain).rate_hz[:, 0], ISOLATED_RATE_HZ, rtol=1e-8)
    with pytest.raises(DefaultModeError, match="couplng") as caught:
        parameter_set("deco2014", small_connectome(), changed={"couplng": 0.2})
    assert caught.value.code == "E506"


def test_scalings_do_what_they_say():
    weights = small_connectome().weights
    assert scaled(weights, "mean strength").sum(axis=1).mean() == pytest.approx(1.0)
    assert np.linalg.eigvalsh(scaled(weights, "spectral radius")).max() == pytest.approx(1.0)
    with pytest.raises(DefaultModeError, match="largest weight") as caught:
        scaled(weights, "largest weight")
    assert caught.value.code == "E506"


def test_each_of_two_networks_receives_the_mean_of_the_other():
    route = mutual(("default", "task-positive"), small_atlas())
    heard = route @ np.arange(12.0)
    np.testing.assert_allclose(heard[0::3], np.mean([1, 4, 7, 10]))
    np.testing.assert_allclose(heard[1::3], np.mean([0, 3, 6, 9]))
    assert not heard[2::3].any()


def test_an_unknown_set_is_refused():
    with pytest.raises(DefaultModeError, match="deco2014") as caught:
        parameter_set("deco2013", small_connectome())
    assert caught.value.code == "E511"


def test_a_set_with_networks_needs_an_atlas_of_the_same_regions():
    connectome, atlas = small_connectome(), small_atlas()
    others = replace(atlas, regions=atlas.regions[::-1])
    nowhere = replace(atlas, regions=tuple(replace(r, role="other") for r in atlas.regions))
    for wrong, said in ((None, "an atlas"), (others, "other regions"), (nowhere, "lacks")):
        with pytest.raises(DefaultModeError, match=said) as caught:
            parameter_set("two_network", connectome, atlas=wrong)
        assert caught.value.code == "E506"


def test_the_graded_set_is_refused_on_any_other_connectome():
    """Also on one of the same regions, whose weights it would ignore without a word."""
    mine = replace(embedded_connectome(), name="mine")
    for other in (small_connectome(), mine):
        with pytest.raises(DefaultModeError, match="ignores the weights") as caught:
            parameter_set("graded", other)
        assert caught.value.code == "E506"
    with pytest.raises(DefaultModeError, match="w070") as caught:
        parameter_set("graded:nowhere", embedded_connectome())
    assert caught.value.code == "E511"
