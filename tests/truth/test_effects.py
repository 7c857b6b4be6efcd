"""Where an effect acts, and what several at once do to a brain."""

import numpy as np
import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.pipeline.substrate import own_map
from defaultmode.simulation.effects import Effect, apply_effects, region_weights
from defaultmode.simulation.parameter_sets import parameter_set
from defaultmode.sources.atlases import load_atlas
from defaultmode.sources.connectomes import embedded_connectome, embedded_maps

ATLAS = load_atlas("schaefer100")
NMDA = Effect(
    parameter="nmda_long_range",
    change=-0.05,
    where="map:gradient",
    slope=0.1,
    receptor="nmda",
    receptor_slope=0.3,
)


def test_a_role_and_a_map_weigh_regions():
    default = Effect(parameter="gain", change=0.1, where="role:default")
    weights = region_weights(default, ATLAS, {})
    assert set(np.flatnonzero(weights)) == set(ATLAS.members("default"))
    z = embedded_maps()["gradient"]
    expected = 1 + 0.1 * (z - z.mean()) / z.std()
    np.testing.assert_allclose(region_weights(NMDA, ATLAS, embedded_maps()), expected)


def test_a_receptor_map_of_the_user_takes_the_place_of_the_embedded_one():
    receptor = np.linspace(1.0, 9.0, len(ATLAS))
    weights = region_weights(NMDA, ATLAS, embedded_maps() | {"nmda": receptor})
    z = (receptor - receptor.mean()) / receptor.std()
    np.testing.assert_allclose(weights, np.maximum(1 + 0.3 * z, 0))


def test_a_column_of_a_larger_table_is_a_map(tmp_path):
    table = np.arange(300.0).reshape(100, 3)
    file = tmp_path / "receptors.csv"
    np.savetxt(file, table, delimiter=",")
    read = own_map(tmp_path / "receptors.csv#2", ATLAS.names)
    np.testing.assert_array_equal(read, table[:, 1])


def test_relative_changes_multiply_and_added_ones_add_in_any_order():
    brain = parameter_set("deco2014", embedded_connectome())
    even = np.ones(len(ATLAS))
    up = (Effect(parameter="current_na", change=0.01, how="added"), even, 1.0)
    half = (Effect(parameter="gain", change=-0.5), even, 1.0)
    again = (Effect(parameter="gain", change=0.2), even, [1.0, 0.0])
    for acting in ([up, half, again], [again, half, up]):
        changed = apply_effects(brain, acting)
        np.testing.assert_allclose(changed.full("gain")[0], [0.6, 0.5])
        np.testing.assert_allclose(changed.full("current_na"), 0.01)


@pytest.mark.parametrize(
    ("effect", "code"),
    [
        (Effect(parameter="gain", change=0.1, where="map:nowhere"), "E513"),
        (Effect(parameter="gain", change=0.1, where="role:nobody"), "E506"),
        (Effect(parameter="gain", change=0.1, where="network:Nowhere"), "E506"),
    ],
)
def test_an_effect_that_acts_nowhere_is_refused(effect, code):
    with pytest.raises(DefaultModeError) as caught:
        region_weights(effect, ATLAS, embedded_maps())
    assert caught.value.code == code


def test_a_change_of_more_than_all_of_it_is_refused():
    brain = parameter_set("deco2014", embedded_connectome())
    with pytest.raises(DefaultModeError) as caught:
        apply_effects(brain, [(Effect(parameter="gain", change=-1.5), np.ones(100), 1.0)])
    assert caught.value.code == "E506"
