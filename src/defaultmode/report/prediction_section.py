"""The section on prediction: how well a cohort's outcome was told, and of nobody by name."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from defaultmode.figures import Bins, Decisions, calibration_curve
from defaultmode.report.drawings import Drawing, drawing
from defaultmode.report.nouns import Page
from defaultmode.report.section import Filled
from defaultmode.report.section_nouns import PredictionFound
from defaultmode.report.tables import without_empty
from defaultmode.report.writing import (
    Cell,
    Table,
    counted,
    figure,
    listed,
    shown,
    shown_count,
    shown_p,
    word,
)

NULL_MODELS = ("prevalence", "mean")  # which know nothing of a person
MOST_CURVES = 3
AUTHOR = "author must write"


def fill_prediction(page: Page) -> Filled | None:
    """How well an outcome of the cohort was told by its baseline; None where nobody asked."""
    found = page.prediction
    if found is None:
        return None
    about = found.about
    return {
        "outcome": about["Outcome"],
        "sentence": about["Sentence"],
        "notes": _strings(about["Notes"]),
        "size": _size(about["SampleSize"]),
        "validation": about["Validation"],
        "predictors": _predictors(about),
        "figures": _figures(found.figures),
        "gains": _gains(found.figures),
        "drawing": _drawing(found),
        "curves": _curves(found),
        "tripod": _tripod(found.tripod),
        "to_write": int(found.tripod["known"].str.contains(AUTHOR).sum()),
        "cites": _strings(about["Sources"]),
    }


def _strings(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list | tuple) else []


def _size(about: object) -> str:
    """Whether there are enough participants, in words."""
    if not isinstance(about, Mapping):
        return ""
    n, needed = about["n"], about["needed"]
    said = f"{n} participants; a model of as many predictors that others could use needs {needed}"
    return f"{said}. There are too few." if n < needed else f"{said}."


def _predictors(about: Mapping[str, object]) -> list[str]:
    """How many columns of each kind, with their names where they are few."""
    blocks = about["Predictors"]
    known = blocks if isinstance(blocks, Mapping) else {}
    return [
        f"{block} ({counted(len(names), 'column')}): {listed(names, 8)}"
        for block, names in known.items()
        if names
    ]


def _figures(frame: pd.DataFrame) -> Table:
    """Every figure of every model by itself, with its interval."""
    own = frame[frame["baseline"].isna()]
    return _table(
        "prediction-figures", "How well each model does in people it was not taught by", own
    )


def _gains(frame: pd.DataFrame) -> Table | None:
    """What the model has more than simpler ones, in the same folds."""
    gained = frame[frame["baseline"].notna()]
    if gained.empty:
        return None
    return _table(
        "prediction-gains", "What a model adds to a simpler one, in the same folds", gained
    )


def _table(name: str, caption: str, frame: pd.DataFrame) -> Table:
    against = frame["baseline"].notna().any()
    p_name = "p" if against else "p_permuted"
    head = ("Model", *(("Less",) if against else ()), "Figure", "Value with 95 % interval")
    rows = [
        (
            word(row["model"]),
            *((word(row["baseline"]),) if against else ()),
            word(row["metric"]),
            figure(row["value"], _with_interval(row)),
            figure(row[p_name], shown_p(row[p_name])),
            figure(row["n"], shown_count(row["n"])),
            word("" if pd.isna(row["reason"]) else row["reason"]),
        )
        for row in frame.to_dict("records")
    ]
    heads = (*head, "p" if against else "p by permutation", "n", "Why there is no value")
    kept_heads, kept = without_empty(heads, rows)
    return Table(name, caption, kept_heads, tuple(kept), frame, file="prediction.tsv")


def _with_interval(row: Mapping[object, object]) -> str:
    if pd.isna(row["ci_low"]):  # type: ignore[call-overload]
        return shown(row["value"])
    return f"{shown(row['value'])} ({shown(row['ci_low'])} to {shown(row['ci_high'])})"


def _drawing(found: PredictionFound) -> Drawing | None:
    """Calibration and net benefit of the models that know something; None for a number."""
    if found.calibration.empty:
        return None
    models = [m for m in pd.unique(found.calibration["model"]) if m not in NULL_MODELS][
        :MOST_CURVES
    ]
    bins = [_bins(m, found.calibration[found.calibration["model"] == m]) for m in models]
    curves = found.decision_curve
    benefits = [
        Decisions(m, *_columns(curves[curves["model"] == m], "threshold", "net_benefit"))
        for m in models
    ]
    any_model = curves[curves["model"] == pd.unique(curves["model"])[0]]
    rules = [
        Decisions(said, *_columns(any_model, "threshold", name))
        for said, name in (("treat all", "treat_all"), ("treat none", "treat_none"))
    ]
    picture = calibration_curve(bins, [*benefits, *rules], title="Calibration and net benefit")
    said = "; ".join(f"{one.model}: {_said(one)}" for one in bins)
    caption = (
        "Left: each mark is a group of people with like probabilities, never one person; bars are "
        "95 % intervals, and on the dashed line predictions come true. Right: the net benefit of "
        "acting above each threshold; a model is of use where it lies above both plain rules."
    )
    frame = found.calibration
    alt = f"Calibration, predicted to observed. {said}."
    return drawing("calibration", picture, frame, alt=alt, caption=caption)


def _curves(found: PredictionFound) -> list[Table]:
    """The numbers of both figures; empty for a prediction of a number."""
    said = {
        "calibration-groups": ("Groups of people by predicted probability", found.calibration),
        "net-benefit": ("Net benefit of acting above each threshold", found.decision_curve),
    }
    return [
        Table(
            name,
            caption,
            tuple(str(c).replace("_", " ") for c in frame.columns),
            tuple(tuple(_cell(v) for v in row) for row in frame.itertuples(index=False, name=None)),
            frame,
        )
        for name, (caption, frame) in said.items()
        if len(frame)
    ]


def _cell(value: object) -> Cell:
    return word(value) if isinstance(value, str) else figure(value, _short(value))


def _short(value: object) -> str:
    return str(value) if isinstance(value, int) else shown(value)


def _columns(frame: pd.DataFrame, *names: str) -> list[np.ndarray]:
    return [frame[name].to_numpy(np.float64) for name in names]


def _bins(model: str, frame: pd.DataFrame) -> Bins:
    predicted, observed, low, high = _columns(frame, "predicted", "observed", "ci_low", "ci_high")
    return Bins(model, frame["n"].to_numpy(np.intp), predicted, observed, low, high)


def _said(one: Bins) -> str:
    pairs: Sequence[tuple[float, float, int]] = list(
        zip(one.predicted, one.observed, one.n, strict=True)
    )
    return ", ".join(f"{shown(p, 2)} to {shown(o, 2)} (n = {n})" for p, o, n in pairs)


def _tripod(frame: pd.DataFrame) -> Table:
    """The items of TRIPOD+AI, and what is known of each."""
    rows = [
        (figure(row["item"], str(row["item"])), *(word(row[k]) for k in ("where", "asks", "known")))
        for row in frame.to_dict("records")
    ]
    head = ("Item", "Where", "What it asks for", "What is known")
    caption = "TRIPOD+AI, item by item"
    return Table("tripod", caption, head, tuple(rows), frame, file="tripod_ai.tsv")
