"""The one exception of the package, and the table of everything a user can meet."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

UNUSABLE_NAME = "E410"


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    """One row of the error table: what is wrong, why it usually is, what to do, the exit code."""

    code: str
    sentence: str
    cause: str
    remedy: str
    exit: int


class DefaultModeError(Exception):
    """Something a user can mend, with its code from the error table.

    Parameters
    ----------
    code : the entry of the error table, such as "E131".
    detail : what was found in this very case, and where; one or two sentences.
    """

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(f"{code}: {detail}")

    def __reduce__(self) -> tuple[type["DefaultModeError"], tuple[str, str]]:
        return type(self), (self.code, self.detail)

    @property
    def exit(self) -> int:
        """Exit code of a process that stops on this error."""
        return explain(self.code).exit


@cache
def error_table() -> dict[str, ErrorEntry]:
    """Every error by code, in order."""
    raw = tomllib.loads(files(__package__).joinpath("errors.toml").read_text("utf-8"))
    return {code: ErrorEntry(code, **entry) for code, entry in sorted(raw.items())}


def explain(code: str) -> ErrorEntry:
    """Look one error up by its code; raises E410 when there is none."""
    table = error_table()
    if code.upper() not in table:
        msg = f"no error has the code {code!r}; there are {', '.join(table)}."
        raise DefaultModeError(UNUSABLE_NAME, msg)
    return table[code.upper()]
