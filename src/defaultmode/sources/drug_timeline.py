"""Which drug was given when, on the clock of a run, as its sidecar and its tables state it."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.treatments import treatment_named
from defaultmode.sources.dose_text import (
    CODE,
    dose_amount,
    duration_named_s,
    in_unit,
    route_named,
    seconds_after,
)
from defaultmode.sources.text_tables import MISSING

SAME_S = 60.0  # two sources that write times to the minute agree within it
SAME_SHARE = 0.01  # and amounts to two figures within this share of the amount
GIVEN = re.compile(r"infusion|bolus|injection|dose|dosing|administration|intake", re.IGNORECASE)
NO_DRUGS = frozenset({"ect", "tms", "psychotherapy", "meditation", "neurofeedback"})
# what a column of sessions.tsv or scans.tsv may be called; the first that is there counts
COLUMNS = {
    "drug": ("drug", "pharmaceutical_name", "pharmaceutical", "treatment", "substance"),
    "amount": ("dose", "dose_amount", "pharmaceutical_dose_amount"),
    "unit": ("dose_units", "dose_unit", "pharmaceutical_dose_units"),
    "route": ("route", "administration", "pharmaceutical_dose_regimen"),
    "start": ("infusion_start", "dose_time", "injection_time", "pharmaceutical_dose_time"),
    "end": ("infusion_end", "infusion_stop"),
    "duration": ("infusion_duration", "dose_duration"),
}


@dataclass(frozen=True, slots=True)
class Dose:
    """One bolus, capsule or infusion; what no source states is None, or "" for a text.

    drug : its name of `core.treatments`, or as it was written; amount in `unit` ("mg", "mg/kg",
    "mg/h", "mg/kg/h", "ml", "ml/h"); start_s : after the start of the run, negative before it;
    duration_s : 0 for all at once. Raises E417 for a negative amount or duration, and for what is
    no finite number.
    """

    drug: str
    amount: float | None = None
    unit: str = ""
    route: str = ""
    start_s: float | None = None
    duration_s: float | None = None

    def __post_init__(self) -> None:
        least = {"amount": 0.0, "start_s": -math.inf, "duration_s": 0.0}
        for name, low in least.items():
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value >= low):
                expected = "a number" if math.isinf(low) else "0 or more"
                msg = f"{name} of {self.drug} is {value:g}; expected {expected}."
                raise DefaultModeError(CODE, msg)


def drug_timeline(
    sidecar: Mapping[str, object],
    *,
    rows: Sequence[Mapping[str, str]] = (),
    events: Iterable[Mapping[str, str]] = (),
    where: str = "the run",
) -> tuple[Dose, ...]:
    """The doses that a run's sidecar, its rows of sessions and scans, and its events state.

    sidecar : merged JSON of the run; rows : column → cell of the session and of the scan
    events : column → cell of each event. What one source leaves open another fills in. Doses come
    in order of their start, those without a time first. Raises E417 where a statement cannot be
    used or two contradict each other.
    """
    sources = [doses_of_sidecar(sidecar, where)]
    sources += [doses_of_row(row, where) for row in rows]
    sources.append(doses_of_events(events, where))
    told: tuple[Dose, ...] = ()
    for source in sources:
        told = _together(told, source, where)
    return tuple(sorted(told, key=lambda d: float("-inf") if d.start_s is None else d.start_s))


def doses_of_sidecar(sidecar: Mapping[str, object], where: str = "the run") -> tuple[Dose, ...]:
    """The doses of the BIDS terms PharmaceuticalName, -DoseAmount, -Units, -Regimen and -DoseTime.

    A DoseTime of two numbers with one amount is the start and end of an infusion; with several
    amounts there is one time, or one start and end, for each. Times are seconds after time zero,
    which for PET is ScanStart before the scan and for all else its start. Raises E417.
    """
    name = _words(sidecar, "PharmaceuticalName")
    if not name:
        return ()
    amounts = _numbers(sidecar, "PharmaceuticalDoseAmount", where)
    times = _numbers(sidecar, "PharmaceuticalDoseTime", where)
    zero_s = next(iter(_numbers(sidecar, "ScanStart", where)), 0.0)
    unit = _words(sidecar, "PharmaceuticalDoseUnits")
    regimen = _words(sidecar, "PharmaceuticalDoseRegimen")
    stated_s = duration_named_s(regimen)
    spans = _spans(times, max(len(amounts), 1), f"{where}, PharmaceuticalDoseTime")
    doses = []
    for place, (start_s, end_s) in enumerate(spans):
        duration_s = stated_s if end_s is None or start_s is None else end_s - start_s
        if stated_s and duration_s is not None and abs(duration_s - stated_s) > SAME_S:
            msg = f"{where}: DoseTime lasts {duration_s:g} s and the regimen says {regimen!r}."
            raise DefaultModeError(CODE, msg)
        amount, in_mg = in_unit(amounts[place], unit, where) if amounts else (None, "")
        doses.append(
            Dose(
                drug=treatment_named(name) or name,
                amount=amount,
                unit=in_mg,
                route=route_named(regimen),
                start_s=None if start_s is None else start_s - zero_s,
                duration_s=duration_s,
            )
        )
    return tuple(doses)


def doses_of_row(row: Mapping[str, str], where: str = "the run") -> tuple[Dose, ...]:
    """The dose of a row of sessions.tsv or scans.tsv, from the columns that COLUMNS lists.

    None where the drug is not one of `core.treatments` and no amount is stated. Times are seconds
    after the start of the scan, or clock times beside an `acq_time`; a dose is "0.5 mg/kg", or a
    number whose unit has a column. Raises E417.
    """
    cells = {what: _cell(row, names) for what, names in COLUMNS.items()}
    named = treatment_named(cells["drug"])
    if named in NO_DRUGS or not (named or (cells["drug"] and cells["amount"])):
        return ()
    began = _cell(row, ("acq_time",))
    amount, unit = None, ""
    if cells["amount"]:
        amount, unit = dose_amount(f"{cells['amount']} {cells['unit']}".strip(), where)
    start_s, end_s = (
        seconds_after(cells[what], began, where) if cells[what] else None
        for what in ("start", "end")
    )
    duration_s = seconds_after(cells["duration"], "", where) if cells["duration"] else None
    if start_s is not None and end_s is not None:
        duration_s = end_s - start_s
    if duration_s is None:
        duration_s = duration_named_s(cells["route"])
    drug = named or cells["drug"]
    return (Dose(drug, amount, unit, route_named(cells["route"]), start_s, duration_s),)


def doses_of_events(
    events: Iterable[Mapping[str, str]], where: str = "the run"
) -> tuple[Dose, ...]:
    """Events whose trial_type names a treatment and its giving, such as "ketamine infusion"."""
    found = []
    for event in events:
        kind = _cell(event, ("trial_type", "event_type"))
        drug = treatment_named(kind)
        if drug and drug not in NO_DRUGS and GIVEN.search(kind):
            start_s, duration_s = (
                seconds_after(cell, "", where) if (cell := _cell(event, (name,))) else None
                for name in ("onset", "duration")
            )
            found.append(Dose(drug, None, "", route_named(kind), start_s, duration_s))
    return tuple(found)


def _spans(times: Sequence[float], n: int, where: str) -> list[tuple[float | None, float | None]]:
    """Start and end of each of n doses; no end where only starts are stated."""
    if not times:
        return [(None, None)] * n
    if len(times) == n:
        return [(start, None) for start in times]
    if len(times) != 2 * n:
        msg = f"{where} has {len(times)} numbers for {n} doses; expected {n}, or {2 * n}."
        raise DefaultModeError(CODE, msg)
    spans = list(zip(times[::2], times[1::2], strict=True))
    for start, end in spans:
        if end < start:
            raise DefaultModeError(
                CODE, f"{where} ends at {end:g} s, before it starts ({start:g})."
            )
    return [(start, end) for start, end in spans]


def _together(told: tuple[Dose, ...], more: tuple[Dose, ...], where: str) -> tuple[Dose, ...]:
    """What two sources state together; raises E417 where they contradict each other."""
    if not told or not more:
        return told or more
    drugs = {dose.drug for dose in told}, {dose.drug for dose in more}
    if drugs[0] == drugs[1]:
        if len(told) == len(more):
            return tuple(_merged(a, b, where) for a, b in zip(told, more, strict=True))
        for summary, doses in ((told, more), (more, told)):
            # one row that only names the drug speaks of all its doses
            if len(summary) == 1 and summary[0] == Dose(summary[0].drug):
                return doses
    msg = f"{where}: one source says {_listed(told)}, another {_listed(more)}."
    raise DefaultModeError(CODE, msg)


def _merged(one: Dose, other: Dose, where: str) -> Dose:
    """Two statements of one dose; raises E417 where both state something and differ."""
    known = {f.name: getattr(one, f.name) for f in fields(Dose)}
    for name, value in known.items():
        also = getattr(other, name)
        if value in {None, ""}:
            known[name] = also
        elif also not in {None, ""} and not _same(name, value, also):
            msg = f"{where}: {name} of {one.drug} is {value} in one source and {also} in another."
            raise DefaultModeError(CODE, msg)
    return Dose(**known)


def _same(name: str, one: float | str, other: float | str) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    slack = SAME_S if name.endswith("_s") else SAME_SHARE * max(one, other)
    return abs(one - other) <= slack


def _listed(doses: Iterable[Dose]) -> str:
    return ", ".join(
        f"{d.drug} {'' if d.amount is None else f'{d.amount:g} {d.unit}'}".strip() for d in doses
    )


def _words(sidecar: Mapping[str, object], key: str) -> str:
    value = sidecar.get(key)
    return value.strip() if isinstance(value, str) and value.strip() != MISSING else ""


def _numbers(sidecar: Mapping[str, object], key: str, where: str) -> list[float]:
    """A number or a list of numbers, empty where it is not stated; raises E417."""
    value = sidecar.get(key)
    if value is None or value == MISSING:
        return []
    values = value if isinstance(value, list) else [value]
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) < len(values):
        msg = f"{where}: {key} is {value!r}; expected a number, or a list of numbers."
        raise DefaultModeError(CODE, msg)
    return [float(v) for v in numbers]


def _cell(row: Mapping[str, str], names: Sequence[str]) -> str:
    cells = (row.get(name, MISSING).strip() for name in names)
    return next((cell for cell in cells if cell not in {MISSING, ""}), "")
