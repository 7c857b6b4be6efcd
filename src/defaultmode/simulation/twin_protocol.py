"""What is tried on a twin, from its TOML file: shares of a drug's studied range, and currents."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.drugs import find_drug
from defaultmode.simulation.toml_table import Table, read_toml

EXPOSED, BASELINE = "exposed", "baseline"
MOST_CURRENT_NA = 0.01  # what a task sends into task-positive regions (events/task.toml)
SHORTEST_S, LONGEST_S = 60.0, 3600.0
TR_S = (0.05, 20.0)  # the limits that a recording is held to (E203)
PLACES = ("region", "network", "role")
REFUSED = frozenset((
    "dose", "doses", "dosing", "mg", "kg", "over", "route", "kinetics", "weight",
    "rating", "ratings", "scales", "madrs", "hamd", "hdrs", "phq", "bdi", "cadss", "mood",
    "outcome", "outcomes", "response", "responder", "remission",
    "event", "events", "therapy", "session", "sessions",
    "trial", "arm", "arms", "design", "people", "participants", "dropout", "unblinding",
))  # fmt: skip
FREE = ("name", "sentence", *PLACES)  # whose text may hold any words
DOSE = re.compile(r"\d\s*(?:mg|µg|μg|ug|mcg|g|ml)\b(?!\w)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """A drug at a share, 0 to 1, of the highest level that was studied.

    mechanism : which account of what it does, empty for the default one
    """

    drug: str
    share: float
    mechanism: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stimulation:
    """A steady current in nA into excitatory cells of a region, a network or a role's regions.

    where : "region:NAME", "network:NAME" or "role:NAME"
    """

    where: str
    current_na: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinCondition:
    """Exposures and stimulations that act together, steadily."""

    name: str
    exposures: tuple[Exposure, ...] = ()
    stimulations: tuple[Stimulation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinScan:
    """How long every condition, and the baseline, is recorded."""

    duration_s: float = 600.0
    tr_s: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinProtocol:
    """Conditions to compare with the baseline; scan is None where the file asks for none."""

    name: str
    sentence: str
    conditions: tuple[TwinCondition, ...]
    scan: TwinScan | None = None


def read_twin_protocol(path: Path) -> TwinProtocol:
    """The twin's protocol in a TOML file.

    Raises E101 (no such file), E517 (doses, ratings, therapy, trials or outcomes), E510 (not TOML,
    an unknown key, a wrong value) and E511 (an unknown drug or mechanism).
    """
    return parse_twin_protocol(read_toml(path), path.name)


def parse_twin_protocol(raw: Mapping[str, Any], where: str) -> TwinProtocol:
    """The protocol that a TOML file's content states; raises as `read_twin_protocol` does."""
    for key, value in _everything(raw):
        _refuse(key, value, where)
    with Table(raw, where) as t:
        exposures = [_exposure(entry) for entry in t.tables("exposure")]
        stimulations = [_stimulation(entry) for entry in t.tables("stimulation")]
        scans = [_scan(entry) for entry in t.tables("scan")]
        name, sentence = t.text("name"), t.text("sentence", "")
        if not exposures and not stimulations:
            raise t.refuse("exposure", "at least one [[exposure]] or [[stimulation]]")
        if len(scans) > 1:
            raise t.refuse("scan", "one [[scan]], which every condition gets")
    labels = dict.fromkeys(label for label, _ in (*exposures, *stimulations))
    conditions = tuple(
        TwinCondition(
            name=label,
            exposures=tuple(e for at, e in exposures if at == label),
            stimulations=tuple(s for at, s in stimulations if at == label),
        )
        for label in labels
    )
    for condition in conditions:
        _check_once(condition, where)
    return TwinProtocol(
        name=name, sentence=sentence, conditions=conditions, scan=scans[0] if scans else None
    )


def _everything(raw: object, key: str = "") -> Iterator[tuple[str, object]]:
    """Every key at any depth with its value, tables opened."""
    if isinstance(raw, Mapping):
        for name, value in raw.items():
            yield str(name), None
            yield from _everything(value, str(name))
    elif isinstance(raw, list):
        for value in raw:
            yield from _everything(value, key)
    else:
        yield key, raw


def _refuse(key: str, value: object, where: str) -> None:
    """Raise E517 for whatever would turn a twin into a patient."""
    named = REFUSED & set(re.split(r"[\W_]+", key.lower()))
    if named:
        msg = f"{where} has the key {key!r}; a twin is given `share`s and currents only."
        raise DefaultModeError("E517", msg)
    if isinstance(value, str) and key not in FREE and DOSE.search(value):
        msg = f"{where}: {key} is {value!r}, a dose; state `share`, from 0 to 1."
        raise DefaultModeError("E517", msg)


def _label(t: Table) -> str:
    """The condition that an entry belongs to; a BIDS label."""
    value = t.text("condition", EXPOSED)
    if not (value.isalnum() and value.isascii()) or value == BASELINE:
        raise t.refuse("condition", f"letters and digits, and not {BASELINE!r}")
    return value


def _exposure(raw: Table) -> tuple[str, Exposure]:
    with raw as t:
        drug = find_drug(t.text("drug"))
        mechanism = drug.mechanism(t.text("mechanism", "")).name
        share = t.number("share", low=0.0, high=1.0)
        return _label(t), Exposure(drug=drug.name, share=share, mechanism=mechanism)


def _stimulation(raw: Table) -> tuple[str, Stimulation]:
    with raw as t:
        given = [kind for kind in PLACES if kind in t]
        if len(given) != 1:
            raise t.refuse("region", f"one of {', '.join(PLACES)}")
        current = t.number("current_na", low=-MOST_CURRENT_NA, high=MOST_CURRENT_NA)
        where = f"{given[0]}:{t.text(given[0])}"
        return _label(t), Stimulation(where=where, current_na=current)


def _scan(raw: Table) -> TwinScan:
    usual = TwinScan()
    with raw as t:
        duration_s, tr_s = t.seconds("duration", usual.duration_s), t.seconds("tr", usual.tr_s)
        if not SHORTEST_S <= duration_s <= LONGEST_S or duration_s != round(duration_s, 3):
            raise t.refuse("duration", f"{SHORTEST_S:g} s to {LONGEST_S / 60:g} min")
        if not TR_S[0] <= tr_s <= TR_S[1] or tr_s != round(tr_s, 3):
            raise t.refuse("tr", f"whole milliseconds from {TR_S[0]:g} to {TR_S[1]:g} s")
        return TwinScan(duration_s=duration_s, tr_s=tr_s)


def _check_once(condition: TwinCondition, where: str) -> None:
    drugs = [exposure.drug for exposure in condition.exposures]
    twice = sorted({drug for drug in drugs if drugs.count(drug) > 1})
    if twice:
        msg = f"{where}: condition {condition.name!r} has {twice[0]} twice; give each its own."
        raise DefaultModeError("E510", msg)
