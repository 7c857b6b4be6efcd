"""Plasticity, dissociation and mood against a general solver, closed forms and published groups."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.doses import parse_dose
from defaultmode.simulation.drugs import find_drug
from defaultmode.simulation.pharmacology import Course, Disposition, concentration
from defaultmode.simulation.plasticity import Stages, fitted_stages, numbers, plasticity
from defaultmode.simulation.readouts import (
    dissociation,
    draw_traits,
    mood,
    saturated,
    typical_traits,
    visual_analogue,
)

KETAMINE = find_drug("ketamine")
STANDARD = parse_dose(KETAMINE.standard)
AT_MIN = [40.0, 80.0, 110.0, 230.0]
DAY = 1440.0


def test_the_plasticity_drive_of_a_standard_infusion():
    days = np.arange(0, 20, 1 / 48)
    drive = plasticity(KETAMINE, [STANDARD], days * DAY)[:, 0]
    assert drive[0] == 0
    assert drive.max() == pytest.approx(1.0, abs=1e-3)
    late, decay_min = np.log(drive[days > 4]), fitted_stages().decay_min
    assert np.polyfit(days[days > 4], late, 1)[0] == pytest.approx(-DAY / decay_min, rel=1e-3)
    assert not plasticity(find_drug("midazolam"), [STANDARD], [DAY]).any()


def test_the_plasticity_stages_by_a_numerical_solution():
    times = np.linspace(0, 3000, 1501)
    level = 0.4 * np.exp(-times / 90)[:, None]
    stages = Stages(onset_min=30.0, decay_min=2000.0, half_level=0.25, exponent=4.0)
    power = (level[:, 0] / 0.25) ** 4
    drive = power / (1 + power)

    def slope(t, p):
        return [np.interp(t, times, drive) - p[0] / 30, p[0] / 30 - p[1] / 2000]

    solved = solve_ivp(slope, (0, 3000), [0, 0], t_eval=times, rtol=1e-9, atol=1e-9, max_step=2)
    np.testing.assert_allclose(stages.follow(times, level)[:, 0], solved.y[1], atol=1e-5)


def test_nobody_scores_minus_zero():
    nothing = np.zeros((1, 200))
    sober = Course(np.zeros(1), nothing, nothing)
    crowd = draw_traits(200, np.random.default_rng(1))
    scores = dissociation(KETAMINE, sober, crowd, np.random.default_rng(2))
    assert (scores == 0).any()
    assert not np.signbit(scores).any()


def test_the_drive_adds_up_and_its_effect_saturates():
    six = [replace(STANDARD, start_min=day * DAY) for day in (0, 2, 4, 7, 9, 11)]
    at = np.array([12 * DAY])
    alone = sum(plasticity(KETAMINE, [dose], at) for dose in six)
    # residues of ketamine two days later are the only reason for a difference
    assert plasticity(KETAMINE, six, at) == pytest.approx(alone, rel=1e-3)
    assert saturated([0.0, 1.0]).tolist() == [0.0, 1.0]
    assert saturated(2.6) < 2.6 * saturated(1.0)


def test_dissociation_follows_the_concentration():
    course = concentration(KETAMINE, [STANDARD], AT_MIN)
    score = dissociation(KETAMINE, course, typical_traits(1))[:, 0]
    np.testing.assert_allclose(score, [20.5, 3.5, 1.5, 0.3], atol=0.06)  # 50 C³ / (200³ + C³)
    traits = draw_traits(500, np.random.default_rng(0))
    people = concentration(KETAMINE, [STANDARD], AT_MIN, person=Disposition(np.full(500, 70.0)))
    drawn = dissociation(KETAMINE, people, traits, np.random.default_rng(1))
    assert drawn.shape == (4, 500)
    assert ((drawn >= 0) & (drawn <= 92) & (drawn == np.rint(drawn))).all()
    assert drawn[0].std() > 5
    line = visual_analogue(KETAMINE, course)[:, 0]
    np.testing.assert_allclose(line, 0.3 * course.plasma_ng_ml[:, 0])
    saline = find_drug("saline")
    nothing = concentration(saline, [parse_dose(saline.standard)], AT_MIN)
    assert not dissociation(saline, nothing, typical_traits(1)).any()
    assert not visual_analogue(saline, nothing).any()


def test_mood_of_the_average_person():
    found = {key: number.value for key, number in numbers()["mood"].items()}
    drive = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.0]])
    score = mood(32.0, drive, [0, 1, 7], typical_traits(2))
    assert score[0].tolist() == [32.0, 32.0]
    assert score[1, 0] == pytest.approx(32 * (1 - found["other_share"] - found["drug_share"]))
    assert score[1, 1] == score[2, 1] == pytest.approx(32 * (1 - found["other_share"]))
    assert score[1, 0] < score[2, 0] < score[2, 1]
    guessed = mood(32.0, drive, [0, 1, 7], typical_traits(2), believed_active=[True, False])
    assert (score - guessed)[:, 0].tolist() == pytest.approx([0.0, 3.0, 3.0])
    assert np.array_equal(score[:, 1], guessed[:, 1])


def test_mood_scatters_as_the_file_says():
    n, rng = 20_000, np.random.default_rng(2)
    traits = draw_traits(n, rng)
    assert traits.responsiveness.mean() == pytest.approx(1.0, abs=0.015)
    assert traits.responsiveness.min() >= 0
    score = mood(35.0, np.zeros((2, n)), [1, 2], traits, rng=rng)
    # 20,000 people: 0.5 % of the standard deviation, and the ends of the scale cut a little off
    assert score.std(axis=1) == pytest.approx(9.5, rel=0.03)
    assert np.corrcoef(score)[0, 1] == pytest.approx(0.7, abs=0.02)
    assert ((score >= 0) & (score <= 60) & (score == np.rint(score))).all()


@pytest.mark.parametrize(
    ("arm", "when_days", "published", "allowed"),
    [
        ("ketamine", 1.0, 0.58, 0.06),  # between 0.522 (Han 2016) and 0.64 (Murrough 2013a)
        ("control", 1.0, 0.28, 0.09),
        ("ketamine", 3.0, 0.479, 0.05),
        ("ketamine", 7.0, 0.398, 0.05),
    ],
)
def test_response_rates_are_those_it_was_calibrated_on(arm, when_days, published, allowed):
    n, rng = 20_000, np.random.default_rng(5)
    believed = numbers()["mood"][f"believed_after_{'drug' if arm == 'ketamine' else 'control'}"]
    drug = KETAMINE if arm == "ketamine" else find_drug("midazolam")
    drive = plasticity(drug, [STANDARD], [when_days * DAY]) * np.ones(n)
    guessed = rng.random(n) < believed.value
    traits = draw_traits(n, rng)
    score = mood(32.0, drive, [when_days], traits, believed_active=guessed, rng=rng)
    assert np.mean(score <= 16) == pytest.approx(published, abs=allowed)


def test_mood_refuses_shapes_that_do_not_agree():
    with pytest.raises(DefaultModeError, match="expected") as raised:
        mood(32.0, np.zeros((2, 3)), [0, 1], typical_traits(2))
    assert raised.value.code == "E506"
