"""The tidy table of effects, its false discovery rate and what it says in a sentence."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from defaultmode.core.study import Column, Study
from defaultmode.statistics.block import Block
from defaultmode.statistics.contrasts import Contrast
from defaultmode.statistics.effects import CONFIDENCE, false_discovery

EFFECT_COLUMNS = (
    "atlas", "outcome", "measure", "denoise", "kind", "factor", "contrast", "n", "n_reference",
    "mean", "mean_reference", "difference", "statistic", "value", "ci_low", "ci_high", "p", "p_fdr",
    "second", "second_value", "unit", "reason",
)  # fmt: skip
FDR = 0.05
MOTION = "framewise_displacement_mean"
FDR_FAMILY = (
    "the p values of one kind (group, paired, interaction, correlation) under the same denoising "
    "preset: all outcomes, all atlases, pooled and simple effects alike, head motion apart"
)
_COUNTS, _TEXTS = ("n", "n_reference"), (
    "atlas", "outcome", "measure", "denoise", "kind", "factor", "contrast", "statistic", "second",
    "unit", "reason",
)  # fmt: skip


def is_motion(column: Column) -> bool:
    """Whether a column holds the mean framewise displacement of the run."""
    named = column.measure == MOTION or column.name.startswith(MOTION)
    return named and column.kind == "number"


def effect_rows(study: Study, block: Block, contrast: Contrast) -> pd.DataFrame:
    """One row for each outcome of the block, columns EFFECT_COLUMNS less p_fdr."""
    columns = [study.columns[o] for o in block.outcomes]
    e = contrast.effects
    return pd.DataFrame(
        {
            "atlas": block.atlas,
            "outcome": list(block.outcomes),
            "measure": [c.measure for c in columns],
            "denoise": [c.denoise for c in columns],
            "kind": contrast.kind,
            "factor": contrast.factor,
            "contrast": contrast.text + (f" [task {block.task}]" if block.task else ""),
            "n": e.n,
            "n_reference": e.n_reference,
            "mean": e.mean,
            "mean_reference": e.mean_reference,
            "difference": e.difference,
            "statistic": contrast.statistic,
            "value": e.value,
            "ci_low": e.ci_low,
            "ci_high": e.ci_high,
            "p": e.p,
            "second": contrast.second[0] if contrast.second else "",
            "second_value": contrast.second[1] if contrast.second else np.nan,
            "unit": ["" if contrast.kind == "correlation" else c.unit for c in columns],
            "reason": e.reason,
        }
    )


def effect_table(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """All rows in the order they come, with p_fdr: one family for each preset and kind."""
    if not parts:
        return _typed(pd.DataFrame(columns=list(EFFECT_COLUMNS)))
    table = pd.concat(parts, ignore_index=True)
    family = [table["denoise"], table["kind"], table["measure"] == MOTION]
    table["p_fdr"] = table.groupby(family)["p"].transform(false_discovery)
    return _typed(table[list(EFFECT_COLUMNS)])


def counts(table: pd.DataFrame) -> str:
    """How many intervals there are, and how many exclude zero before and after FDR, in words."""
    table = table[table["measure"] != MOTION]  # head motion is quality, not an outcome
    computed = table["reason"] == ""
    # both, because the interval of g assumes equal variances and its p value does not
    clear = (
        computed & ((table["ci_low"] > 0) | (table["ci_high"] < 0)) & (table["p"] < 1 - CONFIDENCE)
    )
    remaining = clear & (table["p_fdr"] <= FDR)
    interactions = table["kind"] == "interaction"
    of_which = f", {int((remaining & interactions).sum())} of them interactions"
    missing = len(table) - int(computed.sum())
    absent = f" ({missing} more have no value, each with its reason)" if missing else ""
    return (
        f"{int(clear.sum())} of {int(computed.sum())} intervals (95 %) exclude zero at p < .05"
        f"{absent}; "
        f"{int(remaining.sum())} remain at a false discovery rate of {FDR * 100:g} %"
        f"{of_which if interactions.any() else ''}"
    )


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    kinds = {
        name: "object" if name in _TEXTS else "int64" if name in _COUNTS else "float64"
        for name in EFFECT_COLUMNS
    }
    return table.astype(kinds)
