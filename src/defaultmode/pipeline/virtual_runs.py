"""The scans of virtual people: simulated side by side, then seen through a scanner."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.atlas import Atlas
from defaultmode.core.recording import Entities
from defaultmode.outputs.virtual import VirtualScan, entry
from defaultmode.pipeline.substrate import Substrate, VirtualSettings
from defaultmode.pipeline.virtual_people import Group
from defaultmode.simulation.batches import LANES, Job, batches, brain_of
from defaultmode.simulation.doses import Dose
from defaultmode.simulation.engine import Simulation, simulate
from defaultmode.simulation.head_motion import artefact, displacement
from defaultmode.simulation.hemodynamics import measurement_noise
from defaultmode.simulation.people import People
from defaultmode.simulation.protocol import Protocol, Scan
from defaultmode.simulation.timeline import Timeline
from defaultmode.simulation.trial import Trial

Array = NDArray[np.float64]
DAY_MIN = 1440.0
ARTEFACT = "motion_artefact_percent"
SECONDS_MIN = 60.0
RATED = ("default", "task-positive", "salience", "other")


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """People of one group who are simulated together; places : where they stand in it."""

    group: Group
    places: tuple[int, ...]
    timeline: Timeline

    @property
    def people(self) -> People:
        """The people of the block, in order."""
        return self.timeline.people


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One person's scan before any scanner: whose, which, and what came of it.

    person : place in the group; percent : (n_time, n_regions) BOLD, percent signal change
    rate_hz : (n_regions,) mean excitatory rate, empty where the model has none
    exposure : column → (n_time,) its true course over the frames
    """

    group: Group
    person: int
    scan: Scan
    percent: Array
    rate_hz: Array
    activity: Array | None
    exposure: Mapping[str, Array]

    @property
    def participant(self) -> str:
        """BIDS label of the person, with its prefix."""
        return self.group.people.ids[self.person]

    def summary(self, atlas: Atlas) -> dict[str, object]:
        """The run's row of the truth: when it was, mean rates by role, mean of every exposure."""
        rates: dict[str, object] = {
            f"rate_{role.replace('-', '_')}_hz": float(self.rate_hz[atlas.members(role)].mean())
            for role in RATED
            if len(self.rate_hz) and len(atlas.members(role))
        }
        means = {f"mean_{name}": float(course.mean()) for name, course in self.exposure.items()}
        return {
            "participant_id": self.participant,
            "session_id": f"ses-{self.scan.session}",
            "task_id": self.scan.task,
            "run_id": self.scan.run,
            "at_min": self.scan.at_min,
            **rates,
            **means,
        }


def blocks_of(groups: Sequence[Group], substrate: Substrate) -> tuple[Block, ...]:
    """Every group in blocks that fit into the lanes of the engine."""
    found = []
    for group in groups:
        n = len(group.people)
        for start in range(0, n, LANES):
            places = tuple(range(start, min(start + LANES, n)))
            people = group.people.take(places)
            timeline = Timeline(
                group.protocol,
                substrate.brain,
                atlas=substrate.atlas,
                maps=substrate.maps,
                people=people,
            )
            found.append(Block(group, places, timeline))
    return tuple(found)


def runs_of_blocks(
    blocks: Sequence[Block], settings: VirtualSettings, *, tell: Callable[[float, str], None]
) -> Iterator[Run]:
    """Simulate every scan and yield one person's after another, of those who came.

    tell : told the share done, 0 to 1, and how many scans that is
    Who has left is carried along in the engine and not written. Raises E505 and E512 as it does.
    """
    jobs = [Job(b.timeline, scan) for b in blocks for scan in b.group.protocol.scans]
    block_of = {id(b.timeline): b for b in blocks}
    total, done = sum(len(job.people) for job in jobs), 0
    for batch in batches(jobs, LANES * settings.cores):
        seeds = [seed for job in batch for seed in job.seeds]
        # Alone, the engine sums in another order: whoever is left over runs beside a double, so
        # that nobody's bytes depend on how many threads or other people there are.
        seeds = seeds * 2 if len(seeds) == 1 < total else seeds

        def share(part: float, before: int = done, n: int = len(seeds)) -> None:
            tell((before + part * n) / total, f"{before}/{total}")

        brain = brain_of(batch, settings.settle_s)
        simulation = simulate(brain, seeds, settings.plan(batch[0].scan), progress=share)
        done += sum(len(job.people) for job in batch)
        first = 0
        for job in batch:
            yield from _runs(job, block_of[id(job.timeline)], simulation, first)
            first += len(job.people)


def _runs(job: Job, block: Block, simulation: Simulation, first: int) -> Iterator[Run]:
    n_time = len(simulation.bold)
    truth = block.timeline.truth(frame_times_min(job.scan, n_time))
    for lane, place in enumerate(block.places, start=first):
        if not block.group.came(place, job.scan.session):
            continue
        activity = simulation.activity
        yield Run(
            block.group,
            place,
            job.scan,
            simulation.bold[:, :, lane],
            simulation.rate_hz[:, lane] if len(simulation.rate_hz) else np.empty(0),
            None if activity is None else activity[:n_time, :, lane],
            {name: course[:, lane - first] for name, course in truth.items()},
        )


def frame_times_min(scan: Scan, n_time: int) -> Array:
    """When the frames of a scan end, in minutes of the protocol, (n_time,)."""
    return np.asarray(scan.at_min + np.arange(1, n_time + 1) * scan.tr_s / SECONDS_MIN)


def seen(run: Run, trial: Trial) -> VirtualScan:
    """The scan as the scanner of its site shows it: gain, head motion, measurement noise."""
    group, site = run.group, run.group.sites[run.person]
    one = group.people.take([run.person])
    (moving,) = one.generators(f"head motion, {run.scan.key}")
    (noise,) = one.generators(f"measurement noise, {run.scan.key}")
    percent, moved_mm, exposure = site.signal_gain * run.percent, None, dict(run.exposure)
    if trial.motion is not None:
        level = drug_level(run.exposure, group.protocol)
        moved_mm = displacement(trial.motion, group.moved_mm[run.person], level, moving)
        added = artefact(trial.motion, moved_mm, percent.shape[1], moving)
        percent, exposure[ARTEFACT] = percent + added, added.mean(axis=1)
    return VirtualScan(
        entities=entities_of(run.participant, run.scan),
        percent=measurement_noise(percent, trial.noise_percent * site.noise_gain, noise),
        tr_s=run.scan.tr_s,
        activity=run.activity,
        exposure=exposure,
        exposure_columns=exposure_columns(exposure),
        framewise_displacement_mm=moved_mm,
        blocks=tuple((b.onset_s, b.duration_s, b.event) for b in run.scan.blocks),
        mean_units=site.mean_units,
        sidecar=pharmaceuticals(group.protocol, run.scan),
    )


def drug_level(exposure: Mapping[str, Array], protocol: Protocol) -> Array:
    """How strongly drugs act in each frame, the strongest where there are several, (n_time,)."""
    n_time = len(next(iter(exposure.values()), ()))
    levels = [exposure[name] for d in protocol.drugs if (name := f"{d}_level") in exposure]
    return np.max(levels, axis=0) if levels else np.zeros(n_time)


def entities_of(participant: str, scan: Scan) -> Entities:
    """The BIDS entities of a person's scan."""
    return Entities(
        participant=participant.removeprefix("sub-"),
        session=scan.session,
        task=scan.task,
        run="" if scan.run is None else str(scan.run),
    )


def exposure_columns(names: Iterable[str]) -> dict[str, dict[str, object]]:
    """Data dictionary of the true courses, told from their names."""
    units = (("_ng_ml", "ng/ml"), ("_percent", "%"), ("_mm", "mm"))
    found = {}
    for name in names:
        unit = next((u for ending, u in units if name.endswith(ending)), "1")
        found[name] = entry(f"True {name.replace('_', ' ')} at the end of each frame", unit)
    return found


def pharmaceuticals(protocol: Protocol, scan: Scan) -> dict[str, object]:
    """What was given in the day before the scan's end, in the terms of BIDS; times in s.

    Where anything was infused, every dose has a start and an end, one after the other in one list,
    as BIDS wants it; rates are written as the whole amount, so that one unit holds for all.
    """
    given = [d for d in protocol.doses if scan.end_min - DAY_MIN < d.dose.start_min < scan.end_min]
    if not given:
        return {}
    infused = any(d.dose.over_min for d in given)
    spans = [(d.dose.start_min, d.dose.end_min) if infused else (d.dose.start_min,) for d in given]
    times = [round((t - scan.at_min) * SECONDS_MIN, 3) for span in spans for t in span]
    return {
        "PharmaceuticalName": ", ".join(dict.fromkeys(d.drug for d in given)),
        "PharmaceuticalDoseAmount": [_whole_amount(d.dose) for d in given],
        "PharmaceuticalDoseUnits": ", ".join(
            dict.fromkeys(d.dose.unit.removesuffix("/h") for d in given)
        ),
        "PharmaceuticalDoseRegimen": "; ".join(f"{d.drug} {d.dose}" for d in given),
        "PharmaceuticalDoseTime": times,
    }


def _whole_amount(dose: Dose) -> float:
    """All that a dose gives, in its unit without the time."""
    return dose.amount * dose.over_min / 60.0 if dose.is_rate else dose.amount
