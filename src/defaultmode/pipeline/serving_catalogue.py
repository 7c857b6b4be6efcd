"""What can be chosen on the simulator's page: brains, treatments and doses, and its limits."""

from collections.abc import Iterator, Mapping

from defaultmode.pipeline.serving_frames import FRAMES_MIN
from defaultmode.pipeline.serving_marks import drug_marks, event_marks
from defaultmode.pipeline.serving_request import NOTHING
from defaultmode.pipeline.serving_subjects import Simulator
from defaultmode.pipeline.serving_treatments import (
    THERAPY,
    ladder,
    share_of,
    treating_drugs,
    treating_events,
)
from defaultmode.pipeline.serving_twins import SHARES, USUAL_SHARE, ServedTwin
from defaultmode.report.brain_payload import brain_payload
from defaultmode.simulation.conditions import Condition, all_conditions
from defaultmode.simulation.doses import Dose
from defaultmode.simulation.drugs import Drug
from defaultmode.simulation.events import Event

Json = dict[str, object]
HEALTHY = "healthy"
PERSONAL = (
    "its connectivity is nearer to this person's other half of the scan than others' is; the "
    "recording shrunk towards the group does as well."
)
UNKNOWN = (
    "its connectivity is not known to be nearer to this person's other half of the scan than "
    "others' is."
)
LIMITS = (
    "Model output is not evidence of effect in people.",
    "Only doses that were studied can be chosen.",
    "A twin is given a share of the highest studied level; never a dose, dissociation or mood.",
    "Connectivity is the linear model's, between .01 and .1 Hz; activity is the nonlinear model's.",
    "Activity is in standard deviations of the untreated run; in percent it is below a real one.",
    "Mood follows the drug, and a non-specific response that begins with the first treatment.",
    "Mood does not follow the network: that a session adds nothing to it says nothing on its use.",
)


def catalogue(simulator: Simulator) -> Json:
    """The catalogue as the page's contract has it, in the order in which it is shown."""
    atlas = simulator.substrate.atlas
    return {
        **brain_payload(atlas),
        "networks": list(dict.fromkeys(atlas.networks)),
        "roles": list(dict.fromkeys(r.role for r in atlas.regions)),
        "brains": [*_virtual_brains(), *_twin_brains(simulator.twins)],
        "treatments": [
            _nothing(),
            *(_drug(drug) for drug in treating_drugs()),
            *(_event(event) for event in treating_events()),
        ],
        "frames_min": list(FRAMES_MIN),
        "therapy": THERAPY,
        "limits": [*LIMITS, *simulator.left_out],
    }


def _virtual_brains() -> Iterator[Json]:
    for condition in sorted(all_conditions().values(), key=_healthy_first):
        yield {
            "id": condition.name,
            "name": condition.title,
            "sentence": condition.sentence,
            "kind": "virtual",
            "hypothetical": condition.hypothetical,
        }


def _healthy_first(condition: Condition) -> tuple[bool, str]:
    return condition.name != HEALTHY, condition.name


def _twin_brains(twins: Mapping[str, ServedTwin]) -> Iterator[Json]:
    for name, twin in twins.items():
        said = PERSONAL if twin.found.personal else UNKNOWN
        yield {
            "id": name,
            "name": f"Twin of {_whose(twin.found.key)}",
            "sentence": f"Fitted to {twin.found.key}; {said}",
            "kind": "twin",
            "hypothetical": False,
        }


def _whose(key: str) -> str:
    """The person and what tells their runs apart, of the entities of a run."""
    person, *others = key.split("_")
    kept = [part for part in others if part.split("-")[0] in {"ses", "acq", "run"}]
    return f"{person} ({', '.join(kept)})" if kept else person


def _nothing() -> Json:
    return _treatment(NOTHING, "none", "Nothing", "Nothing is given.")


def _treatment(name: str, kind: str, title: str, sentence: str) -> Json:
    return {
        "id": name,
        "kind": kind,
        "name": title,
        "sentence": sentence,
        "unit": "",
        "doses": [],
        "twin_doses": [],
        "studied": None,
        "duration_min": 0.0,
        "hypothetical": False,
        "marks": [],
    }


def _drug(drug: Drug) -> Json:
    of = ladder(drug.name)
    amounts = of.amounts if drug.mechanism().effects else (of.standard.amount,)
    return _treatment(drug.name, "drug", drug.title, drug.sentence) | {
        "unit": of.unit,
        "doses": [_dose(drug, amount, of.standard) for amount in amounts],
        "twin_doses": [_share(share) for share in SHARES],
        "studied": [of.studied.low, of.studied.high],
        "duration_min": of.standard.over_min,
        "hypothetical": drug.mechanism().hypothetical,
        "marks": drug_marks(drug),
    }


def _dose(drug: Drug, amount: float, standard: Dose) -> Json:
    return {
        "value": amount,
        "label": f"{amount:g} {ladder(drug.name).unit}",
        "share": round(share_of(drug.name, amount), 3),
        "usual": amount == standard.amount,
    }


def _share(share: float) -> Json:
    """What a twin is given in place of a dose."""
    label = f"{100 * share:.0f} % of the highest studied level"
    return {"value": share, "label": label, "share": share, "usual": share == USUAL_SHARE}


def _event(event: Event) -> Json:
    return _treatment(event.name, "event", event.title, event.sentence) | {
        "duration_min": event.duration_min,
        "hypothetical": event.hypothetical,
        "marks": event_marks(event),
    }
