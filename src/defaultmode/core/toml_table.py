"""Strict reading of TOML: every key is asked for by name and kind, and none is left over."""

import math
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from defaultmode.core.errors import DefaultModeError

LARGEST = 100_000  # people, runs: more is a slip of the finger, and would fill the memory first


def parse_toml(text: str, where: str, *, code: str) -> dict[str, Any]:
    """What TOML text holds; raises the error `code` with the line at fault."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise DefaultModeError(code, f"{where} is not TOML: {problem}.") from problem


def read_toml(path: Path, *, code: str) -> dict[str, Any]:
    """What a TOML file holds; raises E101 (no such file) and `code` (not TOML, not UTF-8)."""
    if not path.is_file():
        raise DefaultModeError("E101", f"there is no file {path}.")
    try:
        return parse_toml(path.read_text("utf-8-sig"), str(path), code=code)
    except UnicodeDecodeError as problem:
        raise DefaultModeError(code, f"{path} is not UTF-8: {problem}.") from problem


def packaged(package: str) -> dict[str, str]:
    """Text of every TOML file of a package by its name without the ending, in order."""
    found = {f.name: f for f in files(package).iterdir() if f.name.endswith(".toml")}
    return {n.removesuffix(".toml"): f.read_text("utf-8") for n, f in sorted(found.items())}


class Table:
    """One table of a TOML file, used as a context: leaving it with a key unread raises `code`.

    raw : the table as tomllib gives it; where : how messages name it, such as "p.toml, scan 2"
    code : the error of everything that is wrong in the table
    A reader without a default requires its key. Whatever else goes wrong inside the context is told
    with the table's name before it.
    """

    def __init__(self, raw: object, where: str, *, code: str) -> None:
        if not isinstance(raw, Mapping):
            raise DefaultModeError(code, f"{where} is {raw!r}; expected a table.")
        self.where = where
        self.code = code
        self._raw: Mapping[str, Any] = raw
        self._asked: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(problem, DefaultModeError) and not problem.detail.startswith(self.where):
            raise DefaultModeError(problem.code, f"{self.where}: {problem.detail}") from problem
        unknown = sorted(set(self._raw) - self._asked)
        if kind is None and unknown:
            known = ", ".join(sorted(self._asked))
            msg = f"{self.where} has the unknown key {unknown[0]!r}; there are {known}."
            raise DefaultModeError(self.code, msg)

    def __contains__(self, key: str) -> bool:
        self._asked.add(key)
        return key in self._raw

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that are there, in their order in the file."""
        return tuple(self._raw)

    def refuse(self, key: str, expected: str) -> DefaultModeError:
        """The error that says what a key holds, or that it is absent, and what was expected."""
        found = f"{key} is {self._raw[key]!r}" if key in self else f"{key} is absent"
        return DefaultModeError(self.code, f"{self.where}: {found}; expected {expected}.")

    def text(self, key: str, default: str | None = None) -> str:
        """Text that is not blank."""
        if key not in self and default is not None:
            return default
        value = self._raw.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self.refuse(key, "text")
        return value

    def one_of(self, key: str, words: tuple[str, ...], default: str | None = None) -> str:
        """One of some words."""
        value = self.text(key, default)
        if value not in words:
            raise self.refuse(key, f"one of {', '.join(filter(None, words))}")
        return value

    def flag(self, key: str, default: bool | None = None) -> bool:
        """True or false."""
        value = self._raw.get(key, default) if key in self else default
        if not isinstance(value, bool):
            raise self.refuse(key, "true or false")
        return value

    def number(
        self,
        key: str,
        default: float | None = None,
        *,
        low: float = -math.inf,
        high: float = math.inf,
    ) -> float:
        """A finite number between `low` and `high`."""
        value = self._raw[key] if key in self else default
        expected = "a number" if low == -math.inf else f"a number from {low:g}"
        expected += "" if high == math.inf else f" to {high:g}"
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.refuse(key, expected)
        if not math.isfinite(value) or not low <= value <= high:
            raise self.refuse(key, expected)
        return float(value)

    def whole(self, key: str, default: int | None = None, *, low: int = 0) -> int:
        """A whole number, not below `low` and not so large that it must be a slip."""
        value = self._raw[key] if key in self else default
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= LARGEST:
            raise self.refuse(key, f"a whole number from {low} to {LARGEST}")
        return value

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """A list of texts."""
        value = self._raw[key] if key in self else default
        if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
            raise self.refuse(key, "a list of texts")
        return tuple(value)

    def numbers(self, key: str, default: tuple[float, ...] | None = None) -> tuple[float, ...]:
        """A list of finite numbers."""
        value = self._raw[key] if key in self else default
        kinds = int | float
        if not isinstance(value, list | tuple) or not all(
            isinstance(v, kinds) and not isinstance(v, bool) and math.isfinite(v) for v in value
        ):
            raise self.refuse(key, "a list of numbers")
        return tuple(float(v) for v in value)

    def table(self, key: str) -> Self:
        """A table inside this one; an empty one where it is absent."""
        raw = self._raw[key] if key in self else {}
        return type(self)(raw, f"{self.where}, [{key}]", code=self.code)

    def tables(self, key: str) -> tuple[Self, ...]:
        """The tables of a list [[key]]; none where it is absent."""
        value = self._raw[key] if key in self else []
        if not isinstance(value, list | tuple):
            raise self.refuse(key, f"a list of tables [[{key}]]")
        return tuple(
            type(self)(v, f"{self.where}, [[{key}]] {i}", code=self.code)
            for i, v in enumerate(value, 1)
        )
