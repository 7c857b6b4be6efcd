"""What a run of the package was told to do: frozen, checked at the door, kept in one TOML file."""

import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.notebook import Shown

LEAST_STATES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Shown):
    """One analysis, as its TOML file and its command line state it.

    source : folder of BIDS derivatives; empty for the embedded recordings and for clinical tables
    out : folder of results
    bids_dirs, tables : raw data sets and clinical tables that are joined
    participants, sessions, tasks, bids_filter_file : which runs; empty for all
    atlases : registry names or files; empty for the atlas of the tables and schaefer100 for volumes
    denoise, measures : names; empty for all that apply
    low_hz, high_hz : band of the connectivity measures
    min_usable_s : shortest uncensored signal that is measured
    fd_threshold_mm, dvars_threshold : override the preset's censoring, None keeps it
    n_states : brain states that are learnt over the study, by each method
    surrogates : how many are drawn for each dynamic measure, 0 for none
    maps : measure voxels or vertices too: homogeneity, seed maps, each person's own network
    states : folder of a finished study whose states are used; empty to learn them here
    connectome : file of a structural connectome; empty for the embedded one of the atlas
    activity : tables of regional blood flow or tracer uptake that join as measures
    windows : cut runs without a dose into windows too; window_s, window_step_s : their length and
        how far apart they begin; window_across : some reach over the start of the first dose
    within_scan : tables of ratings and plasma samples with times within a scan
    columns : clinical column → "text", "number" or "own scale" (a number that is not to be taken
        for a known clinical scale), where no sidecar says
    reference : factor → the level that others are compared with
    seed : of every random stream; nprocs : processes, 0 for all cores; mem_mb : 0 for no limit
    """

    source: str = ""
    out: str = ""
    bids_dirs: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    participants: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    bids_filter_file: str = ""
    atlases: tuple[str, ...] = ()
    denoise: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    low_hz: float = 0.01
    high_hz: float = 0.1
    min_usable_s: float = 240.0
    fd_threshold_mm: float | None = None
    dvars_threshold: float | None = None
    n_states: int = 6
    surrogates: int = 39
    maps: bool = False
    states: str = ""
    connectome: str = ""
    activity: tuple[str, ...] = ()
    windows: bool = False
    window_s: float = 60.0
    window_step_s: float = 20.0
    window_across: bool = False
    within_scan: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    reference: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0
    nprocs: int = 0
    mem_mb: int = 0

    def __post_init__(self) -> None:
        for f in fields(self):
            object.__setattr__(self, f.name, _checked(f.name, f.type, getattr(self, f.name)))
        if not 0 < self.low_hz < self.high_hz:
            raise DefaultModeError(
                "E411", f"low_hz {self.low_hz} and high_hz {self.high_hz} are no band."
            )
        if self.min_usable_s < 0 or self.nprocs < 0 or self.mem_mb < 0:
            raise DefaultModeError("E411", "min_usable_s, nprocs and mem_mb cannot be negative.")
        if self.n_states < LEAST_STATES or self.surrogates < 0:
            given = f"n_states {self.n_states} and surrogates {self.surrogates}"
            msg = f"{given}: at least {LEAST_STATES} states and no negative number are needed."
            raise DefaultModeError("E411", msg)
        for name in ("fd_threshold_mm", "dvars_threshold"):
            limit = getattr(self, name)
            if limit is not None and limit <= 0:
                raise DefaultModeError("E411", f"{name} is {limit}; it must be above 0.")

    def about(self) -> dict[str, object]:
        """What a notebook shows of them: those that are not as they are left out."""
        usual = Settings()
        given = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: v for name, v in given.items() if v != getattr(usual, name)}

    def analysis(self) -> dict[str, object]:
        """The part that changes numbers of a run, for its manifest."""
        names = (
            "denoise",
            "measures",
            "low_hz",
            "high_hz",
            "min_usable_s",
            "fd_threshold_mm",
            "dvars_threshold",
            "seed",
            "surrogates",
            "maps",
            "connectome",
        )
        return {name: getattr(self, name) for name in names}


def _is_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(v, str) for v in value)


def _is_mapping(value: object) -> bool:
    return isinstance(value, Mapping) and all(isinstance(v, str) for v in value.values())


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


# declared type → whether a value is of it, and how it is kept
KINDS: dict[object, tuple[Callable[[object], bool], Callable[[Any], object]]] = {
    str: (lambda v: isinstance(v, str), str),
    bool: (lambda v: isinstance(v, bool), bool),
    int: (lambda v: isinstance(v, int) and not isinstance(v, bool), int),
    float: (_is_number, float),
    float | None: (lambda v: v is None or _is_number(v), lambda v: v if v is None else float(v)),
    tuple[str, ...]: (_is_texts, tuple),
    Mapping[str, str]: (_is_mapping, dict),  # a mapping proxy cannot go to another process
}


def _checked(name: str, kind: object, value: object) -> object:
    """The value in its declared type; raises E411."""
    is_kind, keep = KINDS[kind]
    if not is_kind(value):
        expected = kind.__name__ if isinstance(kind, type) else kind
        raise DefaultModeError("E411", f"{name} is {value!r}; expected {expected}.")
    return keep(value)


def read_settings(path: Path, **overrides: object) -> Settings:
    """Settings from a TOML file, with the values that are given here in their place."""
    if not path.is_file():
        raise DefaultModeError("E101", f"there is no settings file {path}.")
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise DefaultModeError("E411", f"{path} is not TOML: {problem}.") from problem
    known = {f.name for f in fields(Settings)}
    unknown = sorted(set(raw) - known)
    if unknown:
        msg = f"{path} has the unknown key {unknown[0]!r}; there are {', '.join(sorted(known))}."
        raise DefaultModeError("E411", msg)
    return Settings(**{**raw, **overrides})


def _toml(value: object) -> str:
    if isinstance(value, str):
        escaped = "".join(_escape(c) for c in value)
        return f'"{escaped}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    return repr(value)


def _escape(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    return character if character.isprintable() else f"\\U{ord(character):08x}"


def settings_toml(settings: Settings) -> str:
    """The settings as TOML text that `read_settings` reads back to an equal object."""
    plain = {f.name: getattr(settings, f.name) for f in fields(settings)}
    lines = [
        f"{name} = {_toml(value)}"
        for name, value in plain.items()
        if value is not None and not isinstance(value, Mapping)
    ]
    for name, value in plain.items():
        if isinstance(value, Mapping) and value:
            lines += ["", f"[{name}]", *(f"{_toml(k)} = {_toml(v)}" for k, v in value.items())]
    return "\n".join(lines) + "\n"
