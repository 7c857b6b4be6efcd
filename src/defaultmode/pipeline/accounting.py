"""The account, claim by claim: a page of its own, alone or beside what a study found."""

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
from defaultmode.running import write_text
from defaultmode.sources.bids import dataset_description

TABLE, REPORT = "claims.tsv", "report.html"


def account_text(table: pd.DataFrame, warning: str = "") -> str:
    """The page that `study` writes beside its report.

    table : as claims.tsv holds it; warning : stands above all else, empty for none
    """
    return account_page(Own(table, REPORT, banners(table, warning)))


def write_account(page: Path, study: Path | None = None) -> None:
    """Write the page, with the verdicts of a study's folder where one is given.

    Raises E101 where the folder has no claims.tsv, E408 where that is not a table of verdicts, and
    E206 where its dataset_description.json is broken.
    """
    write_text(page, account_page(None if study is None else own_of(study, page)))


def own_of(study: Path, page: Path) -> Own:
    """What the folder of a study says of the claims; raises E101, E206 and E408."""
    table = read_verdicts(study / TABLE)
    report = study / REPORT
    address = quote(Path(relpath(report, page.parent)).as_posix()) if report.is_file() else ""
    warning = WARNING if is_virtual(dataset_description(study)) else ""
    return Own(table, address, banners(table, warning))


def banners(table: pd.DataFrame, warning: str) -> tuple[str, ...]:
    """What must be read first: that people are simulated, or their labels permuted."""
    blinded = Standing(BLINDED).sentence if BLINDED in set(table["stamp"]) else ""
    return tuple(filter(None, (warning, blinded)))


def read_verdicts(path: Path) -> pd.DataFrame:
    """The rows of claims.tsv, numbers as numbers; raises E101 and E408."""
    if not path.is_file():
        msg = f"there is no {path}; `defaultmode study` writes it."
        raise DefaultModeError("E101", msg)
    try:
        raw = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False, na_values=[])
        texts = raw.replace("n/a", "")[list(COLUMNS)]
        return texts.assign(**{name: pd.to_numeric(texts[name]) for name in NUMBERS})
    except (KeyError, ValueError) as problem:
        msg = f"{path} is not a table of verdicts: {problem}."
        raise DefaultModeError("E408", msg) from problem
