"""A trial's TOML file → the trial, checked key by key."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.head_motion import HeadMotion
from defaultmode.simulation.protocol_file import parse_protocol
from defaultmode.simulation.toml_table import Table, read_toml
from defaultmode.simulation.trial import (
    MINUTES_PER_DAY,
    NOISE_PERCENT,
    Arm,
    Site,
    Trial,
    Unblinding,
)

ADDED = ("dose", "event")  # lists that an arm adds to those of the common protocol
DESIGNS = ("parallel", "crossover")


def read_trial(path: Path) -> Trial:
    """The trial in a TOML file.

    Raises E101 (no such file), E510 (not TOML, an unknown key, a value of the wrong kind), E509
    (a washout shorter than a period) and what `parse_protocol` raises for an arm's timeline.
    """
    return parse_trial(read_toml(path), str(path))


def parse_trial(raw: Mapping[str, Any], where: str) -> Trial:
    """The trial that a TOML file's content states; raises as `read_trial` does."""
    with Table(raw, where) as t:
        design = t.one_of("design", DESIGNS, "parallel")
        crossover = design == "crossover"
        trial = Trial(
            name=t.text("name"),
            design="crossover" if crossover else "parallel",
            arms=_arms(raw, t, crossover=crossover),
            people=t.whole("people", low=1) if crossover else 0,
            washout_days=t.number("washout_days", low=0) if crossover else 0.0,
            sites=_sites(t),
            dropout_per_visit=_share(t, "dropout_per_visit", 0.0),
            noise_percent=t.number("noise_percent", NOISE_PERCENT, low=0),
            motion=_motion(t) if "motion" in t else None,
            unblinding=_unblinding(t) if "unblinding" in t else None,
        )
    _check_washout(trial, where)
    return trial


def _arms(raw: Mapping[str, Any], t: Table, *, crossover: bool) -> tuple[Arm, ...]:
    common = raw["protocol"] if "protocol" in t else {}
    if not isinstance(common, Mapping):
        raise t.refuse("protocol", "a table with the keys of a protocol file")
    if "people" in common:
        msg = f"{t.where}, [protocol], has people; a trial states them in its arms."
        raise DefaultModeError("E510", msg)
    found = []
    for table, given in zip(t.tables("arm"), raw.get("arm", ()), strict=True):
        with table as arm:
            name = arm.text("name")
            people = 0 if crossover else arm.whole("people", low=1)
            own = {"condition": arm.text("condition")} if "condition" in arm else {}
            added = {key: given[key] for key in ADDED if key in arm}
        both = {key: _joined(common.get(key, []), added[key], table) for key in added}
        merged = {"name": t.text("name"), **common, **own, **both}
        found.append(Arm(name, parse_protocol(merged, f"{t.where}, arm {name!r}"), people))
    names = [arm.name for arm in found]
    if not names or len(set(names)) < len(names) or not all(n.isalnum() for n in names):
        raise t.refuse("arm", "arms [[arm]] with names of letters and digits, each once")
    return tuple(found)


def _joined(common: object, own: object, table: Table) -> list[object]:
    if not isinstance(common, list) or not isinstance(own, list):
        msg = f"{table.where}: dose and event are lists of tables, [[arm.dose]]."
        raise DefaultModeError("E510", msg)
    return [*common, *own]


def _sites(t: Table) -> tuple[Site, ...]:
    found = []
    for table in t.tables("site"):
        with table as site:
            found.append(Site(name=site.text("name"), **_numbers(site, Site)))
    if len({s.name for s in found}) < len(found):
        raise t.refuse("site", "sites [[site]] with different names")
    return tuple(found) or (Site(name="A"),)


def _motion(t: Table) -> HeadMotion:
    with t.table("motion") as motion:
        return HeadMotion(**_numbers(motion, HeadMotion))


def _unblinding(t: Table) -> Unblinding:
    with t.table("unblinding") as unblinding:
        found = Unblinding(**_numbers(unblinding, Unblinding))
        if not 0 < found.believed_at_zero < 1:
            raise unblinding.refuse("believed_at_zero", "a share between 0 and 1")
        return found


def _numbers(table: Table, noun: type) -> dict[str, float]:
    """The numbers that a table gives for a noun's fields; the noun's own defaults for the rest."""
    names = [f.name for f in fields(noun) if f.type is float]
    return {name: table.number(name, low=0) for name in names if name in table}


def _share(t: Table, key: str, default: float) -> float:
    value = t.number(key, default, low=0)
    if value >= 1:
        raise t.refuse(key, "a share from 0 to below 1")
    return value


def _check_washout(trial: Trial, where: str) -> None:
    if trial.design == "parallel":
        return
    longest = max(a.protocol.ends_min - a.protocol.begins_min for a in trial.arms) / MINUTES_PER_DAY
    if trial.washout_days < longest:
        msg = (
            f"{where}: washout_days is {trial.washout_days:g}; a period lasts {longest:.2g} days, "
            "so the next one would begin before it ends."
        )
        raise DefaultModeError("E509", msg)
