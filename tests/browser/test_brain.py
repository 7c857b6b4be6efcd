"""The brain of a report in a real browser: slider, keys, pointer, and what stays without WebGL."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from defaultmode.core.study import Column, Study
from defaultmode.report import Page, build_page
from defaultmode.report.brain_stills import within_and_between
from defaultmode.report.nouns import SessionConnectivity
from defaultmode.report.writing import shown
from report_example import example_atlas, example_matrix

ATLAS = example_atlas()
HOSTILE = "<img src=x onerror=window.INJECTED=1>"
NO_WEBGL = """const get = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  return kind === "webgl2" ? null : get.call(this, kind, ...rest);
};"""


def means() -> tuple[SessionConnectivity, ...]:
    return tuple(
        SessionConnectivity(ATLAS, preset, group, session, 12, example_matrix(preset, ATLAS) - fall)
        for preset in ("as-supplied", "as-supplied+GSR")
        for group in ("control", HOSTILE)
        for session, fall in (("before", 0.0), ("after", 0.2), ("later", 0.1))
    )


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    column = Column("participant_id", "key", "text")
    nobody = Study(pd.DataFrame({"participant_id": ["sub-1"]}), {"participant_id": column})
    path = tmp_path_factory.mktemp("brain") / "report.html"
    path.write_text(build_page(Page("t", nobody, sessions_connectivity=means())), "utf-8")
    return path


def ready(found) -> None:
    """Wait until the brain is drawn and every matrix has morphed."""
    found.page.wait_for_function("() => document.querySelector('.morph canvas')?.ariaLabel")
    settle(found)


def settle(found) -> None:
    """Wait until what was asked for is unpacked and drawn."""
    found.page.wait_for_timeout(100)
    found.page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


def pictures(found) -> list[str]:
    """A hash of what the brain shows, then what each matrix holds."""
    brain = hashlib.sha256(found.page.locator(".brain canvas").screenshot()).hexdigest()
    return [
        brain,
        *found.page.locator(".morph canvas").evaluate_all("all => all.map((c) => c.toDataURL())"),
    ]


def words(found) -> str:
    return found.page.locator("#views-controls .said").inner_text()


def slide(found, to: int) -> None:
    found.page.locator("#views-controls input[type=range]").fill(str(to))
    settle(found)


@pytest.fixture
def still(opened, report):
    """The report in a browser that is asked not to move things."""
    found = opened(report, reduced_motion="reduce")
    ready(found)
    return found


def test_the_slider_changes_numbers_brain_and_matrix_and_back(still):
    first, brain = words(still), pictures(still)
    within, between = within_and_between(means()[0].z, ATLAS)
    assert f"within the default mode {shown(within)}" in first
    assert f"task-positive regions {shown(between)}" in first
    slide(still, 1)
    assert "after" in words(still)
    assert "−0.200 from the first session" in words(still)
    after = pictures(still)
    assert [a != b for a, b in zip(after, brain, strict=True)] == [True, True, False, True]
    slide(still, 0)
    assert words(still) == first
    assert pictures(still) == brain
    assert still.quiet


def test_preset_and_group_are_chosen_too_and_their_names_stay_text(still):
    first = words(still)
    still.page.get_by_label("Denoising preset").select_option("as-supplied+GSR")
    settle(still)
    within, _ = within_and_between(means()[6].z, ATLAS)
    assert words(still) != first
    assert f"within the default mode {shown(within)}" in words(still)
    still.page.locator("#views-controls select").last.select_option(HOSTILE)
    settle(still)
    assert words(still).startswith(HOSTILE)
    assert still.page.evaluate("() => window.INJECTED") is None
    assert still.quiet


def test_keys_turn_zoom_and_step_through_the_regions(still):
    canvas = still.page.locator(".brain canvas")
    canvas.focus()
    seen = [pictures(still)[0]]
    for key in ("ArrowLeft", "ArrowUp", "+", "n"):
        still.page.keyboard.press(key)
        settle(still)
        seen.append(pictures(still)[0])
    assert len(set(seen)) == len(seen)
    said = still.page.locator(".brain .live .said").last
    z = means()[0].z.copy()
    np.fill_diagonal(z, np.nan)
    mean = shown(np.nanmean(z[0]), 2)
    assert said.inner_text() == f"{ATLAS.names[0]} · Default A · mean z {mean}"
    still.page.keyboard.press("p")
    assert ATLAS.names[39] in said.inner_text()  # the last with a known centre
    still.page.keyboard.press("Home")
    settle(still)
    assert pictures(still)[0] == seen[0]
    still.page.keyboard.press("Tab")  # no trap
    assert still.page.evaluate("() => document.activeElement.tagName") != "CANVAS"


def test_only_the_chosen_networks_are_shown(still):
    before = pictures(still)[0]
    counts = still.page.locator(".brain .live .said").first
    assert counts.inner_text().startswith(
        "40 regions; 2 more without a known centre. 300 connections of 780"
    )
    still.page.get_by_text("Choose among 7 networks").click()
    for name in ("Visual", "Somatomotor"):
        still.page.get_by_label(name).uncheck()
    settle(still)
    assert counts.inner_text().startswith("25 regions; 2 more")
    assert pictures(still)[0] != before
    still.page.get_by_role("button", name="Reset view").click()
    settle(still)
    assert counts.inner_text().startswith("40 regions")
    assert pictures(still)[0] == before


def test_the_page_scrolls_over_the_brain_until_it_has_the_focus(still):
    canvas, before = still.page.locator(".brain canvas"), pictures(still)[0]

    def wheel(down: int) -> None:
        canvas.scroll_into_view_if_needed()
        canvas.hover(position={"x": 5, "y": 5})  # where there is no region to name
        still.page.mouse.wheel(0, down)
        settle(still)

    wheel(40)
    assert pictures(still)[0] == before
    canvas.focus()
    wheel(-200)
    assert pictures(still)[0] != before


def test_a_drag_turns_the_brain_and_a_region_under_the_pointer_is_named(still):
    canvas = still.page.locator(".brain canvas")
    canvas.scroll_into_view_if_needed()
    box, before = canvas.bounding_box(), pictures(still)[0]
    still.page.mouse.move(box["x"] + 100, box["y"] + 100)
    still.page.mouse.down()
    still.page.mouse.move(box["x"] + 160, box["y"] + 120, steps=3)
    still.page.mouse.up()
    settle(still)
    assert pictures(still)[0] != before
    named = set()
    for x in range(10, int(box["width"]), 40):
        for y in range(10, int(box["height"]), 40):
            still.page.mouse.move(box["x"] + x, box["y"] + y)
            named.add(still.page.locator(".brain .tip").text_content())
    assert {text.split(" · ")[0] for text in named if text} <= set(ATLAS.names)
    assert len(named) > 5


def test_the_matrix_is_read_by_pointer_and_by_keys(still):
    canvas = still.page.locator(".morph canvas").first
    assert canvas.get_attribute("role") == "img"
    within, _ = within_and_between(means()[0].z, ATLAS)
    assert f"within the default mode {within:.2f}" in canvas.get_attribute("aria-label")
    canvas.focus()
    for _ in range(3):  # the first cell, then two to the right
        still.page.keyboard.press("ArrowRight")
    said = still.page.locator(".morph .said").first.inner_text()
    names, z = said.split(": z ")
    assert names == f"{ATLAS.names[0]} – {ATLAS.names[2]}"
    assert float(z) == pytest.approx(means()[0].z[0, 2], abs=0.02)
    box = canvas.bounding_box()
    still.page.mouse.move(box["x"] + box["width"] - 3, box["y"] + 14)
    assert still.page.locator(".morph .tip").first.inner_text().startswith(f"{ATLAS.names[0]} – ")


def test_the_matrix_is_downloaded_with_full_names(still):
    with still.page.expect_download() as waiting:
        still.page.get_by_role("button", name="This matrix as TSV").click()
    lines = Path(waiting.value.path()).read_text("utf-8").splitlines()
    head, *rows = [line.split("\t") for line in lines]
    assert head[1:] == [row[0] for row in rows] == list(ATLAS.names)
    z = means()[0].z
    assert abs(float(rows[0][3]) - z[0, 2]) < 0.01
    assert rows[0][1] == rows[40][1] == "n/a"
    assert waiting.value.suggested_filename == "synthetic42_as-supplied_control_before.tsv"


def test_without_webgl_the_still_brain_stays(opened, report):
    found = opened(report)
    found.page.add_init_script(NO_WEBGL)
    found.page.reload()
    ready(found)
    assert found.page.locator(".brain svg").is_visible()
    assert not found.page.locator(".brain canvas").is_visible()
    assert found.page.locator(".morph canvas").first.is_visible()
    assert found.quiet


def test_when_the_graphics_are_lost_the_still_brain_comes_back(still):
    lose = "document.querySelector('.brain canvas').getContext('webgl2').getExtension('WEBGL_lose_context')"
    still.page.evaluate(f"() => (window.lost = {lose}).loseContext()")
    settle(still)
    assert still.page.locator(".brain svg").is_visible()
    still.page.evaluate("() => window.lost.restoreContext()")
    settle(still)
    assert still.page.locator(".brain canvas").is_visible()


def test_without_scripts_every_session_is_in_pictures_and_tables(opened, report):
    found = opened(report, scripts=False)
    assert found.page.locator(".brain svg").is_visible()
    assert found.page.locator(".stills figure").count() == 2  # of the first preset, a group each
    assert found.page.locator(".stills table").count() == 2
    assert found.page.get_by_text("control · later (n = 12)").first.is_visible()
    assert not found.page.locator("#views-controls").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_section_is_accessible(report, violations, scheme):
    assert violations(report, color_scheme=scheme) == []


def test_nothing_is_wider_than_a_telephone(opened, report):
    found = opened(report, width=360)
    ready(found)
    section = "section[aria-labelledby=brain]"
    assert found.page.evaluate(f"() => document.querySelector('{section}').scrollWidth") <= 360
