"""A page for each participant: whose it is, where they lie, and that nothing foreign runs in it."""

import base64
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
from scipy.stats import percentileofscore

import made_datasets as made
from defaultmode.cli import main
from defaultmode.pipeline.folder import Folder
from defaultmode.pipeline.freezing import BLINDED, Standing
from defaultmode.pipeline.gathering import gather_study, study_settings
from defaultmode.pipeline.participant_pages import page_works, write_participant_pages
from defaultmode.pipeline.studying import _write_participants
from defaultmode.report.participant_page import (
    Links,
    address,
    build_participant_page,
    links_between,
)
from defaultmode.report.standing import (
    FEWEST_PEOPLE,
    MOST_TICKS,
    compared_words,
    spreads,
    standings,
)
from injections import PAYLOADS
from made_participants import person_of
from report_example import example_study

MOST_BYTES = 150_000
STATES = "sub-01_task-rest_atlas-AAL90_desc-assupplied_states.tsv"


class Elements(HTMLParser):
    """The names of the elements of a page, and every attribute."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three people with two sessions each, and one whose only run cannot be read; studied."""
    root = tmp_path_factory.mktemp("pages")
    source = made.tables(root / "in", {"01": "patient", "02": "patient", "03": "patient"})
    for seed, person in enumerate(("01", "02", "03")):
        made.write_table(source, f"sub-{person}_ses-b_task-rest", made.series(10 + seed))
    made.write_table(source, "sub-04_task-rest", made.series(4), RepetitionTime=None)
    words = ("--measures", "within_default_mode", "--surrogates", "0", "--nprocs", "1", "--quiet")
    assert main(["measure", str(source), str(root / "out"), *words]) == 4
    states = "\n".join(["cap", "n/a", *"01" * 64, "1"]) + "\n"
    made.write(root / "out" / "sub-01" / "func" / STATES, states)
    assert main(["study", str(root / "out"), "--quiet", "--nprocs", "1"]) in {0, 4}
    return root / "out"


def page(results: Path, name: str) -> str:
    return (results / f"{name}.html").read_text("utf-8")


def test_study_writes_a_page_for_each_whose_run_was_found(results: Path) -> None:
    assert sorted(p.stem for p in results.glob("sub-*.html")) == [f"sub-0{i}" for i in range(1, 5)]
    for path in results.glob("sub-*.html"):
        assert path.stat().st_size <= MOST_BYTES


def test_the_pages_lead_to_one_another_and_to_the_study(results: Path) -> None:
    links = [a["href"] for tag, a in Elements(page(results, "sub-02")).found if "rel" in a]
    assert set(links) == {"./sub-01.html", "./sub-03.html"}
    for link in (*links, "report.html"):
        assert (results / str(link)).is_file()
    first = [a for _, a in Elements(page(results, "sub-01")).found if a.get("rel") == "prev"]
    assert first == []
    told = [a.get("href") for _, a in Elements((results / "report.html").read_text("utf-8")).found]
    assert {f"./sub-0{i}.html" for i in range(1, 5)} <= set(told)


def test_a_page_shows_each_run_its_states_and_the_matrix_of_each_session(results: Path) -> None:
    elements = Elements(page(results, "sub-01")).found
    pictures = [a["alt"] for tag, a in elements if tag == "img"]
    assert sum("Signal of 90 regions over 260 s" in str(alt) for alt in pictures) == 2
    assert sum("Connectivity of 90 regions" in str(alt) for alt in pictures) == 2
    text = page(results, "sub-01")
    assert "states (cap)" in text
    assert "Share of frames: state 1 50 %, state 2 50 %" in text


def test_the_numbers_of_a_page_are_those_of_the_study(results: Path) -> None:
    study, _ = gather_study(study_settings(results, {}, {}))
    [link] = [
        str(a["href"]) for _, a in Elements(page(results, "sub-02")).found
        if str(a.get("href")).startswith("data:text/")
    ]  # fmt: skip
    table = pd.read_csv(StringIO(base64.b64decode(link.partition(",")[2]).decode()), sep="\t")
    row = table[(table["measure"] == "within_default_mode") & (table["denoise"] == "as-supplied")]
    own = study.table[study.table["participant_id"] == "sub-02"]
    expected = own["within_default_mode__as_supplied"].to_numpy(np.float64)
    assert row.iloc[0, 3:].to_numpy(np.float64) == pytest.approx(expected)


def test_who_has_no_measured_run_has_a_page_that_says_why(results: Path) -> None:
    text = page(results, "sub-04")
    assert "No recording of sub-04 was measured" in text
    assert "E201" in text


def test_a_page_that_would_not_change_is_left_alone_and_a_stale_one_goes(results: Path) -> None:
    settings = study_settings(results, {}, {"nprocs": 1})
    study, _ = gather_study(settings)
    stale, kept = results / "sub-99.html", results / "sub-01.html"
    stale.write_text("of somebody who left")
    before = kept.stat().st_mtime_ns
    assert write_participant_pages(Folder(results), study, settings) == 4
    assert kept.stat().st_mtime_ns == before
    assert not stale.exists()


def test_a_blinded_study_has_no_pages(tmp_path: Path) -> None:
    settings = study_settings(tmp_path, {}, {})
    _write_participants(Folder(tmp_path), example_study(), settings, Standing(BLINDED))
    assert list(tmp_path.iterdir()) == []


def test_a_page_is_the_same_each_time_it_is_drawn(results: Path) -> None:
    study, _ = gather_study(study_settings(results, {}, {}))
    once, again = (page_works(Folder(results), study) for _ in range(2))
    for one, other in zip(once, again, strict=True):
        assert build_participant_page(one.person) == build_participant_page(other.person)


def test_the_percentile_is_that_of_the_persons_mean_among_all_people() -> None:
    study = example_study(40)
    [found] = spreads(study).values()
    name = "within_default_mode__as_supplied"
    before = study.table[study.table["condition"] == "before"]
    means = before.groupby("participant_id")[name].mean()
    rows = study.table[study.table["participant_id"] == "sub-07"]
    first = standings(found, rows)[0]
    expected = percentileofscore(means, means["sub-07"], kind="mean")
    assert float(first.percentile) == pytest.approx(expected, abs=0.5)
    assert first.n == 40
    assert first.others.count("M") == MOST_TICKS
    assert first.own.count("M") == 1
    assert first.values == tuple(f"{v:.3f}" for v in rows[name])


def test_what_does_not_vary_has_no_percentile() -> None:
    study = example_study()
    table = study.table.assign(within_default_mode__as_supplied=0.5)
    [found] = spreads(type(study)(table, study.columns, study.missing)).values()
    alike = standings(found, table[table["participant_id"] == "sub-01"])[0]
    assert alike.percentile == "all alike"


def test_fewer_than_ten_people_have_no_percentile() -> None:
    for n, said in ((FEWEST_PEOPLE - 1, "too few"), (FEWEST_PEOPLE, "5")):
        study = example_study(n)
        name = "within_default_mode__as_supplied"
        lowest = (
            study.table.query("condition == 'before'").set_index("participant_id")[name].idxmin()
        )
        [found] = spreads(study).values()
        first = standings(found, study.table[study.table["participant_id"] == lowest])[0]
        assert (first.n, first.percentile) == (n, said)


def test_who_has_no_run_of_the_compared_session_has_no_percentile() -> None:
    study = example_study()
    table = study.table.query("participant_id != 'sub-01' or condition == 'after'")
    found = spreads(type(study)(table, study.columns, study.missing))
    [measures] = found.values()
    first = standings(measures, table[table["participant_id"] == "sub-01"])[0]
    assert (first.percentile, first.mean, first.n, first.own) == ("no such run", "n/a", 11, "")
    assert compared_words(found) == "condition before"


def test_no_text_of_a_data_set_becomes_an_element_or_an_attribute() -> None:
    def elements(texts: Sequence[str]) -> list[tuple[str, list[str]]]:
        built = build_participant_page(person_of(texts))
        said = [(tag, sorted(a)) for tag, a in Elements(built).found]
        return [one for one in said if one[0] != "wbr"]

    harmless = [f"{'h' * len(text)}{i}" for i, text in enumerate(PAYLOADS)]
    assert elements([f"{text}{i}" for i, text in enumerate(PAYLOADS)]) == elements(harmless)


def test_an_address_is_relative_and_says_nothing_else() -> None:
    for payload in PAYLOADS:
        said = address(payload)
        assert re.fullmatch(r"\./[A-Za-z0-9._~%-]+\.html", said)
        assert unquote(said) == f"./{payload}.html"


def test_the_neighbours_of_each_page() -> None:
    around = links_between(["a", "b"])
    assert around == {"a": Links("", "./b.html"), "b": Links("./a.html", "")}
