"""The simulator's page: what it holds, with and without scripts, and what cannot run in it."""

import json
import re
from html import unescape

import pytest

from defaultmode.report.references import all_references
from defaultmode.report.rendering import asset
from defaultmode.report.simulator_page import SCRIPTS, build_simulator, said_time, words
from made_simulator import FRAMES_MIN, made_catalogue, made_course, made_grid

HOSTILE = '</script><img src=x onerror="alert(1)">'


@pytest.fixture(scope="module")
def offline():
    """The page with a grid."""
    grid = made_grid()
    return build_simulator(grid["catalogue"], grid=grid)


def data_of(page):
    """What the page's scripts read."""
    text = re.search(r'id="simulator-data">(.*?)</script>', page, re.DOTALL)
    return json.loads(text[1])


def test_only_the_page_of_a_server_may_connect_and_holds_the_token(offline):
    served = build_simulator(made_catalogue(), token="a-token")
    assert "connect-src 'self'" in unescape(served)
    assert data_of(served)["token"] == "a-token"
    assert data_of(served)["grid"] is None
    assert "connect-src" not in offline
    assert data_of(offline)["token"] == ""


def test_the_grid_is_in_the_page_whole(offline):
    grid = made_grid()
    held = data_of(offline)["grid"]
    assert held["courses"] == json.loads(json.dumps(grid["courses"]))
    assert held["edges"] == grid["edges"]
    assert held["live"] == grid["live"]


def test_every_frame_of_each_usual_course_is_a_row_without_scripts(offline):
    body = offline[: offline.index('id="simulator-data"')]
    tables = re.findall(r"<table><caption>(.*?)</caption>(.*?)</table>", body, re.DOTALL)
    assert [caption for caption, _ in tables][:2] == [
        "Depressed: Nothing",
        "Depressed: Ketamine, 0.5 mg/kg",
    ]
    for _, table in tables:
        assert table.count('<th scope="row">') == len(FRAMES_MIN)
    frame = made_course("depressed", "ketamine", 0.5)["frames"][3]
    assert f'<td class="number">{frame["within_default"]:.3f}</td>' in tables[1][1]


def test_mood_is_in_the_tables_only_where_the_course_has_it():
    grid = made_grid()
    for course in grid["courses"].values():
        course["mood"] = None
    tables = build_simulator(grid["catalogue"], grid=grid).split('id="tables"')[1]
    assert "Mood" not in tables.split("</details>")[0]


def test_the_warnings_and_every_limit_are_said(offline):
    assert "not a medical device" in offline
    assert "model output is not evidence of effect in people" in offline
    for limit in made_catalogue()["limits"]:
        assert f"<li>{limit}</li>" in offline


def test_a_hostile_name_stays_text():
    grid = made_grid(HOSTILE)
    page = build_simulator(grid["catalogue"], grid=grid)
    assert "<img" not in page
    assert page.count("</script>") == len(SCRIPTS) + 1
    assert data_of(page)["catalogue"]["brains"][2]["name"] == HOSTILE


def test_the_text_for_newcomers_is_short_and_cites_what_is_known():
    parts = words()["primer"]
    text = " ".join(f"{part['heading']} {part['text']}" for part in parts)
    assert len(text.split()) <= 400
    keys = re.findall(r"@([\w-]+)", text)
    assert keys
    assert set(keys) <= set(all_references())


def test_every_reference_mark_leads_to_an_entry(offline):
    targets = set(re.findall(r'href="#(ref-\w+)"', offline))
    assert targets
    assert targets <= set(re.findall(r'id="(ref-\w+)"', offline))


def test_two_regions_never_share_a_name(offline):
    names = re.findall(r'role="region"[^>]* aria-label="([^"]*)"', offline)
    assert {"Numbers of mood", "Numbers of mood, side by side"} <= set(names)
    assert len(set(names)) == len(names)


def test_no_script_reads_text_as_html():
    for name in SCRIPTS:
        if name.startswith("simulator"):
            assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|eval\(", asset(name))


def test_every_kind_of_mark_is_explained():
    assert list(words()["kinds"]) == ["calibrated", "built in", "emergent", "assumed"]


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (-10, "10 min before"),
        (0, "0 min"),
        (90, "90 min"),
        (240, "4 h"),
        (1440, "1 d"),
        (4320, "3 d"),
    ],
)
def test_times_are_said_as_a_reader_says_them(minutes, text):
    assert said_time(minutes) == text
