"""The files of a study, and the runs of a folder gathered into its table."""

import json
import re
import tomllib
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from defaultmode.core.result import Result
from defaultmode.core.study import BEYOND, KEYS, MISSING_COLUMNS, TOGETHER, Column, Study
from defaultmode.outputs.run import MEASURES, STATE_MEASURES
from defaultmode.outputs.text import MISSING, as_json, table
from defaultmode.outputs.twins import TWIN_MEASURES

PREMISE_BROKEN = "E304"
KEY_SENTENCES = {
    "participant_id": "Participant.",
    "session_id": "Session.",
    "task_id": "Task.",
    "acquisition_id": "Acquisition.",
    "direction_id": "Phase-encoding direction.",
    "run_id": "Run.",
    "atlas": "Atlas whose regions were measured.",
}
ALL = "every measure"


def slug(denoise: str) -> str:
    """Name of a preset as part of a column name: lower case, letters, digits and underscores."""
    return re.sub(r"[^0-9a-z]+", "_", denoise.lower()).strip("_")


def gather(folder: Path, paths: Sequence[str], sentences: Mapping[str, Mapping[str, str]]) -> Study:
    """One row for each run whose tables of measures lie at these paths.

    sentences : measure → {"sentence", "role", "asked"} for the data dictionary; a measure that is
        `asked` for by an event table or a flag is left out where no run has what it needs
    """
    runs = [_run(folder / path) for path in sorted(paths)]
    idle = _idle([measured for _, measured in runs], sentences)
    rows, columns, missing = [], _key_columns(), []
    tested: dict[str, list[bool]] = {}
    for description, whole in runs:
        measured = whole[~whole["measure"].isin(idle)]
        row = _keys(description)
        without = _without_global_signal(description)
        for record in measured.to_dict("records"):
            column = replace(
                _column(record, sentences), global_signal_removed=record["denoise"] in without
            )
            row[column.name] = _number(record["value"])
            columns.setdefault(column.name, column)
            if record["surrogate_p"] != MISSING:
                beyond = _beyond(column)
                row[beyond.name] = _number(record["beyond_surrogates"])
                columns.setdefault(beyond.name, beyond)
                tested.setdefault(column.name, []).append(record["note"] == MISSING)
        missing += _missing(description, measured)
        rows.append(row)
    columns |= {name: replace(columns[name], note=_tested(t)) for name, t in tested.items()}
    frame = pd.DataFrame(rows, columns=list(columns))
    return Study(frame, columns, pd.DataFrame(missing, columns=list(MISSING_COLUMNS)))


def _idle(tables: Sequence[pd.DataFrame], sentences: Mapping[str, Mapping[str, str]]) -> set[str]:
    """The measures that somebody must ask for, by events or a flag, and nobody did."""
    asked = {name for name, about in sentences.items() if about.get("asked")}
    tried = {m for t in tables for m in t.loc[t["code"] != PREMISE_BROKEN, "measure"]}
    return asked - tried


def _run(path: Path) -> tuple[dict[str, object], pd.DataFrame]:
    """What a run is, and its measures."""
    description = json.loads(path.with_suffix(".json").read_text("utf-8"))
    return description, _measured(path)


def _measured(path: Path) -> pd.DataFrame:
    """The run's table of measures, and below it those of its states and of its twin."""
    more = [path.with_name(path.name.replace(MEASURES, n)) for n in (STATE_MEASURES, TWIN_MEASURES)]
    tables = [
        pd.read_csv(found, sep="\t", dtype=str, keep_default_na=False, na_values=[])
        for found in (path, *more)
        if found.is_file()
    ]
    return pd.concat(tables, ignore_index=True)


def _number(text: str) -> float:
    return np.nan if text == MISSING else float(text)


def _beyond(column: Column) -> Column:
    """The column of how far a measure lies beyond the mean of its surrogates."""
    sentence = f"{column.sentence.removesuffix('.')}, beyond the mean of its surrogates."
    name = f"{column.measure}{BEYOND}"
    whole = f"{name}__{slug(column.denoise)}"
    return replace(column, name=whole, measure=name, role="surrogate", sentence=sentence)


def _tested(differs: Sequence[bool]) -> str:
    """How many runs differ from their surrogates, in words."""
    return f"differs from its surrogates in {sum(differs)} of {len(differs)} runs (p ≤ 0.05 each)"


def _key_columns() -> dict[str, Column]:
    return {key: Column(key, "key", "text", sentence=KEY_SENTENCES[key]) for key in KEYS}


def _keys(description: Mapping[str, object]) -> dict[str, object]:
    entities = description["entities"]
    if not isinstance(entities, Mapping):
        entities = {}
    session = str(entities.get("session", ""))
    return {
        "participant_id": f"sub-{entities.get('participant', '')}",
        "session_id": f"ses-{session}" if session else "n/a",
        "task_id": entities.get("task") or "n/a",
        "acquisition_id": entities.get("acquisition") or "n/a",
        "direction_id": entities.get("direction") or "n/a",
        "run_id": entities.get("run") or "n/a",
        "atlas": description["atlas"],
    }


def _column(record: Mapping[Hashable, str], sentences: Mapping[str, Mapping[str, str]]) -> Column:
    about = sentences.get(record["measure"], {})
    return Column(
        f"{record['measure']}__{slug(record['denoise'])}",
        "quality" if about.get("role") == "quality" else "measure",
        "number",
        unit=record["unit"],
        sentence=about.get("sentence", ""),
        source="defaultmode",
        measure=record["measure"],
        denoise=record["denoise"],
    )


def _without_global_signal(description: Mapping[str, object]) -> set[str]:
    """The presets under which the global signal was removed from this run."""
    done = _denoising(description).items()
    return {name for name, d in done if d.get("processing", {}).get("global_signal_removed")}


def _denoising(description: Mapping[str, object]) -> Mapping[str, Any]:
    """What was done to the run under each preset."""
    denoising = description.get("Denoising", {})
    return denoising if isinstance(denoising, Mapping) else {}


def _missing(description: Mapping[str, object], measured: pd.DataFrame) -> list[dict[str, object]]:
    """What this run lacks: under each preset one row for a reason, whatever lacks for it."""
    keys = _keys(description)
    base = {k: keys[k] for k in ("participant_id", "session_id", "task_id", "run_id", "atlas")}

    def row(what: str, denoise: object, code: object, reason: object) -> dict[str, object]:
        return base | {"what": what, "denoise": denoise, "code": code, "reason": reason}

    absent = description.get("RegionsAbsent", {})
    rows = [
        row(f"region {region}", "n/a", code, reason)
        for region, (code, reason) in (absent.items() if isinstance(absent, Mapping) else ())
    ]
    rows += [
        row(f"region {region}", denoise, code, reason)
        for denoise, done in _denoising(description).items()
        for region, (code, reason) in done.get("regions_absent", {}).items()
        if not isinstance(absent, Mapping) or region not in absent
    ]
    for denoise, part in measured.groupby("denoise", sort=False):
        lost = part[part["value"] == "n/a"]
        if len(part) > 1 and len(lost) == len(part) and lost["reason"].nunique() == 1:
            lost = lost.head(1).assign(measure=ALL)
        rows += [
            row(TOGETHER.join(alike["measure"]), denoise, code, reason)
            for (code, reason), alike in lost.groupby(["code", "reason"], sort=False)
        ]
    return rows


def _dictionary(study: Study) -> dict[str, object]:
    """The data dictionary as a BIDS sidecar: column → what it holds."""
    described: dict[str, object] = {}
    for c in study.columns.values():
        entry = {
            "Description": c.sentence,
            "Units": c.unit,
            "Role": c.role,
            "Type": c.kind,
            "Level": c.level,
            "Source": c.source,
            "Measure": c.measure,
            "Denoising": c.denoise,
            "Scale": c.scale,
            "Construct": c.construct,
            "Note": c.note,
            "TypeDeclared": c.declared,
            "GlobalSignalRemoved": c.global_signal_removed if c.measure else "",
            "Levels": dict(c.levels),
        }
        described[c.name] = {k: v for k, v in entry.items() if v not in ("", {})}
    return described


def result_file(result: Result) -> str:
    """The table of a result as text."""
    return table(list(result.table.columns), result.table.itertuples(index=False, name=None))


def ledger_dictionary(result: Result) -> str:
    """The data dictionary of a table of the ledger, as JSON text."""
    text = files(__package__).joinpath("schema", "ledger.toml").read_text("utf-8")
    sentences = tomllib.loads(text)
    return as_json({name: {"Description": sentences[name]} for name in result.table.columns})


def study_files(study: Study, results: Sequence[Result]) -> dict[str, str]:
    """study.tsv, study.json, missing.tsv and effects.tsv, as path → text."""
    frame = study.table
    effects = [r.table for r in results if len(r.table)]
    texts = {
        "study.tsv": table(list(frame.columns), frame.itertuples(index=False, name=None)),
        "study.json": as_json(_dictionary(study)),
        "missing.tsv": table(
            MISSING_COLUMNS, study.missing[list(MISSING_COLUMNS)].itertuples(index=False, name=None)
        ),
    }
    if results:
        together = pd.concat(effects, ignore_index=True) if effects else results[0].table
        texts["effects.tsv"] = table(
            list(together.columns), together.itertuples(index=False, name=None)
        )
    return texts
