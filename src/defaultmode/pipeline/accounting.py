"""The account, claim by claim: a page of its own, alone or beside what a study found."""

from collections.abc import Sequence
from os.path import relpath
from pathlib import Path
from urllib.parse import quote

import pandas as pd

from defaultmode.core.errors import DefaultModeError
from defaultmode.outputs.virtual import is_virtual
from defaultmode.pipeline.freezing import BLINDED, Standing
from defaultmode.pipeline.virtual_sources import WARNING
from defaultmode.report.account_own import COLUMNS, NUMBERS, Own
from defaultmode.report.account_page import account_page
from defaultmode.running import refuse_foreign, write_text
from defaultmode.sources.bids import dataset_description

REPORT = "report.html"


def account_text(claims: pd.DataFrame, specifications: pd.DataFrame, warning: str = "") -> str:
    """The page that `study` writes beside its report.

    claims, specifications : as claims.tsv and specifications.tsv hold them
    warning : stands above all else, empty for none
    """
    return account_page(Own(claims, REPORT, carded(specifications), banners(claims, warning)))


def write_account(page: Path, study: Path | None = None) -> None:
    """Write the page, with the verdicts of a study's folder where one is given.

    Raises E101 where the folder has no claims.tsv or specifications.tsv, E408 where they are no
    tables of verdicts, E206 where its dataset_description.json is broken, and E601, E602 or E603
    where the page cannot be written.
    """
    refuse_foreign(page)
    write_text(page, account_page(None if study is None else own_of(study, page)))


def own_of(study: Path, page: Path) -> Own:
    """What the folder of a study says of the claims; raises E101, E206 and E408."""
    claims = read_table(study / "claims.tsv", COLUMNS)
    specifications = read_table(study / "specifications.tsv", ("claim", "treatment", "estimate"))
    report = study / REPORT
    address = quote(Path(relpath(report, page.parent)).as_posix()) if report.is_file() else ""
    warning = WARNING if is_virtual(dataset_description(study)) else ""
    return Own(claims, address, carded(specifications), banners(claims, warning))


def carded(specifications: pd.DataFrame) -> frozenset[str]:
    """The claims that have a card in the report: those with an effect of their own treatment."""
    own = (specifications["treatment"] == "") & specifications["estimate"].notna()
    return frozenset(specifications.loc[own, "claim"].astype(str))


def banners(table: pd.DataFrame, warning: str) -> tuple[str, ...]:
    """What must be read first: that people are simulated, or their labels permuted."""
    blinded = Standing(BLINDED).sentence if BLINDED in set(table["stamp"]) else ""
    return tuple(filter(None, (warning, blinded)))


def read_table(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Columns of a table of verdicts, numbers as numbers; raises E101 and E408."""
    if not path.is_file():
        msg = f"there is no {path}; `defaultmode study` writes it."
        raise DefaultModeError("E101", msg)
    try:
        raw = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False, na_values=[])
        texts = raw.replace("n/a", "")[list(columns)]
        numbers = [name for name in NUMBERS if name in columns]
        return texts.assign(**{name: pd.to_numeric(texts[name]) for name in numbers})
    except (KeyError, ValueError) as problem:
        msg = f"{path} is not a table of verdicts: {problem}."
        raise DefaultModeError("E408", msg) from problem
