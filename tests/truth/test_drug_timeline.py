"""Doses are read from sidecars, tables and events, put on the clock of the run, and held together."""

import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.sources.dose_text import dose_amount, duration_named_s, route_named, seconds_after
from defaultmode.sources.drug_timeline import Dose, doses_of_events, doses_of_row, drug_timeline

KETAMINE = {
    "PharmaceuticalName": "Ketamine hydrochloride",
    "PharmaceuticalDoseAmount": 0.5,
    "PharmaceuticalDoseUnits": "mg/kg",
    "PharmaceuticalDoseRegimen": "IV infusion over 40 min",
    "PharmaceuticalDoseTime": [300, 2700],
}
INFUSION = Dose("ketamine", 0.5, "mg/kg", "intravenous", 300.0, 2400.0)


def refused(sidecar: dict[str, object], **options: object) -> str:
    with pytest.raises(DefaultModeError) as caught:
        drug_timeline(sidecar, where="sub-01", **options)
    assert caught.value.code == "E417"
    return caught.value.detail


def changed(**terms: object) -> dict[str, object]:
    """The ketamine sidecar with other Pharmaceutical terms; None takes one out."""
    named = {f"Pharmaceutical{k}": v for k, v in terms.items()}
    return {k: v for k, v in {**KETAMINE, **named}.items() if v is not None}


def test_an_infusion() -> None:
    assert drug_timeline(KETAMINE) == (INFUSION,)


def test_a_run_without_a_drug() -> None:
    assert drug_timeline({}) == ()
    assert drug_timeline({"RepetitionTime": 2.0, "PharmaceuticalName": "n/a"}) == ()


def test_a_bolus_before_the_scan() -> None:
    sidecar = changed(Name="COMP360", DoseAmount=25, DoseUnits="mg", DoseTime=-5400)
    found = drug_timeline(sidecar | {"PharmaceuticalDoseRegimen": "single oral bolus"})
    assert found == (Dose("psilocybin", 25.0, "mg", "oral", -5400.0, 0.0),)


def test_times_of_pet_are_of_time_zero() -> None:
    assert drug_timeline(KETAMINE | {"ScanStart": 200})[0].start_s == 100.0


def test_a_bolus_and_an_infusion() -> None:
    """0.23 mg/kg at once, then 0.58 mg/kg/h over an hour."""
    sidecar = changed(DoseAmount=[0.23, 0.2], DoseTime=[0, 60, 60, 660], DoseRegimen="intravenous")
    first, second = drug_timeline(sidecar)
    assert (first.amount, first.start_s, first.duration_s) == (0.23, 0.0, 60.0)
    assert (second.amount, second.start_s, second.duration_s) == (0.2, 60.0, 600.0)
    apart = drug_timeline(changed(DoseAmount=[0.1, 0.2], DoseTime=[900, 0], DoseRegimen="bolus"))
    assert [(d.start_s, d.amount) for d in apart] == [(0.0, 0.2), (900.0, 0.1)]


def test_an_unknown_drug_keeps_its_name_and_what_is_not_stated_is_none() -> None:
    assert drug_timeline({"PharmaceuticalName": "Compound X"}) == (Dose("Compound X"),)


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("0.5 mg/kg", 0.5, "mg/kg"),
        ("500 µg/kg", 0.5, "mg/kg"),
        ("500 μg/kg", 0.5, "mg/kg"),
        ("10 mcg/kg/min", 0.6, "mg/kg/h"),
        ("0.25g", 250.0, "mg"),
        ("100 mL", 100.0, "ml"),
        ("84 mg", 84.0, "mg"),
    ],
)
def test_units(text: str, amount: float, unit: str) -> None:
    found, in_mg = dose_amount(text, "here")
    assert found == pytest.approx(amount, rel=1e-12)
    assert in_mg == unit


@pytest.mark.parametrize(
    ("text", "route", "duration_s"),
    [
        ("i.v. infusion over 40 min", "intravenous", 2400.0),
        ("nasal spray", "intranasal", None),
        ("p.o. capsule", "oral", 0.0),
        ("intramuscular injection", "intramuscular", 0.0),
        ("infused for 1 h", "", 3600.0),
        ("oral, then iv", "", None),
        ("", "", None),
    ],
)
def test_regimens(text: str, route: str, duration_s: float | None) -> None:
    assert route_named(text) == route
    assert duration_named_s(text) == duration_s


@pytest.mark.parametrize(
    ("given", "scan", "seconds"),
    [
        ("120", "", 120.0),
        ("-600.5", "", -600.5),
        ("10:05:00", "2024-03-01T10:00:00", 300.0),
        ("2024-03-01T09:30:00", "2024-03-01T10:00:00", -1800.0),
        ("23:50:00", "00:10:00", -1200.0),
        ("2024-03-01T10:00:00Z", "2024-03-01T10:00:30", -30.0),
    ],
)
def test_clock_times(given: str, scan: str, seconds: float) -> None:
    assert seconds_after(given, scan, "here") == seconds


def test_a_row_of_sessions() -> None:
    row = {
        "drug": "KET",
        "dose": "0.5",
        "dose_units": "mg/kg",
        "route": "i.v.",
        "acq_time": "2024-03-01T10:00:00",
        "infusion_start": "2024-03-01T10:05:00",
        "infusion_end": "2024-03-01T10:45:00",
    }
    assert doses_of_row(row) == (INFUSION,)
    assert drug_timeline(KETAMINE, rows=[row]) == (INFUSION,)
    for nothing in ("n/a", "none", "no ketamine", "CBT", "baseline"):
        assert doses_of_row({"session_id": "ses-1", "treatment": nothing}) == ()
    assert doses_of_row({"drug": "Compound X", "dose": "3 mg"}) == (Dose("Compound X", 3.0, "mg"),)


def test_sources_fill_in_what_others_leave_open() -> None:
    bare = {"PharmaceuticalName": "ketamine", "PharmaceuticalDoseRegimen": "intravenous"}
    event = {"trial_type": "ketamine infusion", "onset": "300", "duration": "2400"}
    row = {"treatment": "ketamine", "dose": "0.5 mg/kg"}
    assert drug_timeline(bare, rows=[row], events=[event]) == (INFUSION,)


def test_a_row_that_only_names_the_drug_speaks_of_all_its_doses() -> None:
    sidecar = changed(DoseAmount=[0.1, 0.2], DoseTime=[0, 900], DoseRegimen="bolus")
    assert len(drug_timeline(sidecar, rows=[{"drug": "ketamine"}])) == 2


def test_events_that_give_nothing_are_passed_over() -> None:
    kinds = ("ketamine rating", "rest", "bolus of water", "n/a")
    assert doses_of_events([{"trial_type": k, "onset": "1", "duration": "2"} for k in kinds]) == ()


@pytest.mark.parametrize(
    ("sidecar", "told"),
    [
        (changed(DoseAmount=-0.5), "below zero"),
        (changed(DoseUnits="cups"), "'cups'"),
        (changed(DoseUnits=None), "''"),
        (changed(DoseUnits="mg/kg/fortnight"), "fortnight"),
        (changed(DoseTime=[2700, 300]), "before it starts"),
        (changed(DoseTime=[0, 100]), "lasts 100 s"),
        (changed(DoseTime=[1, 2, 3]), "3 numbers for 1 doses"),
        (changed(DoseTime="at noon"), "'at noon'"),
        (changed(DoseAmount=[0.5, "much"]), "much"),
        (changed(DoseAmount=True), "True"),
    ],
)
def test_a_sidecar_that_cannot_be_used(sidecar: dict[str, object], told: str) -> None:
    assert told in refused(sidecar)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"drug": "placebo"}, "placebo"),
        ({"drug": "ketamine", "dose": "1 mg/kg"}, "amount of ketamine is 0.5"),
        ({"drug": "ketamine", "dose": "0.5 mg"}, "unit"),
        ({"drug": "ketamine", "dose": "some"}, "'some' is no dose"),
        ({"drug": "ketamine", "route": "oral"}, "route"),
        ({"drug": "ketamine", "infusion_start": "10:05"}, "the scan at ''"),
        ({"drug": "ketamine", "infusion_start": "soon", "acq_time": "10:00"}, "'soon'"),
        ({"drug": "ketamine", "infusion_start": "600"}, "start_s"),
        ({"drug": "ketamine", "infusion_start": "nan"}, "expected a number"),
        ({"drug": "ketamine", "infusion_duration": "inf"}, "expected 0 or more"),
        ({"drug": "ketamine", "infusion_duration": "-40"}, "-40"),
        ({"drug": "ketamine", "infusion_start": "300", "infusion_end": "100"}, "-200"),
    ],
)
def test_a_row_that_cannot_be_used_or_contradicts(row: dict[str, str], told: str) -> None:
    assert told in refused(KETAMINE, rows=[row])
