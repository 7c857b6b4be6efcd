"""`simulate`: a protocol → one or many virtual people, as a data set like a real one."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from defaultmode import __version__
from defaultmode.core.errors import DefaultModeError
from defaultmode.outputs.virtual import VirtualDataset, dataset_texts, scan_texts
from defaultmode.pipeline.substrate import (
    Substrate,
    VirtualSettings,
    substrate_of,
    with_noise_on,
)
from defaultmode.pipeline.virtual_people import Group, groups_of
from defaultmode.pipeline.virtual_runs import blocks_of, runs_of_blocks, seen
from defaultmode.pipeline.virtual_scores import Score, check_ratings, scores_of
from defaultmode.pipeline.virtual_tables import (
    limits,
    participants,
    phenotype,
    sessions,
    sources,
    truth,
)
from defaultmode.running import fresh_folder, progress_bar, refuse_occupied, write_text
from defaultmode.simulation.conditions import find_condition
from defaultmode.simulation.protocol_file import read_protocol
from defaultmode.simulation.trial import Arm, Trial

# A rough guide for `--dry-run`; benchmarks/simulation.py measures it on your machine.
REGION_STEPS_PER_S = 100e6
LANES = 32  # a pass of the engine costs as much as so many people
START_S = 5.0  # compiling or loading the engine, reading, writing
BYTES_PER_NUMBER = 11  # of published text


@dataclass(frozen=True, slots=True)
class SimulateReport:
    """What was simulated, or with `dry` what would be; then `seconds` is a rough guess.

    groups : arm or sequence → number of people; scans : written, of those who came
    simulated_s : seconds of brain time; disk_mb : of the series
    """

    out: Path
    name: str
    groups: Mapping[str, int]
    scans: int
    simulated_s: float
    seconds: float
    disk_mb: float
    dry: bool

    @property
    def people(self) -> int:
        """Number of virtual people."""
        return sum(self.groups.values())


@dataclass(frozen=True, slots=True, eq=False)
class Cast:
    """Everything that decides the numbers: who, in which trial, on which brain, run how."""

    trial: Trial
    groups: tuple[Group, ...]
    substrate: Substrate
    settings: VirtualSettings


def simulate(
    protocol: Path, settings: VirtualSettings, *, dry: bool = False, quiet: bool = False
) -> SimulateReport:
    """Simulate the people of a protocol into a new folder.

    Raises E101 and E507–E511 for a protocol that cannot be used, and what `make_dataset` raises.
    """
    read = read_protocol(protocol)
    if settings.condition:
        read = replace(read, condition=find_condition(settings.condition).name, mechanism="")
    count = settings.people or read.people.count
    trial = Trial(name=read.name, design="parallel", arms=(Arm("", read, count),))
    texts = {"protocol.toml": protocol.read_text("utf-8")}
    return make_dataset(trial, settings, texts, dry=dry, quiet=quiet)


def make_dataset(
    trial: Trial,
    settings: VirtualSettings,
    texts: Mapping[str, str],
    *,
    dry: bool = False,
    quiet: bool = False,
) -> SimulateReport:
    """Simulate everybody of a trial into a new folder, which is whole or not there at all.

    texts : files to keep with the truth, word for word
    Raises E603 (the folder is not empty), E601, E602, E510 (nobody is scanned), E505 (a simulation
    left its balanced branch), E512, and what `substrate_of` raises.
    """
    started = time.monotonic()
    refuse_occupied(settings.out)
    if not all(arm.protocol.scans for arm in trial.arms):
        raise DefaultModeError("E510", f"{trial.name!r} has no scan; add one as [[scan]].")
    for arm in trial.arms:
        check_ratings(arm.protocol)
        for scan in arm.protocol.scans:
            settings.plan(scan)
    if settings.noise_percent is not None:
        trial = replace(trial, noise_percent=settings.noise_percent)
    substrate = substrate_of(settings, trial.arms[0].protocol.parameter_set)
    cast = Cast(trial, groups_of(trial, settings.seed), substrate, settings)
    report = forecast(cast)
    if dry:
        return report
    cast = replace(cast, substrate=with_noise_on(substrate))
    with fresh_folder(settings.out) as folder:
        fill(folder, cast, texts, quiet=quiet)
    return replace(report, seconds=time.monotonic() - started, dry=False)


def forecast(cast: Cast) -> SimulateReport:
    """What a simulation would be: how many scans, and roughly how long and how large."""
    n_regions, scans, numbers, simulated_s = len(cast.substrate.atlas), 0, 0.0, 0.0
    lanes: dict[float, int] = {}
    per_s = 1000.0 / cast.settings.dt_ms
    for group in cast.groups:
        for scan in group.protocol.scans:
            people = sum(group.came(k, scan.session) for k in range(len(group.people)))
            whole_s = scan.duration_s + cast.settings.settle_s
            lanes[whole_s] = lanes.get(whole_s, 0) + len(group.people)
            simulated_s += people * scan.duration_s
            scans += people
            numbers += people * n_regions * scan.duration_s / scan.tr_s
    passes = sum(-(-n // LANES) * LANES * whole_s for whole_s, n in lanes.items())
    steps = passes * per_s * n_regions
    kinds = 2 if cast.settings.truth_series else 1
    return SimulateReport(
        cast.settings.out,
        cast.trial.name,
        {group.name or "everybody": len(group.people) for group in cast.groups},
        scans,
        simulated_s,
        START_S + steps / REGION_STEPS_PER_S / cast.settings.cores,
        kinds * numbers * BYTES_PER_NUMBER / 1e6,
        dry=True,
    )


def fill(folder: Path, cast: Cast, texts: Mapping[str, str], *, quiet: bool = False) -> None:
    """Write every file of the data set into a folder."""
    blocks = blocks_of(cast.groups, cast.substrate)
    runs = []
    with progress_bar("simulating", quiet=quiet) as show:
        for run in runs_of_blocks(blocks, cast.settings, tell=show):
            for name, text in scan_texts(seen(run, cast.trial), cast.substrate.atlas).items():
                write_text(folder / name, text)
            runs.append(run.summary(cast.substrate.atlas))
    scores = [score for block in blocks for score in scores_of(block, cast.trial)]
    for name, text in dataset_texts(dataset_of(cast, runs, scores, texts)).items():
        write_text(folder / name, text)


def dataset_of(
    cast: Cast,
    runs: Sequence[Mapping[str, object]],
    scores: Sequence[Score],
    texts: Mapping[str, str],
) -> VirtualDataset:
    """Everything but the runs: tables, phenotype, the truth, and how to make it again."""
    trial, groups = cast.trial, cast.groups
    return VirtualDataset(
        name=trial.name,
        version=__version__,
        participants=participants(trial, groups),
        sessions=sessions(trial, groups),
        phenotype=phenotype(scores),
        truth=truth(groups, runs, scores),
        settings=record_of(cast),
        texts=texts,
        sources=sources(cast.substrate, groups),
        limits=limits(),
    )


def record_of(cast: Cast) -> dict[str, object]:
    """What must be known to make the same bytes again."""
    trial = {
        name: value
        for name, value in asdict(replace(cast.trial, arms=())).items()
        if name not in {"arms", "name"}
    }
    return {
        "version": __version__,
        "connectome": cast.substrate.connectome.name,
        "parameter_set": cast.substrate.parameters,
        "settings": cast.settings.record(),
        "trial": trial,
    }
