"""The subgenual cingulate: found by name or place, never inside the default mode network."""

from dataclasses import replace

import numpy as np
import pytest

from defaultmode.core.atlas import Atlas, Region
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.measures import find
from defaultmode.measures.subgenual import subgenual_regions
from defaultmode.sources.atlases import load_atlas
from toy_recordings import recording_of, signal_of

MEASURE = find("subgenual_default_mode")


def default(i, subsystem):
    return Region(f"d{i}", "Default", "default", subsystem)


def made(*others, subsystems=("core", "core", "MTL", "MTL")):
    return Atlas("made", (*(default(i, s) for i, s in enumerate(subsystems)), *others))


def recorded(atlas, r_core, r_other):
    """Signals in which the last region correlates so with the core, and so with the rest."""
    n = len(atlas)
    covariance = np.eye(n)
    for i, region in enumerate(atlas.regions[:-1]):
        covariance[i, -1] = covariance[-1, i] = r_core if region.subsystem == "core" else r_other
    return recording_of(signal_of(covariance), atlas)


def test_the_mean_over_the_core_is_what_was_planted():
    atlas = made(Region("subgenual", ""))
    assert MEASURE(recorded(atlas, 0.3, 0.6)) == pytest.approx(np.arctanh(0.3), abs=1e-9)


def test_without_a_core_it_is_the_whole_network():
    atlas = made(Region("subgenual", ""), subsystems=("", "", "", ""))
    assert MEASURE(recorded(atlas, 0.9, 0.4)) == pytest.approx(np.arctanh(0.4), abs=1e-9)


@pytest.mark.parametrize(
    ("name", "centre", "found"),
    [
        ("L_G_subcallosal", None, True),
        ("ACC_sub_L", None, True),
        ("sphere", (6.0, 16.0, -10.0), True),
        ("sphere", (0.0, 25.0, -10.0), True),
        ("L_Cingulum_Ant", (-4.4, 34.2, 12.5), False),  # mostly pregenual
        ("L_Olfactory", (-8.3, 13.9, -12.7), False),
        ("L_Rectus", (-5.4, 35.7, -19.6), False),
    ],
)
def test_what_counts_as_subgenual(name, centre, found):
    atlas = made(Region(name, "Limbic", xyz_mm=centre))
    if found:
        assert list(subgenual_regions(atlas)) == [4]
        return
    with pytest.raises(DefaultModeError, match="within 10 mm") as refused:
        subgenual_regions(atlas)
    assert refused.value.code == "E306"


def test_a_default_mode_region_is_never_subgenual():
    """The seed vMPFC of Andrews-Hanna lies 9 mm away, and would correlate with its own network."""
    lying = Region("vMPFC", "Default", "default", "core", xyz_mm=(0.0, 26.0, -18.0))
    with pytest.raises(DefaultModeError, match="E306"):
        subgenual_regions(made(lying))


FOUND = {
    "destrieux164": ["L_G_subcallosal", "R_G_subcallosal"],
    "seeds": ["sgACC"],
    "schaefer100": [],
    "aal90": [],
    "aal2_94": [],
    "dosenbach160": [],
    "seitzman300": [],
}


@pytest.mark.parametrize("name", FOUND)
def test_which_atlases_have_one(name):
    atlas = load_atlas(name)
    if FOUND[name]:
        assert [atlas.names[i] for i in subgenual_regions(atlas)] == FOUND[name]
    else:
        with pytest.raises(DefaultModeError, match="E306"):
            subgenual_regions(atlas)


def test_a_region_without_signal_is_missing_with_its_name():
    recording = recorded(made(Region("subgenual", "")), 0.3, 0.3)
    flat = recording.signal.copy()
    flat[:, -1] = 0.0
    value = MEASURE(replace(recording, signal=flat))
    assert isinstance(value, Missing)
    assert value.code == "E302"
    assert "subgenual" in value.reason
