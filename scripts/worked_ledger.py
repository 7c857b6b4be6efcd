"""Runs the three worked examples of docs/worked_ledger.md and writes their numbers into it.

    python scripts/worked_ledger.py depression|psilocybin|ketamine|all DATA WORK

DATA is the folder that holds `mdd_destrieux164`, `psilocybin_aal90` and `openneuro_tables`; WORK is
any folder for results. Their sources and licences are named in the document. Each example is one
call of this script: measure, where there are recordings, and study.
"""

import re
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from defaultmode.cli import main
from defaultmode.report.verdicts import over_atlases

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "worked_ledger.md"
PLAN = ROOT / "examples" / "plans" / "ketamine_crossover.toml"


def depression(data: Path, work: Path) -> str:
    """48 people with depression and 49 controls."""
    return recorded(data / "mdd_destrieux164", work / "depression")


def psilocybin(data: Path, work: Path) -> str:
    """Nine people under psilocybin and placebo."""
    return recorded(data / "psilocybin_aal90", work / "psilocybin")


def recorded(source: Path, out: Path) -> str:
    """Measure and study a data set of recordings."""
    words = ["--bids-dir", str(source), "--quiet"]
    run("measure", source, out, *words)
    run("study", out, "--quiet")
    return claims(out) + stand_ins(out)


def ketamine(data: Path, work: Path) -> str:
    """The ratings of a crossover of ketamine and placebo."""
    source, out = work / "ketamine_tables", work / "ketamine"
    tables = data / "openneuro_tables"
    (source / "phenotype").mkdir(parents=True, exist_ok=True)
    for name, place in (
        ("participants.tsv", "participants.tsv"),
        ("participants.json", "participants.json"),
        ("phenotype.tsv", "phenotype/phenotype.tsv"),
        ("dataset_description.json", "dataset_description.json"),
    ):
        shutil.copy(tables / f"ds005917_{name}", source / place)
    run("study", out, "--bids-dir", source, "--plan", PLAN, "--quiet")
    return claims(out) + course(out) + carried(out)


def run(*words: object) -> None:
    """One command of the package; 4 says that something needs a person's eyes."""
    code = main([str(word) for word in words])
    if code not in (0, 4):
        sys.exit(code)


def claims(out: Path) -> str:
    """The verdicts, and the numbers of what could be tested."""
    table, whole = read(out, "claims"), read(out, "specifications")
    words = table.groupby("claim")["verdict_over_presets"].agg(over_atlases).value_counts()
    said = ", ".join(f"{n} {word}" for word, n in words.items())
    head = f"Of {table['claim'].nunique()} claims: {said}.\n"
    known = table["estimate"].notna()
    tested = table[known & (table["verdict_over_presets"] != "not testable")]
    others = whole["decides"] & whole["estimate"].notna() & ~whole["claim"].isin(tested["claim"])
    verdicts = markdown(
        "claim | preset | effect [95 %] | p | corrected | Bayes factor | n | alone | over presets",
        (
            f"{r.claim} {r.title} | {r.denoise} | {effect(r)} | {r.p:.2g} | {r.p_corrected:.2g} | "
            f"{r.bayes_factor:.2g} | {people(r)} | {r.verdict} | {r.verdict_over_presets}"
            for r in tested.itertuples()
        ),
    )
    parts = markdown(
        "claim, test | preset | effect [95 %] | p | n | by itself",
        (
            f"{r.claim} {r.test} | {r.denoise} | {effect(r)} | {r.p:.2g} | {people(r)} | "
            f"{r.verdict}"
            for r in whole[others].itertuples()
        ),
        title="Single tests of claims that cannot be tested as a whole:",
    )
    return head + verdicts + parts


def stand_ins(out: Path) -> str:
    """Another drug under claims that are about ketamine."""
    whole = read(out, "specifications")
    keep = whole["treatment"].notna() & whole["estimate"].notna()
    return markdown(
        "claim, test | drug | preset | effect [95 %] | p | n",
        (
            f"{r.claim} {r.test} | {r.treatment} | {r.denoise} | {effect(r)} | {r.p:.2g} | "
            f"{people(r)}"
            for r in whole[keep & (whole["adjustment"] == "none")].itertuples()
        ),
        title="Another drug in the place of ketamine, which says nothing of the claim:",
    )


def course(out: Path) -> str:
    """Change, response and remission at every visit."""
    table = read(out, "clinical_course")
    rows = table[(table["column"] == "MADRS_Total") & (table["group"] == "patients")]
    return markdown(
        "visit | n (missing) | change in MADRS [95 %] | response [Wilson 95 %] | remission",
        (
            f"{r.treatment}, day {r.days:g} | {r.n} ({r.n_missing}) | {r.change_mean:.1f} "
            f"[{r.change_ci_low:.1f}, {r.change_ci_high:.1f}] | "
            f"{r.n_response} of {r.n_response_of}, {r.share_response:.0%} "
            f"[{r.share_response_ci_low:.0%}, {r.share_response_ci_high:.0%}] | "
            f"{r.n_remission} of {r.n_remission_of}"
            for r in rows.itertuples()
        ),
    )


def carried(out: Path) -> str:
    """Whether the first period still shows in the second."""
    table = read(out, "carry_over")
    rows = table[(table["column"] == "MADRS_Total") & table["difference"].notna()]
    return markdown(
        "test | day | difference, points [95 %] | p | n",
        (
            f"{r.what}: {r.treatment}{'' if pd.isna(r.reference) else f' − {r.reference}'} | "
            f"{'' if pd.isna(r.days) else f'{r.days:g}'} | "
            f"{r.difference:.1f} [{r.ci_low:.1f}, {r.ci_high:.1f}] | {r.p:.2g} | {people(r)}"
            for r in rows.itertuples()
        ),
    )


def read(out: Path, name: str) -> pd.DataFrame:
    """One of the study's tables; only `n/a` is missing in it."""
    return pd.read_csv(out / f"{name}.tsv", sep="\t", na_values=["n/a"], keep_default_na=False)


def markdown(head: str, rows: Iterable[str], *, title: str = "") -> str:
    """A table, or nothing where it has no rows."""
    lines = [f"| {row} |" for row in rows]
    if not lines:
        return ""
    rule = "|" + "---|" * (head.count("|") + 1)
    return "\n".join(["", *([title, ""] if title else []), f"| {head} |", rule, *lines, ""])


def effect(row: object) -> str:
    """An estimate with its interval."""
    r: dict[str, object] = row._asdict()  # type: ignore[attr-defined]  # a row of itertuples
    return f"{r['statistic']} {r['estimate']:.2f} [{r['ci_low']:.2f}, {r['ci_high']:.2f}]"


def people(row: object) -> str:
    """How many people, of both groups where there are two."""
    r: dict[str, object] = row._asdict()  # type: ignore[attr-defined]  # a row of itertuples
    return f"{r['n']:g}" + (f" and {r['n_reference']:g}" if r["n_reference"] else "")


EXAMPLES = {"depression": depression, "psilocybin": psilocybin, "ketamine": ketamine}


def write(name: str, text: str) -> None:
    """Put an example's numbers between its marks in the document."""
    document = DOCUMENT.read_text("utf-8")
    marks = rf"(<!-- {name} -->\n).*?(<!-- end {name} -->)"
    DOCUMENT.write_text(re.sub(marks, lambda m: m[1] + text + m[2], document, flags=re.DOTALL))


if __name__ == "__main__":
    wanted, data_folder, work_folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    for example in EXAMPLES if wanted == "all" else [wanted]:
        write(example, EXAMPLES[example](data_folder, work_folder))
