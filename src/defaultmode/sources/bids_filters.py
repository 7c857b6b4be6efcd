"""Which runs are wanted: labels, and the object of a --bids-filter-file."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from defaultmode.core.errors import DefaultModeError
from defaultmode.sources.names import BidsName, without_prefix

# Words of a filter file → entities of a file name; the entities' own names are accepted too.
ENTITY_OF_WORD = {
    "subject": "sub",
    "session": "ses",
    "task": "task",
    "acquisition": "acq",
    "ceagent": "ce",
    "reconstruction": "rec",
    "direction": "dir",
    "run": "run",
    "echo": "echo",
    "part": "part",
    "space": "space",
    "cohort": "cohort",
    "resolution": "res",
    "density": "den",
    "atlas": "atlas",
    "segmentation": "seg",
    "desc": "desc",
}
SETTLED = ("datatype", "suffix", "extension")  # they cannot select another kind of file here
# One file serves preprocessing and this package: its other images are not looked at here.
OTHER_IMAGES = ("t1w", "t2w", "flair", "fmap", "sbref", "roi")
Wanted = tuple[object, ...] | None  # None: the entity must be absent


@dataclass(frozen=True, slots=True)
class Selection:
    """What was asked for: entity → labels, and entity → values of the filter file."""

    labels: Mapping[str, frozenset[str]]
    filters: Mapping[str, Wanted]

    @classmethod
    def of(
        cls,
        participants: Sequence[str],
        sessions: Sequence[str],
        tasks: Sequence[str],
        filters: Mapping[str, object] | None,
    ) -> "Selection":
        """Check what was asked for; raises E411 for a filter that is not understood."""
        asked = {"sub": participants, "ses": sessions, "task": tasks}
        labels = {
            entity: frozenset(without_prefix(label, entity) for label in values)
            for entity, values in asked.items()
            if values
        }
        return cls(labels, _bold_filters(filters or {}))

    def wants(self, name: BidsName) -> bool:
        """Whether a file is among what was asked for."""
        get = name.entities.get
        if any(get(entity, "") not in labels for entity, labels in self.labels.items()):
            return False
        return all(_matches(get(entity), values) for entity, values in self.filters.items())

    def check_labels(self, names: Iterable[BidsName], root: Path) -> None:
        """Raise E403 for a label that was asked for and that no file has."""
        names = list(names)
        for entity, labels in self.labels.items():
            seen = {name.entities.get(entity, "") for name in names}
            absent = sorted(labels - seen)
            if absent:
                there = ", ".join(f"{entity}-{label}" for label in sorted(seen - {""})[:10])
                msg = (
                    f"no recording of {entity}-{absent[0]} in {root}; there are {there or 'none'}."
                )
                raise DefaultModeError("E403", msg)


def _bold_filters(filters: Mapping[str, object]) -> dict[str, Wanted]:
    unknown = sorted(set(filters) - {"bold", *OTHER_IMAGES})
    if unknown:
        msg = f"the filter file has the key {unknown[0]!r}; expected bold."
        raise DefaultModeError("E411", msg)
    bold = filters.get("bold", {})
    if not isinstance(bold, Mapping):
        raise DefaultModeError("E411", f"the filter bold is {bold!r}; expected an object.")
    found: dict[str, Wanted] = {}
    for word in map(str, bold):
        entity = ENTITY_OF_WORD.get(word, word)
        if word in SETTLED:
            continue
        if entity not in ENTITY_OF_WORD.values():
            known = ", ".join(ENTITY_OF_WORD)
            msg = f"the filter bold has the key {word!r}; there are {known}."
            raise DefaultModeError("E411", msg)
        found[entity] = _values(word, entity, bold[word])
    return found


def _values(word: str, entity: str, value: object) -> Wanted:
    if value is None:
        return None
    values = value if isinstance(value, list | tuple) else [value]
    if not all(isinstance(v, str | int) and not isinstance(v, bool) for v in values):
        msg = f"the filter {word} is {value!r}; expected labels, whole numbers or null."
        raise DefaultModeError("E411", msg)
    return tuple(without_prefix(v, entity) if isinstance(v, str) else v for v in values)


def _matches(label: str | None, wanted: Wanted) -> bool:
    """A number stands for every way of writing it (1 for 1 and 01), a text only for itself."""
    if wanted is None or label is None:
        return wanted is None and label is None
    as_number = int(label) if label.isascii() and label.isdigit() else None
    return any(value in {label, as_number} for value in wanted)
