"""2000 damaged tables, sidecars and settings: an error with a code, or what the text says now."""

import ast
import io
import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.settings import Settings, read_settings, settings_toml
from defaultmode.simulation.protocol_file import read_protocol
from defaultmode.simulation.trial_file import read_trial
from defaultmode.sources.clinical_files import read_clinical_file
from defaultmode.sources.sidecars import processing_from_sidecar, read_json, repetition_time
from defaultmode.sources.task_events import AFTERMATH_S, read_events
from defaultmode.sources.text_tables import read_text_table
from defaultmode.sources.volume_confounds import read_confounds
from mutants import TEXT, mutants


def tally(
    raw: bytes, count: int, seed: int, look: Callable[[bytes], str]
) -> tuple[Counter[str], str]:
    """How many mutants were refused and how many were read, and that in words."""
    seen: Counter[str] = Counter()
    for damaged in mutants(raw, TEXT, count, seed):
        try:
            seen[look(damaged)] += 1
        except DefaultModeError as error:
            seen[error.code] += 1
    return seen, f"{count} mutants: {dict(seen.most_common())}"


def as_pandas(raw: bytes) -> pd.DataFrame:
    """The table as another parser reads it, without blank lines at its end, in Unix line ends."""
    text = raw.replace(b"\r\n", b"\n").rstrip(b"\n")
    return pd.read_csv(
        io.BytesIO(text), sep="\t", encoding="utf-8-sig", skip_blank_lines=False, dtype=str,
        keep_default_na=False, na_filter=False,
    )  # fmt: skip


def same_table(ours: pd.DataFrame, raw: bytes) -> None:
    theirs = as_pandas(raw)
    assert list(ours.columns) == list(theirs.columns)
    assert ours.to_numpy().tolist() == theirs.to_numpy().tolist()


def same_numbers(ours: np.ndarray, raw: bytes) -> None:
    cells = as_pandas(raw).to_numpy()
    theirs = [[float(c) if c != "n/a" else np.nan for c in row] for row in cells.tolist()]
    np.testing.assert_array_equal(ours, np.array(theirs))


ROWS = 12
RNG = np.random.default_rng(0)
CONFOUNDS = (
    "trans_x\tcsf\tframewise_displacement\n0.1\t1.5\tn/a\n"
    + "".join(f"{a:.6f}\t{b:.3e}\t0.{i}\n" for i, (a, b) in enumerate(RNG.random((ROWS - 1, 2))))
).encode()
PEOPLE = (
    b"participant_id\tgroup\tage\tnote\n"
    + b"".join(f'sub-{i:02d}\tcontrol\t{30 + i}\t"said\t{i}"\n'.encode() for i in range(1, 7))
)  # fmt: skip


def test_confounds(tmp_path: Path, record_property) -> None:
    path = tmp_path / "confounds.tsv"

    def look(raw: bytes) -> str:
        path.write_bytes(raw)
        found = read_confounds(path, ROWS)
        same_numbers(np.column_stack(list(found.values())), raw)
        return "as another parser reads it"

    seen, told = tally(CONFOUNDS, 450, 3, look)
    record_property("mutants", f"confounds, {told}")
    assert {"E130", "E134", "E204", "as another parser reads it"} <= seen.keys()


def test_clinical_tables(tmp_path: Path, record_property) -> None:
    path = tmp_path / "participants.tsv"

    def look(raw: bytes) -> str:
        path.write_bytes(raw)
        same_table(read_text_table(path), raw)
        read_clinical_file(path, path.name, {})
        return "as another parser reads it"

    seen, told = tally(PEOPLE, 350, 4, look)
    record_property("mutants", f"clinical table, {told}")
    assert {"E130", "E404", "as another parser reads it"} <= seen.keys()


EVENTS = (
    "onset\tduration\ttrial_type\tresponse_time\n"
    + "".join(f"{20 * i}.5\t{8 + i}\t{('rest', 'n-back')[i % 2]}\t0.{i}1\n" for i in range(8))
    + "180\t5\tn/a\tn/a\n"
).encode()


def test_events(tmp_path: Path, record_property) -> None:
    path = tmp_path / "events.tsv"

    def look(raw: bytes) -> str:
        path.write_bytes(raw)
        found = [(e.onset_s, e.duration_s, e.trial_type) for e in read_events(path)]
        table = as_pandas(raw)
        types = table["trial_type"] if "trial_type" in table else ["task"] * len(table)
        rows = zip(table["onset"].map(float), table["duration"].map(float), types, strict=True)
        seen = [(a, b, c.replace("n/a", "")) for a, b, c in rows if a + b > -AFTERMATH_S]
        assert found == sorted(seen, key=lambda row: row[0])
        return "as another parser reads it"

    seen, told = tally(EVENTS, 300, 9, look)
    record_property("mutants", f"events, {told}")
    assert {"E130", "E134", "E210", "as another parser reads it"} <= seen.keys()


SIDECAR = json.dumps(
    {"RepetitionTime": 2.0, "SamplingFrequency": 0.5, "LowCutoff": 0.01, "HighCutoff": 0.1,
     "Demeaned": False, "GlobalSignalRemoved": True, "TaskName": "rest", "SliceTiming": [0, 1.0]},
    indent=1,
).encode()  # fmt: skip


def evaluated(node: ast.expr) -> object:
    """A JSON text as the grammar of Python reads it, which shares its numbers, lists and objects."""
    if isinstance(node, ast.Dict):
        return {evaluated(k): evaluated(v) for k, v in zip(node.keys, node.values, strict=True)}
    if isinstance(node, ast.List):
        return [evaluated(v) for v in node.elts]
    if isinstance(node, ast.Name):
        return {"true": True, "false": False, "null": None}[node.id]
    return ast.literal_eval(node)


def test_sidecars(tmp_path: Path, record_property) -> None:
    path = tmp_path / "bold.json"

    def look(raw: bytes) -> str:
        path.write_bytes(raw)
        found = read_json(path)
        text = raw.decode("utf-8-sig")
        if "\\" not in text:
            assert found == evaluated(ast.parse(text.strip(), mode="eval").body)
        tr_s, done = repetition_time(found, path), processing_from_sidecar(found)
        assert tr_s == found.get("RepetitionTime", tr_s)
        assert abs(tr_s - 1 / found.get("SamplingFrequency", 1 / tr_s)) <= 0.001
        assert done.low_cutoff_hz == (found.get("LowCutoff") or None)
        assert done.high_cutoff_hz == (found.get("HighCutoff") or None)
        assert done.global_signal_removed == found.get("GlobalSignalRemoved", False)
        assert done.demeaned == found.get("Demeaned", False)
        return "as another parser reads it"

    seen, told = tally(SIDECAR, 450, 5, look)
    record_property("mutants", f"sidecar, {told}")
    assert {"E206", "E208", "E203", "as another parser reads it"} <= seen.keys()


SETTINGS = settings_toml(
    Settings(
        source="in", out="out", tasks=("rest", "task"), denoise=("minimal",), low_hz=0.02,
        high_hz=0.09, min_usable_s=200.5, fd_threshold_mm=0.35, dvars_threshold=1.5, seed=7,
        nprocs=3, columns={"visit": "text"}, reference={"group": "control"},
    )
).encode()  # fmt: skip


def test_settings(tmp_path: Path, record_property) -> None:
    path = tmp_path / "plan.toml"

    def look(raw: bytes) -> str:
        path.write_bytes(raw)
        found = read_settings(path)
        said = tomllib.loads(raw.decode())
        for name in Settings.__dataclass_fields__:
            value = getattr(found, name)
            plain = list(value) if isinstance(value, tuple) else value
            assert plain == said.get(name, plain)
            assert name in said or value == getattr(Settings(), name)
        path.write_text(settings_toml(found), "utf-8")
        assert read_settings(path) == replace(found)
        return "as it says now"

    seen, told = tally(SETTINGS, 250, 6, look)
    record_property("mutants", f"settings, {told}")
    assert {"E411", "as it says now"} <= seen.keys()


PROTOCOL = b"""name = "one infusion"
sentence = "A test"
condition = "depressed_hyper"
begins = "-90 min"
ends = "3 d"
[people]
count = 3
weight_kg = 71.5
[[dose]]
drug = "ketamine"
dose = "0.5 mg/kg"
over = "40 min"
route = "intravenous"
at = "0 min"
[[event]]
event = "psychotherapy"
days = [1, 2]
at = "3 h"
[[scan]]
session = "infusion"
task = "rest"
at = "39 min"
duration = "300 s"
tr = "1.5 s"
[[scan.block]]
event = "task"
at = "10 s"
duration = "20 s"
[[rating]]
session = "infusion"
at = "40 min"
scales = ["MADRS", "CADSS"]
"""
TRIAL = b"""name = "two arms"
dropout_per_visit = 0.4
noise_percent = 0.03
[protocol]
condition = "depressed_hyper"
[[protocol.scan]]
session = "baseline"
at = "-60 min"
duration = "300 s"
[[protocol.rating]]
session = "baseline"
at = "-70 min"
scales = ["MADRS"]
[[arm]]
name = "ketamine"
people = 3
dose = [{ drug = "ketamine", dose = "0.5 mg/kg", over = "40 min", at = "0 min" }]
[[arm]]
name = "saline"
people = 4
dose = [{ drug = "saline", dose = "100 ml", over = "40 min", at = "0 min" }]
[[site]]
name = "A"
signal_gain = 1.1
[[site]]
name = "B"
mean_units = 8000
[motion]
median_mm = 0.2
[unblinding]
believed_at_zero = 0.3
"""


def plain(content: object) -> object:
    """The content with every number in a text written one way, and no blanks about it."""
    if isinstance(content, dict):
        return {key: plain(value) for key, value in content.items()}
    if isinstance(content, list):
        return [plain(value) for value in content]
    if not isinstance(content, str):
        return content
    return re.sub(r"\d+\.?\d*|\.\d+", lambda m: f"{float(m[0]):g} ", re.sub(r"\s", "", content))


@pytest.mark.parametrize(
    ("whole", "read", "seed"),
    [(PROTOCOL, read_protocol, 7), (TRIAL, read_trial, 8)],
    ids=["protocol", "trial"],
)
def test_protocols(
    whole: bytes, read: Callable[[Path], object], seed: int, tmp_path: Path, record_property
) -> None:
    """A file that says something else is refused or gives something else."""
    path = tmp_path / "file.toml"
    path.write_bytes(whole)
    meant, said = read(path), tomllib.loads(whole.decode())

    def look(raw: bytes) -> str:
        path.write_bytes(raw)
        found = read(path)
        now = tomllib.loads(raw.decode())
        if plain(now) == plain(said):
            assert found == meant
            return "the same"
        assert found != meant, raw.decode()
        return "something else"

    seen, told = tally(whole, 100, seed, look)
    record_property("mutants", told)
    assert {"E510", "something else", "the same"} <= seen.keys()
