"""Protocols against timelines worked out by hand, and every way in which one can be wrong."""

from copy import deepcopy

import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.clock import seconds, written
from defaultmode.simulation.protocol import Protocol, Session
from defaultmode.simulation.protocol_file import parse_protocol, read_protocol
from defaultmode.simulation.spans import Span, check_apart
from defaultmode.simulation.toml_table import Table

WEEK = {
    "name": "A week",
    "condition": "depressed_hyper",
    "people": {"count": 3},
    "dose": [{"drug": "ketamine", "dose": "0.5 mg/kg", "over": "40 min", "at": "0 min"}],
    "event": [{"event": "psychotherapy", "days": [1, 2, 3, 4, 5], "at": "3 h"}],
    "scan": [
        {"session": "day7", "at": "7 d", "duration": "10 min"},
        {"session": "baseline", "at": "-30 min", "duration": "10 min", "tr": "0.72 s"},
        {"session": "infusion", "at": "0 min", "duration": "50 min"},
        {"session": "day1", "at": "24 h", "duration": "10 min"},
    ],
    "rating": [{"session": "day1", "at": "24 h", "scales": ["MADRS"]}],
}
TASK = {
    "name": "Task",
    "scan": [
        {
            "session": "one",
            "at": "0 min",
            "duration": "5 min",
            "block": [{"at": "30 s", "duration": "30 s", "every": "60 s"}],
        }
    ],
}


def changed(raw: dict, *path: object, to: object) -> dict:
    """A copy with one value replaced, or added at the end of a list."""
    copy = deepcopy(raw)
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    if isinstance(inner, list) and path[-1] == len(inner):
        inner.append(to)
    else:
        inner[path[-1]] = to
    return copy


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90 s", 90),
        ("40 min", 2400),
        ("24h", 86_400),
        ("7 d", 604_800),
        ("-30 min", -1800),
        ("−1 d 2 h", -93_600),
        ("1 d 2 h 3 min 4.5 s", 93_784.5),
        ("0.72 s", 0.72),
    ],
)
def test_a_time_is_a_number_with_its_unit(text, expected):
    assert seconds(text, "at") == expected


@pytest.mark.parametrize(
    "text", ["", "40", "min", "40 m", "40 minutes", "1 h - 2 min", "1e3 s", 40, None]
)
def test_anything_else_is_no_time(text):
    with pytest.raises(DefaultModeError, match="at is") as caught:
        seconds(text, "at")
    assert caught.value.code == "E510"


@pytest.mark.parametrize("text", ["0 min", "7 d", "25 h", "-30 min", "90 s"])
def test_a_time_is_written_as_it_was_read(text):
    assert written(seconds(text, "at") / 60) == text


def test_the_week_of_the_issue():
    week = parse_protocol(WEEK, "week.toml")
    assert [s.session for s in week.scans] == ["baseline", "infusion", "day1", "day7"]
    assert [s.at_min for s in week.scans] == [-30, 0, 1440, 10_080]
    assert [s.tr_s for s in week.scans] == [0.72, 2, 2, 2]
    assert [s.key for s in week.scans][:2] == ["ses-baseline_task-rest", "ses-infusion_task-rest"]
    assert [s.at_min for s in week.sessions] == [1620, 3060, 4500, 5940, 7380]
    assert {s.duration_min for s in week.sessions} == {50}
    assert week.drugs == ("ketamine",)
    (dose,) = week.dosing("ketamine")
    assert (dose.start_min, dose.over_min, dose.amount, dose.unit) == (0, 40, 0.5, "mg/kg")
    assert dose.route == "intravenous"
    assert (week.begins_min, week.ends_min) == (-30, 10_090)
    assert (week.people.count, week.mechanism) == (3, "local_excitation")


def test_the_order_in_the_file_means_nothing():
    backwards = {k: list(reversed(v)) if isinstance(v, list) else v for k, v in WEEK.items()}
    assert parse_protocol(backwards, "x") == parse_protocol(WEEK, "x")


def test_blocks_repeat_as_often_as_they_fit_whole():
    (scan,) = parse_protocol(TASK, "x").scans
    assert [b.onset_s for b in scan.blocks] == [30, 90, 150, 210, 270]
    longer = changed(TASK, "scan", 0, "block", 0, "duration", to="31 s")
    assert len(parse_protocol(longer, "x").scans[0].blocks) == 4
    once = changed(TASK, "scan", 0, "block", to=[{"at": "30 s"}])
    assert [b.duration_s for b in parse_protocol(once, "x").scans[0].blocks] == [30]


def test_a_series_of_doses():
    twice = changed(WEEK, "dose", 0, "days", to=[0, 3.5])
    assert [d.start_min for d in parse_protocol(twice, "x").dosing("ketamine")] == [0, 5040]


@pytest.mark.parametrize(
    ("path", "value", "code", "words"),
    [
        (["dose", 0, "dose"], "0.5", "E507", "week.toml, [[dose]] 1: dose '0.5'"),
        (["dose", 0, "dose"], "0.5 lb", "E507", "lb"),
        (["dose", 0, "dose"], "50 mg/kg", "E508", "0.1–1 mg/kg"),
        (["dose", 0, "drug"], "ketamin", "E511", "ketamine"),
        (["dose", 0, "mechanism"], "magic", "E511", "disinhibition"),
        (["dose", 0, "kinetics"], "magic", "E511", "clements"),
        (["condition"], "sad", "E511", "healthy"),
        (["mechanism"], "magic", "E511", "local_excitation"),
        (["event", 0, "event"], "yoga", "E511", "meditation"),
        (["event", 0, "mechanism"], "magic", "E511", "learning"),
        (["scan", 4], {"session": "b", "at": "5 min", "duration": "9 min"}, "E509", "ses-infusion"),
        (["scan", 0, "at"], "75 h", "E509", "psychotherapy"),
        (["event", 0, "days"], [1, 1.02], "E509", "overlaps"),
        (["dose", 1], {**WEEK["dose"][0], "at": "39 min"}, "E509", "dose of ketamine"),
        (["begins"], "-10 min", "E509", "ses-baseline"),
        (["ends"], "2 d", "E509", "outside"),
        (["scan", 0, "block"], [{"event": "ect", "at": "0 s"}], "E509", "scanner"),
        (["scan", 0, "block"], [{"at": "595 s", "duration": "30 s"}], "E509", "block task"),
        (["scan", 0, "block"], [{"at": "0 s", "every": "20 s"}], "E509", "overlaps"),
        (["scan", 4], {"session": "day1", "at": "2 d", "duration": "9 min"}, "E510", "run"),
        (["dose", 1], {**WEEK["dose"][0], "at": "9 d", "kinetics": "domino"}, "E510", "kinetics"),
        (["dosis"], [], "E510", "dosis"),
        (["dose", 0, "hurry"], True, "E510", "hurry"),
        (["dose", 0, "at"], 0, "E510", "40 min"),
        (["dose", 0, "route"], "by foot", "E510", "route"),
        (["dose"], "0.5 mg/kg", "E510", "[[dose]]"),
        (["dose"], ["0.5 mg/kg"], "E510", "expected a table"),
        (["event", 0, "days"], [], "E510", "one day"),
        (["event", 0, "days"], "1 to 5", "E510", "list of numbers"),
        (["event", 0, "duration"], "0 min", "E510", "above zero"),
        (["name"], " ", "E510", "expected text"),
        (["people", "count"], 0, "E510", "whole number"),
        (["people", "count"], 1.5, "E510", "whole number"),
        (["people", "count"], True, "E510", "whole number"),
        (["people", "alike"], "yes", "E510", "true or false"),
        (["people", "weight_kg"], -70, "E510", "a number from 30 to 250"),
        (["people", "weight_kg"], 1e9, "E510", "a number from 30 to 250"),
        (["people", "weight_kg"], float("nan"), "E510", "a number from 30 to 250"),
        (["scan", 0, "session"], "day 7", "E510", "letters and digits"),
        (["scan", 0, "run"], 0, "E510", "whole number from 1"),
        (["scan", 0, "tr"], "25 s", "E510", "0.05 to 20 s"),
        (["scan", 0, "tr"], "0 s", "E510", "0.05 to 20 s"),
        (["scan", 0, "tr"], "0.7205 s", "E510", "whole milliseconds"),
        (["scan", 0, "duration"], "-10 min", "E510", "above zero"),
        (["rating", 0, "scales"], ["HDRS"], "E510", "MADRS, CADSS"),
        (["rating", 0, "scales"], [1], "E510", "list of texts"),
    ],
)
def test_what_is_wrong_is_named(path, value, code, words):
    with pytest.raises(DefaultModeError) as caught:
        parse_protocol(changed(WEEK, *path, to=value), "week.toml")
    assert caught.value.code == code, caught.value.detail
    assert words in caught.value.detail


@pytest.mark.parametrize("key", ["session", "at", "duration"])
def test_what_is_needed_is_named(key):
    raw = deepcopy(WEEK)
    del raw["scan"][1][key]
    with pytest.raises(DefaultModeError, match=rf"E510.*\[\[scan\]\] 2.*{key} is absent"):
        parse_protocol(raw, "week.toml")


def test_one_event_rests_on_one_mechanism():
    two = [
        {"event": "meditation", "at": "1 d"},
        {"event": "meditation", "at": "2 d", "mechanism": "control_coupling"},
    ]
    with pytest.raises(DefaultModeError, match=r"E510.*meditation rests on different mechanisms"):
        parse_protocol({"name": "x", "event": two}, "x")


def test_what_has_no_source_is_told_for_the_mechanisms_that_were_chosen():
    assert parse_protocol(WEEK, "x").hypothetical == ("ketamine", "psychotherapy")
    sourced = changed(WEEK, "dose", 0, "mechanism", to="disinhibition")
    assert parse_protocol(sourced, "x").hypothetical == ("psychotherapy",)
    assert parse_protocol(changed(TASK, "condition", to="depressed_hypo"), "x").hypothetical == (
        "depressed_hypo",
    )


def test_what_follows_at_once_does_not_overlap():
    check_apart([Span("b", 0.1 + 0.2, 1.0), Span("a", 0.0, 0.3)], "here")
    with pytest.raises(DefaultModeError, match=r"E509: here: a \(0 min to 18 s\) overlaps b"):
        check_apart([Span("b", 0.2, 1.0), Span("a", 0.0, 0.3)], "here")


def test_an_event_that_fits_into_a_scanner_may_meet_a_scan():
    session = Session(event="meditation", at_min=0, duration_min=15)
    scans = parse_protocol(TASK, "x").scans
    both = Protocol(name="x", begins_min=0, ends_min=20, scans=scans, sessions=(session,))
    assert both.events == {"meditation": "", "task": "drive"}


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"name = ", "not TOML"), (b"name = '\xff'", "not UTF-8"), (b"name = 3", "p.toml: name is 3")],
)
def test_a_broken_file(tmp_path, content, words):
    path = tmp_path / "p.toml"
    path.write_bytes(content)
    with pytest.raises(DefaultModeError, match="E510") as caught:
        read_protocol(path)
    assert words in caught.value.detail


def test_no_file(tmp_path):
    with pytest.raises(DefaultModeError, match="E101"):
        read_protocol(tmp_path / "nowhere.toml")


def test_a_table_does_not_hide_the_error_inside_it():
    with pytest.raises(ValueError, match="inside"), Table({"unread": 1}, "here"):
        raise ValueError("inside")
