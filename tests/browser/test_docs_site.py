"""The documentation site: built without a warning, asks no network, and can be read by everybody."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("furo", reason="needs the extra `docs`: pip install '.[docs]'")
ROOT = Path(__file__).resolve().parents[2]
LOADED = re.compile(r"""<(?:script|img|iframe|link)[^>]*(?:src|href)=["'](?:https?:)?//""")
KINDS = (  # one page of each kind
    "index.html",
    "concepts.html",
    "notebooks.html",
    "search.html",
    "benchmarks.html",
    "adding/atlas.html",
    "reference/drugs.html",
    "reference/files.html",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as the one command builds it; warnings are errors."""
    folder = tmp_path_factory.mktemp("docs") / "site"
    script = ROOT / "scripts" / "build_docs.py"
    command = [sys.executable, script, folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return folder


def test_nothing_is_loaded_from_a_network(site) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 50
    for path in pages:
        assert LOADED.search(path.read_text("utf-8")) is None, path


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("name", KINDS)
def test_a_page_is_quiet_and_fits(site, opened, name, width) -> None:
    found = opened(site / name, width=width)
    assert found.quiet, (found.said, found.asked)
    assert found.page.evaluate("document.documentElement.scrollWidth") <= width
    assert "not a medical device" in found.page.inner_text("body")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", KINDS)
def test_a_page_has_no_violation(site, violations, name, scheme) -> None:
    assert violations(site / name, width=360, color_scheme=scheme) == []


def test_every_member_of_the_registries_is_on_its_page(site) -> None:
    from defaultmode.claims import all_claims
    from defaultmode.core.errors import error_table
    from defaultmode.measures import all_measures
    from defaultmode.simulation.drugs import all_drugs

    members = {
        "measures": all_measures(),
        "claims": all_claims(),
        "errors": error_table(),
        "drugs": all_drugs(),
    }
    for page, names in members.items():
        text = (site / "reference" / f"{page}.html").read_text("utf-8")
        assert [name for name in names if name not in text] == []
