"""Twins of the embedded people: what they show of data they were not fitted to, and how fast.

python benchmarks/twin.py [--quick]      on one core; the last line is JSON
"""

import argparse
import json
import os
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
os.environ.update(ONE_THREAD)  # before numpy is imported: seconds are those of one core

import numpy as np  # noqa: E402
from anatomy.group import group_row  # noqa: E402
from anatomy.wirings import MEASURED, Wiring  # noqa: E402
from machine import machine  # noqa: E402

from defaultmode.core.missing import Missing  # noqa: E402
from defaultmode.core.settings import Settings  # noqa: E402
from defaultmode.fitting.belief import correlation  # noqa: E402
from defaultmode.fitting.identification import Identification, identification  # noqa: E402
from defaultmode.pipeline.demonstrating import embedded_works  # noqa: E402
from defaultmode.pipeline.one_twin import FittedTwin, TwinWork, fit_twin  # noqa: E402
from defaultmode.pipeline.twin_targets import Shown, shown_by  # noqa: E402
from defaultmode.pipeline.twinning import (  # noqa: E402
    DRAWS,
    FitSettings,
    grounds_of,
    people_of,
)

COLUMNS = (
    "fitted_r",
    "held_out_r",
    "ceiling_r",
    "noiseless_ceiling_r",
    "other_run_r",
    "group_average_r",
    "embedded_group_r",
    "structure_only_r",
)


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """One run's twin and its processor seconds, with plausible others and without.

    with_draws_s : None where no others were drawn
    embedded : correlation of a large embedded group with the second half, None where there is none
    """

    shown: Shown
    twin: FittedTwin
    plain_s: float
    with_draws_s: float | None
    embedded: float | None

    @property
    def numbers(self) -> dict[str, float | None]:
        """What was found, None where it is missing."""
        belief = dict(self.twin.belief)
        belief["embedded_group_r"] = self.embedded
        found = {name: belief[name] for name in (*COLUMNS, "growth_per_s")}
        return {name: v if isinstance(v, float) else None for name, v in found.items()}


def group() -> dict[str, float]:
    """The group's brain: fitted to the 706, tested on the 303."""
    row = group_row(Wiring(MEASURED, 0.0), "routes", (1000.0,), 0)
    print(
        f"Group, Schaefer-100, 706 people: r = {row['fitted_r']:.3f}, in 303 others "
        f"{row['held_out_r']:.3f}, {row['cpu_s']:.1f} s CPU, slowest disturbance "
        f"{row['growth_per_s']:.2f} /s"
    )
    return {
        "group_fit_r": row["fitted_r"],
        "group_heldout_r": row["held_out_r"],
        "group_s": row["cpu_s"],
    }


def works() -> list[TwinWork]:
    """Every embedded run as `fit` takes it, without plausible others."""
    settings = Settings(source="")
    shown = [shown_by(work) for work in embedded_works(settings)]
    grounds = grounds_of(shown, settings, FitSettings())
    for name, ground in grounds.items():
        print(f"{name}: group of {ground.people}, r = {ground.fit:.3f}")
    people = people_of({s.key: s for s in shown}, grounds, settings, FitSettings(draws=0))
    return list(people.values())


def fitted(work: TwinWork, *, draws: int) -> Fitted:
    """Fit a run, and again with plausible others where some are asked for."""
    began = time.process_time()
    twin = fit_twin(work)
    plain_s, with_draws_s = time.process_time() - began, None
    if draws:
        began = time.process_time()
        twin = fit_twin(replace(work, count=draws))
        with_draws_s = time.process_time() - began
    return Fitted(work.shown, twin, plain_s, with_draws_s, embedded_r(work))


def embedded_r(work: TwinWork) -> float | None:
    """How well a large embedded group shows the second half, where the brain started from one."""
    if "embedded" not in work.ground.people:
        return None
    found = correlation(*(above(t.connectivity) for t in (work.ground.target, work.shown.second)))
    return found if isinstance(found, float) else None


def above(matrix: np.ndarray) -> np.ndarray:
    """Every pair of regions once."""
    return matrix[np.triu_indices(len(matrix), 1)]


def people(*, quick: bool) -> dict[str, object]:
    """Print what every run's twin shows, per atlas, and what means over people are."""
    runs: list[Fitted] = []
    print("\n| atlas | participant | run | volumes | " + " | ".join(COLUMNS) + " | /s | CPU s |")
    print("|---" * (len(COLUMNS) + 6) + "|")
    for work in works():
        timed = not quick or work.shown.atlas.name not in {f.shown.atlas.name for f in runs}
        one = fitted(work, draws=DRAWS if timed else 0)
        who = one.shown.entities
        words = [one.shown.atlas.name, who.participant, who.run or "", one.shown.n_volumes]
        words += ["" if v is None else f"{v:.3f}" for v in one.numbers.values()]
        print(f"| {' | '.join(map(str, words))} | {one.plain_s:.1f} |", flush=True)
        runs.append(one)
    by_atlas: dict[str, list[Fitted]] = defaultdict(list)
    for one in runs:
        by_atlas[one.shown.atlas.name].append(one)
    rows = {name: atlas_row(these) for name, these in by_atlas.items()}
    recognised = sum(round(r["identification_accuracy"] * r["n"]) for r in rows.values())
    means = {name: over_people(runs, name) for name in COLUMNS}
    return {
        "person_heldout_r": means["held_out_r"],
        "person_ceiling_r": means["ceiling_r"],
        "person_noiseless_ceiling_r": means["noiseless_ceiling_r"],
        "person_structure_only_r": means["structure_only_r"],
        "person_group_average_r": means["group_average_r"],
        "person_embedded_group_r": means["embedded_group_r"],
        "person_other_run_r": means["other_run_r"],
        "person_s": median(f.with_draws_s for f in runs),
        "person_without_draws_s": median(f.plain_s for f in runs),
        "draws": DRAWS,
        "identification_accuracy": recognised / sum(r["n"] for r in rows.values()),
        "n": len({f.shown.entities.participant for f in runs}),
        "n_runs": len(runs),
        "atlases": rows,
    }


def atlas_row(runs: list[Fitted]) -> dict[str, object]:
    """Means over the participants of one atlas, and how many of them are recognised."""
    first = list({f.shown.entities.participant: f for f in reversed(runs)}.values())
    by_twin, back = recognition(first, [f.twin.first_half for f in first])
    by_half, _ = recognition(first, [f.shown.first.connectivity for f in first])
    print(
        f"\n{runs[0].shown.atlas.name}: {by_twin.n} people, {len(runs)} runs; recognised by their "
        f"twins {by_twin.accuracy:.0%} (chance {by_twin.chance:.0%}, p = {by_twin.p:.2g}, "
        f"differential identifiability {by_twin.differential_identifiability:.1f}), back "
        f"{back.accuracy:.0%} (p = {back.p:.2g}); by their first halves {by_half.accuracy:.0%} "
        f"({by_half.differential_identifiability:.1f})"
    )
    row = {
        "n": by_twin.n,
        "n_runs": len(runs),
        "identification_accuracy": by_twin.accuracy,
        "identification_p": by_twin.p,
        "identification_accuracy_back": back.accuracy,
        "identification_p_back": back.p,
        "differential_identifiability": by_twin.differential_identifiability,
        "personal": sum(f.twin.personal is True for f in runs),
        "failed": sum(f.twin.failed is not None for f in runs),
    }
    return row | {name: over_people(runs, name) for name in COLUMNS}


def recognition(
    first: list[Fitted], shown: list[np.ndarray]
) -> tuple[Identification, Identification]:
    """How people's second halves are recognised by what was made of their first, and back."""
    halves = [above(f.shown.second.connectivity) for f in first]
    likeness = [[correlation(above(one), half) for half in halves] for one in shown]
    table = np.array(likeness, dtype=np.float64)
    found, back = identification(table), identification(table.T)
    if isinstance(found, Missing) or isinstance(back, Missing):
        raise SystemExit("nobody to be taken for somebody else")
    return found, back


def over_people(runs: list[Fitted], name: str) -> float | None:
    """Mean over participants of the mean over their runs; None where nobody has it."""
    found: dict[str, list[float]] = defaultdict(list)
    for one in runs:
        value = one.numbers[name]
        if value is not None:
            found[one.shown.entities.participant].append(value)
    return float(np.mean([np.mean(values) for values in found.values()])) if found else None


def median(seconds: Iterable[float | None]) -> float:
    """Median of what was measured."""
    return float(np.median([s for s in seconds if s is not None]))


def short(value: object) -> object:
    """Four digits of every float."""
    if isinstance(value, dict):
        return {name: short(v) for name, v in value.items()}
    return float(f"{value:.4g}") if isinstance(value, float) else value


def main() -> None:
    """Measure, print, and end with one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="plausible others once an atlas")
    options = parser.parse_args()
    print(f"{machine('numpy', 'scipy')}; load {os.getloadavg()[0]:.1f}; one core")
    found = group() | people(quick=options.quick)
    print(json.dumps(short(found | {"load_after": os.getloadavg()[0]})))


if __name__ == "__main__":
    main()
