"""BIDS file names: entities in any order, labels always text."""

from dataclasses import dataclass

from defaultmode.core.recording import Entities

# What says how a run was processed, not which run it is.
PROCESSED = frozenset(
    {"space", "cohort", "res", "den", "atlas", "seg", "stat", "desc", "hemi", "label"}
)
TWO_PART = (".nii.gz", ".tsv.gz", ".ptseries.nii", ".dtseries.nii", ".func.gii")


@dataclass(frozen=True, slots=True)
class BidsName:
    """A file name taken apart: entity → label in file order, the suffix, the extension."""

    entities: dict[str, str]
    suffix: str
    extension: str

    @property
    def acquired(self) -> frozenset[tuple[str, str]]:
        """The entities that say which run was acquired, those of the processing left out."""
        return frozenset(e for e in self.entities.items() if e[0] not in PROCESSED)

    @property
    def processed(self) -> dict[str, str]:
        """The entities that say how the run was processed."""
        return {k: v for k, v in self.entities.items() if k in PROCESSED}

    @property
    def run(self) -> Entities:
        """The run as the package names it."""
        get = self.entities.get
        return Entities(
            participant=get("sub", ""),
            session=get("ses", ""),
            task=get("task", ""),
            acquisition=get("acq", ""),
            direction=get("dir", ""),
            run=get("run", ""),
        )


def parse_name(name: str) -> BidsName | None:
    """Take a file name apart; None where it is not a BIDS name or gives an entity twice."""
    extension = next((e for e in TWO_PART if name.endswith(e)), "") or _last_extension(name)
    *pairs, suffix = name.removesuffix(extension).split("_")
    entities: dict[str, str] = {}
    for pair in pairs:
        key, dash, label = pair.partition("-")
        if not (key and dash and label) or key in entities:
            return None
        entities[key] = label
    if not suffix or "-" in suffix:
        return None
    return BidsName(entities, suffix, extension)


def _last_extension(name: str) -> str:
    stem, dot, last = name.rpartition(".")
    return f".{last}" if dot and stem else ""


def without_prefix(label: str, entity: str) -> str:
    """The label as text without its prefix: `sub-01` and `01` both give `01`."""
    return label.removeprefix(f"{entity}-")
