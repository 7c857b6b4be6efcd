"""The states of a study as text and back, and how each run was scored by them."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.reference import States
from defaultmode.outputs.read_back import FinishedRun
from defaultmode.outputs.run import STATE_MEASURES, Variant, label_of, measures_table
from defaultmode.outputs.text import DIGITS, as_json, table

Labels = Mapping[str, NDArray[np.intp]]  # method → (n_time,), −1 in censored frames


def states_path(atlas_label: str, denoise: str) -> str:
    """Path of the states of one atlas and preset, relative to the output folder."""
    return f"states/atlas-{label_of(atlas_label)}_desc-{label_of(denoise)}_states.json"


def states_text(states: Mapping[str, States], about: Mapping[str, object]) -> str:
    """The states by method, and what they were learnt from, as JSON at published precision."""
    return as_json({"about": dict(about), "states": {m: _plain(s) for m, s in states.items()}})


def read_states(path: Path) -> tuple[dict[str, States], dict[str, Any]]:
    """States by method and what was said about them; raises E101, E206."""
    try:
        raw = json.loads(path.read_text("utf-8"))
        return {m: _states(m, entry) for m, entry in raw["states"].items()}, dict(raw["about"])
    except OSError as problem:
        raise DefaultModeError("E101", f"{path}: {problem.strerror}.") from problem
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        msg = f"{path} is not the file of states that this version writes; learn them again."
        raise DefaultModeError("E206", msg) from problem


def labels_path(run: FinishedRun, denoise: str) -> Path:
    """Where the states of a run in time lie, if it was scored."""
    return run.base.with_name(f"{run.base.name}_desc-{label_of(denoise)}_states.tsv")


def scored_files(
    run: FinishedRun,
    variants: Mapping[str, Variant],
    units: Mapping[str, str],
    labels: Mapping[str, Labels],
) -> dict[str, str]:
    """The state measures of one run and its states in time: path beside the run's files → text.

    variants, labels : by preset
    """
    base = run.base.name
    files = {f"{base}{STATE_MEASURES}": measures_table(tuple(variants.values()), units)}
    sidecar = {"Sources": [f"{base}{STATE_MEASURES}"], "ScoredBy": sorted(variants)}
    files[f"{base}{STATE_MEASURES}".replace(".tsv", ".json")] = as_json(sidecar)
    for denoise, found in labels.items():
        if found:
            name = labels_path(run, denoise).stem
            columns = np.column_stack([found[m] for m in sorted(found)])
            rows = ([None if v < 0 else int(v) for v in row] for row in columns)
            files[f"{name}.tsv"] = table(sorted(found), rows)
            files[f"{name}.json"] = as_json({"Denoising": denoise, "Description": LABELS})
    return files


LABELS = (
    "state of every volume by each method, counted from 0; n/a where the volume is censored and, "
    "for leida, at either end of the run, where its phase is not known"
)


def _plain(states: States) -> dict[str, object]:
    return {
        "features": list(states.features),
        "centres": _rounded(states.centres),
        "default": states.default,
        "names": list(states.names),
        "more": {name: _rounded(values) for name, values in states.more.items()},
        "learnt_from": list(states.learnt_from),
        "tr_s": _rounded(np.array(states.tr_s)),
        "halves": [_plain(half) for half in states.halves],
        "stability": _rounded(np.array(states.stability)),
    }


def _rounded(values: NDArray[np.float64]) -> Any:
    """Nested lists at published precision; None where there is no number."""
    if values.ndim:
        return [_rounded(v) for v in values]
    number = float(values)
    return float(f"{number:.{DIGITS}g}") if math.isfinite(number) else None


def _states(method: str, raw: Mapping[str, Any]) -> States:
    return States(
        method=method,
        features=tuple(raw["features"]),
        centres=np.array(raw["centres"], dtype=np.float64),
        default=int(raw["default"]),
        names=tuple(raw["names"]),
        more={name: np.array(v, dtype=np.float64) for name, v in raw["more"].items()},
        learnt_from=tuple(raw["learnt_from"]),
        tr_s=_number(raw["tr_s"]),
        halves=tuple(_states(method, half) for half in raw["halves"]),
        stability=_number(raw["stability"]),
    )


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
