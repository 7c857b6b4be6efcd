"""A made-up page for the tests of figures and report: SYNTHETIC numbers, nobody's brain."""

import base64
import gzip
import json
import re

import numpy as np
import pandas as pd

from defaultmode.core.atlas import Atlas, Region
from defaultmode.core.result import Result
from defaultmode.core.study import KEYS, MISSING_COLUMNS, Column, Study
from defaultmode.report import Page, Used
from defaultmode.report.nouns import SessionConnectivity

PRESETS = ("as-supplied", "as-supplied+GSR")
NETWORKS = (
    ("Default A", "default", 5),
    ("Default B", "default", 5),
    ("Dorsal attention", "task-positive", 6),
    ("Control", "task-positive", 4),
    ("Salience", "salience", 5),
    ("Somatomotor", "other", 8),
    ("Visual", "other", 9),
)
MEASURES = {
    "within_default_mode": ("Fisher z", "Mean Fisher-z correlation over all pairs of DMN regions."),
    "default_mode_task_positive": ("Fisher z", "Mean Fisher-z correlation of DMN and TPN regions."),
    "boundary_contrast": ("Fisher z", "Connectivity within the networks less that between them."),
    "default_mode_membership": ("share", "Share of DMN regions nearest to their own network."),
    "global_signal_variance": ("%²", "Variance over time of the mean signal."),
    "framewise_displacement_mean": ("mm", "Mean framewise displacement of the head."),
}
CENTRES = {"as-supplied": (0.45, 0.10), "as-supplied+GSR": (0.35, -0.25)}


def example_atlas() -> Atlas:
    """Forty-two made-up regions; two of them without a known centre."""
    rng = np.random.default_rng(7)
    regions = []
    for network, role, count in NETWORKS:
        for i in range(count):
            left = i % 2 == 0
            centre = (
                float((-1 if left else 1) * rng.uniform(6, 55)),
                float(rng.uniform(-85, 55)),
                float(rng.uniform(-15, 60)),
            )
            known = not (network == "Visual" and i > 6)
            name = f"{network} {i + 1}"
            side = "L" if left else "R"
            place = centre if known else None
            regions.append(Region(name, network, role, hemisphere=side, xyz_mm=place))
    return Atlas("synthetic42", tuple(regions), "Synthetic42", "Made-up regions for tests.")


def example_matrix(preset: str, atlas: Atlas) -> np.ndarray:
    """Made-up mean Fisher z with blocks by role; one region is absent."""
    rng = np.random.default_rng(11)
    roles = np.array([r.role for r in atlas.regions])
    z = np.where(roles[:, None] == roles[None, :], 0.45, 0.05) + rng.normal(0, 0.08, (42, 42))
    opposed = (roles[:, None] == "default") & (roles[None, :] == "task-positive")
    z[opposed | opposed.T] += CENTRES[preset][1]
    z = (z + z.T) / 2 - (0.15 if preset.endswith("GSR") else 0.0)
    np.fill_diagonal(z, 0.0)
    z[40], z[:, 40] = np.nan, np.nan
    return z


def example_columns() -> dict[str, Column]:
    """Data dictionary: keys, a group, a condition, a score, the measures."""
    columns = {k: Column(k, "key", "text", sentence=f"{k}.") for k in KEYS}
    columns["group"] = Column("group", "clinical", "text", "participant", sentence="Group.")
    columns["condition"] = Column("condition", "design", "text", sentence="Before or after.")
    columns["madrs"] = Column("madrs", "clinical", "number", "session", unit="points")
    for measure, (unit, sentence) in MEASURES.items():
        for preset in PRESETS:
            slug = preset.lower().replace("-", "_").replace("+", "_")
            name = f"{measure}__{slug}"
            role = "quality" if "displacement" in measure else "measure"
            columns[name] = Column(
                name, role, "number", "run", unit, sentence, "defaultmode", measure, preset,
                global_signal_removed=preset.endswith("+GSR"),
            )  # fmt: skip
    return columns


def example_study(n_people: int = 12, *, name: str = "sub-{:02d}", moved: bool = True) -> Study:
    """Two groups, two conditions; one value missing; SYNTHETIC."""
    rng = np.random.default_rng(3)
    columns = example_columns()
    rows = []
    for i in range(n_people):
        own = rng.normal(0, 0.06)
        for j, condition in enumerate(("before", "after")):
            row: dict[str, object] = dict.fromkeys(KEYS, "n/a")
            row |= {
                "participant_id": name.format(i + 1),
                "session_id": "ses-1",
                "run_id": str(j + 1),
            }
            row |= {"atlas": "synthetic42", "task_id": "rest", "condition": condition}
            row |= {"group": "patient" if i % 2 else "control", "madrs": float(20 + i)}
            for column in columns.values():
                if column.measure:
                    low, gap = CENTRES[column.denoise]
                    centre = gap if "task" in column.measure else low
                    row[column.name] = centre + own - 0.08 * j + rng.normal(0, 0.04)
                if "displacement" in column.measure:
                    row[column.name] = rng.gamma(3, 0.05) if moved else np.nan
                if "variance" in column.measure:
                    row[column.name] = np.nan
            rows.append(row)
    frame = pd.DataFrame(rows, columns=list(columns))
    why = {
        "what": "global_signal_variance",
        "code": "E304",
        "reason": "the mean was removed before, so there is no percent scale",
    }
    missing = [r | why | {"denoise": p} for r in rows for p in PRESETS]
    return Study(frame, columns, pd.DataFrame(missing, columns=list(MISSING_COLUMNS)))


def example_effects(study: Study) -> Result:
    """Made-up effects of every measure in a group and a paired comparison."""
    rng = np.random.default_rng(5)
    rows = []
    for column in study.named(role="measure"):
        for kind, factor, contrast, statistic in (
            ("group", "group", "patient − control", "Hedges g"),
            ("paired", "condition", "after − before", "d_z"),
        ):
            gone = "variance" in column.measure
            value = np.nan if gone else float(rng.normal(-0.3, 0.3))
            rows.append(
                {
                    "atlas": "synthetic42", "outcome": column.name, "measure": column.measure,
                    "denoise": column.denoise, "kind": kind, "factor": factor, "contrast": contrast,
                    "n": 0 if gone else 12, "n_reference": 12 if kind == "group" else np.nan,
                    "mean": value, "mean_reference": value, "difference": value / 10,
                    "statistic": statistic, "value": value, "ci_low": value - 0.5,
                    "ci_high": value + 0.5, "p": np.nan if gone else 0.0004 if kind == "paired" else 0.2,
                    "p_fdr": np.nan if gone else 0.04, "unit": column.unit,
                    "reason": "no values" if gone else "",
                }
            )  # fmt: skip
    sentence = "SYNTHETIC: made-up effects of two comparisons."
    return Result(pd.DataFrame(rows), sentence, ("Hedges1981", "Benjamini1995"), seed=1)


def example_page(**changes: object) -> Page:
    """The whole page; every argument of Page can be replaced."""
    atlas = example_atlas()
    study = changes.pop("study", None) or example_study()
    parts: dict[str, object] = {
        "title": "SYNTHETIC example, nobody's brain",
        "study": study,
        "results": (example_effects(study),),
        "atlases": (atlas,),
        "sessions_connectivity": tuple(
            SessionConnectivity(atlas, p, "", session, 12, example_matrix(p, atlas) - fall)
            for p in PRESETS
            for session, fall in (("before", 0.0), ("after", 0.08))
        ),
        "notes": ("SYNTHETIC: random numbers made for a test; they describe nobody.",),
        "facts": example_facts(),
        "highlights": (
            "SYNTHETIC: within-DMN connectivity fell from before to after under both presets.",
            "SYNTHETIC: the two networks opposed each other only after global signal regression.",
        ),
    }
    return Page(**(parts | changes))  # type: ignore[arg-type]


def example_facts() -> dict[str, object]:
    """Facts for the methods text."""
    return {
        "software": {"defaultmode": "0.1.0", "numpy": "2.4.0", "nilearn": "0.14.1"},
        "presets": (
            Used("as-supplied", "The table as it came.", ("Lindquist2019",)),
            Used("as-supplied+GSR", "The mean of all regions is regressed out.", ("Murphy2009",)),
        ),
        "measures": tuple(
            Used(n, s, ("Greicius2003",) if "within" in n else ()) for n, (_, s) in MEASURES.items()
        ),
        "atlases": (Used("synthetic42", "Made-up regions for tests."),),
        "bands": ("0.01–0.08 Hz (as supplied)", "0.01–0.1 Hz"),
        "min_usable_s": 240.0,
        "before": ("The sidecars say that the input was band-passed at 0.01–0.08 Hz before",),
        "inputs": ("synthetic_dataset",),
        "command": "defaultmode study OUT --seed 1",
        "seed": 1,
        "date": "2025-01-01T00:00:00Z",
        "hashes": {"study.tsv": "0" * 64},
    }


def numbers_in(html: str) -> dict[str, str]:
    """What a page's downloads hold, name → tab-separated text."""
    found = re.search(r'<script type="application/json" id="numbers">(.*?)</script>', html)
    return json.loads(gzip.decompress(base64.b64decode(json.loads(found[1])))) if found else {}
