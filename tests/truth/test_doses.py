"""Doses as people write them, and doses that nobody studied."""

from dataclasses import replace

import numpy as np
import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.doses import Dose, check_dose, check_together, parse_dose, parse_dosing
from defaultmode.simulation.drugs import find_drug


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
    ketamine = find_drug("ketamine")
    assert check_dose(ketamine, parse_dose("1000 µg/kg over 40 min")).route == "intravenous"
    assert check_dose(ketamine, parse_dose("2.5 µg/kg/min over 40 min")).unit == "mg/kg/h"


def test_the_doses_of_a_day_are_added_up():
    ketamine = find_drug("ketamine")

    def every(hours, amount="1 mg/kg"):
        return [
            check_dose(ketamine, parse_dose(f"{amount} over 40 min", start_min=60.0 * h))
            for h in hours
        ]

    check_together(ketamine, every([0, 2, 23]))  # 210 mg, as 1.5 mg/kg/h over two hours
    check_together(ketamine, every(range(0, 24 * 14, 48)))  # one every second day
    with pytest.raises(DefaultModeError) as caught:
        check_together(ketamine, every([30, 0, 2, 4, 6]))
    assert caught.value.code == "E508"
    assert "4 doses of ketamine within a day come to 280 mg at 70 kg; no more than 210 mg" in str(
        caught.value
    )
