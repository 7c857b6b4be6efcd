"""The files of twins: each one's model, parameters and columns, and the table of all."""

import io
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from defaultmode import DISCLAIMER
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Entities
from defaultmode.outputs.run import MEASURES_HEADER
from defaultmode.outputs.text import MISSING, as_json, table

TWIN_MEASURES = "_desc-twin_measures.tsv"
TWIN_MODEL = "_desc-twin_model.npz"
PARAMETERS_HEADER = (
    *("parameter", "value", "low", "high", "fitted", "learnt", "recovered", "unit", "description"),
)
WARNING = (
    "A twin is a model for studying mechanisms. It finds no dose for its person and predicts "
    "neither mood nor response."
)
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class TwinColumn:
    """One number of a twin as it is published.

    value : mean of the plausible others, of the fitted brain where there are too few; fitted : that
    low, high : 95 % of the plausible others; learnt : share of what the prior left open that the
        recording closed; NaN where there are too few others
    recovered : whether simulated people's come back; only then it is a column of a study
    """

    name: str
    value: float
    low: float
    high: float
    fitted: float
    learnt: float
    recovered: bool
    unit: str
    sentence: str


@dataclass(frozen=True, slots=True, eq=False)
class TwinFiles:
    """One twin as it is published; failed : why it is not to be used, None otherwise."""

    key: str
    entities: Entities
    atlas: str
    denoise: str
    n_volumes: int
    columns: Sequence[TwinColumn]
    belief: Mapping[str, float | Missing]
    model: Mapping[str, NDArray[np.generic]]
    failed: Missing | None
    about: Mapping[str, object]

    @property
    def base(self) -> str:
        """Where its files lie, without what distinguishes them."""
        return f"{self.entities.folder}/{self.key}"


def twin_files(twin: TwinFiles) -> dict[str, bytes]:
    """Every file of one twin: path below the folder → content."""
    named = {
        TWIN_MEASURES: _measures(twin),
        TWIN_MEASURES.replace(".tsv", ".json"): as_json(_description(twin)),
        "_desc-twin_parameters.tsv": _parameters(twin),
    }
    texts = {f"{twin.base}{name}": text.encode() for name, text in named.items()}
    return texts | {f"{twin.base}{TWIN_MODEL}": _packed(twin.model)}


def twins_table(rows: Sequence[Mapping[str, object]]) -> str:
    """The table of all twins, with the columns of `schema/twins.toml` in their order."""
    header = list(_columns())
    return table(header, [[row.get(name) for name in header] for row in rows])


def twins_dictionary() -> str:
    """What every column of the table of all twins holds, as JSON text."""
    return as_json({name: {"Description": sentence} for name, sentence in _columns().items()})


def _columns() -> dict[str, str]:
    text = files(__package__).joinpath("schema", "twins.toml").read_text("utf-8")
    return {str(name): str(sentence) for name, sentence in tomllib.loads(text).items()}


def _measures(twin: TwinFiles) -> str:
    """In the form of any run's measures, so that a study gathers them like these."""
    rows = []
    for column in (c for c in twin.columns if c.recovered):
        value: object = MISSING if twin.failed else column.value
        lost = (twin.failed.code, twin.failed.reason) if twin.failed else (MISSING, MISSING)
        blank = (MISSING,) * 3
        head = (column.name, twin.denoise, value, column.unit, twin.n_volumes)
        rows.append((*head, *blank, MISSING, *lost))
    return table(MEASURES_HEADER, rows)


def _parameters(twin: TwinFiles) -> str:
    rows = [
        (c.name, c.value, c.low, c.high, c.fitted, c.learnt, c.recovered, c.unit, c.sentence)
        for c in twin.columns
    ]
    return table(PARAMETERS_HEADER, rows)


def _description(twin: TwinFiles) -> dict[str, object]:
    names = ("participant", "session", "task", "acquisition", "direction", "run")
    belief = {
        name: [value.code, value.reason] if isinstance(value, Missing) else value
        for name, value in twin.belief.items()
    }
    return {
        "Description": f"Twin of a run: a whole-brain model fitted to it. {WARNING} {DISCLAIMER}",
        "entities": {name: getattr(twin.entities, name) for name in names},
        "atlas": twin.atlas,
        "denoise": twin.denoise,
        "Belief": belief,
        "Failed": [twin.failed.code, twin.failed.reason] if twin.failed else [],
        **twin.about,
    }


def _packed(arrays: Mapping[str, NDArray[np.generic]]) -> bytes:
    """The arrays as one archive; its bytes do not depend on when it is written."""
    stream = io.BytesIO()
    np.savez_compressed(stream, **dict(arrays))  # type: ignore[arg-type]  # names are not flags
    return stream.getvalue()
