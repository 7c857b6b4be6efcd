"""A connectome and a map of the user's own are read strictly and fitted to an atlas by name."""

import csv
from dataclasses import replace

import numpy as np
import pytest

from defaultmode.core.atlas import Atlas, Region
from defaultmode.core.connectome import Connectome
from defaultmode.core.errors import DefaultModeError
from defaultmode.sources.atlases import load_atlas
from defaultmode.sources.connectomes import (
    connectome_for,
    embedded_connectome,
    read_connectome,
    read_map,
    with_unit_strength,
)
from given import shared

ATLAS, CONNECTOME = load_atlas("schaefer100"), embedded_connectome()
NAMES = ("a", "b", "c")
WEIGHTS = np.array([[0, 1, 2], [3, 0, 4], [5, 6, 0.5]]) * [[1, 1, 1], [1, 1, 1], [1, 1, 0]]


def code_of(call, *arguments, **named):
    with pytest.raises(DefaultModeError) as raised:
        call(*arguments, **named)
    return raised.value.code, raised.value.detail


def square(names=NAMES, values=WEIGHTS, between="\t", corner="region", end="\n"):
    rows = [[name, *map("{:g}".format, row)] for name, row in zip(names, values, strict=True)]
    return "".join(between.join(row) + end for row in [[corner, *names], *rows])


@pytest.fixture
def write(tmp_path):
    def written(text, name="own.tsv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        return path

    return written


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (square(), "own.tsv"),
        (square(between=","), "own.csv"),
        (square(corner=""), "own.tsv"),
        ("\ufeff" + square(end="\r\n"), "own.tsv"),
        (square().rstrip("\n"), "own.tsv"),
    ],
    ids=["tab", "comma", "empty corner", "mark and CRLF", "no last line end"],
)
def test_a_named_square_is_read_as_it_stands(write, text, name):
    found = read_connectome(write(text, name))
    assert found.name == "own"
    assert found.regions == NAMES
    np.testing.assert_array_equal(found.weights, WEIGHTS)
    assert found.lengths_mm is None
    assert "not symmetric: a row receives from its columns" in found.sentence


def test_columns_in_another_order_are_put_right(write):
    order = [2, 0, 1]
    text = "\n".join(
        "\t".join([row[0], *(row[1:][i] for i in order)])
        for row in csv.reader(square().splitlines(), delimiter="\t")
    )
    found = read_connectome(write(text))
    assert found.regions == NAMES
    np.testing.assert_array_equal(found.weights, WEIGHTS)


def test_symmetry_is_said(write):
    assert read_connectome(write(square(values=WEIGHTS + WEIGHTS.T))).sentence.endswith(
        "symmetric."
    )


def test_a_bare_square_needs_names(write):
    path = write("\n".join("\t".join(map(str, row)) for row in WEIGHTS))
    assert read_connectome(path, regions=NAMES).regions == NAMES
    np.testing.assert_array_equal(read_connectome(path, regions=NAMES).weights, WEIGHTS)
    for regions, words in ((None, "without region names"), ("ab", "2 regions were named")):
        code, detail = code_of(read_connectome, path, regions=regions)
        assert code == "E501"
        assert words in detail
    assert code_of(read_connectome, path, regions=("a", "b", "b"))[0] == "E132"


def test_lengths_are_matched_by_name_and_needed_only_where_there_is_a_weight(write):
    weights = write(square(values=np.where(WEIGHTS == 4, 0, WEIGHTS)))
    lengths = write("region\tc\tb\ta\nc\t0\t60\t50\nb\tn/a\t0\t30\na\t20\t10\tn/a\n", "mm.tsv")
    found = read_connectome(weights, lengths)
    np.testing.assert_array_equal(found.lengths_mm, [[0, 10, 20], [30, 0, 0], [50, 60, 0]])


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (square().replace("\t4", "\tn/a"), "E501", "'b' ← 'c'"),
        (square().replace("\t4", "\tinf"), "E501", "'b' ← 'c'"),
        (square().replace("\t4", "\t-4"), "E502", "-4 at 'b' ← 'c'"),
        (square(values=WEIGHTS + np.eye(3)), "E501", "region 'a' to itself"),
        (square(values=WEIGHTS * [[1, 1, 0]]), "E503", "isolated: 'c'"),
        (square().replace("\t4", "\t4,0"), "E134", "row 'b', column 'c': '4,0'"),
        (square().replace("\t4", "\t"), "E134", "row 'b', column 'c': ''"),
        (square().replace("\nb\t", "\nB\t"), "E501", "1 missing ('b') and 1 not among them ('B')"),
        (square().replace("\nb\t", "\na\t"), "E132", "'a' twice"),
        (square(names=("a", "b", "b")), "E132", "'b' twice"),
        (square(names=("a", "", "c")), "E501", "region 2 has no name"),
        (square().replace("\t4", ""), "E130", "line 3, has 3 cells; the first has 4"),
        ("\n".join(square().splitlines()[:-1]), "E501", "1 missing ('c')"),
        ("region\n", "E501", "shape (0, 0)"),
        ("region\ta\na\t0\n", "E501", "shape (1, 1)"),
        ("", "E101", "is empty"),
        (square().encode("utf-16"), "E130", "NUL"),
        (b"region\t\xff\n\xff\t0\n", "E130", "not UTF-8"),
        (square().replace("\t", " "), "E501", "row names are not its column names"),
    ],
)
def test_bad_connectomes_are_refused(write, text, code, words):
    found = code_of(read_connectome, write(text))
    assert found[0] == code
    assert words in found[1]


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (square(names=("a", "b", "d")), "E501", "1 missing ('c') and 1 not among them ('d')"),
        (square().replace("\t4", "\tn/a"), "E501", "lengths_mm"),
        (square().replace("\t4", "\t0"), "E501", "'b' ← 'c' a length of 0 mm"),
        (square().replace("\t4", "\t-4"), "E502", "lengths_mm"),
    ],
)
def test_bad_lengths_are_refused(write, text, code, words):
    found = code_of(read_connectome, write(square()), write(text, "mm.tsv"))
    assert found[0] == code
    assert words in found[1]


def test_no_file_is_said(tmp_path):
    assert code_of(read_connectome, tmp_path / "none.tsv")[0] == "E101"
    assert code_of(read_map, tmp_path / "none.tsv", NAMES)[0] == "E101"


# --- fitting


def test_a_connectome_is_put_into_the_order_of_an_atlas():
    back = np.arange(99, -1, -1)
    shuffled = replace(
        CONNECTOME,
        regions=tuple(ATLAS.regions[i].aliases[1] for i in back),  # 17-network names
        weights=CONNECTOME.weights[np.ix_(back, back)],
        lengths_mm=CONNECTOME.lengths_mm[np.ix_(back, back)],
    )
    found = connectome_for(shuffled, ATLAS)
    assert found.regions == ATLAS.names
    np.testing.assert_array_equal(found.weights, CONNECTOME.weights)
    np.testing.assert_array_equal(found.lengths_mm, CONNECTOME.lengths_mm)


def test_a_connectome_is_put_into_the_order_of_ones_own_atlas():
    atlas = Atlas("mine", tuple(Region(name, "X") for name in "cab"))
    found = connectome_for(Connectome("own", NAMES, WEIGHTS), atlas)
    assert found.regions == ("c", "a", "b")
    np.testing.assert_array_equal(found.weights, WEIGHTS[np.ix_([2, 0, 1], [2, 0, 1])])
    assert found.lengths_mm is None


@pytest.mark.parametrize(
    "regions",
    [("a", "b", "d"), ("a", "b"), ("a", "b", "c", "d"), ("a", "b", "b"), ATLAS.names],
    ids=["another", "too few", "too many", "twice", "another atlas"],
)
def test_a_connectome_that_does_not_fit_is_refused(regions):
    ones = 1 - np.eye(len(regions))
    atlas = Atlas("mine", tuple(Region(name, "X") for name in NAMES))
    code, detail = code_of(connectome_for, Connectome("own", tuple(regions), ones), atlas)
    assert code == "E133"
    assert "connectome 'own' does not fit atlas 'mine'" in detail


def test_a_connectome_of_another_known_atlas_is_refused():
    code, detail = code_of(connectome_for, CONNECTOME, load_atlas("aal90"))
    assert code == "E133"
    assert "90 missing" in detail


def test_strength_is_one_on_average_and_nothing_else_changes():
    found = with_unit_strength(Connectome("own", NAMES, WEIGHTS, lengths_mm=WEIGHTS))
    assert found.weights.sum(axis=1).mean() == pytest.approx(1, abs=1e-15)
    np.testing.assert_allclose(found.weights * WEIGHTS.sum() / 3, WEIGHTS, rtol=1e-15)
    np.testing.assert_array_equal(found.lengths_mm, WEIGHTS)


# --- the user's own maps


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("region\tNMDA\nb\t2\nc\t-3.5\na\t1e0\n", ""),
        ("region\tNMDA\r\nb\t2\r\nc\t-3.5\r\na\t1\r\n", "NMDA"),
        ("region\tD1\tNMDA\na\t9\t1\nb\t9\t2\nc\tn/a\t-3.5\n", "NMDA"),
        ("1\n2\n-3.5\n", ""),
        ("9\t1\n9\t2\n9\t-3.5\n", "2"),
    ],
    ids=["named", "CRLF", "one of two", "bare", "bare, second"],
)
def test_a_map_is_read_in_the_order_of_the_regions(write, text, column):
    found = read_map(write(text), NAMES, column=column)
    np.testing.assert_array_equal(found, [1, 2, -3.5])


def test_a_map_may_use_other_names_of_the_same_atlas(write):
    lines = [f"{region.aliases[1]}\t{i}" for i, region in enumerate(ATLAS.regions)]
    path = write("\n".join(["region\tvalue", *reversed(lines)]))
    np.testing.assert_array_equal(read_map(path, ATLAS.names), np.arange(100))


def test_the_receptor_tables_of_hansen_are_read_by_column_number():
    path = shared("data/receptors/hansen_receptor_data_scale100.csv")
    nmda = read_map(path, ATLAS.names, column="18")
    np.testing.assert_array_equal(nmda, np.loadtxt(path, delimiter=",")[:, 17])
    code, detail = code_of(read_map, path, ATLAS.names)
    assert code == "E513"
    assert "say which one" in detail
    assert code_of(read_map, path, ATLAS.names[:90], column="18")[0] == "E513"


@pytest.mark.parametrize(
    ("text", "column", "code", "words"),
    [
        ("region\tx\na\t1\nb\t2\n", "", "E513", "2 regions; expected 3: 1 missing ('c')"),
        ("region\tx\na\t1\nb\t2\nd\t3\n", "", "E513", "1 not among them ('d')"),
        ("region\tx\na\t1\nb\t2\nc\t3\nd\t4\n", "", "E513", "1 not among them ('d')"),
        ("region\tx\na\t1\nb\t2\nb\t3\n", "", "E513", "1 missing ('c')"),
        ("region\tx\na\t1\nb\t2\nc\t3\nc\t4\n", "", "E513", "appears twice"),
        ("region\tx\na\t1\nb\tn/a\nc\t3\n", "", "E513", "no finite value for region 'b'"),
        ("region\tx\na\t1\nb\tinf\nc\t3\n", "", "E513", "no finite value for region 'b'"),
        ("region\tx\na\t1\nb\t2 mM\nc\t3\n", "", "E134", "region 'b': '2 mM'"),
        ("region\tx\ty\na\t1\t1\nb\t2\t2\nc\t3\t3\n", "", "E513", "the columns x, y; say which"),
        ("region\tx\na\t1\nb\t2\nc\t3\n", "NMDA", "E513", "expected one called 'NMDA'"),
        ("region\tx\tx\na\t1\t1\nb\t2\t2\nc\t3\t3\n", "x", "E513", "expected one called 'x'"),
        ("region\na\nb\nc\n", "", "E513", "names alone"),
        ("1\n2\n", "", "E513", "2 regions; expected 3: no names"),
        ("1\n2\n3\n", "2", "E513", "expected one called '2'"),
        ("region\tx\na\t1\nb\nc\t3\n", "", "E130", "line 3"),
    ],
)
def test_bad_maps_are_refused(write, text, column, code, words):
    found = code_of(read_map, write(text), NAMES, column=column)
    assert found[0] == code
    assert words in found[1]
