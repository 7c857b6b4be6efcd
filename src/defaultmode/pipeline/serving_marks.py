"""What of a treatment is calibrated, built in, emergent or assumed, from the registries."""

from collections.abc import Iterable, Iterator

from defaultmode.simulation.constants import constants
from defaultmode.simulation.drugs import Drug, Number, Saturation
from defaultmode.simulation.effects import Effect
from defaultmode.simulation.events import Event
from defaultmode.simulation.scoreboard import Statement, read_statements

Mark = dict[str, str]
ASSUMED, BUILT_IN, CALIBRATED = "assumed", "built in", "calibrated"
OWN = "our own"
SHOWN = ("within_default_mode", "default_mode_task_positive", "global_signal_variance")
WITHOUT_MOOD = ("psilocybin",)  # it acts on mood in trials, and no course of that was fitted


def mark(text: str, kind: str, *, about: str = "") -> Mark:
    """A sentence and what it rests on; about : the curve beside which it is shown."""
    return {"text": text, "kind": kind} | ({"about": about} if about else {})


def drug_marks(drug: Drug) -> list[Mark]:
    """What acts, what its numbers rest on, and what the scoreboard says of its connectivity."""
    kinetics = [mark(k.sentence, CALIBRATED) for k in list(drug.kinetics.values())[:1]]
    levels = [level_mark(drug.saturation)] if drug.saturation else []
    effects = [effect_mark(effect) for effect in drug.mechanism().effects]
    return [*kinetics, *levels, *effects, *asked_of_model(drug.name, drug.default_mechanism)]


def event_marks(event: Event) -> list[Mark]:
    """What acts during or after an event, and what is learnt in it."""
    marks = [effect_mark(effect) for effect in event.mechanism().effects]
    if event.lasting is not None:
        text = f"Its effects fade with a time constant of {event.lasting.decay_d:g} days."
        marks.append(mark(text, ASSUMED if event.lasting.hypothetical else CALIBRATED))
    return [*marks, *learning_marks(event), *asked_of_model(event.name, event.mechanism().name)]


def learning_marks(event: Event) -> list[Mark]:
    """What a session teaches; none where it teaches nothing."""
    if event.learning is None:
        return []
    kinds = (event.learning.label, *([ASSUMED] if event.learning.hypothetical else []))
    return [mark(event.learning.sentence, kind) for kind in kinds]


def effect_mark(effect: Effect) -> Mark:
    """An effect is put in: assumed where nothing bears it out, built in otherwise."""
    return mark(effect.sentence, ASSUMED if effect.hypothetical else BUILT_IN)


def level_mark(level: Saturation) -> Mark:
    """A level over concentration: calibrated where every number of it is published."""
    return mark(level.sentence, rests_on(level.numbers.values()))


def rests_on(numbers: Iterable[Number]) -> str:
    """Assumed where a number is unchecked or our own, calibrated otherwise."""
    sure = all(n.verified and n.source != OWN for n in numbers)
    return CALIBRATED if sure else ASSUMED


def asked_of_model(treatment: str, mechanism: str) -> list[Mark]:
    """What the scoreboard asks of a brain under this treatment alone; not what it answers."""
    return [
        mark(f"Asked: “{s.sentence}” The answer is {s.label}: {s.because}.", s.label)
        for s in read_statements()[0]
        if s.quantity in SHOWN and _is_under(s, treatment, mechanism)
    ]


def _is_under(statement: Statement, treatment: str, mechanism: str) -> bool:
    """Whether it compares a brain under this treatment and mechanism with the untreated one."""
    row = next(statement.rows)
    if not row.against:
        return False
    under, without = row.situations[:2]
    alone = under.treatments in {((treatment, ""),), ((treatment, mechanism),)}
    return alone and not (without.treatments or under.without or under.after_min)


def course_notes(drug: Drug | None, *, therapy: Event | None, mood: bool) -> Iterator[Mark]:
    """What the curves over time rest on."""
    if drug is not None:
        yield from (mark(k.sentence, CALIBRATED) for k in list(drug.kinetics.values())[:1])
        if drug.dissociation is None:
            yield mark(f"No dissociation is modelled under {drug.title.lower()}.", ASSUMED)
        else:
            yield level_mark(drug.dissociation)
        yield mark(drug.plasticity.note or "The plasticity drive is none.", ASSUMED)
    for name, number in constants("recovery").items():
        if number.label and name != "most_learnt":
            yield mark(number.sentence, number.label)
    if mood:
        yield mark(
            "The average course of mood was fitted to published averages.", CALIBRATED, about="mood"
        )
        yield mark(
            "How people differ around it, and so the band, is assumed.", ASSUMED, about="mood"
        )
    if therapy is not None:
        yield from learning_marks(therapy)
        yield mark(
            "Mood does not follow sessions here; the condition's level does.",
            BUILT_IN,
            about="mood",
        )
