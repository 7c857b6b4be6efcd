"""What every drug file promises: sources, real parameters, levels from 0 to 1, nothing from nothing."""

import re
from dataclasses import fields, is_dataclass
from importlib.resources import files

import numpy as np
import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.report.references import all_references
from defaultmode.simulation.doses import ROUTES, UNITS, check_dose, parse_dose
from defaultmode.simulation.drugs import Drug, Number, Studied, all_drugs, find_drug, read_drug
from defaultmode.simulation.effects import Effect
from defaultmode.simulation.models import find_model
from defaultmode.simulation.pharmacology import Course, concentration, draw_dispositions
from defaultmode.simulation.plasticity import numbers, plasticity

DRUGS = all_drugs()
OWN = "our own"
every_drug = pytest.mark.parametrize("drug", DRUGS.values(), ids=DRUGS)
TIMES_MIN = np.linspace(-30, 1500, 200)
KEYS = {"ketamine", "esketamine", "midazolam", "psilocybin", "saline"}


def stated(thing):
    """Every number, studied range and effect anywhere in a drug."""
    if isinstance(thing, Number | Studied | Effect):
        yield thing
    elif is_dataclass(thing):
        for field in fields(thing):
            yield from stated(getattr(thing, field.name))
    elif isinstance(thing, dict):
        for value in thing.values():
            yield from stated(value)
    elif isinstance(thing, tuple):
        for value in thing:
            yield from stated(value)


def test_the_drugs_of_the_design_are_there():
    assert set(DRUGS) >= KEYS
    assert list(DRUGS) == sorted(DRUGS)
    mechanisms = {"full", "disinhibition", "long_range_block", "no_shared_drive"}
    assert set(DRUGS["ketamine"].mechanisms) == mechanisms
    assert DRUGS["ketamine"].default_mechanism == "full"
    assert DRUGS["ketamine"].default_kinetics == "clements"


@every_drug
def test_it_says_what_it_is(drug):
    assert find_drug(drug.name) is drug
    assert drug.title
    for sentence in (drug.sentence, *drug.notes, *(m.sentence for m in drug.mechanisms.values())):
        assert re.fullmatch(r"[A-Z].+\.", sentence, flags=re.DOTALL)


@every_drug
def test_every_number_has_a_unit_and_a_source(drug):
    known = set(all_references()) | {OWN}
    assert list(stated(drug))
    for thing in stated(drug):
        assert thing.source in known, thing
        assert isinstance(thing.verified, bool)
        if isinstance(thing, Number):
            assert thing.unit
            assert np.isfinite(thing.value)
    assert set(drug.cites) <= set(all_references())
    cited = {thing.source for thing in stated(drug)} - {OWN}
    assert cited <= set(drug.cites)


@every_drug
def test_no_bare_number_hides_in_its_file(drug):
    """In the tables of numbers each entry is a table with unit and source."""
    text = files("defaultmode.simulation.drugs").joinpath(f"{drug.name}.toml").read_text("utf-8")
    section = ""
    for line in text.splitlines():
        section = line.strip("[] ") if line.startswith("[") else section
        if section.partition(".")[0] in {"kinetics", "absorption", "metabolite", "level"}:
            assert not re.match(r"\w+ = [-\d.]", line), line


@every_drug
def test_its_effects_act_on_the_model(drug):
    parameters = {p.name for p in find_model("mean_field").parameters}
    for mechanism in drug.mechanisms.values():
        for effect in mechanism.effects:
            assert effect.parameter in parameters
            assert effect.how in {"relative", "added"}
            assert re.fullmatch(r"all|(role|network|map):\w+", effect.where)
            assert effect.sentence.endswith(".")
            # a whole level may not turn a parameter's sign
            assert effect.how == "added" or effect.change > -1


@every_drug
def test_an_effect_without_a_source_is_hypothetical(drug):
    for mechanism in drug.mechanisms.values():
        for effect in mechanism.effects:
            assert (effect.source == OWN) == effect.hypothetical
            assert mechanism.hypothetical or not effect.hypothetical


def test_the_shared_drive_of_ketamine_is_hypothetical_and_can_be_left_out():
    ketamine = DRUGS["ketamine"]
    assert ketamine.mechanism("full").hypothetical
    assert not ketamine.mechanism("no_shared_drive").hypothetical
    left_out = {e.parameter for e in ketamine.mechanism("full").effects} - {
        e.parameter for e in ketamine.mechanism("no_shared_drive").effects
    }
    assert left_out == {"shared_noise"}


@every_drug
def test_its_ranges_can_be_asked_for(drug):
    assert {s.route for s in drug.studied} == set(drug.routes)
    for studied in drug.studied:
        assert studied.route in ROUTES
        assert studied.unit in UNITS
        assert studied.low <= studied.high
        assert studied.over_min[0] <= studied.over_min[1]
    given = check_dose(drug, parse_dose(drug.standard))
    assert given.route == drug.routes[0]


@every_drug
def test_a_level_is_a_share_and_no_concentration_is_negative(drug):
    people = draw_dispositions(20, np.random.default_rng(0), drug)
    for name in (*drug.kinetics, ""):
        dose = [parse_dose(drug.standard)]
        course = concentration(drug, dose, TIMES_MIN, person=people, kinetics=name)
        level = drug.level(course)
        assert level.shape == course.plasma_ng_ml.shape == (TIMES_MIN.size, 20)
        assert ((level >= 0) & (level <= 1)).all()
        assert not level[TIMES_MIN < 0].any()
        seen = (course.plasma_ng_ml, course.effect_site_ng_ml, course.metabolite_ng_ml)
        assert all((c >= 0).all() and np.isfinite(c).all() for c in seen if c is not None)
        assert (level.max() > 0.1) == (drug.name != "saline")


@every_drug
def test_nothing_given_is_nothing_felt(drug):
    zero = parse_dose(drug.standard.replace(drug.standard.split()[0], "0", 1))
    for dosing in ([], [zero]):
        course = concentration(drug, dosing, TIMES_MIN)
        assert isinstance(course, Course)
        assert not drug.level(course).any()
        assert not plasticity(drug, dosing, [0.0, 1440.0]).any()


@every_drug
def test_its_plasticity_peaks_where_its_file_says(drug):
    drive = plasticity(drug, [parse_dose(drug.standard)], np.arange(0.0, 4320.0, 10.0))
    assert drive.max() == pytest.approx(drug.plasticity.value, abs=1e-9)


def test_the_numbers_of_the_read_outs_have_sources():
    for table in numbers().values():
        for number in table.values():
            assert number.unit
            assert number.source == OWN or number.source in all_references()


def test_an_unknown_drug_or_mechanism_names_the_known_ones():
    with pytest.raises(DefaultModeError, match="psilocybin") as raised:
        find_drug("psilocibin")
    assert raised.value.code == "E511"
    with pytest.raises(DefaultModeError, match="no_shared_drive") as raised:
        find_drug("ketamine").mechanism("magic")
    assert raised.value.code == "E511"


SALINE = {
    "title": "Saline", "sentence": "Salt water.", "routes": ["intravenous"], "standard": "1 ml",
    "studied": [{"route": "intravenous", "unit": "ml", "low": 0, "high": 1, "source": OWN}],
    "plasticity": {"value": 0.0, "unit": "1", "source": OWN},
    "mechanism": {"nothing": {"sentence": "None.", "effects": []}},
}  # fmt: skip


def test_adding_a_drug_is_adding_data():
    assert isinstance(read_drug("mine", SALINE), Drug)


@pytest.mark.parametrize(
    "broken",
    [
        {"plasticity": {"value": 0.0, "unit": "1"}},
        {"plasticity": 0.0},
        {"mechanism": {"nothing": {"sentence": "None.", "effects": ["magic"]}}},
        {"kinetics": {"one": {"sentence": "One.", "scales_with_weight": True}}},
    ],
)
def test_a_file_without_a_source_or_with_a_gap_is_refused(broken):
    with pytest.raises(DefaultModeError, match=r"mine\.toml") as raised:
        read_drug("mine", SALINE | broken)
    assert raised.value.code == "E510"
