"""Denoising presets: data, read from `presets.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files

from defaultmode.core.errors import DefaultModeError

# Drift is the band-pass's part and bad frames are censored: regressing them too does it twice.
NEVER_REGRESSED = ("cosine00", "motion_outlier00", "non_steady_state_outlier00")


@dataclass(frozen=True, slots=True)
class Regressors:
    """Columns of the confounds table that are removed together.

    columns : names or patterns; count : how many of those that match, 0 for all
    mask : where none matches, the a_comp_cor components of this mask, as the sidecar tells
    from_regions : the regressor is the mean over the regions, not a column
    """

    name: str
    sentence: str
    cites: tuple[str, ...]
    columns: tuple[str, ...] = ()
    count: int = 0
    mask: str = ""
    from_regions: bool = False


@dataclass(frozen=True, slots=True)
class Censoring:
    """Limits above which a frame is censored; None for no limit.

    framewise_displacement_mm, std_dvars : a frame above either is censored, it alone
    contiguous_frames : uncensored stretches shorter than this are censored too
    """

    framewise_displacement_mm: float | None = None
    std_dvars: float | None = None
    contiguous_frames: int = 0


@dataclass(frozen=True, slots=True)
class Preset:
    """One way to denoise: what is removed, which frames are censored, and who proposed it."""

    name: str
    sentence: str
    cites: tuple[str, ...]
    regressors: tuple[Regressors, ...] = ()
    censoring: Censoring = Censoring()

    def __post_init__(self) -> None:
        for group in self.regressors:
            for column in NEVER_REGRESSED:
                if any(fnmatchcase(column, pattern) for pattern in group.columns):
                    clash = "which clashes with the band-pass or the censoring"
                    msg = f"preset {self.name!r} regresses {column!r}, {clash}."
                    raise DefaultModeError("E411", msg)

    @property
    def needs_confounds(self) -> bool:
        """Whether the preset takes columns of a confounds table."""
        return any(group.columns for group in self.regressors)

    @property
    def from_regions(self) -> bool:
        """Whether the mean over the regions is among what is removed."""
        return any(group.from_regions for group in self.regressors)

    @property
    def removes_global_signal(self) -> bool:
        """Whether the global signal is among what is removed."""
        return self.from_regions or any("global_signal" in g.columns for g in self.regressors)

    @property
    def all_cites(self) -> tuple[str, ...]:
        """Sources of the preset and of each of its regressors, each once."""
        own = (*self.cites, *(key for group in self.regressors for key in group.cites))
        return tuple(dict.fromkeys(own))


def _regressors(name: str, raw: Mapping[str, object]) -> Regressors:
    fields = {"columns": (), "count": 0, "mask": "", "regions": False} | dict(raw)
    return Regressors(
        name=name,
        sentence=str(fields["sentence"]),
        cites=_texts(fields["cites"]),
        columns=_texts(fields["columns"]),
        count=int(str(fields["count"])),
        mask=str(fields["mask"]),
        from_regions=fields["regions"] is True,
    )


def _texts(values: object) -> tuple[str, ...]:
    return tuple(str(value) for value in values) if isinstance(values, list | tuple) else ()


def parse_presets(text: str) -> dict[str, Preset]:
    """Presets by name, in the order of the TOML text; raises E411 for one that clashes."""
    raw = tomllib.loads(text)
    groups = {name: _regressors(name, entry) for name, entry in raw["regressors"].items()}
    presets = {}
    for name, entry in raw["preset"].items():
        censoring = Censoring(
            framewise_displacement_mm=entry.get("framewise_displacement_mm"),
            std_dvars=entry.get("std_dvars"),
            contiguous_frames=entry.get("contiguous_frames", 0),
        )
        chosen = tuple(groups[key] for key in entry["regressors"])
        cites = _texts(entry["cites"])
        presets[name] = Preset(name, entry["sentence"], cites, chosen, censoring)
    return presets


@cache
def _packaged() -> dict[str, Preset]:
    return parse_presets(files(__package__).joinpath("presets.toml").read_text("utf-8"))


def all_presets() -> dict[str, Preset]:
    """Every preset by name, the primary one first."""
    return dict(_packaged())
