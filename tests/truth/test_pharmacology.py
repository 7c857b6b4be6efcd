"""Concentrations, plasticity and read-outs against closed forms, an ODE solver and published tables."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.doses import Dose, check_dose, parse_dose, parse_dosing
from defaultmode.simulation.drugs import Absorption, Kinetics, Number, find_drug
from defaultmode.simulation.pharmacology import (
    Disposition,
    concentration,
    draw_dispositions,
)
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


def one_compartment(rate_per_min=0.02, volume_l=50.0, absorbed_per_min=None):
    """A drug of one compartment, without metabolite."""
    kinetics = Kinetics(
        name="one", sentence="", clearance_l_min=rate_per_min * volume_l, volumes_l=(volume_l,)
    )
    share = Number(value=1.0, unit="1", source="our own")
    path = Absorption(share=share, rate_per_min=absorbed_per_min or 1.0, rate=share)
    return replace(
        KETAMINE, kinetics={"one": kinetics}, metabolite=None, absorption={"oral": (path,)}
    )


def plasma(drug, dosing, times_min, **more):
    return concentration(drug, dosing, times_min, **more).plasma_ng_ml[:, 0]


# The table of the science document: 0.5 mg/kg over 40 min, 70 kg
@pytest.mark.parametrize(
    ("kinetics", "published"),
    [
        ("clements", [177.3, 84.7, 63.1, 35.9]),
        ("domino", [240, 46, 38, 18]),
        ("kamp_smooth", [219, 91, 66, 30]),
    ],
)
def test_the_table_of_ketamine(kinetics, published):
    found = plasma(KETAMINE, [STANDARD], AT_MIN, kinetics=kinetics)
    digits = 0.05 if kinetics == "clements" else 0.6
    np.testing.assert_allclose(found, published, atol=digits)


def test_what_follows_from_the_rates_of_clements():
    clements = KETAMINE.kinetics_called("clements")
    assert clements.clearance_l_min * 60 == pytest.approx(80.2, abs=0.05)
    assert clements.steady_volume_l == pytest.approx(289, abs=0.5)
    late = plasma(KETAMINE, [STANDARD], [2000.0, 2100.0])
    assert 100 * np.log(2) / np.log(late[0] / late[1]) == pytest.approx(183, abs=1.5)
    domino = KETAMINE.kinetics_called("domino")
    assert domino.clearance_l_min * 60 == pytest.approx(115.9, abs=0.05)
    assert domino.steady_volume_l == pytest.approx(193, abs=0.5)
    late = plasma(KETAMINE, [STANDARD], [2000.0, 2100.0], kinetics="domino")
    assert 100 * np.log(2) / np.log(late[0] / late[1]) == pytest.approx(115, abs=0.5)


def test_the_effect_site_of_domino_peaks_one_minute_after_a_bolus():
    times = np.arange(0, 5, 0.01)
    site = concentration(KETAMINE, [parse_dose("0.2 mg/kg")], times, kinetics="domino")
    assert times[site.effect_site_ng_ml[:, 0].argmax()] == pytest.approx(1.0, abs=0.015)


def test_plasma_drives_the_effect_where_no_effect_site_is_known():
    course = concentration(KETAMINE, [STANDARD], AT_MIN)
    assert np.array_equal(course.plasma_ng_ml, course.effect_site_ng_ml)


@pytest.mark.parametrize(("mg", "peak"), [(15, 10.2), (25, 17.0), (30, 20.4)])
def test_psilocin_peaks_after_two_hours(mg, peak):
    times = np.arange(0, 600, 0.5)
    found = plasma(find_drug("psilocybin"), [parse_dose(f"{mg} mg oral")], times)
    assert found.max() == pytest.approx(peak, abs=0.05)
    assert times[found.argmax()] / 60 == pytest.approx(2.0, abs=0.02)


@pytest.mark.parametrize(
    ("ng_ml", "occupancy"),
    [(50, 0.16), (100, 0.27), (150, 0.36), (177, 0.40), (200, 0.43), (250, 0.48)],
)
def test_nominal_occupancy_of_ketamine(ng_ml, occupancy):
    assert KETAMINE.saturation.at(ng_ml) == pytest.approx(occupancy, abs=0.0051)


@pytest.mark.parametrize(("ng_ml", "occupancy"), [(5, 0.55), (11, 0.65), (17, 0.69), (21, 0.70)])
def test_occupancy_of_psilocin(ng_ml, occupancy):
    found = find_drug("psilocybin").saturation.at(ng_ml)
    assert found == pytest.approx(occupancy, abs=0.0051)


def test_midazolam_agrees_with_its_source():
    kinetics = find_drug("midazolam").kinetics_called()
    assert kinetics.clearance_l_min == pytest.approx(0.399)
    assert 85 - 22 < kinetics.steady_volume_l < 85 + 22  # Albrecht 1999, young men
    half = find_drug("midazolam").saturation.at(31.0)
    assert half == pytest.approx(0.5)


def test_a_bolus_into_one_compartment():
    drug, times = one_compartment(), np.array([-5.0, 0.0, 10.0, 100.0])
    found = plasma(drug, [Dose(amount=10, unit="mg", route="intravenous")], times)
    expected = np.where(times >= 0, 1000 * 10 / 50 * np.exp(-0.02 * times), 0.0)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_an_infusion_into_one_compartment():
    drug, times = one_compartment(), np.array([0.0, 10.0, 40.0, 90.0])
    found = plasma(drug, [Dose(amount=10, unit="mg", over_min=40)], times)
    rise = 1 - np.exp(-0.02 * np.minimum(times, 40))
    expected = 1000 * 10 / 40 / (0.02 * 50) * rise * np.exp(-0.02 * np.maximum(times - 40, 0))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("uptake", [0.1, 0.02])
def test_first_order_absorption_also_at_the_rate_of_elimination(uptake):
    drug, t, k = one_compartment(absorbed_per_min=uptake), np.array([5.0, 60.0, 300.0]), 0.02
    found = plasma(drug, [Dose(amount=10, unit="mg", route="oral")], t)
    if uptake == k:
        shape = k * t * np.exp(-k * t)
    else:
        shape = uptake / (uptake - k) * (np.exp(-k * t) - np.exp(-uptake * t))
    # the rate of absorption is moved by three millionths so that the two differ
    np.testing.assert_allclose(found, 1000 * 10 / 50 * shape, rtol=2e-5)


DOSINGS = {
    "infusion": "0.5 mg/kg over 40 min",
    "bolus then infusion": "0.23 mg/kg then 0.58 mg/kg/h over 60 min",
    "nose": "50 mg intranasal over 10 min",
}


@pytest.mark.parametrize("kinetics", KETAMINE.kinetics)
@pytest.mark.parametrize("dosing", DOSINGS.values(), ids=DOSINGS)
def test_the_same_as_a_numerical_solution(kinetics, dosing):
    """All compartments by a general solver, piece by piece between the corners of the dosing."""
    doses, times = parse_dosing(dosing), np.linspace(1.0, 400.0, 60)
    person = Disposition(weight_kg=88.0, clearance_factor=1.3, volume_factor=0.8)
    found = concentration(KETAMINE, doses, times, person=person, kinetics=kinetics)
    expected = _solve(KETAMINE, doses, times, kinetics=kinetics)
    for name, row in zip(("plasma", "effect_site", "metabolite"), expected, strict=True):
        seen = getattr(found, f"{name}_ng_ml")[:, 0]
        np.testing.assert_allclose(seen, row, rtol=2e-5, atol=1e-6 * row.max(), err_msg=name)


def _solve(drug, doses, times, *, kinetics):
    k, m, size = drug.kinetics_called(kinetics), drug.metabolite, 88.0 / 70.0
    flow, volumes = size**0.75, np.array(k.volumes_l) * size * 0.8
    cleared, n = k.clearance_l_min * flow * 1.3 / volumes[0], len(volumes)
    nose, volume_m = drug.absorption["intranasal"][0], m.volume_l * size * 0.8
    edges = sorted({d.start_min for d in doses} | {d.end_min for d in doses} | {times[-1]})

    def slope(_, x, infused, sprayed):
        dx = np.zeros(n + 3)  # blood and around it, depot, effect site, metabolite
        c = x[:n] / volumes
        dx[0] = infused + nose.rate_per_min * x[n] - cleared * x[0]
        for there, q in enumerate(k.flows_l_min, start=1):
            dx[0] -= q * flow * (c[0] - c[there])
            dx[there] = q * flow * (c[0] - c[there])
        dx[n] = sprayed - nose.rate_per_min * x[n]
        dx[n + 1] = (k.effect_rate_per_min or 1e6) * (c[0] - x[n + 1])
        dx[n + 2] = m.share * cleared * x[0] - m.clearance_l_min * flow * 1.3 / volume_m * x[n + 2]
        return dx

    x, out = np.zeros(n + 3), []
    for begin, end in pairwise(edges):
        rates = {"intravenous": 0.0, "intranasal": 0.0}
        for dose in doses:
            mass = float(dose.mass_mg(88.0)) * (nose.share.value if "nasal" in dose.route else 1)
            if dose.over_min == 0 and dose.start_min == begin:
                x[0] += mass
            elif dose.start_min <= begin and dose.end_min >= end:
                rates[dose.route or "intravenous"] += mass / dose.over_min
        inside = times[(times > begin) & (times <= end)]
        done = solve_ivp(
            slope,
            (begin, end),
            x,
            "LSODA",
            t_eval=np.union1d(inside, end),
            args=tuple(rates.values()),
            rtol=1e-9,
            atol=1e-11,
        )
        out.append(done.y[:, : inside.size])
        x = done.y[:, -1].copy()
    states = np.hstack(out)
    site = states[n + 1] if k.effect_rate_per_min else states[0] / volumes[0]
    return 1000 * states[0] / volumes[0], 1000 * site, 1000 * states[n + 2] / volume_m


@pytest.mark.parametrize("name", ["ketamine", "esketamine", "midazolam", "psilocybin"])
def test_what_goes_in_comes_out(name):
    """Clearance times the area under the curve is the mass that arrived."""
    drug = find_drug(name)
    dose = check_dose(drug, parse_dose(drug.standard))
    times = np.concatenate([np.linspace(0, 600, 60001), np.linspace(600, 20000, 40001)[1:]])
    cleared = drug.kinetics_called().clearance_l_min / 1000
    arrived = dose.mass_mg()
    if dose.route != "intravenous":
        arrived = arrived * sum(path.share.value for path in drug.absorption[dose.route])
    area = np.trapezoid(plasma(drug, [dose], times), times)
    # the trapezoid over steps of 0.01 and 0.5 min is what limits the agreement
    assert cleared * area == pytest.approx(arrived, rel=1e-5)


amounts = st.floats(0.01, 2.0)
begins = st.floats(-100, 400)
lasts = st.sampled_from([0.0, 2.0, 40.0, 100.0])
a_dose = st.builds(
    lambda a, s, o: Dose(amount=a, unit="mg/kg", start_min=s, over_min=o), amounts, begins, lasts
)


@settings(deadline=None, max_examples=30)
@given(st.lists(a_dose, min_size=1, max_size=4), st.sampled_from(list(KETAMINE.kinetics)))
def test_doses_add_up_and_concentrations_are_never_negative(dosing, kinetics):
    times = np.linspace(-150, 900, 80)
    together = concentration(KETAMINE, dosing, times, kinetics=kinetics)
    apart = [concentration(KETAMINE, [dose], times, kinetics=kinetics) for dose in dosing]
    for name in ("plasma_ng_ml", "effect_site_ng_ml", "metabolite_ng_ml"):
        whole = getattr(together, name)
        assert (whole >= 0).all()
        np.testing.assert_allclose(whole, sum(getattr(c, name) for c in apart), atol=1e-9)
    double = [replace(dose, amount=2 * dose.amount) for dose in dosing]
    twice = concentration(KETAMINE, double, times, kinetics=kinetics)
    np.testing.assert_allclose(twice.plasma_ng_ml, 2 * together.plasma_ng_ml, atol=1e-9)


def test_many_people_are_each_alone():
    people = draw_dispositions(50, np.random.default_rng(3), KETAMINE, weight_kg=np.arange(50, 100))
    together = concentration(KETAMINE, [STANDARD], AT_MIN, person=people)
    assert together.plasma_ng_ml.shape == (4, 50)
    rows = np.array([people.weight_kg, people.clearance_factor, people.volume_factor])
    for i in (0, 17, 49):
        alone = concentration(KETAMINE, [STANDARD], AT_MIN, person=Disposition(*rows[:, i]))
        assert np.allclose(alone.plasma_ng_ml[:, 0], together.plasma_ng_ml[:, i], rtol=1e-10)


def test_people_differ_as_the_file_says():
    people = draw_dispositions(20_000, np.random.default_rng(1), KETAMINE)
    logs = np.log([people.clearance_factor, people.volume_factor])
    # sampling errors of 20,000: 0.5 % of a standard deviation, 0.005 of a correlation
    cv = np.sqrt(np.expm1(logs.var(axis=1)))
    np.testing.assert_allclose(cv, [0.25, 0.30], rtol=0.025)
    assert np.corrcoef(logs)[0, 1] == pytest.approx(0.5, abs=0.025)
    np.testing.assert_allclose(np.median(np.exp(logs), axis=1), 1.0, rtol=0.015)


def test_a_heavy_person_by_allometry():
    """At steady state only clearance counts: twice the dose rate, 2^¾ the clearance."""
    long = [Dose(amount=1.0, unit="mg/kg/h", over_min=20_000)]
    light, heavy = (plasma(KETAMINE, long, [2e4], person=Disposition(w)) for w in (70.0, 140.0))
    assert heavy / light == pytest.approx(2**0.25, rel=1e-6)
    same = [plasma(find_drug("psilocybin"), [parse_dose("25 mg")], [120.0], person=Disposition(w))
            for w in (50.0, 100.0)]  # fmt: skip
    assert same[0] == same[1]


def test_the_plasticity_drive_of_a_standard_infusion():
    days = np.arange(0, 20, 1 / 48)
    drive = plasticity(KETAMINE, [STANDARD], days * DAY)[:, 0]
    assert drive[0] == 0
    assert drive.max() == pytest.approx(1.0, abs=1e-3)
    late = np.log(drive[days > 4])
    assert np.polyfit(days[days > 4], late, 1)[0] == pytest.approx(-1 / 5.52, rel=1e-3)
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


@pytest.mark.parametrize(
    ("text", "amount", "unit", "over", "route"),
    [
        ("0.5 mg/kg", 0.5, "mg/kg", 0, ""),
        ("0.5 mg/kg over 40 min", 0.5, "mg/kg", 40, ""),
        ("500 µg/kg over 40 min intravenous", 0.5, "mg/kg", 40, "intravenous"),
        ("10 ug/kg/min for 1 h iv", 0.6, "mg/kg/h", 60, "intravenous"),
        ("25mg oral", 25, "mg", 0, "oral"),
        ("0.025 g oral", 25, "mg", 0, "oral"),
        ("50 mg intranasal over 10 min", 50, "mg", 10, "intranasal"),
        ("100 ml over 40 min", 100, "ml", 40, ""),
    ],
)
def test_doses_as_they_are_written(text, amount, unit, over, route):
    dose = parse_dose(text)
    assert dose.amount == pytest.approx(amount)
    assert (dose.unit, dose.over_min, dose.route) == (unit, over, route)


def test_doses_with_separate_keys_and_in_a_row():
    dose = parse_dose("0.5 mg/kg", over="40 min", route="intravenous", start_min=10)
    assert (dose.over_min, dose.route, dose.start_min, dose.end_min) == (40, "intravenous", 10, 50)
    assert parse_dose(str(dose)) == replace(dose, start_min=0.0)
    bolus, infusion = parse_dosing("0.23 mg/kg over 2 min then 0.58 mg/kg/h over 60 min")
    assert (bolus.end_min, infusion.start_min) == (2, 2)
    assert infusion.mass_mg(70.0) == pytest.approx(0.58 * 70)


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("0.5", "E507", "no unit"),
        ("0.5 over 40 min", "E507", "over"),
        ("0.5 pints", "E507", "pints"),
        ("0.5 mg/stone", "E507", "mg/stone"),
        ("0.5 mg/kg/h", "E507", "for how long"),
        ("half a mg", "E510", "number"),
        ("5 mg sideways", "E510", "sideways"),
        ("5 mg over 40 min over 20 min", "E510", "two durations"),
    ],
)
def test_unreadable_doses(text, code, says):
    with pytest.raises(DefaultModeError, match=says) as raised:
        parse_dose(text)
    assert raised.value.code == code


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"amount": 1.0, "unit": "pint"}, "E507"),
        ({"amount": np.nan, "unit": "mg"}, "E507"),
        ({"amount": -1.0, "unit": "mg"}, "E508"),
    ],
)
def test_impossible_doses(fields, code):
    with pytest.raises(DefaultModeError) as raised:
        Dose(**fields)
    assert raised.value.code == code


@pytest.mark.parametrize(
    ("name", "text", "code", "says"),
    [
        ("ketamine", "5 mg/kg over 40 min", "E508", "0.1–1 mg/kg over 40–100 min .Fava2018"),
        ("ketamine", "0.5 mg/kg", "E508", "0.125–0.25 mg/kg over 0–2 min .Clements1981"),
        ("ketamine", "35 mg over 40 min", "E507", "intravenous in mg/kg"),
        ("psilocybin", "2 mg intravenous", "E507", "oral in mg"),
        ("psilocybin", "300 mg", "E508", "Holze2023"),
        ("midazolam", "0.045 mg/kg oral", "E507", "intravenous in mg/kg"),
    ],
)
def test_doses_nobody_studied(name, text, code, says):
    with pytest.raises(DefaultModeError, match=says) as raised:
        check_dose(find_drug(name), parse_dose(text))
    assert raised.value.code == code


def test_a_limit_written_in_another_unit_is_still_the_limit():
    assert check_dose(KETAMINE, parse_dose("1000 µg/kg over 40 min")).route == "intravenous"
    assert check_dose(KETAMINE, parse_dose("2.5 µg/kg/min over 40 min")).unit == "mg/kg/h"


def test_what_concentration_and_people_refuse():
    with pytest.raises(DefaultModeError, match="its routes are oral") as raised:
        concentration(find_drug("psilocybin"), [parse_dose("2 mg intravenous")], [1.0])
    assert raised.value.code == "E507"
    with pytest.raises(DefaultModeError, match="no kinetics called 'hijazi'") as raised:
        concentration(KETAMINE, [STANDARD], [1.0], kinetics="hijazi")
    assert raised.value.code == "E511"
    for bad in ({"weight_kg": 0.0}, {"weight_kg": [60.0, 70.0], "volume_factor": [1.0, 1.0, 1.0]}):
        with pytest.raises(DefaultModeError) as raised:
            Disposition(**bad)
        assert raised.value.code == "E506"
    with pytest.raises(DefaultModeError, match="expected") as raised:
        mood(32.0, np.zeros((2, 3)), [0, 1], typical_traits(2))
    assert raised.value.code == "E506"


def test_the_fitted_numbers_are_those_in_use():
    stages = fitted_stages()
    assert stages.onset_min == pytest.approx(9.0)
    assert stages.decay_min == pytest.approx(5.52 * DAY)
