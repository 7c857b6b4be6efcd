"""Any connectome or map is read back as it was written; any other text is read or refused."""

import contextlib
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from defaultmode.core.errors import DefaultModeError
from defaultmode.sources.connectomes import read_connectome, read_map

NAME = st.text(st.characters(codec="utf-8", exclude_characters='\t\r\n\0"\ufeff'), min_size=1)
FINITE = st.floats(min_value=0, exclude_min=True, allow_infinity=False)


@st.composite
def named(draw, values):
    names = draw(st.lists(NAME, min_size=2, max_size=6, unique=True))
    rows, columns = (draw(st.permutations(range(len(names)))) for _ in range(2))
    numbers = draw(st.lists(values, min_size=len(names) ** 2, max_size=len(names) ** 2))
    matrix = np.array(numbers).reshape(len(names), len(names))
    np.fill_diagonal(matrix, 0)
    return names, matrix, rows, columns


def written(folder, lines):
    path = Path(folder) / "own.tsv"
    path.write_bytes("".join("\t".join(line) + "\n" for line in lines).encode("utf-8"))
    return path


@settings(deadline=None)
@given(named(FINITE))
def test_connectomes(case):
    names, matrix, rows, columns = case
    lines = [["region", *(names[j] for j in columns)]]
    lines += [[names[i], *(repr(float(matrix[i, j])) for j in columns)] for i in rows]
    with tempfile.TemporaryDirectory() as folder:
        found = read_connectome(written(folder, lines))
    assert found.regions == tuple(names[i] for i in rows)
    np.testing.assert_array_equal(found.weights, matrix[np.ix_(rows, rows)])


@settings(deadline=None)
@given(named(st.floats(allow_nan=False, allow_infinity=False)))
def test_maps(case):
    names, matrix, rows, _ = case
    lines = [["region", "value"], *([names[i], repr(float(matrix[0, i]))] for i in rows)]
    with tempfile.TemporaryDirectory() as folder:
        found = read_map(written(folder, lines), names)
    np.testing.assert_array_equal(found, matrix[0])


@settings(deadline=None)
@given(st.text("ab01n/a.e-\t\n ,", max_size=40))
def test_any_text_is_read_or_refused(text):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "own.tsv"
        path.write_text(text, encoding="utf-8")
        with contextlib.suppress(DefaultModeError):
            assert np.isfinite(read_connectome(path).weights).all()
        with contextlib.suppress(DefaultModeError):
            assert np.isfinite(read_connectome(path, regions=("a", "b")).weights).all()
        with contextlib.suppress(DefaultModeError):
            assert np.isfinite(read_map(path, ("a", "b"))).all()
