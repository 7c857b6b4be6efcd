"""What every statement and every range of the scoreboard promises."""

import re

import pytest

from defaultmode.denoising import all_presets
from defaultmode.measures import all_measures
from defaultmode.pipeline.score_runs import OWN
from defaultmode.pipeline.score_text import UNITS
from defaultmode.report.references import all_references
from defaultmode.simulation.conditions import all_conditions
from defaultmode.simulation.drugs import all_drugs
from defaultmode.simulation.events import all_events
from defaultmode.simulation.scoreboard import read_box, read_statements
from defaultmode.simulation.scoreboard.alternating import QUANTITIES as SWITCH
from defaultmode.simulation.scoreboard.alternating import TASK, read_settings
from defaultmode.simulation.scoreboard.persons import QUANTITIES as PEOPLE
from defaultmode.simulation.scoreboard.quantities import LINEAR

STATEMENTS, SILENT = read_statements()
RANGES = read_box().ranges
every_statement = pytest.mark.parametrize("statement", STATEMENTS, ids=lambda s: s.id)
every_range = pytest.mark.parametrize("found", RANGES, ids=lambda r: r.name)
PRESETLESS = {"rate_default_hz", "relaxation_s", "winning_current_na"}
KNOWN = {"network": set(LINEAR), "switch": set(SWITCH), "people": set(PEOPLE)}


def effects_of(owner):
    """All effects of a drug, condition or event, whatever its mechanism."""
    for registry in (all_drugs(), all_conditions(), all_events()):
        if owner in registry:
            held = registry[owner].mechanisms
            mechanisms = held.values() if hasattr(held, "values") else held
            return [effect for m in mechanisms for effect in m.effects]
    raise AssertionError(f"{owner} is in no registry")


@every_statement
def test_quantity_is_known_and_has_a_unit(statement) -> None:
    assert statement.quantity in KNOWN[statement.asks]
    by_region = statement.quantity.endswith("by_region")
    assert (statement.form == "similarity") == by_region
    assert UNITS.get(statement.form, UNITS.get(statement.quantity, ""))


@every_statement
def test_measures_name_their_presets_and_nothing_else_does(statement) -> None:
    measured = statement.asks == "network" and statement.quantity not in PRESETLESS
    assert bool(statement.presets) == measured
    assert set(statement.presets) <= set(all_presets())


@every_statement
def test_situations_are_made_of_what_the_registries_hold(statement) -> None:
    for row in statement.rows:
        if statement.asks == "switch":
            texts = (row.situation, row.against, row.than, row.than_against)
            named = {part.strip() for text in texts if text for part in text.split("+")}
            assert named <= {*read_settings(), TASK}
        else:
            assert all(situation.acting or situation.condition for situation in row.situations)
    assert ("{condition}" in statement.situation) == bool(statement.conditions)


@every_statement
def test_form_has_what_it_compares(statement) -> None:
    assert bool(statement.against) == (statement.form != "value")
    assert len(statement.than) == (2 if statement.form in {"share", "similarity"} else 0) or (
        statement.form == "suppression" and len(statement.than) == 2
    )
    if statement.claimed == "between":
        assert statement.low < statement.high


@every_statement
def test_label_gives_its_reason_and_claims_are_numbered(statement) -> None:
    assert len(statement.because.split()) >= 4
    assert statement.sentence.endswith((".", ")."))
    assert statement.claims
    assert all(re.fullmatch(r"[CT]\d+", claim) for claim in statement.claims)


def test_names_are_given_once() -> None:
    keys = [row.key for s in STATEMENTS for row in s.rows]
    assert len(set(keys)) == len(keys)


def test_every_claim_is_asked_or_left_out_with_a_reason() -> None:
    asked = {claim for s in STATEMENTS for claim in s.claims if claim[0] == "C"}
    silent = {claim for s in SILENT for claim in s.claims}
    assert asked.isdisjoint(silent)
    assert asked | silent == {f"C{k}" for k in range(1, 39)}
    assert all(len(s.reason.split()) >= 6 for s in SILENT)


def test_what_no_source_gives_stands_apart() -> None:
    rows = {row.key: row.hypothetical for s in STATEMENTS for row in s.rows}
    assert not rows["disinhibition_within | healthy | as-supplied"]
    assert rows["ketamine_within | healthy | as-supplied"]  # with its surge of shared drive
    assert rows["overlap_meditation | healthy | as-supplied+GSR"]
    assert all(hypothetical for key, hypothetical in rows.items() if key.startswith("switch"))


@every_range
def test_range_stands_in_for_something_that_exists(found) -> None:
    assert len(found.reason.split()) >= 5
    assert found.source == "our own" or found.source in all_references()
    if found.what in {"change", "slope"}:
        assert any(found.changes(found.of, effect) for effect in effects_of(found.of))
    if found.what == "level":
        assert found.of in {*all_drugs(), *all_events()}


def test_every_effect_of_a_statement_has_its_range_in_the_box() -> None:
    varied = {(r.of, r.parameter, r.how) for r in RANGES if r.what == "change"}
    by_level = {r.of for r in RANGES if r.what == "level" and r.low < r.high}
    for statement in STATEMENTS:
        for row in statement.rows if statement.asks == "network" else ():
            for situation in row.situations:
                for owner, effect in situation.acting:
                    known = (owner, effect.parameter, effect.how) in varied
                    assert known or owner in by_level, (owner, effect.parameter)


def test_what_seeds_can_show_is_a_measure_of_the_package() -> None:
    measures = {*all_measures(), *OWN, "rate_default_hz"}
    assert {"within_default_mode", "boundary_silhouette", "variability"} <= measures & set(LINEAR)
    assert set(LINEAR) - measures == {"relaxation_s", "winning_current_na", "structure_function"}
