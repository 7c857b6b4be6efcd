"""The code blocks of the documentation: where they are, what they hold, which are not run and why."""

import re
import shlex
import tomllib
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("docs/**/*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md")
)
FENCE = re.compile(r"^```(?P<language>\S*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"`(?P<file>[^`\s]+\.\w+)`:\n\n$")
NOT_RUN = Path(__file__).with_name("docs_not_run.toml")


@dataclass(frozen=True)
class Block:
    """One block: the page and line of its first line, and the file that the line above it names."""

    page: str
    line: int
    language: str
    text: str
    file: str

    @property
    def where(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Command:
    """One command of a block, and what it is said to print, where the block shows that."""

    words: tuple[str, ...]
    where: str
    prints: str = ""

    @property
    def text(self) -> str:
        return shlex.join(self.words)


@cache
def blocks_of(page: str) -> list[Block]:
    """Every fenced block of a page that is not a directive of the site."""
    text = (ROOT / page).read_text("utf-8")
    found = []
    for fence in FENCE.finditer(text):
        named = NAMED.search(text[: fence.start()])
        line = text.count("\n", 0, fence.start("text")) + 1
        file = named["file"] if named else ""
        found.append(Block(page, line, fence["language"], fence["text"], file))
    return [block for block in found if not block.language.startswith("{")]


def commands_of(block: Block) -> list[Command]:
    """The commands of a block of `bash`, or of `console`, where `$` begins one and output follows."""
    found: list[Command] = []
    for i, line in enumerate(block.text.splitlines()):
        if block.language == "console" and not line.startswith("$ "):
            last = found.pop()
            found.append(Command(last.words, last.where, f"{last.prints}{line}\n"))
            continue
        words = shlex.split(line.removeprefix("$ "), comments=True)
        for between, part in groupby(words, lambda word: word == "&&"):
            if not between:
                found.append(Command(tuple(part), f"{block.page}:{block.line + i}"))
    return found


@dataclass(frozen=True)
class Excuse:
    """Why commands that begin so are not run; on every page where none is named."""

    begins: str
    reason: str
    page: str = ""

    def covers(self, command: Command) -> bool:
        page = command.where.rpartition(":")[0]
        return command.text.startswith(self.begins) and self.page in {"", page}


@cache
def excuses() -> tuple[Excuse, ...]:
    """The one list of what is not run."""
    return tuple(Excuse(**raw) for raw in tomllib.loads(NOT_RUN.read_text("utf-8"))["command"])


def excuse(command: Command) -> Excuse | None:
    """Why a command is not run, None where it is."""
    return next((e for e in excuses() if e.covers(command)), None)
