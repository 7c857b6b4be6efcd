"""What JSON sidecars state: merged by BIDS inheritance, read strictly."""

import json
from collections.abc import Mapping
from pathlib import Path

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import LONGEST_TR_S, SHORTEST_TR_S, Processing
from defaultmode.sources.names import BidsName, parse_name

LARGEST_TR_DIFFERENCE_S = 0.001
# Strategies of XCP-D (Mehta 2024) whose regressors include the global signal.
WITH_GLOBAL_SIGNAL = frozenset({"27P", "36P", "acompcor_gsr", "aroma_gsr", "gsr_only"})


def read_json(path: Path) -> dict[str, object]:
    """Read one JSON object; raises E101 (not there) and E206 (not a JSON object, a key twice)."""
    try:
        raw = json.loads(
            path.read_bytes().decode("utf-8-sig"),
            object_pairs_hook=_once,
            parse_constant=_refuse_constant,
        )
    except (FileNotFoundError, IsADirectoryError) as problem:
        raise DefaultModeError("E101", f"there is no file {path}.") from problem
    except (ValueError, RecursionError) as problem:
        raise DefaultModeError("E206", f"{path}: {problem}.") from problem
    if not isinstance(raw, dict):
        msg = f"{path} holds a {type(raw).__name__}; expected an object in braces."
        raise DefaultModeError("E206", msg)
    return raw


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found and found[key] != value:
            msg = f"the key {key!r} is given twice with different values"
            raise ValueError(msg)
        found[key] = value
    return found


def _refuse_constant(text: str) -> object:
    msg = f"{text} is not JSON"
    raise ValueError(msg)


class Sidecars:
    """The JSON files of a data set: each folder is listed once, and each file read once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._listed: dict[Path, dict[str, list[tuple[BidsName, Path]]]] = {}
        self._contents: dict[Path, dict[str, object]] = {}

    def of(self, path: Path, name: BidsName) -> dict[str, object]:
        """Merge every sidecar that applies to a file, from the root down; the nearest wins.

        One applies when it has the suffix of the file and no entity that the file does not have; of
        one folder, that with most entities wins. Raises E206 for a broken one.
        """
        merged: dict[str, object] = {}
        for sidecar, where in self._down_to(path.parent).get(name.suffix, ()):
            if sidecar.entities.items() <= name.entities.items():
                merged |= self._read(where)
        return merged

    def _down_to(self, folder: Path) -> dict[str, list[tuple[BidsName, Path]]]:
        """Every JSON file from the root down to a folder by its suffix, the strongest last."""
        if folder not in self._listed:
            above = {} if folder == self._root else self._down_to(folder.parent)
            found = {suffix: list(files) for suffix, files in above.items()}
            for name, path in _json_files(folder):
                found.setdefault(name.suffix, []).append((name, path))
            self._listed[folder] = found
        return self._listed[folder]

    def _read(self, path: Path) -> dict[str, object]:
        if path not in self._contents:
            self._contents[path] = read_json(path)
        return self._contents[path]


def _json_files(folder: Path) -> list[tuple[BidsName, Path]]:
    """The sidecars of a folder and their names, those with fewest entities first."""
    visible = (p for p in folder.iterdir() if p.name.endswith(".json") and p.name[0] != ".")
    named = [(name, path) for path in visible if (name := parse_name(path.name))]
    return sorted(named, key=lambda pair: (len(pair[0].entities), pair[1].name))


def _number(sidecar: Mapping[str, object], key: str, path: object = "") -> float | None:
    """A stated number, None where it is not stated; text in its place is refused with E208."""
    value = sidecar.get(key)
    if value is None or value == "n/a":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        where = f" for {path}" if path else ""
        raise DefaultModeError("E208", f"{key} is {value!r}{where}; expected a number.")
    return float(value)


def repetition_time(sidecar: Mapping[str, object], path: Path) -> float:
    """Repetition time in seconds, from RepetitionTime or a SamplingFrequency in hertz.

    Raises E201 (neither is stated; XCP-D's SamplingFrequency "TR" states nothing), E203 (outside
    0.05–20 s) and E208 (they differ by over 1 ms, or one of them is text).
    """
    stated = _number(sidecar, "RepetitionTime", path)
    relative = sidecar.get("SamplingFrequency") == "TR"
    frequency_hz = None if relative else _number(sidecar, "SamplingFrequency", path)
    if stated is None and frequency_hz is None:
        extra = ' (SamplingFrequency "TR" only says that there is one)' if relative else ""
        raise DefaultModeError("E201", f"no RepetitionTime for {path}{extra}.")
    if frequency_hz is not None and frequency_hz <= 0:
        raise DefaultModeError("E203", f"SamplingFrequency {frequency_hz:g} Hz for {path}.")
    sampled = None if frequency_hz is None else 1 / frequency_hz
    tr_s = stated if stated is not None else sampled
    if tr_s is None or not SHORTEST_TR_S <= tr_s <= LONGEST_TR_S:
        msg = f"repetition time {tr_s:g} s for {path}; expected {SHORTEST_TR_S}–{LONGEST_TR_S} s."
        raise DefaultModeError("E203", msg)
    if sampled is not None and abs(tr_s - sampled) > LARGEST_TR_DIFFERENCE_S:
        msg = f"RepetitionTime {tr_s:g} s and SamplingFrequency {frequency_hz:g} Hz for {path}."
        raise DefaultModeError("E208", msg)
    return tr_s


def processing_from_sidecar(sidecar: Mapping[str, object]) -> Processing:
    """What a sidecar says was done to the signal, cut-offs in Hz.

    Keys read: LowCutoff, HighCutoff, Demeaned, GlobalSignalRemoved, and XCP-D's SoftwareFilters and
    NuisanceParameters. Raises E208 where they contradict each other.
    """
    low_hz, high_hz = _agreed(sidecar, "LowCutoff", 0), _agreed(sidecar, "HighCutoff", 1)
    for key, value in (("LowCutoff", low_hz), ("HighCutoff", high_hz)):
        if value is not None and value < 0:
            raise DefaultModeError("E208", f"{key} is {value:g} Hz.")
    if low_hz and high_hz and low_hz >= high_hz:
        raise DefaultModeError(
            "E208", f"LowCutoff {low_hz:g} Hz is not below HighCutoff {high_hz:g} Hz."
        )
    nuisance = sidecar.get("NuisanceParameters")
    strategy = nuisance if isinstance(nuisance, str) and nuisance != "none" else ""
    return Processing(
        low_cutoff_hz=low_hz or None,
        high_cutoff_hz=high_hz or None,
        demeaned=_yes_or_no(sidecar, "Demeaned"),
        global_signal_removed=_yes_or_no(sidecar, "GlobalSignalRemoved")
        or strategy in WITH_GLOBAL_SIGNAL,
        confounds_removed=(strategy,) if strategy else (),
    )


def _agreed(sidecar: Mapping[str, object], key: str, position: int) -> float | None:
    """A cut-off as its own key states it and as XCP-D's filter entry does; E208 if they differ."""
    own, filtered = _number(sidecar, key), _software_filter(sidecar)[position]
    if own is not None and filtered is not None and own != filtered:
        raise DefaultModeError(
            "E208", f"{key} is {own:g} Hz and SoftwareFilters say {filtered:g} Hz."
        )
    return own if own is not None else filtered


def _software_filter(sidecar: Mapping[str, object]) -> tuple[float | None, float | None]:
    filters = sidecar.get("SoftwareFilters")
    if not isinstance(filters, Mapping):
        return None, None
    band, high_pass, low_pass = (
        entry if isinstance(entry := filters.get(name), Mapping) else {}
        for name in ("Bandpass filter", "High-pass filter", "Low-pass filter")
    )
    low_hz = _number(band, "High-pass cutoff (Hz)") or _number(high_pass, "cutoff (Hz)")
    return low_hz, _number(band, "Low-pass cutoff (Hz)") or _number(low_pass, "cutoff (Hz)")


def _yes_or_no(sidecar: Mapping[str, object], key: str) -> bool:
    value = sidecar.get(key, False)
    if not isinstance(value, bool):
        raise DefaultModeError("E208", f"{key} is {value!r}; expected true or false.")
    return value
