"""Every condition, event and example keeps what the package promises, whoever adds one."""

import re
from pathlib import Path

import numpy as np
import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.report.references import all_references
from defaultmode.simulation.conditions import all_conditions, find_condition, parse_condition
from defaultmode.simulation.constants import constants
from defaultmode.simulation.effects import apply_effects, region_weights
from defaultmode.simulation.events import all_events, find_event, parse_event
from defaultmode.simulation.models import find_model
from defaultmode.simulation.parameter_sets import parameter_set
from defaultmode.simulation.protocol_file import parse_protocol, read_protocol
from defaultmode.simulation.toml_table import packaged
from defaultmode.sources.atlases import load_atlas
from defaultmode.sources.connectomes import embedded_connectome

ROOT = Path(__file__).resolve().parents[2]
ATLAS = load_atlas("schaefer100")
OWN = "our own"
KNOWN = {OWN, *all_references()}
MEMBERS = {**all_conditions(), **all_events()}
MECHANISMS = {f"{n} {m.name}": m for n, member in MEMBERS.items() for m in member.mechanisms}
EXAMPLES = sorted((ROOT / "examples" / "protocols").glob("*.toml"))
every_member = pytest.mark.parametrize("member", MEMBERS.values(), ids=MEMBERS)
every_mechanism = pytest.mark.parametrize("mechanism", MECHANISMS.values(), ids=MECHANISMS)


def test_those_of_the_design_are_there():
    assert {"healthy", "depressed_hyper", "depressed_hypo", "treatment_resistant"} <= set(
        all_conditions()
    )
    assert {"psychotherapy", "meditation", "ect", "task"} <= set(all_events())


@every_member
def test_it_says_what_it_is(member):
    assert re.fullmatch(r"[a-z][a-z_]*", member.name)
    assert re.fullmatch(r"[A-Z].*[^.]", member.title)
    assert re.fullmatch(r"[A-Z].+\.", member.sentence)
    names = [m.name for m in member.mechanisms]
    assert len(set(names)) == len(names)
    assert member.mechanism() == member.mechanisms[0]


@every_member
def test_its_evidence_can_be_looked_up(member):
    for row in member.evidence:
        assert row.source in all_references()
        assert re.fullmatch(r"[A-Z].+\.", row.sentence)


@pytest.mark.parametrize("condition", [c for n, c in all_conditions().items() if n != "healthy"])
def test_a_condition_names_evidence(condition):
    assert condition.evidence


@pytest.mark.parametrize("name", ["depressed_hyper", "depressed_hypo"])
def test_a_split_literature_is_shown_split(name):
    assert {"for", "against"} <= {row.says for row in find_condition(name).evidence}


@every_mechanism
def test_every_effect_has_a_source_or_is_hypothetical(mechanism):
    assert re.fullmatch(r"[A-Z].+\.", mechanism.sentence)
    for effect in mechanism.effects:
        assert re.fullmatch(r"[A-Z].+\.", effect.sentence)
        assert effect.source in all_references() or effect.hypothetical
        assert effect.source in KNOWN | {""}
        assert not (effect.hypothetical and effect.verified)


@every_mechanism
def test_every_effect_acts_somewhere_on_a_parameter_of_the_model(mechanism):
    names = {p.name for p in find_model("mean_field").parameters}
    for effect in mechanism.effects:
        assert effect.parameter in names
        assert effect.change
        assert region_weights(effect, ATLAS, {}).any()


@pytest.fixture(scope="module")
def brain():
    return parameter_set("deco2014", embedded_connectome())


@every_mechanism
@pytest.mark.parametrize("level", [0.0, 1.0, 2.0])
def test_it_changes_what_it_names_on_a_real_brain_and_nothing_else(mechanism, level, brain):
    acting = [(e, region_weights(e, ATLAS, {}), level) for e in mechanism.effects]
    after = apply_effects(brain, acting)
    named = {e.parameter for e in mechanism.effects} if level else set()
    for name in brain.values:
        moved = not np.array_equal(after.full(name), brain.full(name))
        assert moved == (name in named)
        assert np.isfinite(after.full(name)).all()
    if level:
        direction = {e.parameter: {np.sign(e.change)} for e in mechanism.effects}
        for effect in mechanism.effects:
            direction[effect.parameter].add(np.sign(effect.change))
        for name, signs in direction.items():
            moved = after.full(name) - brain.full(name)
            assert set(np.sign(moved[moved != 0])) == signs


@pytest.mark.parametrize("condition", all_conditions().values(), ids=all_conditions())
def test_a_condition_states_its_spread_and_its_mood(condition):
    assert 0 <= condition.level_sd < 1
    assert condition.level_source in KNOWN
    assert 0 < condition.recovery <= 1
    assert 0 <= condition.madrs.mean <= 60
    assert condition.madrs.source in all_references()
    # a beta distribution over 0 to 60 must be able to have this mean and spread
    assert condition.madrs.sd**2 < condition.madrs.mean * (60 - condition.madrs.mean)


@pytest.mark.parametrize("event", all_events().values(), ids=all_events())
def test_what_an_event_leaves_behind_is_sourced_and_labelled(event):
    assert event.duration_min > 0
    for part in (event.learning, event.lasting):
        if part is not None:
            assert part.source in KNOWN
            assert part.hypothetical or part.source in all_references()
    if event.learning is not None:
        assert event.learning.label == "built in"
        assert 0 < event.learning.rate < 1
    if event.lasting is not None:
        assert 0 < event.lasting.per_session <= 1
        assert event.lasting.decay_d > 0


@pytest.mark.parametrize(
    ("member", "hypothetical"),
    [
        ("healthy", False),
        ("depressed_hyper", False),
        ("depressed_hypo", True),
        ("treatment_resistant", True),
        ("psychotherapy", True),
        ("meditation", True),
        ("ect", True),
        ("task", False),
    ],
)
def test_what_has_no_source_says_so(member, hypothetical):
    assert MEMBERS[member].hypothetical == hypothetical


@pytest.mark.parametrize("name", ["people", "recovery"])
def test_every_constant_has_a_source(name):
    assert constants(name)
    for constant in constants(name).values():
        assert constant.source in KNOWN
        assert not (constant.source == OWN and constant.verified)
        assert re.fullmatch(r".+\.", constant.sentence)
    if name == "recovery":
        assert {c.label for c in constants(name).values()} <= {"calibrated", "built in"}


CONDITION = packaged("defaultmode.simulation.conditions")["depressed_hyper"]
EVENT = packaged("defaultmode.simulation.events")["ect"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("level_sd = 0.3", "level_sd = -1", "a number from 0"),
        ("level_sd = 0.3", "", "level_sd is absent"),
        ("level_sd = 0.3", "level_sd = 0.3\nlevel_mean = 1", "level_mean"),
        ('source = "RamirezMahaluf2017"', "", "hypothetical = true"),
        ("change = 0.08", 'change = "8 %"', "a number"),
        ("change = 0.08", 'change = 0.08\nhow = "squared"', "relative, added"),
        ('says = "for"', 'says = "yes"', "for, against, mixed"),
        ("n = 1074", "n = -1", "whole number"),
        ('title = "', 'title = "a" b', "is not TOML"),
    ],
)
def test_a_condition_that_is_not_whole_is_refused(old, new, words):
    assert old in CONDITION
    with pytest.raises(DefaultModeError, match=r"E510: condition 'mine'") as caught:
        parse_condition("mine", CONDITION.replace(old, new))
    assert words in caught.value.detail


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('duration = "30 min"', "duration = 30", "a time with its unit"),
        ('label = "built in"', 'label = "proven"', "calibrated, built in, emergent"),
        ("in_scanner = false", 'in_scanner = "no"', "true or false"),
        ("decay_d = 30.0", "", "decay_d is absent"),
    ],
)
def test_an_event_that_is_not_whole_is_refused(old, new, words):
    assert old in EVENT
    with pytest.raises(DefaultModeError, match=r"E510: event 'mine'") as caught:
        parse_event("mine", EVENT.replace(old, new))
    assert words in caught.value.detail


def test_adding_one_is_adding_data():
    assert parse_condition("mine", CONDITION).mechanism("glutamate_decay").effects
    assert parse_event("mine", EVENT).lasting == find_event("ect").lasting
    nothing = re.sub(r"\[mechanism\.[^@]+?(?=\[madrs\])", "", CONDITION)
    with pytest.raises(DefaultModeError, match=r"E510.*\[mechanism\.NAME\]"):
        parse_condition("mine", nothing)


@pytest.mark.parametrize(
    "look_up",
    [
        lambda: find_condition("sad"),
        lambda: find_event("yoga"),
        lambda: find_condition("healthy").mechanism("magic"),
    ],
)
def test_an_unknown_name_is_refused_with_those_there_are(look_up):
    with pytest.raises(DefaultModeError, match=r"E511.*there are (depressed_hyper|ect|none)"):
        look_up()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_an_example_is_a_protocol(path):
    found = read_protocol(path)
    assert found.scans
    assert re.fullmatch(r"[A-Z0-9].+\.", found.sentence)


def test_there_is_an_example_of_everything():
    found = [read_protocol(path) for path in EXAMPLES]
    assert {"task", "meditation", "psychotherapy", "ect"} <= {e for p in found for e in p.events}
    assert {"ketamine", "psilocybin"} <= {drug for p in found for drug in p.drugs}


@pytest.mark.parametrize(
    "wrong",
    [
        {"x": 1},
        {"people": {"x": 1}},
        {"dose": [{"drug": "ketamine", "dose": "20 mg", "route": "nasal", "at": "0 s", "x": 1}]},
        {"event": [{"event": "ect", "days": [1], "x": 1}]},
        {"scan": [{"session": "a", "at": "0 s", "duration": "1 h", "x": 1}]},
        {
            "scan": [
                {"session": "a", "at": "0 s", "duration": "1 h", "block": [{"at": "0 s", "x": 1}]}
            ]
        },
        {"rating": [{"session": "a", "at": "0 s", "x": 1}]},
    ],
    ids=str,
)
def test_every_key_is_documented(wrong):
    with pytest.raises(DefaultModeError, match=r"unknown key 'x'") as caught:
        parse_protocol({"name": "a test", **wrong}, "a test")
    keys = re.search(r"there are ([^.]+)\.", caught.value.detail)[1].split(", ")
    documented = (ROOT / "docs" / "protocols.md").read_text("utf-8")
    assert len(keys) >= 3
    for key in keys:
        assert f"`{key}`" in documented or f"{key}]]`" in documented or f"[{key}]`" in documented
