"""Every code block of the documentation runs, or stands in the one list of what does not."""

import json
import re
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from defaultmode.cli import VERB_FUNCTIONS, main
from defaultmode.cli.arguments import parser
from defaultmode.core.plan import read_plan
from defaultmode.simulation.protocol_file import read_protocol
from docs_blocks import PAGES, ROOT, Block, Command, blocks_of, commands_of, excuse, excuses
from docs_folder import BEFORE, make_folder, shortened

BLOCKS = [block for page in PAGES for block in blocks_of(page)]
SHELLS = ("bash", "console")
COMMANDS = [c for block in BLOCKS if block.language in SHELLS for c in commands_of(block)]
ADDING = [page for page in PAGES if page.startswith("docs/adding/")]
RUN_HERE = [page for page in PAGES if blocks_of(page) and page not in ADDING]
EVENTS = re.compile(r"^\[\[event\]\].*?(?=^\[)", re.MULTILINE | re.DOTALL)
WITHOUT_WARNING = {0, 4}  # 4: all is done, and something needs a look


def plan_or_settings(text: str, folder: Path) -> None:
    path = folder / "block.toml"
    path.write_text(text, "utf-8")
    read_plan(path)


def part_of_protocol(text: str, folder: Path) -> None:
    example = (ROOT / "examples" / "protocols" / "ketamine_day7.toml").read_text("utf-8")
    path = folder / "block.toml"
    path.write_text(f"{EVENTS.sub('', example)}\n{text}", "utf-8")
    assert read_protocol(path).sessions


LOADERS: dict[str, Callable[[str, Path], None]] = {  # of TOML blocks that name no file
    "docs/plan.md": plan_or_settings,
    "docs/clinical_tables.md": plan_or_settings,
    "docs/protocols.md": part_of_protocol,
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_folder(tmp_path_factory.mktemp("docs") / "made")


@pytest.fixture
def folder(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(made, tmp_path / "page")
    monkeypatch.chdir(tmp_path / "page")
    return tmp_path / "page"


@pytest.mark.parametrize("page", RUN_HERE)
def test_the_blocks_of_a_page_run(page, folder, capsys) -> None:
    for words in BEFORE.get(page, ()):
        assert main(shortened(tuple(words.split()))) in WITHOUT_WARNING
    names: dict[str, object] = {}
    for block in blocks_of(page):
        run_block(block, folder, names, capsys)


def run_block(block: Block, folder: Path, names: dict[str, object], capsys) -> None:
    """Run one block, as its language is run; a failure names the page and the line."""
    if block.file:
        (folder / block.file).write_text(block.text, "utf-8")
    if block.language in SHELLS:
        for command in commands_of(block):
            if excuse(command) is None:
                run_command(command, capsys)
    elif block.language == "python":
        run_python(block, names)
    elif block.language == "json":
        json.loads(block.text)
    elif block.language == "toml":
        LOADERS.get(block.page, plan_or_settings)(block.text, folder)
    else:
        assert block.file, f"{block.where}: a block of {block.language!r} is not run"


def run_command(command: Command, capsys) -> None:
    """Run a command of ours and compare what it prints, where its block shows that."""
    name, *words = command.words
    assert name == "defaultmode", f"{command.where}: {name} is neither run nor excused"
    capsys.readouterr()
    code = main(shortened(tuple(words)))
    said = capsys.readouterr()
    assert code in WITHOUT_WARNING, f"{command.where}: exit code {code}\n{said.err}"
    if command.prints:
        assert said.out == command.prints, f"{command.where}: other output"


def run_python(block: Block, names: dict[str, object]) -> None:
    """Run a block after those before it on its page; lines of a traceback are those of the page."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        code = compile("\n" * (block.line - 1) + block.text, str(ROOT / block.page), "exec")
        exec(code, names)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package and its tests, to which pages add members."""
    folder = tmp_path_factory.mktemp("copy")
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("src", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", folder)
    make_folder(folder)
    return folder


@pytest.mark.parametrize("page", ADDING)
def test_what_a_page_adds_is_found_and_keeps_the_contracts(page, copy, monkeypatch) -> None:
    """The files of the page are all that is added; the command line and pytest see them."""
    monkeypatch.setenv("PYTHONPATH", str(copy / "src"))
    added = [block for block in blocks_of(page) if block.file]
    for block in added:
        (copy / block.file).write_text(block.text, "utf-8")
    commands = [c for b in blocks_of(page) if b.language == "bash" for c in commands_of(b)]
    said = "".join(run_apart(command, copy) for command in commands)
    for block in added:
        assert Path(block.file).stem in said


def run_apart(command: Command, folder: Path) -> str:
    """Run a command in a process of its own, with the copy of the package; returns its output."""
    name, *words = command.words
    more = ("-n0", "-p", "no:cacheprovider") if name == "pytest" else ()
    line = [sys.executable, "-m", name, *words, *more]
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command.where}: {done.stdout}{done.stderr}"
    return done.stdout


def test_every_command_that_is_not_run_is_parsed() -> None:
    for command in COMMANDS:
        name, *words = command.words
        if excuse(command) is not None and name == "defaultmode":
            assert parser().parse_args(words).verb in VERB_FUNCTIONS, command.where


def test_the_list_of_what_is_not_run_is_no_longer_than_it_must_be(record_property) -> None:
    covered = [next((e for e in excuses() if e.covers(c)), None) for c in COMMANDS]
    assert set(covered) - {None} == set(excuses())
    record_property("code blocks of the documentation", len(BLOCKS))
    record_property("commands in them", len(COMMANDS))
    record_property("commands that are not run", sum(e is not None for e in covered))


def test_a_block_that_is_wrong_is_told_by_page_and_line(folder, capsys) -> None:
    wrong = Block("docs/why.md", 7, "bash", "defaultmode claims\ndefaultmode claims C999\n", "")
    with pytest.raises(AssertionError, match=r"docs/why\.md:8: exit code 2"):
        run_block(wrong, folder, {}, capsys)
    with pytest.raises(AssertionError, match="neither run nor excused"):
        run_block(Block("docs/why.md", 7, "bash", "curl x\n", ""), folder, {}, capsys)
    with pytest.raises(ZeroDivisionError) as caught:
        run_block(Block("docs/why.md", 7, "python", "a = 1\na / 0\n", ""), folder, {}, capsys)
    assert caught.traceback[-1].lineno == 7
    with pytest.raises(AssertionError, match="is not run"):
        run_block(Block("docs/why.md", 7, "ruby", "x\n", ""), folder, {}, capsys)
