"""Texts that would run if they were read as code: none does, from any field, on any page."""

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
        participant_id=cast, session_id=cast, run_id=cast, group=cast, **dict.fromkeys(payloads, cast)
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
