"""The section on quality: motion, what follows it, the runs that moved most, who is left out."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pandas as pd

from defaultmode.core.errors import error_table
from defaultmode.core.missing import Missing
from defaultmode.core.study import KEYS, Column, Study
from defaultmode.report.carpets import carpet_of
from defaultmode.report.choosing import (
    MOVEMENT,
    atlases,
    displacement,
    measured,
    of_atlas,
    preset_labels,
)
from defaultmode.report.nouns import Page
from defaultmode.report.quality_drawings import dependence_drawings, moved_drawings
from defaultmode.report.quality_nouns import Quality
from defaultmode.report.section import Filled
from defaultmode.report.writing import (
    NOT_THERE,
    Cell,
    Table,
    counted,
    cut,
    figure,
    listed,
    plain,
    shown,
    shown_p,
    word,
)
from defaultmode.statistics.qc_fc import LEVEL, QcFc, qc_fc

CITES = ("Power2012", "Ciric2017", "Power2017")
LOST = ("the whole run", "every measure")
WARNED = {"E401", "E402", "E406", "E407", "E413", "E414"}  # what a person should look at
MOST_ROWS = 400


def fill_quality(page: Page) -> Filled:
    """Motion, what of connectivity and measures follows it, carpets, exclusions and warnings."""
    quality = page.quality or Quality()
    return {
        "moved": moved_drawings(page),
        "why_no_motion": why_no_motion(page.study),
        "censored": censored_words(page.study),
        "dependence": dependence_drawings(quality.dependence, preset_labels(page.study)),
        "dependence_said": _said(quality),
        "measures": measures_table(page.study),
        "carpets": [
            carpet_of(trace, beside=len(quality.most_moved)) for trace in quality.most_moved
        ],
        "excluded": excluded_table(page.study),
        "cites": list(CITES),
    }


def _said(quality: Quality) -> list[str]:
    """One sentence for each atlas and preset."""
    return [f"{d.atlas}, {d.denoise}: {_dependence_words(d.found)}" for d in quality.dependence]


def _dependence_words(found: QcFc | Missing) -> str:
    if isinstance(found, Missing):
        return f"not known, because {found.reason}."
    edges = int(np.isfinite(found.r).sum())
    words = (
        f"median |r| {shown(found.median_abs_r)} over {edges} connections and {found.n} people "
        f"(by chance {shown(found.chance_abs_r)}); p < {LEVEL} in {100 * found.share:.1f} % of "
        f"them (by chance {100 * LEVEL:.0f} % in the mean over studies)"
    )
    if np.isnan(found.distance_rho):
        return f"{words}; dependence on distance not known."
    return (
        f"{words}; with the distance between regions Spearman's ρ = {shown(found.distance_rho, 2)}."
    )


def why_no_motion(study: Study) -> str:
    """The sentence that stands where the figures of motion would; empty where they stand."""
    known = measured(study)
    if not known:
        return "There are no recordings."
    if any(study.table[c.name].notna().any() for c in known.get(MOVEMENT, {}).values()):
        return ""
    rows = study.missing[study.missing["what"].astype(str).str.contains(MOVEMENT, regex=False)]
    if len(rows):
        return f"Head motion cannot be shown. {rows['reason'].iloc[0]}"
    return (
        "Head motion cannot be shown, because no recording came with it (tables of extracted time "
        "series usually do not). Differences between groups or sessions may be movement."
    )


def censored_words(study: Study) -> str:
    """How many recordings lost frames to censoring, for presets that censor none of them."""
    columns = measured(study).get("censored_share", {}).values()
    judged = [c.denoise for c in columns if study.table[c.name].notna().any()]
    none = [c.denoise for c in columns if c.denoise in judged and not study.table[c.name].any()]
    return f"No frame of any recording was censored under {listed(none)}." if none else ""


def measures_table(study: Study) -> Table | None:
    """Each measure's correlation with head motion over people, the strongest first."""
    rows = [row for atlas in atlases(study) for row in _measures(study, atlas)]
    if not rows:
        return None
    frame = pd.DataFrame(rows).sort_values("r", key=lambda r: -r.abs(), ignore_index=True)
    labels = preset_labels(study)
    cells = [
        (
            word(plain(str(row["measure"]))),
            word(labels[str(row["denoise"])]),
            word(row["atlas"]),
            figure(row["n"], str(row["n"])),
            figure(row["r"]),
            figure(row["p"], shown_p(row["p"])),
        )
        for row in frame.to_dict("records")
    ]
    share = 100 * float((frame["p"] < LEVEL).mean())
    listed_rows, note = cut(cells, MOST_ROWS)
    caption = (
        f"Measures against mean framewise displacement over people: p < {LEVEL} in {share:.0f} % "
        f"of {len(frame)} (by chance {100 * LEVEL:.0f} % in the mean over studies)"
    )
    head = ("Measure", "Preset", "Atlas", "n", "r", "p")
    return Table("measures-and-motion", caption, head, listed_rows, frame, note, search=True)


def _measures(study: Study, atlas: str) -> list[dict[str, object]]:
    """Every measure against motion; both of a person are means over the runs that have both."""
    moved = displacement(study)
    if moved.empty:  # nor need a study of clinical tables alone have the keys of runs
        return []
    table = of_atlas(study, atlas).set_index(list(KEYS))
    table = table.assign(**{MOVEMENT: moved}).dropna(subset=[MOVEMENT])
    alike: dict[bytes, list[Column]] = defaultdict(list)  # columns that the same runs have
    for column in study.named(role="measure", kind="number"):
        if column.measure:
            alike[table[column.name].notna().to_numpy().tobytes()].append(column)
    return [row for columns in alike.values() for row in _against_motion(table, columns, atlas)]


def _against_motion(
    table: pd.DataFrame, columns: Sequence[Column], atlas: str
) -> list[dict[str, object]]:
    names = [c.name for c in columns]
    rows = table[table[names[0]].notna()]
    means = rows.groupby("participant_id")[[MOVEMENT, *names]].mean()
    found = qc_fc(means[names].to_numpy(np.float64), means[MOVEMENT].to_numpy(np.float64))
    if isinstance(found, Missing):
        return []
    return [
        {
            "measure": column.measure, "denoise": column.denoise, "atlas": atlas,
            "n": found.n, "r": r, "p": p,
        }
        for column, r, p in zip(columns, found.r.tolist(), found.p.tolist(), strict=True)
        if np.isfinite(r)
    ]  # fmt: skip


def excluded_table(study: Study) -> Table | None:
    """Runs and presets that gave nothing, and what else of the tables a person should look at."""
    missing = study.missing.astype(str)
    chosen = missing[missing["what"].isin(LOST) | missing["code"].isin(list(WARNED))]
    if chosen.empty:
        return None
    known, rows = error_table(), []
    for (code, reason, what), part in chosen.groupby(["code", "reason", "what"], sort=False):
        entry = known.get(str(code))
        people = dict.fromkeys(part["participant_id"])
        presets = [d for d in dict.fromkeys(part["denoise"]) if d != NOT_THERE]
        cells = (
            Cell(str(code), code=str(code)),
            word(reason),
            word(what),
            word(listed(presets, 6) or NOT_THERE),
            figure(len(part), str(len(part))),
            word(listed(people, 6)),
            word(entry.remedy if entry else ""),
        )
        rows.append(cells)
    head = ("Code", "Reason", "What is lost", "Preset", "Rows", "Participants", "Remedy")
    listed_rows, note = cut(rows, MOST_ROWS)
    caption = f"Exclusions and warnings: {counted(len(rows), 'reason')}"
    return Table("excluded", caption, head, listed_rows, chosen, note, file="missing.tsv")
