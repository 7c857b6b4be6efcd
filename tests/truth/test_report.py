"""The report page: whole, closed to any network, safe with hostile names, true to its numbers."""

import base64
import gzip
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.result import Result
from defaultmode.core.study import MISSING_COLUMNS, Column, Study
from defaultmode.denoising import all_presets, denoise
from defaultmode.measures import find
from defaultmode.report import Page, SessionConnectivity, Used, all_references, build_page
from defaultmode.report.caveats import caveats
from defaultmode.report.choosing import factors, measured, preset_pairs
from defaultmode.report.methods import methods_text
from defaultmode.report.summaries import person_summary
from defaultmode.report.tables import missing_table, people_table
from defaultmode.report.writing import shown, shown_p, tsv
from defaultmode.sources.embedded import embedded_recordings
from report_example import (
    example_columns,
    example_effects,
    example_facts,
    example_page,
    example_study,
)

VOID = {"meta", "img", "link", "br", "hr", "input", "wbr"}
SECTIONS = (
    "measured", "highlights", "primer", "each", "brain", "global-signal", "sessions",
    "comparisons", "missing", "quality", "dictionary", "methods", "caveats", "provenance",
)  # fmt: skip


class Parsed(HTMLParser):
    """Every element with its attributes, and the text of every element of some kinds."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.texts: dict[str, list[str]] = {"style": [], "script": [], "data": []}
        self.cells: list[list[str]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        """Keep the element."""
        self.elements.append((tag, {k: v or "" for k, v in attrs}))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.cells.append([])
        if tag in {"td", "th"}:
            self.cells[-1].append("")

    def handle_endtag(self, tag):
        """Every element ends where it should."""
        assert self.open.pop() == tag

    def handle_data(self, data):
        """Keep what can be read, apart from style and script."""
        if self.open and self.open[-1] in self.texts:
            kind = "data" if self.elements[-1][1].get("type") == "application/json" else ""
            self.texts[kind or self.open[-1]].append(data)
            return
        self.text += data
        if {"td", "th"} & set(self.open):
            self.cells[-1][-1] += data

    def all(self, tag):
        """Attributes of every element of one kind."""
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def html():
    return build_page(example_page())


@pytest.fixture(scope="module")
def parsed(html):
    return Parsed(html)


DRAWN_FEW = ("", "within_default_mode", "framewise_displacement_mean")


def few(study: Study) -> Study:
    """The same study with one measure and the motion: quick to draw."""
    columns = {k: c for k, c in study.columns.items() if c.measure in DRAWN_FEW}
    return Study(study.table[list(columns)], columns, study.missing)


def small(study: Study, **changes: object) -> str:
    """A page of few measures without connectivity."""
    study = few(study)
    results = changes.pop("results", (example_effects(study),))
    return build_page(
        example_page(study=study, atlases=(), sessions_connectivity=(), results=results, **changes)
    )


def test_the_page_is_well_formed(parsed):
    assert parsed.open == []
    ids = [a["id"] for _, a in parsed.elements if "id" in a]
    assert len(ids) == len(set(ids))
    assert parsed.all("html")[0]["lang"] == "en"
    assert [tag for tag, _ in parsed.elements].count("h1") == 1
    targets = {a["href"][1:] for a in parsed.all("a") if a.get("href", "").startswith("#")}
    assert targets <= set(ids)


def test_the_sections_stand_in_order(parsed):
    ids = [a["id"] for tag, a in parsed.elements if tag == "h2"]
    assert ids == list(SECTIONS)
    assert "Research use only: not a medical device; not for diagnosis or treatment" in parsed.text
    assert parsed.text.index("Research use only") < parsed.text.index("What was measured")


def test_headings_go_down_one_step_at_a_time(parsed):
    levels = [int(tag[1]) for tag, _ in parsed.elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_every_picture_is_inside_and_described(html, parsed):
    pictures = [a for a in parsed.all("svg") if a.get("role") == "img"]
    assert len(pictures) >= 5
    for picture in pictures:
        assert len(picture["aria-label"]) > 30
    for picture in parsed.all("img"):
        assert picture["src"].startswith("data:image/")
        assert len(picture["alt"]) > 30
    for svg in re.findall(r'<div class="picture"[^>]*><svg.*?</div>', html, re.DOTALL):
        assert not re.search(r"<(script|foreignObject|style|a)\b", svg)


def test_nothing_is_asked_of_a_network(html, parsed):
    for tag, attributes in parsed.elements:
        for name in ("src", "srcset", "data", "poster", "action", "background", "ping"):
            assert attributes.get(name, "data:").startswith("data:"), (tag, attributes)
        href = attributes.get("href", "#")
        if href.startswith("http"):
            assert tag == "a"
            assert href.startswith("https://doi.org/")
            assert "noreferrer" in attributes["rel"]
        else:
            assert href.startswith(("#", "data:"))
    assert not parsed.all("link")
    assert "@import" not in html
    assert "url(" not in "".join(parsed.texts["style"])
    script = "".join(parsed.texts["script"])
    for word in (
        "fetch",
        "XMLHttpRequest",
        "WebSocket",
        "import(",
        "eval",
        "innerHTML",
        "sendBeacon",
    ):
        assert word not in script


def test_the_policy_allows_only_this_style_and_this_script(parsed):
    policy = next(
        a["content"] for a in parsed.all("meta") if a.get("http-equiv") == "Content-Security-Policy"
    )
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert rules["base-uri"] == "'none'"
    assert rules["form-action"] == "'none'"
    for kind in ("style", "script"):
        digests = [hashlib.sha256(t.encode("utf-8")).digest() for t in parsed.texts[kind]]
        allowed = [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]
        assert rules[f"{kind}-src"].split() == allowed
    assert "unsafe" not in policy


def test_no_element_carries_its_own_style_or_handler(parsed):
    for tag, attributes in parsed.elements:
        assert "style" not in attributes, tag
        assert not [name for name in attributes if name.startswith("on")], tag


ATTACKS = (
    "<img src=x onerror=alert(1)> {{ 7 * 7 }}{% for x in y %} $\\frac{$ 被试",
    "\"></style></title><script>alert(1)</script>' onmouseover='alert(1) javascript:x",
)


def hostile(name: str) -> Page:
    """A study in which everything that a file can name is this text."""
    study = few(example_study(3))
    columns = dict(study.columns)
    columns[name] = Column(name, "clinical", "text", sentence=name, unit=name, source=name)
    frame = study.table.assign(participant_id=name, group=name, atlas=name, **{name: name})
    missing = study.missing.assign(participant_id=name, what=name, reason=name)
    result = example_effects(study)
    table = result.table.assign(contrast=name, denoise=name, reason=name, unit=name)
    used = (Used(name, name, (name,)),)
    facts = example_facts() | {
        "presets": used, "measures": used, "inputs": (name,), "before": (name,), "command": name,
        "software": {name: name}, "hashes": {name: name},
    }  # fmt: skip
    return Page(
        title=name,
        study=Study(frame, columns, missing),
        results=(Result(table, name, (name,), notes=(name,)),),
        notes=(name,),
        facts=facts,
        highlights=(name,),
    )


@pytest.mark.parametrize("name", ATTACKS)
def test_hostile_names_stay_text(name):
    plain, attacked = Parsed(small(example_study(3))), Parsed(build_page(hostile(name)))
    assert {tag for tag, _ in attacked.elements} <= {tag for tag, _ in plain.elements}
    assert attacked.texts["script"] == plain.texts["script"]
    assert attacked.texts["style"][:-1] == plain.texts["style"][:-1]
    rule = r"\.k\d+\{(?:[a-z-]+:[\w ,.#%-]+;?)+\}"  # the last one: looks that figures share
    assert re.fullmatch(rf"(?:{rule}\n?)*", attacked.texts["style"][-1])
    assert {a.get("type", "") for a in attacked.all("script")} <= {"", "application/json"}
    assert not any("<" in text for text in attacked.texts["data"])
    assert name in attacked.text
    assert {a for _, b in attacked.elements for a in b} <= {a for _, b in plain.elements for a in b}


def test_a_number_shown_is_the_number_given(parsed):
    study = example_study()
    rows = [c for c in parsed.cells if len(c) > 5 and c[0].startswith("sub-")]
    assert len(rows) == len(study.table)
    for cells, given in zip(rows, study.table.to_dict("records"), strict=True):
        assert cells[:3] == [given["participant_id"], given["session_id"], given["run_id"]]
        columns = (
            "within_default_mode__as_supplied",
            "within_default_mode__as_supplied_gsr",
            "default_mode_task_positive__as_supplied",
            "default_mode_task_positive__as_supplied_gsr",
        )
        assert cells[3] == given["condition"]
        for cell, column in zip(cells[4:8], columns, strict=True):
            assert float(cell.replace("−", "-")) == pytest.approx(given[column], abs=5e-4)


def test_every_effect_is_listed_with_its_numbers(parsed):
    table = example_effects(example_study()).table
    rows = [c for c in parsed.cells if c[0].startswith(("group: ", "paired: "))]
    assert len(rows) == len(table)
    for cells, given in zip(rows, table.to_dict("records"), strict=True):
        text = " | ".join(cells)
        assert given["denoise"] in text
        if np.isnan(given["value"]):
            assert "no values" in text
            continue
        assert f"{given['statistic']} {shown(given['value'])}" in text
        assert f"({shown(given['ci_low'])} to {shown(given['ci_high'])})" in text
        assert shown_p(given["p"]) in cells


def downloads(parsed):
    """What the page's buttons would save, name of the file → text."""
    [block] = [t for t in parsed.texts["data"] if t.startswith('"H4sI')]
    packed = base64.b64decode(json.loads(block))
    return {f"{name}.tsv": text for name, text in json.loads(gzip.decompress(packed)).items()}


def test_every_figure_and_table_can_be_downloaded(parsed):
    files = downloads(parsed)
    asked = [a["data-numbers"] for a in parsed.all("button") if "data-numbers" in a]
    assert {f"{name}.tsv" for name in asked} == set(files)
    shown = {a["id"] for a in parsed.all("figure") if "drawing" in a.get("class", "")}
    assert shown <= set(asked)
    for text in files.values():
        widths = {line.count("\t") for line in text.splitlines()}
        assert len(widths) == 1


def test_without_a_script_the_page_names_the_file_that_holds_the_numbers(parsed):
    words = " ".join(parsed.text.split())
    for file in ("effects.tsv", "study.tsv", "missing.tsv", "study.json"):
        assert f"exactly in {file}" in words
    assert all("hidden" in a for a in parsed.all("button") if "data-numbers" in a)


def test_a_downloaded_number_is_exact(parsed):
    study = example_study()
    lines = downloads(parsed)["points-within_default_mode-synthetic42.tsv"].splitlines()
    head = lines[0].split("\t")
    at = head.index("within_default_mode__as_supplied")
    given = sorted(study.table["within_default_mode__as_supplied"])
    assert sorted(float(line.split("\t")[at]) for line in lines[1:]) == given


def test_what_is_missing_says_why_and_what_to_do(parsed):
    row = next(c for c in parsed.cells if c[0] == "E304")
    assert "the mean was removed before" in row[1]
    assert row[4] == "48"
    assert "18 more" in row[5]
    assert row[6].startswith("Supply the recording before that step")


def test_every_citation_resolves(parsed):
    cited = {a["href"] for a in parsed.all("a") if a.get("class") == "cite"}
    listed = {"#" + a["id"] for a in parsed.all("li") if "id" in a}
    assert len(cited) > 5
    assert cited <= listed
    assert "not in the list" not in parsed.text.lower()


def test_an_unknown_citation_is_named_not_hidden():
    facts = example_facts() | {"measures": (Used("mine", "My measure.", ("Nobody1900",)),)}
    text = Parsed(small(example_study(2), facts=facts)).text
    assert "Not in the list of references: Nobody1900" in text


def test_the_methods_text_says_what_ran_and_nothing_else():
    full = dict(methods_text(example_page()))
    assert list(full) == ["Input", "Regions", "Denoising", "Measures", "Statistics", "Software"]
    assert "24 recordings of 12 participants" in full["Input"]
    assert "band-passed at 0.01–0.08 Hz before" in full["Input"]
    assert "[@Murphy2009]" in full["Denoising"]
    assert "kept at 0.01–0.08 Hz (as supplied); 0.01–0.1 Hz." in full["Denoising"]
    empty = Page("t", Study(pd.DataFrame({"participant_id": ["sub-1"]}), {"participant_id": Column("participant_id", "key", "text")}))  # fmt: skip
    assert methods_text(empty) == ()


def test_an_unknown_fact_is_refused():
    with pytest.raises(DefaultModeError) as raised:
        example_page(facts={"sotfware": {}})
    assert raised.value.code == "E411"


def test_a_matrix_of_another_size_is_refused():
    [atlas] = example_page().atlases
    with pytest.raises(DefaultModeError) as raised:
        SessionConnectivity(atlas, "as-supplied", "", "", 1, np.zeros((3, 3)))
    assert raised.value.code == "E131"


def clinical_only() -> Study:
    columns = {
        "participant_id": Column("participant_id", "key", "text"),
        "madrs": Column("madrs", "clinical", "number"),
    }
    frame = pd.DataFrame({"participant_id": ["sub-01", "sub-02"], "madrs": [12.0, np.nan]})
    return Study(frame, columns)


def test_a_study_of_clinical_tables_alone():
    text = Parsed(small(clinical_only(), results=(), facts={})).text
    assert "No recordings: this page rests on clinical tables alone." in text
    assert "Nothing is missing." in text
    assert "There is no measured number to draw." in text
    assert "no recording came with" not in text
    assert "no sessions, groups or clinical columns to compare" in text


def one_row() -> Study:
    study = example_study(1)
    columns = {k: c for k, c in study.columns.items() if k not in {"group", "condition", "madrs"}}
    return Study(study.table.iloc[:1][list(columns)], columns)


def test_one_row_without_sessions_or_groups():
    text = Parsed(small(one_row(), results=())).text
    assert "1 recording of 1 participant were measured" not in text
    assert "1 recording of 1 participant was measured." in text
    assert "too few people for a correlation" in text


def test_everything_missing():
    study = example_study(3)
    measured = [c.name for c in study.columns.values() if c.measure]
    frame = study.table.assign(**dict.fromkeys(measured, np.nan))
    text = Parsed(small(Study(frame, study.columns, study.missing))).text
    assert "No recordings" in text


def test_no_rows_at_all():
    columns = example_columns()
    frame = pd.DataFrame({k: pd.Series(dtype=object) for k in columns})
    empty = Study(frame, columns, pd.DataFrame(columns=list(MISSING_COLUMNS)))
    assert "No recordings" in Parsed(small(empty, results=())).text


def test_without_motion_the_page_says_why():
    assert "Head motion cannot be shown" in Parsed(small(example_study(3, moved=False))).text
    study = example_study(2, moved=False)
    reason = "framewise_displacement_mean: no motion parameters came with this recording"
    missing = study.missing.assign(what="framewise_displacement_mean", reason=reason)
    text = Parsed(small(Study(study.table, study.columns, missing))).text
    assert f"Head motion cannot be shown. {reason}" in text


def test_a_long_list_says_that_it_was_cut_and_the_download_was_not():
    study = example_study(200)
    parsed = Parsed(small(study, results=()))
    assert "The first 60 of 400 rows are shown." in parsed.text
    assert len(downloads(parsed)["people.tsv"].splitlines()) == 401


def test_a_longer_one_is_whole_in_the_output_folder_alone():
    parsed = Parsed(small(example_study(300), results=()))
    assert len(downloads(parsed)["people.tsv"].splitlines()) == 501
    said = "the first 500 rows; all, and exactly, in study.tsv"
    assert said in " ".join(parsed.text.split())
    assert len(downloads(parsed)["points-within_default_mode-synthetic42.tsv"].splitlines()) == 601


def test_two_atlases_are_never_pooled():
    study = example_study(4)
    other = study.table["participant_id"].isin(["sub-01", "sub-02"])
    frame = study.table.assign(atlas=np.where(other, "first", "second"))
    files = downloads(Parsed(small(Study(frame, study.columns))))
    for atlas in ("first", "second"):
        lines = files[f"points-within_default_mode-{atlas}.tsv"].splitlines()
        assert len(lines) == 5
        assert all(atlas in line for line in lines[1:])


def test_factors_are_told_apart_between_and_within_people():
    found = factors(example_page())
    assert found.between == ("group",)
    assert found.within == ("condition",)


@pytest.mark.parametrize(
    ("columns", "first"),
    [(("sex", "arm"), "arm"), (("site", "sex", "sequence"), "sequence"), (("sex",), "sex")],
)
def test_groups_are_told_apart_by_what_the_study_is_for(columns: tuple[str, ...], first: str):
    study = example_study(4)
    people = pd.factorize(study.table["participant_id"])[0]
    texts = {name: np.where(people % 2, "a", "b") for name in columns}
    table = study.table.drop(columns="group").assign(**texts)
    known = {k: c for k, c in study.columns.items() if k != "group"}
    known |= {name: Column(name, "design", "text", "participant") for name in columns}
    assert factors(Page("t", Study(table, known))).between == (first,)


def with_presets(study: Study, names: dict[str, str], removed: frozenset[str]) -> Study:
    """The same study with other presets, and whether each removes the global signal."""
    columns = {
        k: replace(c, denoise=names[c.denoise], global_signal_removed=names[c.denoise] in removed)
        if c.measure
        else c
        for k, c in study.columns.items()
    }
    return Study(study.table, columns, study.missing)


def test_a_preset_that_removes_the_global_signal_is_never_shown_as_keeping_it():
    names = {"as-supplied": "36P+scrub", "as-supplied+GSR": "36P+scrub+GSR"}
    both = with_presets(example_study(4), names, frozenset(names.values()))
    assert preset_pairs(measured(both)["default_mode_task_positive"]) == []
    page = Page("t", both)
    parsed = Parsed(build_page(page))
    assert "With and without the global signal" not in parsed.text
    assert "Each recording under 36P+scrub (with GSR)." in parsed.text
    assert "2 denoising presets: 36P+scrub (with GSR), 36P+scrub+GSR." in parsed.text
    alts = [p["aria-label"] for p in parsed.all("svg") if "aria-label" in p]
    alts = [text for text in alts if text.startswith("Points")]
    assert alts
    assert sum("36P+scrub (with GSR): " in alt for alt in alts) >= 2
    assert not any("36P+scrub: " in alt for alt in alts)


def test_a_pair_is_a_preset_and_the_same_with_global_signal_regression():
    columns = measured(example_study(2))["default_mode_task_positive"]
    assert preset_pairs(columns) == [("as-supplied", "as-supplied+GSR")]
    assert preset_pairs({"as-supplied": columns["as-supplied"]}) == []


def in_two_atlases(n_people: int = 5) -> Study:
    """Each recording measured in two atlases: twice the rows, the same recordings."""
    study = example_study(n_people)
    again = study.table.assign(atlas="second")
    between = "default_mode_task_positive__as_supplied"
    again[between] = again[between] - 1
    return Study(pd.concat([study.table, again], ignore_index=True), study.columns, study.missing)


def test_people_are_counted_and_not_their_runs_in_every_atlas():
    study = in_two_atlases()
    html = build_page(Page("t", study))
    text = Parsed(html).text
    assert text.count("10 recordings of 5 participants were measured.") == 2  # and in the methods
    first = study.table[study.table["atlas"] == "synthetic42"].groupby("participant_id")
    for preset, slug in (("as-supplied", "as_supplied"), ("as-supplied+GSR", "as_supplied_gsr")):
        means = first[
            [f"framewise_displacement_mean__{slug}", f"within_default_mode__{slug}"]
        ].mean()
        r = np.corrcoef(means.to_numpy().T)[0, 1]
        assert f"{preset}: r = {shown(r, 2)} (n = 5)." in text
    values = first["default_mode_task_positive__as_supplied"].mean()
    negative = int((values < 0).sum())
    known = f"as-supplied: mean {shown(values.mean())}, negative in {negative} of 5 people."
    assert known in text
    assert "negative in 5 of 5 people" in text
    files = downloads(Parsed(html))
    for atlas in ("synthetic42", "second"):
        lines = files[f"global-signal-{atlas}.tsv"].splitlines()
        assert len(lines) == 11  # every recording is drawn
        assert all(atlas in line for line in lines[1:])
        assert len(files[f"motion-{atlas}.tsv"].splitlines()) == 21


def test_without_recordings_the_methods_say_nothing_of_recordings():
    facts = example_facts() | {"presets": (), "measures": (), "before": ()}
    said = dict(methods_text(Page("t", clinical_only(), facts=facts)))
    assert "Denoising" not in said
    assert "recording" not in " ".join(said.values())
    assert "Hz" not in " ".join(said.values())


def test_a_recording_is_named_as_in_its_file(parsed):
    row = next(c for c in parsed.cells if c[0] == "E304")
    assert row[5].startswith("sub-01 ses-1 run-1, sub-01 ses-1 run-2")
    study = example_study(2)
    tasks = np.where(study.missing["run_id"] == "1", "rest", "nback")
    several = Study(study.table, study.columns, study.missing.assign(task_id=tasks))
    names = missing_table(several).rows[0][5].text
    assert names.startswith("sub-01 ses-1 task-rest run-1, sub-01 ses-1 task-nback run-2")


def test_what_differs_between_recordings_is_a_column():
    study = in_two_atlases(2)
    tasks = np.where(study.table["run_id"] == "1", "rest", "nback")
    table = people_table(Study(study.table.assign(task_id=tasks), study.columns))
    assert table.plain_head == ("participant", "session", "task", "run", "atlas", "condition")
    assert len({row[:5] for row in table.rows}) == len(study.table)


def test_short_headings_stand_above_the_presets(parsed):
    top = next(c for c in parsed.cells if "DMN–TP" in c)
    at = parsed.cells.index(top)
    assert top == [
        *("participant", "session", "run", "condition"),
        *("within", "DMN–TP", "own network"),
    ]
    assert parsed.cells[at + 1] == ["as-supplied", "+GSR"] * 3
    spans = [int(a["colspan"]) for a in parsed.all("th") if "colspan" in a]
    assert spans == [2, 2, 2]
    how = "Each recording under as-supplied, without and with global signal regression (+GSR)."
    assert how in parsed.text
    assert "DMN–TP: default mode to task-positive (Fisher z)" in parsed.text


def names_of(page: Page) -> set[str]:
    """Names of the caveats of a page."""
    return {c.name for c in caveats(page)}


def test_a_change_between_sessions_is_warned_of_without_scans():
    columns = {
        "participant_id": Column("participant_id", "key", "text"),
        "session_id": Column("session_id", "key", "text"),
        "madrs": Column("madrs", "clinical", "number", "session"),
    }
    frame = pd.DataFrame(
        {"participant_id": ["sub-01"] * 2, "session_id": ["ses-1", "ses-2"], "madrs": [30.0, 12.0]}
    )
    assert "normalisation" in names_of(Page("t", Study(frame, columns)))
    once = frame.assign(session_id=["n/a", "ses-2"])
    assert "normalisation" not in names_of(Page("t", Study(once, columns)))


def effects_page(*rows: tuple[str, str]) -> Page:
    """A page whose effects have these kinds and factors."""
    table = pd.DataFrame([{"kind": k, "factor": f, "measure": "m", "value": 0.1} for k, f in rows])
    return Page("t", clinical_only(), results=(Result(table, "s"),))


def test_designs_bring_their_own_caveats():
    paired = effects_page(("paired", "drug"))
    assert "repeated_measures" in names_of(paired)
    assert "crossed" not in names_of(paired)
    by_group = effects_page(("paired", "time"), ("interaction", "arm × time"))
    assert "crossed" not in names_of(by_group)
    both = effects_page(("paired", "drug"), ("paired", "dose"), ("interaction", "drug × dose"))
    assert "crossed" in names_of(both)
    assert "groups_together" in names_of(effects_page(("group", "arm"), ("correlation", "madrs")))
    alone = effects_page(("correlation", "madrs"))
    assert not names_of(alone) & {"repeated_measures", "groups_together", "crossed"}


def of_measures(preset: str, **values: float) -> Page:
    """A page of one recording with these measures under one preset."""
    columns = {"participant_id": Column("participant_id", "key", "text")}
    columns |= {
        name: Column(name, "measure", "number", measure=name, denoise=preset) for name in values
    }
    return Page("t", Study(pd.DataFrame([{"participant_id": "sub-01"} | values]), columns))


def test_amplitude_under_censoring_is_warned_of():
    alff = {"alff_default_mode": 0.2}
    assert "alff_censoring" in names_of(of_measures("36P+scrub", **alff))
    assert "alff_censoring" in names_of(of_measures("minimal", censored_share=0.1, **alff))
    assert "alff_censoring" not in names_of(of_measures("minimal", censored_share=0.0, **alff))
    assert "alff_censoring" not in names_of(of_measures("36P+scrub", censored_share=0.1))


def test_the_caveat_on_amplitude_states_what_the_embedded_runs_do():
    falls = []
    for i, recording in enumerate(embedded_recordings()[:4]):
        clean = denoise(recording, all_presets()["as-supplied"])
        kept = np.random.default_rng(i).random((5, len(clean.usable))) >= 0.2
        whole = find("alff_default_mode")(clean)
        censored = [
            find("alff_default_mode")(replace(clean, usable=clean.usable & k)) for k in kept
        ]
        falls.append(100 * (1 - np.mean(censored) / whole))
    assert min(falls) > 7.0
    assert max(falls) < 9.0  # each a mean over five draws


def test_a_global_signal_under_tissue_regression_is_warned_of():
    found = "tissue_global_signal"
    assert found in names_of(of_measures("24P+aCompCor", global_signal_variance=1.0))
    assert found not in names_of(of_measures("24P+aCompCor", global_signal_variance=np.nan))
    assert found not in names_of(of_measures("as-supplied", global_signal_variance=1.0))
    assert found not in names_of(of_measures("24P+aCompCor", within_default_mode=1.0))


def test_caveats_follow_what_the_study_is_about():
    names = {c.name for c in caveats(example_page())}
    assert {"not_medical", "pipeline", "depression", "anticorrelation"} <= names
    assert "ketamine" not in names
    study = example_study(2)
    drug = Study(study.table.assign(group="ketamine"), study.columns)
    assert "ketamine" in {c.name for c in caveats(example_page(study=drug))}
    plain = Page("Rest", clinical_only(), facts={})
    assert not {"anticorrelation", "pipeline", "motion"} & {c.name for c in caveats(plain)}


def test_the_interval_counts_people_not_runs():
    people = pd.Series(["a", "a", "b", "c", "d"])
    values = pd.Series([1.0, 3.0, 4.0, 6.0, 8.0])  # means 2, 4, 6, 8
    mean, interval = person_summary(people, values)
    assert mean == 5.0
    # Student's t for 3 degrees of freedom is 3.182446 (any table); sd √(20/3), n 4.
    half = 3.1824463 * (20 / 3) ** 0.5 / 2
    assert interval == pytest.approx((5 - half, 5 + half))


def test_three_people_have_a_mean_and_no_interval():
    mean, interval = person_summary(pd.Series(["a", "b", "c", "c"]), pd.Series([1.0, 2, 2, 4]))
    assert mean == 2.0
    assert isinstance(interval, Missing)
    assert "from 4 people on" in small(example_study(3))


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.1234, "0.123"), (-0.5, "−0.500"), (0.0, "0.000"), (1e-5, "1.00e−05"), (np.nan, "n/a")],
)
def test_numbers_are_written_plainly(value, text):
    assert shown(value) == text


def test_p_is_never_zero():
    assert shown_p(1e-9) == "<0.001"
    assert shown_p(0.0499) == "0.050"


def test_a_table_cell_cannot_break_the_table():
    frame = pd.DataFrame({"a\tb": ["x\ny"], "c": [0.1 + 0.2], "d": [np.nan]})
    assert tsv(frame) == "a b\tc\td\nx y\t0.30000000000000004\tn/a\n"


def test_the_same_page_is_the_same_bytes():
    assert small(example_study(3)) == small(example_study(3))


def test_all_references_can_be_written():
    assert len(all_references()) > 50
