"""What `predict` left in a folder, for its report: figures of a cohort, and of nobody by name."""

import json

import pandas as pd

from defaultmode.pipeline.folder import Folder
from defaultmode.pipeline.freezing import BLINDED
from defaultmode.pipeline.ledger import Ledger
from defaultmode.report.section_nouns import PredictionFound

FIGURES, ABOUT = "prediction.tsv", "prediction.json"


def prediction_found(folder: Folder, book: Ledger) -> PredictionFound | None:
    """The prediction in a folder; None where there is none, or where the study is blinded.

    book : says how the study stands to its plan; a prediction is of true labels, which it hides
    """
    blinded = (book.claims.table["stamp"] == BLINDED).any()
    if blinded or not (folder.path / FIGURES).is_file():
        return None
    names = (FIGURES, "calibration.tsv", "decision_curve.tsv", "tripod_ai.tsv")
    tables = (
        pd.read_csv(folder.path / name, sep="\t", keep_default_na=False, na_values=["n/a"])
        for name in names
    )
    about = json.loads((folder.path / ABOUT).read_text("utf-8"))
    return PredictionFound(about, *tables)
