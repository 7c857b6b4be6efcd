"""A folder that is either whole or not there, and a page that takes no other file's place."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from defaultmode.core.errors import DefaultModeError
from defaultmode.running.files import explained

OURS = b"Made by defaultmode"  # in the last line of every page


def refuse_occupied(out: Path) -> None:
    """Raise E603 where the path is a file or a folder that holds something."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        what = "not empty" if out.is_dir() else "a file"
        raise DefaultModeError("E603", f"{out} is {what}; a new data set needs a new folder.")


def refuse_foreign(page: Path) -> None:
    """Raise E603 where something lies that is no page of ours, E601 or E602 where none can lie."""
    if page.is_dir() or (page.is_file() and OURS not in page.read_bytes()):
        msg = f"{page} is there and is no page of defaultmode; name another file or remove it."
        raise DefaultModeError("E603", msg)
    try:
        with tempfile.NamedTemporaryFile(dir=page.parent):
            pass
    except OSError as problem:
        raise explained(problem, page) from problem


@contextmanager
def fresh_folder(out: Path) -> Iterator[Path]:
    """A temporary folder beside `out` that takes its name at the end, and is gone on any failure.

    Raises E603 (something is there already), E601 and E602.
    """
    refuse_occupied(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}.", suffix=".part"))
    except OSError as problem:
        raise explained(problem, out) from problem
    try:
        yield temporary
        temporary.chmod(0o755)
        refuse_occupied(out)
        temporary.replace(out)
    except OSError as problem:
        raise explained(problem, out) from problem
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
