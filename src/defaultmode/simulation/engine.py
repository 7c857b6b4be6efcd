"""Virtual people through time: from a brain and a seed per person to BOLD, rates and activity."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Event, Lock

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.fused import FusedRun
from defaultmode.simulation.layout import PEOPLE
from defaultmode.simulation.models import find_model
from defaultmode.simulation.models.mean_field import MODEL
from defaultmode.simulation.random_streams import NormalStreams
from defaultmode.simulation.reference import ReferenceRun
from defaultmode.simulation.sampling import Run, Sampling, Window

Array = NDArray[np.float64]
Timeline = Callable[[float], Brain]

LONGEST_CALL_MS = 1000  # so that an interrupt is heard once per simulated second


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long and how finely to simulate.

    duration_s, settle_s : recorded, and simulated before and thrown away
    tr_s : one BOLD volume every so often; the first after one repetition time
    dt_ms : step of the integration, which fits into a millisecond
    coupling_every_ms : regions read one another's state so often; None for every step
    update_s : how often changing parameters are read again
    activity_every_s : keep the mean S_E of each region at this step; None for no such record
    threads : batches that run side by side
    rate_ceiling_hz : a mean excitatory rate above it means that the balanced branch is lost
    """

    duration_s: float
    tr_s: float = 2.0
    settle_s: float = 20.0
    dt_ms: float = 0.1
    coupling_every_ms: float | None = None
    update_s: float = 1.0
    activity_every_s: float | None = None
    threads: int = 1
    rate_ceiling_hz: float = 15.0

    def __post_init__(self) -> None:
        for name in ("duration_s", "tr_s", "update_s", "activity_every_s"):
            value = getattr(self, name)
            if value is not None and whole_ms(name, value) < 1:
                raise DefaultModeError("E506", f"{name} is {value}; expected more than 0.")
        whole_ms("settle_s", self.settle_s)
        whole_steps("dt_ms", 1.0, self.dt_ms)
        if self.coupling_every_ms is not None:
            whole_steps("coupling_every_ms", self.coupling_every_ms, self.dt_ms)
            whole_steps("coupling_every_ms", 1.0, self.coupling_every_ms)
        if self.threads < 1 or self.rate_ceiling_hz <= 0:
            raise DefaultModeError("E506", "threads and rate_ceiling_hz must be above 0.")

    @property
    def sampling(self) -> Sampling:
        """The same in whole steps and milliseconds."""
        every = self.coupling_every_ms
        activity = self.activity_every_s
        return Sampling(
            dt_ms=self.dt_ms,
            coupling_steps=1 if every is None else whole_steps("", every, self.dt_ms),
            tr_ms=whole_ms("tr_s", self.tr_s),
            activity_ms=0 if activity is None else whole_ms("activity_every_s", activity),
        )


@dataclass(frozen=True)
class Simulation:
    """What was recorded of everybody.

    bold : (n_time, n_regions, n_people), percent signal change, one volume every `tr_s`
    rate_hz : mean rate of the excitatory pool, (n_regions, n_people); no rows without rates
    excitation : mean S_E (what drives blood flow), (n_regions, n_people)
    activity : (n_samples, n_regions, n_people), mean S_E every `activity_step_s`, or None
    """

    bold: Array
    tr_s: float
    rate_hz: Array
    excitation: Array
    activity: Array | None = None
    activity_step_s: float | None = None


def whole_ms(name: str, seconds: float) -> int:
    """Seconds as whole milliseconds; raises E506 where they are not, or below 0."""
    ms = round(seconds * 1000)
    if ms < 0 or abs(seconds * 1000 - ms) > 1e-6:
        raise DefaultModeError("E506", f"{name} is {seconds} s; expected whole milliseconds.")
    return ms


def whole_steps(name: str, long: float, short: float) -> int:
    """How many short steps make a long one; raises E506 where they do not fit."""
    n = round(long / short) if short > 0 else 0
    if n < 1 or abs(n * short - long) > 1e-9 * long:
        msg = f"{name}: steps of {short} ms do not fit into {long} ms."
        raise DefaultModeError("E506", msg)
    return n


def simulate(
    brain: Brain | Timeline,
    seeds: Sequence[int],
    plan: Plan,
    *,
    progress: Callable[[float], None] | None = None,
) -> Simulation:
    """One recording per seed, all with the same plan.

    brain : parameters for one person or for as many as there are seeds; or a function of the time
        in seconds since the recording began (below 0 while settling), asked every `update_s`, from
        several threads if the plan has them
    progress : told the share done, 0 to 1
    The same seed gives the same bits on any number of threads and in any company of two or more;
    alone, sums run in another order, and agree to rounding while the noise has not yet spread it.
    Raises E505 when a region leaves the balanced branch, E512 for values that are not finite.
    """
    timeline = brain if callable(brain) else lambda _: brain
    first = timeline(-plan.settle_s)
    if not seeds or first.n_people not in {1, len(seeds)}:
        msg = f"{len(seeds)} seeds for the parameters of {first.n_people} people."
        raise DefaultModeError("E506", msg)
    told = _Progress(progress, plan, len(seeds))
    batches = [slice(k, k + PEOPLE) for k in range(0, len(seeds), PEOPLE)]

    def recorded(people: slice) -> Simulation:
        run = _run(first, people, seeds, plan.sampling)
        return _recording(timeline, people, run, plan=plan, told=told)

    with ThreadPoolExecutor(plan.threads) as pool:
        try:
            return _joined(list(pool.map(recorded, batches)))
        except BaseException:
            told.stop.set()
            raise


def stream(brain: Brain | Timeline, seed: int, plan: Plan) -> Iterator[Array]:
    """One person's BOLD as it is simulated: pieces (n_volumes, n_regions), percent signal change.

    Joined they are the very bits of `simulate` with this one seed. Nothing is computed ahead: who
    stops asking stops the simulation. Raises E505, E506 and E512 as `simulate` does.
    """
    timeline = brain if callable(brain) else lambda _: brain
    first = timeline(-plan.settle_s)
    if first.n_people != 1:
        raise DefaultModeError("E506", f"1 seed for the parameters of {first.n_people} people.")
    run = _run(first, slice(0, 1), [seed], plan.sampling)
    for window, _, recording in _passes(timeline, slice(0, 1), run, plan):
        if recording and len(window.bold):
            yield window.bold[:, :, 0]


class _Progress:
    """Counts what all batches have done, and carries the word to stop."""

    def __init__(self, tell: Callable[[float], None] | None, plan: Plan, n_people: int) -> None:
        self.stop = Event()
        self._tell, self._lock, self._done_ms = tell, Lock(), 0
        self._all_ms = n_people * sum(n_ms for _, _, n_ms in _windows(plan))

    def add(self, people_ms: int) -> None:
        if self.stop.is_set():
            raise CancelledError
        with self._lock:
            self._done_ms += people_ms
            if self._tell is not None:
                self._tell(self._done_ms / self._all_ms)


def _run(first: Brain, people: slice, seeds: Sequence[int], sampling: Sampling) -> Run:
    """The fast kernel where the model has one, plain NumPy otherwise."""
    brain, own = _of(first, people), seeds[people]
    if brain.model == MODEL.name:
        return FusedRun(brain, own, sampling, alone=len(seeds) == 1)
    n_noisy = int(np.flatnonzero(find_model(brain.model).noise(brain).any((1, 2))).max(initial=-1))
    noise = NormalStreams(own, brain.n_regions, n_noisy=n_noisy + 1)
    return ReferenceRun(brain, noise, sampling, n_people=len(own))


def _of(brain: Brain, people: slice) -> Brain:
    values = {k: v[:, people] if v.shape[1] > 1 else v for k, v in brain.values.items()}
    return replace(brain, values=values)


def _recording(
    timeline: Timeline, people: slice, run: Run, *, plan: Plan, told: _Progress
) -> Simulation:
    """One batch from settling to the end."""
    record = _Record(plan)
    for window, n_ms, recording in _passes(timeline, people, run, plan):
        if recording:
            record.add(window, n_ms)
        told.add(n_ms * window.excitation.shape[1])
    return record.simulation()


def _passes(
    timeline: Timeline, people: slice, run: Run, plan: Plan
) -> Iterator[tuple[Window, int, bool]]:
    """Every call of the integrator: what it left, its length in ms, and whether it is recorded."""
    everybody: Brain | None = None
    for update_ms, start_ms, n_ms in _windows(plan):
        if start_ms == update_ms:
            now = timeline(update_ms / 1000)
            if now is not everybody:
                everybody, brain = now, _of(now, people)
        recording = start_ms >= 0
        window = run.advance(brain, n_ms, start_ms=start_ms if recording else None)
        check = _Check(brain, people.start, (start_ms + n_ms) / 1000)
        check.finite(window)
        check.balanced(window, plan.rate_ceiling_hz)
        yield window, n_ms, recording


def _windows(plan: Plan) -> Iterator[tuple[int, int, int]]:
    """When parameters were read, where a call begins and how long it is, in ms of the recording."""
    update_ms = whole_ms("update_s", plan.update_s)
    spans = ((-whole_ms("settle_s", plan.settle_s), 0), (0, whole_ms("", plan.duration_s)))
    for begin, end in spans:
        for update in range(begin, end, update_ms):
            until = min(update + update_ms, end)
            for start in range(update, until, LONGEST_CALL_MS):
                yield update, start, min(start + LONGEST_CALL_MS, until) - start


@dataclass(frozen=True, slots=True)
class _Check:
    """Stops a run that means nothing any more, with the region and the time."""

    brain: Brain
    first_person: int
    end_s: float

    def finite(self, window: Window) -> None:
        for values in (window.excitation, window.rate_hz, *window.bold):
            if not np.isfinite(values).all():
                place = self._place(np.isfinite(values).argmin(), values.shape[1])
                raise DefaultModeError("E512", f"{place}, until {self.end_s:g} s.")

    def balanced(self, window: Window, ceiling_hz: float) -> None:
        rates = window.rate_hz
        if rates.size and rates.max() > ceiling_hz:
            place = self._place(rates.argmax(), rates.shape[1])
            msg = (
                f"{place}, fired at {rates.max():.1f} Hz on average until {self.end_s:g} s; "
                f"{ceiling_hz:g} Hz is the ceiling."
            )
            raise DefaultModeError("E505", msg)

    def _place(self, flat: np.intp, n_people: int) -> str:
        region, person = divmod(int(flat), n_people)
        return f"region {self.brain.regions[region]!r} of person {self.first_person + person + 1}"


class _Record:
    """What has been recorded of a batch so far; fast trajectories are never in it."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._bold: list[Array] = []
        self._activity: list[Array] = []
        self._rates: Array | float = 0.0
        self._excitation: Array | float = 0.0
        self._n_ms = 0

    def add(self, window: Window, n_ms: int) -> None:
        self._bold.append(window.bold)
        self._activity.append(window.activity)
        self._rates = self._rates + window.rate_hz * n_ms
        self._excitation = self._excitation + window.excitation * n_ms
        self._n_ms += n_ms

    def simulation(self) -> Simulation:
        step_s = self._plan.activity_every_s
        return Simulation(
            bold=np.concatenate(self._bold),
            tr_s=self._plan.tr_s,
            rate_hz=np.asarray(self._rates / self._n_ms),
            excitation=np.asarray(self._excitation / self._n_ms),
            activity=None if step_s is None else np.concatenate(self._activity),
            activity_step_s=step_s,
        )


def _joined(parts: list[Simulation]) -> Simulation:
    """All batches as one."""
    activity = [part.activity for part in parts if part.activity is not None]
    return replace(
        parts[0],
        bold=np.concatenate([part.bold for part in parts], axis=2),
        rate_hz=np.concatenate([part.rate_hz for part in parts], axis=1),
        excitation=np.concatenate([part.excitation for part in parts], axis=1),
        activity=np.concatenate(activity, axis=2) if activity else None,
    )
