"""The claim that response can be predicted, read from what `predict` found in this folder."""

import json
from math import isfinite

import pandas as pd

from defaultmode.core.result import Estimate
from defaultmode.pipeline.claim_columns import Case
from defaultmode.statistics.question import untestable

MEASURES = "measures"  # the model of that name, not its rivals
CONSTRUCTS = ("depression", "response")
NOT_RUN = "run `defaultmode predict OUT --outcome COLUMN` first; the ledger reads what it found"


def predicted(case: Case) -> Estimate:
    """Area under the curve of the measures, out of fold, with the p of its permutation test."""
    out = case.ground.out
    if out is None or not (out / "prediction.tsv").is_file():
        raise untestable(NOT_RUN)
    asked = json.loads((out / "prediction.json").read_text("utf-8"))["Settings"]
    for name, here in (("denoise", case.denoise), ("atlas", case.atlas)):
        if asked[name] not in {"", here}:
            raise untestable(f"the prediction was made in {asked[name]}")
    if case.question.treatment not in case.cells.occasions.treatments:
        raise untestable(f"the study has no {case.question.treatment} to respond to")
    column = case.ground.study.columns.get(asked["outcome"])
    of_mood = asked["outcome"] == "depression" or (column and column.construct in CONSTRUCTS)
    if not (asked["rule"] or of_mood):
        raise untestable(f"what was predicted, {asked['outcome']}, is not response to a treatment")
    table = pd.read_csv(out / "prediction.tsv", sep="\t", na_values=["n/a"])
    own = (table["model"] == MEASURES) & table["baseline"].isna()
    rows = table[own & (table["metric"] == "AUC")]
    if not len(rows) or not isfinite(rows.iloc[0]["value"]):
        raise untestable("the prediction has no area under the curve of measures")
    row = rows.iloc[0]
    return Estimate(
        "AUC",
        value=float(row["value"]),
        ci_low=float(row["ci_low"]),
        ci_high=float(row["ci_high"]),
        se=float(row["ci_high"] - row["ci_low"]) / 3.92,
        p=min(1.0, 2 * float(row["p_permuted"])),  # that of `predict` asks for more than chance
        p_permuted=float(row["p_permuted"]),
        n=int(row["n"]),
        raw=float(row["value"]),
        how=f"out of fold, {row['model']}",
    )
