"""How much a report weighs and how soon it is seen: a made-up study of 40 × 3 and of 1,000 people.

python benchmarks/report.py [--quick] [--keep FOLDER]      the last line is JSON
"""

import argparse
import json
import re
import shutil
import time
from collections import Counter
from dataclasses import replace
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from made_study import Size, made_study

from defaultmode.core.atlas import Atlas, Region
from defaultmode.core.plan import Plan
from defaultmode.core.study import MISSING_COLUMNS, Study
from defaultmode.pipeline.ledger import ledger
from defaultmode.pipeline.reporting import verdicts_of
from defaultmode.pipeline.studying import results_of
from defaultmode.report import Page, SessionConnectivity, build_page
from defaultmode.statistics import design_of

SMALL, LARGE = Size((14, 12, 7, 7), 60), Size((300, 250, 200, 250), 60)
NAMES = ("minimal", "24P+aCompCor+GSR", "24P+aCompCor", "36P+scrub")  # every other removes it
NETWORKS = (
    ("Default", "default"),
    ("Control", "task-positive"),
    ("Salience", "salience"),
    ("Visual", "other"),
)
PERMUTATIONS = 99  # they change no byte of the page
ROUNDS = 5
PICTURE = r'<div class="picture">.*?</div>'
PAINT = "performance.getEntriesByName('first-contentful-paint')"


def four_presets(study: Study) -> Study:
    """The two presets of a made study under four names, so that the page has four to show."""
    columns, values = {}, {}
    for name, column in study.columns.items():
        copies = NAMES[1::2] if column.global_signal_removed else NAMES[::2]
        chosen = copies if column.role == "measure" else copies[:1] if column.measure else ("",)
        for copy in chosen:
            label = f"{column.measure}__{_slug(copy)}" if column.measure else name
            columns[label] = replace(column, name=label, denoise=copy)
            values[label] = study.table[name]
    return Study(pd.DataFrame(values), columns, missing_of(study.table))


def _slug(preset: str) -> str:
    return re.sub(r"\W+", "_", preset.lower())


def missing_of(table: pd.DataFrame) -> pd.DataFrame:
    """One value in a hundred recordings is not there, as if a scan were too short."""
    rows = table.iloc[::100]
    why = {"what": "every measure", "denoise": "36P+scrub", "code": "E304", "reason": "MADE UP"}
    return rows.reindex(columns=MISSING_COLUMNS).assign(**why, run_id="1").fillna("n/a")


def made_brains(people: int, rng: np.random.Generator) -> tuple[SessionConnectivity, ...]:
    """Mean matrices of noise, 100 regions, of two groups in three sessions and every preset."""
    regions = tuple(
        Region(f"{name} {i + 1}", name, role, xyz_mm=tuple(rng.uniform(-60, 60, 3)))
        for name, role in NETWORKS
        for i in range(25)
    )
    atlas = Atlas("made", regions, "Made up", "One hundred made-up regions.")
    noise = (rng.normal(0.1, 0.2, (100, 100)) for _ in range(6 * len(NAMES)))
    return tuple(
        SessionConnectivity(atlas, preset, group, session, people // 2, (z + z.T) / 2)
        for (preset, group, session), z in zip(product(NAMES, "AB", "123"), noise, strict=True)
    )


def made_page(size: Size, rng: np.random.Generator) -> Page:
    """The page of a made study: random numbers of nobody, with every claim asked."""
    study = four_presets(made_study(size, rng))
    book = ledger(study, Plan(permutations=PERMUTATIONS))
    brains = made_brains(size.n, rng)
    return Page(
        title="MADE UP: random numbers, nobody's brain",
        study=study,
        results=results_of(study, design_of(study, reference={})),
        atlases=(brains[0].atlas,),
        sessions_connectivity=brains,
        warning="Made up to weigh a page: nobody in it exists.",
        verdicts=verdicts_of(book),
    )


def weighed(html: str) -> dict[str, int]:
    """Bytes of each part of a page: its sections, and in all of them pictures and downloads."""
    parts = Counter[str]()
    for found in re.finditer(PICTURE, html, re.DOTALL):
        parts["pictures"] += len(found[0].encode())
    for found in re.finditer(r'id="numbers">.*?</script>', html, re.DOTALL):
        parts["downloads"] += len(found[0].encode())
    bare = re.sub(rf'{PICTURE}|id="numbers">.*?</script>', "", html, flags=re.DOTALL)
    for section in re.split(r'(?=<h2 id=")', bare):
        name = re.match(r'<h2 id="([^"]+)', section)
        parts[name[1] if name else "head, style and script"] += len(section.encode())
    return dict(parts.most_common())


def first_paint_ms(path: Path) -> float | None:
    """First contentful paint in Chromium without a graphics card; None where there is neither."""
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        return None
    flags = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        return None
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=flags)
        times = []
        for _ in range(ROUNDS):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(path.resolve().as_uri())
            page.wait_for_function(f"() => {PAINT}.length")
            times.append(float(page.evaluate(f"() => {PAINT}[0].startTime")))
            page.close()
        browser.close()
    return float(np.median(times))


def measured(name: str, size: Size, folder: Path) -> dict[str, object]:
    """Make one page, print what it weighs, and say it in numbers."""
    page = made_page(size, np.random.default_rng(0))
    began = time.perf_counter()
    html = build_page(page)
    built_s = time.perf_counter() - began
    path = folder / f"{name}.html"
    path.write_text(html, "utf-8")
    parts, paint = weighed(html), first_paint_ms(path)
    drawn = len(set(re.findall(r'<details class="claim" id="([^"]+)"', html)))
    print(f"\n{name}: {path.stat().st_size:,} bytes, {drawn} claims tested, first paint {paint} ms")
    for part, n in parts.items():
        print(f"  {n:>9,}  {part}")
    return {
        "people": size.n, "bytes": path.stat().st_size, "claims": drawn,
        "pictures": html.count('<div class="picture">'), "first_paint_ms": paint,
        "built_s": round(built_s, 1),
        "parts": parts,
    }  # fmt: skip


def main() -> None:
    """Both studies, or with --quick the small one alone."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--quick", action="store_true", help="the small study alone")
    asked.add_argument("--keep", type=Path, help="a folder for the pages")
    given = asked.parse_args()
    sizes = {"small": SMALL} if given.quick else {"small": SMALL, "large": LARGE}
    with TemporaryDirectory() as made:
        folder = given.keep or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        found = {name: measured(name, size, folder) for name, size in sizes.items()}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
