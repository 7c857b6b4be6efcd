"""The account in a browser: it reads, opens, filters and prints, with and without scripts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from defaultmode.report.account_own import COLUMNS, Own
from defaultmode.report.account_page import account_page

OPEN_ALL = "() => document.querySelectorAll('details').forEach((d) => { d.open = true; })"
WIDTHS = "() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The account beside a study that contradicts one claim in two presets."""
    row = dict.fromkeys(COLUMNS, "") | {
        "claim": "C9", "atlas": "one", "verdict": "contradicted", "test": "core",
        "verdict_corrected": "contradicted", "verdict_over_presets": "contradicted",
        "statistic": "Hedges g", "estimate": -0.8, "ci_low": -1.2, "ci_high": -0.4, "p": 0.001,
        "n": 48, "n_reference": 49, "stamp": "exploratory", "reason": "the claim says increase",
    }  # fmt: skip
    rows = [row | {"denoise": name} for name in ("as-supplied", "a-very-long-preset-name+GSR")]
    page = tmp_path_factory.mktemp("account") / "account.html"
    page.write_text(
        account_page(Own(pd.DataFrame(rows), "report.html", frozenset({"C9"}))), "utf-8"
    )
    return page


def shown(page: Any) -> int:
    return int(page.locator("details.sentence:visible").count())


def test_it_is_quiet_and_its_sentences_open_by_keyboard(
    opened: Callable[..., Any], path: Path
) -> None:
    found = opened(path)
    summary = found.page.locator("#s9 > summary")
    evidence = found.page.locator("#s9 .findings")
    assert not evidence.is_visible()
    summary.focus()
    found.page.keyboard.press("Enter")
    assert evidence.is_visible()
    assert found.quiet


def test_the_reader_s_choice_leaves_what_is_contradicted(
    opened: Callable[..., Any], path: Path
) -> None:
    page = opened(path).page
    every = shown(page)
    for value in ("evidence", "model", "data"):
        page.check(f'input[value="{value}"]')
        expected = page.locator(f'[data-contradicted~="{value}"]').count()
        assert shown(page) == expected
        assert 0 < expected < every
        assert page.locator("#how-many").inner_text() == f"{expected} of {every} sentences"
    assert page.locator(".part:visible").count() == 1
    page.check('input[value=""]')
    assert shown(page) == every


def test_all_open_and_close_and_a_link_to_a_claim_opens_it(
    opened: Callable[..., Any], path: Path
) -> None:
    page = opened(f"{path.resolve().as_uri()}#C16").page
    assert page.locator("details.sentence[open] #C16").is_visible()
    page.click("#open-all")
    assert page.locator("details.sentence:not([open])").count() == 0
    page.click("#open-all")
    assert page.locator("details.sentence[open]").count() == 0


def test_without_scripts_it_is_complete(opened: Callable[..., Any], path: Path) -> None:
    found = opened(path, scripts=False)
    page = found.page
    assert not page.locator("#reader").is_visible()
    page.locator("#s9 > summary").click()
    assert page.locator("#s9 .findings").is_visible()
    assert page.locator("#s9 .drawing svg").is_visible()
    assert found.quiet


@pytest.mark.parametrize("opens", [False, True])
def test_it_fits_a_narrow_screen(opened: Callable[..., Any], path: Path, *, opens: bool) -> None:
    page = opened(path, width=360).page
    if opens:
        page.evaluate(OPEN_ALL)
    wide, room = page.evaluate(WIDTHS)
    assert wide <= room


def test_it_prints_what_is_closed(opened: Callable[..., Any], path: Path) -> None:
    page = opened(path).page
    page.emulate_media(media="print")
    assert page.locator("#s9 .findings").is_visible()
    assert not page.locator("#reader").is_visible()


@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 1280)])
def test_it_has_no_barriers(
    violations: Callable[..., list[str]], path: Path, tmp_path: Path, scheme: str, width: int
) -> None:
    closed = path.read_text("utf-8")
    page = tmp_path / "open.html"
    for number in (9, 17):
        closed = closed.replace(f'id="s{number}"', f'id="s{number}" open')
    page.write_text(closed)
    assert violations(page, width=width, color_scheme=scheme) == []
