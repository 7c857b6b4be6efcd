"""The folder in which the commands of a page are run: small data sets under the names that pages use."""

import shutil
from pathlib import Path

import numpy as np

import made_datasets as made
from docs_blocks import ROOT

PLAN = 'primary = "C7"\nclaims = ["C7"]\n'
PEOPLE = {f"{i:02d}": "patient" if i % 2 else "control" for i in range(1, 9)}
FEW = ("--measures", "within_default_mode", "default_mode_task_positive", "--surrogates", "0")
ONE = ("--nprocs", "1", "--quiet")
# What makes a command short, or gives it the clinical tables that its page takes for granted.
QUICK = {
    "measure": (*FEW, *ONE),
    "study": ("--plan", "quick.toml", *ONE),
    "predict": (
        *("--table", "participants.tsv", "madrs.tsv", "--permutations", "4", "--repeats", "1"),
        *ONE,
    ),
    "edges": ("--permutations", "99", *ONE),
    "simulate": ("--dry-run", "--quiet"),
    "trial": ("--dry-run", "--quiet"),
    "verify": ("--quiet",),
}
IN_PLACE_OF = {
    "virtual": "tables",
    "virtual-trial": "tables",
}  # data sets that a dry run leaves out
# What a page takes for granted, in the words that would have been typed.
BEFORE = {
    "docs/edges.md": ("measure tables OUT",),
    "docs/account_page.md": ("measure tables results", "study results"),
}


def make_folder(folder: Path) -> Path:
    """An fMRIPrep folder of one person, tables of eight, and clinical tables of forty."""
    made.volumes(folder / "derivatives" / "fmriprep")
    made.describe(folder / "raw")
    made.write(folder / "raw" / "participants.tsv", "participant_id\tage\nsub-01\t30\n")
    made.tables(folder / "tables", PEOPLE)
    shutil.copytree(folder / "tables", folder / "DATA")
    shutil.copytree(ROOT / "examples", folder / "examples")
    for name in ("plan.toml", "quick.toml"):
        made.write(folder / name, PLAN)
    write_clinical_tables(folder)
    return folder


def write_clinical_tables(folder: Path) -> None:
    """Forty people with age, sex and MADRS before and a day after; every other one responds."""
    rng = np.random.default_rng(0)
    people, ratings = ["participant_id\tage\tsex"], ["participant_id\tsession_id\tMADRS\tresponder"]
    for i in range(40):
        people.append(f"sub-{i:02d}\t{rng.integers(20, 60)}\t{'FM'[rng.integers(2)]}")
        first, share, said = rng.integers(25, 40), *((0.3, "yes") if i % 2 else (0.8, "no"))
        ratings.append(f"sub-{i:02d}\tses-pre\t{first}\tn/a")
        ratings.append(f"sub-{i:02d}\tses-day1\t{round(first * share)}\t{said}")
    made.write(folder / "participants.tsv", "\n".join(people) + "\n")
    made.write(folder / "madrs.tsv", "\n".join(ratings) + "\n")


def shortened(words: tuple[str, ...]) -> list[str]:
    """The words of a command after `defaultmode`, with what makes it short unless it says so."""
    verb, *rest = words
    if verb == "measure":
        rest = [IN_PLACE_OF.get(word, word) for word in rest]
    given = QUICK.get(verb, ())
    return [verb, *rest, *(ONE if given and given[0] in rest else given)]
