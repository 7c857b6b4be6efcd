"""What a page is made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pandas as pd

from defaultmode.claims import Claim
from defaultmode.core.atlas import Atlas
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array
from defaultmode.core.result import Result
from defaultmode.core.study import Study
from defaultmode.report.flow_nouns import Flow
from defaultmode.report.quality_nouns import Quality
from defaultmode.report.section_nouns import PredictionFound, StatesFound, TwinsFound

# Facts that the page and its methods text can use; every one may be left out.
FACTS = {
    "software": "Mapping: package → version, the package itself first",
    "presets": "Sequence of Used: the denoising presets that ran",
    "steps": "Sequence of Used: the steps of denoising that all presets share, in order",
    "measures": "Sequence of Used: the measures that ran",
    "atlases": "Sequence of Used: the atlases whose regions were measured",
    "statistics": "Sequence of Used: the statistics that ran",
    "bands": "Sequence of bands in which the signal was kept, such as 0.01–0.1 Hz",
    "min_usable_s": "shortest uncensored signal that was measured, in seconds",
    "before": "Sequence of sentences: what was done to the input before, as its sidecars say",
    "inputs": "Sequence of names: what was read",
    "states": "Sequence of sentences: the states that runs were scored by, and how stable they are",
    "command": "the command line",
    "seed": "seed of the random streams",
    "date": "when the page was made, ISO 8601",
    "hashes": "Mapping: file → SHA-256",
}


@dataclass(frozen=True, slots=True)
class Used:
    """Something that ran: its name, its sentence and the keys of its references."""

    name: str
    sentence: str
    cites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class SessionConnectivity:
    """Mean connectivity of the people of one group in one session, under one preset.

    group, session : empty where the study has no groups or sessions to compare
    z : (n_regions, n_regions), mean Fisher z over people in the atlas's column order, NaN where
    missing; E131 for any other shape.
    """

    atlas: Atlas
    denoise: str
    group: str
    session: str
    n_people: int
    z: Array

    def __post_init__(self) -> None:
        n = len(self.atlas)
        if np.shape(self.z) != (n, n):
            msg = f"z has shape {np.shape(self.z)}; atlas {self.atlas.name!r} has {n} regions."
            raise DefaultModeError("E131", msg)


@dataclass(frozen=True, slots=True, eq=False)
class Behind:
    """What was measured of each person behind the test that decides a claim, in one preset.

    people, groups : (n_people,) each, a group is "" where people are not told apart
    moments : name → values (n_people,), NaN where missing; one of them where groups are compared,
        several where the same people are followed
    pair : whether the two moments are two quantities that are set against one another
    unit : of the values, "" where a pair has two
    """

    claim: str
    test: str
    atlas: str
    denoise: str
    people: tuple[str, ...]
    groups: tuple[str, ...]
    moments: Mapping[str, Array]
    unit: str = ""
    pair: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """What a study says of the claims.

    table, specifications, evidence : one row per claim and preset, per specification, and per
        finding, as claims.tsv, specifications.tsv and evidence.tsv hold them
    deciding : claim → the presets on which its verdict rests
    limits : what the design of the study forbids, in sentences; notes : how its rows were read
    permutations : behind each permutation p
    behind : what was measured of each person, for claims whose test rests on one value of each
    """

    claims: tuple[Claim, ...]
    table: pd.DataFrame
    specifications: pd.DataFrame
    evidence: pd.DataFrame
    sentence: str
    deciding: Mapping[str, Sequence[str]] = field(default_factory=dict)
    limits: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    permutations: int = 0
    behind: tuple[Behind, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """Everything one report says.

    warning : stands above all else, such as that nobody in it exists
    notes : what a reader must be told first, such as whose data these are; highlights : sentences
    computed by the pipeline; facts : see `FACTS`, an unknown key is E411; verdicts : of the claims;
    sessions_connectivity : in the order in which sessions are shown, the reference first;
    states, twins, prediction : what the folder holds of them, if anything;
    people : participant → relative address of their own page.
    """

    title: str
    study: Study
    results: tuple[Result, ...] = ()
    atlases: tuple[Atlas, ...] = ()
    notes: tuple[str, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)
    highlights: tuple[str, ...] = ()
    warning: str = ""
    verdicts: Verdicts | None = None
    sessions_connectivity: tuple[SessionConnectivity, ...] = ()
    states: StatesFound | None = None
    twins: TwinsFound | None = None
    prediction: PredictionFound | None = None
    quality: Quality | None = None
    flow: Flow | None = None
    people: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = sorted(set(self.facts) - set(FACTS))
        if unknown:
            msg = f"the page has the unknown fact {unknown[0]!r}; there are {', '.join(FACTS)}."
            raise DefaultModeError("E411", msg)
        object.__setattr__(self, "facts", MappingProxyType(dict(self.facts)))

    def used(self, kind: str) -> tuple[Used, ...]:
        """The facts of one kind that are things that ran, such as "presets"."""
        found = self.facts.get(kind, ())
        items = found if isinstance(found, tuple | list) else ()
        return tuple(item for item in items if isinstance(item, Used))

    def texts(self, kind: str) -> tuple[str, ...]:
        """A fact that is a list of sentences or names; empty where it was not given."""
        found = self.facts.get(kind, ())
        return tuple(str(item) for item in found) if isinstance(found, tuple | list) else ()

    def pairs(self, kind: str) -> dict[str, str]:
        """A fact that is a mapping, as text; empty where it was not given."""
        found = self.facts.get(kind, {})
        return {str(k): str(v) for k, v in found.items()} if isinstance(found, Mapping) else {}

    def value(self, kind: str) -> str:
        """A fact that is one value, as text; empty where it was not given."""
        found = self.facts.get(kind)
        return "" if found is None else str(found)
