"""Which recordings a mean matrix of the report is made of."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from defaultmode.core.study import KEYS, Column, Study
from defaultmode.outputs import FinishedRun
from defaultmode.outputs.text import matrix
from defaultmode.pipeline.report_connectivity import sessions_connectivity
from defaultmode.report import Page
from defaultmode.statistics import Design, Factor

REGION = {"network": "N", "role": "default", "xyz_mm": None, "aliases": []}


def finished(folder: Path, person: str, session: str, run: str, z: float) -> FinishedRun:
    """A measured run of two regions whose Fisher z is given, under two presets."""
    base = folder / f"sub-{person}_ses-{session}_run-{run}"
    for name, more in (("assupplied", 0.0), ("assuppliedGSR", -0.1)):
        path = base.with_name(f"{base.name}_stat-pearsoncorrelation_desc-{name}_relmat.tsv")
        r = math.tanh(z + more)
        path.write_text(matrix(["a", "b"], np.array([[1.0, r], [r, 1.0]]), index=["a", "b"]))
        preset = "as-supplied" + ("+GSR" if more else "")
        path.with_suffix(".json").write_text(json.dumps({"Denoising": preset}))
    about = {
        "participant_id": f"sub-{person}",
        "entities": {"participant": person, "session": session, "task": "rest", "run": run},
        "atlas": "two",
        "Regions": [REGION | {"name": n} for n in "ab"],
        "AtlasLabel": "Two",
        "AtlasSentence": "",
        "AtlasCites": [],
    }
    return FinishedRun(base, about)


def page(rows: list[tuple[str, str, str, str]]) -> Page:
    """A study of such runs: participant, session, run, arm."""
    keys = dict.fromkeys(KEYS, "n/a") | {"task_id": "rest", "atlas": "two"}
    table = [
        keys | {"participant_id": f"sub-{p}", "session_id": f"ses-{s}", "run_id": r}
        | {"arm": arm, "m": 1.0}
        for p, s, r, arm in rows
    ]  # fmt: skip
    columns = {k: Column(k, "key", "text") for k in KEYS}
    columns["arm"] = Column("arm", "design", "text", "participant")
    columns["m"] = Column("m", "measure", "number", measure="m", denoise="as-supplied")
    return Page("t", Study(pd.DataFrame(table, columns=list(columns)), columns))


def test_a_mean_is_over_the_people_of_one_group_in_one_session(tmp_path):
    values = {
        ("1", "post", "1", "ketamine"): 0.2,
        ("1", "post", "2", "ketamine"): 0.4,
        ("2", "post", "1", "ketamine"): 0.9,
        ("1", "pre", "1", "ketamine"): 0.5,
        ("3", "pre", "1", "placebo"): 0.7,
        ("3", "post", "1", "placebo"): 0.8,
        ("4", "pre", "1", "n/a"): 3.0,  # in no group: counts in none
    }
    runs = [finished(tmp_path, p, s, r, z) for (p, s, r, _), z in values.items()]
    design = Design(
        between=(Factor("arm", "between", ("placebo", "ketamine")),),
        within=(Factor("session_id", "within", ("ses-pre", "ses-post")),),
    )
    found = sessions_connectivity(runs, page(list(values)), design)
    cells = [(m.denoise, m.group, m.session, m.n_people) for m in found]
    assert cells == [
        (preset, *cell)
        for preset in ("as-supplied", "as-supplied+GSR")
        for cell in (
            ("placebo", "pre", 1), ("placebo", "post", 1),
            ("ketamine", "pre", 1), ("ketamine", "post", 2),
        )
    ]  # fmt: skip
    z = [m.z[0, 1] for m in found]
    assert z[:4] == pytest.approx([0.7, 0.8, 0.5, (0.3 + 0.9) / 2], abs=1e-7)
    assert z[4:] == pytest.approx(np.array(z[:4]) - 0.1, abs=1e-7)


def test_without_groups_or_sessions_there_is_one_mean_of_everybody(tmp_path):
    rows = [(p, "1", "1", "all") for p in "123"]
    runs = [finished(tmp_path, p, s, r, float(p) / 10) for p, s, r, _ in rows]
    (first, _) = sessions_connectivity(runs, page(rows), Design())
    assert (first.group, first.session, first.n_people) == ("", "", 3)
    assert first.z[0, 1] == pytest.approx(0.2, abs=1e-7)
