"""One run as numbers: regions over time, with what is needed to read them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.atlas import Atlas
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.exposure import Exposure, Rating
from defaultmode.core.grid import Grid
from defaultmode.core.missing import Missing
from defaultmode.core.notebook import Shown

Array = NDArray[np.float64]
Unit = Literal["scanner", "percent", "arbitrary"]
SHORTEST_TR_S, LONGEST_TR_S = 0.05, 20.0
# Our own: a raw BOLD mean is a hundred to a thousand of its standard deviations (decision 0004), so
# one below ten, as after z-scoring and an offset, is no baseline of a percent scale.
LOWEST_MEAN_IN_SD = 10.0


@dataclass(frozen=True, slots=True)
class Entities:
    """Which run this is, as BIDS labels without their prefixes; empty where BIDS has none."""

    participant: str
    session: str = ""
    task: str = ""
    acquisition: str = ""
    direction: str = ""
    run: str = ""

    @property
    def stem(self) -> str:
        """The BIDS file name up to the run, such as `sub-01_ses-pre_task-rest_run-1`."""
        parts = (
            ("sub", self.participant),
            ("ses", self.session),
            ("task", self.task),
            ("acq", self.acquisition),
            ("dir", self.direction),
            ("run", self.run),
        )
        return "_".join(f"{key}-{value}" for key, value in parts if value)

    @property
    def folder(self) -> str:
        """The BIDS folder, such as `sub-01/ses-pre/func`."""
        session = f"ses-{self.session}/" if self.session else ""
        return f"sub-{self.participant}/{session}func"


@dataclass(frozen=True, slots=True)
class Processing:
    """What has been done to a signal so far, so that nothing is done twice."""

    low_cutoff_hz: float | None = None  # high-pass corner, None where none was applied
    high_cutoff_hz: float | None = None  # low-pass corner, None where none was applied
    demeaned: bool = False  # the mean was removed before it could be used as the percent scale
    global_signal_removed: bool = False
    confounds_removed: tuple[str, ...] = ()
    preset: str = ""  # denoising preset; empty before denoising
    supplied_low_cutoff_hz: float | None = None  # after denoising: the corners that the signal
    supplied_high_cutoff_hz: float | None = None  # came with, those of `Recording.unfiltered`


@dataclass(frozen=True, slots=True)
class Motion:
    """Head motion of one run, full length; both (n_time,), 0 in the first frame."""

    framewise_displacement_mm: Array
    std_dvars: Array | None = None


@dataclass(frozen=True, slots=True)
class TaskEvent:
    """One event of a task, as BIDS `events.tsv` states it; onset counts from the first volume.

    response_time_s : None where there was no response or the table has no such column
    """

    onset_s: float
    duration_s: float
    trial_type: str
    response_time_s: float | None = None


def _frozen(values: object, dtype: type[np.generic] = np.float64) -> NDArray[np.generic]:
    array: NDArray[np.generic] = np.array(values, dtype=dtype, order="C")
    array.flags.writeable = False
    return array


@dataclass(frozen=True, slots=True, eq=False, repr=False, weakref_slot=True)
class Recording(Shown):
    """BOLD signal of one run, frozen and read-only.

    signal : (n_time, n_regions), in `unit`; a column of an absent region is NaN
    tr_s : repetition time
    usable : (n_time,), False where a frame is censored; frames are never dropped, time never shifts
    unfiltered : (n_time, n_regions), the same signal without the filter of denoising, for measures
        of the spectrum; None where that filter did nothing, so that it would be `signal` again
    removed : (n_time, n_columns), the regressors whose least-squares fit over the usable frames was
        taken off `unfiltered` (off `signal` where that is None); None before denoising
    events : of the task, in order of their onsets; empty where none were recorded
    ratings : answers within the run, in order of their times
    exposure : to a drug, over the frames; None where no dose with a time is known
    grid : the voxels or vertices behind the regions; None where only regions are known
    absent : region name → why its column is NaN
    confounds : column name → (n_time,), NaN where the table says n/a; empty for tables
    """

    signal: Array
    tr_s: float
    atlas: Atlas
    entities: Entities
    unit: Unit = "scanner"
    processing: Processing = Processing()
    usable: NDArray[np.bool_] = field(default_factory=lambda: np.ones(0, dtype=bool))
    unfiltered: Array | None = None
    removed: Array | None = None
    events: tuple[TaskEvent, ...] = ()
    ratings: tuple[Rating, ...] = ()
    exposure: Exposure | None = None
    grid: Grid | None = None
    absent: Mapping[str, Missing] = field(default_factory=dict)
    motion: Motion | None = None
    confounds: Mapping[str, Array] = field(default_factory=dict)
    provenance: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        signal = np.asarray(self.signal, dtype=np.float64)
        if signal.ndim != 2 or signal.shape[1] != len(self.atlas):
            msg = (
                f"signal has shape {signal.shape}; expected (n_time, {len(self.atlas)}) for atlas "
                f"{self.atlas.name!r}. Transpose it, or pass its own atlas."
            )
            raise DefaultModeError("E131", msg)
        if not SHORTEST_TR_S <= self.tr_s <= LONGEST_TR_S:
            msg = f"repetition time {self.tr_s} s is outside {SHORTEST_TR_S}–{LONGEST_TR_S} s."
            raise DefaultModeError("E203", msg)
        usable = np.ones(len(signal), dtype=bool) if not len(self.usable) else self.usable
        self._check_finite(signal)
        self._check_length(len(signal), usable)
        object.__setattr__(self, "signal", _frozen(signal))
        object.__setattr__(self, "usable", _frozen(usable, np.bool_))
        if self.unfiltered is not None:
            object.__setattr__(self, "unfiltered", _frozen(self.unfiltered))
        if self.removed is not None:
            object.__setattr__(self, "removed", _frozen(self.removed))
        for name in ("absent", "confounds", "provenance"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def _check_finite(self, signal: Array) -> None:
        present = [i for i, name in enumerate(self.atlas.names) if name not in self.absent]
        broken = [i for i in present if not np.isfinite(signal[:, i]).all()]
        if broken:
            name = self.atlas.names[broken[0]]
            msg = f"region {name!r} holds values that are not finite and is not declared absent."
            raise DefaultModeError("E117", msg)

    def _check_length(self, n_time: int, usable: NDArray[np.bool_]) -> None:
        if len(usable) != n_time:
            raise DefaultModeError("E131", f"usable has {len(usable)} frames; the signal {n_time}.")
        if self.unfiltered is not None and np.shape(self.unfiltered) != (n_time, len(self.atlas)):
            raise DefaultModeError("E131", "unfiltered and signal have different shapes.")
        if self.removed is not None and len(self.removed) != n_time:
            raise DefaultModeError("E131", f"removed has {len(self.removed)} rows, not {n_time}.")
        if self.grid is not None and self.grid.signal.shape[1] != n_time:
            raise DefaultModeError("E131", f"the grid has other frames than the {n_time} here.")
        plasma = None if self.exposure is None else self.exposure.plasma
        if isinstance(plasma, np.ndarray) and len(plasma) != n_time:
            msg = f"the exposure has {len(plasma)} values; the run has {n_time} volumes."
            raise DefaultModeError("E131", msg)
        for name, values in self.confounds.items():
            if len(values) != n_time:
                msg = f"confound {name!r} has {len(values)} rows; the run has {n_time} volumes."
                raise DefaultModeError("E204", msg)

    def about(self) -> dict[str, object]:
        """What a notebook shows of it."""
        return {
            "run": self.entities.stem,
            "atlas": self.atlas.name,
            "frames": self.n_time,
            "regions": len(self.atlas),
            "repetition time": f"{self.tr_s:g} s",
            "usable": f"{self.usable_s:.0f} s",
            "unit": self.unit,
            "denoised by": self.processing.preset,
            "absent regions": tuple(self.absent),
        }

    @property
    def n_time(self) -> int:
        """Number of frames, censored ones included."""
        return int(self.signal.shape[0])

    @property
    def usable_s(self) -> float:
        """Seconds of uncensored signal."""
        return float(self.usable.sum() * self.tr_s)

    @property
    def kept(self) -> Array:
        """Signal of the usable frames, shape (n_usable, n_regions)."""
        return self.signal[self.usable]

    def columns(
        self, role: str | None = None, *, network: str = "", subsystem: str = "", place: str = ""
    ) -> NDArray[np.intp]:
        """Column indices of the regions asked for that have a signal, shape (k,)."""
        found = self.atlas.members(role, network=network, subsystem=subsystem, place=place)
        regions, absent = self.atlas.regions, self.absent
        return np.array([i for i in found if regions[i].name not in absent], dtype=np.intp)
