"""How states are learnt and kept: from whom, in what order, and what a later recording is told."""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from defaultmode.core.missing import Missing
from defaultmode.core.reference import Reference
from defaultmode.measures import _state_learning, _state_models, _state_scoring, find
from defaultmode.measures._state_learning import learn_states
from defaultmode.measures._state_scoring import state_labels
from switching_recordings import ATLAS, NETWORKS, activation, chain, gaussian, person

METHODS = ("leida", "cap", "hmm")
N = 200


@cache
def recordings(n_people=4, n_time=N):
    states = [chain(n_time, (0.93, 0.9), seed) for seed in range(n_people)]
    return [person(f"{n:02d}", activation(s, 0.5, seed=50 + n)) for n, s in enumerate(states)]


@cache
def learnt():
    return learn_states(recordings(), n_states=3, seed=0)


def without(recording, columns):
    """The same recording with some regions outside the field of view."""
    signal = recording.signal.copy()
    signal[:, columns] = np.nan
    reason = Missing("outside the field of view", "E118")
    return replace(recording, signal=signal, absent={ATLAS.names[c]: reason for c in columns})


def read_back(states):
    """The same states after a way through JSON at nine digits."""

    def nine(values):
        return [float(f"{v:.9g}") for v in np.ravel(values)]

    plain = {name: nine(v) for name, v in (("centres", states.centres), *states.more.items())}
    read = {name: np.array(v) for name, v in json.loads(json.dumps(plain)).items()}
    centres = read.pop("centres").reshape(states.centres.shape)
    more = {name: v.reshape(states.more[name].shape) for name, v in read.items()}
    return replace(states, centres=centres, more=more)


@pytest.mark.parametrize("method", METHODS)
def test_the_order_of_recordings_does_not_matter(method):
    forth, back = (
        learn_states(runs, n_states=3, seed=0, methods=(method,))[method]
        for runs in (recordings(), recordings()[::-1])
    )
    np.testing.assert_array_equal(forth.centres, back.centres)
    assert forth.names == back.names
    assert forth.learnt_from == back.learnt_from == tuple(r.entities.stem for r in recordings())
    assert forth.stability == back.stability
    for name, values in forth.more.items():
        np.testing.assert_array_equal(values, back.more[name])


@pytest.mark.parametrize("method", METHODS)
def test_states_read_from_text_score_alike(method):
    states = learnt()[method]
    again = read_back(states)
    assert not np.array_equal(again.centres, states.centres)
    for recording in [*recordings(), person("09", gaussian(N, 3))]:
        np.testing.assert_array_equal(
            state_labels(recording, again), state_labels(recording, states)
        )


@pytest.mark.parametrize("method", METHODS)
def test_scoring_finds_regions_by_name(method):
    turned = np.random.default_rng(4).permutation(len(ATLAS))
    whole = recordings()[0]
    moved = replace(whole, signal=whole.signal[:, turned], atlas=ATLAS.take(turned))
    states = learnt()[method]
    np.testing.assert_array_equal(state_labels(moved, states), state_labels(whole, states))


@pytest.mark.parametrize("method", METHODS)
def test_states_come_in_the_order_of_their_frames(method):
    states = learnt()[method]
    labels = np.concatenate([state_labels(r, states) for r in recordings()])
    taken = np.bincount(labels[labels >= 0], minlength=3)
    assert (np.diff(taken) <= 0).all()
    assert states.default == states.names.index("default mode")


def test_one_person_has_no_stability():
    runs = [
        replace(r, entities=replace(r.entities, participant="01", run=str(n)))
        for n, r in enumerate(recordings())
    ]
    states = learn_states(runs, n_states=2, seed=0)
    assert set(states) == set(METHODS)
    for found in states.values():
        assert np.isnan(found.stability)
        assert len(found.learnt_from) == 4


def test_people_and_not_runs_are_halved(monkeypatch):
    """Both runs of a person teach the same half."""
    runs = [
        replace(r, entities=replace(r.entities, participant=f"{n // 2:02d}", run=str(n)))
        for n, r in enumerate(recordings(6))
    ]
    taught = []

    def k_means(stretches, n_states, seed):
        taught.append({s.tobytes() for s in stretches})
        return _state_models.k_means(stretches, n_states, seed)

    monkeypatch.setattr(_state_learning, "k_means", k_means)
    learn_states(runs, n_states=2, seed=0, methods=("cap",))
    everyone, one, other = taught
    assert sorted(map(len, taught)) == [2, 4, 6]
    assert one | other == everyone
    assert not one & other


def test_regions_that_one_recording_lacks_teach_nobody():
    runs = [without(recordings()[0], [0, 12]), *recordings()[1:]]
    states = learn_states(runs, n_states=2, seed=0)
    kept = tuple(name for i, name in enumerate(ATLAS.names) if i not in (0, 12))
    assert states["cap"].features == states["leida"].features == kept
    assert states["hmm"].features == ("DorsalAttention", "Visual", "default mode")
    assert isinstance(state_labels(runs[0], states["cap"]), np.ndarray)


def test_a_network_that_one_recording_lacks_teaches_nobody():
    visual = np.flatnonzero(NETWORKS == "Visual")
    runs = [without(recordings()[0], visual[:4]), *recordings()[1:]]
    states = learn_states(runs, n_states=2, seed=0, methods=("hmm",))
    assert states["hmm"].features == ("DorsalAttention", "default mode")


@pytest.mark.parametrize(
    ("method", "lost"), [("leida", [7]), ("cap", [7]), ("hmm", [11, 12, 13, 14])]
)
def test_a_recording_that_lacks_what_states_are_known_by_is_missing(method, lost):
    short = without(recordings()[0], lost)
    labels = state_labels(short, learnt()[method])
    assert labels.code == "E302"
    value = find(f"{method}_default_occupancy")(short, Reference(states=learnt()))
    assert (value.code, value.reason) == (labels.code, labels.reason)
    named = "Visual" if method == "hmm" else ATLAS.names[7]
    assert named in value.reason
    assert find("kuramoto_synchrony")(short, Reference(states=learnt())).value > 0


def test_hidden_states_are_missing_without_their_library(monkeypatch):
    for module in (_state_learning, _state_scoring):
        monkeypatch.setattr(module, "find_spec", lambda _: None)
    states = learn_states(recordings(), n_states=2, seed=0)
    assert set(states) == {"leida", "cap"}
    value = find("hmm_switching_rate")(recordings()[0], Reference(states=states))
    assert value.code == "E307"
    assert "hmmlearn" in value.reason


def test_too_little_teaches_nothing():
    assert learn_states([], n_states=2, seed=0) == {}
    usable = np.zeros(N, dtype=bool)
    usable[[3, 9]] = True
    assert learn_states([replace(recordings()[0], usable=usable)], n_states=2, seed=0) == {}
    assert learn_states(recordings(1, 39), n_states=2, seed=0) == {}
    assert set(learn_states(recordings(1, 60), n_states=2, seed=0)) == set(METHODS)


def test_recordings_that_share_no_region_teach_nothing():
    ours, theirs = recordings()[:2]
    renamed = tuple(replace(region, name=f"x{region.name}") for region in ATLAS.regions)
    other = replace(theirs, atlas=replace(ATLAS, regions=renamed))
    assert learn_states([ours, other], n_states=2, seed=0, methods=("leida", "cap")) == {}


def test_a_recording_with_too_few_frames_is_left_out():
    usable = np.zeros(N, dtype=bool)
    usable[:2] = usable[-2:] = True
    poor = replace(recordings()[0], usable=usable)
    rest = recordings()[1:]
    states = learn_states([poor, *rest], n_states=2, seed=0, methods=("leida",))
    np.testing.assert_array_equal(
        states["leida"].centres,
        learn_states(rest, n_states=2, seed=0, methods=("leida",))["leida"].centres,
    )
    assert state_labels(poor, states["leida"]).code == "E301"


@pytest.mark.parametrize("role", ["default", "other"])
def test_an_atlas_of_one_side_has_no_default_state(role):
    columns = ATLAS.members(role)
    half = replace(
        recordings()[0], signal=recordings()[0].signal[:, columns], atlas=ATLAS.take(columns)
    )
    assert learn_states([half], n_states=2, seed=0) == {}


def test_a_large_study_is_learnt_from_a_part_of_its_frames(monkeypatch):
    monkeypatch.setattr(_state_learning, "MOST_FRAMES", 320)
    given = {}

    def spy(name, fit):
        def fitted(stretches, n_states, seed):
            given.setdefault(name, stretches)
            return fit(stretches, n_states, seed)

        return fitted

    monkeypatch.setattr(_state_learning, "k_means", spy("cap", _state_models.k_means))
    monkeypatch.setattr(_state_learning, "hidden_markov", spy("hmm", _state_models.hidden_markov))
    usable = np.ones(N, dtype=bool)
    usable[[70, 75, 120]] = False
    runs = [replace(r, usable=usable) for r in recordings()]
    learn_states(runs, n_states=2, seed=0, methods=("cap", "hmm"))
    assert [len(s) for s in given["cap"]] == [80] * 4
    # 197 usable frames, of which 58–137 are taken: 58–69, then four that are too few, 76–119, and
    # 121–140
    assert [len(s) for s in given["hmm"]] == [12, 44, 20] * 4


def test_networks_that_are_the_same_have_no_hidden_states():
    signal = recordings()[0].signal.copy()
    signal[:, NETWORKS == "Visual"] = signal[:, :6]
    twins = replace(recordings()[0], signal=signal)
    assert learn_states([twins], n_states=2, seed=0, methods=("hmm",)) == {}


def test_regions_that_are_all_the_same_have_no_states():
    same = person("01", np.repeat(gaussian(N, 3)[:, :1], len(ATLAS), axis=1))
    assert learn_states([same], n_states=2, seed=0) == {}
    value = find("cap_switching_rate")(same, Reference(states=learnt()))
    assert value.code == "E305"


def test_regions_that_cancel_out_have_no_network_signal():
    signal = recordings()[0].signal.copy()
    signal[:, 3:6] = -signal[:, :3]
    value = find("hmm_switching_rate")(person("01", signal), Reference(states=learnt()))
    assert value.code == "E305"


def test_any_seed_will_do():
    assert learn_states(recordings(), n_states=2, seed=2**70, methods=("cap",))
