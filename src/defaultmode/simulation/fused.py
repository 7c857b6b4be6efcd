"""The mean field on its fast kernel: what its parameters become, and what is read back."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation import kernel
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.kernel import Clock, Scales
from defaultmode.simulation.layout import Layout
from defaultmode.simulation.models import mean_field as model
from defaultmode.simulation.sampling import Sampling, Window

Array = NDArray[np.float64]
Singles = NDArray[np.float32]
NEVER = -1


class FusedRun:
    """A batch of at most `layout.PEOPLE` people, or one person alone, in single precision."""

    def __init__(
        self, brain: Brain, seeds: Sequence[int], sampling: Sampling, *, alone: bool = False
    ) -> None:
        self._sampling = sampling
        self._layout = Layout(brain.n_regions, len(seeds), alone=alone)
        self._tile = self._layout.tile(seeds)
        self._brain: Brain | None = None
        self._shares = False
        start = model.MODEL.start(brain)
        self._tile.sent[:] = self._layout.spread(start[model.S_E]).ravel()
        self._fast(kernel.S_I)[:] = self._layout.spread(start[model.S_I])
        self._slow(kernel.ADAPTATION)[:] = self._layout.spread(start[model.ADAPTATION])

    def advance(self, brain: Brain, n_ms: int, *, start_ms: int | None) -> Window:
        """Goes on for `n_ms`; `start_ms` since the recording began, None while settling."""
        if brain is not self._brain:
            self._set(brain)
        for sums in (kernel.RATES, kernel.DRIVES):
            self._slow(sums)[:] = 0.0
        if start_ms == 0:
            self._slow(kernel.UNSAMPLED)[:] = 0.0
        bold = self._empty(0 if start_ms is None else self._sampling.volumes(start_ms, n_ms))
        activity = self._empty(0 if start_ms is None else self._sampling.samples(start_ms, n_ms))
        scales, clock = scales_of(self._sampling.dt_ms), self._clock(n_ms, start_ms)
        kernel.run(self._tile, scales, clock, bold, activity)
        return Window(
            bold=self._layout.gathered(bold),
            activity=self._layout.gathered(activity),
            rate_hz=self._read(self._slow(kernel.RATES)) / (model.D_E * n_ms),
            excitation=self._read(self._slow(kernel.DRIVES)) / n_ms,
        )

    @property
    def state(self) -> Array:
        """S_E, S_I and adaptation as the model has them, (3, n_regions, n_people)."""
        s_i, adaptation = self._fast(kernel.S_I), self._slow(kernel.ADAPTATION)
        return np.stack([self._read(x) for x in (self._tile.sent, s_i, adaptation)])

    def _set(self, brain: Brain) -> None:
        routes = [brain.routes.get(name) for name in model.MODEL.routes]
        self._tile = self._layout.connected(self._tile, routes)
        for row, values in fast_rows(brain, self._sampling.dt_ms).items():
            self._fast(row)[:] = self._layout.spread(in_single_precision(values))
        for row, values in slow_rows(brain).items():
            self._slow(row)[:] = self._layout.spread(in_single_precision(values))
        adapted = self._slow(kernel.ONTO_U) * self._slow(kernel.ADAPTATION)
        self._fast(kernel.U_0)[:] = self._slow(kernel.BASE) - adapted
        self._shares = bool(self._fast(kernel.SHARED).any())
        self._brain = brain

    def _fast(self, row: int) -> Singles:
        return self._tile.fast.reshape(-1, kernel.FAST)[:, row : row + kernel.LANES]

    def _slow(self, row: int) -> Singles:
        return self._tile.slow.reshape(-1, kernel.SLOW)[:, row : row + kernel.LANES]

    def _read(self, lanes: Singles) -> Array:
        return self._layout.gathered(lanes.ravel())

    def _empty(self, n: int) -> Singles:
        return np.empty((n, self._layout.n_lanes), np.float32)

    def _clock(self, n_ms: int, start_ms: int | None) -> Clock:
        tr_ms, activity_ms = self._sampling.tr_ms, self._sampling.activity_ms
        recording = start_ms is not None
        return Clock(
            n_ms=n_ms,
            steps_per_ms=self._sampling.steps_per_ms,
            coupling_steps=self._sampling.coupling_steps,
            to_volume=tr_ms - (start_ms or 0) % tr_ms if recording else NEVER,
            tr_ms=tr_ms,
            to_sample=activity_ms - (start_ms or 0) % activity_ms
            if recording and activity_ms
            else NEVER,
            activity_ms=activity_ms,
            shape=(self._layout.n_regions, self._layout.width),
            alone=self._layout.alone,
            shares=self._shares,
        )


def scales_of(dt_ms: float) -> Scales:
    """The numbers that are the same everywhere."""
    return Scales(
        gain_e=np.float32(dt_ms * model.GAMMA_E / model.D_E),
        gain_i=np.float32(dt_ms * model.GAMMA_I / model.D_I),
        keep_i=np.float32(1.0 - dt_ms / model.TAU_I_MS),
        v_0=np.float32(model.D_I * (model.A_I * model.W_I * model.I_0_NA - model.B_I)),
        v_i=np.float32(model.D_I * model.A_I),
    )


def fast_rows(brain: Brain, dt_ms: float) -> dict[int, Array]:
    """Row of the kernel → coefficient: d g (a I_E − b) and d (a I_I − b) per unit of each state.

    Gain, slope and curvature of the rate functions fold into these (Deco 2014, eqs. 5–10).
    """
    v = brain.value
    per_na = model.D_E * v("gain") * model.A_E
    from_e = per_na * model.J_NMDA_NA
    onto_i = model.D_I * model.A_I * model.J_NMDA_NA * v("nmda_on_inhibitory")
    root = np.sqrt(dt_ms)
    return {
        kernel.U_E: from_e * v("local_excitation") * v("nmda_local"),
        kernel.U_X: from_e * v("coupling") * v("nmda_long_range"),
        kernel.U_I: per_na * v("inhibition"),
        kernel.V_E: onto_i,
        kernel.V_F: onto_i * v("feed_forward"),
        kernel.KEEP_E: 1.0 - dt_ms / v("glutamate_decay_ms"),
        kernel.NOISE_E: root * v("noise"),
        kernel.NOISE_I: root * v("noise_inhibitory"),
        kernel.SHARED: root * v("shared_noise") * v("shared_weight"),
    }


def slow_rows(brain: Brain) -> dict[int, Array]:
    """Row of the kernel → coefficient of what moves once per millisecond."""
    v = brain.value
    per_na = model.D_E * v("gain") * model.A_E
    current_na = model.W_E * model.I_0_NA + v("current_na")
    return {
        kernel.BASE: per_na * current_na - model.D_E * v("gain") * model.B_E,
        kernel.ONTO_U: per_na,
        kernel.BETA: v("adaptation_na") / v("adaptation_decay_ms"),
        kernel.DECAY: 1.0 / v("adaptation_decay_ms"),
    }


def in_single_precision(values: Array) -> Singles:
    """The values rounded; raises E512 where one is too large for that."""
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
    if not np.isfinite(single).all():
        msg = f"a coefficient of {np.abs(values).max():.1e} exceeds single precision."
        raise DefaultModeError("E512", msg)
    return single
