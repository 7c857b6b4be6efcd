"""`claims --page` writes the account, alone or beside a study; `study` writes it by itself."""

from pathlib import Path

import numpy as np
import pytest

from defaultmode.cli import main
from defaultmode.core.errors import DefaultModeError, explain
from defaultmode.pipeline.accounting import own_of, read_table
from defaultmode.report.account_own import COLUMNS
from made_datasets import write

TABLES = ("claims.tsv", "specifications.tsv")
PLAN = """
permutations = 99
claims = ["C25", "C9"]
[visits.ses-baseline]
phase = "baseline"
[visits.ses-ketamine]
treatment = "ketamine"
phase = "after"
days = 1
[visits.ses-placebo]
treatment = "placebo"
phase = "after"
days = 1
"""


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of a scale alone, on which ketamine lowers depression."""
    folder = tmp_path_factory.mktemp("account")
    rng = np.random.default_rng(4)
    rows = ["participant_id\tsession_id\tMADRS"]
    for person in range(20):
        for session, change in (("baseline", 0), ("ketamine", -12), ("placebo", -2)):
            score = round(float(np.clip(32 + change + rng.normal(scale=4), 0, 60)))
            rows.append(f"sub-{person:02d}\tses-{session}\t{score}")
    table = write(folder / "madrs.tsv", "\n".join(rows) + "\n")
    plan = write(folder / "plan.toml", PLAN)
    words = ["study", str(folder / "out"), "--table", str(table), "--plan", str(plan), "--quiet"]
    assert main(words) == 0
    return folder / "out"


def test_study_writes_the_account_beside_its_report(out: Path) -> None:
    html = (out / "account.html").read_text("utf-8")
    assert 'href="report.html#claim-C25"' in html
    assert "Your study (exploratory) could test 0 sentences" in html
    assert "benefit: supported; transitions: not testable" in html
    assert 'href="report.html#claim-C9"' not in html


def test_the_page_of_a_study_s_folder_is_the_page_that_study_wrote(
    out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = out / "again.html"
    assert main(["claims", "--page", str(again), "--study", str(out)]) == 0
    assert again.name in capsys.readouterr().out
    assert again.read_text("utf-8") == (out / "account.html").read_text("utf-8")


def test_a_page_elsewhere_links_to_the_report(out: Path, tmp_path: Path) -> None:
    page = tmp_path / "a page" / "account.html"
    address = own_of(out, page).report
    assert (page.parent / address.replace("%20", " ")).resolve() == (out / "report.html").resolve()


def test_a_folder_s_name_cannot_become_a_script(out: Path, tmp_path: Path) -> None:
    named = tmp_path / "javascript:alert(1)"
    named.mkdir()
    for name in (*TABLES, "report.html"):
        (named / name).write_bytes((out / name).read_bytes())
    assert own_of(named, tmp_path / "account.html").report.startswith("javascript%3A")


def test_without_a_report_nothing_links_to_one(out: Path, tmp_path: Path) -> None:
    for name in TABLES:
        (tmp_path / name).write_bytes((out / name).read_bytes())
    assert own_of(tmp_path, tmp_path / "account.html").report == ""


def test_a_blinded_or_virtual_study_says_so_first(out: Path, tmp_path: Path) -> None:
    text = (out / "claims.tsv").read_text("utf-8").replace("exploratory", "blinded")
    write(tmp_path / "claims.tsv", text)
    write(tmp_path / "specifications.tsv", (out / "specifications.tsv").read_text("utf-8"))
    write(
        tmp_path / "dataset_description.json",
        '{"GeneratedBy": [{"Name": "defaultmode"}, {"Name": "defaultmode simulator"}]}',
    )
    virtual, blinded = own_of(tmp_path, tmp_path / "account.html").banners
    assert virtual.startswith("VIRTUAL")
    assert blinded.startswith("BLINDED")


def test_the_account_needs_no_study(tmp_path: Path) -> None:
    page = tmp_path / "account.html"
    assert main(["claims", "--page", str(page)]) == 0
    assert "your own study" not in page.read_text("utf-8")


@pytest.mark.parametrize(
    ("table", "code"),
    [
        (None, "E101"),
        ("", "E408"),
        ("claim\tverdict\nC9\tsupported\n", "E408"),
        (b"\xff\xfe\x00claim\n", "E408"),
    ],
)
def test_a_folder_without_verdicts_is_refused(
    table: str | bytes | None, code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if table is not None:
        content = table.encode() if isinstance(table, str) else table
        (tmp_path / "claims.tsv").write_bytes(content)
    words = ["claims", "--page", str(tmp_path / "a.html"), "--study", str(tmp_path)]
    assert main(words) == explain(code).exit
    assert code in capsys.readouterr().err
    assert not (tmp_path / "a.html").exists()


def test_numbers_that_are_none_are_refused(out: Path, tmp_path: Path) -> None:
    lines = (out / "claims.tsv").read_text("utf-8").splitlines()
    place = lines[0].split("\t").index("estimate")
    cells = lines[1].split("\t")
    cells[place] = "a lot"
    write(tmp_path / "claims.tsv", "\n".join([lines[0], "\t".join(cells)]) + "\n")
    with pytest.raises(DefaultModeError, match="not a table of verdicts") as caught:
        read_table(tmp_path / "claims.tsv", COLUMNS)
    assert caught.value.code == "E408"


def test_a_study_without_a_page_is_refused(tmp_path: Path) -> None:
    assert main(["claims", "--study", str(tmp_path)]) == explain("E411").exit


def test_a_file_of_somebody_elses_is_not_overwritten(tmp_path, capsys):
    page = tmp_path / "page.html"
    page.write_text("my notes", "utf-8")
    assert main(["claims", "--page", str(page)]) == 5
    assert "E603" in capsys.readouterr().err
    assert page.read_text("utf-8") == "my notes"
    page.unlink()
    assert main(["claims", "--page", str(page)]) == 0
    assert main(["claims", "--page", str(page)]) == 0  # a page of ours is made again


def test_a_place_that_cannot_be_written_is_refused_before_anything_is_computed(tmp_path, capsys):
    assert main(["serve", "--page", str(tmp_path / "nowhere" / "page.html")]) == 5
    assert "E60" in capsys.readouterr().err


def test_one_claim_is_no_page(tmp_path, capsys):
    assert main(["claims", "C2", "--page", str(tmp_path / "page.html")]) == 2
    assert "E411" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
