"""The operating points as a section of the page."""

from anatomy.points import CHANGES, OTHER_BRANCH_HZ, STEPS
from anatomy.tables import Kept, table
from defaultmode.simulation.twin_space import OperatingPoint

SAID = {"inhibition": "J", "local_excitation": "w"}
HEAD = (
    "w",
    "asked, /s",
    "shared",
    "r 706",
    "r 303",
    "bound, /s",
    "exact, /s",
    "W",
    *(f"{SAID[name]} {factor - 1:+.0%}: W, DMN Hz, highest Hz" for name, factor in CHANGES),
)


def points_section(kept: Kept) -> str:
    """Fit, stability and what small changes do, point by point."""
    found = {
        tuple(float(x) for x in key.split()[1:]): row
        for key, row in kept.items()
        if key.startswith("points ")
    }
    rows = [_row(point, found[point]) for point in sorted(found, key=_order)]
    return (
        "## Where the brain is held\n"
        "w: local excitation; asked: the slowest disturbance is to die at least so fast; shared: "
        "variance of the shared noise, of the private one. *Bound*: what the fit holds below the "
        "limit, the largest eigenvalue of the symmetric part with inhibition following at once; "
        "*exact*: growth of the slowest disturbance at the fixed point. W: mean Fisher z within "
        "the default mode network (DMN), linear, of all frequencies. Then one parameter of its "
        "regions is changed and the rest is sought again from the old one; regions above "
        f"{OTHER_BRANCH_HZ:g} Hz have jumped to another branch. Data weigh 1000 samples, "
        f"{STEPS} steps.\n\n" + table(HEAD, rows) + "\n\n" + _conclusion(found)
    )


def _order(point: tuple[float, ...]) -> tuple[float, ...]:
    return point[2], point[0], point[1]


def _row(point: tuple[float, ...], row: dict) -> tuple[str, ...]:
    numbers = tuple(f"{x:g}" for x in point)
    if "failed" in row:
        return (*numbers, row["failed"], *[""] * (len(HEAD) - 4))
    return (
        *(f"**{x}**" if point == _chosen() else x for x in numbers),
        f"{row['fitted_r']:.3f}",
        f"{row['held_out_r']:.3f}",
        f"{row['bound_per_s']:.2f}",
        f"{row['exact_per_s']:.2f}",
        f"{row['within']:.3f}",
        *(_change(change) for change in row["changes"]),
    )


def _change(change: dict) -> str:
    if "failed" in change:
        return f"**no stable rest** ({change['failed']})"
    said = f"{change['within']:.3f}, {change['default_mode_hz']:.2f}, {change['highest_hz']:.1f}"
    return f"**{said}**" if change["jumps"] else said


def _chosen() -> tuple[float, ...]:
    point = OperatingPoint()
    return point.local_excitation, point.slowest_per_s, point.shared_share


def _leaves(row: dict) -> bool:
    """Whether one of the changes leaves the branch."""
    return any(change.get("jumps", True) for change in row.get("changes", ()))


def _conclusion(found: dict[tuple[float, ...], dict]) -> str:
    fitted = {point: row for point, row in found.items() if "failed" not in row}
    leaving = [point for point, row in fitted.items() if _leaves(row)]
    gaps = [abs(row["exact_per_s"] - row["bound_per_s"]) for row in fitted.values()]
    above = [row["exact_per_s"] > row["bound_per_s"] for row in fitted.values()]
    where = f": {_listed(leaving)}" if leaving else ""
    steady = f"{len(fitted)} of {len(found)} points have a brain; one of the changes leaves the "
    steady += f"branch in {len(leaving)} of them{where}."
    close = f"The exact growth is within {max(gaps):.2f} /s of the bound, and above it in "
    close += f"{sum(above)} of {len(above)}."
    lines = [f"- {steady}", f"- {close}"]
    if chosen := fitted.get(_chosen()):
        best = max(fitted, key=lambda point: fitted[point]["held_out_r"])
        w, slowest, shared = _chosen()
        lines.append(
            f"- Used is w = {w:g}, −{slowest:g} /s, shared {shared:g}: r {chosen['fitted_r']:.3f} "
            f"and {chosen['held_out_r']:.3f}. It is the point at which conditions and drugs of the "
            "simulator were calibrated, so that a twin answers on the same scale; it was not "
            f"chosen for the fit, which is best at {_listed([best])} "
            f"({fitted[best]['held_out_r']:.3f}). {_graded(chosen)}"
        )
    return "\n".join(lines)


def _graded(row: dict) -> str:
    """How far the default mode moves at one point, in words."""
    said = []
    for (name, factor), change in zip(CHANGES, row["changes"], strict=True):
        to = "to no stable rest"
        if "failed" not in change:
            to = f"to W {change['within']:.3f} and {change['default_mode_hz']:.2f} Hz"
        said.append(f"{SAID[name]} {factor - 1:+.0%} {to}")
    return f"There W is {row['within']:.3f} at 3 Hz, and moves with {'; with '.join(said)}."


def _listed(points: list[tuple[float, ...]]) -> str:
    return "; ".join(f"w {w:g}, −{slow:g} /s, shared {share:g}" for w, slow, share in points)
