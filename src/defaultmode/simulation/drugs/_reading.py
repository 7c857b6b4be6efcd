"""How a drug's file becomes a Drug: units are converted, a number without a source is refused."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.drugs._drug import (
    Absorption,
    Drug,
    Kinetics,
    Metabolite,
    Number,
    Saturation,
    Studied,
)
from defaultmode.simulation.effects import Effect
from defaultmode.simulation.mechanisms import Mechanism

REFERENCE_KG = 70.0
OWN = "our own"
# Everything is kept in litres, minutes and ng/ml; rates and volumes per kg are those of 70 kg.
TO_OURS = {
    "L": 1.0,
    "L/kg": REFERENCE_KG,
    "L/min": 1.0,
    "L/h": 1.0 / 60.0,
    "1/min": 1.0,
    "1/h": 1.0 / 60.0,
    "ng/ml": 1.0,
    "1": 1.0,
    "µmol/L": 1.0,
    "g/mol": 1.0,
}


def read_drug(name: str, table: Mapping[str, Any]) -> Drug:
    """A drug from its TOML table; raises E510 where a key is missing or of the wrong kind."""
    try:
        drug = _drug(name, table)
    except (KeyError, TypeError, ValueError) as problem:
        msg = f"drug file {name}.toml: {type(problem).__name__} {problem}."
        raise DefaultModeError("E510", msg) from problem
    return replace(drug, cites=tuple(dict.fromkeys(s for s in sources(table) if s != OWN)))


def sources(table: object) -> Iterator[str]:
    """Every `source` anywhere in a table, in order."""
    if isinstance(table, Mapping):
        for key, value in table.items():
            if key == "source":
                yield value
            else:
                yield from sources(value)
    elif isinstance(table, list):
        for value in table:
            yield from sources(value)


def _drug(name: str, table: Mapping[str, Any]) -> Drug:
    return Drug(
        name=name,
        title=table["title"],
        sentence=table["sentence"],
        routes=tuple(table["routes"]),
        studied=tuple(_studied(row) for row in table["studied"]),
        kinetics={k: _kinetics(k, rows) for k, rows in table.get("kinetics", {}).items()},
        absorption={k: tuple(map(_absorption, v)) for k, v in table.get("absorption", {}).items()},
        metabolite=_metabolite(table["metabolite"]) if "metabolite" in table else None,
        saturation=_saturation(table["level"]) if "level" in table else None,
        dissociation=_saturation(table["dissociation"]) if "dissociation" in table else None,
        mechanisms=_mechanisms(table["mechanism"], table.get("effect", {})),
        standard=table["standard"],
        plasticity=Number(**table["plasticity"]),
        variability=_numbers(table.get("variability", {})),
        notes=tuple(table.get("notes", ())),
        cites=(),
    )


def _numbers(table: Mapping[str, Any]) -> dict[str, Number]:
    return {key: Number(**row) for key, row in table.items() if isinstance(row, Mapping)}


def _ours(numbers: Mapping[str, Number], key: str, default: float | None = None) -> float:
    if default is not None and key not in numbers:
        return default
    return numbers[key].value * TO_OURS[numbers[key].unit]


def _studied(row: Mapping[str, Any]) -> Studied:
    low, high = row.get("over_min", (0.0, 0.0))
    return Studied(**{**row, "over_min": (float(low), float(high))})


def _kinetics(name: str, table: Mapping[str, Any]) -> Kinetics:
    numbers = _numbers(table)
    volumes, flows = [_ours(numbers, "V1")], []
    for there in ("2", "3"):
        if f"V{there}" in numbers:
            volumes.append(_ours(numbers, f"V{there}"))
            flows.append(_ours(numbers, f"Q{there}"))
        elif f"k1{there}" in numbers:
            flows.append(_ours(numbers, f"k1{there}") * volumes[0])
            volumes.append(flows[-1] / _ours(numbers, f"k{there}1"))
    cleared = "CL" in numbers
    clearance = _ours(numbers, "CL") if cleared else _ours(numbers, "k10") * volumes[0]
    return Kinetics(
        name=name,
        sentence=table["sentence"],
        clearance_l_min=clearance,
        volumes_l=tuple(volumes),
        flows_l_min=tuple(flows),
        effect_rate_per_min=_ours(numbers, "ke0") if "ke0" in numbers else None,
        scales_with_weight=table["scales_with_weight"],
        numbers=numbers,
    )


def _absorption(row: Mapping[str, Any]) -> Absorption:
    numbers = _numbers(row)
    rate = _ours(numbers, "rate")
    return Absorption(share=numbers["share"], rate_per_min=rate, rate=numbers["rate"])


def _metabolite(table: Mapping[str, Any]) -> Metabolite:
    numbers = _numbers(table)
    return Metabolite(
        name=table["name"],
        share=_ours(numbers, "share"),
        clearance_l_min=_ours(numbers, "CL"),
        volume_l=_ours(numbers, "V"),
        numbers=numbers,
    )


def _saturation(table: Mapping[str, Any]) -> Saturation:
    numbers = _numbers(table)
    if "affinity" in numbers:
        # total plasma concentration at which half the sites are taken: Kᵢ M / f_u, µg/L = ng/ml
        molar, unbound = _ours(numbers, "molar_mass"), _ours(numbers, "unbound")
        half = _ours(numbers, "affinity") * molar / unbound
    else:
        half = _ours(numbers, "half")
    return Saturation(
        sentence=table["sentence"],
        half_ng_ml=half,
        maximum=numbers["maximum"].value,
        exponent=_ours(numbers, "exponent", 1.0),
        numbers=numbers,
    )


def _mechanisms(table: Mapping[str, Any], effects: Mapping[str, Any]) -> dict[str, Mechanism]:
    known = {key: Effect(**row) for key, row in effects.items()}
    return {
        name: Mechanism(name, row["sentence"], tuple(known[key] for key in row["effects"]))
        for name, row in table.items()
    }
