"""The page of a participant in a real browser: quiet, accessible, whole without scripts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from defaultmode.report.participant_page import build_participant_page
from injections import PAYLOADS
from made_participants import person_of, with_signals


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with ordinary names."""
    path = tmp_path_factory.mktemp("page") / "sub-01.html"
    path.write_text(build_participant_page(with_signals(person_of(["ordinary"]), "ses-a")), "utf-8")
    return path


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page in which every name is a payload."""
    path = tmp_path_factory.mktemp("page") / "sub-02.html"
    person = with_signals(person_of(PAYLOADS), "".join(PAYLOADS))
    path.write_text(build_participant_page(person), "utf-8")
    return path


def test_no_payload_runs_and_no_request_leaves(opened: Callable[..., Any], hostile: Path) -> None:
    found = opened(hostile)
    assert found.quiet, (found.said, found.asked, found.dialogs)
    assert found.page.evaluate("window.INJECTED === undefined")
    assert found.page.locator(".cards dd").count() == len(PAYLOADS)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_axe_finds_nothing(
    violations: Callable[..., list[str]], plain: Path, width: int, scheme: str
) -> None:
    assert violations(plain, width=width, color_scheme=scheme) == []


@pytest.mark.parametrize("width", [1280, 360])
def test_nothing_is_wider_than_the_window(
    opened: Callable[..., Any], plain: Path, width: int
) -> None:
    found = opened(plain, width=width)
    assert found.quiet
    assert found.page.evaluate("document.documentElement.scrollWidth") <= width


def test_every_figure_and_number_is_there_without_scripts(
    opened: Callable[..., Any], plain: Path
) -> None:
    page = opened(plain, scripts=False).page
    for what in (".woven img", ".matrices img", ".trace .line", ".standing .own"):
        box = page.locator(what).first.bounding_box()
        assert box is not None
        assert box["width"] > 0
        assert box["height"] > 0
    assert page.locator("a[download]").count() == 1


def test_the_pages_before_and_after_are_reached_by_keyboard(
    opened: Callable[..., Any], plain: Path
) -> None:
    page = opened(plain).page
    reached = []
    for _ in range(4):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent"))
    assert reached[1:] == ["← Previous participant", "The whole study", "Next participant →"]
