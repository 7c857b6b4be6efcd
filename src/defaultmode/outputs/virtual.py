"""The files of a virtual data set: a BIDS derivative like a real one, its truth kept apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from defaultmode import DISCLAIMER
from defaultmode.core.atlas import Atlas
from defaultmode.core.recording import Array, Entities
from defaultmode.outputs.dataset import BIDS_VERSION
from defaultmode.outputs.text import as_json, matrix, table

MEAN_UNITS = 10_000.0  # what a region's signal fluctuates about, as grand-mean scaling leaves it
TWINS = "TwinsOfRealPeople"  # key of dataset_description.json
GENERATOR = "defaultmode simulator"  # not our own results: `measure` never writes into this folder
VIRTUAL = "VIRTUAL people: every value in this data set was simulated; nobody was scanned."
AMPLITUDE = (
    "In the band from 0.01 to 0.1 Hz it fluctuates by about 0.07 % (standard deviation of a region "
    "at rest in the shipped parameter set, without measurement noise), less than a real one: "
    "measures in percent (ALFF, global signal) must not be compared with those of real recordings."
)
NEGLIGIBLE = 1e-12  # a level or a concentration below it is written as 0
IGNORED = ("truth", "*_desc-truth_*", "*_timeseries.*", "*_motion.*")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table with its data dictionary.

    columns : column → its entry (Description, Units, Levels); rows : cells in their order
    """

    columns: Mapping[str, Mapping[str, object]]
    rows: tuple[tuple[object, ...], ...]

    def files(self, path: str) -> dict[str, str]:
        """The table and its dictionary, as path → text; `path` has no extension."""
        texts = {f"{path}.tsv": table(tuple(self.columns), self.rows)}
        return texts | {f"{path}.json": as_json(self.columns)}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class VirtualScan:
    """One run of one virtual person.

    percent : (n_time, n_regions) percent signal change, measurement noise and artefact included
    activity : (n_time, n_regions) mean synaptic gating of each frame, None where it is not kept
    exposure : column → (n_time,) true course of what acts: concentration, level, artefact
    exposure_columns : column → its entry in the data dictionary
    framewise_displacement_mm : (n_time,), None where the head keeps still
    blocks : (onset in s, duration in s, trial type) of a task
    sidecar : further keys of the series' sidecar, such as what was given
    """

    entities: Entities
    percent: Array
    tr_s: float
    activity: Array | None = None
    exposure: Mapping[str, Array] = field(default_factory=dict)
    exposure_columns: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    framewise_displacement_mm: Array | None = None
    blocks: tuple[tuple[float, float, str], ...] = ()
    mean_units: float = MEAN_UNITS
    sidecar: Mapping[str, object] = field(default_factory=dict)

    @property
    def base(self) -> str:
        """Path of the run below the folder, up to its processing."""
        return f"{self.entities.folder}/{self.entities.stem}"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class VirtualDataset:
    """What a virtual data set holds beside its runs.

    participants : one row per person; sessions : participant → one row per session
    phenotype : name of the instrument → one row per person and session
    truth : name → what no real data set has (responders, parameters, doses); files of their own,
        which `study` never joins
    settings : everything needed to make it again; texts : name → file kept word for word
    sources, limits : where its parts come from, and how it must not be read, one line each
    of_twins : its people are twins of real ones, whom nothing may be predicted of
    """

    name: str
    version: str
    participants: Sheet
    sessions: Mapping[str, Sheet]
    phenotype: Mapping[str, Sheet]
    truth: Mapping[str, Sheet]
    settings: Mapping[str, object]
    texts: Mapping[str, str] = field(default_factory=dict)
    sources: Sequence[str] = ()
    limits: Sequence[str] = ()
    of_twins: bool = False


def dataset_texts(dataset: VirtualDataset) -> dict[str, str]:
    """Every file of the data set that belongs to no run: path below its folder → text."""
    texts: dict[str, str] = {
        "dataset_description.json": as_json(_description(dataset)),
        "README": _readme(dataset),
        ".bidsignore": "\n".join(IGNORED) + "\n",
        "truth/simulation.json": as_json(dataset.settings),
    }
    texts |= dataset.participants.files("participants")
    for person, sheet in dataset.sessions.items():
        texts |= sheet.files(f"{person}/{person}_sessions")
    for name, sheet in dataset.phenotype.items():
        texts |= sheet.files(f"phenotype/{name}")
    for name, sheet in dataset.truth.items():
        texts |= sheet.files(f"truth/{name}")
    return texts | {f"truth/{name}": text for name, text in dataset.texts.items()}


def scan_texts(scan: VirtualScan, atlas: Atlas) -> dict[str, str]:
    """Every file of one run: path below the folder → text."""
    series = f"{scan.base}_atlas-{atlas.label}_stat-mean_timeseries"
    signal = scan.mean_units * (1.0 + scan.percent / 100.0)
    texts = {
        f"{series}.tsv": matrix(atlas.names, signal),
        f"{series}.json": as_json(_series_sidecar(scan, atlas)),
    }
    if scan.framewise_displacement_mm is not None:
        motion = Sheet(
            {"framewise_displacement": entry("Virtual framewise displacement", "mm")},
            tuple((float(v),) for v in scan.framewise_displacement_mm),
        )
        texts |= motion.files(f"{scan.base}_motion")
    if scan.blocks:
        texts |= Sheet(_block_columns(), scan.blocks).files(f"{scan.base}_events")
    return texts | _truth_of_scan(scan, atlas)


def is_virtual(description: Mapping[str, object]) -> bool:
    """Whether a dataset_description.json says that its data set was simulated here."""
    makers = description.get("GeneratedBy")
    listed = makers if isinstance(makers, list) else []
    return any(isinstance(m, Mapping) and m.get("Name") == GENERATOR for m in listed)


def is_of_twins(description: Mapping[str, object]) -> bool:
    """Whether a dataset_description.json says that its people are twins of real ones."""
    return is_virtual(description) and description.get(TWINS) is True


def entry(
    description: str, units: str = "", levels: Mapping[str, str] | None = None
) -> dict[str, object]:
    """A column's entry in a BIDS data dictionary; levels : level → what it means."""
    said: dict[str, object] = {"Description": description}
    said |= {"Units": units} if units else {}
    return said | ({"Levels": dict(levels)} if levels else {})


def _block_columns() -> dict[str, dict[str, object]]:
    return {
        "onset": entry("Start of the block after the start of the scan", "s"),
        "duration": entry("Length of the block", "s"),
        "trial_type": entry("What the virtual person does in the block"),
    }


def _truth_of_scan(scan: VirtualScan, atlas: Atlas) -> dict[str, str]:
    """What only a simulation knows of a run; the names keep `measure` from reading it as one."""
    texts: dict[str, str] = {}
    if scan.exposure:
        columns = list(scan.exposure)
        path = f"{scan.base}_desc-truth_timeseries"
        courses = np.column_stack(list(scan.exposure.values()))
        courses = np.where(np.abs(courses) < NEGLIGIBLE, 0.0, courses)
        texts[f"{path}.tsv"] = matrix(columns, courses)
        described = {name: dict(scan.exposure_columns.get(name, {})) for name in columns}
        texts[f"{path}.json"] = as_json(
            {"RepetitionTime": scan.tr_s, "Simulated": True} | described
        )
    if scan.activity is not None:
        path = f"{scan.base}_atlas-{atlas.label}_stat-activity_desc-truth_timeseries"
        texts[f"{path}.tsv"] = matrix(atlas.names, scan.activity)
        about = "mean excitatory synaptic gating S_E of each region over each frame"
        texts[f"{path}.json"] = as_json(
            {"RepetitionTime": scan.tr_s, "Simulated": True, "Units": "1", "Description": about}
        )
    return texts


def _series_sidecar(scan: VirtualScan, atlas: Atlas) -> dict[str, object]:
    """What a reader must know so that nothing is done twice: unfiltered, with its mean."""
    return {
        "Simulated": True,
        "Description": f"{VIRTUAL} Region-mean BOLD signal in the order of the atlas. {AMPLITUDE}",
        "TaskName": scan.entities.task,
        "RepetitionTime": scan.tr_s,
        "StartTime": scan.tr_s,  # a volume shows the end of its frame, events count from the start
        "SamplingFrequency": 1 / scan.tr_s,
        "NumberOfVolumes": len(scan.percent),
        "Units": f"arbitrary, about a mean of {scan.mean_units:.9g}",
        "Atlas": atlas.name,
        "Demeaned": False,
        "GlobalSignalRemoved": False,
        "SoftwareFilters": False,
        **scan.sidecar,
    }


def _description(dataset: VirtualDataset) -> dict[str, object]:
    return {
        "Name": f"VIRTUAL: {dataset.name}",
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": [
            {"Name": GENERATOR, "Version": dataset.version, "Description": VIRTUAL},
        ],
        "HowToAcknowledge": f"{VIRTUAL} {DISCLAIMER}",
    } | ({TWINS: True} if dataset.of_twins else {})


def _readme(dataset: VirtualDataset) -> str:
    sources = "\n".join(f"- {source}" for source in dataset.sources)
    limits = "\n".join(f"- {limit}" for limit in dataset.limits)
    return f"""{dataset.name}

{VIRTUAL}
{DISCLAIMER} What a model does is not evidence that a treatment works.

Made by defaultmode {dataset.version}. The same version, seed and files in truth/ give the same
bytes again; truth/simulation.json holds the seed and every setting.

What a real study would have: participants.tsv, sub-*/*_sessions.tsv, phenotype/, and in each func/
folder the series of every region, events of a task and framewise displacement. The series are in
scanner-like units about a mean and were neither filtered nor denoised.
What only a simulation knows: truth/ and every *_desc-truth_* file. `defaultmode study` does not
read them, so that no analysis can use the answer by accident.

How it must not be read:
{limits}

Sources of the model and its parts:
{sources}
"""
