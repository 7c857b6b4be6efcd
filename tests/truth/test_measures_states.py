"""States and how they follow one another, against recordings that switch as they were told to."""

from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pytest

from defaultmode.core.missing import Missing
from defaultmode.core.reference import Reference
from defaultmode.core.tested import Tested
from defaultmode.measures import all_measures, find
from defaultmode.measures._state_learning import learn_states
from defaultmode.measures._state_scoring import sequence_statistics, state_labels
from switching_recordings import activation, chain, gaussian, person, phase_locked

STAY = (0.93, 0.9)
N = 400
METHODS = ("leida", "cap", "hmm")
STATE_MEASURES = [m for m in all_measures().values() if "states" in m.needs]
PUBLISHED = {
    "default_occupancy": "occupancy",
    "default_dwell_s": "dwell_s",
    "switching_rate": "switching_rate",
    "transition_entropy": "transition_entropy",
    "mixing_time_s": "mixing_time_s",
    "default_return": "return",
}


def study(method, n_people=4, noise=0.4, **fields):
    """Recordings of some people and the states that they were in."""
    made = phase_locked if method == "leida" else activation
    stay = (0.98, 0.98) if method == "leida" else STAY
    states = [chain(N, stay, seed) for seed in range(n_people)]
    recordings = [
        person(f"{n:02d}", made(s, noise, seed=100 + n), **fields) for n, s in enumerate(states)
    ]
    return recordings, states


def learnt_by(method, recordings, n_states=2):
    return learn_states(recordings, n_states=n_states, seed=0, methods=(method,))


@pytest.fixture(scope="module", params=METHODS)
def learnt(request):
    recordings, truth = study(request.param)
    states = learnt_by(request.param, recordings)[request.param]
    return recordings, truth, states


def test_the_planted_states_are_found(learnt):
    """Wherever the analytic signal can follow: its phase takes some frames to turn."""
    recordings, truth, states = learnt
    for recording, planted in zip(recordings, truth, strict=True):
        labels = state_labels(recording, states)
        known = labels >= 0
        right = (labels[known] == states.default) == (planted[known] == 1)
        assert right.mean() > (0.9 if states.method == "leida" else 0.99)
    assert states.stability > 0.98
    assert states.learnt_from == ("sub-00", "sub-01", "sub-02", "sub-03")


def test_the_default_state_has_the_name_of_its_network(learnt):
    _, _, states = learnt
    assert states.names[states.default] == "default mode"
    assert len(set(states.names)) == len(states) == 2


@pytest.mark.parametrize("learnt", ["cap", "hmm"], indirect=True)
def test_measures_are_those_of_the_planted_sequence(learnt):
    """Within the share of frames that noise misplaces, each of which makes two switches more."""
    recordings, truth, states = learnt
    reference = Reference(states={states.method: states}, surrogates=0)
    recording, planted = recordings[0], truth[0]
    expected = sequence_statistics(
        np.where(planted == 1, states.default, 1 - states.default), states, 2.0
    )
    for name, statistic in PUBLISHED.items():
        found = find(f"{states.method}_{name}")(recording, reference)
        assert found.value == pytest.approx(expected[statistic], rel=0.05), name


def test_dwell_of_the_phase_state_is_near_the_planted_one():
    """Visits of 100 s on average; the phase needs about a period of 20 s to turn."""
    recordings, truth = study("leida", noise=0.1)
    states = learnt_by("leida", recordings)["leida"]
    reference = Reference(states={"leida": states}, surrogates=0)
    planted = np.array([np.mean(s == 1) for s in truth])
    found = [find("leida_default_occupancy")(r, reference).value for r in recordings]
    np.testing.assert_allclose(found, planted, atol=0.06)
    switches = sum(np.count_nonzero(np.diff(s)) for s in truth)
    minutes = len(recordings) * (N - 1) * 2.0 / 60
    rates = [find("leida_switching_rate")(r, reference).value for r in recordings]
    assert np.mean(rates) == pytest.approx(switches / minutes, rel=0.25)


@pytest.mark.parametrize("learnt", ["cap", "hmm"], indirect=True)
def test_a_recording_that_switches_exceeds_its_surrogates(learnt):
    """A telegraph stays put for longer than Gaussian noise of the same spectrum."""
    recordings, _, states = learnt
    reference = Reference(states={states.method: states})
    dwell = find(f"{states.method}_default_dwell_s")(recordings[0], reference)
    assert dwell.value > dwell.surrogates.max()
    assert dwell.p == 0.05
    assert dwell.note == ""
    assert find(f"{states.method}_switching_rate")(recordings[0], reference).p == 0.05


@cache
def ranks_of_noise():
    """Rank p of every state measure in 24 runs of noise, four to a study that learnt its states."""
    found = {m.name: [] for m in STATE_MEASURES if not m.name.startswith("hmm")}
    for study_seed in range(6):
        runs = [person(f"{n:02d}", gaussian(200, 10 * study_seed + n)) for n in range(4)]
        states = learn_states(runs, n_states=4, seed=0, methods=("leida", "cap"))
        reference = Reference(states=states)
        for run, name in product(runs, found):
            value = find(name)(run, reference)
            if isinstance(value, Tested) and np.isfinite(value.p):
                found[name].append(value.p)
    return found


@pytest.mark.parametrize("name", ranks_of_noise())
def test_noise_does_not_leave_its_surrogates_though_it_taught_the_states(name):
    """At most 5 of 24 by chance: 6 come once in 1000. By their own states a third would."""
    p = np.array(ranks_of_noise()[name])
    assert len(p) >= 16
    assert (p <= 0.05).sum() <= 5
    assert p.max() > 0.5


def test_one_person_alone_teaches_states_and_is_not_tested_by_them():
    recording = person("00", gaussian(300, 1))
    reference = Reference(states=learn_states([recording], n_states=3, seed=0, methods=("cap",)))
    value = find("cap_switching_rate")(recording, reference)
    assert np.isnan(value.p)
    assert value.note == "not tested: nobody but this participant taught the states"


def test_a_participant_is_tested_by_the_half_that_others_taught():
    runs = [person(f"{n:02d}", gaussian(300, n)) for n in (1, 2, 10)]
    states = learn_states(runs, n_states=3, seed=0, methods=("cap",))["cap"]
    for run in runs:
        assert run.entities.stem in states.learnt_from
        assert run.entities.stem not in states.unseen(run).learnt_from
    stranger = person("100", gaussian(300, 4))
    assert states.unseen(stranger) is states


def test_markov_states_of_another_repetition_time_are_refused():
    runs = [person(f"{n:02d}", gaussian(300, n)) for n in range(2)]
    states = learn_states(runs, n_states=2, seed=0, methods=("hmm",))
    slow = replace(runs[0], tr_s=3.0)
    assert find("hmm_switching_rate")(slow, Reference(states=states)).code == "E307"
    assert learn_states([runs[0], slow], n_states=2, seed=0, methods=("hmm",)) == {}


@cache
def two_people(method):
    recordings, truth = study("cap", n_people=2)
    return recordings, truth, learnt_by(method, recordings)


@pytest.mark.parametrize("m", STATE_MEASURES, ids=lambda m: m.name)
def test_censored_frames_are_not_known_and_do_not_count(m):
    """Whatever happens in them, for the methods that look at single frames."""
    method = m.name.partition("_")[0]
    recordings, _, states = two_people(method)
    usable = np.ones(N, dtype=bool)
    usable[[40, 41, 80, 200]] = False
    whole = recordings[0]
    cut = person("00", whole.signal, usable=usable)
    labels = state_labels(cut, states[method])
    assert (labels[~usable] == -1).all()
    assert isinstance(m(cut, Reference(states=states)).value, float)
    if method != "leida":
        spoilt = person("00", np.where(usable[:, None], whole.signal, 99.0), usable=usable)
        reference = Reference(states=states, surrogates=0)
        assert m(spoilt, reference).value == m(cut, reference).value


@pytest.mark.parametrize("m", STATE_MEASURES, ids=lambda m: m.name)
def test_says_which_states_are_not_known(m):
    recordings, _, states = two_people("cap")
    value = m(recordings[0], Reference(states={"another": states["cap"]}))
    assert value.code == "E307"
    assert m.name.partition("_")[0] in value.reason


def test_a_state_that_never_comes_has_no_dwell():
    _, _, states = two_people("cap")
    never = activation(np.zeros(N, dtype=int), 0.05, seed=1)
    never[:, -6:] = np.random.default_rng(2).standard_normal((N, 6))
    fixed = Reference(states={"cap": far_default(states["cap"])}, surrogates=0)
    recording = person("09", never)
    for name in ("cap_default_dwell_s", "cap_default_return", "cap_mixing_time_s"):
        value = find(name)(recording, fixed)
        assert isinstance(value, Missing)
        assert value.code == "E306"
        assert "state" in value.reason
    assert find("cap_default_occupancy")(recording, fixed).value == 0
    assert find("cap_switching_rate")(recording, fixed).value == 0


def far_default(states):
    """The same states with the default one where no frame can be."""
    centres = states.centres.copy()
    centres[states.default] = 50.0
    return replace(states, centres=centres)
