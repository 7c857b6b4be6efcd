"""How far the default mode network steps back while something is to be done."""

from defaultmode.core.missing import Missing
from defaultmode.core.recording import Array, Recording
from defaultmode.measures._regions import regions, spread
from defaultmode.measures._registry import measure
from defaultmode.measures._task_model import task_fit

PREMISES = ("task known", "percent scale")
BEYOND_NOISE = 2.0  # standard errors, of ordinary least squares


def _activation(recording: Recording, role: str) -> float:
    return task_fit(recording).mean(regions(recording, role))


@measure(unit="%", cites=("Fox2005", "Friston1998"), unchanged_by=("offset",), premises=PREMISES)
def task_activation_task_positive(recording: Recording) -> float:
    """Mean change of task-positive regions from rest to a lasting task.

    Percent signal change; the coefficient of the general linear model, mean over regions (M7).
    """
    return _activation(recording, "task-positive")


@measure(
    unit="%", cites=("Raichle2001", "Friston1998"), unchanged_by=("offset",), premises=PREMISES
)
def task_deactivation_index(recording: Recording) -> float:
    """How far default-mode regions fall below their level at rest during the task.

    Percent signal change, above 0 where they step back: minus the coefficient of the general linear
    model, mean over regions (DI of M7).
    """
    return -_activation(recording, "default")


@measure(
    unit="ratio",
    cites=("Fox2005", "Friston1998"),
    unchanged_by=("scale", "offset"),
    premises=PREMISES,
)
def task_deactivation_per_activation(recording: Recording) -> float | Missing:
    """Fall of default-mode regions in a task for each percent that task-positive regions rise.

    −β of the default mode network over β of the task-positive network. Not the suppression ratio
    of a model, 1 − rate(task)/rate(rest): BOLD has no absolute zero, so no signal at rest can be
    its denominator. Missing (E306) where the task-positive network does not rise by more than two
    standard errors, which ordinary least squares gives too small where noise is not white.
    """
    fit, theirs = task_fit(recording), regions(recording, "task-positive")
    rise, error = fit.mean(theirs), fit.error(theirs)
    if rise <= BEYOND_NOISE * error:
        reason = (
            f"the task-positive network rises by {rise:.3g} % (standard error {error:.2g} %), no "
            "more than by chance, so a ratio to it means nothing"
        )
        return Missing(reason, "E306")
    return _activation(recording, "default") / -rise


@measure(
    unit="%",
    cites=("Friston1998",),
    unchanged_by=("offset", "region order"),
    premises=PREMISES,
    kind="regions",
)
def task_activation_by_region(recording: Recording) -> Array:
    """Change of each region from rest to a lasting task.

    Percent signal change, (n_regions,), NaN where a region has no signal (M7).
    """
    fit = task_fit(recording)
    return spread(recording, fit.columns, fit.activation)


def activation_by_trial_type(recording: Recording) -> dict[str, Array]:
    """Trial type → change of each region from rest to it, percent, (n_regions,).

    A self-referential task raises the default mode network that an external one lowers, which their
    mean would hide. Empty where `task_activation_by_region` is Missing; a type that cannot be told
    from rest or from confounds is left out.
    """
    if isinstance(task_activation_by_region(recording), Missing):
        return {}
    fit = task_fit(recording)
    return {name: spread(recording, fit.columns, values) for name, values in fit.each.items()}
