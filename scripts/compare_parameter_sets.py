"""Compares parameter sets: fit to measured connectivity, and whether answers are gradual.

    python scripts/compare_parameter_sets.py

Linear noise approximation, BOLD band 0.01–0.1 Hz, embedded connectome. For each set: correlation
with the connectivity of the 706 (fitted, for the graded set) and of the 303 (held out); long-range
over local excitation; growth of the slowest disturbance; then the mean rate of the default mode
network and the largest rate of any region under about twice the changes that conditions use. "lost"
where no stable rest is left.
"""

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.atlas import Atlas
from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.effects import Effect, apply_effects, region_weights
from defaultmode.simulation.graded import graded_points
from defaultmode.simulation.linear import correlation, fixed_point, linearise
from defaultmode.simulation.parameter_sets import parameter_set
from defaultmode.simulation.routing import agreement
from defaultmode.simulation.spectrum import band_covariance
from defaultmode.sources.atlases import load_atlas
from defaultmode.sources.connectomes import embedded_connectivity, embedded_connectome

Array = NDArray[np.float64]
CHANGES = {
    "local excitation of default +16 %": ("local_excitation", 0.16, "relative", "role:default"),
    "inhibition of default -4 %": ("inhibition", -0.04, "relative", "role:default"),
    "inhibition of default -10 %": ("inhibition", -0.10, "relative", "role:default"),
    "task current +.01 nA": ("current_na", 0.01, "added", "role:task-positive"),
}


def changed(brain: Brain, atlas: Atlas, change: str) -> Brain:
    """The brain under one of the changes."""
    parameter, size, how, where = CHANGES[change]
    effect = Effect(parameter=parameter, change=size, how=how, where=where)  # type: ignore[arg-type]
    return apply_effects(brain, [(effect, region_weights(effect, atlas, {}), 1.0)])


def rates(brain: Brain, start: Array) -> Array | None:
    """Excitatory rates at the rest reached from the healthy one, None where there is none."""
    try:
        return fixed_point(brain, start).rate_hz[:, 0]
    except DefaultModeError as problem:
        if problem.code != "E504":
            raise
        return None


def row(name: str) -> None:
    """Print what one parameter set does."""
    atlas, connectome = load_atlas("schaefer100"), embedded_connectome()
    brain = parameter_set(name, connectome, atlas=atlas)
    linear = linearise(brain)
    modelled = correlation(band_covariance(linear))
    fits = [agreement(modelled, measured)[0] for measured in embedded_connectivity().values()]
    excitation = brain.routes["long_range"].sum(axis=1).mean() * float(
        brain.value("coupling")[0, 0]
    )
    ratio = excitation / float(brain.value("local_excitation").mean())
    print(
        f"{name}: r {fits[0]:.3f} / {fits[1]:.3f}, long-range / local {ratio:.2f}, "
        f"growth {linear.point.growth_per_s:.2f} /s"
    )
    default = atlas.members("default")
    for change in CHANGES:
        found = rates(changed(brain, atlas, change), linear.point.state)
        said = (
            "lost"
            if found is None
            else f"{found[default].mean():.2f}, largest {found.max():.2f} Hz"
        )
        print(f"    {change}: {said}")


def main() -> None:
    """Print every set."""
    for name in ("deco2014", "two_network", *(f"graded:{point}" for point in graded_points())):
        row(name)


if __name__ == "__main__":
    main()
