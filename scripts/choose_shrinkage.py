"""Chooses how far twins may lie from their group, on held-out halves of the embedded recordings.

    python scripts/choose_shrinkage.py --keep FILE.jsonl [--lengths 108 216 432] [--tried ...]
                                       [--out docs/twins_shrinkage.md]

The first seconds of each first half are fitted as `fit` does it, around a group that is fitted to
first halves only, and what was fitted is held to the second half. Options are compared over people
and chosen leaving one person out: what a person's second half says of the option that the others
chose was not chosen by it. About 3 s for every fit on one core; FILE keeps those that are done. The
numbers that come out on top are copied into src/defaultmode/fitting/priors.toml by hand.
"""

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from defaultmode.core.settings import Settings
from defaultmode.denoising import denoise_all
from defaultmode.fitting.belief import agreement
from defaultmode.fitting.priors import group_samples, independent_share
from defaultmode.fitting.search import FURTHEST_SCORE, MEMORY, objective
from defaultmode.fitting.shrinkage import shrunk
from defaultmode.fitting.target import Weights, measured, observed
from defaultmode.pipeline.one_run import choices_of, chosen_presets
from defaultmode.pipeline.twin_ground import Ground, Group, ground_aim, ground_of
from defaultmode.pipeline.twin_targets import LAG_S, Shown, shown_in
from defaultmode.simulation.twin_space import OperatingPoint
from defaultmode.sources.connectomes import connectome_of_atlas, embedded_connectivity
from defaultmode.sources.embedded import embedded_recordings

Array = NDArray[np.float64]
Row = dict[str, object]
LENGTHS_S = (108.0, 216.0, 432.0)
STEPS = (20, 40, 60, 80, 100)
GROUP_SAMPLES = (0.0, 7.5, 15.0, 30.0, 60.0, 120.0)
NUMBERS = ("r", "mean_absolute_error", "lagged_r", "log_variance_r", "global_share_difference")
UNIT_SD = {
    "coupling": 0.1,
    "shared_drive": 0.3,
    "local_excitation": 0.05,
    "local_inhibition": 0.05,
    "noise": 0.2,
    "shared_weight": 0.3,
    "routing": 0.5,
    "direction": 0.2,
}


@dataclass(frozen=True)
class Option:
    """One way to fit a person: every standard deviation is `times` the unit; some blocks held."""

    times: float = 3.0
    held: tuple[str, ...] = ()
    weights: Weights = field(default_factory=Weights)
    group: bool = True

    @property
    def sd(self) -> dict[str, float]:
        """Block → standard deviation."""
        return {name: self.times * sd for name, sd in UNIT_SD.items() if name not in self.held}


HEAD = """# How far twins lie from their group

Written by `scripts/choose_shrinkage.py` from the embedded recordings: seven people in AAL2, three
in Schaefer-100 (one of them has halves of 150 s, and is fitted at 108 s only). The first seconds
of a run are fitted and the second half is shown; r is the correlation of connectivities, and all
figures are means over people. The group is that of `fit`: first halves of the study in AAL2, the
706 embedded people in Schaefer-100. *0 samples* is the recording itself, half against half, which
is the ceiling of whatever only repeats it; *target not shrunk* fits that. *Samples* count as
those of the person's own recording: 0.18 a second between 0.01 and 0.1 Hz. Nine of these ten
people are young adults of one project, and the model was tried out on them: elsewhere other
numbers may be better.
"""
LOCAL = ("local_excitation", "local_inhibition")
OPTIONS = {
    "× 1": Option(times=1.0),
    "× 3": Option(),
    "× 9": Option(times=9.0),
    "× 1, target not shrunk": Option(times=1.0, group=False),
    "× 3, target not shrunk": Option(group=False),
    "× 3, no direction": Option(held=("direction",)),
    "× 3, no local": Option(held=LOCAL),
    "× 3, no routing": Option(held=("routing", "direction")),
    "× 3, no noise": Option(held=("noise", "shared_weight")),
    "× 3, lagged left out": Option(weights=Weights(lagged=0.0)),
    "× 3, lagged × 3": Option(weights=Weights(lagged=3.0)),
    "× 3, variance × 3": Option(weights=Weights(variance=3.0)),
    "× 3, global signal × 10": Option(weights=Weights(global_signal=10.0)),
}


@dataclass(frozen=True)
class Case:
    """One person: the first seconds of one run, its second half, and what the group says."""

    length_s: float
    shown: Shown
    ground: Ground

    @property
    def about(self) -> Row:
        """What tells it from others."""
        return {
            "atlas": self.shown.atlas.name,
            "length_s": self.length_s,
            "participant": self.shown.entities.participant,
        }


def cases(length_s: float) -> Iterator[Case]:
    """One run of every embedded person whose first half is long enough."""
    first_runs: dict[str, dict[str, Shown]] = defaultdict(dict)
    for recording in embedded_recordings():
        shown = shown_in(recording, Settings(source="embedded"), key=recording.entities.participant)
        if shown.entities.participant in first_runs[shown.atlas.name]:
            continue
        presets, _ = chosen_presets(recording, (shown.denoise,))
        settings = Settings(source="embedded")
        (cleaned,) = denoise_all(recording, presets, choices=choices_of(settings))
        volumes = int(length_s / recording.tr_s)
        usable = np.asarray(cleaned.usable)
        if volumes <= usable.sum() // 2:
            early = usable & (np.cumsum(usable) <= volumes)
            samples = 2.0 * (shown.high_hz - shown.low_hz) * length_s * independent_share()
            first = measured(cleaned.signal, early, recording.tr_s, lag_s=LAG_S, samples=samples)
            first_runs[shown.atlas.name][shown.key] = replace(shown, first=first)
    for name, people in first_runs.items():
        shown = list(people.values())
        if shown:
            larger = embedded_connectivity()["group706"] if name == "schaefer100" else None
            ground = ground_of(
                Group(shown, connectome_of_atlas(shown[0].atlas), larger, OperatingPoint())
            )
            yield from (Case(length_s, one, ground) for one in shown)


def without_a_model(case: Case) -> Iterator[Row]:
    """What the target itself says of the second half, shrunk towards the group by so much."""
    for samples in GROUP_SAMPLES:
        worth = samples * independent_share()
        target = shrunk(case.shown.first, case.ground.target, group_samples=worth)
        found = numbers(agreement(target, case.shown.second))
        yield case.about | {"tried": f"{samples:g} samples", "steps": 0} | found


def fitted(case: Case, name: str) -> Iterator[Row]:
    """What the twin says of the second half after so many steps of one option."""
    option, ground, first = OPTIONS[name], case.ground, case.shown.first
    target = first
    if option.group:
        target = shrunk(first, ground.target, group_samples=group_samples())
    model = ground.model(ground.space(ground.group, option.sd))
    aim = replace(ground_aim(ground, target, case.shown), weights=option.weights)
    started, passed = time.process_time(), {}

    def remember(scores: Array) -> None:
        step = len(passed) + 1
        passed[step] = (scores.copy(), time.process_time() - started)

    minimize(
        lambda scores: objective(model, aim, scores),
        np.zeros(len(model)),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-FURTHEST_SCORE, FURTHEST_SCORE)] * len(model),
        options={"maxiter": STEPS[-1], "maxcor": MEMORY},
        callback=remember,
    )
    for steps in STEPS:
        scores, cpu_s = passed[min(steps, len(passed))]
        crossed, _ = model.crossed(scores, aim.band.frequencies_hz)
        now, later = aim.band.covariances(crossed, first.lag_s)
        twin = observed(now, later, lag_s=first.lag_s, samples=first.samples)
        found = numbers(agreement(twin, case.shown.second))
        fit = {"fitted_r": agreement(twin, first).r, "cpu_s": cpu_s}
        yield case.about | {"tried": name, "steps": steps} | found | fit


def numbers(seen: object) -> Row:
    """An agreement as a row, none where it is missing."""
    return {k: v if isinstance(v, float) else None for k, v in asdict(seen).items()}


def chosen_without(rows: Sequence[Row]) -> dict[str, tuple[tuple[str, int], float]]:
    """Person → what the others' held-out r would choose, and the person's own r with it."""
    people = sorted({str(row["participant"]) for row in rows})
    found = {}
    for person in people:
        others = means([row for row in rows if row["participant"] != person])
        best = max(others, key=others.get)
        own = means([row for row in rows if row["participant"] == person])
        found[person] = (best, own[best])
    return found


def means(rows: Iterable[Row]) -> dict[tuple[str, int], float]:
    """Held-out r of every option, mean over people of each one's mean over lengths."""
    found = defaultdict(lambda: defaultdict(list))
    for row in rows:
        found[row["tried"], row["steps"]][row["participant"]].append(row["r"])
    return {
        option: float(np.mean([np.mean(values) for values in people.values()]))
        for option, people in found.items()
    }


def table(rows: Sequence[Row]) -> list[str]:
    """A line for every option, atlas and length that everybody has: means over people."""
    cells: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    for row in rows:
        cells[row["atlas"], row["length_s"], row["tried"], row["steps"]].append(row)
    head = ("atlas", "fitted s", "tried", "steps", "n", "r", "MAE", "lagged r", "variance r",
            "global", "r to what was fitted", "CPU s")  # fmt: skip
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    everybody: dict[tuple[object, ...], int] = defaultdict(int)
    for (*where, _, _), group in cells.items():
        everybody[tuple(where)] = max(everybody[tuple(where)], len(group))
    for key in sorted(cells, key=lambda k: (str(k[0]), k[1])):
        (atlas, length_s, tried, steps), group = key, cells[key]
        if len(group) < everybody[atlas, length_s]:
            continue
        values = [mean_of(group, name) for name in (*NUMBERS, "fitted_r", "cpu_s")]
        words = (atlas, f"{length_s:.0f}", tried, steps or "", len(group), *values)
        lines.append(f"| {' | '.join(str(word) for word in words)} |")
    return lines


def mean_of(rows: Sequence[Row], name: str) -> str:
    """Mean over people, of absolute differences; blank where there is none."""
    found = [row[name] for row in rows if row.get(name) is not None]
    values = np.abs(found) if name == "global_share_difference" else found
    return f"{np.mean(values):.3f}" if found else ""


def choices(title: str, rows: Sequence[Row]) -> list[str]:
    """What is best over everybody, and what leaving each person out gives."""
    over_all = means(rows)
    best = max(over_all, key=over_all.get)
    left_out = chosen_without(rows)
    picked = sorted({named(option) for option, _ in left_out.values()})
    honest = float(np.mean([r for _, r in left_out.values()]))
    best_of_all = f"best over all {len(left_out)} people {named(best)}, mean r {over_all[best]:.4f}"
    by_others = f"chosen by the others: {'; '.join(picked)}; mean r with that {honest:.4f}"
    return [f"**{title}**: {best_of_all}; {by_others}.", ""]


def named(option: tuple[str, int]) -> str:
    """What was tried, in words."""
    return f"{option[0]}, {option[1]} steps" if option[1] else option[0]


def report(rows: Sequence[Row]) -> str:
    """The page."""
    targets = [row for row in rows if not row["steps"]]
    fits = [row for row in rows if row["steps"]]
    lines = [HEAD, *choices("Samples that the group is worth, without a model", targets)]
    if fits:
        lines += choices("Standard deviations and steps", in_every_cell(fits))
        best = max(means(in_every_cell(fits)).items(), key=lambda item: item[1])[0]
        of_best = [row for row in fits if row["tried"] == best[0]]
        last = [row for row in fits if row["steps"] == STEPS[-1]]
        lines += [f"## Twins after {STEPS[-1]} steps", "", *table(last), ""]
        lines += [f"## {best[0]}, after fewer steps", "", *table(of_best), ""]
    lines += ["## Targets shrunk towards the group, without a model", "", *table(targets), ""]
    return "\n".join(lines)


def in_every_cell(rows: Sequence[Row]) -> list[Row]:
    """The options that were tried on every person and length, so that means compare."""
    tried = defaultdict(set)
    for row in rows:
        tried[row["tried"]].add((row["participant"], row["length_s"]))
    most = max(len(cells) for cells in tried.values())
    return [row for row in rows if len(tried[row["tried"]]) == most]


def main() -> None:
    """Fit what is not yet in the file, then write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=None)
    parser.add_argument("--lengths", type=float, nargs="*", default=LENGTHS_S)
    parser.add_argument("--tried", nargs="*", default=tuple(OPTIONS))
    options = parser.parse_args()
    options.keep.touch()
    rows = [json.loads(line) for line in options.keep.read_text("utf-8").splitlines()]
    done = {(r["participant"], r["length_s"], r["tried"]) for r in rows}
    for length_s in options.lengths:
        for case in cases(length_s):
            who = case.about["participant"], length_s
            new = [] if (*who, "0 samples") in done else list(without_a_model(case))
            for name in options.tried:
                new += [] if (*who, name) in done else list(fitted(case, name))
            with options.keep.open("a", encoding="utf-8") as kept:
                kept.writelines(json.dumps(row) + "\n" for row in new)
            rows += new
            print(*who, len(new), flush=True)
    if options.out:
        options.out.write_text(report(rows) + "\n", "utf-8")


if __name__ == "__main__":
    main()
