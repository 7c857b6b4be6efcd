"""Fits twins to the people with depression and the controls, and writes docs/worked_twins.md.

    python scripts/worked_twins.py DATA WORK

DATA is the folder that holds `mdd_destrieux164` (its source and licence stand in the document);
WORK is any folder for results. About half an hour on two cores; what is fitted already is kept.
"""

import sys
import time
from pathlib import Path

import pandas as pd

from defaultmode.cli import main

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "worked_twins.md"
HEAD = """# Worked example: twins in depression

Written by `scripts/worked_twins.py`; no number here was typed. The data are those of Li et al. 2021
(GitHub Guoshi-Li/MNMI_MDD): 48 people with major depression and 49 controls, 180 volumes of 2 s,
Destrieux-164, already band-passed 0.01–0.08 Hz, with the mean connectome of 14 other people. There
is no age, sex, site or motion, so nothing is adjusted for. They may not be redistributed and are
not part of the package.

```bash
{commands}
```
Without plausible others (`--draws 0`), which would take four times as long: columns hold the fitted
brains' values, which err more than means over plausible brains do.

"""
NUMBERS = {
    "fitted_r": "whole run, fitted",
    "held_out_r": "second half, from the first",
    "ceiling_r": "first half against second",
    "noiseless_ceiling_r": "root of that",
    "group_average_r": "mean of all others' first halves",
    "structure_only_r": "connectome alone",
}


def run(*words: object) -> None:
    """One command of the package; 4 says that something needs a person's eyes."""
    code = main([str(word) for word in words])
    if code not in {0, 4}:
        raise SystemExit(f"{words[0]} ended with {code}")


def read(path: Path) -> pd.DataFrame:
    """A table as text."""
    return pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)


def belief(out: Path, groups: pd.Series) -> str:
    """How well twins show what they were not fitted to, by group."""
    table = read(out / "twins.tsv")
    group = table["participant_id"].map(groups)
    lines = ["## How far they can be believed", "", "| correlation of connectivity, mean (sd) | "]
    names = sorted(set(group))
    lines[-1] += " | ".join(f"{n} (n = {(group == n).sum()})" for n in names) + " |"
    lines.append("|---" * (len(names) + 1) + "|")
    for column, words in NUMBERS.items():
        values = pd.to_numeric(table[column], errors="coerce")
        cells = [f"{values[group == n].mean():.3f} ({values[group == n].std():.3f})" for n in names]
        lines.append(f"| {words} | " + " | ".join(cells) + " |")
    status = pd.crosstab(table["status"], group).sort_index()
    lines += ["", "| twins | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    lines += [
        f"| {s} | " + " | ".join(str(status.loc[s, n]) for n in names) + " |" for s in status.index
    ]
    return "\n".join(lines) + "\n"


def contrasts(out: Path) -> str:
    """Every twin column compared between the groups, as the study compares any measure."""
    effects = read(out / "effects.tsv")
    rows = effects[effects["outcome"].str.startswith("twin_") & (effects["kind"] == "group")]
    lines = ["## Groups compared", ""]
    lines.append("| column | contrast | n | Hedges g | 95 % | p | q |")
    lines.append("|---|---|---|---|---|---|---|")
    for row in rows.itertuples():
        n = f"{row.n} + {row.n_reference}"
        lines.append(
            f"| {row.outcome} | {row.contrast} | {n} | {float(row.value):.2f} | "
            f"{float(row.ci_low):.2f} to {float(row.ci_high):.2f} | {float(row.p):.3f} | "
            f"{float(row.p_fdr):.2f} |"
        )
    found = pd.to_numeric(rows["p_fdr"], errors="coerce") < 0.05
    said = ", ".join(rows.loc[found, "outcome"]) or "none"
    lines += ["", f"Below 5 % false discovery rate over all columns of the study: {said}."]
    return "\n".join(lines) + "\n"


def write(data: Path, work: Path) -> None:
    """Fit, measure, study, and write what came out."""
    source, out = data / "mdd_destrieux164", work / "twins"
    weights = source / "connectome_Destrieux164.tsv"
    began = time.monotonic()
    run(
        "fit", source, out, "--bids-dir", source, "--connectome", weights, "--draws", "0", "--quiet"
    )
    few = ("--measures", "within_default_mode", "--surrogates", "0", "--denoise", "as-supplied")
    run("measure", source, out, "--bids-dir", source, "--connectome", weights, *few, "--quiet")
    run("study", out, "--quiet")
    groups = read(source / "participants.tsv").set_index("participant_id")["group"]
    commands = "\n".join(
        [
            f"defaultmode fit     DATA OUT --bids-dir DATA --draws 0 --connectome {weights.name}",
            f"defaultmode measure DATA OUT --bids-dir DATA {' '.join(few)}",
            "defaultmode study   OUT",
        ]
    )
    text = HEAD.format(commands=commands) + belief(out, groups) + "\n" + contrasts(out)
    DOCUMENT.write_text(text, encoding="utf-8")
    print(f"{DOCUMENT.name} written after {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]))
