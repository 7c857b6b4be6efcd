"""Any model, integrated in plain NumPy: slow, and what the fast kernel is checked against."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.simulation import hemodynamics
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.models import find_model
from defaultmode.simulation.sampling import Sampling, Window

Array = NDArray[np.float64]
Noise = Callable[[], tuple[Array, Array]]


@dataclass(frozen=True, slots=True)
class Trajectory:
    """Every millisecond of a run.

    states : (n_ms, n_states, n_regions, n_people)
    flow : (n_ms, 4, n_regions, n_people), blood flow as deviations from rest
    bold : (n_ms, n_regions, n_people), percent signal change
    """

    states: Array
    flow: Array
    bold: Array


class ReferenceRun:
    """Euler–Maruyama in double precision, blood flow every millisecond.

    noise : called once a step for standard normals: private (n_noisy, n_regions, n_people), which
        go to the first n_noisy states, and shared (1, n_people)
    once_per_ms : states that move a whole millisecond at a time, as the fast kernel moves slow ones
    """

    def __init__(
        self,
        brain: Brain,
        noise: Noise,
        sampling: Sampling,
        *,
        n_people: int = 1,
        once_per_ms: tuple[str, ...] = (),
    ) -> None:
        self._model = find_model(brain.model)
        self._noise, self._sampling = noise, sampling
        start = self._model.start(brain)
        self.state = np.array(np.broadcast_to(start, (*start.shape[:2], n_people)))
        self.flow = hemodynamics.at_rest(brain.n_regions, n_people)
        self._slow = np.array([name in once_per_ms for name in self._model.states])
        self._unsampled = np.zeros((brain.n_regions, n_people))
        self._inputs: dict[str, Array] = {}

    def advance(self, brain: Brain, n_ms: int, *, start_ms: int | None) -> Window:
        """Goes on for `n_ms`; `start_ms` since the recording began, None while settling."""
        bold: list[Array] = []
        activity: list[Array] = []
        rates: list[Array] = []
        drives: list[Array] = []
        for k in range(n_ms):
            rates.append(self.millisecond(brain))
            drives.append(self._model.drive(self.state, self._inputs, brain))
            self._unsampled += drives[-1] if start_ms is not None else 0.0
            if start_ms is not None and self._sampling.volumes(start_ms + k, 1):
                bold.append(hemodynamics.percent_signal(self.flow))
            if start_ms is not None and self._sampling.samples(start_ms + k, 1):
                activity.append(self._unsampled / self._sampling.activity_ms)
                self._unsampled = np.zeros_like(self._unsampled)
        shape = (-1, *self.state.shape[1:])
        return Window(
            bold=np.array(bold).reshape(shape),
            activity=np.array(activity).reshape(shape),
            rate_hz=np.mean(rates, axis=0),
            excitation=np.mean(drives, axis=0),
        )

    def millisecond(self, brain: Brain) -> Array:
        """One millisecond; returns the excitatory rate at its last step, in Hz."""
        model, sampling = self._model, self._sampling
        root = np.sqrt(sampling.dt_ms)
        private, shared = root * model.noise(brain), root * model.shared_noise(brain)
        step_ms = np.where(self._slow, 0.0, sampling.dt_ms)[:, None, None]
        before = self.state
        for k in range(sampling.steps_per_ms):
            before = self.state
            if k % sampling.coupling_steps == 0:
                self._inputs = self._received(brain)
            own, common = self._noise()
            moved = before + step_ms * model.drift(before, self._inputs, brain) + shared * common
            moved[: len(own)] += private[: len(own)] * own
            self.state = model.bounded(moved)
        drift = model.drift(self.state, self._inputs, brain)
        self.state = self.state + np.where(self._slow, 1.0, 0.0)[:, None, None] * drift
        drive = model.drive(self.state, self._inputs, brain)
        self.flow = hemodynamics.advance(self.flow, drive)
        return self._rate_hz(before, brain)

    def _received(self, brain: Brain) -> dict[str, Array]:
        sent = self._model.sent(self.state)
        nothing = np.zeros_like(sent)
        routes = brain.routes
        return {
            name: routes[name] @ sent if name in routes else nothing for name in self._model.routes
        }

    def _rate_hz(self, state: Array, brain: Brain) -> Array:
        rates = getattr(self._model, "rates_hz", None)
        if rates is None:
            return np.zeros((0, state.shape[2]))
        excitatory: Array = rates(state, self._inputs, brain)[0]
        return excitatory


def integrate(
    brain: Brain,
    noise: Noise,
    *,
    duration_ms: int,
    dt_ms: float = 0.1,
    coupling_steps: int = 1,
    once_per_ms: tuple[str, ...] = (),
) -> Trajectory:
    """A whole trajectory, for short runs and for checks; as many people as the brain has.

    noise : as in `ReferenceRun`; `random_streams.NormalStreams` is one
    coupling_steps : regions read one another's state every so many steps
    """
    sampling = Sampling(dt_ms=dt_ms, coupling_steps=coupling_steps, tr_ms=duration_ms)
    run = ReferenceRun(brain, noise, sampling, n_people=brain.n_people, once_per_ms=once_per_ms)
    states, flow = [], []
    for _ in range(duration_ms):
        run.millisecond(brain)
        states.append(run.state)
        flow.append(run.flow)
    bold = np.array([hemodynamics.percent_signal(f) for f in flow])
    return Trajectory(np.array(states), np.array(flow), bold)
