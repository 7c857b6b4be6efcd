"""Whether a twin's nonlinear simulation shows what its linear model says, and where it does not."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.pipeline.twin_change import LOST, looked_at
from defaultmode.pipeline.twin_looks import LOOKS, Look, change, values_of
from defaultmode.simulation.batches import side_by_side
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.engine import Plan, Simulation, simulate
from defaultmode.simulation.linear import global_signal_removed
from defaultmode.simulation.scoreboard.quantities import RAW, REMOVED, Ground, Rest
from defaultmode.simulation.twin import Twin
from defaultmode.simulation.twin_exposure import exposed
from defaultmode.simulation.twin_protocol import BASELINE, TwinCondition, TwinScan

Array = NDArray[np.float64]
LOW_HZ, HIGH_HZ = 0.01, 0.1  # the band of the linear model's measures
CONFIDENCE = 0.95
AGREES, WITHIN, DISAGREES = "agrees", "within one scan's error", "disagrees"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """How a twin is simulated.

    recordings : of every condition, with noise that conditions share, so that a change stands out;
        one more with noise of its own is what a scan shows
    dt_ms : coarser than a trial's; mean rates are those of steps of .05 ms to .01 Hz
    """

    scan: TwinScan = field(default_factory=TwinScan)
    recordings: int = 8
    seed: int = 0
    dt_ms: float = 0.2
    coupling_every_ms: float = 1.0
    settle_s: float = 20.0
    threads: int = 1

    def __post_init__(self) -> None:
        if self.recordings < 2 or self.seed < 0:
            numbers = f"{self.recordings} recordings and seed {self.seed}"
            msg = f"a twin's simulation has {numbers}; expected 2 or more, and 0 or more."
            raise DefaultModeError("E411", msg)

    @property
    def plan(self) -> Plan:
        """As the engine takes it."""
        return Plan(
            duration_s=self.scan.duration_s,
            tr_s=self.scan.tr_s,
            settle_s=self.settle_s,
            dt_ms=self.dt_ms,
            coupling_every_ms=self.coupling_every_ms,
            threads=self.threads,
        )

    def seeds(self, place: int) -> list[int]:
        """The shared ones, then one of the condition at this place, the baseline being 0."""
        shared = np.random.SeedSequence(self.seed).generate_state(self.recordings, np.uint64)
        own = np.random.SeedSequence(self.seed, spawn_key=(place,)).generate_state(1, np.uint64)
        return [int(seed) for seed in (*shared, *own)]


@dataclass(frozen=True, slots=True)
class Agreement:
    """One number, or change of it, as the linear model says and as recordings show it.

    nonlinear : mean of the recordings; standard_error : of that mean; one_scan : standard deviation
        over scans of this length (of the difference of two for a change)
    verdict : "agrees" where the 95 % interval of the recordings' mean holds the linear value, else
        by whether one scan could tell "within one scan's error" or "disagrees"; empty where missing
    """

    condition: str
    look: Look
    is_change: bool
    linear: float
    nonlinear: float = float("nan")
    standard_error: float = float("nan")
    one_scan: float = float("nan")
    verdict: str = ""
    missing: Missing | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What came of the simulation.

    rows : the baseline's numbers, then every condition's changes
    scans : condition → (n_time, n_regions) BOLD, percent signal change, of the scan to publish
    """

    rows: tuple[Agreement, ...]
    scans: Mapping[str, Array]


def agreement(
    twin: Twin,
    ground: Ground,
    conditions: Sequence[TwinCondition],
    how: Recorded,
    *,
    tell: Callable[[float], None] | None = None,
) -> Shown:
    """Simulate a twin at its baseline and under every condition, and compare with its linear model.

    The number is that of the signal between .01 and .1 Hz, by Fourier transform; global signal
    removed by regression. tell : told the share done. A condition that leaves its balanced branch
    (E504, E505) has its reason in place of numbers; raises E506, E513 and E512.
    """
    linear = looked_at(twin.brain, ground, conditions)
    names = (BASELINE, *(c.name for c in conditions))
    lost = {name: reason for name, reason in zip(names, linear.lost, strict=True) if reason}
    brains = {n: _under(twin, ground, conditions, n) for n in names if n not in lost}
    places = {name: k for k, name in enumerate(names)}
    found: dict[str, Simulation] = {}
    for name, outcome in _simulated(brains, places, how, tell):
        if isinstance(outcome, DefaultModeError):
            lost[name] = Missing(outcome.detail, outcome.code)
        else:
            found[name] = outcome
    values = {name: _values(twin, ground, s, how) for name, s in found.items()}
    rows = _rows(names, linear.values, values, lost)
    return Shown(tuple(rows), {n: s.bold[:, :, how.recordings] for n, s in found.items()})


def band_covariance_of(signal: Array, tr_s: float) -> Array:
    """Covariance of a signal (n_time, n) between .01 and .1 Hz, (n, n), in its unit squared.

    By discrete Fourier transform, whole bins of the band (Parseval).
    """
    n_time = len(signal)
    spectrum = np.fft.rfft(signal - signal.mean(axis=0), axis=0)
    frequencies = np.fft.rfftfreq(n_time, tr_s)
    inside = spectrum[(frequencies >= LOW_HZ) & (frequencies <= HIGH_HZ)]
    return np.asarray(2.0 * (inside.conj().T @ inside).real / n_time**2)


def _under(twin: Twin, ground: Ground, conditions: Sequence[TwinCondition], name: str) -> Brain:
    brain = twin.brain()
    for condition in conditions:
        if condition.name == name:
            return exposed(brain, condition, ground.atlas, ground.maps)
    return brain


def _simulated(
    brains: Mapping[str, Brain],
    places: Mapping[str, int],
    how: Recorded,
    tell: Callable[[float], None] | None,
) -> list[tuple[str, Simulation | DefaultModeError]]:
    """Every condition out of one pass of the engine, or each in its own where one is lost."""
    if not brains:
        return []
    n = how.recordings + 1
    together = side_by_side(list(brains.values()), [n] * len(brains))
    seeds = [seed for name in brains for seed in how.seeds(places[name])]
    try:
        whole = simulate(together, seeds, how.plan, progress=tell)
    except DefaultModeError as problem:
        if problem.code not in LOST:
            raise
        if len(brains) == 1:
            return [(next(iter(brains)), problem)]
        alone = [_simulated({name: brain}, places, how, tell) for name, brain in brains.items()]
        return [one for part in alone for one in part]
    parts = [slice(k * n, (k + 1) * n) for k in range(len(brains))]
    return [(name, _part(whole, at)) for name, at in zip(brains, parts, strict=True)]


def _part(whole: Simulation, people: slice) -> Simulation:
    return Simulation(
        bold=whole.bold[:, :, people],
        tr_s=whole.tr_s,
        rate_hz=whole.rate_hz[:, people],
        excitation=whole.excitation[:, people],
    )


def _values(twin: Twin, ground: Ground, simulation: Simulation, how: Recorded) -> Array:
    """Every number of every recording but the last, (recordings, n_looks)."""
    brain = twin.brain()
    rows = []
    for k in range(how.recordings):
        raw = band_covariance_of(simulation.bold[:, :, k], simulation.tr_s)
        covariance = {RAW: raw, REMOVED: global_signal_removed(raw)}
        rest = Rest(brain, ground, simulation.rate_hz[:, k], covariance, float("nan"))
        rows.append(values_of(rest))
    return np.array(rows)


def _rows(
    names: Sequence[str], linear: Array, values: Mapping[str, Array], lost: Mapping[str, Missing]
) -> list[Agreement]:
    changes = change(linear[:1], linear[1:])
    rows = []
    for c, name in enumerate(names):
        is_change = name != BASELINE
        said = changes[c - 1] if is_change else linear[0]
        missing = lost.get(BASELINE) or lost.get(name)
        for k, look in enumerate(LOOKS):
            if not look.in_scan:
                continue
            row = Agreement(name, look, is_change, float(said[k]), missing=missing)
            if missing is None and np.isfinite(said[k]):
                row = _compared(row, k, values[BASELINE], values[name])
            rows.append(row)
    return rows


def _compared(row: Agreement, k: int, baseline: Array, under: Array) -> Agreement:
    """The row with what recordings show of the number at place k."""
    from scipy.stats import t

    n = len(under)
    shown = change(baseline, under)[:, k] if row.is_change else under[:, k]
    mean, error = float(shown.mean()), float(shown.std(ddof=1) / np.sqrt(n))
    spread = under[:, k].std(ddof=1)
    if row.is_change:
        before = baseline[:, k]
        scale = before.mean() if row.look.relative else 1.0
        spread = np.hypot(spread, before.std(ddof=1)) / scale
    off = abs(mean - row.linear)
    reach = float(t.ppf((1 + CONFIDENCE) / 2, n - 1)) * error
    verdict = AGREES if off <= reach else WITHIN if off <= spread else DISAGREES
    return Agreement(
        row.condition, row.look, row.is_change, row.linear, mean, error, float(spread), verdict
    )
