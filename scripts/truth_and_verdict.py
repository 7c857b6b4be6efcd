"""Runs a small virtual trial and sets what the simulator knows beside what the ledger says.

    python scripts/truth_and_verdict.py WORK

WORK is any folder; a trial that is in it already is not simulated again. Writes
docs/truth_and_verdict.md. The trial is that of `demo`: 21 people, whatever comes out is printed.
"""

import sys
from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path

import pandas as pd

from defaultmode.cli import main

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "truth_and_verdict.md"
CLAIMS = ("C16", "C17", "C18", "C19", "C25", "C27", "C35")
TRUTHS = {
    "rate_default_hz": "firing rate of the default mode network, Hz",
    "mean_coupling_factor": "strength of long connections, factor",
    "mean_shared_noise_factor": "input common to all regions, factor",
}
SEED, COUPLING_EVERY_MS = "0", "1"
HEAD = """# What was so, and what the ledger said
Written by `python scripts/truth_and_verdict.py WORK`. A virtual trial of ketamine, midazolam and \
saline (7 people each, depressed, scans of 5 min before, during and a day after; seed 0) was \
simulated, measured and studied by three commands. The simulator knows what it did to each brain; \
the ledger sees the recordings. Nothing was tuned: the numbers are what came out. Seven people an \
arm are few, so that "inconclusive" is the verdict to expect; and the model's depression and drugs \
are hypotheses themselves, so that agreement says nothing of real brains.
"""


def run(*words: object) -> None:
    """One command of the package; 4 says that something needs a person's eyes."""
    code = main([str(word) for word in words])
    if code not in (0, 4):
        sys.exit(code)


def read(path: Path) -> pd.DataFrame:
    """A table; only `n/a` is missing in it."""
    return pd.read_csv(path, sep="\t", na_values=["n/a"], keep_default_na=False)


def truths(dataset: Path) -> Iterator[str]:
    """Mean change of each true quantity in each arm."""
    runs = read(dataset / "truth" / "runs.tsv")
    people = read(dataset / "truth" / "participants.tsv")[["participant_id", "arm"]]
    wide = runs.merge(people).pivot_table(
        index=["arm", "participant_id"], columns="session_id", values=list(TRUTHS)
    )
    yield "| true quantity | arm | before | change during | change a day after |"
    yield "|---|---|---|---|---|"
    for name, said in TRUTHS.items():
        each = wide[name]
        for arm, rows in each.groupby(level="arm"):
            before = rows["ses-baseline"]
            during, after = (rows[s] - before for s in ("ses-infusion", "ses-day1"))
            shown = [f"{c.mean():+.3f} (SD {c.std():.3f})" for c in (during, after)]
            yield f"| {said} | {arm} | {before.mean():.3f} | {shown[0]} | {shown[1]} |"


def verdicts(out: Path) -> Iterator[str]:
    """Every decisive test of the claims that the trial speaks to."""
    whole = read(out / "specifications.tsv")
    rows = whole[whole["claim"].isin(CLAIMS) & whole["decides"]]
    yield "| claim, test | outcome | preset | effect [95 %] | n | verdict by itself |"
    yield "|---|---|---|---|---|---|"
    for r in rows.itertuples():
        known = pd.notna(r.estimate)
        shown = f"{r.statistic} {r.estimate:.2f} [{r.ci_low:.2f}, {r.ci_high:.2f}]" if known else ""
        said = r.verdict if known else f"{r.verdict}: {r.reason}"
        outcome = r.outcome if pd.notna(r.outcome) else ""
        n = f"{r.n} and {r.n_reference}" if known else ""
        yield f"| {r.claim} {r.test} | {outcome} | {r.denoise} | {shown} | {n} | {said} |"


def compare(work: Path) -> None:
    """Simulate, measure, study, and write both tables."""
    dataset, out = work / "dataset", work / "results"
    if not (dataset / "truth").is_dir():
        with as_file(files("defaultmode.pipeline").joinpath("demo_trial.toml")) as trial:
            run("trial", trial, dataset, "--seed", SEED, "--coupling-every", COUPLING_EVERY_MS,
                "--quiet")  # fmt: skip
    run("measure", dataset, out, "--quiet")
    run("study", out, "--bids-dir", dataset, "--quiet")
    parts = [
        HEAD,
        "## What was so",
        *truths(dataset),
        "",
        "## What the ledger said",
        *verdicts(out),
    ]
    DOCUMENT.write_text("\n".join([*parts, ""]), encoding="utf-8")


if __name__ == "__main__":
    compare(Path(sys.argv[1]))
