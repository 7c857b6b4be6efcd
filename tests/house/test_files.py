"""The house rules that no linter checks."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"
FILES = sorted(SOURCE.rglob("*.py"))
FILE_LINES, FUNCTION_LINES = 400, 40
REPOSITORY_MB = 30
HEAVY = ("pandas", "scipy", "nilearn", "nibabel", "matplotlib", "sklearn", "statsmodels", "numba")


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_fits_on_the_page(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= FILE_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            length = (node.end_lineno or 0) - node.lineno
            assert length <= FUNCTION_LINES, f"split {node.name}: {length} lines"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_opens_with_one_sentence(path: Path) -> None:
    first = (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n\n")[0]
    assert first.endswith((".", ":")), f"{path.name}: say what it is in one sentence"


def test_command_line_starts_without_heavy_imports() -> None:
    code = (
        "import sys, defaultmode.cli as c; c.parser(); "
        f"print([m for m in {HEAVY} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def tracked() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_repository_stays_small() -> None:
    assert sum(p.stat().st_size for p in tracked()) < REPOSITORY_MB * 1e6


def test_no_path_of_a_machine() -> None:
    machine = re.compile(r"(?<![\w.])/(?:home|root|Users|work|tmp/\w)/?[\w]")
    for path in tracked():
        if path.suffix in {".py", ".md", ".toml", ".tsv", ".json", ".html", ".css", ".js", ".bib"}:
            found = machine.search(path.read_text("utf-8"))
            assert found is None or path.name == Path(__file__).name, f"{path}: {found}"
