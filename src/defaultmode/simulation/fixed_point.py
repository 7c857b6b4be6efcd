"""Where a brain without noise comes to rest, and whether it stays there."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.models import Model, Slopes, find_model

Array = NDArray[np.float64]
Number = TypeVar("Number", np.float64, np.complex128)

FIRST_STEP_MS = 20.0
STEPS = 200
AT_REST_PER_MS = 1e-14  # change of the state that counts as none


@dataclass(frozen=True, slots=True, eq=False)
class FixedPoint:
    """A stable state of one brain without noise.

    state : (n_states, n_regions)
    rate_hz : (n_regions, n_pools), excitatory before inhibitory; no columns where a model has none
    growth_per_s : growth of the slowest disturbance that noise can cause, below 0
    """

    state: Array
    rate_hz: Array
    growth_per_s: float


def fixed_point(brain: Brain, start: Array | None = None) -> FixedPoint:
    """Rest of one brain, on the branch that it reaches from `start` when nothing disturbs it.

    start : (n_states, n_regions), the model's own start where it is None
    Follows the flow by implicit steps that grow into Newton's (Kelley & Keyes 1998, "switched
    evolution relaxation", doi 10.1137/S0036142996304796). Raises E504 where the brain comes to no
    rest or the rest is not stable, E506 for a brain of several people.
    """
    if brain.n_people != 1:
        msg = f"a fixed point is one person's; this brain is of {brain.n_people}."
        raise DefaultModeError("E506", msg)
    model = find_model(brain.model)
    state = model.start(brain) if start is None else np.asarray(start, np.float64)[..., None]
    state = _settle(model, brain, state)
    growth = _growth_per_s(model, brain, state)
    if growth >= 0:
        msg = f"the only rest found is unstable: disturbances grow by {growth:.3g} per second."
        raise DefaultModeError("E504", msg)
    return FixedPoint(state[..., 0], rates_hz(model, brain, state), growth)


def inputs_of(model: Model, brain: Brain, state: Array) -> dict[str, Array]:
    """What arrives over every route, (n_regions, n_people) each; 0 where the brain lacks it."""
    sent = model.sent(state)
    nothing = np.zeros_like(sent)
    return {r: brain.routes[r] @ sent if r in brain.routes else nothing for r in model.routes}


def rates_hz(model: Model, brain: Brain, state: Array) -> Array:
    """Firing rates of one person, (n_regions, n_pools)."""
    if not hasattr(model, "rates_hz"):
        return np.empty((brain.n_regions, 0))
    rates = model.rates_hz(state, inputs_of(model, brain, state), brain)
    return np.stack([rate[:, 0] for rate in rates], axis=1)


def slopes_of(model: Model, brain: Brain, state: Array) -> Slopes:
    """Derivatives around one person's state."""
    return model.slopes(state, inputs_of(model, brain, state), brain)


def jacobian_of(brain: Brain, slopes: Slopes) -> Array:
    """Change per ms of every state by every state, (n_states n_regions,) * 2, state by state."""
    n_states, _, n_regions, _ = slopes.local.shape
    blocks = np.zeros((n_states, n_regions, n_states, n_regions))
    here = np.arange(n_regions)
    blocks[:, here, :, here] = np.moveaxis(slopes.local[..., 0], -1, 0)
    for route, by_input in slopes.inputs.items():
        if route in brain.routes:
            arriving = np.einsum("aki,ij->aikj", by_input[..., 0], brain.routes[route])
            blocks += np.einsum("aikj,kbj->aibj", arriving, slopes.sent[..., 0])
    return blocks.reshape(n_states * n_regions, n_states * n_regions)


def mixed_by_routes(brain: Brain, slopes: Slopes, answer: NDArray[Number]) -> NDArray[Number]:
    """How what every region sends shows in every region, (n_shown n_regions, n_sent n_regions).

    answer : what is shown by what acts on each state, (n_shown, n_states, n_regions)
    """
    n_shown, _, n_regions = answer.shape
    n_sent = len(slopes.sent)
    mixed = np.zeros((n_shown, n_regions, n_sent, n_regions), answer.dtype)
    for route, by_input in slopes.inputs.items():
        if route in brain.routes:
            by_sent = np.einsum("qtn,tkn->qnk", answer, by_input[..., 0])
            mixed += by_sent[..., None] * brain.routes[route][:, None, :]
    return mixed.reshape(n_shown * n_regions, n_sent * n_regions)


def reached_by_noise(model: Model, brain: Brain, slopes: Slopes) -> NDArray[np.bool_]:
    """Which kinds of state noise can move, (n_states,): those it enters and those they act on.

    All of them where the brain has no noise. Adaptation of strength 0, say, stands still and must
    not lend the brain its time constant.
    """
    moved = (model.noise(brain) != 0).any((1, 2)) | (model.shared_noise(brain) != 0).any((1, 2))
    if not moved.any():
        return np.ones_like(moved)
    acts = (slopes.local != 0).any((2, 3))
    sends = (slopes.sent != 0).any((2, 3))
    for by_input in slopes.inputs.values():
        acts |= (by_input != 0).any((2, 3)) @ sends
    for _ in range(len(moved)):
        moved = moved | (acts & moved).any(axis=1)
    return np.asarray(moved)


def _settle(model: Model, brain: Brain, state: Array) -> Array:
    step_ms, before = FIRST_STEP_MS, np.inf
    for _ in range(STEPS):
        inputs = inputs_of(model, brain, state)
        change = model.drift(state, inputs, brain)
        size = float(np.abs(change).max())
        if not np.isfinite(size):
            break
        if size < AT_REST_PER_MS:
            return state
        step_ms *= min(before / size, 10.0)
        before = size
        move = _implicit_step(brain, model.slopes(state, inputs, brain), change, step_ms)
        state = model.bounded(state + move)
    msg = f"no rest was found in {STEPS} steps; the state still moves by {size:.2g} per ms."
    raise DefaultModeError("E504", msg)


def _implicit_step(brain: Brain, slopes: Slopes, change: Array, step_ms: float) -> Array:
    """Solve (1/step − Jacobian) move = change by way of what regions send, one number each."""
    n_states, n_regions = change.shape[:2]
    local = np.moveaxis(slopes.local[..., 0], -1, 0)
    alone = np.linalg.inv(np.eye(n_states) / step_ms - local)
    sending = np.einsum("ksn,nst->ktn", slopes.sent[..., 0], alone)
    mixing = np.eye(sending.shape[0] * n_regions) - mixed_by_routes(brain, slopes, sending)
    heard = np.einsum("ktn,tn->kn", sending, change[..., 0])
    sent = np.linalg.solve(mixing, heard.ravel()).reshape(heard.shape)
    arriving = change[..., 0].copy()
    for route, by_input in slopes.inputs.items():
        if route in brain.routes:
            arriving += np.einsum("skn,kn->sn", by_input[..., 0], sent @ brain.routes[route].T)
    return np.asarray(np.einsum("nst,tn->sn", alone, arriving)[..., None])


def _growth_per_s(model: Model, brain: Brain, state: Array) -> float:
    slopes = slopes_of(model, brain, state)
    jacobian = jacobian_of(brain, slopes)
    moved = np.repeat(reached_by_noise(model, brain, slopes), brain.n_regions)
    growth = _fastest(jacobian[np.ix_(moved, moved)])
    still = _fastest(jacobian[np.ix_(~moved, ~moved)]) if not moved.all() else -np.inf
    return growth if still < 0 else max(growth, still)


def _fastest(jacobian: Array) -> float:
    return 1000.0 * float(np.linalg.eigvals(jacobian).real.max())
