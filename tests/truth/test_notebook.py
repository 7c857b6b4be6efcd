"""In a notebook every noun says what it holds: short, escaped, without scripts, without arrays."""

import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from defaultmode.claims import all_claims
from defaultmode.core.atlas import Atlas, Region
from defaultmode.core.connectome import Connectome
from defaultmode.core.missing import Missing
from defaultmode.core.notebook import MOST_COLUMNS, MOST_ROWS, Preview, html_of
from defaultmode.core.recording import Entities, Recording
from defaultmode.core.result import Result
from defaultmode.core.settings import Settings
from defaultmode.core.study import Column, Study
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.conditions import find_condition
from defaultmode.simulation.drugs import find_drug
from defaultmode.simulation.protocol import Protocol, Scan
from defaultmode.simulation.twin import Twin
from defaultmode.simulation.twin_space import OperatingPoint

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp;\n\u200b" + 900 * "long "
LONGEST_HTML, LONGEST_PLAIN = 9000, 2500


class Reader(HTMLParser):
    """The tags of a text with their attributes, and whether every one is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.open += [tag]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


class Sized:
    """Stands in for the space of a twin, of which only the size is shown."""

    def __len__(self) -> int:
        return 7


def hostile_atlas() -> Atlas:
    regions = tuple(Region(f"{HOSTILE} {i}", HOSTILE) for i in range(3))
    return Atlas(HOSTILE, regions, sentence=HOSTILE, licence=HOSTILE)


def hostile_study() -> Study:
    table = pd.DataFrame({"participant_id": [HOSTILE] * 9, HOSTILE: [0.123456789] * 9})
    columns = {
        "participant_id": Column("participant_id", "key", "text"),
        HOSTILE: Column(HOSTILE, "measure", "number"),
    }
    return Study(table, columns)


def nouns() -> dict[str, object]:
    atlas = hostile_atlas()
    signal = np.random.default_rng(0).standard_normal((9, 3))
    weights = np.ones((3, 3)) - np.eye(3)
    brain = Brain(HOSTILE, atlas.names, {HOSTILE: np.ones(3)}, {HOSTILE: weights})
    scan = Scan(session="b", at_min=0.0, duration_s=300.0)
    people = (atlas.names, OperatingPoint(), Sized(), np.ones(7), np.ones((2, 7)))
    return {
        "Atlas": atlas,
        "Recording": Recording(signal, 2.0, atlas, Entities(HOSTILE, session=HOSTILE)),
        "Study": hostile_study(),
        "Result": Result(
            pd.DataFrame({HOSTILE: [HOSTILE]}), HOSTILE, (HOSTILE,), 1, {}, (HOSTILE,)
        ),
        "Missing": Missing(HOSTILE, "E301"),
        "Connectome": Connectome(HOSTILE, atlas.names, weights, sentence=HOSTILE),
        "Settings": Settings(source=HOSTILE, denoise=(HOSTILE,)),
        "Claim": all_claims()["C9"],
        "Drug": find_drug("ketamine"),
        "Condition": find_condition("depressed_hyper"),
        "Brain": brain,
        "Twin": Twin(*people),
        "Protocol": Protocol(
            name=HOSTILE, begins_min=0, ends_min=60, sentence=HOSTILE, scans=(scan,)
        ),
    }


NOUNS = nouns()
every_noun = pytest.mark.parametrize("name", NOUNS)


@every_noun
def test_it_says_what_it_is_and_runs_nothing(name: str) -> None:
    html = NOUNS[name]._repr_html_()
    read = Reader(html)
    assert type(NOUNS[name]).__name__ == name
    assert read.open == []
    assert read.tags <= {"table", "caption", "strong", "thead", "tbody", "tr", "th", "td", "p"}
    assert read.attributes <= {"style", "scope"}
    assert read.text.startswith(name)
    assert len(html) < LONGEST_HTML


@every_noun
def test_its_colours_are_those_of_the_notebook(name: str) -> None:
    assert "color" not in NOUNS[name]._repr_html_()
    assert "background" not in NOUNS[name]._repr_html_()


@pytest.mark.parametrize("name", sorted(set(NOUNS) - {"Missing", "Settings"}))
def test_its_plain_form_is_one_short_line(name: str) -> None:
    said = repr(NOUNS[name])
    assert said.startswith(f"<{name} ")
    assert "array(" not in said
    assert "\n" not in said
    assert len(said) < LONGEST_PLAIN


@pytest.mark.parametrize("noun", [Missing("too short", "E301"), Settings(source="a")])
def test_short_nouns_are_told_in_full(noun: object) -> None:
    names = {"Missing": Missing, "Settings": Settings}
    assert eval(repr(noun), names) == noun  # of two nouns made here


def test_settings_show_what_was_chosen() -> None:
    assert Settings(n_states=4, maps=True).about() == {"n_states": 4, "maps": True}


def test_a_preview_is_short_and_says_what_it_leaves_out() -> None:
    header = [f"c{i}" for i in range(MOST_COLUMNS + 2)]
    rows = [list(range(len(header)))] * (MOST_ROWS + 3)
    html = html_of("Study", {"runs": 40, "empty": ""}, Preview(header, rows, 40))
    assert html.count("<tr>") == 1 + 1 + MOST_ROWS
    assert "35 more rows and 2 more columns" in html
    assert "empty" not in html
    assert f"c{MOST_COLUMNS}" not in html


def test_numbers_are_short_and_missing_ones_say_so() -> None:
    html = html_of("Result", {"value": 0.123456789, "list": (1.0, float("nan"))})
    assert ">0.1235<" in html
    assert ">1, nan<" in html


def test_core_loads_no_table_and_no_figure_for_it() -> None:
    code = (
        "import sys, defaultmode.core.notebook, defaultmode.core.atlas, defaultmode.core.recording;"
        "print([m for m in ('pandas', 'matplotlib', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
