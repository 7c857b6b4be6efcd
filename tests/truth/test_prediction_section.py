"""The section on prediction: figures of a cohort beside simpler models, and of nobody by name."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from defaultmode.cli import main
from defaultmode.pipeline.folder import Folder
from defaultmode.pipeline.report_prediction import prediction_found
from defaultmode.report import build_page
from defaultmode.report.prediction_section import fill_prediction
from report_example import example_page

PLAIN = SimpleNamespace(claims=SimpleNamespace(table=pd.DataFrame({"stamp": ["exploratory"]})))
BLIND = SimpleNamespace(claims=SimpleNamespace(table=pd.DataFrame({"stamp": ["blinded"]})))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Folder:
    root = tmp_path_factory.mktemp("prediction")
    rng = np.random.default_rng(0)
    people, ratings = ["participant_id\tage"], ["participant_id\tsession_id\tMADRS"]
    for i in range(40):
        people.append(f"sub-X{i:02d}\t{rng.integers(20, 60)}")
        first = rng.integers(25, 40)
        last = round(first * (0.3 if i % 2 else 0.8))
        ratings += [f"sub-X{i:02d}\tses-pre\t{first}", f"sub-X{i:02d}\tses-post\t{last}"]
    names = []
    for name, lines in (("participants.tsv", people), ("madrs.tsv", ratings)):
        (root / name).write_text("\n".join(lines) + "\n")
        names.append(str(root / name))
    quick = ["--permutations", "4", "--repeats", "1", "--nprocs", "1", "--quiet"]
    asked = ["--outcome", "MADRS", "--rule", "response"]
    assert main(["predict", str(root / "out"), "--table", *names, *quick, *asked]) == 0
    return Folder(root / "out")


@pytest.fixture(scope="module")
def page(folder):
    return example_page(prediction=prediction_found(folder, PLAIN))


def test_no_prediction_no_section(tmp_path):
    assert fill_prediction(example_page()) is None
    assert prediction_found(Folder(tmp_path), PLAIN) is None


def test_a_blinded_study_shows_nothing_of_true_labels(folder):
    assert prediction_found(folder, BLIND) is None


def test_every_figure_of_every_model_is_listed(page):
    here = fill_prediction(page)
    frame = page.prediction.figures
    assert len(here["figures"].rows) + len(here["gains"].rows) == len(frame)
    auc = frame[(frame["model"] == "clinical") & (frame["metric"] == "AUC")].iloc[0]
    row = next(r for r in here["figures"].rows if [c.text for c in r[:2]] == ["clinical", "AUC"])
    assert row[2].text == f"{auc['value']:.3f} ({auc['ci_low']:.3f} to {auc['ci_high']:.3f})"
    assert "the study has no measure at baseline" in {r[-1].text for r in here["figures"].rows}


def test_groups_hold_ten_people_and_more(page):
    assert page.prediction.calibration["n"].min() >= 10
    assert "(n = 10)" in str(fill_prediction(page)["drawing"].picture)


def test_too_few_participants_are_said_to_be(page):
    assert "There are too few." in fill_prediction(page)["size"]


def test_all_items_of_tripod(page):
    here = fill_prediction(page)
    assert len(here["tripod"].rows) == 27
    assert 0 < here["to_write"] < 27


def test_nobody_is_named(page):
    html = build_page(page)
    assert 'id="prediction"' in html
    assert "sub-X" not in html
