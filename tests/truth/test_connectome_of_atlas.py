"""Every atlas gets the right connectome, in its own order, or a refusal."""

from dataclasses import replace

import numpy as np
import pytest

from defaultmode.core.atlas import Atlas
from defaultmode.core.errors import DefaultModeError
from defaultmode.sources.atlases import load_atlas
from defaultmode.sources.connectomes import (
    connectome_of_atlas,
    embedded_connectome,
    with_unit_strength,
)
from defaultmode.sources.embedded import embedded_recordings
from given import shared

PERMUTED = np.random.default_rng(6).permutation(94)


def written(path, names, weights):
    rows = [[name, *map(repr, row)] for name, row in zip(names, weights.tolist(), strict=True)]
    path.write_text("\n".join("\t".join(row) for row in [["name", *names], *rows]) + "\n")
    return path


def code_of(call, *arguments):
    with pytest.raises(DefaultModeError) as raised:
        call(*arguments)
    return raised.value.code, raised.value.detail


def test_every_embedded_recording_has_a_connectome_in_the_order_of_its_signal():
    for recording in embedded_recordings():
        found = connectome_of_atlas(recording.atlas)
        assert found.regions == recording.atlas.names


@pytest.mark.parametrize("name", ["schaefer100", "aal2_94"])
def test_without_a_table_it_is_the_embedded_one(name):
    found, expected = connectome_of_atlas(load_atlas(name)), embedded_connectome(name)
    assert found.name == expected.name
    np.testing.assert_array_equal(found.weights, expected.weights)
    np.testing.assert_array_equal(found.lengths_mm, expected.lengths_mm)


def test_an_atlas_of_ones_own_with_the_same_regions_gets_it_in_its_order():
    atlas = load_atlas("aal2_94")
    mine = Atlas("mine", tuple(atlas.regions[i] for i in PERMUTED))
    found = connectome_of_atlas(mine)
    assert found.regions == mine.names
    np.testing.assert_array_equal(
        found.weights, embedded_connectome("aal2_94").weights[np.ix_(PERMUTED, PERMUTED)]
    )


def test_a_permuted_table_is_put_in_the_atlas_order_and_scaled(tmp_path):
    # not symmetric, so that rows and columns cannot be taken for each other
    one = embedded_connectome("aal2_94")
    weights = one.weights * np.linspace(1, 2, 94)[:, None]
    permuted = 1000 * weights[np.ix_(PERMUTED, PERMUTED)]
    names = [one.regions[i] for i in PERMUTED]
    found = connectome_of_atlas(
        load_atlas("aal2_94"), written(tmp_path / "own.tsv", names, permuted)
    )
    assert found.regions == one.regions
    np.testing.assert_allclose(
        found.weights, with_unit_strength(replace(one, weights=weights)).weights, rtol=1e-12
    )
    assert found.weights.sum(axis=1).mean() == pytest.approx(1, abs=1e-12)
    assert found.name == "own"


def test_a_table_of_another_atlas_is_refused(tmp_path):
    one = embedded_connectome("aal2_94")
    path = written(tmp_path / "own.tsv", one.regions, one.weights)
    code, detail = code_of(connectome_of_atlas, load_atlas("schaefer100"), path)
    assert code == "E133"
    assert "'own' does not fit atlas 'schaefer100'" in detail


@pytest.mark.parametrize("name", ["aal90", "destrieux164"])
def test_an_atlas_without_a_connectome_is_refused(name):
    atlas = load_atlas(name)
    code, detail = code_of(connectome_of_atlas, atlas)
    assert code == "E514"
    assert f"the {len(atlas)} regions of atlas {name!r}" in detail


def test_an_unknown_embedded_connectome_is_refused():
    code, detail = code_of(embedded_connectome, "aal90")
    assert code == "E514"
    assert "'aal90', only for schaefer100, aal2_94" in detail


def test_the_given_table_of_the_depression_data_fits_its_atlas():
    path = shared("data/mdd_destrieux164/connectome_Destrieux164.tsv")
    atlas = load_atlas("destrieux164")
    found = connectome_of_atlas(atlas, path)
    assert found.regions == atlas.names
    assert found.weights.sum(axis=1).mean() == pytest.approx(1, abs=1e-12)
