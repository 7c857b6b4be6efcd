"""Texts that would run if they were read as code: none does, from any field, on any page."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from defaultmode.cli import main
from defaultmode.core.result import Result
from defaultmode.core.study import Column, Study
from defaultmode.report import Page, Used, build_page
from injections import PAYLOADS
from made_datasets import tables, write
from report_example import example_effects, example_facts, example_study

EACH = 8  # levels of a factor that a page still draws


def harmless(found) -> bool:
    """Whether nothing ran, asked or spoke; a moment is left for what fires late."""
    found.page.wait_for_timeout(150)
    ran = found.page.evaluate("() => typeof window.INJECTED !== 'undefined' && window.INJECTED")
    return found.quiet and ran is False


def hostile(payloads: tuple[str, ...]) -> Page:
    """A page in which every field that a file can name is one of these texts."""
    first = payloads[0]
    study = example_study(len(payloads))
    cast = study.table["participant_id"].map(
        dict(zip(pd.unique(study.table["participant_id"]), payloads, strict=True))
    )
    columns = dict(study.columns)
    columns |= {p: Column(p, "clinical", "text", sentence=p, unit=p, source=p) for p in payloads}
    frame = study.table.assign(
        participant_id=cast,
        session_id=cast,
        run_id=cast,
        group=cast,
        **dict.fromkeys(payloads, cast),
    )
    missing = study.missing.assign(participant_id=first, what=first, reason=first, code=first)
    used = tuple(Used(p, p, (p,)) for p in payloads)
    rows = example_effects(study).table
    turned = np.resize(np.array(payloads, dtype=object), len(rows))
    rows = rows.assign(contrast=turned, factor=turned, reason=turned, unit=turned)
    return Page(
        title=first,
        study=Study(frame, columns, missing),
        results=tuple(Result(rows, p, (p,), notes=(p,)) for p in payloads[:2]),
        notes=payloads,
        highlights=payloads,
        warning=first,
        facts=example_facts()
        | {
            "presets": used,
            "measures": used,
            "inputs": payloads,
            "before": payloads,
            "states": payloads,
            "command": first,
            "software": {p: p for p in payloads},
            "hashes": {p: p for p in payloads},
        },
    )


@pytest.mark.parametrize("first", range(0, len(PAYLOADS), EACH))
def test_no_text_of_a_study_runs_on_its_page(opened, tmp_path, first):
    payloads = PAYLOADS[first : first + EACH]
    path = write(tmp_path / "report.html", build_page(hostile(payloads)))
    found = opened(path)
    assert harmless(found), (found.said, found.asked, found.dialogs)
    text = found.page.evaluate("() => document.body.textContent")
    assert all(" ".join(p.split()) in " ".join(text.split()) for p in payloads)


def of_cells(text: str) -> str:
    """A text as a table can hold it."""
    return " ".join(text.split())


def table_text(rows: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter="\t", lineterminator="\n").writerows(rows)
    return out.getvalue()


@pytest.fixture(scope="module")
def studied(tmp_path_factory) -> Path:
    """A data set in which tables, sidecars and file names are hostile, measured and studied."""
    raw, out = tmp_path_factory.mktemp("raw"), tmp_path_factory.mktemp("results") / "out"
    texts = list({of_cells(p).casefold(): of_cells(p) for p in PAYLOADS}.values())
    people = {f"{i:02d}": texts[i % 2] for i in range(12)}
    tables(raw, people)
    for i, path in enumerate(sorted(raw.rglob("sub-*.json"))):
        sidecar = json.loads(path.read_text("utf-8"))
        named = {"Description": PAYLOADS[i], "TaskName": PAYLOADS[i + 12]}
        write(path, json.dumps(sidecar | {p: p for p in PAYLOADS} | named))
    rows = [["participant_id", "group", "site", *texts]]
    for i, (person, group) in enumerate(people.items()):
        cells = [texts[(i + j) % len(texts)] for j in range(len(texts))]
        rows.append([f"sub-{person}", group, texts[i % 3 + 2], *cells])
    write(raw / "participants.tsv", table_text(rows))
    said = {t: {"Description": t, "Units": t, "Levels": {t: t}} for t in texts}
    write(raw / "participants.json", json.dumps(said))
    for text in (t for t in texts if "/" not in t and len(t.encode()) < 150):
        scores = [["participant_id", f"{text} score"], ["sub-01", "3"], ["sub-02", "4"]]
        write(raw / "phenotype" / f"{text}.tsv", table_text(scores))
    few = ("within_default_mode", "default_mode_task_positive")
    where = [str(raw), str(out), "--bids-dir", str(raw), "--quiet"]
    assert main(["measure", *where, "--measures", *few]) == 0
    assert main(["study", str(out), "--quiet"]) == 0
    return out


def test_no_text_of_a_data_set_runs_on_any_page(opened, studied):
    pages = sorted(studied.rglob("*.html"))
    assert "report.html" in {p.name for p in pages}
    for path in pages:
        found = opened(path)
        assert harmless(found), (path.name, found.said, found.asked, found.dialogs)
        found.page.close()
