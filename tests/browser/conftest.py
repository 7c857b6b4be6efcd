"""A real browser, offline, for tests of pages; without Chromium or Playwright they are skipped."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",  # a test machine runs as root
    "--use-angle=swiftshader",  # WebGL in software
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]
OF_THE_DRIVER = ("GL Driver Message", "GPU stall")  # what software rendering says of itself


@dataclass
class Opened:
    """A page in the browser, what it said to the console, and what it asked of any network."""

    page: Any
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    @property
    def quiet(self) -> bool:
        """Whether it said nothing, asked nothing and opened no dialog."""
        return not (self.said or self.asked or self.dialogs)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser, once for all tests of a worker."""
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Any) -> Iterator[Callable[..., Opened]]:
    """Open a file (or an address) in a page of its own: opened(path, width=1280, scripts=True).

    Other keywords go to Playwright's new_context, such as color_scheme="dark" or offline=False.
    """
    contexts = []

    def open_page(where: Path | str, *, width: int = 1280, scripts: bool = True, **more: Any):
        given = {"offline": True, "bypass_csp": False} | more
        size = {"width": width, "height": 900}
        context = chromium.new_context(viewport=size, java_script_enabled=scripts, **given)
        contexts.append(context)
        found = Opened(context.new_page())
        watch(found)
        found.page.goto(where if isinstance(where, str) else where.resolve().as_uri())
        return found

    yield open_page
    for context in contexts:
        context.close()


def watch(found: Opened) -> None:
    """Keep what a page says, asks and opens."""

    def heard(message: Any) -> None:
        if message.type in {"error", "warning"}:
            own = not any(words in message.text for words in OF_THE_DRIVER)
            found.said += [message.text] if own else []

    def asked(request: Any) -> None:
        if not request.url.startswith(("file:", "data:", "blob:")):
            found.asked.append(request.url)

    def shut(dialog: Any) -> None:
        found.dialogs.append(dialog.message)
        dialog.dismiss()

    found.page.on("console", heard)
    found.page.on("pageerror", lambda problem: found.said.append(str(problem)))
    found.page.on("request", asked)
    found.page.on("dialog", shut)


@pytest.fixture
def violations(chromium: Any) -> Callable[..., list[str]]:
    """What axe-core finds wrong with a file: violations(path, width=1280, color_scheme="light")."""
    axe = pytest.importorskip("axe_playwright_python")
    script = files(axe).joinpath("axe.min.js").read_text("utf-8")

    def found(where: Path | str, *, width: int = 1280, **more: Any) -> list[str]:
        size = {"width": width, "height": 900}
        context = chromium.new_context(viewport=size, bypass_csp=True, **more)
        page = context.new_page()
        page.goto(where if isinstance(where, str) else where.resolve().as_uri())
        page.add_script_tag(content=script)
        result = page.evaluate("async () => (await axe.run(document)).violations")
        context.close()
        return [f"{v['id']}: {n['html'][:160]}" for v in result for n in v["nodes"]]

    return found
