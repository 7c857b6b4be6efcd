"""What is written can be read back, and means are over people."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from defaultmode.outputs import mean_fisher_z, slug
from defaultmode.outputs.text import cell, matrix, number, table


def write_matrix(path: Path, r: float) -> Path:
    values = np.array([[1.0, r], [r, 1.0]])
    path.write_text(matrix(["a", "b"], values, index=["a", "b"]), encoding="utf-8")
    return path


def test_mean_is_over_the_runs_of_a_person_and_then_over_people(tmp_path: Path) -> None:
    z = [0.2, 0.6, 1.0]
    paths = [write_matrix(tmp_path / f"{i}.tsv", math.tanh(v)) for i, v in enumerate(z)]
    mean = mean_fisher_z({"sub-1": paths[:2], "sub-2": paths[2:]})
    assert mean[0, 1] == pytest.approx((0.4 + 1.0) / 2, abs=1e-8)
    assert np.isnan(np.diag(mean)).all()


def test_what_somebody_lacks_is_the_mean_of_the_others(tmp_path: Path) -> None:
    paths = [write_matrix(tmp_path / f"{i}.tsv", r) for i, r in enumerate((0.5, np.nan))]
    mean = mean_fisher_z({"sub-1": paths[:1], "sub-2": paths[1:]})
    assert mean[0, 1] == pytest.approx(math.atanh(0.5), abs=1e-8)


def test_one_signal_twice_is_no_correlation(tmp_path: Path) -> None:
    assert np.isnan(mean_fisher_z({"sub-1": [write_matrix(tmp_path / "a.tsv", 1.0)]})).all()


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_number_is_read_back_to_nine_digits(value: float) -> None:
    text = number(value)
    if math.isfinite(value):
        assert float(text) == pytest.approx(value, rel=1e-8, abs=0)
    else:
        assert text == "n/a"


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=30))
def test_a_text_never_breaks_its_row(text: str) -> None:
    lines = table(("a", "b"), [(text, 1.5)]).split("\n")
    assert len(lines) == 3
    assert lines[1].count("\t") == 1
    assert cell("") == cell(None) == "n/a"


def test_a_preset_becomes_part_of_a_column_name() -> None:
    assert slug("24P+aCompCor+GSR") == "24p_acompcor_gsr"
    assert slug("as-supplied") == "as_supplied"
