"""A protocol's TOML file → the protocol, checked key by key."""

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.clock import MINUTES_PER_DAY
from defaultmode.simulation.conditions import find_condition
from defaultmode.simulation.doses import check_dose, parse_dose
from defaultmode.simulation.drugs import find_drug
from defaultmode.simulation.events import find_event
from defaultmode.simulation.protocol import (
    SCALES,
    Block,
    Crowd,
    Dosing,
    Protocol,
    Rating,
    Scan,
    Session,
)
from defaultmode.simulation.toml_table import Table, read_toml

TR_S = (0.05, 20.0)  # the limits that a recording is held to (E203)


def read_protocol(path: Path) -> Protocol:
    """The protocol in a TOML file.

    Raises E101 (no such file), E507 and E508 (a dose without unit, or never studied), E509
    (overlapping or outside), E510 (not TOML, an unknown key, a wrong value) and E511 (an unknown
    condition, drug, event or mechanism).
    """
    return parse_protocol(read_toml(path), path.name)


def parse_protocol(raw: Mapping[str, Any], where: str) -> Protocol:
    """The protocol that a TOML file's content states; raises as `read_protocol` does."""
    with Table(raw, where) as t:
        lists: dict[str, Any] = {
            "doses": tuple(d for entry in t.tables("dose") for d in _doses(entry)),
            "sessions": tuple(s for entry in t.tables("event") for s in _sessions(entry)),
            "scans": tuple(_scan(entry) for entry in t.tables("scan")),
            "ratings": tuple(_rating(entry) for entry in t.tables("rating")),
        }
        spans = [item.span for items in lists.values() for item in items]
        condition = find_condition(t.text("condition", "healthy"))
        return Protocol(
            name=t.text("name"),
            sentence=t.text("sentence", ""),
            parameter_set=t.text("parameter_set", ""),
            condition=condition.name,
            mechanism=condition.mechanism(t.text("mechanism", "")).name,
            begins_min=t.minutes("begins", min([0.0, *(s.begins_min for s in spans)])),
            ends_min=t.minutes("ends", max([0.0, *(s.ends_min for s in spans)])),
            people=_crowd(t.table("people")),
            **lists,
        )


def _crowd(raw: Table) -> Crowd:
    with raw as t:
        return Crowd(
            count=t.whole("count", 1, low=1),
            alike=t.flag("alike", False),
            weight_kg=t.number("weight_kg", low=30.0, high=250.0) if "weight_kg" in t else None,
        )


def _times(t: Table) -> tuple[float, ...]:
    """When something happens, in minutes: once, or at the same time after each of `days`."""
    if "days" not in t:
        return (t.minutes("at"),)
    after = t.minutes("at", 0.0)
    days = t.numbers("days")
    if not days:
        raise t.refuse("days", "at least one day")
    return tuple(day * MINUTES_PER_DAY + after for day in days)


def _doses(raw: Table) -> list[Dosing]:
    with raw as t:
        drug = find_drug(t.text("drug"))
        mechanism, kinetics = t.text("mechanism", ""), t.text("kinetics", "")
        drug.mechanism(mechanism)
        if kinetics:  # a placebo has none, not even by default
            drug.kinetics_called(kinetics)
        written = parse_dose(t.text("dose"), over=t.text("over", ""), route=t.text("route", ""))
        dose = check_dose(drug, written)
        return [
            Dosing(
                drug=drug.name,
                dose=replace(dose, start_min=at_min),
                mechanism=mechanism,
                kinetics=kinetics,
            )
            for at_min in _times(t)
        ]


def _sessions(raw: Table) -> list[Session]:
    with raw as t:
        event = find_event(t.text("event"))
        mechanism = event.mechanism(t.text("mechanism", "")).name
        lasts_min = _above_zero_s(t, "duration", 60.0 * event.duration_min) / 60.0
        return [
            Session(event=event.name, at_min=at, duration_min=lasts_min, mechanism=mechanism)
            for at in _times(t)
        ]


def _above_zero_s(t: Table, key: str, default: float | None = None) -> float:
    """A duration in seconds, above zero."""
    value = t.seconds(key, default)
    if value <= 0:
        raise t.refuse(key, "a duration above zero")
    return value


def _label(t: Table, key: str, default: str | None = None) -> str:
    """A BIDS label: letters and digits."""
    value = t.text(key, default)
    if not (value.isalnum() and value.isascii()):
        raise t.refuse(key, "letters and digits, as BIDS labels are")
    return value


def _scan(raw: Table) -> Scan:
    with raw as t:
        duration_s = _above_zero_s(t, "duration")
        tr_s = t.seconds("tr", 2.0)
        if not TR_S[0] <= tr_s <= min(TR_S[1], duration_s) or tr_s != round(tr_s, 3):
            raise t.refuse("tr", f"whole milliseconds from {TR_S[0]:g} to {TR_S[1]:g} s")
        return Scan(
            session=_label(t, "session"),
            task=_label(t, "task", "rest"),
            run=t.whole("run", low=1) if "run" in t else None,
            at_min=t.minutes("at"),
            duration_s=duration_s,
            tr_s=tr_s,
            blocks=tuple(b for entry in t.tables("block") for b in _blocks(entry, duration_s)),
        )


def _blocks(raw: Table, scan_s: float) -> list[Block]:
    """A block, or with `every` as many as fit whole into the scan."""
    with raw as t:
        event = find_event(t.text("event", "task"))
        mechanism = event.mechanism(t.text("mechanism", "")).name
        onset_s = t.seconds("at")
        lasts_s = _above_zero_s(t, "duration", 60.0 * event.duration_min)
        every_s = _above_zero_s(t, "every", scan_s)
        if not event.in_scanner:
            raise DefaultModeError("E509", f"{event.name} cannot happen in a scanner.")
    count = max(1, math.floor((scan_s - onset_s - lasts_s) / every_s + 1e-9) + 1)
    onsets_s = [onset_s + i * every_s for i in range(count)]
    return [
        Block(event=event.name, onset_s=onset, duration_s=lasts_s, mechanism=mechanism)
        for onset in onsets_s
    ]


def _rating(raw: Table) -> Rating:
    with raw as t:
        scales = t.texts("scales", SCALES)
        if not scales or not set(scales) <= set(SCALES):
            raise t.refuse("scales", f"some of {', '.join(SCALES)}")
        return Rating(session=_label(t, "session"), at_min=t.minutes("at"), scales=scales)
