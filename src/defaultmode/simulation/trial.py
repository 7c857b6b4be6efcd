"""A virtual trial: what its arms have in common, what each receives, and what goes wrong."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from defaultmode.simulation.allocation import even_counts, williams
from defaultmode.simulation.head_motion import HeadMotion
from defaultmode.simulation.protocol import Protocol

Array = NDArray[np.float64]
MINUTES_PER_DAY = 1440.0
# Standard deviation of a region's measurement noise, our own assumption: a third of the fluctuation
# of the graded set's signal (.07 %), which is itself smaller than a real one's.
NOISE_PERCENT = 0.02


@dataclass(frozen=True, slots=True)
class Arm:
    """One treatment: its name, how many people it has, and its whole timeline.

    people : 0 in a crossover, where everybody receives every arm
    """

    name: str
    protocol: Protocol
    people: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One scanner: our own assumptions, not any real scanner's.

    signal_gain : factor on the percent signal change; noise_gain : on the measurement noise
    mean_units : of the signal; it disappears when the signal is scaled to percent
    """

    name: str
    signal_gain: float = 1.0
    noise_gain: float = 1.0
    mean_units: float = 10_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unblinding:
    """How dissociation gives the treatment away; our own assumption.

    believed_at_zero : share who believe that they had the active drug with a CADSS of 0
    log_odds_per_point : by how much each CADSS point raises the log odds of that belief
    What the belief does to the MADRS is stated by the mood read-out.
    """

    believed_at_zero: float = 0.35
    log_odds_per_point: float = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A virtual trial, frozen and checked.

    washout_days : from one period's zero to the next, in a crossover
    people : in a crossover; noise_percent : standard deviation of measurement noise
    motion, unblinding : None where there is none
    """

    name: str
    design: Literal["parallel", "crossover"]
    arms: tuple[Arm, ...]
    people: int = 0
    washout_days: float = 0.0
    sites: tuple[Site, ...] = (Site(name="A"),)
    dropout_per_visit: float = 0.0
    noise_percent: float = NOISE_PERCENT
    motion: HeadMotion | None = None
    unblinding: Unblinding | None = None

    @property
    def orders(self) -> tuple[tuple[int, ...], ...]:
        """The arms that each group receives, in their order: one, or Williams' sequences."""
        n = len(self.arms)
        return williams(n) if self.design == "crossover" else tuple((i,) for i in range(n))

    @property
    def counts(self) -> tuple[int, ...]:
        """People in each group."""
        if self.design == "parallel":
            return tuple(arm.people for arm in self.arms)
        return even_counts(self.people, len(self.orders))

    @property
    def period_starts_min(self) -> tuple[float, ...]:
        """The zero of each period on the clock of the whole timeline; one where it is parallel."""
        n = len(self.arms) if self.design == "crossover" else 1
        return tuple(k * self.washout_days * MINUTES_PER_DAY for k in range(n))

    def order_name(self, order: tuple[int, ...]) -> str:
        """What a group is called: its arm, or its sequence of arms."""
        return "-".join(self.arms[i].name for i in order)

    def protocol(self, order: tuple[int, ...]) -> Protocol:
        """The whole timeline of a group: its periods one after another.

        Sessions of the k-th period of a crossover are called pkSESSION.
        """
        if self.design == "parallel":
            return self.arms[order[0]].protocol
        periods = [
            _period(self.arms[i].protocol, k, self.period_starts_min[k])
            for k, i in enumerate(order)
        ]
        return _one_after_another(periods, self.order_name(order))


def believes_active(unblinding: Unblinding, cadss: Array, rng: np.random.Generator) -> bool:
    """Whether a person believes to have had the active drug, by the highest CADSS so far."""
    share = unblinding.believed_at_zero
    odds = np.log(share / (1.0 - share)) + unblinding.log_odds_per_point * float(np.max(cadss))
    return bool(rng.random() < 1.0 / (1.0 + np.exp(-odds)))


def _period(protocol: Protocol, k: int, later_min: float) -> Protocol:
    """One period of a crossover: everything later, its sessions named after the period."""
    name = f"p{k + 1}"
    return replace(
        protocol,
        doses=tuple(
            replace(d, dose=replace(d.dose, start_min=d.dose.start_min + later_min))
            for d in protocol.doses
        ),
        sessions=tuple(replace(s, at_min=s.at_min + later_min) for s in protocol.sessions),
        scans=tuple(
            replace(s, at_min=s.at_min + later_min, session=name + s.session)
            for s in protocol.scans
        ),
        ratings=tuple(
            replace(r, at_min=r.at_min + later_min, session=name + r.session)
            for r in protocol.ratings
        ),
        begins_min=protocol.begins_min + later_min,
        ends_min=protocol.ends_min + later_min,
    )


def _one_after_another(periods: list[Protocol], name: str) -> Protocol:
    return replace(
        periods[0],
        name=name,
        doses=tuple(d for p in periods for d in p.doses),
        sessions=tuple(s for p in periods for s in p.sessions),
        scans=tuple(s for p in periods for s in p.scans),
        ratings=tuple(r for p in periods for r in p.ratings),
        ends_min=periods[-1].ends_min,
    )
