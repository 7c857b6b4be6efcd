"""Strict reading of the simulator's TOML files, whose times carry their unit."""

from pathlib import Path
from typing import Any

from defaultmode.core import toml_table
from defaultmode.core.toml_table import packaged
from defaultmode.simulation.clock import seconds

__all__ = ["Table", "packaged", "parse_toml", "read_toml"]
CODE = "E510"


def parse_toml(text: str, where: str) -> dict[str, Any]:
    """What TOML text holds; raises E510 with the line at fault."""
    return toml_table.parse_toml(text, where, code=CODE)


def read_toml(path: Path) -> dict[str, Any]:
    """What a TOML file holds; raises E101 (no such file) and E510 (not TOML, not UTF-8)."""
    return toml_table.read_toml(path, code=CODE)


class Table(toml_table.Table):
    """A table of a protocol, drug, event or the like, with times among its values; raises E510."""

    def __init__(self, raw: object, where: str, *, code: str = CODE) -> None:
        super().__init__(raw, where, code=code)

    def seconds(self, key: str, default: float | None = None) -> float:
        """A time with its unit, in seconds."""
        if key not in self:
            if default is None:
                raise self.refuse(key, 'a time with its unit, such as "40 min"')
            return default
        return seconds(self._raw[key], f"{self.where}: {key}")

    def minutes(self, key: str, default: float | None = None) -> float:
        """A time with its unit, in minutes."""
        if key not in self and default is not None:
            return default
        return self.seconds(key) / 60.0
