"""Concentrations against closed forms, a general solver and published tables."""

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

KETAMINE = find_drug("ketamine")
STANDARD = parse_dose(KETAMINE.standard)
AT_MIN = [40.0, 80.0, 110.0, 230.0]


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


@pytest.mark.parametrize(
    ("text", "sprays", "too_high"),
    [("28 mg intravenous over 40 min", 0, 0.02), ("56 mg", 2, 0.11), ("84 mg", 3, 0.19)],
)
def test_esketamine_against_the_whole_model_of_its_source(text, sprays, too_high):
    """Perez-Ruixo 2021, table 3, with its liver; rates per hour, volumes in L, flows in L/h."""
    dose, times = parse_dose(text), np.linspace(0, 4, 241)
    in_nose = 0.54 * (1 + 0.62 * (sprays - 1)) / sprays if sprays else 0.0

    def slope(t, x):
        blood, near, far, liver, nose, gut = x
        c = blood / 192
        infused = 0.0 if sprays else dose.amount / (40 / 60) * (t < 40 / 60)
        swallowed = dose.amount * (1 - in_nose) * 0.64 / 0.53 * (t < 0.53) if sprays else 0.0
        to_near, to_far, to_liver = (
            84.3 * (c - near / 143), 37.6 * (c - far / 417), 151 * (c - liver / 101)
        )  # fmt: skip
        into_liver = to_liver + 1.45 * gut - (1.11 + 2.77) * liver
        into_blood = infused + 2.93 * nose - to_near - to_far - to_liver
        return [into_blood, to_near, to_far, into_liver, -2.93 * nose, swallowed - 1.45 * gut]

    start = [0, 0, 0, 0, dose.amount * in_nose, 0]
    whole = solve_ivp(slope, (0, 4), start, t_eval=times, max_step=0.02, rtol=1e-6)
    ours = plasma(find_drug("esketamine"), [dose], times * 60).max()
    assert ours / (1000 * whole.y[0].max() / 192) == pytest.approx(1 + too_high, abs=0.01)


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
