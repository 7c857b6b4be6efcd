"""A recording made ready for regression: the steps that all presets share are done here, once."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.missing import Missing
from defaultmode.core.recording import Array, Recording
from defaultmode.denoising.cleaning import Passed, Plan, pass_confounds, pass_signal
from defaultmode.denoising.confounds import values_of
from defaultmode.denoising.scale import Scaled, to_percent


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """What depends on the usable frames and the band alone, whatever is regressed.

    columns : (k,) those of the recording that have a signal
    signal : of these, scaled and filtered; supplied_sd : (k,) over usable frames before that
    """

    recording: Recording
    scaled: Scaled
    plan: Plan
    columns: NDArray[np.intp]
    signal: Passed
    supplied_sd: Array
    passed: dict[str, Array] = field(default_factory=dict)  # confound → (2, n_time), as in Passed

    def confounds(self, names: tuple[str, ...]) -> Passed:
        """Those columns of the table, each filtered when it is first asked for; raises E134."""
        new = tuple(name for name in names if name not in self.passed)
        found = pass_confounds(values_of(self.recording, new), self.plan)
        both = np.stack([found.steady.T, found.filtered.T], axis=1)
        self.passed.update(zip(new, both, strict=True))
        chosen = np.array([self.passed[name] for name in names])
        steady, filtered = chosen.reshape(len(names), 2, self.recording.n_time).transpose(1, 2, 0)
        return Passed(steady, filtered)


def prepare(recording: Recording, plan: Plan) -> Prepared | Missing:
    """Scale and filter a recording; Missing with code E302 where no region has a signal."""
    scaled = to_percent(recording, plan.usable)
    names = recording.atlas.names
    columns = np.array([i for i, name in enumerate(names) if name not in scaled.absent], np.intp)
    if not len(columns):
        return Missing("no region has a signal in the usable frames", "E302")
    present = scaled.signal[:, columns]
    passed = pass_signal(present, plan)
    return Prepared(recording, scaled, plan, columns, passed, present[plan.usable].std(axis=0))
