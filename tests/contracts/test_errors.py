"""Every error can be explained, is used, and is provoked by a test."""

import pickle
import re
from pathlib import Path

import pytest

from defaultmode.core.errors import DefaultModeError, error_table, explain

TESTS = Path(__file__).resolve().parents[1]
SOURCE = TESTS.parent / "src"
EXITS = {"1": {3, 4}, "2": {3}, "3": {4}, "4": {2, 3, 4, 6}, "5": {2, 3, 4, 5}, "6": {5, 6}}


def mentions(folder: Path, but: str = "") -> str:
    return "\n".join(p.read_text("utf-8") for p in folder.rglob("*.py") if p.name != but)


IN_TESTS, IN_SOURCE = mentions(TESTS, Path(__file__).name), mentions(SOURCE)


@pytest.mark.parametrize("entry", error_table().values(), ids=lambda e: e.code)
def test_entry_is_whole(entry) -> None:
    assert re.fullmatch(r"E\d{3}", entry.code)
    for text in (entry.sentence, entry.cause, entry.remedy):
        assert text.endswith(".")
        assert len(text) > 12
    assert entry.exit in EXITS[entry.code[1]]


@pytest.mark.parametrize("code", error_table())
def test_is_raised_somewhere_and_provoked_by_a_test(code: str) -> None:
    assert f'"{code}"' in IN_SOURCE, f"{code} is in the table and nowhere in the source"
    assert code in IN_TESTS, f"{code} has no test that provokes it"


def test_every_code_in_the_source_is_in_the_table() -> None:
    used = set(re.findall(r'"(E\d{3})"', IN_SOURCE))
    assert used <= set(error_table())


def test_unknown_code_names_the_known_ones() -> None:
    with pytest.raises(DefaultModeError, match="E131") as caught:
        explain("E999")
    assert caught.value.code == "E410"


def test_survives_the_way_to_another_process() -> None:
    problem = DefaultModeError("E131", "why")
    again = pickle.loads(pickle.dumps(problem))
    assert (again.code, again.detail, again.exit) == ("E131", "why", 3)
