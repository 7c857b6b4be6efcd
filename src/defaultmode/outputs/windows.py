"""The files of the windows along a run, and those of all runs as one table."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from defaultmode.core.exposure import Exposure
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Recording
from defaultmode.core.scales import scale_of
from defaultmode.outputs.text import MISSING, as_json, table

ENDING = "_desc-defaultmode_windows"
HEADER = (
    *("denoise", "window", "start_s", "end_s", "time_since_dose_s", "phase", "usable_s"),
    *("drug", "concentration", "effect_site_concentration", "concentration_unit", "modelled"),
)
RUN_HEADER = ("participant_id", "session_id", "task_id", "run_id", "atlas")
RATING = "rating_"
ERROR = "_se"
Row = Mapping[str, object]
SAID = {
    "denoise": ("Denoising preset.", ""),
    "window": ("Number of the window in the run, from 1.", ""),
    "start_s": ("Start after the first volume.", "s"),
    "end_s": ("End after the first volume.", "s"),
    "time_since_dose_s": ("Middle of the window after the start of the first dose.", "s"),
    "phase": ("Before, during or after the doses, or across a start or the last end.", ""),
    "usable_s": ("Uncensored signal in the window.", "s"),
    "drug": ("What was given.", ""),
    "concentration": ("Concentration in plasma in the middle of the window.", ""),
    "effect_site_concentration": ("At the effect site, where the kinetics have one.", ""),
    "concentration_unit": ("Unit of the concentrations.", ""),
    "modelled": ("true: from kinetics, not measured; false: from plasma samples.", ""),
}
# A rating that is no known scale is of the construct that its name holds.
CONSTRUCTS = ("dissociation", "intensity", "anxiety")


def windows_files(
    base: str,
    rows: Sequence[Row],
    recording: Recording,
    *,
    units: Mapping[str, str],
    reasons: Mapping[str, str],
) -> dict[str, str]:
    """The windows of one run and what they hold, as path → text.

    base : path of the run's files; rows : one per preset and window, the columns of HEADER, then
    quantities and ratings; units : quantity → unit; reasons : preset → why it has no windows
    """
    header = _header(rows)
    described = {name: _entry(name, units) for name in header} | {
        "Run": _run(recording),
        "Exposure": _exposure(recording.exposure),
        "NoWindows": dict(reasons),
        "RatingRule": "mean of the ratings given within the window; n/a where there was none",
        "ErrorRule": "delete-a-group jackknife over six blocks of the window",
    }
    cells = ([row.get(name) for name in header] for row in rows)
    return {f"{base}{ENDING}.tsv": table(header, cells), f"{base}{ENDING}.json": as_json(described)}


def gathered_windows(folder: Path, tables: Sequence[str]) -> dict[str, str]:
    """windows.tsv and windows.json of the runs whose tables lie at these paths below a folder."""
    rows: list[dict[str, object]] = []
    described: dict[str, object] = {}
    for name in sorted(tables):
        path = folder / name
        said = json.loads(path.with_suffix(".json").read_text("utf-8"))
        with path.open(encoding="utf-8", newline="") as stream:
            found = csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
            rows += [{**said["Run"], **row} for row in found]
        described |= {k: v for k, v in said.items() if k[0].islower()}
    if not rows:
        return {}
    header = (*RUN_HEADER, *_header(rows))
    cells = ([row.get(name, MISSING) for name in header] for row in rows)
    return {"windows.tsv": table(header, cells), "windows.json": as_json(described)}


def construct_of(rating: str) -> str:
    """What a rating within a scan measures, "" where its name does not say."""
    scale = scale_of(rating)
    if scale is not None:
        return scale.construct
    return next((c for c in CONSTRUCTS if c in rating.lower()), "")


def _header(rows: Sequence[Row]) -> tuple[str, ...]:
    others = {name for row in rows for name in row} - {*HEADER, *RUN_HEADER}
    return (*HEADER, *sorted(others))


def _entry(name: str, units: Mapping[str, str]) -> dict[str, str]:
    if name.startswith(RATING):
        rated = name.removeprefix(RATING)
        return {"Description": f"Rating: {rated}.", "Construct": construct_of(rated)}
    if name in SAID:
        description, unit = SAID[name]
        return {"Description": description, "Units": unit}
    quantity = name.removesuffix(ERROR)
    what = "Standard error of" if name.endswith(ERROR) else "In the window:"
    return {"Description": f"{what} {quantity}.", "Units": units[quantity]}


def _run(recording: Recording) -> dict[str, str]:
    entities = recording.entities
    return {
        "participant_id": f"sub-{entities.participant}",
        "session_id": f"ses-{entities.session}" if entities.session else MISSING,
        "task_id": entities.task or MISSING,
        "run_id": entities.run or MISSING,
        "atlas": recording.atlas.name,
    }


def _exposure(exposure: Exposure | None) -> dict[str, object]:
    if exposure is None:
        return {}
    lacking = exposure.plasma.reason if isinstance(exposure.plasma, Missing) else ""
    return {
        "drug": exposure.drug,
        "given_s": [list(span) for span in exposure.given_s],
        "unit": exposure.unit,
        "modelled": exposure.modelled,
        "nominal": exposure.nominal,
        "source": exposure.source,
        "missing": lacking,
    }
