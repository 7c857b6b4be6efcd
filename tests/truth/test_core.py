"""The nouns are right or do not exist."""

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from defaultmode.core.atlas import Atlas, Region
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Entities, Recording
from defaultmode.core.settings import Settings, read_settings, settings_toml
from defaultmode.core.study import Column, Study


@pytest.fixture
def atlas() -> Atlas:
    regions = (Region("a", "Default", "default"), Region("b", "Visual"), Region("c", "Visual"))
    return Atlas("three", regions)


@pytest.fixture
def recording(atlas: Atlas) -> Recording:
    signal = np.random.default_rng(0).standard_normal((50, 3))
    return Recording(signal, 2.0, atlas, Entities("01", session="pre", run="2"))


def test_recording_is_frozen_and_owns_its_signal(atlas: Atlas) -> None:
    mine = np.ones((10, 3))
    recording = Recording(mine, 2.0, atlas, Entities("01"))
    mine[0, 0] = 7
    assert recording.signal[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        recording.signal[0, 0] = 1.0
    with pytest.raises(FrozenInstanceError):
        recording.tr_s = 1.0  # type: ignore[misc]


def test_recording_refuses_a_transposed_signal(recording: Recording) -> None:
    with pytest.raises(DefaultModeError, match=r"expected \(n_time, 3\).*Transpose") as caught:
        replace(recording, signal=recording.signal.T)
    assert caught.value.code == "E131"


@pytest.mark.parametrize("tr_s", [0.0, -2.0, 2000.0, float("nan")])
def test_recording_refuses_an_impossible_repetition_time(recording: Recording, tr_s: float) -> None:
    with pytest.raises(DefaultModeError) as caught:
        replace(recording, tr_s=tr_s)
    assert caught.value.code == "E203"


def test_nan_must_be_declared_absent(recording: Recording) -> None:
    signal = recording.signal.copy()
    signal[:, 1] = np.nan
    with pytest.raises(DefaultModeError) as caught:
        replace(recording, signal=signal)
    assert caught.value.code == "E117"
    absent = replace(recording, signal=signal, absent={"b": Missing("no coverage", "E118")})
    assert absent.columns(network="Visual").tolist() == [2]


def test_confounds_must_have_one_row_per_volume(recording: Recording) -> None:
    with pytest.raises(DefaultModeError) as caught:
        replace(recording, confounds={"csf": np.zeros(49)})
    assert caught.value.code == "E204"


def test_censored_frames_are_left_out_and_time_does_not_shift(recording: Recording) -> None:
    usable = np.ones(50, dtype=bool)
    usable[[0, 20]] = False
    censored = replace(recording, usable=usable)
    assert censored.usable_s == 96.0
    np.testing.assert_array_equal(censored.kept[19], recording.signal[21])


def test_entities_spell_bids() -> None:
    entities = Entities("01", session="pre", task="rest", run="2")
    assert entities.stem == "sub-01_ses-pre_task-rest_run-2"
    assert entities.folder == "sub-01/ses-pre/func"


@pytest.mark.parametrize(
    "regions",
    [
        (),
        (Region("a", "x"), Region("a", "y")),
        (Region("a", "x", role="hub"),),
        (Region("a", "x", place="cerebellum"),),
        (Region("a", "x", subsystem="A"),),
    ],
)
def test_atlas_refuses_what_is_not_an_atlas(regions: tuple[Region, ...]) -> None:
    with pytest.raises(DefaultModeError) as caught:
        Atlas("bad", regions)
    assert caught.value.code == "E140"


def test_unknown_role_is_named(atlas: Atlas) -> None:
    with pytest.raises(DefaultModeError, match="task-positive") as caught:
        atlas.members("hub")
    assert caught.value.code == "E410"


def test_missing_needs_a_reason() -> None:
    with pytest.raises(ValueError, match="reason"):
        Missing(" ")


def test_study_and_its_dictionary_agree() -> None:
    import pandas as pd

    table = pd.DataFrame({"participant_id": ["sub-01"]})
    columns = {"participant_id": Column("participant_id", "key", "text")}
    assert len(Study(table, columns).table) == 1
    with pytest.raises(DefaultModeError) as caught:
        Study(table, {})
    assert caught.value.code == "E411"


words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=20)


@given(
    source=words,
    participants=st.lists(words, max_size=3),
    columns=st.dictionaries(words, words, max_size=3),
    fd=st.none() | st.floats(0.01, 5),
    seed=st.integers(0, 2**40),
)
def test_settings_survive_their_file(tmp_path_factory, source, participants, columns, fd, seed):
    settings = Settings(
        source=source,
        participants=tuple(participants),
        columns=columns,
        fd_threshold_mm=fd,
        seed=seed,
    )
    path = tmp_path_factory.mktemp("settings") / "settings.toml"
    path.write_text(settings_toml(settings), encoding="utf-8")
    assert read_settings(path) == settings


@pytest.mark.parametrize(
    "wrong",
    [
        {"low_hz": 0.2},
        {"low_hz": "0.01"},
        {"nprocs": -1},
        {"nprocs": True},
        {"atlases": "schaefer100"},
        {"columns": {"age": 1}},
    ],
)
def test_settings_are_checked_at_the_door(wrong: dict[str, object]) -> None:
    with pytest.raises(DefaultModeError) as caught:
        Settings(**wrong)  # type: ignore[arg-type]
    assert caught.value.code == "E411"


def test_settings_file_with_an_unknown_key(tmp_path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text("nproc = 2\n", encoding="utf-8")
    with pytest.raises(DefaultModeError, match="nprocs"):
        read_settings(path)
    with pytest.raises(DefaultModeError) as caught:
        read_settings(tmp_path / "absent.toml")
    assert caught.value.code == "E101"
