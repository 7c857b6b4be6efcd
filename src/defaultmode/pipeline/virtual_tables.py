"""The tables of a virtual data set: what a real one would have, and the truth apart from it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields

from defaultmode.core.missing import Missing
from defaultmode.outputs.virtual import AMPLITUDE, NEGLIGIBLE, Sheet, entry
from defaultmode.pipeline.substrate import Substrate
from defaultmode.pipeline.virtual_people import Group, Visit
from defaultmode.pipeline.virtual_scores import Score
from defaultmode.simulation.clock import written
from defaultmode.simulation.conditions import find_condition
from defaultmode.simulation.drugs import find_drug
from defaultmode.simulation.mechanisms import Mechanism
from defaultmode.simulation.protocol import Protocol
from defaultmode.simulation.trial import Trial

MOOD = (
    "It follows the drugs given and a non-specific response that begins with the first treatment "
    "and never fades. IT DOES NOT FOLLOW THE NETWORK: psychotherapy and ECT lower the condition's "
    "level in the brain and add nothing to this score, so it says nothing on whether they help."
)
Row = tuple[object, ...]
Columns = dict[str, Mapping[str, object]]
COMPLETED, LEFT = "completed", "left the trial"
STATUS = {COMPLETED: "came", LEFT: "did not return"}
GROUPS = {"control": "healthy", "patient": "with a depressive disorder"}
KEYS: Columns = {
    "participant_id": entry("Virtual person"),
    "session_id": entry("Session"),
}
INSTRUMENTS = {
    "madrs": ("madrs_total", "points", "Montgomery–Åsberg Depression Rating Scale, 0 to 60"),
    "cadss": ("cadss_total", "points", "Clinician-Administered Dissociative States Scale, 0 to 92"),
    "belief": ("believes_active", "1", "1 for who believes to have had the active drug, else 0"),
}


def participants(trial: Trial, groups: Sequence[Group]) -> Sheet:
    """One row per person, what a clinic would know; arm and site where there are several."""
    crossover = trial.design == "crossover"
    columns: Columns = {
        "participant_id": entry("Virtual person"),
        "age": entry("Age in whole years", "years"),
        "sex": entry("Sex", levels={"F": "female", "M": "male"}),
        "group": entry("Group", levels=GROUPS),
    }
    if len(trial.arms) > 1:
        what = "Sequence of treatments" if crossover else "Treatment"
        names = {g.name: _doses(g.protocol) for g in groups}
        columns["sequence" if crossover else "arm"] = entry(what, levels=names)
    if len(trial.sites) > 1:
        columns["site"] = entry("Scanner", levels={s.name: f"site {s.name}" for s in trial.sites})
    rows = []
    for group in groups:
        healthy = group.people.condition == "healthy"
        for k, person in enumerate(group.people.ids):
            known = {
                "participant_id": person,
                "age": int(group.people.age_years[k]),
                "sex": str(group.people.sex[k]),
                "group": "control" if healthy else "patient",
                "arm": group.name,
                "sequence": group.name,
                "site": group.sites[k].name,
            }
            rows.append(tuple(known[name] for name in columns))
    return Sheet(columns, tuple(sorted(rows)))


def sessions(trial: Trial, groups: Sequence[Group]) -> dict[str, Sheet]:
    """Participant → one row for each session that was planned, attended or not."""
    found = {}
    for group in groups:
        columns = _session_columns(trial, group)
        for k, person in enumerate(group.people.ids):
            rows = []
            for visit in group.visits:
                came = group.came(k, visit.session)
                row: list[object] = [f"ses-{visit.session}", COMPLETED if came else LEFT]
                if "drug" in columns:
                    arm = trial.arms[group.order[visit.period]].name
                    row += [str(visit.period + 1), _bare(visit), arm]
                rows.append(tuple(row))
            found[person] = Sheet(columns, tuple(rows))
    return dict(sorted(found.items()))


def phenotype(scores: Sequence[Score]) -> dict[str, Sheet]:
    """Instrument → one row for each person and session in which it was asked."""
    found = {}
    for name, (column, unit, sentence) in INSTRUMENTS.items():
        rows = [
            (score.participant, f"ses-{score.session}", _cell(value))
            for score in scores
            if (value := score.values.get(name)) is not None
        ]
        if rows:
            said = f"{sentence}; simulated.{f' {MOOD}' if name == 'madrs' else ''}"
            columns: Columns = KEYS | {column: entry(said, unit)}
            found[name] = Sheet(columns, tuple(sorted(rows)))
    return found


def truth(
    groups: Sequence[Group],
    runs: Sequence[Mapping[str, object]],
    scores: Sequence[Score],
) -> dict[str, Sheet]:
    """What only a simulation knows: of every person, every run and every rating."""
    rated = [score.truth for score in scores]
    return {
        "participants": _sheet(sorted(_people(groups), key=_key)),
        "runs": _sheet(sorted(runs, key=_key)),
    } | ({"ratings": _sheet(sorted(rated, key=_key))} if rated else {})


def sources(substrate: Substrate, groups: Sequence[Group]) -> list[str]:
    """Where the parts come from, one line each, with what is only a hypothesis."""
    lines = [
        f"connectome {substrate.connectome.name}: {substrate.connectome.sentence}",
        f"parameter set {substrate.parameters}",
    ]
    conditions = ((g.people.condition, g.protocol.mechanism) for g in groups)
    for name, account in dict.fromkeys(conditions):
        condition = find_condition(name)
        doubt = _doubt(condition.mechanism(account))
        lines.append(f"condition {name}: {condition.sentence}{doubt}")
    drugs = ((d, g.protocol.account(d)[0]) for g in groups for d in g.protocol.drugs)
    for name, account in dict.fromkeys(drugs):
        drug = find_drug(name)
        doubt = _doubt(drug.mechanism(account))
        cites = f" Sources: {', '.join(drug.cites)}." if drug.cites else ""
        lines.append(f"drug {name}: {drug.sentence}{doubt}{cites}")
    return lines


def limits() -> list[str]:
    """How a virtual data set must not be read, one line each."""
    return [f"phenotype/madrs.tsv: {MOOD}", f"The series: {AMPLITUDE}"]


def _doubt(mechanism: Mechanism) -> str:
    """Which of its effects no source bears out, empty where there is none."""
    doubted = [e for e in mechanism.effects if e.hypothetical]
    said = " ".join(f"{e.parameter} ({e.sentence.rstrip('.')})." for e in doubted)
    return f" HYPOTHETICAL, with no source that it happens: {said}" if said else ""


def _doses(protocol: Protocol) -> str:
    doses = "; ".join(f"{d.drug} {d.dose}" for d in protocol.doses)
    return doses or "nothing is given"


def _session_columns(trial: Trial, group: Group) -> Columns:
    starts = trial.period_starts_min
    when = {f"ses-{v.session}": written(v.at_min - starts[v.period]) for v in group.visits}
    columns: Columns = {
        "session_id": entry("Session and when it begins, from the zero of its period", levels=when),
        "status": entry("Whether the person came", levels=STATUS),
    }
    if trial.design == "crossover":
        numbers = {str(k + 1): f"period {k + 1}" for k in range(len(starts))}
        arms = {arm.name: _doses(arm.protocol) for arm in trial.arms}
        visits = {_bare(v): _bare(v) for v in group.visits}
        columns["period"] = entry("Period", levels=numbers)
        columns["visit"] = entry("Which session of its period", levels=visits)
        columns["drug"] = entry("Treatment of the period", levels=arms)
    return columns


def _bare(visit: Visit) -> str:
    return visit.session.removeprefix(f"p{visit.period + 1}")


def _cell(value: object) -> object:
    return None if isinstance(value, Missing) else value


def _people(groups: Sequence[Group]) -> Iterable[dict[str, object]]:
    for group in groups:
        people = group.people
        for k, person in enumerate(people.ids):
            yield {
                "participant_id": person,
                "arm": group.name,
                "condition": people.condition,
                "condition_level": float(people.level[k]),
                "baseline_madrs": float(people.baseline_madrs[k]),
                "weight_kg": float(people.weight_kg[k]),
                "site": group.sites[k].name,
                "signal_gain": group.sites[k].signal_gain,
                "noise_gain": group.sites[k].noise_gain,
                "mean_framewise_displacement_mm": group.moved_mm[k],
                "sessions_planned": len(group.visits),
                "sessions_attended": group.attended[k],
                **{f.name: float(getattr(people.traits, f.name)[k]) for f in fields(people.traits)},
            }


def _sheet(rows: Sequence[Mapping[str, object]]) -> Sheet:
    """Rows that need not have the same columns; what a row lacks is n/a."""
    names = dict.fromkeys(name for row in rows for name in row)
    columns: Columns = {name: entry(f"True {name.replace('_', ' ')}") for name in names}
    return Sheet(columns, tuple(tuple(_settled(row.get(n)) for n in names) for row in rows))


def _settled(value: object) -> object:
    """A value of the truth, 0 where it has died out."""
    return 0.0 if isinstance(value, float) and abs(value) < NEGLIGIBLE else value


def _key(row: Mapping[str, object]) -> tuple[str, float, str]:
    at_min = row.get("at_min")
    first = float(at_min) if isinstance(at_min, int | float) else 0.0
    return str(row.get("participant_id")), first, str(row.get("task_id"))
