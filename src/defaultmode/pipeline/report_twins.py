"""The twins of a folder for its report."""

import json
from collections.abc import Mapping

import pandas as pd

from defaultmode.core.study import KEYS
from defaultmode.pipeline.folder import Folder
from defaultmode.report.section_nouns import TwinsFound

TABLE, DICTIONARY = "twins.tsv", "twins.json"
PARAMETERS = "_desc-twin_parameters.tsv"


def twins_found(folder: Folder) -> TwinsFound | None:
    """The twins in a folder of results; None where there are none."""
    if not (folder.path / TABLE).is_file():
        return None
    text = dict.fromkeys((*KEYS, "status", "reason", "group"), str)
    table = pd.read_csv(folder.path / TABLE, sep="\t", na_values=["n/a"], dtype=text)
    said = json.loads((folder.path / DICTIONARY).read_text("utf-8"))
    meaning = {name: str(about["Description"]) for name, about in said.items()}
    return TwinsFound(table, meaning, _parameters(folder))


def _parameters(folder: Folder) -> pd.DataFrame:
    """The published numbers of every twin, one below the other, each with the keys of its run."""
    tables = []
    for manifest in folder.twins():
        row = manifest.outcome["row"]
        for file in manifest.files:
            if isinstance(row, Mapping) and file.name.endswith(PARAMETERS):
                found = pd.read_csv(folder.path / file.name, sep="\t", na_values=["n/a"])
                keys = {key: row.get(key) for key in (*KEYS, "status")}
                tables.append(found.assign(**keys))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
