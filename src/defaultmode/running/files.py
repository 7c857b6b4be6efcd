"""Files that are either whole or not there."""

import contextlib
import errno
import hashlib
import os
import tempfile
from pathlib import Path

from defaultmode.core.errors import DefaultModeError

CHUNK = 1 << 20


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file under a temporary name, sync it and rename it; raises E601 or E602."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    except OSError as problem:
        raise explained(problem, path) from problem
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as problem:
        raise explained(problem, path) from problem
    finally:
        with contextlib.suppress(FileNotFoundError):
            Path(temporary).unlink()


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def explained(problem: OSError, path: Path) -> DefaultModeError:
    """The error that says why a path cannot be written: E602 where it is forbidden, else E601."""
    denied = problem.errno in {errno.EACCES, errno.EPERM, errno.EROFS}
    code = "E602" if denied else "E601"
    return DefaultModeError(code, f"{path} cannot be written: {problem.strerror}.")


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
