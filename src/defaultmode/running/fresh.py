"""A folder that is either whole or not there."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from defaultmode.core.errors import DefaultModeError
from defaultmode.running.files import explained


def refuse_occupied(out: Path) -> None:
    """Raise E603 where the path is a file or a folder that holds something."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        what = "not empty" if out.is_dir() else "a file"
        raise DefaultModeError("E603", f"{out} is {what}; a new data set needs a new folder.")


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
