"""Claims are listed for people and for programs, with their tests and evidence."""

import json

import pytest

from defaultmode.cli import main
from defaultmode.core.errors import explain


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["claims", *words]) == 0
    return capsys.readouterr().out


def test_all_claims_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys).splitlines()
    assert [line.split()[0] for line in lines[::2]] == [f"C{i}" for i in range(1, 39)]
    assert all("evidence:" in line for line in lines[1::2])


def test_one_claim_shows_tests_evidence_and_sources(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "c9")
    for part in ("tests (the first decides)", "evidence", "caveats", "sources", "needs:"):
        assert part in text
    assert "Tozzi2021" in text
    assert "-0.246 [-0.417, -0.074]" in text


def test_a_claim_that_cannot_fail_names_its_proxy(capsys: pytest.CaptureFixture[str]) -> None:
    assert "It cannot fail as worded" in printed(capsys, "C29")


def test_json_holds_every_claim_with_needs_tests_and_rows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    claims = json.loads(printed(capsys, "--json"))
    assert len(claims) == 38
    for claim in claims:
        assert claim["needs"]
        assert claim["tests"]
        assert all(test["outcome"] for test in claim["tests"])
        assert claim["evidence"]
        assert all({"n", "value", "cohort_id", "stance"} <= row.keys() for row in claim["evidence"])


def test_an_unknown_claim_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["claims", "C99"]) == explain("E410").exit
    assert "E410" in capsys.readouterr().err
