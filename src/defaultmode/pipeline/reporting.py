"""The report of a study: what its page is made from, and the files beside it."""

import hashlib
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from defaultmode import __version__
from defaultmode.core.atlas import Atlas, Region
from defaultmode.core.recording import Array
from defaultmode.core.result import Result
from defaultmode.core.settings import Settings
from defaultmode.core.study import Study
from defaultmode.denoising import all_presets
from defaultmode.measures import all_measures
from defaultmode.outputs import crate_file
from defaultmode.pipeline.folder import Folder
from defaultmode.report import (
    ConnectivitySummary,
    Page,
    Used,
    build_page,
    citation_bibtex,
    citation_markdown,
    highlights,
)
from defaultmode.statistics import Design

SOFTWARE = ("numpy", "scipy", "pandas", "nibabel", "nilearn", "statsmodels", "matplotlib")
GROUP = "group"  # the column of participants.tsv that names the groups of a study
LARGEST_R = 1 - 1e-12  # atanh(1) is infinite; only the diagonal and copies of a column reach it


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """A study, what its design supports and what came of it."""

    study: Study
    design: Design
    results: tuple[Result, ...]


def report_files(
    folder: Folder,
    analysis: Analysis,
    settings: Settings,
    *,
    texts: Mapping[str, str],
    notes: Sequence[str] = (),
) -> dict[str, str]:
    """report.html, CITATION.md, CITATION.bib and the provenance record, as path → text.

    texts : the study's other files, whose hashes the page prints.
    """
    study, design, results = analysis.study, analysis.design, analysis.results
    facts = facts_of(folder, study, settings) | {"hashes": hashes_of(texts, folder)}
    page = Page(
        title="Default mode network report",
        study=study,
        results=results,
        connectivity=connectivity_of(folder),
        notes=tuple(notes),
        facts=facts,
        highlights=highlights(
            study,
            where={f.name: f.reference for f in design.baseline},
            by=next((f.name for f in design.between if f.name.lower() == GROUP), ""),
        ),
    )
    keys = citation_keys(facts, results)
    return {
        "report.html": build_page(page),
        "CITATION.md": citation_markdown(keys),
        "CITATION.bib": citation_bibtex(keys),
        "provenance/ro-crate-metadata.json": crate_file(__version__, str(facts["date"])),
    }


def hashes_of(texts: Mapping[str, str], folder: Folder) -> dict[str, str]:
    """SHA-256 of the study's files and of every input, by name."""
    ours = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}
    inputs = {Path(f.name).name: f.sha256 for m in folder.finished() for f in m.inputs}
    return ours | dict(sorted(inputs.items()))


def facts_of(folder: Folder, study: Study, settings: Settings) -> dict[str, object]:
    """What ran, for the methods text and the provenance section of the page."""
    measured = study.named(role="measure") + study.named(role="quality")
    ran = [c for c in measured if c.measure]
    presets, book = all_presets(), all_measures()
    atlases = {a.name: a for a in (atlas_of(d) for d in descriptions(folder))}
    return {
        "software": {"defaultmode": __version__, "python": sys.version.split()[0]}
        | {name: version(name) for name in SOFTWARE},
        "presets": [
            Used(p.name, p.sentence, p.all_cites)
            for p in presets.values()
            if p.name in {c.denoise for c in ran}
        ],
        "measures": [
            Used(m.name, m.sentence, m.cites)
            for m in book.values()
            if m.name in {c.measure for c in ran}
        ],
        "atlases": [Used(a.name, a.sentence, a.cites) for a in atlases.values()],
        "bands": bands_of(folder),
        "min_usable_s": settings.min_usable_s,
        "before": processed_before(folder),
        "inputs": inputs_of(settings),
        "command": " ".join(["defaultmode", *sys.argv[1:]]),
        "seed": settings.seed,
        "date": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def atlas_of(description: Mapping[str, object]) -> Atlas:
    """The atlas of a run as its sidecar keeps it."""
    raw = description["Regions"]
    regions = tuple(_region(r) for r in raw) if isinstance(raw, list) else ()
    cites = description.get("AtlasCites")
    return Atlas(
        str(description["atlas"]),
        regions,
        str(description.get("AtlasLabel", "")),
        str(description.get("AtlasSentence", "")),
        tuple(cites) if isinstance(cites, list) else (),
    )


def _region(raw: Mapping[str, Any]) -> Region:
    centre = raw["xyz_mm"]
    return Region(
        **{k: v for k, v in raw.items() if k not in {"xyz_mm", "aliases"}},
        xyz_mm=tuple(centre) if centre else None,
    )


def inputs_of(settings: Settings) -> list[str]:
    """Names of what was read, without the paths of this machine."""
    given = [settings.source, *settings.bids_dirs, *settings.tables]
    return [Path(g).name for g in given if g] or ["the embedded recordings"]


def descriptions(folder: Folder) -> list[dict[str, object]]:
    """The sidecars of all finished runs."""
    paths = [(folder.path / name).with_suffix(".json") for name in folder.measure_tables()]
    return [json.loads(path.read_text("utf-8")) for path in paths]


def processed_before(folder: Folder) -> list[str]:
    """What had been done to the recordings before they came here, each sentence once."""
    sentences: dict[str, None] = {}
    for description in descriptions(folder):
        done = description["ProcessedBefore"]
        if isinstance(done, Mapping):
            sentences[_before(done)] = None
    return list(sentences)


def bands_of(folder: Folder) -> list[str]:
    """The bands in which signals were kept, as what denoising did to each run says."""
    found: dict[str, None] = {}
    for description in descriptions(folder):
        done = description["Denoising"]
        for preset in done.values() if isinstance(done, Mapping) else ():
            processing = preset.get("processing")
            if processing:
                ours = preset["provenance"]["denoising"]["filtered_here_hz"]
                found[_band(processing, supplied=ours == [None, None])] = None
    return list(found)


def _band(processing: Mapping[str, object], *, supplied: bool) -> str:
    low, high = processing["low_cutoff_hz"], processing["high_cutoff_hz"]
    edges = f"{0 if low is None else low}–{'the highest' if high is None else high} Hz"
    return f"{edges} (as supplied)" if supplied else edges


def _before(done: Mapping[str, object]) -> str:
    low, high = done.get("low_cutoff_hz"), done.get("high_cutoff_hz")
    band = {
        (False, False): "with no filter stated",
        (True, True): f"band-passed at {low}–{high} Hz",
        (True, False): f"high-passed at {low} Hz",
        (False, True): f"low-passed at {high} Hz",
    }[low is not None, high is not None]
    mean = "demeaned" if done.get("demeaned") else "with their mean"
    signal = ", their global signal removed" if done.get("global_signal_removed") else ""
    return f"Recordings were supplied {band}, {mean}{signal}."


def connectivity_of(folder: Folder) -> tuple[ConnectivitySummary, ...]:
    """Mean Fisher z over the participants of each atlas and preset."""
    stacks: dict[tuple[str, str], dict[str, list[Path]]] = {}
    atlases: dict[str, Atlas] = {}
    for name, description in zip(folder.measure_tables(), descriptions(folder), strict=True):
        base = name.removesuffix("_desc-defaultmode_measures.tsv")
        person = str(description["participant_id"])
        for path in sorted(folder.path.glob(f"{base}_stat-pearsoncorrelation_desc-*_relmat.tsv")):
            denoise = json.loads(path.with_suffix(".json").read_text("utf-8"))["Denoising"]
            key = (str(description["atlas"]), denoise)
            atlases.setdefault(key[0], atlas_of(description))
            stacks.setdefault(key, {}).setdefault(person, []).append(path)
    order = list(all_presets())
    summaries = []
    for (atlas, denoise), people in sorted(
        stacks.items(), key=lambda item: (item[0][0], order.index(item[0][1]))
    ):
        z = mean_over_people(people)
        n_runs = sum(len(paths) for paths in people.values())
        label = f"{len(people)} participant{'' if len(people) == 1 else 's'}"
        summaries.append(ConnectivitySummary(atlases[atlas], denoise, label, n_runs, z))
    return tuple(summaries)


def mean_over_people(people: Mapping[str, Sequence[Path]]) -> Array:
    """Mean Fisher z, (n_regions, n_regions): over runs within a person, then over persons."""
    total: Array | None = None
    count: Array | None = None
    for paths in people.values():
        person = _mean([_fisher_z(path) for path in paths])
        there = np.isfinite(person)
        total = np.where(there, person, 0) + (0 if total is None else total)
        count = there.astype(float) + (0 if count is None else count)
    if total is None or count is None:
        return np.empty((0, 0))
    return _ratio(total, count)


def _ratio(total: Array, count: Array) -> Array:
    ratio: Array = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return ratio


def _mean(stack: Sequence[Array]) -> Array:
    values = np.stack(stack)
    there = np.isfinite(values)
    return _ratio(np.where(there, values, 0).sum(axis=0), there.sum(axis=0).astype(float))


def _fisher_z(path: Path) -> Array:
    r = pd.read_csv(path, sep="\t", na_values=["n/a"], index_col=0).to_numpy(dtype=np.float64)
    z: Array = np.arctanh(np.clip(r, -LARGEST_R, LARGEST_R))
    np.fill_diagonal(z, np.nan)
    return z


def citation_keys(facts: Mapping[str, object], results: Sequence[Result]) -> tuple[str, ...]:
    """The references of everything that ran, each once."""
    keys: dict[str, None] = {}
    for name in ("presets", "measures", "atlases"):
        used = facts[name]
        for item in used if isinstance(used, list) else ():
            keys |= dict.fromkeys(item.cites)
    for result in results:
        keys |= dict.fromkeys(result.cites)
    return tuple(sorted(keys))
