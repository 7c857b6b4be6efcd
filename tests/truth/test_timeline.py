"""Timelines against closed forms: what acts on whom, when, and how strongly."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from defaultmode.core.atlas import Atlas, Region
from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.conditions import all_conditions, find_condition
from defaultmode.simulation.constants import constants
from defaultmode.simulation.drugs import find_drug
from defaultmode.simulation.effects import Effect, apply_effects
from defaultmode.simulation.events import find_event
from defaultmode.simulation.fixed_point import fixed_point
from defaultmode.simulation.individuality import factors, individual
from defaultmode.simulation.mechanisms import Mechanism
from defaultmode.simulation.models import find_model
from defaultmode.simulation.people import draw_people, people_of, typical_people
from defaultmode.simulation.pharmacology import concentration
from defaultmode.simulation.protocol import Protocol
from defaultmode.simulation.protocol_file import parse_protocol
from defaultmode.simulation.recovery import Lesson, recover
from defaultmode.simulation.timeline import Timeline

ROLES = ("default", "default", "task-positive", "salience", "other")
ATLAS = Atlas("five", tuple(Region(f"r{i}", "N", role) for i, role in enumerate(ROLES)))
VALUES = {p.name: p.value for p in find_model("mean_field").parameters}
BRAIN = Brain("mean_field", ATLAS.names, VALUES, {})
MAPS = {"gradient": np.arange(5.0), "myelin": np.arange(5.0)[::-1]}
DAY = 1440.0
KETAMINE = {"drug": "ketamine", "dose": "0.5 mg/kg", "over": "40 min", "at": "0 min"}
SCAN = {"session": "one", "at": "0 min", "duration": "50 min"}


def protocol(**keys: object) -> Protocol:
    return parse_protocol({"name": "a test", **keys}, "test")


def carried_out(found: Protocol, people=None) -> Timeline:
    return Timeline(
        found, BRAIN, ATLAS, MAPS, people_of(found, seed=1) if people is None else people
    )


def number(name: str) -> float:
    return constants("recovery")[name].value


# The level of a condition


@pytest.mark.parametrize("condition", all_conditions())
def test_without_drug_or_session_nothing_ever_changes(condition):
    people = draw_people(3, seed=5, condition=condition)
    timeline = carried_out(protocol(condition=condition, ends="30 d"), people)
    level = timeline.levels(np.linspace(0, 30 * DAY, 50))["condition"]
    assert level == pytest.approx(np.tile(people.level, (50, 1)), rel=1e-12)


def test_constant_plasticity_has_a_closed_form_and_saturates():
    k, relapse_d = number("plasticity_rate_per_d"), number("relapse_d")
    start, drive = np.array([1.0, 0.4]), np.array([0.5, 2.0])
    found = recover(start, lambda t: np.tile(drive, (len(t), 1)), [], until_min=(0, 60 * DAY))
    rate = k * drive + 1 / relapse_d
    end = start / (1 + k * drive * relapse_d)
    for day in (0.25, 1, 7):
        level, relapse = found.at(day * DAY)
        assert level[0] == pytest.approx(end + (start - end) * np.exp(-rate * day), rel=1e-12)
        assert relapse[0] == pytest.approx(start, rel=1e-12)
    assert found.at(60 * DAY)[0][0] == pytest.approx(end, rel=1e-12)


@pytest.mark.parametrize(("drive", "pace"), [(0.0, 1.0), (0.8, 1.0), (0.8, 0.5), (9.0, 1.0)])
def test_a_session_takes_its_share_of_what_the_level_relapses_to(drive, pace):
    learning = find_event("psychotherapy").learning
    lesson = Lesson(100.0, 150.0, learning)
    found = recover(
        np.ones(1), lambda t: np.full((len(t), 1), drive), [lesson], until_min=(0, DAY), pace=pace
    )
    share = min(0.9, learning.rate * pace * (1 + learning.plasticity_gain * drive))
    assert found.at(99.0)[1] == pytest.approx(1.0)
    assert found.at(120.0)[1] == pytest.approx((1 - share) ** 0.4, rel=1e-12)
    assert found.at([150.0, DAY])[1] == pytest.approx(1 - share, rel=1e-12)


def test_the_whole_course_agrees_with_an_independent_solver():
    week = protocol(
        condition="depressed_hyper",
        ends="9 d",
        people={"alike": True},
        dose=[KETAMINE],
        event=[{"event": "psychotherapy", "days": [1, 2], "at": "3 h"}],
    )
    timeline = carried_out(week)
    learning = find_event("psychotherapy").learning
    k, relapse_d = number("plasticity_rate_per_d"), number("relapse_d")
    times = np.arange(0, 9 * DAY + 1)
    drive = timeline.plasticity(times)[:, 0]

    def change(at_min, y):
        p = np.interp(at_min, times, drive)
        on = any(s.at_min < at_min < s.end_min for s in week.sessions)
        share = learning.rate * (1 + learning.plasticity_gain * p)
        taught = -np.log1p(-share) / (50 / DAY) if on else 0.0
        x, s = y
        falling = k * p * x + taught * x
        return np.array([(s - x) / relapse_d - falling, -taught * s]) / DAY

    solved = solve_ivp(change, (0, 9 * DAY), [1, 1], max_step=5, rtol=1e-8, t_eval=times[::720])
    truth = timeline.truth(times[::720])
    # plasticity held for 15 minutes while it rises costs up to 2e-4
    assert truth["condition_level"][:, 0] == pytest.approx(solved.y[0], abs=5e-4)
    assert truth["relapse_level"][:, 0] == pytest.approx(solved.y[1], abs=5e-4)


def test_what_the_constants_were_calibrated_to():
    one = protocol(
        condition="depressed_hyper", ends="30 d", people={"alike": True}, dose=[KETAMINE]
    )
    level = carried_out(one).levels(np.array([1, 14, 30]) * DAY)["condition"][:, 0]
    assert level[0] == pytest.approx(0.5, abs=0.01)
    assert level[1] > 0.8
    assert level[2] > 0.95


def test_what_resists_treatment_recovers_less():
    levels = []
    for condition in ("depressed_hyper", "treatment_resistant"):
        one = protocol(condition=condition, ends="2 d", people={"alike": True}, dose=[KETAMINE])
        levels.append(float(carried_out(one).levels(DAY)["condition"][0, 0]))
    assert levels[0] < levels[1] < 1


def test_who_responds_more_recovers_more():
    alike = typical_people(4, seed=2, condition="depressed_hyper")
    response = np.array([0.0, 0.5, 1.0, 2.0])
    people = replace(alike, traits=replace(alike.traits, responsiveness=response))
    one = protocol(condition="depressed_hyper", ends="2 d", dose=[KETAMINE])
    level = carried_out(one, people).levels(DAY)["condition"][0]
    assert level[0] == pytest.approx(1.0)
    assert (np.diff(level) < -0.05).all()


# Drugs, tasks and events


def test_in_a_scan_the_drug_acts_as_pharmacology_says_at_those_minutes():
    found = protocol(dose=[KETAMINE], scan=[SCAN], people={"count": 2})
    people = people_of(found, seed=1)
    timeline, drug = carried_out(found, people), find_drug("ketamine")
    brain = timeline.brain_at(found.scans[0])
    seconds = np.array([-60, -1, 0, 90, 1200, 2400, 2401, 3000])
    body = people.disposition(drug)
    course = concentration(drug, found.dosing("ketamine"), seconds / 60, person=body)
    (effect,) = [e for e in drug.mechanism().effects if e.parameter == "nmda_on_inhibitory"]
    z = (MAPS["gradient"] - 2) / np.sqrt(2)
    weights = np.maximum(1 + effect.slope * z, 0)[:, None]
    for second, level in zip(seconds, drug.level(course), strict=True):
        expected = 1 + effect.change * weights * level
        assert brain(float(second)).value(effect.parameter) == pytest.approx(expected, rel=1e-12)
    assert (drug.level(course)[:2] == 0).all()
    assert (drug.level(course)[4:] > 0.1).all()


def test_between_whole_seconds_levels_are_linear():
    found = protocol(dose=[KETAMINE], scan=[SCAN], people={"alike": True})
    timeline = carried_out(found)
    brain = timeline.brain_at(found.scans[0])
    exact = timeline.brain(20.0 + 0.5 / 60).value("nmda_long_range")
    assert brain(1200.5).value("nmda_long_range") == pytest.approx(exact, rel=1e-8)


def test_a_mechanism_that_is_chosen_is_the_one_that_acts():
    parts = {}
    for mechanism in ("full", "disinhibition", "long_range_block"):
        found = protocol(dose=[{**KETAMINE, "mechanism": mechanism}], people={"alike": True})
        brain = carried_out(found).brain(40.0)
        names = {n for n, v in brain.values.items() if not np.array_equal(v, BRAIN.value(n))}
        parts[mechanism] = {name for name in names if name.startswith("nmda")}
    assert parts["disinhibition"] == {"nmda_on_inhibitory"}
    assert parts["long_range_block"] == {"nmda_long_range"}
    assert parts["full"] == parts["disinhibition"] | parts["long_range_block"]


def test_a_task_acts_exactly_in_its_blocks_and_where_it_should():
    block = {"at": "30 s", "duration": "30 s", "every": "60 s"}
    scan = {"session": "one", "at": "10 min", "duration": "5 min", "block": [block]}
    found = protocol(scan=[scan])
    brain = carried_out(found).brain_at(found.scans[0])
    (effect,) = find_event("task").mechanism().effects
    for second, on in ((-5, 0), (29.9, 0), (30, 1), (59.9, 1), (60, 0), (275, 1), (300, 0)):
        current = brain(second).full("current_na")[:, 0]
        assert current == pytest.approx(np.array([0, 0, on, 0, 0]) * effect.change, abs=1e-15)


def test_what_outlasts_a_session_adds_up_and_fades():
    found = protocol(event=[{"event": "ect", "days": [1, 3]}], ends="60 d")
    lasting = find_event("ect").lasting
    one = lasting.per_session
    left = one * np.exp(-2 / lasting.decay_d)
    two = left + one * (1 - left)
    times = np.array([0, DAY + 29, DAY + 30, 3 * DAY + 29, 3 * DAY + 30, 33 * DAY + 30])
    expected = [0, 0, one, left, two, two * np.exp(-30 / lasting.decay_d)]
    level = carried_out(found).levels(times)["event:ect"][:, 0]
    assert level == pytest.approx(np.array(expected), rel=1e-3, abs=1e-15)
    assert level[[2, 4, 5]] == pytest.approx(np.array(expected)[[2, 4, 5]], rel=1e-12)


def test_a_condition_acts_on_its_regions_at_each_persons_level():
    people = draw_people(4, seed=3, condition="depressed_hyper")
    brain = carried_out(protocol(condition="depressed_hyper"), people).brain(0.0)
    (effect,) = find_condition("depressed_hyper").mechanism().effects
    expected = np.full((5, 4), 1.4)
    expected[:2] *= 1 + effect.change * people.level
    assert brain.value("local_excitation") == pytest.approx(expected, rel=1e-12)
    assert len(set(people.level)) == 4


def test_the_order_in_which_effects_are_applied_is_irrelevant():
    weights = np.linspace(0, 1, 5)
    acting = [
        (Effect(parameter="noise", change=0.5), weights, 0.7),
        (Effect(parameter="noise", change=0.002, how="added"), weights, [1.0, 0.5]),
        (Effect(parameter="noise", change=-0.2), weights[::-1], [0.3, 2.0]),
    ]
    dose = weights[:, None]
    factor = (1 + 0.5 * 0.7 * dose) * (1 - 0.2 * dose[::-1] * np.array([0.3, 2.0]))
    expected = 0.01 * factor + 0.002 * dose * np.array([1.0, 0.5])
    for order in permutations(acting):
        assert apply_effects(BRAIN, order).value("noise") == pytest.approx(expected, rel=1e-12)


def test_where_nothing_moves_the_brain_is_the_very_same():
    found = protocol(condition="depressed_hyper", scan=[SCAN], people={"count": 2})
    brain = carried_out(found).brain_at(found.scans[0])
    assert brain(-20.0) is brain(0.0) is brain(3000.0)
    alike = {"count": 1, "alike": True}
    healthy = carried_out(protocol(scan=[SCAN], people=alike)).brain(0.0)
    assert {n: v.tolist() for n, v in healthy.values.items()} == {
        n: v.tolist() for n, v in BRAIN.values.items()
    }


def test_the_truth_tells_all():
    found = protocol(
        condition="depressed_hypo",
        dose=[KETAMINE],
        event=[{"event": "ect", "at": "2 d"}],
        people={"count": 2},
    )
    truth = carried_out(found).truth([0.0, 40.0, DAY])
    assert set(truth) == {
        *("condition_level", "relapse_level", "plasticity", "ect_level"),
        *("coupling_factor", "shared_noise_factor"),
        *("ketamine_plasma_ng_ml", "ketamine_effect_site_ng_ml", "ketamine_level"),
    }
    assert {rows.shape for rows in truth.values()} == {(3, 2)}
    assert (truth["plasticity"][0] == 0).all()
    assert (truth["ketamine_plasma_ng_ml"][1] > 50).all()


@pytest.mark.parametrize(
    ("brain", "maps", "keys", "code"),
    [
        (BRAIN, {}, {"dose": [KETAMINE]}, "E513"),
        (BRAIN, {"gradient": np.ones(5)}, {"dose": [KETAMINE]}, "E513"),
        (
            Brain("hopf", ATLAS.names, {"a": 0.0}, {}),
            MAPS,
            {"condition": "depressed_hyper"},
            "E506",
        ),
    ],
)
def test_what_does_not_fit_is_refused_at_once(brain, maps, keys, code):
    found = protocol(**keys)
    with pytest.raises(DefaultModeError) as caught:
        Timeline(found, brain, ATLAS, maps, people_of(found, seed=1))
    assert caught.value.code == code


def test_an_unknown_mechanism_is_refused():
    wrong = Protocol(name="x", begins_min=0, ends_min=1, condition="healthy", mechanism="magic")
    with pytest.raises(DefaultModeError, match=r"E511.*magic"):
        carried_out(wrong)
    with pytest.raises(DefaultModeError, match=r"E511.*'healthy' has no mechanism"):
        carried_out(protocol(condition="depressed_hyper"), draw_people(1, seed=0))


def test_a_mechanism_is_as_hypothetical_as_its_effects():
    sourced = Effect(parameter="gain", change=0.1, source="our own")
    guessed = Effect(parameter="gain", change=0.1, hypothetical=True)
    assert not Mechanism("m", "Says.", (sourced,)).hypothetical
    assert Mechanism("m", "Says.", (sourced, guessed)).hypothetical


# People


def everything(people) -> dict[str, list]:
    names = ("numbers", "sex", "age_years", "weight_kg", "level", "baseline_madrs")
    found = {name: list(getattr(people, name)) for name in names}
    traits = {name: list(getattr(people.traits, name)) for name in people.traits.__slots__}
    body = people.disposition(find_drug("ketamine"))
    return found | traits | {"cleared": list(body.clearance_factor), "seeds": people.seeds("a")}


def test_more_people_change_nobody():
    few, many = (draw_people(n, seed=4, condition="depressed_hyper") for n in (3, 6))
    assert everything(many.take([0, 1, 2])) == everything(few)
    later = draw_people(3, seed=4, condition="depressed_hyper", first=3)
    assert everything(many.take([3, 4, 5])) == everything(later)
    assert later.ids == ("sub-virtual0004", "sub-virtual0005", "sub-virtual0006")
    assert everything(draw_people(3, seed=5, condition="depressed_hyper")) != everything(few)


def test_a_person_alone_is_the_person_in_a_crowd():
    found = protocol(
        condition="depressed_hyper",
        people={"count": 3},
        dose=[KETAMINE],
        event=[{"event": "psychotherapy", "at": "1 h"}],
        scan=[SCAN],
    )
    people = people_of(found, seed=1)
    together = carried_out(found, people).brain_at(found.scans[0])(1234.0)
    alone = carried_out(found, people.take([2])).brain_at(found.scans[0])(1234.0)
    for name, value in together.values.items():
        assert alone.value(name) == pytest.approx(value[:, -1:], rel=1e-12)
    assert together.n_people == 3


def test_a_stream_belongs_to_one_person_and_one_purpose():
    people = draw_people(2, seed=0)
    streams = [*people.generators("a"), *people.generators("b"), *people.generators("a")]
    first = [rng.random() for rng in streams]
    assert len(set(first)) == 4
    assert first[:2] == first[4:]
    seeds = {*people.seeds("a"), *people.seeds("b"), *draw_people(2, seed=1).seeds("a")}
    assert len(seeds) == 6
    assert all(0 <= seed < 2**64 for seed in seeds)


@pytest.mark.parametrize("condition", all_conditions())
def test_people_scatter_as_their_condition_says(condition):
    n, of = 1500, find_condition(condition)
    people = draw_people(n, seed=7, condition=condition)
    # four standard errors: one draw in 16,000 lies outside; the seed is fixed
    assert people.baseline_madrs.mean() == pytest.approx(
        of.madrs.mean, abs=4 * of.madrs.sd / n**0.5
    )
    assert people.baseline_madrs.std() == pytest.approx(of.madrs.sd, rel=0.1)
    assert (people.baseline_madrs >= 0).all()
    assert (people.baseline_madrs <= 60).all()
    if condition == "healthy":
        assert (people.level == 0).all()
        return
    assert people.level.mean() == pytest.approx(1.0, abs=4 * of.level_sd / n**0.5)
    assert people.level.std() == pytest.approx(of.level_sd, rel=0.1)
    assert (people.level > 0).all()


def test_bodies_scatter_as_the_population_says():
    people = draw_people(1500, seed=8)
    numbers = {name: c.value for name, c in constants("people").items()}
    women = np.array(people.sex) == "F"
    assert women.mean() == pytest.approx(numbers["female"], abs=4 * 0.5 / 1500**0.5)
    for sex, name in ((women, "weight_female"), (~women, "weight_male")):
        logs = np.log(people.weight_kg[sex] / numbers[name])
        error = numbers["weight_spread"] / np.sqrt(sex.sum())
        assert logs.mean() == pytest.approx(0, abs=4 * error)
        assert logs.std() == pytest.approx(numbers["weight_spread"], rel=0.1)
    assert people.age_years.min() >= numbers["youngest"]
    assert people.age_years.max() <= numbers["oldest"]


def test_typical_people_differ_in_nothing_but_their_noise():
    people = typical_people(3, seed=1, condition="depressed_hyper")
    assert people.level.tolist() == [1, 1, 1]
    assert people.weight_kg.tolist() == [70, 70, 70]
    assert set(people.traits.responsiveness) == {1.0}
    body = people.disposition(find_drug("ketamine"))
    assert np.unique(body.clearance_factor).tolist() == [1]
    assert len(set(people.seeds("scan"))) == 3
    asked = people_of(protocol(people={"count": 2, "alike": True, "weight_kg": 90}), seed=1)
    assert asked.weight_kg.tolist() == [90, 90]
    drawn = people_of(protocol(people={"count": 2, "weight_kg": 90}), seed=1)
    assert drawn.weight_kg.tolist() == [90, 90]
    assert not drawn.alike


def test_healthy_brains_differ_and_all_fire_at_the_same_rate():
    people = draw_people(64, seed=3)
    brains = individual(BRAIN, people)
    spread = {name: np.log(factor).std() for name, factor in factors(people).items()}
    for name, number in (("coupling", 0.06), ("shared_noise", 0.3)):
        assert spread[name] == pytest.approx(number, rel=0.3)  # 3 standard errors of 64 people
    expected = fixed_point(BRAIN).rate_hz[:, 0]
    for person in (0, 7, 63):
        found = fixed_point(brains.person(person)).rate_hz[:, 0]
        np.testing.assert_allclose(found, expected, rtol=1e-6)
    few = individual(BRAIN, draw_people(2, seed=3))
    np.testing.assert_array_equal(few.value("coupling"), brains.value("coupling")[:, :2])
